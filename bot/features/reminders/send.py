"""Sends the reminders that are due to the contacts of institutions that have not reported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine

from bot.core.reach import reachable
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
from storage import courses
from storage.address import Address
from storage.connections.database import transaction
from storage.conversations import messages
from storage.people import people
from storage.people.people import Reach
from storage.reports import board, reports, returned_cells
from storage.reports.board import Line

PAGE = 200  # institutions read at once, beside the writer
STEP = 40  # institutions in one transaction: other people's messages get in between


@dataclass(frozen=True)
class _Missing:
    line: Line
    pushable: bool  # a channel of some contact takes messages at any time, or does just now


def send_due(
    engine: Engine,
    calendar: Calendar,
    now: datetime,
    times: Times | None = None,
) -> tuple[int, list[str]]:
    """Put what is due into the outbox, each once whoever runs it; how many it reaches, and whom to call.

    The second value names the missing institutions that no channel can push to: for the office's
    call sheet. Their contacts find the reminder when they next come.
    """
    sent = send(engine, calendar, now, times)
    return sent, unreachable(engine, calendar, now, times) if due_now(now, calendar) else []


def send(engine: Engine, calendar: Calendar, now: datetime, times: Times | None = None) -> int:
    """Put what is due into the outbox, each once whoever runs it; how many people it reaches now.

    In small steps, and the cost grows with what is to be sent: those who were reminded are not read.
    """
    _release(engine, now)
    sent = _rosters(engine, now) if sending_hours(now, calendar) else 0
    due = due_now(now, calendar)
    return sent + _reports(engine, due, now, times or Times()) if due else sent


def _release(engine: Engine, now: datetime) -> None:
    """What somebody asked to get on another day."""
    with transaction(engine, read_only=True) as connection:
        come = messages.any_due(connection, now)
    while come:
        with transaction(engine, alone=True) as connection:
            come = messages.release_due(connection, now, STEP) == STEP


def _reports(engine: Engine, due: Due, now: datetime, times: Times) -> int:
    quarter, on = str(due.quarter), times.due(due.quarter)
    sent = after = 0
    while True:
        with transaction(engine, read_only=True) as connection:
            lines = board.to_remind(connection, quarter, on, WAITED_FOR, due.kind, after, PAGE)
            reach = people.reach_of_institutions(connection, [line.institution_id for line in lines])
            reached = _reached(connection, reach, now, quarter)
            closes = returned_cells.closes_at(connection, quarter, times.closes(due.quarter))
        reminded = [
            (line, _body(due, line, on), reach.get(line.institution_id, []))
            for line in lines
            if is_reminded(due.kind, now, line.state, line.extended_until, closes)
        ]
        for start in range(0, len(reminded), STEP):
            with transaction(engine, alone=True) as connection:
                for line, body, mine in reminded[start : start + STEP]:
                    sent += _remind(connection, due, line, body, mine, reached, now)
        if len(lines) < PAGE:
            return sent
        after = lines[-1].institution_id


def _body(due: Due, line: Line, on: datetime) -> dict[str, Any]:
    until = line.extended_until or on
    last = local(until - timedelta(minutes=1))  # the last minute that is in time
    about = {"quarter": str(due.quarter), "institution": line.name, "last": last.isoformat()}
    body = render("reminder.j2", due=due, on=until, institution=line, draft=line.drafting).body()
    return {**body, "notice": about}


def _reached(
    connection: Connection, reach: Mapping[int, list[Reach]], now: datetime, quarter: str = ""
) -> set[Address]:
    addresses = [one.address for some in reach.values() for one in some]
    return reachable(connection, addresses, now, reminds_of=quarter)


def _remind(
    connection: Connection,
    due: Due,
    line: Line,
    body: dict[str, Any],
    reach: list[Reach],
    reached: set[Address],
    now: datetime,
) -> int:
    """Remind everybody who was not; how many people it reaches now. The others see it when they next come."""
    quarter = str(due.quarter)
    about = reports.reminder_of(line.institution_id, quarter)
    told = {one.person_id for one in reach if one.address in reached}
    claimed: dict[int, bool] = {}
    for one in reach:
        if one.person_id not in claimed:
            mine = (line.institution_id, quarter, due.kind, one.person_id, now, one.person_id in told)
            claimed[one.person_id] = people.claim_reminder(connection, *mine)
        if claimed[one.person_id]:
            messages.remind(connection, one.address, body, about, now)
    return sum(new for person_id, new in claimed.items() if person_id in told)


def unreachable(
    engine: Engine,
    calendar: Calendar,
    now: datetime,
    times: Times | None = None,
) -> list[str]:
    """The institutions still missing that no channel can push to, also when nothing is sent now.

    Of the quarter whose reminders are under way, or else of the one that is reported next.
    """
    due = due_now(now, calendar) or Due(reporting_quarter(now), "")
    missing = _missing(engine, due, now, times or Times())
    return [m.line.name for m in missing if not m.pushable]


def _rosters(engine: Engine, now: datetime) -> int:
    """Remind of roster reports: a week before the 30 days are over, and when they are (四（二）)."""
    today = local(now).date()
    with transaction(engine, read_only=True) as connection:
        due = courses.rosters_due(connection, today - timedelta(days=ROSTER_WARNING_DAYS))
        schools = {course.institution_id for course, _ in due}
        reach = people.reach_of_institutions(connection, schools) if due else {}
        reached = _reached(connection, reach, now)
    sent = 0
    for start in range(0, len(due), STEP):
        with transaction(engine, alone=True) as connection:
            for course, school in due[start : start + STEP]:
                late = (today - course.dates["ended"]).days >= ROSTER_DAYS
                mine = reach.get(course.institution_id, [])
                if mine and courses.claim_reminder(connection, course.id, "late" if late else "soon", now):
                    body = render("course/messages.reminder", course=course, school=school, late=late).body()
                    sent += any(one.address in reached for one in mine)
                    for one in mine:
                        messages.remind(connection, one.address, body, courses.reminder_of(course.id), now)
    return sent


def _missing(engine: Engine, due: Due, now: datetime, times: Times) -> list[_Missing]:
    """Expected institutions without a submission (or with a returned one), and how to reach them.

    Nobody is reminded of what is not taken any more, or called late while an extension runs.
    """
    quarter = str(due.quarter)
    with transaction(engine, read_only=True) as connection:
        lines = board.lines(connection, quarter, times.due(due.quarter), WAITED_FOR)
        reach = people.reach_of_institutions(connection)
        reached = _reached(connection, reach, now, quarter)
        closes = returned_cells.closes_at(connection, quarter, times.closes(due.quarter))
    found = []
    for line in lines:
        if is_reminded(due.kind, now, line.state, line.extended_until, closes):
            mine = tuple(reach.get(line.institution_id, ()))
            pushable = any(r.address in reached for r in mine)
            found.append(_Missing(line, pushable))
    return found
