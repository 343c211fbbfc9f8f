"""Reminders as contacts get them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.app import App
from bot.core import notify
from bot.core.messages import Outgoing
from bot.features.reminders import send as reminder_sender
from policy.calendar.quarters import SHANGHAI
from storage.address import Address
from storage.connections.database import transaction
from storage.conversations import history, messages, reach
from storage.conversations.reach import Sender
from storage.reports import call_sheet, decisions, reports
from storage.schema.core import outbox
from tests.conftest import contact_code
from tests.support.corpus import CORPUS
from tests.support.processes import here
from tests.support.talk import NOON, Person

Talk = Callable[..., Person]
LAST_DAY = datetime(2026, 12, 31, 10, 0, tzinfo=SHANGHAI)


def pushes(app: App) -> list[str]:
    """The texts waiting in the outbox that are no replies."""
    with transaction(app.engine, read_only=True) as connection:
        bodies = connection.execute(select(outbox.c.body).where(outbox.c.turn_id.is_(None))).scalars()
        return [body["text"] for body in bodies]


def bound(
    app: App, name: str = "wang", channel: str = "telegram", institution: str = "威海数字培训学校"
) -> Person:
    person = Person(app.assistant, name, channel=channel)
    person.says(f"绑定 {contact_code(app, institution)}", "跳过", "跳过")
    return person


def test_only_those_missing_are_reminded_and_once(either_app: App) -> None:
    app = either_app
    done, missing = bound(app, "a", institution="甲校"), bound(app, "b", institution="乙校")
    done.says("填报", "2026Q4", "大数据 3 2 120 80 60 90000", "提交", "提交")
    missing.says("填报", "2026Q4", "大数据", "3")
    assert reminder_sender.send_due(app.engine, CORPUS.holidays, LAST_DAY) == (1, [])
    assert reminder_sender.send_due(app.engine, CORPUS.holidays, LAST_DAY.replace(hour=11)) == (0, [])
    (text,) = pushes(app)
    assert "乙校" in text
    assert "草稿" in text


def test_submission_stops_them(app: App) -> None:
    wang = bound(app)
    assert (
        reminder_sender.send_due(app.engine, CORPUS.holidays, datetime(2026, 12, 24, 10, 0, tzinfo=SHANGHAI))[
            0
        ]
        == 1
    )
    wang.says("填报", "2026Q4", "大数据 3 2 120 80 60 90000", "提交", "提交")
    assert reminder_sender.send_due(app.engine, CORPUS.holidays, LAST_DAY)[0] == 0
    assert len(pushes(app)) == 1


def test_several_processes_send_each_once(either_app: App) -> None:
    app = either_app
    for number in range(5):
        bound(app, f"p{number}", institution=f"学校{number}")
    barrier = threading.Barrier(4)

    def run() -> int:
        barrier.wait()
        return reminder_sender.send_due(app.engine, CORPUS.holidays, LAST_DAY)[0]

    with ThreadPoolExecutor(4) as pool:
        counts = [f.result() for f in [pool.submit(run) for _ in range(4)]]
    assert sum(counts) == 5
    assert len(pushes(app)) == 5


def test_whom_no_channel_can_push_to_is_to_be_called(app: App) -> None:
    bound(app, "w", channel="web")
    contact_code(app, "无人绑定学校")
    sent, calls = reminder_sender.send_due(app.engine, CORPUS.holidays, LAST_DAY)
    assert sent == 0  # it waits for them on the page
    assert sorted(calls) == sorted(["威海数字培训学校", "无人绑定学校"])


def test_who_blocked_us_counts_as_reached_by_nobody(either_app: App) -> None:
    app = either_app
    wang = bound(app)
    address = Address("telegram", "test", "wang")
    with transaction(app.engine) as connection:
        reach.refuse_person(connection, address, "blocked", 403, wang.now)
        assert reach.refused(connection, [address]) == {address: "blocked"}
        told = notify.tell_people(connection, [1], Outgoing("已退回"), NOON)
    assert (told.people, told.pushed) == (1, 0)
    assert reminder_sender.send_due(app.engine, CORPUS.holidays, LAST_DAY) == (0, ["威海数字培训学校"])
    with transaction(app.engine, read_only=True) as connection:
        assert call_sheet.reminded(connection, "2026Q4") == {}
    wang.says("菜单")  # they are back
    assert reminder_sender.unreachable(app.engine, CORPUS.holidays, LAST_DAY) == []
    with transaction(app.engine) as connection:
        assert notify.tell_people(connection, [1], Outgoing("已退回"), NOON).pushed == 1


def test_a_refusal_that_is_older_than_what_they_wrote_counts_for_nothing(either_app: App) -> None:
    bound(either_app)
    address = Address("telegram", "test", "wang")
    with transaction(either_app.engine) as connection:
        reach.refuse_person(connection, address, "blocked", 403, NOON - timedelta(minutes=1))
        assert reach.refused(connection, [address]) == {}


def test_an_account_that_may_send_nothing_reaches_nobody(either_app: App) -> None:
    app = either_app
    bound(app)
    address = Address("telegram", "test", "wang")
    with transaction(app.engine) as connection:
        reach.declare(connection, [Sender("telegram", "test")], NOON)
        reach.refuse_account(connection, "telegram", "test", "unable", 401, NOON)
        reach.declare(connection, [Sender("telegram", "test")], NOON)  # a restart changes nothing
        assert reach.refused(connection, [address]) == {address: "unable"}
    assert reminder_sender.unreachable(app.engine, CORPUS.holidays, LAST_DAY) == ["威海数字培训学校"]
    with transaction(app.engine) as connection:
        reach.account_works(connection, "telegram", "test", NOON)
    assert reminder_sender.unreachable(app.engine, CORPUS.holidays, LAST_DAY) == []
    with transaction(app.engine) as connection:  # the bot is another one now
        reach.declare(connection, [Sender("web", "web")], NOON)
        assert reach.refused(connection, [address]) == {address: "unserved"}


def test_overdue_on_the_next_working_day(app: App) -> None:
    bound(app)
    reminder_sender.send_due(app.engine, CORPUS.holidays, LAST_DAY)
    assert (
        reminder_sender.send_due(app.engine, CORPUS.holidays, datetime(2027, 1, 2, 10, 0, tzinfo=SHANGHAI))[0]
        == 0
    )  # a Saturday
    reminder_sender.send_due(app.engine, CORPUS.holidays, datetime(2027, 1, 4, 10, 0, tzinfo=SHANGHAI))
    assert "已过截止日" in pushes(app)[-1]


def test_a_reminder_opens_the_report(app: App) -> None:
    wang = bound(app)
    reminder_sender.send_due(app.engine, CORPUS.holidays, LAST_DAY)
    with transaction(app.engine, read_only=True) as connection:
        body = connection.execute(select(outbox.c.body).where(outbox.c.turn_id.is_(None))).scalar_one()
    wang.presses_token(body["choices"][0][1])
    assert "哪个季度" in wang.text


@pytest.mark.usefixtures("sqlite_url")
def test_the_command(tmp_path: object) -> None:
    folder = Path(str(tmp_path))
    here(folder, "invite", "--institution", "威海数字培训学校")
    done = here(folder, "remind", "--now", "2026-12-31T10:00:00+08:00")
    assert done.returncode == 0, done.stderr
    assert "威海数字培训学校" in done.stdout


@pytest.mark.parametrize(
    ("now", "sent_now"),
    [
        ("2026-12-31T10:00:00+08:00", True),
        ("2026-12-31T21:00:00+08:00", False),  # after hours
        ("2026-11-11T10:00:00+08:00", False),  # nothing is due yet
    ],
)
def test_whom_to_call_is_said_whenever_it_is_asked(
    app: App, tmp_path: Path, now: str, sent_now: bool
) -> None:
    contact_code(app)
    done = here(tmp_path, "remind", "--now", now, BOT_SECRET_KEY="k" * 32)  # that of the app
    assert "威海数字培训学校" in done.stdout
    assert "2026年第4季度" in done.stdout
    assert ("没有" not in done.stdout) == sent_now


class TestWaitingOnes:
    """A page or a terminal is not pushed to: what waited there is shown when its reader comes."""

    days = tuple(
        datetime(2026, 12, day, 10, 0, tzinfo=SHANGHAI) for day in (17, 24, 28, 30, 31)
    )  # two weeks, one, three days, one, none before the end

    def waiting(self, app: App) -> list[str]:
        with transaction(app.engine, read_only=True) as connection:
            found = messages.pushes_waiting(connection, Address("web", "test", "w"))
        return [one.body["text"] for one in found]

    def test_after_a_silence_only_the_newest_is_shown(self, either_app: App) -> None:
        bound(either_app, "w", channel="web")
        for day in self.days:
            reminder_sender.send_due(either_app.engine, CORPUS.holidays, day)
        (text,) = self.waiting(either_app)
        assert "威海数字培训学校" in text
        with transaction(either_app.engine, read_only=True) as connection:
            lines = history.last_lines(connection, Address("web", "test", "w"))
        assert sum("请在" in (line.body or {}).get("text", "") for line in lines) == 1

    def test_of_two_institutions_each_has_its_own(self, either_app: App) -> None:
        wang = bound(either_app, "w", channel="web")
        wang.says(f"绑定 {contact_code(either_app, '荣成技校')}")
        for day in self.days:
            reminder_sender.send_due(either_app.engine, CORPUS.holidays, day)
        assert len(self.waiting(either_app)) == 2

    def test_submitting_takes_them_away(self, either_app: App) -> None:
        wang = bound(either_app, "w", channel="web")
        reminder_sender.send_due(either_app.engine, CORPUS.holidays, self.days[0])
        wang.says("填报 2026Q4", "大数据 3 2 120 80 60 90000", "提交", "提交")
        assert self.waiting(either_app) == []


def test_a_returned_report_is_reminded_while_its_correction_is_under_way(either_app: App) -> None:
    app = either_app
    wang = bound(app)
    wang.says("填报 2026Q4", "大数据 3 2 120 80 60 90000", "提交", "提交")
    with transaction(app.engine) as connection:
        latest = reports.snapshot(connection, 1, "2026Q4").latest
        assert latest is not None
        decisions.return_(connection, latest.id, [("大数据", "trained", "请核对")], 1, NOON)
    wang.says("填报 2026Q4", "开始改")
    assert reminder_sender.send_due(app.engine, CORPUS.holidays, LAST_DAY)[0] == 1
    assert (
        reminder_sender.send_due(app.engine, CORPUS.holidays, datetime(2027, 1, 4, 10, 0, tzinfo=SHANGHAI))[0]
        == 1
    )
