"""Whose reports of a quarter are added up, against who was expected to report.

One place counts them, for every page and file that says 计入: so a ratio never mixes those on the
list with others, and what counts by an older version is known as such.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, exists, func, select

from storage.institutions.institutions import expected_in, there
from storage.reports.counting import counting
from storage.schema.core import institution, report, revision
from storage.totals.summary import Wanted

_DECIDABLE = ("submitted", "returned", "accepted")
_newer = revision.alias("newer_than_counting")
# A newer submission stands beside the one that counts: it waits, or was returned.
_OLDER = exists().where(
    and_(
        _newer.c.report_id == revision.c.report_id,
        _newer.c.number > revision.c.number,
        _newer.c.state.in_(_DECIDABLE),
    )
)


@dataclass(frozen=True)
class Counted:
    """How many reports of a quarter and district count, of those that stand alike.

    `expected`: their institutions are on the quarter's list. `older`: a newer version waits or was
    returned, and does not count.
    """

    quarter: str
    district: str | None
    state: str
    zero: bool
    expected: bool
    older: bool
    count: int


@dataclass(frozen=True)
class Turnout:
    """Institutions whose figures are added up.

    `listed` of the `expected` ones on the list, and `others` that are not on it; among both those
    whose counting version is `accepted`, that report nothing (`zero`), and that count by an `older`
    version.
    """

    expected: int = 0
    listed: int = 0
    others: int = 0
    accepted: int = 0
    zero: int = 0
    older: int = 0

    @property
    def count(self) -> int:
        """All that are added up."""
        return self.listed + self.others

    @classmethod
    def of(cls, found: Iterable[Counted], expected: int = 0) -> Turnout:
        """What was counted, added up."""
        rows = list(found)
        return cls(
            expected,
            sum(c.count for c in rows if c.expected),
            sum(c.count for c in rows if not c.expected),
            sum(c.count for c in rows if c.state == "accepted"),
            sum(c.count for c in rows if c.zero),
            sum(c.count for c in rows if c.older),
        )


def by(found: Iterable[Counted], key: Callable[[Counted], Any]) -> dict[Any, Turnout]:
    """What was counted, added up by a key; without who was expected."""
    kinds: dict[Any, list[Counted]] = {}
    for one in found:
        kinds.setdefault(key(one), []).append(one)
    return {name: Turnout.of(rows) for name, rows in kinds.items()}


def counted(connection: Connection, wanted: Wanted) -> list[Counted]:
    """How many reports of each quarter count, those of institutions that reported nothing included."""
    kinds = (
        select(
            report.c.quarter,
            institution.c.district,
            revision.c.state,
            revision.c.nothing_to_report.label("zero"),
            func.coalesce(expected_in(report.c.quarter), False).label("expected"),
            _OLDER.label("older"),
        )
        .select_from(revision)
        .join(report, report.c.id == revision.c.report_id)
        .join(institution, institution.c.id == report.c.institution_id)
        .where(
            report.c.quarter.between(wanted.first, wanted.last),
            counting(wanted.accepted_only),
            there(wanted.district),
        )
        .subquery()
    )
    rows = connection.execute(select(*kinds.c, func.count()).group_by(*kinds.c))
    return [
        Counted(quarter, district, state, bool(zero), bool(expected), bool(older), int(count))
        for quarter, district, state, zero, expected, older, count in map(tuple, rows)
    ]


def turnout(connection: Connection, quarter: str, accepted_only: bool) -> Turnout:
    """Whose reports of a quarter count, in the whole city: two statements."""
    expected = connection.execute(
        select(func.count()).select_from(institution).where(expected_in(quarter))
    ).scalar_one()
    return Turnout.of(counted(connection, Wanted(quarter, quarter, accepted_only)), int(expected))


@dataclass(frozen=True)
class Counting:
    """The revision of an institution that counts."""

    institution_id: int
    number: int
    receipt: str
    submitted_at: datetime
    reason: str


def versions(connection: Connection, quarter: str, accepted_only: bool) -> dict[int, Counting]:
    """The quarter's counting revisions by institution."""
    rows = connection.execute(
        select(
            report.c.institution_id,
            revision.c.number,
            func.coalesce(revision.c.receipt, ""),
            revision.c.submitted_at,
            func.coalesce(revision.c.reason, ""),
        )
        .join(report, report.c.id == revision.c.report_id)
        .where(report.c.quarter == quarter, counting(accepted_only))
    )
    return {row[0]: Counting(*row) for row in rows}
