"""开班备案: a course is filed before it begins; the office receives, returns with a reason, or agrees.

    submitted ── receive ──▶ received ── agree ──▶ agreed
        │            └──────────┴──── return ──▶ returned ── filed anew (number + 1)
        └── filed anew ──▶ replaced

The course's own days (`filed_on`, `approved_on`) follow, so that a class has one life.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, exists, func, insert, or_, select, update

from storage import audit, courses
from storage.connections.statement import affected, insert_new
from storage.courses import Course
from storage.desk import settings
from storage.institutions.institutions import there
from storage.people import people
from storage.reports.attachments import Received, TooMany
from storage.reports.decisions import BadReasons, OwnEntry
from storage.reports.reports import VersionConflict
from storage.schema.core import institution, person
from storage.schema.courses import class_file, class_filing, class_inspection, course

MODES = ("offline", "online", "both")
OPEN = ("submitted", "received")
STATES = (*OPEN, "returned", "agreed")
INSPECTIONS = ("papers", "visit", "other")
SETTING = "filing"
MOST = 30  # files of one filing


@dataclass(frozen=True)
class Rules:
    """What the office set. `since`: the first quarter that is filed here (None: not yet).

    `materials` are what it wants with a filing, `ahead` how many days before the class begins,
    `answer` in how many days it answers; None where it said nothing.
    """

    since: str | None = None
    materials: tuple[str, ...] = ()
    ahead: int | None = None
    answer: int | None = None


def rules(connection: Connection) -> Rules:
    """Return what holds."""
    value = settings.get(connection, SETTING)
    materials = tuple(str(one) for one in value.get("materials", ()))
    return Rules(value.get("since"), materials, value.get("ahead"), value.get("answer"))


def set_rules(connection: Connection, wanted: Rules, by: int, now: datetime) -> None:
    """Set what holds from now on."""
    value = {**vars(wanted), "materials": list(wanted.materials)}
    settings.put(connection, SETTING, value, by, now)


@dataclass(frozen=True)
class Details:
    """What a contact files of a course."""

    starts_on: date
    ends_on: date | None
    place: str
    mode: str
    assessor: str


@dataclass(frozen=True)
class File:
    """A file of a filing; `material` is what the office calls it."""

    material: str
    name: str
    hash: str
    media: str
    size: int


@dataclass(frozen=True)
class Filing:
    """One filing; names are "" where nobody left one."""

    id: int
    course_id: int
    number: int
    state: str
    details: Details
    filed_at: datetime
    filed_by: str
    received_at: datetime | None
    received_by: str
    decided_at: datetime | None
    decided_by: str
    reason: str | None
    office_number: str | None
    agreed_on: date | None
    files: tuple[File, ...] = ()

    def missing(self, materials: Sequence[str]) -> list[str]:
        """Those of the office's materials that no file was handed in for."""
        there_are = {one.material for one in self.files}
        return [one for one in materials if one not in there_are]


class AlreadyReceived(Exception):
    """The office has it in hand: to be changed it has to be returned first."""


def file(connection: Connection, course_id: int, details: Details, by: int, now: datetime, day: date) -> int:
    """File a course, anew where it was filed before; the filing's id. `day` is today.

    Raises:
        AlreadyReceived: the office is looking at an earlier one.
    """
    before = connection.execute(
        select(course.c.filed_on).where(course.c.id == course_id).with_for_update()
    ).scalar_one()
    last = connection.execute(
        select(class_filing.c.id, class_filing.c.number, class_filing.c.state)
        .where(class_filing.c.course_id == course_id)
        .order_by(class_filing.c.number.desc())
        .limit(1)
    ).first()
    if last is not None and last.state == "received":
        raise AlreadyReceived
    if last is not None and last.state == "submitted":
        connection.execute(update(class_filing).where(class_filing.c.id == last.id).values(state="replaced"))
    number = last.number + 1 if last else 1
    values = {**vars(details), "course_id": course_id, "number": number, "state": "submitted"}
    made = connection.execute(
        insert(class_filing).values(**values, filed_at=now, filed_by=by).returning(class_filing.c.id)
    ).scalar_one()
    if last is not None:  # what was handed in with the one before goes along
        kept = [c for c in class_file.c if c.name != "filing_id"]
        connection.execute(
            insert(class_file).from_select(
                ["filing_id", *(c.name for c in kept)],
                select(class_filing.c.id, *kept)
                .join(class_file, class_file.c.filing_id == last.id)
                .where(class_filing.c.id == made),
            )
        )
    audit.record(connection, now, by, "filing.file", f"course:{course_id}", number=number)
    if before is None:
        courses.record(connection, course_id, "filed", day, {}, by, now)
    return int(made)


