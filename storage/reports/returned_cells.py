"""What the office returned, cell by cell, and what that asks of the next draft."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from storage.connections.statement import Statement
from storage.reports.closed_years import is_closed
from storage.schema.core import MEASURES, figure, revision
from storage.schema.office import closing, extension, reopening, returned_cell

EMPTIED = "draft.returned"  # the audit row of what a return emptied in a draft under way
WHOLE = ""  # in place of an occupation: the report; in place of a measure: the row

# ((occupation, measure), words): WHOLE where no occupation or no measure is meant.
Place = tuple[str, str]


class ReportClosed(Exception):
    """The quarter takes no more figures from this institution, since `closes_at`."""

    def __init__(self, quarter: str, closes_at: datetime) -> None:
        super().__init__(f"{quarter} {closes_at.isoformat()}")
        self.quarter = quarter
        self.closes_at = closes_at


_CELLS = Statement(
    select(returned_cell.c.occupation, returned_cell.c.measure, returned_cell.c.words)
    .where(returned_cell.c.revision_id == bindparam("of_revision"))
    .order_by(returned_cell.c.occupation, returned_cell.c.measure)
)
_CLOSING = Statement(select(closing.c.closes_at).where(closing.c.quarter == bindparam("of_quarter")))
_EXTENSION = Statement(
    select(extension.c.until).where(
        extension.c.institution_id == bindparam("institution"), extension.c.quarter == bindparam("of_quarter")
    )
)


def cells(connection: Connection, revision_id: int) -> dict[Place, str]:
    """(occupation, measure) → the office's words; empty when the revision was not returned."""
    rows = _CELLS.all(connection, {"of_revision": revision_id})
    return {(row.occupation, row.measure): row.words for row in rows}


def keep(connection: Connection, revision_id: int, reasons: Sequence[tuple[str, str, str]]) -> None:
    """Store (occupation, measure, words)."""
    connection.execute(
        insert(returned_cell),
        [{"revision_id": revision_id, "occupation": o, "measure": m, "words": w} for o, m, w in reasons],
    )


def ask_again(connection: Connection, returned_id: int, draft_id: int) -> list[tuple[str, str, Any]]:
    """Empty the returned cells in a draft made from that revision, so that they are asked for.

    A draft that was under way may hold another figure already: that one stays. The cells emptied:
    (occupation, measure, what it held).
    """
    gone: list[tuple[str, str, Any]] = []
    for occupation, measure in cells(connection, returned_id):
        if occupation == WHOLE:  # perhaps a row is missing, or it is no zero report at all
            connection.execute(
                update(revision).where(revision.c.id == draft_id).values(nothing_to_report=False)
            )
            continue
        here = (figure.c.revision_id == draft_id) & (figure.c.occupation == occupation)
        there = (figure.c.revision_id == returned_id) & (figure.c.occupation == occupation)
        now = connection.execute(select(figure).where(here)).mappings().first()
        then = connection.execute(select(figure).where(there)).mappings().first()
        if now is None or then is None:
            continue
        looked_at = MEASURES if measure == WHOLE else (measure,)
        emptied = [m for m in looked_at if _cell(dict(now), m) == _cell(dict(then), m)]
        unknown = [m for m in now["not_known"] if m not in emptied]
        connection.execute(
            update(figure).where(here).values(**dict.fromkeys(emptied), no_business=False, not_known=unknown)
        )
        gone += [(occupation, m, "not_known" if m in now["not_known"] else now[m]) for m in emptied]
    return gone


def _cell(row: Mapping[str, Any], measure: str) -> tuple[int | None, bool]:
    return row[measure], measure in row["not_known"]


def reopened(connection: Connection, revision_id: int) -> str | None:
    """Why the office opened this accepted revision again; None when it did not."""
    found = connection.execute(
        select(reopening.c.reason).where(reopening.c.revision_id == revision_id)
    ).scalar()
    return None if found is None else str(found)


def extended_until(connection: Connection, institution_id: int, quarter: str) -> datetime | None:
    """Until when this institution may report the quarter; None without an extension."""
    values = {"institution": institution_id, "of_quarter": quarter}
    found: datetime | None = _EXTENSION.scalar(connection, values)
    return found


def extensions(connection: Connection, quarter: str) -> dict[int, datetime]:
    """Institution → until when it may report the quarter, for those that were given longer."""
    rows = connection.execute(
        select(extension.c.institution_id, extension.c.until).where(extension.c.quarter == quarter)
    )
    return {row.institution_id: row.until for row in rows}


def closes_at(connection: Connection, quarter: str, usually: datetime | None) -> datetime | None:
    """From when on the quarter takes no more figures; None while it stays open.

    What the office set for the quarter stands before what is usual.
    """
    found: datetime | None = _CLOSING.scalar(connection, {"of_quarter": quarter})
    return usually if found is None else found


def closed_since(
    connection: Connection,
    institution_id: int,
    quarter: str,
    now: datetime,
    latest: tuple[int, str] | None,
    usually: datetime | None,
) -> datetime | None:
    """Since when this institution can report the quarter no more; None when it can.

    `latest` is (id, state) of its latest submission: a returned or reopened one lets it go on,
    as an extension does. `usually` is when the quarter closes if the office set nothing for it.
    """
    at = closes_at(connection, quarter, usually)
    return closed_by(connection, institution_id, quarter, now, latest, at)


def closed_by(
    connection: Connection,
    institution_id: int,
    quarter: str,
    now: datetime,
    latest: tuple[int, str] | None,
    at: datetime | None,
) -> datetime | None:
    """The same, where it is known already when the quarter closes."""
    if at is None or now < at:
        return None
    if is_closed(connection, quarter):  # whatever was returned or promised
        return at
    if latest is not None:
        if latest[1] == "returned":
            return None
        if latest[1] == "accepted" and reopened(connection, latest[0]) is not None:
            return None
    until = extended_until(connection, institution_id, quarter)
    return None if until is not None and now < until else at
