"""Adding up what was reported: sums by the database, details as a stream.

A report counts once: by its latest submitted or accepted revision, or by its latest accepted one.
Returned and superseded revisions never count. Since the programme's start, opening figures (期初数)
stand for all an institution did up to the quarter they go through, instead of its reports until then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, exists, func, select

from storage.reports import prior_figures
from storage.reports.counting import counting
from storage.schema.contact import opening_figure
from storage.schema.core import MEASURES, figure, institution, report, revision

_CHUNK = 1000  # rows fetched at a time


def _quarters(first: str, last: str) -> ColumnElement[bool]:
    """Quarters `first`…`last`, as literals: PostgreSQL plans by how much of the table they are."""
    return report.c.quarter.between(
        bindparam("first", first, literal_execute=True), bindparam("last", last, literal_execute=True)
    )


@dataclass(frozen=True)
class OccupationTotal:
    """One occupation's sums over the counting revisions of some quarters.

    `sums` has every measure (people, classes, fen); `not_known` how many reports did not know it.
    """

    occupation: str
    sums: dict[str, int]
    not_known: dict[str, int]


_TOTALS = (
    select(
        figure.c.occupation,
        func.count().label("rows"),
        *(func.coalesce(func.sum(figure.c[m]), 0).label(m) for m in MEASURES),
        *(func.count(figure.c[m]).label(f"known_{m}") for m in MEASURES),
    )
    .select_from(figure)
    .join(revision, revision.c.id == figure.c.revision_id)
    .join(report, report.c.id == revision.c.report_id)
    .group_by(figure.c.occupation)
)


def totals(
    connection: Connection, first: str, last: str, accepted_only: bool, since_start: bool = False
) -> list[OccupationTotal]:
    """Sums by occupation over quarters `first`…`last`, in no particular order.

    With `since_start` opening figures that end by `last` are added, and the reports they include are
    left out: two statements.
    """
    opened = _opening_totals(connection, last) if since_start else None
    query = _TOTALS.where(_quarters(first, last), counting(accepted_only))
    if opened is not None:
        query = _uncovered(query, last)
    found = {
        row["occupation"]: OccupationTotal(
            row["occupation"],
            {m: int(row[m]) for m in MEASURES},
            {m: row["rows"] - row[f"known_{m}"] for m in MEASURES if row["rows"] > row[f"known_{m}"]},
        )
        for row in connection.execute(query).mappings()
    }
    for occupation, sums in (opened or {}).items():
        known = found.get(occupation, OccupationTotal(occupation, dict.fromkeys(MEASURES, 0), {}))
        added = {m: known.sums[m] + sums[m] for m in MEASURES}
        found[occupation] = OccupationTotal(occupation, added, known.not_known)
    return list(found.values())


def _opening_totals(connection: Connection, last: str) -> dict[str, dict[str, int]] | None:
    """Opening figures that end by `last`, added up by occupation; None when there are none at all."""
    begun = prior_figures.begun(last)
    rows = connection.execute(
        select(opening_figure.c.occupation, *(func.sum(opening_figure.c[m]) for m in MEASURES))
        .select_from(begun)
        .outerjoin(opening_figure, opening_figure.c.opening_id == begun.c.id)
        .group_by(opening_figure.c.occupation)
    ).all()
    if not rows:
        return None
    return {r[0]: {m: int(v) for m, v in zip(MEASURES, r[1:], strict=True)} for r in rows if r[0] is not None}


def _uncovered(query: Select[Any], last: str) -> Select[Any]:
    """Without the reports that opening figures include."""
    begun = prior_figures.begun(last)
    # Not an outer join: PostgreSQL expects one row to be left of it, and sorts on disk.
    included = exists().where(
        begun.c.institution_id == report.c.institution_id, begun.c.through >= report.c.quarter
    )
    return query.where(~included)


@dataclass(frozen=True)
class Origin:
    """One row that a total adds: whose, of which revision, and its figures (None: 不掌握)."""

    institution_id: int
    institution: str
    district: str | None
    quarter: str
    revision_id: int
    number: int
    state: str
    receipt: str
    submitted_at: datetime
    occupation: str
    figures: tuple[int | None, ...]  # in the order of MEASURES


def origins(
    connection: Connection, first: str, last: str, accepted_only: bool, since_start: bool = False
) -> Iterator[Origin]:
    """Every row of a report behind the totals, streamed: by institution, quarter and occupation.

    With `since_start` without the reports that opening figures include (`opening_origins`).
    """
    statement: Select[Any] = (
        select(
            institution.c.id,
            institution.c.name,
            institution.c.district,
            report.c.quarter,
            revision.c.id,
            revision.c.number,
            revision.c.state,
            revision.c.receipt,
            revision.c.submitted_at,
            figure.c.occupation,
            *(figure.c[m] for m in MEASURES),
        )
        .select_from(figure)
        .join(revision, revision.c.id == figure.c.revision_id)
        .join(report, report.c.id == revision.c.report_id)
        .join(institution, institution.c.id == report.c.institution_id)
        .where(_quarters(first, last), counting(accepted_only))
        .order_by(institution.c.name, report.c.quarter, figure.c.occupation)
    )
    if since_start:
        statement = _uncovered(statement, last)
    for row in connection.execution_options(yield_per=_CHUNK).execute(statement):
        cells = tuple(row)
        yield Origin(*cells[:10], cells[10:])  # type: ignore[call-arg]


@dataclass(frozen=True)
class OpeningOrigin:
    """One row of opening figures that a total since the start adds.

    `through` is the last quarter they include, `number` their revision; `occupation` is "" for opening
    figures without a row.
    """

    institution_id: int
    institution: str
    district: str | None
    through: str
    opening_id: int
    number: int
    source: str
    at: datetime
    occupation: str
    figures: tuple[int, ...]  # in the order of MEASURES


def opening_ids(connection: Connection, last: str) -> list[int]:
    """The ids of the opening figures that a total since the start adds, by institution name."""
    begun = prior_figures.begun(last)
    query = select(begun.c.id).join(institution, institution.c.id == begun.c.institution_id)
    return list(connection.execute(query.order_by(institution.c.name)).scalars())


def opening_origins(connection: Connection, last: str) -> Iterator[OpeningOrigin]:
    """Every row of opening figures that end by `last`, streamed: by institution and occupation."""
    begun = prior_figures.begun(last)
    rows = connection.execution_options(yield_per=_CHUNK).execute(
        select(
            institution.c.id,
            institution.c.name,
            institution.c.district,
            *(begun.c[name] for name in ("through", "id", "number", "source", "at")),
            func.coalesce(opening_figure.c.occupation, ""),
            *(func.coalesce(opening_figure.c[m], 0) for m in MEASURES),
        )
        .select_from(begun)
        .join(institution, institution.c.id == begun.c.institution_id)
        .outerjoin(opening_figure, opening_figure.c.opening_id == begun.c.id)
        .order_by(institution.c.name, opening_figure.c.occupation)
    )
    for row in map(tuple, rows):
        yield OpeningOrigin(*row[:9], row[9:])  # type: ignore[call-arg]


def counting_ids(connection: Connection, quarter: str, accepted_only: bool) -> list[int]:
    """The ids of the quarter's counting revisions, by institution name."""
    return list(
        connection.execute(
            select(revision.c.id)
            .join(report, report.c.id == revision.c.report_id)
            .join(institution, institution.c.id == report.c.institution_id)
            .where(report.c.quarter == quarter, counting(accepted_only))
            .order_by(institution.c.name)
        ).scalars()
    )
