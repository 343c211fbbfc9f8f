"""One person, several institutions: whose report it is, is asked, shown and never guessed."""

from __future__ import annotations

import pytest

from bot.app import App
from storage.connections.database import transaction
from storage.people import people
from storage.reports import reports
from storage.schema.core import membership
from tests.conftest import contact_code
from tests.support.talk import Person

Q4 = "2026Q4"
LINE = "大数据 3 2 120 80 60 90000"
FIRST, SECOND = "威海数字培训学校", "荣成技校"


@pytest.fixture
def wang(app: App) -> Person:
    """Speaks for both; the first one's draft is begun, its third cell asked for."""
    person = Person(app.assistant, "wang")
    person.says(f"绑定 {contact_code(app, FIRST)}", "王芳", "跳过")
    person.says(f"绑定 {contact_code(app, SECOND)}")
    person.says("填报", FIRST, Q4, "大数据", "3", "2")
    return person


def rows(app: App, institution: int, quarter: str = Q4) -> reports.Rows:
    with transaction(app.engine, read_only=True) as connection:
        return reports.snapshot(connection, institution, quarter).rows


@pytest.mark.parametrize("before", [(), ("菜单",), ("取消",)])
def test_every_time_one_is_shown_them_all_with_their_state(wang: Person, before: tuple[str, ...]) -> None:
    wang.says(*before, "填报")
    assert f"{FIRST}：草稿还差 4 格" in wang.text
    assert f"{SECOND}：还没开始填" in wang.text
    assert wang.labels == [f"接着填 {FIRST} {Q4}", FIRST, SECOND]


def test_the_button_of_the_menu_asks_too(wang: Person) -> None:
    wang.says("菜单")
    wang.presses("填报季度情况表")
    assert {FIRST, SECOND} <= set(wang.labels)


def test_going_on_goes_to_the_very_cell_and_names_whose_it_is(wang: Person, app: App) -> None:
    wang.says("取消", "填报")
    wang.presses("接着填")
    assert FIRST in wang.text
    assert "大数据 3/6" in wang.text
    wang.says("120")
    assert FIRST in wang.text
    assert rows(app, 1)["大数据"]["trained"] == 120


def test_the_other_one_is_reached_and_the_first_one_stays(wang: Person, app: App) -> None:
    wang.says("填报")
    wang.presses(SECOND)
    wang.says(Q4, "区块链 1 1 30 20 20 20000")
    assert SECOND in wang.text
    assert set(rows(app, 2)) == {"区块链"}
    assert set(rows(app, 1)) == {"大数据"}
    wang.presses("换一家")
    assert f"{SECOND}：草稿填好了" in wang.text


@pytest.mark.parametrize(
    "said", [f"填报 {Q4} {SECOND}", f"填报{SECOND} {Q4}", f"填报 荣成 {Q4}", f"填报：{SECOND}2026年第4季度"]
)
def test_institution_and_quarter_in_one_line(wang: Person, app: App, said: str) -> None:
    wang.says(said, "区块链 1 1 30 20 20 20000")
    assert set(rows(app, 2)) == {"区块链"}


def test_an_institution_alone_asks_only_for_the_quarter(wang: Person, app: App) -> None:
    wang.says(f"填报{SECOND}")
    assert "哪个季度" in wang.text
    wang.says(Q4, "区块链 1 1 30 20 20 20000")
    assert set(rows(app, 2)) == {"区块链"}
    wang.says(f"填报{FIRST}")  # has one draft begun
    assert "大数据 3/6" in wang.text


def test_a_line_while_nothing_is_open_asks_whose_it_is(wang: Person, app: App) -> None:
    wang.says("菜单", "物联网 1 0 10 0 0 0")
    assert "物联网" not in rows(app, 1)
    assert "没有记" in wang.text
    wang.presses(SECOND)
    wang.says("物联网 1 0 10 0 0 0")
    assert set(rows(app, 2)) == {"物联网"}


def test_a_question_that_begins_with_the_word_is_still_a_question(wang: Person) -> None:
    wang.says("菜单", "填报要交什么材料")
    assert SECOND not in wang.labels


def test_figures_for_one_that_one_was_removed_from_go_into_no_other(wang: Person, app: App) -> None:
    wang.says(f"填报 {Q4} {SECOND}", "大数据", "1", f"填报 {Q4} {FIRST}")
    assert "大数据 3/6" in wang.text
    with transaction(app.engine) as connection:
        connection.execute(
            membership.update().where(membership.c.institution_id == 1).values(revoked_at=wang.now)
        )
        assert [m.institution_id for m in people.memberships(connection, 1)] == [2]
    wang.says("120")
    assert FIRST in wang.text
    assert "没有记" in wang.text
    assert rows(app, 1)["大数据"]["trained"] is None
    assert rows(app, 2)["大数据"]["subsidised_classes"] is None
    wang.says("填报")
    assert FIRST not in wang.text
