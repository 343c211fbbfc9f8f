"""内部复核: the institution's lead looks at the table before it is submitted, and may not be waited for."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from bot.app import App
from storage.connections.database import transaction
from storage.people import people
from storage.reports import lead_review, reports
from storage.schema.core import outbox
from tests.conftest import contact_code
from tests.support.talk import Person

Q4 = "2026Q4"
LINE = "大数据 3 2 120 80 60 90000"


def code_in(person: Person) -> str:
    found = re.search(r"绑定 (\S+)", person.text)
    assert found is not None
    return found[1]


@pytest.fixture
def wang(either_app: App) -> Person:
    person = Person(either_app.assistant, "wang")
    person.says(f"绑定 {contact_code(either_app)}", "王芳", "跳过")
    return person


@pytest.fixture
def boss(either_app: App, wang: Person) -> Person:
    """李主任, made lead by the contact's code."""
    wang.says("联系人")
    wang.presses("邀请复核人")
    person = Person(either_app.assistant, "boss", channel="telegram")
    person.says(f"绑定 {code_in(wang)}", "李主任", "跳过")
    return person


def pushed(app: App, sender: str) -> list[dict[str, object]]:
    with transaction(app.engine, read_only=True) as connection:
        rows = connection.execute(
            select(outbox.c.body).where(outbox.c.sender == sender, outbox.c.turn_id.is_(None))
        )
        return [dict(body) for body in rows.scalars()]


def press_pushed(app: App, person: Person, label: str) -> None:
    choices = pushed(app, person.name)[-1]["choices"]
    token = next(token for shown, token in choices if shown == label)  # type: ignore[attr-defined]
    person.presses_token(token)


def state(app: App) -> tuple[str, bool] | None:
    with transaction(app.engine, read_only=True) as connection:
        draft = reports.snapshot(connection, 1, Q4).draft
        found = lead_review.latest(connection, draft.id) if draft else None
        return (found.state, found.current) if found else None


def asked(wang: Person) -> None:
    wang.says(f"填报 {Q4}", LINE)
    wang.presses("请复核人看")


def test_a_lead_confirms_and_the_contact_hears(either_app: App, wang: Person, boss: Person) -> None:
    asked(wang)
    assert state(either_app) == ("open", True)
    table = str(pushed(either_app, "boss")[-1]["text"])
    assert "王芳" in table
    assert "已培训人数 120" in table
    press_pushed(either_app, boss, "确认无误")
    assert state(either_app) == ("confirmed", True)
    assert "李主任" in str(pushed(either_app, "wang")[-1]["text"])
    wang.says("继续填报")
    assert "李主任" in wang.text
    assert "请复核人看" not in wang.labels
    wang.says("提交", "提交")
    assert "系统已收到" in wang.text


def test_a_lead_sends_back_with_words(either_app: App, wang: Person, boss: Person) -> None:
    asked(wang)
    boss.says("复核")
    boss.presses("退回并写意见")
    boss.says("人数和签到表对不上")
    assert state(either_app) == ("sent_back", True)
    told = pushed(either_app, "wang")[-1]
    assert "人数和签到表对不上" in str(told["text"])
    press_pushed(either_app, wang, "打开这份表")
    assert "人数和签到表对不上" in wang.text
    wang.says("大数据 已培训人数 118")
    wang.presses("请复核人看")
    assert state(either_app) == ("open", True)


def test_a_change_withdraws_the_review(either_app: App, wang: Person, boss: Person) -> None:
    asked(wang)
    wang.says("大数据 已培训人数 118")
    assert "自动撤回" in wang.text
    assert state(either_app) == ("withdrawn", False)
    press_pushed(either_app, boss, "确认无误")
    assert state(either_app) == ("withdrawn", False)
    boss.presses("看现在的表")
    assert "118" in boss.text


def test_a_confirmation_speaks_only_of_what_was_seen(either_app: App, wang: Person, boss: Person) -> None:
    asked(wang)
    press_pushed(either_app, boss, "确认无误")
    wang.says("继续填报", "大数据 已培训人数 118")
    assert state(either_app) == ("confirmed", False)
    assert "改动前" in wang.text
    assert "请复核人看" in wang.labels


def test_submitting_does_not_wait(either_app: App, wang: Person, boss: Person) -> None:
    asked(wang)
    wang.says("提交", "提交")
    assert "系统已收到" in wang.text
    press_pushed(either_app, boss, "确认无误")
    assert "不再需要" in boss.text


def test_without_a_lead_nothing_is_offered(wang: Person) -> None:
    wang.says(f"填报 {Q4}", LINE)
    assert "请复核人看" not in wang.labels
    wang.says("复核")
    assert "不是机构的复核人" in wang.text


def test_only_the_lead_of_the_institution_answers(either_app: App, wang: Person, boss: Person) -> None:
    asked(wang)
    choices = pushed(either_app, "boss")[-1]["choices"]
    confirm = choices[0][1]  # type: ignore[index]
    sun = Person(either_app.assistant, "sun")
    sun.says(f"绑定 {contact_code(either_app, '环翠职业学校')}", "孙", "跳过")
    for other in (wang, sun):
        other.presses_token(confirm)
        assert state(either_app) == ("open", True)


def test_a_lead_fills_in_too_and_asks_nobody(wang: Person, boss: Person) -> None:
    boss.says(f"填报 {Q4}", LINE)
    assert "请复核人看" not in boss.labels
    boss.says("提交", "提交")
    assert "系统已收到" in boss.text


def test_a_contact_becomes_the_lead_by_code_and_is_not_both(either_app: App, wang: Person) -> None:
    wang.says("联系人")
    wang.presses("邀请复核人")
    wang.says(f"绑定 {code_in(wang)}")
    with transaction(either_app.engine, read_only=True) as connection:
        assert [m.role for m in people.contacts(connection, 1)] == ["lead"]
    wang.says(f"绑定 {contact_code(either_app)}")  # a lesser role takes nothing away
    with transaction(either_app.engine, read_only=True) as connection:
        assert [m.role for m in people.contacts(connection, 1)] == ["lead"]
