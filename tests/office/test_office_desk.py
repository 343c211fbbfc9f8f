"""What the office publishes and until when, its list of what to publish, and complaints with their days."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.app import App
from bot.features.publications import expiring
from policy.answers.publications import CHECKLIST
from storage.connections.database import transaction
from storage.desk import complaints
from storage.schema.core import audit
from storage.schema.questions import publication
from tests.conftest import office_code
from tests.conversations.test_desk import pushes
from tests.support.office_browser import Browser, at
from tests.support.talk import NOON, Person

Talk = Callable[..., Person]
PUBLICATIONS, COMPLAINTS, CHECK = "/office/publications", "/office/complaints", "/office/checklist"
FEES = {
    "kind": "fees",
    "text": "培训费由培训机构公示。<b>",
    "source": "科室工作安排",
    "valid_until": "2027-01-05",
}
TODAY = NOON + timedelta(minutes=5)


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, TODAY)


async def publishes(browser: Browser, path: str = PUBLICATIONS + "/new", **fields: str) -> Browser:
    await browser.opens(path)
    await browser.submits(PUBLICATIONS + "/save", **fields)
    return await browser.submits(PUBLICATIONS + "/save")  # what is shown is sure


async def test_what_is_published_is_seen_first_and_then_told(app: App, officer: Person, talk: Talk) -> None:
    browser = await Browser(app).enters(officer)
    await browser.opens(PUBLICATIONS + "/new")
    await browser.submits(PUBLICATIONS + "/save", **FEES)
    assert "培训费由培训机构公示。<b>" in browser.text or "&lt;b&gt;" in browser.page
    assert "<b>" not in browser.page.split("<main")[1].split("</section>")[0].replace("&lt;b&gt;", "")
    li = talk()
    li.says("学费多少钱")
    assert "由培训机构公示" not in li.text
    await browser.submits(PUBLICATIONS + "/save")
    assert browser.path == PUBLICATIONS
    li.says("学费多少钱")
    assert "由培训机构公示" in li.text
    await browser.submits(f"{PUBLICATIONS}/1/withdraw")
    li.says("学费多少钱")
    assert "由培训机构公示" not in li.text


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"source": ""}, "请填写"),
        ({"kind": ""}, "请填写"),
        ({"valid_until": "2026-01-01", "valid_from": "2026-02-01"}, "不能早于"),
        ({"valid_until": ""}, "请填写"),
    ],
)
async def test_what_is_wrong_is_said_and_nothing_published(
    app: App, officer: Person, fields: dict[str, str], field: str
) -> None:
    browser = await Browser(app).enters(officer)
    await browser.opens(PUBLICATIONS + "/new")
    await browser.submits(PUBLICATIONS + "/save", **{**FEES, **fields})
    assert browser.status == 422
    assert field in browser.text
    with transaction(app.engine, read_only=True) as connection:
        assert connection.execute(select(publication)).all() == []


async def test_one_that_ends_soon_is_told_once_and_renewed(app: App, officer: Person) -> None:
    browser = await publishes(await Browser(app).enters(officer), **FEES)
    assert "6 天" in browser.text
    assert [expiring.send_due(app.engine, TODAY) for _ in range(2)] == [1, 0]
    assert len(pushes(app, officer)) == 1
    await publishes(browser, f"{PUBLICATIONS}/new?renews=1", valid_until="", open_ended="1")
    with transaction(app.engine, read_only=True) as connection:
        c = publication.c
        rows = connection.execute(select(c.text, c.valid_until, c.withdrawn_at).order_by(c.id)).all()
    assert rows[0].withdrawn_at is not None
    assert (rows[1].text, rows[1].valid_until, rows[1].withdrawn_at) == (rows[0].text, None, None)
    assert expiring.send_due(app.engine, TODAY) == 0


async def test_what_begins_later_takes_over_without_a_gap(app: App, officer: Person, talk: Talk) -> None:
    browser = await publishes(await Browser(app).enters(officer), **{**FEES, "valid_until": "2027-03-01"})
    await publishes(
        browser, f"{PUBLICATIONS}/new?renews=1", text="新的收费", valid_from="2027-01-04", open_ended="1"
    )
    with transaction(app.engine, read_only=True) as connection:
        c = publication.c
        old, new = connection.execute(
            select(c.valid_until, c.withdrawn_at, c.valid_from).order_by(c.id)
        ).all()
    assert (str(old.valid_until), old.withdrawn_at, str(new.valid_from)) == ("2027-01-03", None, "2027-01-04")
    li = talk()
    li.says("学费多少钱")
    assert "由培训机构公示" in li.text and "新的收费" not in li.text


async def test_the_list_says_what_each_would_answer(app: App, officer: Person, talk: Talk) -> None:
    for number in range(6):
        talk(f"p{number}").says("学费多少钱")
    talk("qi").says("怎么报名")
    app.assistant.counts.write(app.engine, NOON)
    browser = await Browser(app).enters(officer)
    await browser.opens(CHECK)
    rows = {
        name: re.sub(r"<[^>]+>", " ", row)
        for name, row in re.findall(r'<th scope="row"[^>]*>([^<]+)</th>(.*?)</tr>', browser.page, re.S)
    }
    assert len(rows) == len(CHECKLIST)
    assert " 6 " in rows["收费"]
    assert "&lt;5" in rows["报名办法"]
    assert all("没有公布" in row for row in rows.values())
    await browser.submits(CHECK, kind="exam-series", why="省里还没有发")
    assert "省里还没有发" in browser.text
    await publishes(browser, f"{PUBLICATIONS}/new?kind=fees", **FEES)
    await browser.opens(CHECK)
    assert "已公布 1 项" in browser.text and "暂不公布 1 项" in browser.text
    talk("wu").says("学费多少钱")
    app.assistant.counts.write(app.engine, NOON)
    await browser.opens(CHECK)
    assert "公布后答上" in browser.text


def complains(app: App, talk: Talk, name: str = "li") -> tuple[Person, str]:
    person = talk(name)
    person.says("写一条投诉线索", "培训学校说包过，收了钱", "海岸学校", "匿名")
    person.says("确认")
    found = re.search(r"TS-\w{8}", person.text)
    assert found
    return person, found[0]


async def test_a_complaint_is_taken_up_and_answered_and_its_number_tells(
    app: App, officer: Person, talk: Talk
) -> None:
    li, receipt = complains(app, talk)
    browser = await Browser(app).enters(officer)
    await browser.opens(COMPLAINTS)
    assert "包过" not in browser.page
    await browser.submits(COMPLAINTS + "/limits", accept="5", answer="30")
    li.says(receipt.lower())
    assert "complaint/state.j2" in li.templates
    assert "1月4日" in li.text
    await browser.opens(COMPLAINTS)
    await browser.submits(COMPLAINTS + "/1")
    assert "包过" in browser.text
    await browser.submits(COMPLAINTS + "/1/accept")
    await browser.opens(COMPLAINTS + "?state=accepted")
    await browser.submits(COMPLAINTS + "/1")
    await browser.submits(COMPLAINTS + "/1/answer", answer="已责令退费")
    wu = talk("wu")
    wu.says(f"编号 {receipt} 办得怎么样了")
    assert "已责令退费" in wu.text
    assert "包过" not in wu.text and "海岸" not in wu.text
    with transaction(app.engine, read_only=True) as connection:
        (one,) = complaints.in_state(connection, "answered", 0, 5)
        actions = connection.execute(
            select(audit.c.action).where(audit.c.action.like("complaint.%")).order_by(audit.c.id)
        ).scalars()
        assert list(actions) == [f"complaint.{a}" for a in ("create", "read", "accepted", "read", "handled")]
    assert one.accepted_at is not None


def test_a_number_that_is_none_says_so_and_is_no_code(talk: Talk) -> None:
    li = talk()
    li.says("TS-ABCDEFGH")
    assert "complaint/messages.no_such" in li.templates
    li.says("我的编码 TS－ABCDEFGH")
    assert "complaint/messages.no_such" in li.templates


async def test_the_limits_are_the_heads_to_set(app: App, officer: Person) -> None:
    staff = Person(app.assistant, "liu")
    staff.says(f"绑定 {office_code(app, 'staff')}")
    browser = await Browser(app).enters(staff)
    await browser.opens(COMPLAINTS)
    assert COMPLAINTS + "/limits" not in browser.forms
    head = await Browser(app).enters(officer)
    await head.opens(COMPLAINTS)
    await head.submits(COMPLAINTS + "/limits", accept="很快")
    assert head.status == 422
