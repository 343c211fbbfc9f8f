"""Reading the audit trail, newest first: what was done by whom to what, a page at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select, true

from storage.schema.core import audit, institution, invite, membership, person, report, revision
from storage.schema.courses import course

_NUMBER = re.compile("[0-9]{1,18}")


@dataclass(frozen=True)
class About:
    """What a row's subject is, as far as it belongs to an institution or a person."""

    institution_id: int | None = None
    institution: str | None = None
    quarter: str | None = None
    number: int | None = None  # of the revision
    person: str | None = None
    role: str | None = None
    district: str | None = None
    title: str | None = None  # of a course


@dataclass(frozen=True)
class Record:
    """One audit row. `who` is None without a name; `office`: they serve or served in the office.

    `role` and `district` say as what they served last.
    `person_id` is None for the command line, and for who wrote a complaint.
    """

    id: int
    at: datetime
    person_id: int | None
    who: str | None
    office: bool
    action: str
    subject: str
    detail: dict[str, Any]
    about: About
    role: str | None = None
    district: str | None = None


@dataclass(frozen=True)
class Wanted:
    """Which rows. `actions` empty: all; `before`: only rows older than that id; times as [since, until)."""

    institution_id: int | None = None
    person_id: int | None = None
    actions: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None


def read(connection: Connection, wanted: Wanted, limit: int) -> list[Record]:
    """At most `limit` rows, newest first. The cost does not grow with the number of rows kept."""
    conditions = _conditions(connection, wanted)
    if conditions is None:
        return []
    ids: list[int] = []
    # One walk down an index for each kind of action, so that a rare one is found as fast.
    for kind in [audit.c.action == action for action in wanted.actions] or [true()]:
        query = select(audit.c.id).where(*conditions, kind).order_by(audit.c.id.desc()).limit(limit)
        ids += connection.execute(query).scalars()
    return _records(connection, sorted(ids, reverse=True)[:limit])


def _conditions(connection: Connection, wanted: Wanted) -> list[ColumnElement[bool]] | None:
    """What the rows have to meet; None when no row can."""
    found: list[ColumnElement[bool]] = []
    if wanted.before is not None:
        found.append(audit.c.id < wanted.before)
    if wanted.person_id is not None:
        found.append(audit.c.person_id == wanted.person_id)
    if wanted.institution_id is not None:
        found.append(audit.c.subject.in_(_subjects(connection, wanted.institution_id)))
    if wanted.since is not None and wanted.until is not None:
        that_day = (audit.c.at >= wanted.since) & (audit.c.at < wanted.until)
        first, last = connection.execute(
            select(func.min(audit.c.id), func.max(audit.c.id)).where(that_day)
        ).one()
        if first is None:
            return None
        found += [audit.c.id >= first, audit.c.id <= last, that_day]
    return found


def _subjects(connection: Connection, institution_id: int) -> list[str]:
    """Everything of an institution that a row can be about."""
    of_report = select(revision.c.id).join(report, report.c.id == revision.c.report_id)
    wanted: dict[str, Select[Any]] = {
        "revision": of_report.where(report.c.institution_id == institution_id),
        "membership": select(membership.c.id).where(membership.c.institution_id == institution_id),
        "invite": select(invite.c.id).where(invite.c.institution_id == institution_id),
        "course": select(course.c.id).where(course.c.institution_id == institution_id),
    }
    return [f"institution:{institution_id}"] + [
        f"{name}:{one}" for name, query in wanted.items() for one in connection.execute(query).scalars()
    ]


def _records(connection: Connection, ids: Sequence[int]) -> list[Record]:
    last = membership.alias("last")
    serving = (
        select(func.max(last.c.id))
        .where(last.c.person_id == audit.c.person_id, last.c.institution_id.is_(None))
        .correlate(audit)
        .scalar_subquery()
    )
    rows = connection.execute(
        select(
            audit,
            person.c.name.label("who"),
            membership.c.id.is_not(None).label("office"),
            membership.c.role.label("as_role"),
            membership.c.district.label("of_district"),
        )
        .select_from(audit)
        .outerjoin(membership, membership.c.id == serving)
        .outerjoin(person, person.c.id == audit.c.person_id)
        .where(audit.c.id.in_(ids))
        .order_by(audit.c.id.desc())
    ).all()
    told = _told(connection, {row.subject for row in rows})
    return [
        Record(
            row.id,
            row.at,
            row.person_id,
            row.who,
            bool(row.office),
            row.action,
            row.subject,
            row.detail if isinstance(row.detail, dict) else {},
            told.get(row.subject, About()),
            row.as_role,
            row.of_district,
        )
        for row in rows
    ]


def _told(connection: Connection, subjects: set[str]) -> dict[str, About]:
    """Subject → what it is; one statement for each kind of subject."""
    wanted: dict[str, list[int]] = {}
    for subject in subjects:
        kind, _, number = subject.partition(":")
        if _NUMBER.fullmatch(number):
            wanted.setdefault(kind, []).append(int(number))
    found: dict[str, About] = {}
    for kind, ids in wanted.items():
        if look := _KINDS.get(kind):
            for row in connection.execute(look(ids)):
                values = {name: value for name, value in row._mapping.items() if name != "id"}
                found[f"{kind}:{row.id}"] = About(**values)
    return found


def _named(*columns: Any) -> Select[Any]:
    return select(*columns, institution.c.id.label("institution_id"), institution.c.name.label("institution"))


def _institutions(ids: list[int]) -> Select[Any]:
    return _named(institution.c.id).where(institution.c.id.in_(ids))


def _revisions(ids: list[int]) -> Select[Any]:
    return (
        _named(revision.c.id, revision.c.number, report.c.quarter)
        .join(report, report.c.id == revision.c.report_id)
        .join(institution, institution.c.id == report.c.institution_id)
        .where(revision.c.id.in_(ids))
    )


def _memberships(ids: list[int]) -> Select[Any]:
    return (
        _named(membership.c.id, membership.c.role, membership.c.district, person.c.name.label("person"))
        .join(person, person.c.id == membership.c.person_id)
        .outerjoin(institution, institution.c.id == membership.c.institution_id)
        .where(membership.c.id.in_(ids))
    )


def _invites(ids: list[int]) -> Select[Any]:
    return (
        _named(invite.c.id, invite.c.role, invite.c.district)
        .select_from(invite)
        .outerjoin(institution, institution.c.id == invite.c.institution_id)
        .where(invite.c.id.in_(ids))
    )


def _courses(ids: list[int]) -> Select[Any]:
    return (
        _named(course.c.id, course.c.name.label("title"))
        .join(institution, institution.c.id == course.c.institution_id)
        .where(course.c.id.in_(ids))
    )


def _persons(ids: list[int]) -> Select[Any]:
    return select(person.c.id, person.c.name.label("person")).where(person.c.id.in_(ids))


_KINDS: dict[str, Callable[[list[int]], Select[Any]]] = {
    "institution": _institutions,
    "revision": _revisions,
    "membership": _memberships,
    "invite": _invites,
    "course": _courses,
    "person": _persons,
}
