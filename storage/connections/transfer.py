"""All rows of a database, out and in, whichever kind it is: for backups and moves.

Tables are taken as the database has them, so an older schema can be read too. A row is a dict of plain
JSON values: moments in UTC as ISO 8601, days as ISO 8601, bytes as Base64.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sqlite3
import warnings
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Date,
    DateTime,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    func,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import SAWarning

from storage.connections.database import StorageUnavailable, transaction, upgrade

OWN = frozenset({"alembic_version", "schema_mark"})  # the migrations write these
STEP = 500  # rows handed to the database at once

Row = dict[str, Any]


@dataclass(frozen=True)
class Counted:
    """What a table holds: how many rows, and a digest that does not depend on their order."""

    rows: int
    digest: str


def is_empty(engine: Engine) -> bool:
    """Tell whether the database has no table at all."""
    with transaction(engine, read_only=True) as connection:
        return not inspect(connection).get_table_names()


def tables(connection: Connection) -> list[Table]:
    """Return the tables as they are, those that others refer to first."""
    found = MetaData()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)  # indexes on expressions, which no row needs
        found.reflect(connection)
    for table in found.tables.values():
        for column in table.columns:
            if isinstance(column.type, JSON):
                column.type.none_as_null = True
    return [table for table in found.sorted_tables if table.name not in OWN]


def rows_of(connection: Connection, table: Table) -> Iterator[Row]:
    """Yield every row as plain values."""
    result = connection.execution_options(yield_per=STEP).execute(select(table))
    names = [column.name for column in table.columns]
    for row in result:
        yield {name: _plain(value) for name, value in zip(names, row, strict=True)}


def line(row: Row) -> str:
    """Return the one way to write a row."""
    return json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


class Tally:
    """Counts rows and adds up their digests."""

    def __init__(self) -> None:
        self._rows = self._sum = 0

    def add(self, row: Row) -> Row:
        """Count one row; it is given back."""
        self._rows += 1
        self._sum += int.from_bytes(hashlib.sha256(line(row).encode()).digest())
        return row

    def through(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Count rows on their way."""
        return (self.add(row) for row in rows)

    @property
    def counted(self) -> Counted:
        """What was counted so far."""
        return Counted(self._rows, f"sha256:{self._sum % 2**256:064x}")


def count(connection: Connection) -> dict[str, Counted]:
    """Table → what it holds."""
    found = {}
    for table in tables(connection):
        tally = Tally()
        for row in rows_of(connection, table):
            tally.add(row)
        found[table.name] = tally.counted
    return found


def load(connection: Connection, table: Table, rows: Iterable[Row]) -> None:
    """Write rows into an empty table. What is counted up goes on after the greatest number."""
    columns = {column.name: column for column in table.columns}
    values = ({name: _stored(connection, columns[name], row[name]) for name in row} for row in rows)
    while some := list(islice(values, STEP)):
        connection.execute(insert(table), some)
    if connection.dialect.name == "postgresql":
        _go_on(connection, table)


def _go_on(connection: Connection, table: Table) -> None:
    for column in table.primary_key.columns:
        if not isinstance(column.type, Integer) or len(table.primary_key.columns) > 1:
            continue
        sequence = connection.execute(select(func.pg_get_serial_sequence(table.name, column.name))).scalar()
        last = connection.execute(select(func.max(column))).scalar()
        if sequence and last:
            connection.execute(text("SELECT setval(:sequence, :last)"), {"sequence": sequence, "last": last})


def make_schema(engine: Engine, number: int | None = None) -> None:
    """Give an empty database its schema, that of a number or the present one."""
    upgrade(engine, "head" if number is None else f"{number:04d}")


def drop(engine: Engine) -> None:
    """Take every table away again: a load into an empty database has failed."""
    with engine.begin() as connection:
        found = MetaData()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)
            found.reflect(connection)
        found.drop_all(connection)
        if connection.dialect.name == "postgresql":  # what a trigger of ours left
            connection.execute(text("DROP FUNCTION IF EXISTS audit_kept()"))


def copy_sqlite(engine: Engine, path: Path) -> None:
    """Copy an SQLite database as it is at one moment into a file, whole; writers go on meanwhile.

    Raises:
        StorageUnavailable: it cannot be read, or the copy is damaged.
    """
    connection = engine.raw_connection()
    try:
        with closing(sqlite3.connect(path)) as copy:
            source = connection.driver_connection
            if not isinstance(source, sqlite3.Connection):
                raise TypeError("only SQLite copies itself")
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
            (sound,) = copy.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        raise StorageUnavailable(str(error)) from error
    finally:
        connection.close()
    if sound != "ok":
        raise StorageUnavailable(sound)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return moment.isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(value).decode()
    return value


def _stored(connection: Connection, column: Column[Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(column.type, DateTime):
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=None) if connection.dialect.name == "sqlite" else moment
    if isinstance(column.type, Date):
        return date.fromisoformat(value)
    if isinstance(column.type, LargeBinary):
        return base64.b64decode(value)
    return value
