"""What is forgotten after a while, and what holds it back."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event, func, insert, select, update

from bot.app import App
from bot.core.messages import Outgoing
from bot.server import forget_old
from storage.address import Address
from storage.connections.database import transaction
from storage.conversations import messages
from storage.data_kinds import kept_for
from storage.privacy import retention
from storage.schema.core import conversation, outbox, turn
from tests.support.talk import NOON, Person

LATER = NOON + timedelta(days=60)


def count(app: App, table: object = turn) -> int:
    with transaction(app.engine, read_only=True) as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())  # type: ignore[arg-type]


def days_pass(app: App, until: datetime, days: int = retention.DAYS) -> None:
    """The process runs on each of the days before."""
    for day in range(days, 0, -1):
        forget_old(app, until - timedelta(days=day))


def test_what_is_old_is_forgotten_and_what_is_young_stays(either_app: App) -> None:
    li = Person(either_app.assistant)
    li.says("啥时候发的", "补贴多少钱")
    li.now = LATER - kept_for("conversation") + timedelta(minutes=1)
    li.says("菜单")
    days_pass(either_app, LATER)
    forget_old(either_app, LATER)
    assert (count(either_app), count(either_app, outbox)) == (1, 1)


def test_a_clock_that_jumped_forgets_nothing(app: App, caplog: pytest.LogCaptureFixture) -> None:
    Person(app.assistant).says("啥时候发的")
    days_pass(app, NOON + timedelta(days=3), days=10)  # a server that runs every day
    caplog.set_level(logging.INFO, "bot")
    ahead = NOON + timedelta(days=398)
    for _ in range(20):  # and is started again and again
        forget_old(app, ahead)
    assert count(app) == 1
    assert "nothing forgotten" in caplog.text
    caplog.clear()
    forget_old(app, NOON + timedelta(days=4))  # the clock is right again
    assert count(app) == 1
    assert "turns=0" in caplog.text


def test_what_nobody_has_seen_is_never_forgotten(either_app: App) -> None:
    li = Person(either_app.assistant, channel="telegram")
    li.says("啥时候发的")  # its answer waits for delivery
    with transaction(either_app.engine) as connection:
        messages.enqueue(connection, Address("web", "web", "w"), [Outgoing("您的报表被退回").body()], NOON)
    days_pass(either_app, LATER)
    forget_old(either_app, LATER)
    assert (count(either_app), count(either_app, outbox)) == (1, 2)
    with transaction(either_app.engine) as connection:  # seen at last: kept a while longer
        connection.execute(update(outbox).values(sent_at=LATER))
    forget_old(either_app, LATER + timedelta(days=1))
    assert (count(either_app), count(either_app, outbox)) == (1, 2)
    muchlater = LATER + kept_for("conversation") + timedelta(days=1)
    days_pass(either_app, muchlater)
    forget_old(either_app, muchlater)
    assert (count(either_app), count(either_app, outbox)) == (0, 0)


def test_a_message_that_could_not_be_delivered_is_no_brake(app: App) -> None:
    Person(app.assistant, channel="telegram").says("啥时候发的")
    with transaction(app.engine) as connection:
        connection.execute(update(outbox).values(failed="blocked"))
    days_pass(app, LATER)
    forget_old(app, LATER)
    assert (count(app), count(app, outbox)) == (0, 0)


def test_much_is_forgotten_in_small_steps(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "STEP", 3)
    monkeypatch.setattr(retention, "LOOKED_AT", 7)
    values = {"channel": "web", "bot": "web", "sender": "w", "at": NOON}
    with transaction(app.engine) as connection:
        connection.execute(insert(turn), [{**values, "message_id": f"m{n}"} for n in range(20)])
        address = Address("web", "web", "w")
        messages.enqueue(connection, address, [{"text": "一"}] * 20, NOON, sent_at=NOON)
    steps: list[int] = []
    event.listen(
        app.engine, "commit", lambda connection: steps.append(connection.info.get("read only", True))
    )
    gone = retention.forget_messages(app.engine, LATER)
    assert (gone.turns, gone.pushes) == (20, 20)
    assert count(app) == count(app, outbox) == 0
    assert steps.count(False) >= 14  # seven of each kind


def test_what_was_told_about_others_goes_with_the_conversation(either_app: App) -> None:
    li, wang = Person(either_app.assistant), Person(either_app.assistant, "wang")
    for person in (li, wang):
        person.presses_token("who:enrolment:family")
        person.says("没有退休", "是")
    wang.now = LATER - timedelta(days=1)
    wang.says("菜单")
    days_pass(either_app, LATER)
    forget_old(either_app, LATER)
    with transaction(either_app.engine, read_only=True) as connection:
        states = connection.execute(select(conversation.c.state).order_by(conversation.c.account_id))
        held = [state["told"] for state in states.scalars()]
    assert held[0] == {}
    assert set(held[1]) == {"retired", "place"}
    li.now = LATER
    li.says("菜单")  # the conversation still works
    assert li.text
