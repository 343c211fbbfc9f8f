"""Adding up what was reported: sums by the database, details as a stream.

A report counts once: by its latest submitted or accepted revision, or by its latest accepted one.
Returned and superseded revisions never count.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, exists, func, select

from storage.schema import MEASURES, figure, institution, report, revision

COUNTING = ("accepted", "submitted")
_CHUNK = 1000  # rows fetched at a time


_later = revision.alias("later")


def _counts(states: tuple[str, ...]) -> ColumnElement[bool]:
    superseded = exists().where(
        and_(
            _later.c.report_id == revision.c.report_id,
            _later.c.number > revision.c.number,
            _later.c.state.in_(states),
        )
    )
    return and_(revision.c.state.in_(states), ~superseded)


_ACCEPTED, _ANY = _counts(("accepted",)), _counts(COUNTING)


def counting(accepted_only: bool) -> ColumnElement[bool]:
    """The condition that a revision is the one that counts for its report."""
    return _ACCEPTED if accepted_only else _ANY


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


def totals(connection: Connection, first: str, last: str, accepted_only: bool) -> list[OccupationTotal]:
    """Sums by occupation over quarters `first`…`last`, in no particular order."""
    columns = [figure.c.occupation, func.count().label("rows")]
    for measure in MEASURES:
        columns.append(func.coalesce(func.sum(figure.c[measure]), 0).label(measure))
        columns.append(func.count(figure.c[measure]).label(f"known_{measure}"))
    rows = connection.execute(
        select(*columns)
        .select_from(figure)
        .join(revision, revision.c.id == figure.c.revision_id)
        .join(report, report.c.id == revision.c.report_id)
        .where(_quarters(first, last), counting(accepted_only))
        .group_by(figure.c.occupation)
    ).mappings()
    return [
        OccupationTotal(
            row["occupation"],
            {m: int(row[m]) for m in MEASURES},
            {m: row["rows"] - row[f"known_{m}"] for m in MEASURES if row["rows"] > row[f"known_{m}"]},
        )
        for row in rows
    ]


def reported(connection: Connection, quarter: str, accepted_only: bool) -> int:
    """How many institutions have a counting revision for the quarter."""
    return int(
        connection.execute(
            select(func.count())
            .select_from(revision)
            .join(report, report.c.id == revision.c.report_id)
            .where(report.c.quarter == quarter, counting(accepted_only))
        ).scalar_one()
    )


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


def origins(connection: Connection, first: str, last: str, accepted_only: bool) -> Iterator[Origin]:
    """Every row behind the totals, streamed: by institution, quarter and occupation."""
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
    for row in connection.execution_options(yield_per=_CHUNK).execute(statement):
        cells = tuple(row)
        yield Origin(*cells[:10], cells[10:])  # type: ignore[call-arg]


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
