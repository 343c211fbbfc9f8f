"""Sealed values, wherever they stand: in columns of their own or inside what conversations remember."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import JSON, Column, Engine, Table, Text, and_, cast, or_, select, tuple_, update

from storage.connections.database import transaction
from storage.schema.whole import all_tables

STEP = 200  # rows in one transaction: others wait a few milliseconds at most

Reseal = Callable[[str], str | None]
"""Returns the value sealed anew, None where it has to stay as it is."""


@dataclass
class Resealed:
    """How many values were sealed anew, and how many no key opened."""

    done: int = 0
    unreadable: int = 0


def reseal(
    engine: Engine, is_sealed: Callable[[str], bool], marks: tuple[str, ...], again: Reseal
) -> Resealed:
    """Seal every value anew, of every table, in small steps; what is new already stays.

    `marks`: how sealed values begin, one of which a row has to hold to be looked at; `is_sealed` tells a
    sealed value from other text; `again` seals one anew, and raises LookupError for one it cannot open.

    Raises:
        StorageUnavailable: the database went away; doing it again goes on where it ended.
    """
    total = Resealed()
    for table in all_tables().sorted_tables:
        columns = [c for c in table.columns if isinstance(c.type, Text | JSON)]
        if columns:
            for keys in _found(engine, table, columns, marks):
                _step(engine, table, columns, keys, _Walk(is_sealed, again, total))
    return total


def _found(
    engine: Engine, table: Table, columns: list[Column[Any]], marks: tuple[str, ...]
) -> Iterator[list[tuple[Any, ...]]]:
    """Primary keys of rows that may hold a sealed value, a step at a time."""
    wanted = or_(*(cast(c, Text).contains(mark, autoescape=True) for c in columns for mark in marks))
    keys = list(table.primary_key.columns)
    with transaction(engine, read_only=True) as connection:
        rows = [tuple(row) for row in connection.execute(select(*keys).where(wanted))]
    for first in range(0, len(rows), STEP):
        yield rows[first : first + STEP]


@dataclass
class _Walk:
    is_sealed: Callable[[str], bool]
    again: Reseal
    total: Resealed

    def through(self, value: Any) -> Any:
        """The value with everything sealed in it sealed anew."""
        if isinstance(value, dict):
            return {name: self.through(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self.through(item) for item in value]
        if not isinstance(value, str) or not self.is_sealed(value):
            return value
        try:
            fresh = self.again(value)
        except LookupError:
            self.total.unreadable += 1
            return value
        if fresh is None:
            return value
        self.total.done += 1
        return fresh


def _step(
    engine: Engine, table: Table, columns: list[Column[Any]], wanted: list[tuple[Any, ...]], walk: _Walk
) -> None:
    keys = list(table.primary_key.columns)
    with transaction(engine, alone=True) as connection:
        query = select(*keys, *columns).where(tuple_(*keys).in_(wanted)).with_for_update()
        for row in connection.execute(query).all():
            mine, values = row[: len(keys)], row[len(keys) :]
            changed = {
                column.name: fresh
                for column, value in zip(columns, values, strict=True)
                if (fresh := walk.through(value)) != value
            }
            if changed:
                here = and_(*(column == value for column, value in zip(keys, mine, strict=True)))
                connection.execute(update(table).where(here).values(**changed))
