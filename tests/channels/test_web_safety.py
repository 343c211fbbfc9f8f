"""The web chat and what should not get through: bad input, files of others, foreign content."""

from __future__ import annotations

import html
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from sqlalchemy import select, update

from bot.app import App
from bot.channels.web import pages
from bot.core.messages import Outgoing
from bot.http.responses import disposition
from bot.http.static import static_files
from storage.address import Address
from storage.connections.database import transaction
from storage.conversations import messages
from storage.schema.core import account, membership, outbox, turn
from tests.conftest import contact_code, office_code
from tests.support.talk import NOON
from tests.support.web_visitor import Visitor, count, li, noon, reported, wang

__all__ = ["li", "noon", "wang"]  # fixtures


# --- bad input ---


LITERAL = [
    "<script>alert(1)</script>",
    "{{7*7}}",
    "{% for %}",
    "**粗**_体_",
    "\u202e倒过来",
    "😀👨\u200d👩\u200d👧",
    "a < b && c > d",
]


@pytest.mark.parametrize("text", LITERAL)
async def test_shown_literally(li: Visitor, text: str) -> None:
    await li.opens()
    await li.says(text)
    assert li.said == [text]
    assert "<script>alert" not in li.page
    assert f"<bdi>{html.escape(text, quote=False)}</bdi>" in li.page


async def test_a_name_is_escaped_where_we_repeat_it(li: Visitor, app: App) -> None:
    await li.opens()
    await li.says(f"绑定 {contact_code(app, '<b>粗体</b>学校 https://x.example/a')}")
    assert "<b>粗体</b>" in li.ours[-1]
    assert "&lt;b&gt;粗体&lt;/b&gt;" in li.page
    assert '<a href="https://x.example/a" rel="noopener' in li.page


async def test_links_only_in_our_own_lines(li: Visitor) -> None:
    await li.opens()
    await li.says("https://evil.example/?a=<b>")
    assert '<a href="https://evil.example' not in li.page


@pytest.mark.parametrize("text", ["", "   \n ", "问" * 4097, "问" * 10_000, "坏\x00字", "x" * 200_000])
async def test_refused_with_a_sentence_and_kept_in_the_field(li: Visitor, app: App, text: str) -> None:
    await li.opens()
    await li.says(text)
    assert li.status in (400, 413)
    assert "没有" in li.notice
    if li.status == 400:
        assert li.typed == text.replace("\x00", "\ufffd")
    assert count(app, turn) == 0


async def test_4000_characters_are_taken_whatever_they_are(li: Visitor) -> None:
    await li.opens()
    await li.says("😀" * 4000)
    assert li.said == ["😀" * 4000]


@pytest.mark.parametrize(
    "id", ["", "x", "x" * 200, "a b" * 5, "坏\x00坏坏坏坏坏坏", "../../../x", "' OR 1=1 --"]
)
async def test_ids_that_are_none_of_ours(li: Visitor, app: App, id: str) -> None:
    await li.opens()
    await li.posts({"id": id, "text": "退休了能报吗"})
    assert li.status == 400
    assert li.notice
    assert li.typed == "退休了能报吗"
    assert count(app, turn) == 0


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"text": "退休了能报吗"},
        {"id": "abcdefgh12345678"},
        {"id": "abcdefgh12345678", "choice": "x" * 500},
        {"id": "abcdefgh12345678", "choice": "坏\x00"},
    ],
)
async def test_missing_and_odd_fields(li: Visitor, data: dict[str, str]) -> None:
    await li.opens()
    await li.posts(data)
    assert li.status == 400
    assert li.notice


@pytest.mark.parametrize("choice", ["no-such", "s9:v:x", "s0:a:c:x", "{{7*7}}"])
@pytest.mark.parametrize("of", ["", "-1", "999999", "9" * 40, "x"])
async def test_tokens_that_name_nothing(li: Visitor, choice: str, of: str) -> None:
    await li.opens()
    await li.posts({**li.composer, "choice": choice, "of": of})
    assert li.status == 200
    assert "该按钮已失效" in li.ours[-1]


