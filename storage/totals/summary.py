"""What a summary adds up, in slices small enough to be added any way, and the revisions behind a sum.

A report counts once, by the revision `counting.counting` names. Since the programme's start,
opening figures (期初数) stand for all an institution did up to the quarter they go through; its
reports of those quarters (`covered`) are then not added as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, func, select

from storage.institutions.institutions import there
from storage.reports import prior_figures
from storage.reports.counting import counting
from storage.schema.contact import opening_figure
from storage.schema.core import MEASURES, figure, institution, report, revision

OPENING = "opening"  # the state of opening figures among accepted and submitted ones

Sums = dict[str, int]  # measure → sum, in stored units (fen for money)


@dataclass(frozen=True)
class Slice:
    """Figures added up that share quarter, district, occupation and state.

    Of opening figures `quarter` is the last one they include. `not_known`: measure → cells that say
    不掌握, where there are any.
    """

    quarter: str
    district: str | None
    occupation: str
    state: str
    covered: bool
    sums: Sums
    not_known: Sums


@dataclass(frozen=True)
class Wanted:
    """Which figures: quarters `first`…`last`, with opening figures when `since_start`.

    `district` "" means institutions without one, None all; `occupation` None all.
    """

    first: str
    last: str
    accepted_only: bool
    since_start: bool = False
    district: str | None = None
    occupation: str | None = None


@dataclass(frozen=True)
class Part:
    """What one revision, or an institution's opening figures, brings to a total.

    `revision_id` and `receipt` are None for opening figures, whose `source` is given. `not_known`:
    how many cells say 不掌握 and bring nothing.
    """

    institution_id: int
    institution: str
    district: str | None
    quarter: str
    state: str
    number: int
    at: datetime
    value: int
    not_known: int = 0
    revision_id: int | None = None
    receipt: str | None = None
    source: str = ""


def _joined(columns: Sequence[Any], wanted: Wanted, openings: Any) -> Select[Any]:
    query = (
        select(*columns)
        .select_from(figure)
        .join(revision, revision.c.id == figure.c.revision_id)
        .join(report, report.c.id == revision.c.report_id)
        .join(institution, institution.c.id == report.c.institution_id)
        .outerjoin(openings, openings.c.institution_id == institution.c.id)
        .where(
            report.c.quarter.between(wanted.first, wanted.last),
            counting(wanted.accepted_only),
            there(wanted.district),
        )
    )
    if wanted.occupation is not None:
        query = query.where(figure.c.occupation == wanted.occupation)
    return query


def slices(connection: Connection, wanted: Wanted) -> list[Slice]:
    """Everything reported, and with `since_start` the opening figures: two statements."""
    openings = prior_figures.begun(wanted.last)
    keys = [
        report.c.quarter,
        institution.c.district,
        figure.c.occupation,
        revision.c.state,
        prior_figures.covered(openings),
    ]
    added = [func.coalesce(func.sum(figure.c[m]), 0) for m in MEASURES]
    gaps = [func.count() - func.count(figure.c[m]) for m in MEASURES]
    rows = connection.execute(_joined([*keys, *added, *gaps], wanted, openings).group_by(*keys))
    found = [_slice(tuple(row), len(keys)) for row in rows]
    return found + _opening_slices(connection, wanted) if wanted.since_start else found


def _slice(row: tuple[Any, ...], width: int) -> Slice:
    sums, gaps = row[width : width + len(MEASURES)], row[width + len(MEASURES) :]
    quarter, district, occupation, state, covered = row[:width]
    return Slice(
        quarter,
        district,
        occupation,
        state,
        bool(covered),
        {m: int(value) for m, value in zip(MEASURES, sums, strict=True)},
        {m: int(count) for m, count in zip(MEASURES, gaps, strict=True) if count},
    )


def _opening_rows(columns: Sequence[Any], wanted: Wanted, openings: Any) -> Select[Any]:
    query = (
        select(*columns)
        .select_from(openings)
        .join(opening_figure, opening_figure.c.opening_id == openings.c.id)
        .join(institution, institution.c.id == openings.c.institution_id)
        .where(there(wanted.district))
    )
    if wanted.occupation is not None:
        query = query.where(opening_figure.c.occupation == wanted.occupation)
    return query


def _opening_slices(connection: Connection, wanted: Wanted) -> list[Slice]:
    openings = prior_figures.begun(wanted.last)
    keys = [openings.c.through, institution.c.district, opening_figure.c.occupation]
    added = [func.sum(opening_figure.c[m]) for m in MEASURES]
    rows = connection.execute(_opening_rows([*keys, *added], wanted, openings).group_by(*keys))
    nothing = [0] * len(MEASURES)
    return [_slice((*row[:3], OPENING, False, *row[3:], *nothing), 5) for row in map(tuple, rows)]


def parts(connection: Connection, wanted: Wanted, measure: str, limit: int, offset: int) -> list[Part]:
    """A page of the revisions whose figures a total adds, by institution and quarter.

    With `since_start` the reports that opening figures cover are left out (see `opening_parts`).
    """
    openings = prior_figures.begun(wanted.last)
    columns = [
        institution.c.id,
        institution.c.name,
        institution.c.district,
        report.c.quarter,
        revision.c.state,
        revision.c.number,
        revision.c.submitted_at,
        func.coalesce(func.sum(figure.c[measure]), 0),
        func.count() - func.count(figure.c[measure]),
        revision.c.id,
        revision.c.receipt,
    ]
    query = _joined(columns, wanted, openings)
    if wanted.since_start:
        query = query.where(~prior_figures.covered(openings))
    query = (
        query.group_by(institution.c.id, report.c.id, revision.c.id)
        .order_by(institution.c.name, report.c.quarter)
        .limit(limit)
        .offset(offset)
    )
    return [Part(*_plain(tuple(row))) for row in connection.execute(query)]


def _plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return (*row[:7], int(row[7]), int(row[8]), *row[9:])  # PostgreSQL adds up to a Decimal


def total_of_parts(connection: Connection, wanted: Wanted, measure: str) -> tuple[int, int, int]:
    """How many revisions `parts` lists in all, the sum of their values, and their cells of 不掌握."""
    openings = prior_figures.begun(wanted.last)
    columns = [
        func.count(revision.c.id.distinct()),
        func.coalesce(func.sum(figure.c[measure]), 0),
        func.count() - func.count(figure.c[measure]),
    ]
    query = _joined(columns, wanted, openings)
    if wanted.since_start:
        query = query.where(~prior_figures.covered(openings))
    row = connection.execute(query).one()
    return int(row[0]), int(row[1]), int(row[2])


def opening_parts(connection: Connection, wanted: Wanted, measure: str) -> list[Part]:
    """The opening figures that a total since the start adds, by institution."""
    if not wanted.since_start:
        return []
    openings = prior_figures.begun(wanted.last)
    columns = [
        institution.c.id,
        institution.c.name,
        institution.c.district,
        openings.c.through,
        openings.c.number,
        openings.c.at,
        openings.c.source,
        func.sum(opening_figure.c[measure]).label("value"),
    ]
    query = (
        _opening_rows(columns, wanted, openings)
        .group_by(institution.c.id, *(openings.c[n] for n in ("id", "through", "number", "at", "source")))
        .order_by(institution.c.name)
    )
    return [
        Part(r.id, r.name, r.district, r.through, OPENING, r.number, r.at, int(r.value), source=r.source)
        for r in connection.execute(query)
    ]


def having_openings(connection: Connection, last: str, district: str | None = None) -> int:
    """How many institutions' opening figures a total since the start adds."""
    openings = prior_figures.begun(last)
    query = (
        select(func.count())
        .select_from(openings)
        .join(institution, and_(institution.c.id == openings.c.institution_id, there(district)))
    )
    return int(connection.execute(query).scalar_one())
