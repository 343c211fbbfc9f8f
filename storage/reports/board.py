"""A quarter as the office sees it: who stands where, counted and listed by the database.

A report's place comes from its newest submission: submitted, returned or accepted; with none it is
a draft or missing. Whoever is expected is counted once, whatever they sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, case, exists, func, select

from storage.institutions.institutions import expected_in, there
from storage.reports import lateness
from storage.reports.counting import IS_NEWEST, QUARTER, REPORTED, newest
from storage.reports.lateness import OF_EXTENSION
from storage.reports.marks import CONDITIONS, DOUBTS, PLAIN, values
from storage.schema.core import institution, membership, reminder, report, revision
from storage.schema.office import extension, reopening

STATES = ("missing", "draft", "submitted", "returned", "accepted")


@dataclass(frozen=True)
class Line:
    """One institution: where its report stands."""

    institution_id: int
    name: str
    district: str | None
    state: str
    revision_id: int | None
    number: int | None
    zero: bool
    late: bool
    drafting: bool
    reopened: bool
    first_submitted_at: datetime | None
    submitted_at: datetime | None
    decided_at: datetime | None
    extended_until: datetime | None


@dataclass(frozen=True)
class Group:
    """How many expected institutions of a district stand alike."""

    district: str | None
    state: str
    late: bool
    zero: bool
    count: int


draft = revision.alias("draft")

_STATE = case(
    (newest.c.id.is_not(None), newest.c.state),
    (draft.c.id.is_not(None), "draft"),
    else_="missing",
)
_ZERO = func.coalesce(newest.c.nothing_to_report, False)


# Where a report stands, from one look at its revisions: the newest submission's number, state and
# whether it is zero as one integer, of which the last three bits are wanted; a draft counts least.
_PLACES = {"submitted": 0, "returned": 2, "accepted": 4, "draft": 6}
_standing = (
    select(
        report.c.institution_id,
        report.c.first_submitted_at,
        func.max(
            case(
                (
                    revision.c.state.in_(REPORTED),
                    revision.c.number * 8
                    + case(_PLACES, value=revision.c.state)
                    + case((revision.c.nothing_to_report, 1), else_=0),
                ),
                (revision.c.state == "draft", _PLACES["draft"]),
            )
        ).label("place"),
    )
    .join(revision, revision.c.report_id == report.c.id)
    .where(report.c.quarter == QUARTER)
    .group_by(report.c.id, report.c.institution_id, report.c.first_submitted_at)
    .cte("standing")
)
_alike = (
    select(
        institution.c.district,
        (_standing.c.place % 8).label("place"),
        lateness.late(_standing.c.first_submitted_at).label("late"),
    )
    .select_from(institution)
    .outerjoin(_standing, _standing.c.institution_id == institution.c.id)
    .outerjoin(extension, OF_EXTENSION)
    .where(expected_in(QUARTER))
)


def _counted(alike: Select[Any]) -> Select[Any]:
    kinds = alike.subquery()
    return select(*kinds.c, func.count().label("how_many")).group_by(*kinds.c)


_GROUPS = _counted(_alike)
_GROUPS_OF = _counted(_alike.where(institution.c.district == bindparam("district")))
_AT_PLACE = {number: name for name, number in _PLACES.items()}


def groups(connection: Connection, quarter: str, due: datetime, district: str | None = None) -> list[Group]:
    """Everybody expected, counted by district, state, late and zero: one statement."""
    given = {"of_quarter": quarter, "due": due}
    if district is None:
        rows = connection.execute(_GROUPS, given)
    else:
        rows = connection.execute(_GROUPS_OF, {**given, "district": district})
    return [
        Group(r.district, "missing", False, False, r.how_many)
        if r.place is None
        else Group(r.district, _AT_PLACE[r.place & 6], bool(r.late), bool(r.place & 1), r.how_many)
        for r in rows
    ]


_IS_LATE = lateness.late(report.c.first_submitted_at)
_LINES = (
    select(
        institution.c.id.label("institution_id"),
        institution.c.name,
        institution.c.district,
        _STATE.label("state"),
        newest.c.id.label("revision_id"),
        newest.c.number,
        _ZERO.label("zero"),
        _IS_LATE.label("late"),
        draft.c.id.is_not(None).label("drafting"),
        exists().where(reopening.c.revision_id == newest.c.id).label("reopened"),
        report.c.first_submitted_at,
        newest.c.submitted_at,
        newest.c.decided_at,
        extension.c.until.label("extended_until"),
    )
    .select_from(institution)
    .outerjoin(report, (report.c.institution_id == institution.c.id) & (report.c.quarter == QUARTER))
    .outerjoin(newest, IS_NEWEST)
    .outerjoin(draft, and_(draft.c.report_id == report.c.id, draft.c.state == "draft"))
    .outerjoin(extension, OF_EXTENSION)
    .order_by(institution.c.name)
)
# How a list may be sorted; what has none of it comes last.
ORDERS: dict[str, tuple[ColumnElement[Any], ...]] = {
    "name": (),
    "district": (institution.c.district.is_(None), institution.c.district),
    "sent": (newest.c.submitted_at.is_(None), newest.c.submitted_at),
    "late": (newest.c.submitted_at.is_(None), newest.c.submitted_at.desc()),
    "doubts": (DOUBTS.desc(),),
}
_LISTED = _LINES.where(expected_in(QUARTER))
_OTHERS = _LINES.where(~func.coalesce(expected_in(QUARTER), False), report.c.first_submitted_at.is_not(None))


def lines(
    connection: Connection,
    quarter: str,
    due: datetime,
    states: Sequence[str] = STATES,
    district: str | None = None,
    late: bool = False,
    zero: bool = False,
    named: str = "",
    mark: str = "",
    filed_since: str | None = None,
    order: str = "name",
    limit: int | None = None,
    offset: int = 0,
) -> list[Line]:
    """Expected institutions, a page of them in an order of `ORDERS`: one statement.

    `district` "" means without one; `mark` is one of `marks.KINDS`, or "plain"; `filed_since` is the
    first quarter whose classes are filed with the office.
    """
    query = _LISTED
    if tuple(states) != STATES:
        query = query.where(_STATE.in_(states))
    if district is not None:
        query = query.where(there(district))
    if late:
        query = query.where(_IS_LATE)
    if zero:
        query = query.where(_ZERO)
    if named:
        query = query.where(institution.c.name.contains(named, autoescape=True))
    if mark:
        query = query.where(PLAIN if mark == "plain" else CONDITIONS[mark])
    if ORDERS.get(order):
        query = query.order_by(None).order_by(*ORDERS[order], institution.c.name)
    if limit is not None:
        query = query.limit(limit).offset(offset)
    return _read(connection, query, quarter, due, values(quarter, filed_since) if mark else {})


def to_remind(
    connection: Connection,
    quarter: str,
    due: datetime,
    states: Sequence[str],
    kind: str,
    after: int,
    limit: int,
) -> list[Line]:
    """Expected institutions in these states with somebody not yet reminded of that kind, by id.

    A page of them: those whose id comes after one.
    """
    told = exists().where(
        reminder.c.institution_id == membership.c.institution_id,
        reminder.c.quarter == QUARTER,
        reminder.c.kind == kind,
        reminder.c.person_id == membership.c.person_id,
    )
    untold = exists().where(
        membership.c.institution_id == institution.c.id, membership.c.revoked_at.is_(None), ~told
    )
    query = _LISTED.where(institution.c.id > after, _STATE.in_(states), untold)
    return _read(connection, query.order_by(None).order_by(institution.c.id).limit(limit), quarter, due)


def _read(
    connection: Connection,
    query: Select[Any],
    quarter: str,
    due: datetime,
    more: Mapping[str, object] = MappingProxyType({}),
) -> list[Line]:
    rows = connection.execute(query, {"of_quarter": quarter, "due": due, **more})
    return [Line(**{**r._mapping, "zero": bool(r.zero), "late": bool(r.late)}) for r in rows]


def others(connection: Connection, quarter: str, due: datetime, district: str | None = None) -> list[Line]:
    """Institutions that reported a quarter without being expected to, by name; `district` as in `lines`."""
    query = _OTHERS
    if district is not None:
        query = query.where(there(district))
    return _read(connection, query, quarter, due)
