"""Who serves in the office, in the browser and in chat: codes, names, revoking; staff only look."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from sqlalchemy import select

from bot.app import App
from storage.connections.database import transaction
from storage.desk import questions
from storage.people import contacts
from storage.reports import attachments, prior_figures, reports
from storage.schema.core import audit
from tests.conftest import contact_code, office_code
from tests.support.office_browser import Browser, at, link
from tests.support.office_scene import placed, reader
from tests.support.talk import NOON, Person

PEOPLE = "/office/people"


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, NOON)


@pytest.fixture
def browser(app: App) -> Browser:
    return Browser(app)


@pytest.fixture
def staff(officer: Person, app: App, talk: Callable[..., Person]) -> Person:
    """A second member, after the head."""
    person = talk("liu")
    person.says(f"绑定 {office_code(app, 'staff')}")
    return person


def roles(app: App) -> list[tuple[str, str | None]]:
    with transaction(app.engine, read_only=True) as connection:
        return [(m.role, m.district) for m in contacts.office(connection)]


def actions(app: App) -> list[str]:
    with transaction(app.engine, read_only=True) as connection:
        return list(connection.execute(select(audit.c.action).order_by(audit.c.id)).scalars())


def code_in(text: str) -> str:
    found = re.search(r"[A-Z2-9]{5}-[A-Z2-9]{5}", text)
    assert found, text
    return found[0]


class TestInTheBrowser:
    @pytest.mark.parametrize(
        ("role", "district", "stored"),
        [
            ("staff", "", None),
            ("head", "荣成", None),
            ("district", "荣成", "荣成市"),
            ("district", "石岛", "石岛"),
        ],
    )
    async def test_a_code_makes_a_member(
        self,
        officer: Person,
        browser: Browser,
        app: App,
        talk: Callable[..., Person],
        role: str,
        district: str,
        stored: str | None,
    ) -> None:
        await browser.enters(officer)
        await browser.opens(PEOPLE)
        await browser.submits(PEOPLE + "/invite", role=role, district=district)
        assert browser.status == 200
        talk("new").says(f"绑定 {code_in(browser.text)}")
        assert roles(app) == [("head", None), (role, stored)]
        await browser.opens(PEOPLE)
        assert "已用" in browser.text

    async def test_a_reader_needs_a_district_and_what_was_chosen_is_kept(
        self, officer: Person, browser: Browser, app: App
    ) -> None:
        await browser.enters(officer)
        await browser.opens(PEOPLE)
        await browser.submits(PEOPLE + "/invite", role="district", district=" ")
        assert browser.status == 422
        assert browser.form(PEOPLE + "/invite")[1]["role"] == "district"
        await browser.submits(PEOPLE + "/invite", role="chief")
        assert browser.status == 422
        assert "invite.create" not in actions(app)[-3:]

    async def test_revoking_ends_what_they_may_do(
        self, officer: Person, staff: Person, browser: Browser, app: App
    ) -> None:
        theirs = await Browser(app).enters(staff)
        await browser.enters(officer)
        await browser.opens(PEOPLE)
        (target,) = [f for f in browser.forms if f.endswith("/revoke") and "codes" not in f]
        await browser.submits(target)
        assert browser.status == 200
        assert roles(app) == [("head", None)]
        assert actions(app)[-1] == "membership.revoke"
        assert (await theirs.opens("/office")).status == 401

    async def test_the_last_head_stays(self, officer: Person, browser: Browser, app: App) -> None:
        await browser.enters(officer)
        await browser.opens(PEOPLE)
        assert not [f for f in browser.forms if f.endswith("/revoke")]
        csrf = browser.form("/office/leave")[1]["csrf"]
        await browser.posts(PEOPLE + "/1/revoke", csrf=csrf)
        assert browser.status == 409
        assert roles(app) == [("head", None)]

    async def test_a_head_may_leave_to_another(
        self, officer: Person, browser: Browser, app: App, talk: Callable[..., Person]
    ) -> None:
        talk("qian").says(f"绑定 {office_code(app)}")
        await browser.enters(officer)
        await browser.opens(PEOPLE)
        await browser.submits(PEOPLE + "/1/revoke")
        assert browser.status == 401
        assert roles(app) == [("head", None)]

    async def test_a_revoked_code_makes_nobody_a_member(
        self, officer: Person, browser: Browser, app: App, talk: Callable[..., Person]
    ) -> None:
        await browser.enters(officer)
        await browser.opens(PEOPLE)
        await browser.submits(PEOPLE + "/invite", role="head")
        code = code_in(browser.text)
        await browser.submits(PEOPLE + "/codes/")
        assert actions(app)[-1] == "invite.revoke"
        talk("new").says(f"绑定 {code}")
        assert roles(app) == [("head", None)]

    async def test_staff_look_but_change_nothing(
        self, officer: Person, staff: Person, browser: Browser, app: App
    ) -> None:
        open_code = office_code(app)
        await browser.enters(staff)
        await browser.opens(PEOPLE)
        assert browser.status == 200
        assert [f for f in browser.forms if not f.endswith("/rename")] == ["/office/leave"]
        assert open_code not in browser.page
        csrf = browser.form("/office/leave")[1]["csrf"]
        for path in ("/invite", "/1/revoke", "/codes/3/revoke", "/1/rename"):
            await browser.posts(PEOPLE + path, csrf=csrf, role="head", name="新名字")
            assert browser.status == 403, path
        assert len(roles(app)) == 2
        assert actions(app)[-1] == "office.denied"

    async def test_neither_a_reader_nor_a_forged_post_comes_in(
        self, officer: Person, browser: Browser, app: App, talk: Callable[..., Person]
    ) -> None:
        await browser.enters(officer)
        await browser.opens(PEOPLE)
        await browser.posts(PEOPLE + "/invite", csrf="0" * 64, role="head")
        assert browser.status == 403
        await browser.opens(PEOPLE)
        await browser.submits(PEOPLE + "/invite", role="district", district="文登")
        song = talk("song")
        song.says(f"绑定 {code_in(browser.text)}")
        theirs = await Browser(app).enters(song)
        assert PEOPLE not in theirs.page
        csrf = theirs.form("/office/leave")[1]["csrf"]
        assert (await theirs.opens(PEOPLE)).status == 403
        assert (await theirs.posts(PEOPLE + "/invite", csrf=csrf, role="head")).status == 403
        assert (await theirs.posts(PEOPLE + "/2/rename", csrf=csrf, name="宋宁")).status == 403

    async def test_names_stand_where_people_act(
        self, officer: Person, staff: Person, contact: Person, browser: Browser, app: App
    ) -> None:
        await browser.enters(staff)
        await browser.opens(PEOPLE)
        for wrong in ("", "刘", "13800001111", "长" * 33):
            await browser.submits(PEOPLE + "/2/rename", name=wrong)
            assert browser.status == 422, wrong
        await browser.submits(PEOPLE + "/2/rename", name="<u>刘 强</u>")
        assert browser.status == 200
        assert "&lt;u&gt;刘 强" in browser.page and "<u>" not in browser.page
        assert actions(app)[-1] == "person.rename"
        csrf = browser.form("/office/leave")[1]["csrf"]
        await browser.posts(PEOPLE + "/3/rename", csrf=csrf, name="不是同事")  # a contact's
        assert browser.status == 409


class TestInChat:
    def test_a_code_for_a_districts_reader(
        self, officer: Person, app: App, talk: Callable[..., Person]
    ) -> None:
        officer.says("邀请区市 荣成")
        reader = talk("song")
        reader.says(f"绑定 {code_in(officer.text)}")
        assert roles(app) == [("head", None), ("district", "荣成市")]

    def test_a_district_that_is_none_is_asked_again(self, officer: Person, app: App) -> None:
        before = actions(app)
        for said in ("邀请区市", "邀请区市 烟台市"):
            officer.says(said)
            assert "荣成市" in officer.text
        assert actions(app) == before

    def test_only_the_head_lets_readers_in(self, officer: Person, staff: Person, app: App) -> None:
        staff.says("邀请区市 荣成市")
        assert not re.search(r"[A-Z2-9]{5}-[A-Z2-9]{5}", staff.text)
        assert actions(app)[-1] == "office.denied"

    def test_a_code_for_an_institutions_lead(
        self, officer: Person, staff: Person, contact: Person, app: App, talk: Callable[..., Person]
    ) -> None:
        staff.says("邀请复核人 威海数字培训学校")
        talk("zhou").says(f"绑定 {code_in(staff.text)}")
        with transaction(app.engine, read_only=True) as connection:
            assert [c.role for c in contacts.of_institution(connection, 1)] == ["contact", "lead"]
        officer.says("邀请负责人 威海数字")  # not the whole name: the one it may be is named
        assert "威海数字培训学校" in officer.text
        assert not re.search(r"[A-Z2-9]{5}-[A-Z2-9]{5}", officer.text)

    def test_a_contact_gets_no_code_this_way(self, contact: Person, app: App) -> None:
        contact_code(app, "文登技师学院")
        contact.says("邀请复核人 文登技师学院")
        assert not re.search(r"[A-Z2-9]{5}-[A-Z2-9]{5}", contact.text)
        assert actions(app)[-1] == "office.denied"


def test_two_heads_cannot_both_lose_their_role(either_app: App) -> None:
    for name in ("zhang", "qian"):
        Person(either_app.assistant, name).says(f"绑定 {office_code(either_app)}")
    with transaction(either_app.engine) as connection:
        first, second = contacts.office(connection)
        assert contacts.revoke(connection, first.membership_id, second.person_id, NOON)
        assert contacts.revoke(connection, second.membership_id, second.person_id, NOON) is None


async def test_an_officer_is_asked_for_a_name_and_need_not_give_one(
    app: App, talk: Callable[..., Person]
) -> None:
    zhang = talk("zhang")
    zhang.says(f"绑定 {office_code(app)}")
    browser = await Browser(app).enters(zhang)
    await browser.opens("/office/records")
    assert "负责人 进入了工作台" in browser.text  # not nobody
    zhang.says(f"绑定 {office_code(app)}")
    zhang.presses("填姓名")
    zhang.presses("跳过")
    zhang.presses_token("of:name")
    zhang.says("张  三")
    await browser.opens("/office/records")
    assert "张 三 进入了工作台" in browser.text
    zhang.says("待审")  # goes on as ever
    assert "没有待审" in zhang.text


async def test_a_link_that_is_used_up_leads_on_who_is_in(app: App, officer: Person) -> None:
    browser = Browser(app)
    used = link(officer)
    await browser.opens(used)
    await browser.submits("/office/enter/")
    await browser.opens(used)
    assert browser.status == 410
    assert 'href="/office"' in browser.page
    other = Browser(app)
    await other.opens(used)
    assert 'href="/office"' not in other.page.split("<main")[1]
    assert "工作台" in other.text


def test_what_only_the_head_may_do_is_told_apart(app: App, talk: Callable[..., Person]) -> None:
    staff = talk("liu")
    staff.says(f"绑定 {office_code(app, 'staff')}", "邀请区市 荣成市")
    assert "负责人" in staff.text
    assert "邀请码：" not in staff.text
    staff.says("邀清码 威海某某学校怎么弄")
    with transaction(app.engine, read_only=True) as connection:
        assert questions.waiting(connection, 0, 5)[1] == 0


def test_a_revoked_officer_does_not_walk_on_through_a_dialog(
    app: App, officer: Person, talk: Callable[..., Person]
) -> None:
    staff = talk("liu")
    staff.says(f"绑定 {office_code(app, 'staff')}", "设定口径", "已培训人数")
    with transaction(app.engine) as connection:
        (mine,) = [m for m in contacts.office(connection) if m.role == "staff"]
        contacts.revoke(connection, mine.membership_id, 1, NOON)
    staff.says("按结业人数计")
    staff.says("2026Q4")
    assert "设定" not in staff.labels
    with transaction(app.engine, read_only=True) as connection:
        assert not prior_figures.notes_set(connection)


async def test_a_districts_reader_gets_nothing_that_bears_a_telephone(
    app: App, officer: Person, contact: Person
) -> None:
    contact.says("填报 2026Q4", "大数据 3 2 120 80 60 90000", "提交", "提交")
    placed(app, "威海数字培训学校", "环翠区")
    with transaction(app.engine) as connection:
        latest = reports.snapshot(connection, 1, "2026Q4").latest
        assert latest is not None
        held = attachments.receive(connection, 1, "表.png", "a" * 64, "png", 9, NOON)
        attachments.attach(connection, latest, held, "stamped", 1, NOON)
    browser = await Browser(app).enters(reader(app, "环翠区"))
    await browser.opens("/office/report/1/2026Q4")
    assert browser.status == 200
    assert "大数据" in browser.text
    assert "/office/form/" not in browser.page
    assert "/office/file/" not in browser.page
    assert (await browser.opens(f"/office/file/{latest.id}/stamped/{'a' * 64}")).status == 403
