"""Other documents: kept to the letter, quoted with their own number, beside the notice and never as it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.app import App
from policy.notice.clauses import bare
from policy.notice.cutting import MOST, TooLong, cut
from storage.connections.database import transaction
from storage.desk import documents
from storage.schema.questions import publication
from tests.support.corpus import CORPUS
from tests.support.office_browser import Browser, at
from tests.support.talk import NOON, Person

PATH, PUBLICATIONS = "/office/documents", "/office/publications"
WORDS = """补贴资金管理办法
第一条 为规范管理，制定本办法。
第二条 补贴标准由各市<b>公布。
（一）按等级确定。
第三条 本办法由省厅解释。"""
LATE = {"open_ended": "", "valid_until": "2027-03-01"}
RULES = {
    "title": "职业培训补贴资金管理办法",
    "number": "鲁人社规〔2025〕9号",
    "issuer": "山东省人力资源和社会保障厅",
    "dated": "2025-03-01",
    "address": "https://example.org/a.html",
    "public": "1",
    "awaited": "fund-rules",
    "words": WORDS,
}


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, NOON + timedelta(minutes=5))


async def keeps(browser: Browser, **fields: str) -> Browser:
    await browser.opens(PATH + "/new")
    await browser.submits(PATH + "/save", files={"none": ("", b"")}, **{**RULES, **fields})
    if browser.status == 200:
        await browser.submits(PATH + "/save", files={"none": ("", b"")})
    return browser


async def quotes(browser: Browser, quote: str, **fields: str) -> Browser:
    await browser.opens(f"{PUBLICATIONS}/new?clause=3&kind=fund-rules")
    given = {"text": "", "quote": quote, "open_ended": "1", **fields}
    await browser.submits(PUBLICATIONS + "/save", **given)
    if browser.status == 200:
        await browser.submits(PUBLICATIONS + "/save")
    return browser


def test_the_notice_cut_by_its_own_numbers_is_its_clauses() -> None:
    base = CORPUS.notices.base
    text = "\n".join(f"{c.section if c.section != b.section else ''}\n{c.text}" for b, c in zip(
        (base.clauses[0], *base.clauses), base.clauses, strict=False))  # fmt: skip
    found = {one.label: one.text for one in cut(text)}
    for clause in base.clauses:
        if clause.id not in ("通知", "前言"):
            assert bare(found[clause.id]) == bare(clause.text), clause.id


def test_articles_are_cut_and_too_much_is_refused() -> None:
    assert [one.label for one in cut(WORDS)] == ["前言", "第一条", "第二条", "第三条"]
    assert cut(WORDS)[2].text.endswith("（一）按等级确定。")
    assert cut("") == []
    with pytest.raises(TooLong):
        cut("\n".join(f"第{n}条 甲" for n in range(1, MOST + 2)))


async def test_a_clause_is_quoted_with_its_own_number_beside_the_notice(
    app: App, officer: Person, talk: Callable[..., Person]
) -> None:
    browser = await keeps(await Browser(app).enters(officer))
    assert browser.path == f"{PATH}/1"
    assert "<b>" not in browser.page.split("<main")[1]
    await browser.opens(PATH)
    assert "已录入，还没公布" in browser.text
    await quotes(browser, "补贴标准由各市<b>公布")
    assert browser.path == PUBLICATIONS, browser.text
    li = talk()
    li.says("补贴多少钱")
    at_own, at_notice = li.text.index("鲁人社规〔2025〕9号"), li.text.index("威人社函〔2023〕25号")
    assert at_own < li.text.index("2023年5月24日") < at_notice
    assert "2025年3月1日" in li.text and "第二条" in li.text
    await browser.opens(PATH)
    assert "已公布" in browser.text
    await browser.opens(f"{PATH}/1")
    await browser.submits(f"{PATH}/1/withdraw")
    li.says("补贴多少钱")
    assert "鲁人社规" not in li.text
    with transaction(app.engine, read_only=True) as connection:
        assert documents.every(connection) == []
        assert connection.execute(select(publication.c.withdrawn_at)).scalar_one() is not None


@pytest.mark.parametrize(
    ("document", "quote", "fields"),
    [
        ({}, "补贴标准一律两千元", {}),
        ({}, "", {}),
        ({"public": ""}, "补贴标准由各市<b>公布", {}),
        ({"valid_until": "2026-01-01"}, "补贴标准由各市<b>公布", {}),
        (
            {"valid_until": "2027-01-31"},
            "补贴标准由各市<b>公布",
            LATE,
        ),
    ],
)
async def test_what_cannot_be_quoted_is_not_published(
    app: App, officer: Person, document: dict[str, str], quote: str, fields: dict[str, str]
) -> None:
    browser = await keeps(await Browser(app).enters(officer), **document)
    assert browser.path == f"{PATH}/1"
    await quotes(browser, quote, **fields)
    assert browser.status == 422
    with transaction(app.engine, read_only=True) as connection:
        assert connection.execute(select(publication)).all() == []


async def test_what_is_wrong_is_said_and_a_number_stands_once(app: App, officer: Person) -> None:
    browser = await Browser(app).enters(officer)
    for wrong in ({"title": ""}, {"dated": "某日"}, {"address": "javascript:alert(1)"}, {"words": ""}):
        await keeps(browser, **wrong)
        assert browser.status == 422, wrong
    await keeps(browser)
    assert browser.path == f"{PATH}/1"
    await keeps(browser)
    assert browser.status == 409


async def test_an_answer_quotes_it_beside_the_notice(
    app: App, officer: Person, talk: Callable[..., Person]
) -> None:
    browser = await keeps(await Browser(app).enters(officer))
    path = "/office/knowledge/subsidy-amount"
    await browser.opens(path)
    await browser.submits("/office/knowledge/save", why="有文件", clause="3", cited="补贴一律两千元")
    assert browser.status == 422
    await browser.submits("/office/knowledge/save", why="有文件", clause="3", cited="按等级确定")
    assert browser.status == 200, browser.text
    await browser.submits(path + "/publish")
    li = talk()
    li.says("补贴多少钱")
    assert "“按等级确定”" in li.text and "鲁人社规〔2025〕9号" in li.text
    assert "威人社函〔2023〕25号" in li.text
    await browser.opens(path)
    await browser.submits("/office/knowledge/save", why="改一个字", answer="通知没有写金额，按省市规定执行。")
    await browser.submits(path + "/publish")
    li.says("补贴多少钱")
    assert "“按等级确定”" in li.text  # what was quoted stays
    await browser.opens(path)
    await browser.submits("/office/knowledge/save", why="不引了", uncite="1")
    await browser.submits(path + "/publish")
    li.says("补贴多少钱")
    assert "“按等级确定”" not in li.text


async def test_a_change_that_quotes_what_was_withdrawn_is_not_published(app: App, officer: Person) -> None:
    browser = await keeps(await Browser(app).enters(officer))
    path = "/office/knowledge/subsidy-amount"
    await browser.opens(path)
    await browser.submits("/office/knowledge/save", why="有文件", clause="3", cited="按等级确定")
    await browser.opens(f"{PATH}/1")
    await browser.submits(f"{PATH}/1/withdraw")
    await browser.opens(path)
    assert "文件可能撤下了" in browser.text
    assert path + "/publish" not in browser.forms


async def test_what_is_renewed_is_quoted_and_proved_again(app: App, officer: Person) -> None:
    browser = await keeps(await Browser(app).enters(officer))
    await quotes(browser, "按等级确定", text="按等级")
    await browser.opens(f"{PUBLICATIONS}/new?renews=1")
    fields = browser.form(PUBLICATIONS + "/save")[1]
    assert (fields["text"], fields["quote"], fields["clause"]) == ("按等级。", "按等级确定", "3")
    await browser.submits(PUBLICATIONS + "/save", quote="按年龄确定", open_ended="1")
    assert browser.status == 422
    await browser.submits(PUBLICATIONS + "/save", quote="按等级确定", text="看等级", open_ended="1")
    await browser.submits(PUBLICATIONS + "/save")
    with transaction(app.engine, read_only=True) as connection:
        assert documents.quoted(connection, NOON.date()) == {1: 1}
