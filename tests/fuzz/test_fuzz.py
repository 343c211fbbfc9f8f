"""Whatever is sent is read or refused, never a fault: texts, files, HTTP and whole conversations.

Some seconds in the test line; `--long` tries many more and other ones each time.
"""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from functools import lru_cache

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.app import App
from bot.core.dialogs.dialog import Problem
from bot.documents import examination, sheet_reader
from bot.documents.sheet_reader import BadSheet
from bot.features.publications.table_reader import Unreadable, read_table
from bot.server import application
from tests.architecture.test_cost import FORM, TEXT_PARSERS
from tests.conftest import contact_code, office_code
from tests.support.form_files import sheet
from tests.support.talk import Person

PIECES = (
    *"0123456789.,，。:：;；、/-－~%（）()[]{}<>\"'“”\n\t ",
    *"零一二三十百千万亿半两元人个班次年月日季度",
    "大数据", "智能制造", "合计", "不掌握", "无业务", "其中", "大约", "不是", "改成", "删掉", "上一季度",
    "2026Q4", "2026年第四季度", "138 0000 1111", "11010519491231002X", "绑定 ABCDE-FGHJK", "问：", "/start",
    "补贴", "证书", "退休", "五（三）", "，，", "×", "²", "①", "Ⅷ", "１２", "٣", "\u200b", "\u202e", "\ufeff",
    "😀", "👨\u200d👩", "\ud83d", "\x00", "\ue000", "\ue003", "𠮷", "é", "{{7*7}}", "%s", "' OR 1=1 --",
)  # fmt: skip
TEXTS = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=40).map("".join), st.text(max_size=60), st.characters()
)
WORDS = st.sampled_from(
    [
        "菜单",
        "填报",
        "填报 2026Q4",
        "提交",
        "上一步",
        "修改",
        "取消",
        "重新开始",
        "跳过",
        "不确定",
        "是",
        "否",
        "大数据 3 2 120 80 60 90000",
        "大数据 3",
        "改 大数据 已培训人数 12",
        "无业务",
        "我能不能参加培训",
        "补贴多少钱",
        "转人工",
        "写一条投诉线索",
        "我的数据",
        "删除我的数据",
        "撤回同意",
        "隐私",
        "联系人",
        "换个渠道",
        "恢复码",
        "设口令",
        "工作台",
        "待审",
        "待答问题",
        "发布信息",
        "退出并清除",
        "有班通知我",
    ]
)
ACTIONS = st.one_of(WORDS, TEXTS, st.integers(0, 12))  # a number presses that button
QUIET = (HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large)


@settings(suppress_health_check=QUIET)
@given(TEXTS)
@example("大数据" * 500 + " 138 0000 1111")
def test_a_text_is_read_or_refused_by_every_parser(text: str) -> None:
    for name, read in TEXT_PARSERS.items():
        try:
            read(text)
        except (ValueError, Problem):
            pass  # refused, which is an answer
        except Exception as error:
            raise AssertionError(f"{name} fails on {text!r}") from error


@lru_cache(maxsize=1)
def good_files() -> dict[str, bytes]:
    """Files as people send them, to be spoilt."""
    heads = ["名称", *(m.title for m in FORM.measures)]
    return {
        "情况表.xlsx": sheet(heads, ["大数据", 3, 2, 120, 80, 60, 90000]),
        "情况表.csv": "名称,已培训班次,已培训人数\n大数据,3,120\n".encode("gb18030"),
        "附页.pdf": b"%PDF-1.4 practice",
        "发布.yaml": "publications:\n- 类型: 电话\n  内容: 一\n".encode(),
        "照片.jpg": b"\xff\xd8\xff\xe0" + bytes(range(256)),
    }