@pytest.mark.parametrize("of", ["", "-1", "999999", "9" * 40, "x"])
async def test_a_token_of_others_says_whose_it_is_and_not_whether_it_exists(li: Visitor, of: str) -> None:
    await li.opens()
    said = []
    for choice in ("cell:1:2026Q4:大数据/9", "cell:1:2026Q4:大数据/trained"):
        await li.posts({**li.composer, "choice": choice, "of": of})
        assert li.status == 200
        said.append(li.ours[-1])
    assert "没有绑定培训机构" in said[0]
    assert said[0] == said[1]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b'{"text": "x"}'),
        ("text/plain", b"hello"),
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=x", b"--y\r\nnonsense"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\nv\r\n--x--\r\n"),
        (
            "multipart/form-data; charset=idna; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n\xff..\r\n--x--\r\n',
        ),
        (
            "multipart/form-data; charset=unicode_escape; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n\\ud800\r\n--x\r\n'
            b'Content-Disposition: form-data; name="id"\r\n\r\nabcdefgh12345678\r\n--x--\r\n',
        ),
        ("application/x-www-form-urlencoded", b"text=%ED%A0%80%FF&id=%00"),
        ("application/x-www-form-urlencoded", b"&".join([b"a=1"] * 3000)),
        ("", b""),
    ],
)
async def test_bodies_that_are_no_form(li: Visitor, kind: str, body: bytes) -> None:
    await li.opens()
    li.response = await li.client.post("/", content=body, headers={"Content-Type": kind})
    assert li.status == 400
    assert li.notice


async def test_bodies_that_are_too_large(li: Visitor, tmp_path: Path) -> None:
    await li.opens()
    await li.posts({**li.composer, "text": "x" * 70_000})
    assert li.status == 413
    assert "太大" in li.notice
    await li.opens()
    await li.sends_file("大.bin", b"x" * (10 * 1024 * 1024 + 1))
    assert li.status == 413


async def test_a_file_is_answered_and_not_kept(li: Visitor, tmp_path: Path) -> None:
    await li.opens()
    await li.sends_file("../照片 1.jpg", b"x" * 1000)
    assert "现在不需要文件" in li.ours[-1]
    assert li.said == ["照片 1.jpg"]
    assert list((tmp_path / "data" / "incoming").iterdir()) == []


# --- files ---


async def test_the_submitted_form_is_handed_over(li: Visitor, app: App) -> None:
    await reported(li, app)
    assert "系统已收到" in li.ours[-1]
    link = re.search(r'href="(/file/\d+/0)"', li.page)
    assert link
    await li.opens(link[1])
    assert li.status == 200
    assert li.response.content.startswith(b"PK")
    held = li.response.headers["content-disposition"]
    assert held.startswith("attachment;")
    assert "威海数字培训学校" in unquote(held)
    assert li.response.headers["x-content-type-options"] == "nosniff"


async def test_the_whole_way_on_both_kinds_of_database(either_app: App) -> None:
    wang = await reported(Visitor(either_app), either_app)
    link = re.search(r'href="(/file/\d+/0)"', wang.page)
    assert link
    await wang.opens(link[1])
    assert wang.response.content.startswith(b"PK")
    zhang = await Visitor(either_app).opens()
    await zhang.says(f"绑定 {office_code(either_app)}", "汇总 2026Q4")
    await zhang.opens(re.findall(r'href="(/file/\d+/0)"', zhang.page)[-1])
    assert zhang.response.content.startswith(b"PK")


