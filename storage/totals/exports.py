"""Taking figures away: the audit row that says who took what is also the permission to fetch it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select

from storage.schema.core import audit

ACTION = "export"
FETCHED_WITHIN = timedelta(hours=1)


def allow(connection: Connection, person_id: int, now: datetime, quarter: str, **what: Any) -> int:
    """Record that a person takes a quarter's figures away; the number to fetch them with."""
    made = connection.execute(
        insert(audit)
        .values(at=now, person_id=person_id, action=ACTION, subject=f"quarter:{quarter}", detail=what)
        .returning(audit.c.id)
    )
    return int(made.scalar_one())


def allowed(
    connection: Connection, number: int, person_id: int, now: datetime
) -> tuple[str, dict[str, Any]] | None:
    """(quarter, what) of that number, if it was given to this person within the last hour."""
    row = connection.execute(
        select(audit.c.subject, audit.c.detail).where(
            audit.c.id == number,
            audit.c.action == ACTION,
            audit.c.person_id == person_id,
            audit.c.at > now - FETCHED_WITHIN,
        )
    ).first()
    return (row.subject.removeprefix("quarter:"), dict(row.detail)) if row else None