def attach(
    connection: Connection, filing_id: int, material: str, got: Received, by: int, now: datetime
) -> bool:
    """Keep a file with a filing that is not decided; False when it was there.

    Raises:
        VersionConflict: it was decided on or replaced meanwhile.
        TooMany: there are as many as may be.
    """
    row = connection.execute(
        select(class_filing.c.course_id)
        .where(class_filing.c.id == filing_id, class_filing.c.state.in_(OPEN))
        .with_for_update()
    ).first()
    if row is None:
        raise VersionConflict
    held = select(func.count()).select_from(class_file).where(class_file.c.filing_id == filing_id)
    if connection.execute(held).scalar_one() >= MOST:
        raise TooMany
    values = {"filing_id": filing_id, "material": material, "hash": got.hash, "name": got.name}
    values |= {"media": got.media, "size": got.size, "at": now, "person_id": by}
    made = affected(connection, insert_new(connection, class_file), values)
    audit.record(connection, now, by, "filing.attach", f"course:{row.course_id}", material=material)
    return bool(made)


def _decide(
    connection: Connection, filing_id: int, before: Collection[str], values: dict[str, Any]
) -> tuple[int, int]:
    """Change a filing that stands so; (course, filed by).

    Raises:
        VersionConflict: it does not stand so any more.
    """
    row = connection.execute(
        update(class_filing)
        .where(class_filing.c.id == filing_id, class_filing.c.state.in_(before))
        .values(**values)
        .returning(class_filing.c.course_id, class_filing.c.filed_by)
    ).first()
    if row is None:
        raise VersionConflict
    return row.course_id, row.filed_by


def receive(connection: Connection, filing_id: int, by: int, now: datetime) -> None:
    """Take a filing in hand.

    Raises:
        VersionConflict: it was taken, returned or replaced meanwhile.
    """
    values = {"state": "received", "received_at": now, "received_by": by}
    course_id, _ = _decide(connection, filing_id, ("submitted",), values)
    audit.record(connection, now, by, "filing.receive", f"course:{course_id}")


def return_(connection: Connection, filing_id: int, reason: str, by: int, now: datetime) -> None:
    """Return a filing to be corrected.

    Raises:
        BadReasons: no reason is given.
        VersionConflict: it was decided on or replaced meanwhile.
    """
    words = " ".join(reason.split())
    if not words:
        raise BadReasons
    values = {"state": "returned", "reason": words, "decided_at": now, "decided_by": by}
    course_id, _ = _decide(connection, filing_id, OPEN, values)
    audit.record(connection, now, by, "filing.return", f"course:{course_id}", reason=words)


def agree(connection: Connection, filing_id: int, number: str, on: date, by: int, now: datetime) -> None:
    """Agree to a filing, under the office's own number and date.

    Raises:
        BadReasons: there is no number.
        OwnEntry: the officer filed it, and somebody else could decide.
        VersionConflict: it was decided on or replaced meanwhile.
    """
    words = " ".join(number.split())
    if not words:
        raise BadReasons
    filed_by = connection.execute(
        select(class_filing.c.filed_by).where(class_filing.c.id == filing_id)
    ).scalar()
    if filed_by == by and people.office_members(connection) > 1:
        raise OwnEntry
    values = {"state": "agreed", "office_number": words, "agreed_on": on}
    course_id, _ = _decide(connection, filing_id, OPEN, {**values, "decided_at": now, "decided_by": by})
    audit.record(connection, now, by, "filing.agree", f"course:{course_id}", number=words, on=on.isoformat())
    courses.record(connection, course_id, "approved", on, {}, by, now)


_filer, _receiver, _decider = person.alias("filer"), person.alias("receiver"), person.alias("decider")
_FILINGS = (
    select(
        class_filing,
        _filer.c.name.label("filer"),
        _receiver.c.name.label("receiver"),
        _decider.c.name.label("decider"),
    )
    .join(_filer, _filer.c.id == class_filing.c.filed_by)
    .outerjoin(_receiver, _receiver.c.id == class_filing.c.received_by)
    .outerjoin(_decider, _decider.c.id == class_filing.c.decided_by)
)


def _read(connection: Connection, query: Select[Any]) -> list[Filing]:
    rows = connection.execute(query).all()
    files: dict[int, list[File]] = {}
    ids = [row.id for row in rows]
    if ids:
        held = select(class_file).where(class_file.c.filing_id.in_(ids))
        for f in connection.execute(held.order_by(class_file.c.at, class_file.c.hash)):
            files.setdefault(f.filing_id, []).append(File(f.material, f.name, f.hash, f.media, f.size))
    return [
        Filing(
            r.id,
            r.course_id,
            r.number,
            r.state,
            Details(r.starts_on, r.ends_on, r.place, r.mode, r.assessor),
            r.filed_at,
            r.filer or "",
            r.received_at,
            r.receiver or "",
            r.decided_at,
            r.decider or "",
            r.reason,
            r.office_number,
            r.agreed_on,
            tuple(files.get(r.id, ())),
        )
        for r in rows
    ]


def get(connection: Connection, filing_id: int) -> Filing | None:
    """One filing."""
    found = _read(connection, _FILINGS.where(class_filing.c.id == filing_id))
    return found[0] if found else None


def of_courses(connection: Connection, course_ids: Collection[int]) -> dict[int, list[Filing]]:
    """By course, its filings, newest first."""
    if not course_ids:
        return {}
    query = _FILINGS.where(class_filing.c.course_id.in_(list(course_ids)))
    found: dict[int, list[Filing]] = {}
    for one in _read(connection, query.order_by(class_filing.c.number.desc())):
        found.setdefault(one.course_id, []).append(one)
    return found