async def test_nobody_else_gets_the_file(li: Visitor, wang: Visitor, app: App) -> None:
    await reported(li, app)
    link = re.search(r'href="(/file/\d+/0)"', li.page)
    assert link
    await wang.opens()
    await wang.says("退休了能报吗")
    await wang.opens(link[1])
    assert wang.status == 404
    assert "没有找到这个文件" in wang.notice
    assert wang.response.content.startswith(b"<!doctype html>")
    for path in ("/file/999/0", "/file/x/0", f"{link[1]}9", f"/file/{'9' * 30}/0", "/file/-1/-1"):
        await li.opens(path)
        assert li.status == 404


async def test_an_export_is_for_those_who_still_serve_in_the_office(li: Visitor, app: App) -> None:
    await li.opens()
    await li.says(f"绑定 {office_code(app)}", "汇总 2026Q4")
    link = re.findall(r'href="(/file/\d+/0)"', li.page)[-1]
    await li.opens(link)
    assert li.response.content.startswith(b"PK")
    with transaction(app.engine) as connection:
        connection.execute(update(membership).values(revoked_at=NOON))
    await li.opens(link)
    assert li.status == 404


@pytest.mark.parametrize("name", ["情况表-某校-2026Q4.xlsx", 'a"b\r\nX: y.xlsx', "文/件.xlsx"])
def test_file_names_in_a_header(name: str) -> None:
    header = disposition(name)
    assert header.isascii()
    assert "\r" not in header
    assert header.count('"') == 2
    assert unquote(header.split("UTF-8''")[1]).endswith(".xlsx")


# --- safety of the page ---


async def test_every_answer_carries_the_safety_headers(li: Visitor) -> None:
    await li.opens()
    style = re.search(r'href="(/static/\w+/chat\.css)"', li.page)
    assert style
    for path in ("/", "/file/1/0", "/new?after=0", style[1], "/static/x/none.css"):
        await li.opens(path)
        headers = li.response.headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"


async def test_no_inline_script_or_style_and_nothing_from_elsewhere(li: Visitor) -> None:
    await li.opens()
    await li.says("退休了能报吗")
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! src=)", li.page)
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', li.page)


async def test_static_files_are_cached_under_their_content_hash(li: Visitor) -> None:
    await li.opens()
    for name, (digest, content) in static_files().items():
        await li.opens(f"/static/{digest}/{name}")
        assert li.response.content == content
        assert "immutable" in li.response.headers["cache-control"]
        assert "set-cookie" not in li.response.headers
        await li.opens(f"/static/old/{name}")
        assert li.response.headers["cache-control"] == "no-cache"
    await li.opens("/static/x/..%2f..%2fkeys.py")
    assert li.status == 404


def test_no_words_for_people_in_the_static_files() -> None:
    for name, (_, content) in static_files().items():
        assert not re.search("[\u4e00-\u9fff]", content.decode()), name


def test_a_mark_over_several_lines_is_closed_at_each_end() -> None:
    assert pages.paragraphs("a▶b\n\nc◀d") == ["a▶b◀", "", "▶c◀d"]
    assert "<mark>" not in pages.rich("▶◀ 之间")


async def test_the_page_of_a_long_conversation_says_that_it_is_cut(li: Visitor, app: App) -> None:
    await li.opens()
    await li.says("退休了能报吗")
    with transaction(app.engine) as connection:
        sender = connection.execute(select(account.c.sender)).scalar_one()
        bodies = [Outgoing(f"第{i}条").body() for i in range(70)]
        messages.enqueue(connection, Address("web", "web", sender), bodies, NOON)
    await li.opens()
    assert len(li.ours) == 60
    assert "更早的对话不再显示" in li.page
    assert count(app, outbox) > 60


@pytest.mark.parametrize(
    "path", ["/new/", "/privacy/", "/office/", "//evil.example/", "/office//evil.example"]
)
async def test_no_address_leads_to_the_host_that_a_request_names(li: Visitor, path: str) -> None:
    li.client.follow_redirects = False
    response = await li.client.get(path, headers={"host": "evil.example"})
    assert "evil.example" not in response.headers.get("location", "")
