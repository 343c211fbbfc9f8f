"""The office at a browser: getting in and out, the board, a report decided on."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.app import App
from storage.connections.database import transaction
from storage.institutions import institutions, roster
from storage.people import people
from tests.conftest import contact_code, office_code
from tests.support.office_browser import Browser, at, link
from tests.support.office_scene import head, placed, school
from tests.support.talk import NOON, Person


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, NOON)


@pytest.fixture
def browser(app: App) -> Browser:
    return Browser(app)


def report_path(app: App, name: str = "威海数字培训学校") -> str:
    with transaction(app.engine, read_only=True) as connection:
        found = institutions.find(connection, name)
    assert found is not None
    return f"/office/report/{found.id}/2026Q4"


def submitted(contact: Person, line: str = "大数据 3 2 120 80 60 90000") -> None:
    contact.says("填报 2026Q4", line, "提交")
    contact.presses("确认提交")


class TestGettingIn:
    async def test_nobody_is_in_without_a_link(self, browser: Browser) -> None:
        await browser.opens("/office")
        assert browser.status == 401
        assert "工作台" in browser.text

    async def test_the_link_lets_in_once(self, officer: Person, browser: Browser, app: App) -> None:
        path = link(officer)
        for _ in range(2):  # a preview of the link does not use it up
            assert (await browser.opens(path)).status == 200
        await browser.submits("/office/enter/")
        assert (browser.status, browser.path) == (200, "/office")
        second = Browser(app)
        await second.opens(path)
        assert second.status == 410
        await second.posts(path)
        assert second.status == 410
        assert (await second.opens("/office")).status == 401

    async def test_a_newer_link_ends_the_older(self, officer: Person, browser: Browser) -> None:
        older = link(officer)
        link(officer)
        assert (await browser.opens(older)).status == 410

    async def test_the_link_dies_after_ten_minutes(
        self, officer: Person, browser: Browser, app: App, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = link(officer)
        at(monkeypatch, officer.now + timedelta(minutes=10, seconds=1))
        late = Browser(app)
        assert (await late.opens(path)).status == 410
        await late.posts(path)
        assert (await late.opens("/office")).status == 401

    async def test_the_cookie_is_for_the_server_only(self, officer: Person, browser: Browser) -> None:
        await browser.opens(link(officer))
        await browser.submits("/office/enter/")
        (entered,) = browser.response.history
        cookie = entered.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert "path=/office" in cookie

    async def test_leaving_ends_the_session_itself(self, officer: Person, browser: Browser) -> None:
        await browser.enters(officer)
        kept = dict(browser.client.cookies)
        await browser.submits("/office/leave")
        assert browser.status == 401
        browser.client.cookies.update(kept)
        assert (await browser.opens("/office")).status == 401

    async def test_idle_for_two_hours_and_out(
        self, officer: Person, app: App, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        moment = officer.now
        browser = await Browser(app).enters(officer)
        cookies = dict(browser.client.cookies)
        for minutes, status in ((100, 200), (190, 200), (311, 401)):
            at(monkeypatch, moment + timedelta(minutes=minutes))
            later = Browser(app)
            later.client.cookies.update(cookies)
            assert (await later.opens("/office")).status == status, minutes

    async def test_a_contact_gets_no_link(self, contact: Person) -> None:
        contact.says("工作台")
        assert "/office/" not in contact.text

    async def test_a_revoked_officer_is_out_at_once(
        self, officer: Person, app: App, talk: Callable[..., Person], browser: Browser
    ) -> None:
        from storage.people import contacts

        staff = talk("liu")
        staff.says(f"绑定 {office_code(app, 'staff')}")
        await browser.enters(staff)
        with transaction(app.engine) as connection:
            (role,) = [c for c in contacts.office(connection) if c.role == "staff"]
            contacts.revoke(connection, role.membership_id, role.person_id, NOON)
        assert (await browser.opens("/office")).status == 401


class TestForgery:
    async def test_a_post_needs_the_sessions_own_token(
        self, officer: Person, contact: Person, browser: Browser, app: App
    ) -> None:
        submitted(contact)
        await browser.enters(officer)
        await browser.opens(report_path(app))
        path, fields = browser.form(report_path(app) + "/accept")
        await browser.posts(path, **{**fields, "csrf": "0" * 64})
        assert browser.status == 403
        browser.response = await browser.client.post(
            path, data=fields, headers={"origin": "https://elsewhere.example"}
        )
        assert browser.status == 403
        browser.response = await browser.client.post(
            path, data=fields, headers={"sec-fetch-site": "cross-site"}
        )
        assert browser.status == 403
        await browser.posts(path, **fields)
        assert browser.status == 200

    async def test_pages_allow_nothing_from_elsewhere(self, officer: Person, browser: Browser) -> None:
        await browser.enters(officer)
        policy = browser.response.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert " style=" not in browser.page
        assert " on" not in "".join(t for t in browser.page.split("<") if "onclick" in t)
        assert "no-store" in browser.response.headers["cache-control"]

    async def test_names_are_shown_not_run(
        self, officer: Person, browser: Browser, app: App, talk: Callable[..., Person]
    ) -> None:
        talk("x").says(f"绑定 {contact_code(app, '<script>alert(1)</script>学校')}")
        await browser.enters(officer)
        assert "<script>alert" not in browser.page
        assert "&lt;script&gt;alert(1)" in browser.page


class TestTheBoard:
    async def test_everybody_expected_is_counted_once(
        self, officer: Person, contact: Person, browser: Browser, app: App, talk: Callable[..., Person]
    ) -> None:
        submitted(contact)
        drafting = talk("xu")
        drafting.says(f"绑定 {contact_code(app, '文登技师学院')}", "徐丽", "跳过")
        drafting.says("填报 2026Q4", "区块链 1 1 30 28 28 42000")
        contact_code(app, "荣成职校")
        await browser.enters(officer)
        await browser.opens("/office?quarter=2026Q4")
        assert "应报 3 家" in browser.text
        assert "已报 1 家" in browser.text
        for state, name in (("submitted", "威海数字"), ("draft", "文登"), ("missing", "荣成")):
            await browser.opens(f"/office?quarter=2026Q4&state={state}")
            assert browser.page.count('<th scope="row">') == 1, state
            assert name in browser.text
        await browser.opens("/office?quarter=2026Q4&named=荣成")
        assert browser.page.count('<th scope="row">') == 1

    async def test_a_reader_sees_their_district_only(
        self, officer: Person, contact: Person, app: App, talk: Callable[..., Person]
    ) -> None:
        submitted(contact)
        contact_code(app, "荣成职校")
        with transaction(app.engine) as connection:
            found = institutions.find(connection, "荣成职校")
            assert found is not None
            roster.change(connection, found.id, roster.Wanted("荣成职校", "荣成市", "2026Q1"), 1, NOON)
            code = people.create_invite(
                connection, app.keys.codes, NOON, "district", None, None, district="荣成市"
            )[0]
        reader = talk("song")
        reader.says(f"绑定 {code}")
        browser = await Browser(app).enters(reader)
        await browser.opens("/office?quarter=2026Q4&district=")
        assert "应报 1 家" in browser.text
        assert "威海数字培训学校" not in browser.page
        assert (await browser.opens(report_path(app))).status == 404
        path = report_path(app, "荣成职校")
        assert (await browser.opens(path)).status == 200
        assert browser.forms == ["/office/leave"]
        csrf = browser.form("/office/leave")[1]["csrf"]
        await browser.posts(path + "/extend", csrf=csrf, until="2027-01-05", reason="x")
        assert browser.status == 403

    async def test_a_district_chosen_is_what_all_numbers_speak_of(self, app: App) -> None:
        officer = head(app)
        one = school(app, "荣成职校", "荣成市")
        submitted(one)
        for name, district in (
            ("荣成二校", "荣成市"),
            ("环翠学校", "环翠区"),
            ("乳山学校", "乳山市"),
            ("某校", "远郊"),
        ):
            contact_code(app, name)
            placed(app, name, district)
        contact_code(app, "没有区市的学校")
        browser = await Browser(app).enters(officer)
        await browser.opens("/office?quarter=2026Q4")
        assert "应报 6 家" in browser.text
        named = re.findall(r"<option(?: selected)?>([^<0-9]*)</option>", browser.page)
        assert named == ["环翠区", "荣成市", "乳山市", "远郊"]
        await browser.opens("/office?quarter=2026Q4&district=荣成市")
        assert "应报 2 家（2026年第4季度在报送名单里的机构，荣成市），已报 1 家（50%）" in browser.text
        assert 'max="2" value="1"' in browser.page
        tiles = browser.page.split('class="tiles"')[1].split("</ul>")[0]
        assert re.findall(r"<b>(\d+)</b>", tiles) == ["2", "1", "0", "1", "0", "0", "0", "0"]
        for path in re.findall(r'href="([^"]*)"', tiles):
            await browser.opens(html.unescape(path))
            assert "应报 2 家" in browser.text
        await browser.opens("/office?quarter=2026Q4&district=-")
        assert "应报 1 家" in browser.text
        assert "未填区市" in browser.text

    async def test_who_corrects_late_is_seen_to_have_reported_in_time(
        self, officer: Person, contact: Person, browser: Browser
    ) -> None:
        submitted(contact)
        contact.now = NOON + timedelta(days=5)
        contact.says("填报 2026Q4")
        contact.presses("更正")
        contact.says("少算一班", "大数据 4 2 130 80 60 90000", "提交")
        contact.presses("确认提交")
        await browser.enters(officer)
        await browser.opens("/office?quarter=2026Q4")
        assert re.search("2027年1月4日 12:00 ?首报 2026年12月30日 12:00", browser.text)
        await browser.opens("/office?quarter=2026Q4&state=late")
        assert browser.page.count('<th scope="row">') == 0

    async def test_who_reported_without_being_asked_is_named_in_their_district(self, app: App) -> None:
        officer = head(app)
        submitted(school(app, "荣成职校", "荣成市"))
        with transaction(app.engine) as connection:
            found = institutions.find(connection, "荣成职校")
            assert found is not None
            wanted = roster.Wanted("荣成职校", "荣成市", "2027Q1")
            roster.change(connection, found.id, wanted, 1, NOON)
        browser = await Browser(app).enters(officer)
        for district, seen in (("", True), ("荣成市", True), ("环翠区", False)):
            await browser.opens(f"/office?quarter=2026Q4&district={district}")
            assert ("荣成职校" in browser.text) is seen, district


class TestDeciding:
    async def test_accepting(self, officer: Person, contact: Person, browser: Browser, app: App) -> None:
        submitted(contact)
        await browser.enters(officer)
        await browser.opens(report_path(app))
        await browser.submits(report_path(app) + "/accept")
        assert "state accepted" in browser.page
        await browser.opens("/office?quarter=2026Q4&state=accepted")
        assert browser.page.count('<th scope="row">') == 1

    async def test_returning_asks_for_a_reason_and_only_those_cells_come_back(
        self, officer: Person, contact: Person, browser: Browser, app: App
    ) -> None:
        submitted(contact)
        await browser.enters(officer)
        await browser.opens(report_path(app) + "?mode=return")
        await browser.submits(report_path(app) + "/return")
        assert browser.status == 422
        await browser.submits(report_path(app) + "/return", **{"why:大数据:trained": "名册上只有 118 人"})
        assert "state returned" in browser.page
        assert "名册上只有 118 人" in browser.text
        contact.says("填报 2026Q4")
        assert "名册上只有 118 人" in contact.text
        contact.presses("开始改")
        contact.says("118", "提交")
        contact.presses("确认提交")
        await browser.opens(report_path(app))
        assert "state submitted" in browser.page
        assert "120" in browser.page.split('class="was"')[1][:30]

    async def test_what_was_decided_meanwhile_is_not_decided_again(
        self, officer: Person, contact: Person, browser: Browser, app: App
    ) -> None:
        submitted(contact)
        await browser.enters(officer)
        await browser.opens(report_path(app))
        path, fields = browser.form(report_path(app) + "/accept")
        contact.says("填报 2026Q4")
        contact.presses("更正")
        contact.says("少算一班", "大数据 4 2 130 80 60 90000", "提交")
        contact.presses("确认提交")
        await browser.posts(path, **fields)
        assert browser.status == 409
        assert "第2版" in browser.text
        assert "state submitted" in browser.page

    async def test_reopening_needs_a_reason(
        self, officer: Person, contact: Person, browser: Browser, app: App
    ) -> None:
        submitted(contact)
        await browser.enters(officer)
        await browser.opens(report_path(app))
        await browser.submits(report_path(app) + "/accept")
        await browser.submits(report_path(app) + "/reopen", reason=" ")
        assert browser.status == 422
        await browser.submits(report_path(app) + "/reopen", reason="补贴金额要更正")
        assert browser.status == 200
        assert "补贴金额要更正" in browser.text

    async def test_an_extension(self, officer: Person, contact: Person, browser: Browser, app: App) -> None:
        await browser.enters(officer)
        await browser.opens(report_path(app))
        for until, reason in (
            ("", "x"),
            ("2026-12-01", "x"),
            ("2026-12-31", "x"),  # the due day: no time is given
            ("2027-01-10", ""),
        ):
            await browser.submits(report_path(app) + "/extend", until=until, reason=reason)
            assert browser.status == 422, (until, reason)
        await browser.submits(report_path(app) + "/extend", until="2027-01-10", reason="联系人住院")
        assert browser.status == 200
        contact.now = NOON + timedelta(days=9)
        submitted(contact)
        await browser.opens("/office?quarter=2026Q4&state=late")
        assert browser.page.count('<th scope="row">') == 0

    async def test_the_version_after_a_return_shows_what_was_said_and_what_became_of_it(
        self, officer: Person, contact: Person, browser: Browser, app: App
    ) -> None:
        contact.says("填报 2026Q3", "物联网 1 0 20 10 0 0", "提交", "提交")
        contact.says("填报 2026Q4", "大数据 3 2 120 80 60 90000", "提交", "提交")
        await browser.enters(officer)
        path = report_path(app)
        await browser.opens(path)
        assert "上季有，本季没报" in browser.text
        await browser.opens(path + "?mode=return")
        reasons = {"why:大数据:trained": "和名册对不上", "why:大数据:amount": "请核对发票"}
        await browser.submits(path + "/return", **reasons)
        contact.says("填报 2026Q4")
        contact.presses("现在改") if "现在改" in contact.labels else contact.presses("开始改")
        contact.says("大数据 3 2 118 80 60 90000", "发票已核对", "区块链 1 1 30 28 28 42000", "提交", "提交")
        await browser.opens(path)
        assert "第2版" in browser.text
        assert "和名册对不上 120 → 118" in browser.text
        assert "请核对发票 没有改" in browser.text
        assert "新增 区块链" in browser.text
        assert "原 未填" not in browser.text

    async def test_reasons_written_for_a_version_that_is_old_by_now_are_kept(
        self, officer: Person, contact: Person, browser: Browser, app: App
    ) -> None:
        submitted(contact)
        await browser.enters(officer)
        path = report_path(app)
        await browser.opens(path + "?mode=return")
        contact.says("填报 2026Q4")
        contact.presses("更正")
        contact.says("人数报错", "大数据 已培训人数 140", "提交", "提交")
        await browser.submits(path + "/return", **{"why:大数据:trained": "和名册对不上"})
        assert browser.status == 409
        assert "第2版" in browser.text
        target, fields = browser.form(path + "/return")
        assert fields["why:大数据:trained"] == "和名册对不上"
        await browser.posts(target, **fields)
        assert "state returned" in browser.page

    async def test_the_page_says_who_really_hears_of_it(
        self, officer: Person, contact: Person, browser: Browser, app: App, talk: Callable[..., Person]
    ) -> None:
        await browser.enters(officer)
        for says, binds in (
            ("要等对方打开", None),  # 王芳 is at the terminal
            ("其中 1 位要等", "telegram"),
        ):
            if binds:
                talk("li", channel=binds).says(f"绑定 {contact_code(app)}", "李", "跳过")
            await browser.opens(report_path(app))
            await browser.submits(report_path(app) + "/extend", until="2027-01-10", reason="联系人住院")
            assert says in browser.text
        contact_code(app, "没有人的学校")
        with transaction(app.engine, read_only=True) as connection:
            alone = institutions.find(connection, "没有人的学校")
        assert alone is not None
        path = f"/office/report/{alone.id}/2026Q4"
        await browser.opens(path)
        await browser.submits(path + "/extend", until="2027-01-10", reason="还没有联系人")
        assert "请电话告知" in browser.text
        officer.says("延期 没有人的学校", "2027-01-09", "还没有联系人")
        officer.presses("延期")
        assert "请电话告知" in officer.text

    async def test_an_extension_is_taken_back(
        self, officer: Person, contact: Person, browser: Browser, app: App
    ) -> None:
        await browser.enters(officer)
        await browser.opens(report_path(app))
        await browser.submits(report_path(app) + "/extend", until="2027-01-10", reason="联系人住院")
        again = browser.form(report_path(app) + "/extend/withdraw")
        await browser.posts(again[0], **again[1])
        assert browser.status == 200
        assert report_path(app) + "/extend/withdraw" not in browser.forms
        await browser.posts(again[0], **again[1])
        assert browser.status == 409
        contact.now = NOON + timedelta(days=5)
        submitted(contact)
        await browser.opens("/office?quarter=2026Q4&state=late")
        assert browser.page.count('<th scope="row">') == 1
        await browser.opens("/office/records")
        assert "联系人住院" in browser.text
        assert "撤回了" in browser.text

    async def test_a_report_of_another_institution_cannot_be_decided_through_this_one(
        self, officer: Person, contact: Person, browser: Browser, app: App, talk: Callable[..., Person]
    ) -> None:
        submitted(contact)
        other = talk("xu")
        other.says(f"绑定 {contact_code(app, '文登技师学院')}", "徐丽", "跳过")
        submitted(other)
        await browser.enters(officer)
        await browser.opens(report_path(app, "文登技师学院"))
        _, fields = browser.form(report_path(app, "文登技师学院") + "/accept")
        await browser.posts(report_path(app) + "/accept", **fields)
        assert browser.status == 404

    async def test_the_next_one_that_waits_is_at_hand(
        self, officer: Person, contact: Person, browser: Browser, app: App, talk: Callable[..., Person]
    ) -> None:
        submitted(contact)
        other = talk("xu")
        other.says(f"绑定 {contact_code(app, '文登技师学院')}", "徐丽", "跳过")
        submitted(other)
        await browser.enters(officer)
        await browser.opens(report_path(app))
        await browser.submits(report_path(app) + "/accept")
        following = report_path(app, "文登技师学院")
        assert f'href="{following}"' in browser.page
        await browser.opens(following)
        await browser.submits(following + "/accept")
        assert "下一份待审" not in browser.page
