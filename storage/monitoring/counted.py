"""Weekly counters: written in batches apart from messages, read in sums."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, delete, func, select, update

from storage.connections.statement import affected, insert_new
from storage.desk.weeks import week_of
from storage.schema.counted import counted

WEEKS_KEPT = 157  # three years
# What is counted, and how deep: of a question exact, published (completed by the office), near (not
# written), unsure (not recognised), offered (three choices), refused (perhaps ours), other (not ours); of
# a job guessed; of feedback up and down; of a dialog begun, finished, asked:<prompt>, told:<prompt>; of a
# report's conversation message.
KINDS = ("question", "job", "feedback", "dialog", "report")
UNANSWERED = ("near", "unsure", "offered", "refused")

Key = tuple[str, str, str, str, str]  # week, channel, kind, topic, depth


@dataclass(frozen=True)
class Sum:
    """How often, of one topic and depth."""

    topic: str
    depth: str
    count: int


def add(connection: Connection, counts: Mapping[Key, int]) -> None:
    """Add to the counters."""
    c = counted.c
    for key, many in sorted(counts.items()):  # in one order: two processes never wait for each other
        named = dict(zip(("week", "channel", "kind", "topic", "depth"), key, strict=True))
        here = [c[name] == value for name, value in named.items()]
        grown = update(counted).where(*here).values(count=c.count + many)
        if not affected(connection, grown):
            connection.execute(insert_new(connection, counted), {**named, "count": 0})
            connection.execute(grown)


def forget_old(connection: Connection, now: datetime) -> int:
    """Delete what is older than three years; how many rows."""
    oldest = week_of(now - timedelta(weeks=WEEKS_KEPT))
    return affected(connection, delete(counted).where(counted.c.week < oldest))


def by_week(
    connection: Connection, weeks: Collection[str], kinds: Collection[str]
) -> dict[tuple[str, str, str, str], int]:
    """Return (week, channel, kind, depth) → how often, all topics together."""
    c = counted.c
    query = (
        select(c.week, c.channel, c.kind, c.depth, func.sum(c.count))
        .where(*_within(weeks), c.kind.in_(kinds))
        .group_by(c.week, c.channel, c.kind, c.depth)
    )
    return {(w, channel, kind, depth): int(n) for w, channel, kind, depth, n in connection.execute(query)}


def by_topic(
    connection: Connection,
    weeks: Collection[str],
    kind: str,
    depths: Collection[str] = (),
    channel: str = "",
    limit: int | None = None,
) -> list[Sum]:
    """Return how often each topic came to each depth, the commonest first."""
    c = counted.c
    total = func.sum(c.count).label("total")
    query: Select[Any] = select(c.topic, c.depth, total).where(*_within(weeks), c.kind == kind)
    if depths:
        query = query.where(c.depth.in_(depths))
    if channel:
        query = query.where(c.channel == channel)
    query = query.group_by(c.topic, c.depth).order_by(total.desc(), c.depth, c.topic).limit(limit)
    return [Sum(topic, depth, int(n)) for topic, depth, n in connection.execute(query)]


def rows(connection: Connection, weeks: Collection[str]) -> list[tuple[str, str, str, str, str, int]]:
    """Return every counter of these weeks: (week, channel, kind, topic, depth, count)."""
    c = counted.c
    order = (c.week, c.channel, c.kind, c.topic, c.depth)
    query = select(*order, c.count).where(*_within(weeks)).order_by(*order)
    return [(*map(str, row[:5]), int(row[5])) for row in connection.execute(query)]  # type: ignore[misc]


def _within(weeks: Collection[str]) -> tuple[Any, ...]:
    """Weeks read as text stand in their order: between the first and the last of them."""
    return counted.c.week >= min(weeks), counted.c.week <= max(weeks)
