"""Statements compiled once, for what runs with every message.

SQLAlchemy's execution costs a small SQLite statement several times what SQLite itself does for it, so
there a compiled statement goes to the driver as it is; types are converted as SQLAlchemy would.
Elsewhere the way to the server costs more than that, and SQLAlchemy's handling of lost connections is
wanted: the same statement is executed the usual way.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import (
    Connection,
    Dialect,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.compiler import SQLCompiler

from storage.connections.group_commit import driver

Convert = Callable[[Any], Any]


class _Compiled:
    """A statement in the words of one SQLite dialect."""

    def __init__(self, clause: Any, names: Sequence[str] | None, dialect: Dialect) -> None:
        compiled: SQLCompiler = clause.compile(dialect=dialect, column_keys=list(names) if names else None)
        self.sql = str(compiled)
        if "POSTCOMPILE" in self.sql:
            raise TypeError("a list of values cannot be compiled beforehand")
        fixed = compiled.params
        self.binds: list[tuple[str, Convert | None, Any]] = []
        for name in compiled.positiontup or ():
            bind = compiled.binds.get(name)
            convert = bind.type.dialect_impl(dialect).bind_processor(dialect) if bind is not None else None
            self.binds.append((name, convert, fixed.get(name)))
        columns = list(getattr(clause, "exported_columns", ()))
        self.row: Any = namedtuple("row", [c.key for c in columns], rename=True) if columns else None
        self.converts: list[tuple[int, Convert]] = []
        for index, column in enumerate(columns):
            convert = column.type.dialect_impl(dialect).result_processor(dialect, None)
            if convert is not None:
                self.converts.append((index, convert))

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        """The values in the order of the question marks."""
        found = []
        for name, convert, fixed in self.binds:
            value = values.get(name, fixed)
            found.append(value if convert is None else convert(value))
        return found

    def made(self, raw: Sequence[Any]) -> Any:
        """A row with its names, its types converted."""
        if not self.converts:
            return self.row._make(raw)
        cells = list(raw)
        for index, convert in self.converts:
            cells[index] = convert(cells[index])
        return self.row._make(cells)


class Statement:
    """A statement with named parameters. `names`: the columns of an INSERT without VALUES."""

    def __init__(self, clause: Any, names: Sequence[str] | None = None) -> None:
        self.clause = clause
        self._names = names
        self._compiled: WeakKeyDictionary[Dialect, _Compiled] = WeakKeyDictionary()

    def _of(self, connection: Connection) -> _Compiled | None:
        dialect = connection.dialect
        if dialect.name != "sqlite":
            return None
        found = self._compiled.get(dialect)
        if found is None:
            found = self._compiled[dialect] = _Compiled(self.clause, self._names, dialect)
        return found

    def all(self, connection: Connection, values: Mapping[str, Any]) -> Sequence[Any]:
        """Every row, its columns by name."""
        compiled = self._of(connection)
        if compiled is None:
            return connection.execute(self.clause, values).all()
        found = driver(connection).execute(compiled.sql, compiled.arguments(values)).fetchall()
        return [compiled.made(raw) for raw in found]

    def first(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """The first row, or None."""
        rows = self.all(connection, values)
        return rows[0] if rows else None

    def scalar(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """The first column of the first row, or None."""
        row = self.first(connection, values)
        return row[0] if row is not None else None

    def run(self, connection: Connection, values: Mapping[str, Any]) -> None:
        """Execute it; nothing is given back."""
        compiled = self._of(connection)
        if compiled is None:
            connection.execute(self.clause, values)
        else:
            driver(connection).execute(compiled.sql, compiled.arguments(values))

    def run_many(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute it for each of these."""
        compiled = self._of(connection)
        if compiled is None:
            connection.execute(self.clause, list(rows))
        else:
            driver(connection).executemany(compiled.sql, [compiled.arguments(row) for row in rows])


def affected(connection: Connection, statement: Any, values: Mapping[str, Any] | None = None) -> int:
    """How many rows a statement wrote or deleted: those it gives back.

    Drivers count differently (psycopg answers −1 to some ON CONFLICT), so no outcome rests on that.
    """
    key = statement.table.primary_key.columns
    return len(connection.execute(statement.returning(*key), values or {}).all())


def insert_new(connection: Connection, table: Any) -> Any:
    """`INSERT … ON CONFLICT DO NOTHING` for the connection's database."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(table).on_conflict_do_nothing()
