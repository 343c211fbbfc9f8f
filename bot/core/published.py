"""What the office published, as answers use it: plain values, read when an entry asks for them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date
from typing import TYPE_CHECKING, Any

from bot.core.turn import Turn
from policy.answers.publications import Publication
from policy.calendar.quarters import local
from policy.corpus import Corpus

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from storage.desk.publications import Published

# Kinds and a day → what the office published of them that holds then.
Reader = Callable[[Collection[str], date], list[Publication]]


def as_publication(one: Published) -> Publication:
    """A stored publication as the policy's value, its moment in Asia/Shanghai."""
    return Publication(**one.values, published_at=local(one.published_at))


def as_values(one: Publication) -> dict[str, Any]:
    """The columns to store."""
    from storage.desk.publications import FIELDS

    return {field: getattr(one, field) for field in FIELDS}


def nothing(kinds: Collection[str], on: date) -> list[Publication]:
    """Where there is no database."""
    return []


def reader(connection: Connection, corpus: Corpus) -> Reader:
    """From an open transaction, then the corpus; what was read once in it is not read again."""
    from storage.desk import publications

    known: dict[tuple[frozenset[str], date], list[Publication]] = {}

    def read(kinds: Collection[str], on: date) -> list[Publication]:
        key = (frozenset(kinds), on)
        if key not in known:
            stored = publications.in_force(connection, key[0], on)
            known[key] = [*map(as_publication, stored), *corpus.published(key[0], on)]
        return known[key]

    return read


def of_turn(turn: Turn) -> Reader:
    """The one of a turn: each kind is read once, and only when something asks for it."""
    found: Reader = turn.once("published", lambda: reader(turn.connection, turn.corpus))
    return found
