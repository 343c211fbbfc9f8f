"""Who may still do what: after a role is taken away, joined with another, or exchanged."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from bot.app import App
from storage.connections.database import transaction
from storage.institutions import institutions
from storage.people import contacts, people
from storage.reports import prior_figures, reports
from storage.schema.core import account, membership
from tests.conftest import contact_code, office_code
from tests.support.talk import NOON, Person

Q4 = "2026Q4"


def person_of(app: App, person: Person) -> int:
    with transaction(app.engine, read_only=True) as connection:
        return int(
            connection.execute(
                select(account.c.person_id).where(account.c.sender == person.name)
            ).scalar_one()
        )


def roles(app: App, person: Person) -> list[str]:
    with transaction(app.engine, read_only=True) as connection:
        return [m.role for m in people.memberships(connection, person_of(app, person))]


def institution(app: App, name: str) -> int:
    with transaction(app.engine, read_only=True) as connection:
        found = institutions.find(connection, name)
        assert found
        return found.id


def taken_away(app: App, person: Person, name: str) -> None:
    """The office ends the person's role in that institution."""
    at = institution(app, name)
    with transaction(app.engine) as connection:
        (mine,) = [
            c for c in contacts.of_institution(connection, at) if c.person_id == person_of(app, person)
        ]
        assert contacts.revoke(connection, mine.membership_id, 1, NOON) is not None


def rows(app: App, name: str) -> reports.Rows:
    at = institution(app, name)
    with transaction(app.engine, read_only=True) as connection:
        return reports.snapshot(connection, at, Q4).rows


@pytest.fixture
def both(either_app: App) -> Person:
    """王芳, who speaks for 甲校 and 乙校."""
    wang = Person(either_app.assistant, "wang")
    wang.says(f"绑定 {contact_code(either_app, '甲校')}", "王芳", "跳过")
    wang.says(f"绑定 {contact_code(either_app, '乙校')}")
    return wang


def test_a_figure_for_one_institution_never_lands_in_another(both: Person, either_app: App) -> None:
    both.says(f"填报 {Q4}")
    both.presses("甲校")
    both.says("大数据")
    taken_away(either_app, both, "甲校")
    both.says("5")
    assert rows(either_app, "乙校") == {}
    both.says(f"填报 {Q4}", "大数据", "7")  # and for the one that is left it goes on
    assert rows(either_app, "乙校")["大数据"]["classes"] == 7


def test_a_figure_waits_for_nobody_who_changed_the_institution(either_app: App) -> None:
    wang = Person(either_app.assistant, "wang")
    wang.says(f"绑定 {contact_code(either_app, '甲校')}", "王芳", "跳过", f"填报 {Q4}", "大数据")
    taken_away(either_app, wang, "甲校")
    code = contact_code(either_app, "乙校")
    with transaction(either_app.engine) as connection:
        people.use_code(connection, either_app.keys.codes, NOON, 1, person_of(either_app, wang), code)
    wang.says("5")
    assert rows(either_app, "乙校") == {}


def test_opening_figures_of_one_are_not_kept_for_another(both: Person, either_app: App) -> None:
    both.says("期初数")
    both.presses("甲校")
    both.says("2025Q4", "本校台账", "大数据 3 2 120 80 60 90000")
    taken_away(either_app, both, "甲校")
    both.says("确认录入")
    at = institution(either_app, "乙校")
    with transaction(either_app.engine, read_only=True) as connection:
        assert prior_figures.opening_of(connection, at) is None


def test_codes_somebody_gave_out_go_with_their_role(app: App, officer: Person) -> None:
    wang, li = Person(app.assistant, "wang"), Person(app.assistant, "li")
    wang.says(f"绑定 {contact_code(app, '甲校')}", "王芳", "跳过")
    with transaction(app.engine) as connection:
        own = people.create_invite(
            connection, app.keys.codes, NOON, "contact", institution(app, "甲校"), person_of(app, wang)
        )[0]
    other = contact_code(app, "甲校")  # the office's: it stays
    taken_away(app, wang, "甲校")
    wang.says(f"绑定 {own}")
    assert roles(app, wang) == []
    li.says(f"绑定 {other}")
    assert roles(app, li) == ["contact"]


def test_a_head_who_was_removed_has_no_way_back(app: App, officer: Person) -> None:
    second = Person(app.assistant, "second")
    second.says(f"绑定 {office_code(app)}")
    with transaction(app.engine) as connection:
        own = people.create_invite(connection, app.keys.codes, NOON, "staff", None, person_of(app, second))[0]
        (mine,) = [c for c in contacts.office(connection) if c.person_id == person_of(app, second)]
        contacts.revoke(connection, mine.membership_id, 1, NOON)
    second.says(f"绑定 {own}")
    assert roles(app, second) == []


def test_a_districts_reader_becomes_staff(either_app: App) -> None:
    with transaction(either_app.engine) as connection:
        code = people.create_invite(
            connection, either_app.keys.codes, NOON, "district", None, None, district="荣成市"
        )[0]
    reader = Person(either_app.assistant, "reader")
    reader.says(f"绑定 {code}", f"绑定 {office_code(either_app, 'staff')}")
    assert roles(either_app, reader) == ["staff"]


def test_a_lead_who_is_none_any_more_sends_nothing_back(app: App) -> None:
    wang, li = Person(app.assistant, "wang"), Person(app.assistant, "li")
    wang.says(f"绑定 {contact_code(app, '甲校')}", "王芳", "跳过")
    with transaction(app.engine) as connection:
        lead = people.create_invite(connection, app.keys.codes, NOON, "lead", institution(app, "甲校"), None)[
            0
        ]
    li.says(f"绑定 {lead}", "李强", "跳过")
    wang.says(f"填报 {Q4}", "大数据 3 2 120 80 60 90000")
    wang.presses("请复核人看")
    li.says("复核")
    li.presses("退回")
    with transaction(app.engine) as connection:
        connection.execute(
            update(membership).where(membership.c.person_id == person_of(app, li)).values(revoked_at=NOON)
        )
    li.says("人数不对")
    wang.says("填报")
    assert "人数不对" not in wang.text


def test_a_button_from_before_submitting_begins_no_correction(app: App) -> None:
    wang = Person(app.assistant, "wang")
    wang.says(f"绑定 {contact_code(app, '甲校')}", "王芳", "跳过")
    wang.says("课程登记", "一期大数据", "大数据", "初级", "结业", "2026年11月20日", "40")
    wang.presses("纳入了")
    wang.says(f"填报 {Q4}")
    old = wang.token("从课程登记带出")
    wang.says("大数据 1 1 40 0 0 0", "提交", "提交")
    wang.presses_token(old)
    with transaction(app.engine, read_only=True) as connection:
        assert reports.snapshot(connection, institution(app, "甲校"), Q4).draft is None