@st.composite
def spoilt(draw: st.DrawFn) -> tuple[str, bytes]:
    """A file with some bytes changed, cut off, doubled or put in, under any of the names."""
    name = draw(st.sampled_from(sorted(good_files())))
    content = bytearray(good_files()[name])
    chance = random.Random(draw(st.integers(0, 2**32)))
    for _ in range(draw(st.integers(0, 8))):
        at = chance.randrange(len(content) + 1)
        what = chance.randrange(4)
        if what == 0 and content:
            content[at % len(content)] = chance.randrange(256)
        elif what == 1:
            del content[at : at + chance.randrange(64)]
        elif what == 2:
            content[at:at] = content[at : at + chance.randrange(64)]
        else:
            content[at:at] = bytes(chance.randrange(256) for _ in range(8))
    return draw(st.sampled_from([name, *good_files(), "a.docx", "b.xls"])), bytes(content)


@settings(suppress_health_check=QUIET)
@given(spoilt())
def test_a_file_is_read_or_refused(file: tuple[str, bytes]) -> None:
    name, content = file
    arrived = examination.examine(FORM, name, content)
    assert arrived.refused or arrived.media
    for read in (lambda: read_table(name, content), lambda: sheet_reader.read_csv(content)):
        with suppress(Unreadable, BadSheet):  # refused, which is an answer
            read()


PATHS = st.one_of(
    st.sampled_from(
        [
            "/",
            "/new",
            "/privacy",
            "/file/1/0",
            "/office",
            "/office/enter/x",
            "/office/missing",
            "/healthz",
            "/metrics",
            "/static/x/chat.css",
            "/office/institutions/import",
            "/office/report/1",
            "/embed",
            "/api",
        ]
    ),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20).map("/".__add__),
)
BODIES = st.one_of(
    st.binary(max_size=300),
    TEXTS.map(lambda text: text.encode("utf-8", "replace")),
    st.dictionaries(st.sampled_from(["id", "text", "choice", "of", "after", "opening", "csrf"]), TEXTS).map(
        lambda form: httpx.QueryParams(
            {k: v.encode("utf-8", "replace").decode() for k, v in form.items()}
        ).__str__().encode()
    ),
)  # fmt: skip
KINDS = st.sampled_from(
    ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "multipart/form-data", "", "a/b"]
)
LINES = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60)


def test_a_request_is_answered_or_refused(app: App) -> None:
    asgi = application(app)

    async def send(method: str, path: str, kind: str, cookie: str, body: bytes) -> int:
        transport = httpx.ASGITransport(asgi)  # a fault is raised here
        async with httpx.AsyncClient(transport=transport, base_url="http://bot.test") as client:
            await client.get("/privacy" if cookie else "/")
            headers = {"content-type": kind, **({"cookie": cookie} if cookie else {})}
            response = await client.request(method, httpx.URL(path), headers=headers, content=body)
            return response.status_code

    @settings(suppress_health_check=QUIET)
    @given(st.sampled_from(["GET", "POST", "PUT", "HEAD"]), PATHS, KINDS, LINES, BODIES)
    def try_it(method: str, path: str, kind: str, cookie: str, body: bytes) -> None:
        try:
            httpx.URL("http://bot.test").join(path)
        except httpx.InvalidURL:
            return
        assert asyncio.run(send(method, path, kind, cookie.strip(), body)) < 500

    try_it()


@pytest.mark.parametrize("role", ["stranger", "contact", "head"])
def test_a_conversation_goes_on_whatever_is_said(app: App, role: str) -> None:
    numbers = iter(range(10**6))

    @settings(suppress_health_check=QUIET)
    @given(st.lists(ACTIONS, min_size=1, max_size=8))
    def try_it(actions: list[str | int]) -> None:
        person = Person(app.assistant, f"{role}{next(numbers)}")
        if role == "contact":
            person.says(f"绑定 {contact_code(app)}", "王芳", "跳过")
        elif role == "head":
            person.says(f"绑定 {office_code(app)}")
        else:
            person.says("您好")
        for action in actions:
            offered = [c.token for m in person.replies for c in m.choices]
            if isinstance(action, str):
                person.says(action)
            elif offered:
                person.presses_token(offered[action % len(offered)])
            assert person.replies
            assert not any("incident" in name for name in person.templates), actions

    try_it()
