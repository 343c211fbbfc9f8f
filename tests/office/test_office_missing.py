"""Who is missing: the text for the work group, and the call sheet that only the office sees."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from bot.app import App
from bot.features.reminders import send as reminder_sender
from policy.calendar.quarters import SHANGHAI, Quarter
from storage.address import Address
from storage.connections.database import transaction
from storage.conversations import reach
from storage.institutions import institutions
from storage.reports import decisions, reports
from storage.schema.core import account
from tests.conftest import contact_code
from tests.support.corpus import CORPUS
from tests.support.office_browser import Browser, at
from tests.support.office_scene import OFFICER, head, placed, reader, reports_, school
from tests.support.talk import NOON, Person

PAGE = "/office/missing?quarter=2026Q4"
AFTER = datetime(2027, 1, 4, 9, 30, tzinfo=SHANGHAI)


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, NOON)


def words(browser: Browser) -> str:
    """The text to copy, as a browser shows it."""
    found = re.search(r'<pre[^>]*id="words">(.*?)</pre>', browser.page, re.S)
    assert found
    return found[1]


def filled(app: App) -> Person:
    """One reported, one has a draft, one has nobody, one was returned; the head of the office."""
    officer = head(app)
    reports_(school(app, "威海数字培训学校", "环翠区"), "2026Q4", "大数据 3 2 120 80 60 90000")
    drafting = school(app, "荣成职校", "荣成市", "13806310002", channel="telegram")
    drafting.says("填报 2026Q4", "大数据 1 0 20 10 5 5000")
    contact_code(app, "<乳山>职校")
    placed(app, "<乳山>职校", "乳山市")
    returned = school(app, "文登学院", "文登区", "13806310003", channel="web")
    reports_(returned, "2026Q4", "物联网 2 2 50 40 30 30000")
    with transaction(app.engine) as connection:
        found = institutions.find(connection, "文登学院")
        assert found is not None
        latest = reports.snapshot(connection, found.id, "2026Q4").latest
        assert latest is not None
        decisions.return_(connection, latest.id, [("物联网", "trained", "与名册不符")], OFFICER, NOON)
    return officer


def rows(browser: Browser) -> list[str]:
    """The call sheet's lines, top to bottom."""
    if 'class="list calls"' not in browser.page:
        return []
    return re.findall(r"<tr>\n<th.*?</tr>", browser.page.split('class="list calls"')[1], re.S)


async def test_the_text_names_everybody_missing_against_a_stated_count(either_app: App) -> None:
    browser = await Browser(either_app).enters(filled(either_app))
    await browser.opens(PAGE)
    said = words(browser)
    assert "应报4家，已报2家，未报2家" in said
    assert "12月31日前" in said
    assert "&lt;乳山&gt;职校" in said
    assert "荣成职校（草稿" in said
    assert "威海数字培训学校" not in said
    missing, _, back = said.partition("退回")
    assert "文登学院" in back
    assert "文登学院" not in missing
    assert "1380631" not in said
    assert 'data-copy="words"' in browser.page


