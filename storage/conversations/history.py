"""What a conversation shows: the last messages, and whether there are newer ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, literal, select, update

from storage.address import Address
from storage.connections.statement import Statement
from storage.conversations.messages import DROPPED
from storage.schema.core import outbox, turn


@dataclass(frozen=True)
class Line:
    """One line of a conversation's history: what was said, or a message of ours.

    `unseen`: a push that was not handed over yet.
    """

    said: str | None
    body: dict[str, Any] | None
    outbox_id: int
    at: datetime
    unseen: bool = False


_MINE = and_(
    outbox.c.channel == bindparam("channel"),
    outbox.c.bot == bindparam("bot"),
    outbox.c.sender == bindparam("sender"),
)
_SHOWN = and_(_MINE, func.coalesce(outbox.c.failed, "") != DROPPED)
_NEWER = Statement(select(literal(1)).where(_SHOWN, outbox.c.id > bindparam("after")).limit(1))
_HISTORY = Statement(
    select(
        outbox.c.id,
        outbox.c.body,
        outbox.c.turn_id,
        outbox.c.created_at,
        turn.c.said,
        (outbox.c.sent_at.is_(None) & outbox.c.failed.is_(None) & outbox.c.turn_id.is_(None)).label("unseen"),
    )
    .outerjoin(turn, turn.c.id == outbox.c.turn_id)
    .where(_SHOWN, outbox.c.id > bindparam("after"))
    .order_by(outbox.c.id.desc())
    .limit(bindparam("most"))
)
_LATEST = select(outbox.c.id).where(_SHOWN).order_by(outbox.c.id.desc()).limit(bindparam("most")).subquery()
_FIRST = Statement(select(func.min(_LATEST.c.id), func.count()))


def has_newer(connection: Connection, address: Address, after: int) -> bool:
    """Whether there is a message to show after that outbox row."""
    return _NEWER.first(connection, {**vars(address), "after": after}) is not None


def last_lines(connection: Connection, address: Address, limit: int = 60, after: int = 0) -> list[Line]:
    """The last messages of a conversation, oldest first; with `after` only those after that row."""
    rows = _HISTORY.all(connection, {**vars(address), "after": after, "most": limit})
    lines: list[Line] = []
    told: int | None = None
    for row in reversed(rows):
        if row.turn_id is not None and row.turn_id != told and row.said:
            lines.append(Line(row.said, None, row.id, row.created_at))
        told = row.turn_id
        lines.append(Line(None, row.body, row.id, row.created_at, bool(row.unseen)))
    return lines


def first_shown(connection: Connection, address: Address, limit: int = 60) -> int:
    """The first row of a conversation that has fewer messages than that; else 0."""
    first, count = _FIRST.first(connection, {**vars(address), "most": limit})
    return int(first or 0) if count < limit else 0


def mark_seen(connection: Connection, outbox_ids: Sequence[int], now: datetime) -> None:
    """Note that pushes were handed over; those that were before keep their time."""
    mine = outbox.c.id.in_(outbox_ids) & outbox.c.sent_at.is_(None)
    connection.execute(update(outbox).where(mine).values(sent_at=now))
