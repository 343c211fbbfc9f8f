"""Moving everything into another database, SQLite or PostgreSQL, and comparing what arrived."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine

from bot.core.security.preconditions import NotStarted
from storage import audit
from storage.connections.database import connect, file_of, shown, transaction
from storage.connections.serving_lock import ServingLock
from storage.connections.transfer import Tally, count, drop, is_empty, load, make_schema, rows_of, tables


class NotMoved(Exception):
    """It stays where it is; `reason` says why."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason} {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class Moved:
    """How much was moved and compared."""

    tables: int
    rows: int


def move(source: Engine, url: str) -> Moved:
    """Copy every row into the empty database at `url`; counts and digests of each table are compared.

    Raises:
        NotMoved: the target is not empty or did not come out the same; it is left empty.
        NotStarted: somebody serves one of them.
        StorageUnavailable, OSError, sqlalchemy.exc.ArgumentError: one of them cannot be used.
    """
    target = connect(url)
    if file := file_of(target.url):
        file.parent.mkdir(parents=True, exist_ok=True)
    locks = [ServingLock(source), ServingLock(target)]
    try:
        if not is_empty(target):
            raise NotMoved("database", shown(target.url))
        for lock, engine in zip(locks, (source, target), strict=True):
            if not lock.quiet():
                raise NotStarted("not_quiet", database=shown(engine.url))
        make_schema(target)
        try:
            return _copy(source, target)
        except BaseException:
            drop(target)
            raise
    finally:
        for lock in locks:
            lock.release()
        target.dispose()


def _copy(source: Engine, target: Engine) -> Moved:
    sent = {}
    with transaction(source, read_only=True) as reading, transaction(target, alone=True) as writing:
        known = {table.name: table for table in tables(reading)}
        here = tables(writing)
        if missing := known.keys() ^ {table.name for table in here}:
            raise NotMoved("tables", "、".join(sorted(missing)))
        for table in here:
            tally = Tally()
            load(writing, table, tally.through(rows_of(reading, known[table.name])))
            sent[table.name] = tally.counted
    with transaction(target, read_only=True) as connection:
        came = count(connection)
    if wrong := [name for name, counted in sent.items() if came.get(name) != counted]:
        raise NotMoved("differs", "、".join(wrong))
    with transaction(target) as connection:
        rows = sum(counted.rows for counted in sent.values())
        now = datetime.now(UTC)
        audit.record(connection, now, None, "data.move", "installation:data", rows=rows)
    return Moved(len(sent), rows)