async def test_after_the_due_time_it_says_so(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    officer = filled(app)
    at(monkeypatch, AFTER)
    officer.now = AFTER
    browser = await Browser(app).enters(officer)
    await browser.opens(PAGE)
    assert "12月31日截止" in words(browser)
    assert "截至1月4日09:30" in words(browser)


async def test_who_was_given_longer_is_not_urged(either_app: App) -> None:
    officer = filled(either_app)
    with transaction(either_app.engine) as connection:
        found = institutions.find(connection, "荣成职校")
        assert found is not None
        until = datetime(2027, 1, 11, tzinfo=SHANGHAI)
        decisions.extend(
            connection, found.id, "2026Q4", until, "联系人住院", OFFICER, NOON, Quarter(2026, 4).end()
        )
    browser = await Browser(either_app).enters(officer)
    await browser.opens(PAGE)
    assert "荣成职校（至1月10日）" in words(browser)
    assert "荣成职校（草稿" not in words(browser)
    assert "延期至1月10日" in "".join(rows(browser))


async def test_everybody_reported(app: App) -> None:
    officer = head(app)
    reports_(school(app, "威海数字培训学校"), "2026Q4", "大数据 3 2 120 80 60 90000")
    browser = await Browser(app).enters(officer)
    await browser.opens(PAGE)
    assert "未报0家" in words(browser)
    assert rows(browser) == []
    await browser.opens("/office/missing?quarter=2024Q4")  # nobody was expected then
    assert 'id="words"' not in browser.page


class TestCalls:
    async def test_who_no_message_reaches_comes_first(self, either_app: App) -> None:
        officer = filled(either_app)
        reminder_sender.send_due(either_app.engine, CORPUS.holidays, NOON - timedelta(days=1))
        reminder_sender.send_due(either_app.engine, CORPUS.holidays, NOON)
        browser = await Browser(either_app).enters(officer)
        await browser.opens(PAGE)
        nobody, unreachable, reminded = rows(browser)
        assert "&lt;乳山&gt;职校" in nobody
        assert "/office/institutions/" in nobody
        assert "13806310003" in unreachable
        assert "state returned" in unreachable
        assert "13806310002" in reminded
        assert "王芳" in reminded
        assert "已提醒 2 次" in reminded
        with transaction(either_app.engine) as connection:  # whoever was reminded has blocked us since
            blocked = select(account.c.channel, account.c.bot, account.c.sender)
            for row in connection.execute(blocked).all():
                later = NOON + timedelta(hours=1)
                reach.refuse_person(connection, Address(*row), "blocked", 403, later)
        await browser.opens(PAGE)
        assert "已屏蔽" in rows(browser)[1] + rows(browser)[2]
        assert "已提醒" not in "".join(rows(browser))
        assert "还没有人绑定的应报机构（1 家）" in browser.text

    async def test_a_telephone_from_the_last_form_where_nobody_left_one(self, either_app: App) -> None:
        officer = head(either_app)
        one = school(either_app, "荣成职校", "荣成市", "13806310009")
        reports_(one, "2026Q3", "大数据 1 0 20 10 5 5000")
        from storage.people import contacts

        with transaction(either_app.engine) as connection:
            found = institutions.find(connection, "荣成职校")
            assert found is not None
            (role,) = contacts.of_institution(connection, found.id)
            contacts.revoke(connection, role.membership_id, OFFICER, NOON)
        browser = await Browser(either_app).enters(officer)
        await browser.opens(PAGE)
        (line,) = rows(browser)
        assert "2026Q3 的填表人" in line
        assert "13806310009" in line

    async def test_a_districts_reader_sees_no_telephone_and_no_other_district(self, either_app: App) -> None:
        filled(either_app)
        browser = await Browser(either_app).enters(reader(either_app, "荣成市"))
        for extra in ("", "&district=乳山市", "&district="):
            await browser.opens(PAGE + extra)
            assert "应报1家，已报0家，未报1家" in words(browser)
            assert "荣成市" in words(browser)
            assert "荣成职校" in words(browser)
            assert "乳山" not in browser.text
            assert "1380631" not in browser.page
            assert rows(browser) == []

    async def test_the_office_can_look_at_one_district(self, either_app: App) -> None:
        browser = await Browser(either_app).enters(filled(either_app))
        await browser.opens(PAGE + "&district=乳山市")
        assert "应报1家" in words(browser)
        assert len(rows(browser)) == 1

    async def test_a_very_long_list_is_cut_and_says_so(
        self, app: App, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from bot.office.reports import missing

        monkeypatch.setattr(missing, "MOST", 2)
        browser = await Browser(app).enters(filled(app))
        await browser.opens(PAGE)
        assert len(rows(browser)) == 2
        assert "只列前 2 家" in browser.text
