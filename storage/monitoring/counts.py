"""Numbers for who watches over the bot: by channel, how many and how old."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Table, func, select, true

from storage.monitoring import heartbeats, installation
from storage.schema.core import account, outbox, turn

_WAITS = outbox.c.sent_at.is_(None) & outbox.c.failed.is_(None)


@dataclass(frozen=True)
class Counts:
    """Channel → number; `last`: heartbeat → when."""

    turns: dict[str, int]
    accounts: dict[str, int]
    incidents: dict[str, int]
    pushes: dict[str, int]
    oldest_unsent: dict[str, datetime]
    last: dict[str, datetime]


def read(connection: Connection) -> Counts:
    """Count what is kept. A channel without any is left out."""
    oldest = select(outbox.c.channel, func.min(outbox.c.created_at).label("at")).where(_WAITS)
    rows = connection.execute(oldest.group_by(outbox.c.channel))
    return Counts(
        _by_channel(connection, turn),
        _by_channel(connection, account),
        _by_channel(connection, turn, turn.c.incident.is_not(None)),
        _by_channel(connection, outbox, _WAITS & outbox.c.turn_id.is_(None)),
        {row.channel: row.at for row in rows},
        heartbeats.last(connection) | _backup(connection),
    )


def _backup(connection: Connection) -> dict[str, datetime]:
    """Return when `backup` last wrote one, if it ever did."""
    at = installation.read(connection).get(installation.BACKUP)
    return {"backup": datetime.fromisoformat(at)} if at else {}


def _by_channel(
    connection: Connection, table: Table, wanted: ColumnElement[bool] | None = None
) -> dict[str, int]:
    counted = select(table.c.channel, func.count().label("many"))
    query = counted.where(true() if wanted is None else wanted).group_by(table.c.channel)
    return {str(row.channel): int(row.many) for row in connection.execute(query)}
