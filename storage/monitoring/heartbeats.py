"""When what has to happen again and again last did: writing, reminders, the purge."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, select, text

from storage.connections.statement import Statement
from storage.schema.core import Moment, heartbeat

WRITE, REMINDERS, PURGE = "write", "reminders", "purge"

# As text: SQLAlchemy caches no compiled ON CONFLICT.
_BEAT = Statement(
    text(
        "INSERT INTO heartbeat (name, at) VALUES (:name, :at)"
        " ON CONFLICT (name) DO UPDATE SET at = excluded.at"
    ).bindparams(bindparam("at", type_=Moment()))
)


def beat(connection: Connection, name: str, now: datetime) -> None:
    """Note that it happened."""
    _BEAT.run(connection, {"name": name, "at": now})


def last(connection: Connection) -> dict[str, datetime]:
    """Return the last time of each that ever happened."""
    return {row.name: row.at for row in connection.execute(select(heartbeat))}
