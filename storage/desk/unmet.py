"""What was not quite answered, counted by topic and week: never what was said, nor by whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, select, update

from storage.connections.statement import affected, insert_new
from storage.schema.unmet import unmet

# unwritten: the notice does not write it; unsure: the point was not recognised; offered: three choices;
# refused: no answer, though perhaps ours; job: only likely, so asked back.
KINDS = ("unwritten", "unsure", "offered", "refused", "job")
WEEKS_KEPT = 104


@dataclass(frozen=True)
class Unmet:
    """How often one topic was not quite answered."""

    kind: str
    topic: str
    count: int


def week_of(day: datetime) -> str:
    """Return the ISO week of a moment, in its own time zone: 2026W48."""
    year, week, _ = day.isocalendar()
    return f"{year}W{week:02}"


def count(connection: Connection, now: datetime, kind: str, topic: str) -> None:
    """Count one more of that kind and topic this week."""
    week = week_of(now)
    here = (unmet.c.week == week) & (unmet.c.kind == kind) & (unmet.c.topic == topic)
    grown = update(unmet).where(here).values(count=unmet.c.count + 1)
    if affected(connection, grown):
        return
    row = {"week": week, "kind": kind, "topic": topic, "count": 0}
    connection.execute(insert_new(connection, unmet), row)
    connection.execute(grown)
    oldest = week_of(now - timedelta(weeks=WEEKS_KEPT))
    connection.execute(delete(unmet).where(unmet.c.week < oldest))


def most(connection: Connection, now: datetime, weeks: int, limit: int) -> list[Unmet]:
    """Return what was most often not quite answered in the last weeks, this one included."""
    total = func.sum(unmet.c.count).label("total")
    found = connection.execute(
        select(unmet.c.kind, unmet.c.topic, total)
        .where(unmet.c.week > week_of(now - timedelta(weeks=weeks)))
        .group_by(unmet.c.kind, unmet.c.topic)
        .order_by(total.desc(), unmet.c.kind, unmet.c.topic)
        .limit(limit)
    )
    return [Unmet(kind, topic, int(times)) for kind, topic, times in found]
