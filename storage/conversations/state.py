"""The database at a glance, for whoever looks after it. No words of anybody are read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, union

from storage.schema.contact import attachment
from storage.schema.core import institution, outbox, person, report
from storage.schema.courses import class_file


@dataclass(frozen=True)
class State:
    """Counts, and since when the oldest message waits that was never sent."""

    people: int
    institutions: int
    reports: int
    waiting: int
    waiting_since: datetime | None


def read(connection: Connection) -> State:
    """Return it."""
    waits = outbox.c.sent_at.is_(None) & outbox.c.failed.is_(None)
    people, institutions, reports = (
        connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in (person, institution, report)
    )
    unsent = select(func.count(), func.min(outbox.c.created_at)).where(waits, outbox.c.turn_id.is_(None))
    waiting, since = connection.execute(unsent).one()
    return State(people, institutions, reports, waiting, since)


def attachment_hashes(connection: Connection) -> set[str]:
    """Return the hash of every file that a report or a class's filing names."""
    named = union(select(attachment.c.hash), select(class_file.c.hash))
    return set(connection.execute(named).scalars())
