"""Forgetting what was kept long enough: in small steps, what was seen, by a clock that can be believed.

What a clock says is believed once it has been seen on several days: each day on which old messages were
looked for leaves an audit row. A clock that is suddenly a year ahead finds none of them and forgets
nothing, and says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Text, and_, cast, delete, exists, not_, or_, select, update

from storage import audit
from storage.connections.database import transaction
from storage.connections.statement import affected
from storage.schema.core import audit as audit_row
from storage.schema.core import conversation, outbox, turn

DAYS = 7  # on which the clock was seen since what it calls old
STEP = 50  # turns, or messages, in one transaction: others wait a few milliseconds at most
LOOKED_AT = 2000  # read at once, beside the writer
SEEN = "data.purge"  # the audit row of a day on which old messages were looked for


class ClockDoubted(Exception):
    """There is something old, but the clock that says so was not seen on enough days (`seen`)."""

    def __init__(self, seen: int) -> None:
        super().__init__(f"seen on {seen} of {DAYS} days")
        self.seen = seen


@dataclass(frozen=True)
class Forgotten:
    """How many went."""

    turns: int
    pushes: int


def check_clock(engine: Engine, now: datetime, before: datetime) -> None:
    """Note that today was, and make sure that what lies before that moment is old indeed.

    Raises:
        ClockDoubted: nothing may be forgotten yet.
    """
    marks = select(audit_row.c.at).where(
        audit_row.c.action == SEEN, audit_row.c.at > before, audit_row.c.at <= now
    )
    with transaction(engine) as connection:
        seen = {moment.date() for moment in connection.execute(marks).scalars()}
        if now.astimezone(UTC).date() not in seen:
            audit.record(connection, now, None, SEEN, f"before:{before.date().isoformat()}")
        if len(seen) >= DAYS:
            return
        old = connection.execute(select(turn.c.id).where(turn.c.at < before).limit(1)).first()
    if old is not None:
        raise ClockDoubted(len(seen))


def forget_messages(engine: Engine, before: datetime) -> Forgotten:
    """Forget turns and their messages from before that moment, and pushes that were seen before it.

    A turn stays as long as one of its messages waits to be seen, or was seen only lately.
    """
    turns = pushes = 0
    for ids in _found(engine, turn, turn.c.at, _over(before)):
        with transaction(engine, alone=True) as connection:
            turns += _forget_turns(connection, ids, before)
    for ids in _found(engine, outbox, outbox.c.id, _seen_push(before)):
        with transaction(engine, alone=True) as connection:
            gone = delete(outbox).where(outbox.c.id.in_(ids), _seen_push(before))
            pushes += affected(connection, gone)
    return Forgotten(turns, pushes)


def forget_others(engine: Engine, before: datetime) -> int:
    """Forget what conversations that rest since before that moment hold about others; how many did."""
    state = cast(conversation.c.state, Text)
    nothing = or_(state.contains('"told":{}'), state.contains('"told": {}'))
    resting = select(conversation.c.account_id, conversation.c.state).where(
        conversation.c.updated_at < before, state.contains('"told":'), not_(nothing)
    )
    with transaction(engine, alone=True) as connection:
        rows = connection.execute(resting.limit(LOOKED_AT).with_for_update()).all()
        for row in rows:
            connection.execute(
                update(conversation)
                .where(conversation.c.account_id == row.account_id)
                .values(state={**row.state, "told": {}})
            )
    return len(rows)


def _over(before: datetime) -> Any:
    """Of turns: none of their messages still has to be kept."""
    kept = outbox.c.failed.is_(None) & (outbox.c.sent_at.is_(None) | (outbox.c.sent_at >= before))
    return and_(turn.c.at < before, ~exists().where(outbox.c.turn_id == turn.c.id, kept))


def _seen_push(before: datetime) -> Any:
    return and_(
        outbox.c.turn_id.is_(None),
        outbox.c.created_at < before,
        or_(outbox.c.sent_at < before, outbox.c.failed.is_not(None)),
    )


def _found(engine: Engine, table: Any, moment: Any, wanted: Any) -> Iterator[list[int]]:
    """Ids of what is to go, a step at a time, in the order of `moment`: each row is looked at once."""
    start: tuple[Any, int] | None = None
    while True:
        query = select(table.c.id, moment.label("moment")).where(wanted)
        if start is not None:
            later = or_(moment > start[0], and_(moment == start[0], table.c.id > start[1]))
            query = query.where(moment >= start[0], later)
        with transaction(engine, read_only=True) as connection:
            rows = connection.execute(query.order_by(moment, table.c.id).limit(LOOKED_AT)).all()
        for first in range(0, len(rows), STEP):
            yield [row.id for row in rows[first : first + STEP]]
        if len(rows) < LOOKED_AT:
            return
        start = (rows[-1].moment, rows[-1].id)


def _forget_turns(connection: Connection, ids: Sequence[int], before: datetime) -> int:
    still = select(turn.c.id).where(turn.c.id.in_(ids), _over(before))
    going = list(connection.execute(still).scalars())
    connection.execute(delete(outbox).where(outbox.c.turn_id.in_(going)))
    connection.execute(delete(turn).where(turn.c.id.in_(going)))
    return len(going)
