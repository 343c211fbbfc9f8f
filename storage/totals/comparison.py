"""Two quarters side by side for the institutions that are added up in both: like compared with like."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Select, func, select

from storage.institutions.institutions import there
from storage.reports.counting import counting
from storage.schema.core import MEASURES, figure, institution, report, revision
from storage.totals.summary import Sums


@dataclass(frozen=True)
class Comparison:
    """What the same institutions reported in two quarters.

    `only_now` and `only_before` count the institutions of one quarter alone, which are left out;
    `unknown` are the measures that one of the same institutions does not know (不掌握) in either.
    """

    institutions: tuple[str, ...]
    now: Sums
    before: Sums
    only_now: int
    only_before: int
    unknown: frozenset[str]

    @property
    def count(self) -> int:
        """How many institutions are compared."""
        return len(self.institutions)


def compare(
    connection: Connection, quarter: str, before: str, accepted_only: bool, district: str | None
) -> Comparison:
    """Return both quarters' figures of the institutions whose reports count in both: two statements."""
    of_report = (report.c.quarter.in_((quarter, before)), counting(accepted_only), there(district))
    listed = connection.execute(
        _from(select(report.c.quarter, institution.c.id, institution.c.name))
        .where(*of_report)
        .order_by(institution.c.name)
    ).all()
    names = {one.id: one.name for one in listed}
    now, then = ({one.id for one in listed if one.quarter == q} for q in (quarter, before))
    same = now & then
    sums = _sums(connection, of_report, same) if same else {}
    nothing: tuple[Sums, frozenset[str]] = (dict.fromkeys(MEASURES, 0), frozenset())
    (here, gaps), (there_, gaps_before) = sums.get(quarter, nothing), sums.get(before, nothing)
    return Comparison(
        tuple(names[i] for i in names if i in same),
        here,
        there_,
        len(now - then),
        len(then - now),
        gaps | gaps_before,
    )


def _from(query: Select[tuple[str, int, str]]) -> Select[tuple[str, int, str]]:
    return (
        query.select_from(revision)
        .join(report, report.c.id == revision.c.report_id)
        .join(institution, institution.c.id == report.c.institution_id)
    )


def _sums(
    connection: Connection, of_report: tuple[ColumnElement[bool], ...], same: set[int]
) -> dict[str, tuple[Sums, frozenset[str]]]:
    """By quarter: (measure → sum, the measures with a cell that says 不掌握)."""
    added = [func.coalesce(func.sum(figure.c[m]), 0) for m in MEASURES]
    gaps = [func.count() - func.count(figure.c[m]) for m in MEASURES]
    rows = connection.execute(
        select(report.c.quarter, *added, *gaps)
        .select_from(figure)
        .join(revision, revision.c.id == figure.c.revision_id)
        .join(report, report.c.id == revision.c.report_id)
        .join(institution, institution.c.id == report.c.institution_id)
        .where(*of_report, institution.c.id.in_(sorted(same)))
        .group_by(report.c.quarter)
    )
    found: dict[str, tuple[Sums, frozenset[str]]] = {}
    for quarter, *values in map(tuple, rows):
        sums, counts = values[: len(MEASURES)], values[len(MEASURES) :]
        unknown = frozenset(m for m, count in zip(MEASURES, counts, strict=True) if count)
        found[quarter] = ({m: int(v) for m, v in zip(MEASURES, sums, strict=True)}, unknown)
    return found
