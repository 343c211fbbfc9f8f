"""Which revision of a report counts: the one place that decides it.

A report counts once: by its latest submitted or accepted revision, or by its latest accepted one.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, bindparam, exists

from storage.schema.core import report, revision

COUNTING = ("accepted", "submitted")

# Built once: the sums run with every look at the board.
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


# For lists of a quarter: a report stands by its newest submission, whatever became of it.
REPORTED = ("submitted", "returned", "accepted")
QUARTER = bindparam("of_quarter", type_=report.c.quarter.type)
newest = revision.alias("newest")
newer = revision.alias("newer")
IS_NEWEST = and_(
    newest.c.report_id == report.c.id,
    newest.c.state.in_(REPORTED),
    ~exists().where(
        newer.c.report_id == report.c.id, newer.c.number > newest.c.number, newer.c.state.in_(REPORTED)
    ),
)
