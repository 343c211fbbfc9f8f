"""Sends the reminders that are due to the contacts of institutions that have not reported."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from bot.core.channel_limits import CHANNELS
from bot.core.render import render
from policy.calendar.quarters import Times, local, reporting_quarter
from policy.calendar.reminders import (
    ROSTER_DAYS,
    ROSTER_WARNING_DAYS,
    WAITED_FOR,
    Calendar,
    Due,
    due_now,
    is_reminded,
    sending_hours,
)
from storage import courses, messages
from storage.database import transaction
from storage.messages import Address
from storage.people import people
from storage.people.people import Reach
from storage.reports import board, reports, returned_cells
from storage.reports.board import Line

# Those of the addresses that a message sent now would reach.
Reachable = Callable[[Connection, Iterable[Address], datetime], set[Address]]
BATCH = 200  # institutions in one transaction: other people's messages get in between


@dataclass(frozen=True)
class _Missing:
    line: Line
    reach: tuple[Reach, ...]
    pushable: bool  # a channel of some contact takes messages at any time, or does just now


def send_due(
    engine: Engine,
    calendar: Calendar,
    now: datetime,
    reachable: Reachable | None = None,
    times: Times | None = None,
) -> tuple[int, list[str]]:
    """Put what is due into the outbox, each once whoever runs it; how many, and whom to call.

    `reachable`: of channels that take messages only for a while after the person's own, who can be
    written to now.
    The second value names the missing institutions that no channel can push to: for the office's
    call sheet. Their contacts find the reminder when they next come.
    """
    with transaction(engine) as connection:
        messages.release_due(connection, now)
    rosters = _rosters(engine, now) if sending_hours(now, calendar) else 0
    due = due_now(now, calendar)
    if due is None:
        return rosters, []
    missing = _missing(engine, due, now, reachable, times or Times())
    on = (times or Times()).due(due.quarter)
    sent = rosters
    for start in range(0, len(missing), BATCH):
        with transaction(engine) as connection:
            for one in missing[start : start + BATCH]:
                body = render(
                    "reminder.j2",
                    due=due,
                    on=one.line.extended_until or on,
                    institution=one.line,
                    draft=one.line.drafting,
                ).body()
                claimed: dict[int, bool] = {}
                for reach in one.reach:
                    if reach.person_id not in claimed:
                        claimed[reach.person_id] = people.claim_reminder(
                            connection,
                            one.line.institution_id,
                            str(due.quarter),
                            due.kind,
                            reach.person_id,
                            now,
                        )
                    if claimed[reach.person_id]:
                        about = reports.reminder_of(one.line.institution_id, str(due.quarter))
                        messages.remind(connection, reach.address, body, about, now)
                sent += sum(claimed.values())
    return sent, [m.line.name for m in missing if not m.pushable]


def unreachable(
    engine: Engine,
    calendar: Calendar,
    now: datetime,
    reachable: Reachable | None = None,
    times: Times | None = None,
) -> list[str]:
    """The institutions still missing that no channel can push to, also when nothing is sent now.

    Of the quarter whose reminders are under way, or else of the one that is reported next.
    """
    due = due_now(now, calendar) or Due(reporting_quarter(now), "")
    missing = _missing(engine, due, now, reachable, times or Times())
    return [m.line.name for m in missing if not m.pushable]


def _rosters(engine: Engine, now: datetime) -> int:
    """Remind of roster reports: a week before the 30 days are over, and when they are (四（二）)."""
    today = local(now).date()
    with transaction(engine, read_only=True) as connection:
        due = courses.rosters_due(connection, today - timedelta(days=ROSTER_WARNING_DAYS))
        reach = people.reach_of_institutions(connection) if due else {}
    sent = 0
    for start in range(0, len(due), BATCH):
        with transaction(engine) as connection:
            for course, school in due[start : start + BATCH]:
                late = (today - course.dates["ended"]).days >= ROSTER_DAYS
                mine = reach.get(course.institution_id, [])
                if mine and courses.claim_reminder(connection, course.id, "late" if late else "soon", now):
                    body = render("course/reminder.j2", course=course, school=school, late=late).body()
                    for one in mine:
                        messages.remind(connection, one.address, body, courses.reminder_of(course.id), now)
                    sent += 1
    return sent


def _missing(
    engine: Engine, due: Due, now: datetime, reachable: Reachable | None, times: Times
) -> list[_Missing]:
    """Expected institutions without a submission (or with a returned one), and how to reach them.

    Nobody is reminded of what is not taken any more, or called late while an extension runs.
    """
    quarter = str(due.quarter)
    with transaction(engine, read_only=True) as connection:
        lines = board.lines(connection, quarter, times.due(due.quarter), WAITED_FOR)
        reach = people.reach_of_institutions(connection)
        addresses = [r.address for reaches in reach.values() for r in reaches]
        lately = reachable(connection, addresses, now) if reachable else set()
        closes = returned_cells.closes_at(connection, quarter, times.closes(due.quarter))
    found = []
    for line in lines:
        if is_reminded(due.kind, now, line.state, line.extended_until, closes):
            mine = tuple(reach.get(line.institution_id, ()))
            pushable = any(CHANNELS[r.address.channel].pushes or r.address in lately for r in mine)
            found.append(_Missing(line, mine, pushable))
    return found
