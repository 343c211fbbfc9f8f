"""Courses of an institution: recorded step by step, added up for a quarter's draft."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, delete, or_, select, update

from storage import audit
from storage.connections.statement import insert_new
from storage.conversations.messages import drop_reminders
from storage.schema.core import institution
from storage.schema.courses import STAGES, course, course_reminder

_OF_ITS_LIFE = (
    *(f"{stage}_on" for stage in STAGES),
    *("catalogued", "trained", "certificates", "subsidised", "amount", "withdrawn_at"),
)


@dataclass(frozen=True)
class Course:
    """One course. `dates` has the day of every stage reached; `amount` is in fen."""

    id: int
    institution_id: int
    name: str
    occupation: str
    level: str
    catalogued: bool | None
    dates: dict[str, date]
    trained: int | None
    certificates: int | None
    subsidised: int | None
    amount: int | None

    @property
    def figures(self) -> dict[str, int | None]:
        """The people of each stage, None where it was not said."""
        return {"trained": self.trained, "certificates": self.certificates, "subsidised": self.subsidised}

    @property
    def reached(self) -> str | None:
        """The last stage reached."""
        return next((s for s in reversed(STAGES) if s in self.dates), None)


def of_row(row: Any) -> Course:
    """The course that a row of the table holds."""
    dates = {s: getattr(row, f"{s}_on") for s in STAGES if getattr(row, f"{s}_on") is not None}
    return Course(
        row.id,
        row.institution_id,
        row.name,
        row.occupation,
        row.level,
        row.catalogued,
        dates,
        row.trained,
        row.certificates,
        row.subsidised,
        row.amount,
    )


def of_institution(connection: Connection, institution_id: int) -> list[Course]:
    """An institution's courses that were not withdrawn, newest first."""
    rows = connection.execute(
        select(course)
        .where(course.c.institution_id == institution_id, course.c.withdrawn_at.is_(None))
        .order_by(course.c.id.desc())
    )
    return [of_row(row) for row in rows]


def create(
    connection: Connection,
    institution_id: int,
    name: str,
    occupation: str,
    level: str,
    by: int,
    now: datetime,
) -> int | None:
    """A new course; None when the institution has one of that name already.

    One of that name that was withdrawn makes room: it begins again, with nothing of what it was.
    """
    values = {"occupation": occupation, "level": level, "created_at": now}
    key = {"institution_id": institution_id, "name": name}
    made = connection.execute(
        insert_new(connection, course).returning(course.c.id), {**key, **values}
    ).scalar()
    if made is None:
        made = connection.execute(
            update(course)
            .where(
                course.c.institution_id == institution_id,
                course.c.name == name,
                course.c.withdrawn_at.is_not(None),
            )
            .values(**values, **dict.fromkeys(_OF_ITS_LIFE))
            .returning(course.c.id)
        ).scalar()
        if made is not None:
            connection.execute(delete(course_reminder).where(course_reminder.c.course_id == made))
    if made is not None:
        audit.record(connection, now, by, "course.create", f"course:{made}", name=name)
    return made


def record(
    connection: Connection,
    course_id: int,
    stage: str,
    day: date,
    figures: dict[str, Any],
    by: int,
    now: datetime,
) -> None:
    """Note that a stage was reached, with the figures it brings (trained, certificates, …)."""
    connection.execute(
        update(course).where(course.c.id == course_id).values(**{f"{stage}_on": day}, **figures)
    )
    if stage == "rostered":
        drop_reminders(connection, reminder_of(course_id))
    audit.record(
        connection, now, by, "course.stage", f"course:{course_id}", stage=stage, figures=sorted(figures)
    )


def of_quarter(
    connection: Connection, institution_id: int, first: date, last: date
) -> dict[str, dict[str, int]]:
    """Occupation → measures that the courses bring to a quarter (`first`…`last`, both included).

    A class and its people count when it ended, a certificate when it was issued, a subsidy when it
    was paid; a class counts as subsidised in the quarter it ended when it is in the catalogue. What was
    not recorded is not 0: a measure is left out where any course of the occupation that ended by then
    has no such stage, or the stage no figure.
    """
    rows = connection.execute(
        select(course).where(
            course.c.institution_id == institution_id,
            course.c.withdrawn_at.is_(None),
            or_(*(course.c[f"{s}_on"] <= last for s in ("ended", "certified", "paid"))),
        )
    )
    by_occupation: dict[str, list[Course]] = {}
    for one in map(of_row, rows):
        by_occupation.setdefault(one.occupation, []).append(one)
    found: dict[str, dict[str, int]] = {}
    for occupation, some in by_occupation.items():
        if any(first <= one.dates[s] <= last for one in some for s in _COUNTED if s in one.dates):
            added = {m: _added(some, m, first, last) for m in _BROUGHT}
            known = {m: value for m, value in added.items() if value is not None}
            if known:
                found[occupation] = known
    return found


_COUNTED = ("ended", "certified", "paid")
# What a stage brings to the form: measure → (the stage, what it brings, None where that was not said).
_BROUGHT: dict[str, tuple[str, Callable[[Course], int | None]]] = {
    "classes": ("ended", lambda one: 1),
    "subsidised_classes": ("ended", lambda one: None if one.catalogued is None else int(one.catalogued)),
    "trained": ("ended", lambda one: one.trained),
    "certified": ("certified", lambda one: one.certificates),
    "subsidised": ("paid", lambda one: one.subsidised),
    "amount": ("paid", lambda one: one.amount),
}


def _added(some: list[Course], measure: str, first: date, last: date) -> int | None:
    """What the courses bring to a measure from `first` to `last`; None when that is not known of one."""
    stage, read = _BROUGHT[measure]
    sum_ = 0
    for one in some:
        day = one.dates.get(stage)
        value = read(one) if day is not None and first <= day <= last else 0
        if day is None or value is None:
            return None
        sum_ += value
    return sum_


def reminder_of(course_id: int) -> str:
    """What a reminder of this course's roster is about (`turns.remind`)."""
    return f"roster:{course_id}"


def rosters_due(connection: Connection, ended_before: date) -> list[tuple[Course, str]]:
    """Courses that ended before the day without a roster report, with their institution's name."""
    rows = connection.execute(
        select(course, institution.c.name.label("school"))
        .join(institution, institution.c.id == course.c.institution_id)
        .where(
            course.c.withdrawn_at.is_(None),
            institution.c.closed_at.is_(None),
            course.c.ended_on <= ended_before,
            course.c.rostered_on.is_(None),
        )
        .order_by(course.c.id)
    )
    return [(of_row(row), row.school) for row in rows]


def claim_reminder(connection: Connection, course_id: int, kind: str, now: datetime) -> bool:
    """Whether this process is the one to send this reminder: true exactly once."""
    values = {"course_id": course_id, "kind": kind, "at": now}
    statement = insert_new(connection, course_reminder).returning(course_reminder.c.course_id)
    return connection.execute(statement, values).first() is not None


def withdraw(connection: Connection, course_id: int, by: int, now: datetime) -> None:
    """Take a course out of the registry; its audit trail stays."""
    connection.execute(update(course).where(course.c.id == course_id).values(withdrawn_at=now))
    drop_reminders(connection, reminder_of(course_id))
    audit.record(connection, now, by, "course.withdraw", f"course:{course_id}")