@dataclass(frozen=True)
class Listed:
    """A course as the office lists it, with the state of its newest filing (None: never filed)."""

    course: Course
    institution: str
    district: str | None
    filing_id: int | None
    state: str | None
    starts_on: date | None
    filed_at: datetime | None


_newest = class_filing.alias("newest_filing")
_newer = class_filing.alias("newer_filing")
_IS_NEWEST = and_(
    _newest.c.course_id == course.c.id,
    ~exists().where(_newer.c.course_id == course.c.id, _newer.c.number > _newest.c.number),
)
_LISTED = (
    select(
        course,
        institution.c.name.label("school"),
        institution.c.district,
        _newest.c.id.label("filing_id"),
        _newest.c.state.label("filing_state"),
        _newest.c.starts_on,
        _newest.c.filed_at,
    )
    .join(institution, institution.c.id == course.c.institution_id)
    .outerjoin(_newest, _IS_NEWEST)
    .where(course.c.withdrawn_at.is_(None))
)


def overdue(before: date) -> Any:
    """The condition that a course ended by that day and its roster was not reported."""
    return and_(course.c.ended_on <= before, course.c.rostered_on.is_(None))


def listed(
    connection: Connection,
    state: str,
    district: str | None,
    named: str,
    roster_before: date,
    limit: int,
    offset: int = 0,
) -> list[Listed]:
    """Courses in a state of filing, or `overdue` (their roster), or "" for all; a page of them."""
    query = _LISTED
    if state == "overdue":
        query = query.where(overdue(roster_before)).order_by(course.c.ended_on, course.c.id)
    elif state in STATES:
        query = query.where(_newest.c.state == state).order_by(_newest.c.id)
    elif state == "unfiled":
        query = query.where(course.c.filed_on.is_(None)).order_by(course.c.id.desc())
    else:
        query = query.order_by(course.c.id.desc())
    if district is not None:
        query = query.where(there(district))
    if named:
        query = query.where(
            or_(
                institution.c.name.contains(named, autoescape=True),
                course.c.name.contains(named, autoescape=True),
            )
        )
    return [
        Listed(courses.of_row(r), r.school, r.district, r.filing_id, r.filing_state, r.starts_on, r.filed_at)
        for r in connection.execute(query.limit(limit).offset(offset))
    ]


def counts(connection: Connection, roster_before: date) -> dict[str, int]:
    """How many courses stand in each state of filing, and how many rosters are overdue."""
    query = select(_newest.c.state, func.count()).select_from(course).join(_newest, _IS_NEWEST)
    rows = connection.execute(query.where(course.c.withdrawn_at.is_(None)).group_by(_newest.c.state))
    found: dict[str, int] = {row[0]: row[1] for row in rows}
    late = select(func.count()).select_from(course)
    late = late.where(course.c.withdrawn_at.is_(None), overdue(roster_before))
    return {**found, "overdue": int(connection.execute(late).scalar_one())}


def one(connection: Connection, course_id: int) -> Listed | None:
    """One course as the office lists it."""
    r = connection.execute(_LISTED.where(course.c.id == course_id)).first()
    if r is None:
        return None
    return Listed(
        courses.of_row(r), r.school, r.district, r.filing_id, r.filing_state, r.starts_on, r.filed_at
    )


def held(connection: Connection, institution_id: int, first: date, last: date) -> dict[str, int]:
    """Occupation → how many of its classes that ended between these days were filed."""
    rows = connection.execute(
        select(course.c.occupation, func.count())
        .where(
            course.c.institution_id == institution_id,
            course.c.withdrawn_at.is_(None),
            course.c.ended_on.between(first, last),
            course.c.filed_on.is_not(None),
        )
        .group_by(course.c.occupation)
    )
    return {row[0]: row[1] for row in rows}


@dataclass(frozen=True)
class Inspection:
    """What the office saw of a course; `by` is "" where nobody left a name."""

    day: date
    kind: str
    words: str
    by: str


def inspect(
    connection: Connection, course_id: int, day: date, kind: str, words: str, by: int, now: datetime
) -> None:
    """Note what was seen."""
    values = {"course_id": course_id, "day": day, "kind": kind, "words": words}
    connection.execute(insert(class_inspection).values(**values, at=now, person_id=by))
    audit.record(connection, now, by, "filing.inspect", f"course:{course_id}", kind=kind, day=day.isoformat())


def inspections(connection: Connection, course_id: int) -> list[Inspection]:
    """Everything noted of a course, newest first."""
    rows = connection.execute(
        select(class_inspection, person.c.name.label("by"))
        .join(person, person.c.id == class_inspection.c.person_id)
        .where(class_inspection.c.course_id == course_id)
        .order_by(class_inspection.c.day.desc(), class_inspection.c.id.desc())
    )
    return [Inspection(r.day, r.kind, r.words, r.by or "") for r in rows]
