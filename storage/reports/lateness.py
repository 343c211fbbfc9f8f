"""Whether a report came late: decided here for the board, the chat, the receipt and the export alike.

What counts is when the institution first sent the report, and until when that institution had time:
the due time, or what the office gave it beyond that. A correction of what came in time is not late.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, case, func, select

from storage.schema.core import Moment, institution, report
from storage.schema.office import extension

_QUARTER = bindparam("of_quarter", type_=report.c.quarter.type)
_USUAL = bindparam("due", type_=Moment())

# The institution's extension for the quarter, to be joined to `institution`.
OF_EXTENSION = and_(extension.c.institution_id == institution.c.id, extension.c.quarter == _QUARTER)
# The first moment that is late for it.
DUE = case((extension.c.until > _USUAL, extension.c.until), else_=_USUAL)


def late(first: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether the moment of the first submission (NULL: none yet) is late; needs `OF_EXTENSION` joined."""
    return func.coalesce(first >= DUE, False)


@dataclass(frozen=True)
class Timeliness:
    """When a report was first sent (None: never), the first moment that is late, whether it was."""

    first: datetime | None
    due: datetime
    late: bool
    extended: bool  # the office gave it longer


_OF_QUARTER = (
    select(
        institution.c.id,
        report.c.first_submitted_at,
        case((extension.c.until > _USUAL, extension.c.until)).label("until"),
        late(report.c.first_submitted_at).label("late"),
    )
    .select_from(institution)
    .outerjoin(report, and_(report.c.institution_id == institution.c.id, report.c.quarter == _QUARTER))
    .outerjoin(extension, OF_EXTENSION)
)
_OF_ONE = _OF_QUARTER.where(institution.c.id == bindparam("institution"))
_LATE = _OF_QUARTER.where(late(report.c.first_submitted_at))


def of(connection: Connection, institution_id: int, quarter: str, due: datetime) -> Timeliness:
    """How one institution stands with a quarter; `due` is the first moment that is usually late."""
    values = {"of_quarter": quarter, "due": due, "institution": institution_id}
    row = connection.execute(_OF_ONE, values).first()
    if row is None:
        return Timeliness(None, due, False, False)
    return Timeliness(row.first_submitted_at, row.until or due, bool(row.late), row.until is not None)


def late_ones(connection: Connection, quarter: str, due: datetime) -> frozenset[int]:
    """The institutions whose report of the quarter came late."""
    rows = connection.execute(_LATE, {"of_quarter": quarter, "due": due})
    return frozenset(row.id for row in rows)
