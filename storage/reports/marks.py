"""What makes a submission worth a second look: doubts, 不掌握, separate pages, corrections.

A doubt stands where an explanation was asked for; cells not known are told apart from it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Date,
    Text,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal_column,
    or_,
    select,
    union_all,
)

from storage.institutions.institutions import expected_in, there
from storage.reports.counting import IS_NEWEST, QUARTER, newest
from storage.reports.separate_pages import SOURCE, STAMPED
from storage.schema.contact import attachment, page
from storage.schema.core import explanation, figure, institution, report
from storage.schema.courses import course

KINDS = ("doubt", "unknown", "unfiled", "pages", "corrected")
_NOT_KNOWN = "not-known."  # how the doubts begin that only say 不掌握
_HAS_UNKNOWN = cast(figure.c.not_known, Text) != "[]"
_OF_DOUBT = and_(explanation.c.revision_id == newest.c.id, ~explanation.c.doubt.startswith(_NOT_KNOWN))
_DOUBT = exists().where(_OF_DOUBT)
DOUBTS = select(func.count()).select_from(explanation).where(_OF_DOUBT).scalar_subquery()
_UNKNOWN = exists().where(figure.c.revision_id == newest.c.id, _HAS_UNKNOWN)
_SEPARATE = attachment.c.kind.not_in((STAMPED, SOURCE))
_PAGES = or_(
    exists().where(page.c.revision_id == newest.c.id),
    exists().where(attachment.c.revision_id == newest.c.id, _SEPARATE),
)
_CORRECTED = newest.c.number > 1
_DAYS = {"1": ("01-01", "03-31"), "2": ("04-01", "06-30"), "3": ("07-01", "09-30"), "4": ("10-01", "12-31")}
_FILED = (
    select(func.count())
    .select_from(course)
    .where(
        course.c.institution_id == institution.c.id,
        course.c.occupation == figure.c.occupation,
        course.c.withdrawn_at.is_(None),
        course.c.ended_on.between(bindparam("first_day", type_=Date), bindparam("last_day", type_=Date)),
        course.c.filed_on.is_not(None),
    )
    .correlate(figure, institution)
    .scalar_subquery()
)
# More classes of an occupation are reported than were filed; only asked where the office takes filings.
_UNFILED = and_(
    bindparam("filed_here", type_=Boolean),
    exists().where(figure.c.revision_id == newest.c.id, figure.c.classes > _FILED),
)
CONDITIONS: dict[str, ColumnElement[bool]] = {
    "doubt": _DOUBT,
    "unknown": _UNKNOWN,
    "unfiled": _UNFILED,
    "pages": _PAGES,
    "corrected": _CORRECTED,
}
# Nothing in it asks for a look of its own; whether its figures fit the form's rules is looked at beside.
PLAIN = and_(newest.c.state == "submitted", newest.c.number == 1, ~_DOUBT, ~_UNKNOWN, ~_UNFILED)


def values(quarter: str, filed_since: str | None) -> dict[str, object]:
    """What the conditions have to be given; `filed_since`: the first quarter whose classes are filed."""
    first, last = (date.fromisoformat(f"{quarter[:4]}-{day}") for day in _DAYS[quarter[5]])
    filed_here = filed_since is not None and filed_since <= quarter
    return {"of_quarter": quarter, "first_day": first, "last_day": last, "filed_here": filed_here}


@dataclass(frozen=True)
class Marks:
    """Of one revision: how many doubts were explained, rows with 不掌握, whether there are pages."""

    doubts: int = 0
    unknown: int = 0
    pages: bool = False


def of(connection: Connection, revision_ids: Collection[int]) -> dict[int, Marks]:
    """By revision, its marks; one without any is left out. One statement."""
    if not revision_ids:
        return {}
    ids = list(revision_ids)
    parts = [
        select(explanation.c.revision_id, _one("doubt"), func.count().label("how_many"))
        .where(explanation.c.revision_id.in_(ids), ~explanation.c.doubt.startswith(_NOT_KNOWN))
        .group_by(explanation.c.revision_id),
        select(figure.c.revision_id, _one("unknown"), func.count())
        .where(figure.c.revision_id.in_(ids), _HAS_UNKNOWN)
        .group_by(figure.c.revision_id),
        select(page.c.revision_id, _one("pages"), func.count())
        .where(page.c.revision_id.in_(ids))
        .group_by(page.c.revision_id),
        select(attachment.c.revision_id, _one("pages"), func.count())
        .where(attachment.c.revision_id.in_(ids), _SEPARATE)
        .group_by(attachment.c.revision_id),
    ]
    found: dict[int, dict[str, int]] = {}
    for row in connection.execute(union_all(*parts)):
        known = found.setdefault(row.revision_id, {})
        known[row.mark] = known.get(row.mark, 0) + row.how_many
    return {
        one: Marks(known.get("doubt", 0), known.get("unknown", 0), "pages" in known)
        for one, known in found.items()
    }


def _one(mark: str) -> Any:
    return literal_column(f"'{mark}'", Text).label("mark")


def _expected(quarter: str, district: str | None) -> Any:
    query = (
        select(newest.c.id)
        .select_from(institution)
        .join(report, and_(report.c.institution_id == institution.c.id, report.c.quarter == QUARTER))
        .join(newest, IS_NEWEST)
        .where(expected_in(QUARTER))
    )
    return query if district is None else query.where(there(district))


def counts(
    connection: Connection, quarter: str, district: str | None = None, filed_since: str | None = None
) -> dict[str, int]:
    """How many expected reports carry each mark, and how many are `plain`: one statement."""
    sums = [
        func.coalesce(func.sum(case((condition, 1), else_=0)), 0).label(name)
        for name, condition in (*CONDITIONS.items(), ("plain", PLAIN))
    ]
    query = _expected(quarter, district).with_only_columns(*sums)
    row = connection.execute(query, values(quarter, filed_since)).one()
    return {name: int(value) for name, value in row._mapping.items()}


@dataclass(frozen=True)
class Plain:
    """A submission that carries no mark of its own."""

    institution_id: int
    name: str
    district: str | None
    revision_id: int
    zero: bool
    submitted_at: datetime


def plain(
    connection: Connection, quarter: str, district: str | None, limit: int, filed_since: str | None = None
) -> list[Plain]:
    """Submissions that wait for a decision and carry no mark, those that wait longest first."""
    query = (
        _expected(quarter, district)
        .with_only_columns(
            institution.c.id,
            institution.c.name,
            institution.c.district,
            newest.c.id.label("revision_id"),
            newest.c.nothing_to_report,
            newest.c.submitted_at,
        )
        .where(PLAIN)
        .order_by(newest.c.submitted_at, newest.c.id)
        .limit(limit)
    )
    return [Plain(*row) for row in connection.execute(query, values(quarter, filed_since))]
