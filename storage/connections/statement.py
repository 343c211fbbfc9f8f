"""Statements compiled once, for what runs with every message.

SQLAlchemy's execution costs a small SQLite statement several times what SQLite itself does for it, so
there a compiled statement goes to the driver as it is; types are converted as SQLAlchemy would.
Elsewhere the way to the server costs more than that, and SQLAlchemy's handling of lost connections is
wanted: the same statement is executed the usual way.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import BindParameter, Connection, Dialect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.compiler import SQLCompiler

from storage.connections.group_commit import driver
from storage.schema.core import Moment

Convert = Callable[[Any], Any]


@cache
def _moments() -> tuple[Convert, Convert]:
    """To and from SQLite, for moments: one message has one, which stands in all that it writes."""
    dialect = sqlite.dialect()
    kind = Moment().dialect_impl(dialect)
    to, back = kind.bind_processor(dialect), kind.result_processor(dialect, None)
    return lru_cache(64)(to or _same), lru_cache(256)(back or _same)


def _same(value: Any) -> Any:
    return value


def _constant(bind: BindParameter[Any], dialect: Dialect) -> str | None:
    """Return a value that is the statement's own as it is written; None for what is given each time.

    With a value to bind where a partial index asks for a constant (`state = 'draft'`), SQLite plans the
    statement anew at each execution, which takes twenty times as long as executing it.
    """
    if not bind.unique or type(bind.value) not in (str, int, bool):
        return None
    literal = bind.type.dialect_impl(dialect).literal_processor(dialect)
    written = literal(bind.value) if literal is not None else None
    return written if written is not None and "?" not in written else None


class _Compiled:
    """A statement in the words of one SQLite dialect."""

    def __init__(self, clause: Any, names: Sequence[str] | None, dialect: Dialect) -> None:
        compiled: SQLCompiler = clause.compile(dialect=dialect, column_keys=list(names) if names else None)
        sql = str(compiled)
        if "POSTCOMPILE" in sql:
            raise TypeError("a list of values cannot be compiled beforehand")
        fixed = compiled.params
        self.binds: list[tuple[str, Convert | None, Any]] = []
        first, *pieces = sql.split("?")
        written = [first]
        for name, piece in zip(compiled.positiontup or (), pieces, strict=True):
            bind = compiled.binds.get(name)
            constant = None if bind is None else _constant(bind, dialect)
            written += [constant or "?", piece]
            if constant is not None:
                continue
            convert: Convert | None = None
            if bind is not None and isinstance(bind.type, Moment):
                convert = _moments()[0]
            elif bind is not None:
                convert = bind.type.dialect_impl(dialect).bind_processor(dialect)
            self.binds.append((name, convert, fixed.get(name)))
        self.sql = "".join(written)
        columns = list(getattr(clause, "exported_columns", ()))
        self.row: Any = namedtuple("row", [c.key for c in columns], rename=True) if columns else None
        self.converts: list[tuple[int, Convert]] = []
        for index, column in enumerate(columns):
            if isinstance(column.type, Moment):
                back: Convert | None = _moments()[1]
            else:
                back = column.type.dialect_impl(dialect).result_processor(dialect, None)
            if back is not None:
                self.converts.append((index, back))

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
