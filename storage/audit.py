"""Who did what when: one row per change, in the transaction of the change itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from storage.schema import audit

_INSERT = insert(audit)


def record(
    connection: Connection,
    now: datetime,
    person_id: int | None,
    action: str,
    subject: str,
    **detail: Any,
) -> None:
    """Write one audit row. `subject` is `table:id`; `detail` plain values, never a secret."""
    connection.execute(
        _INSERT,
        {"at": now, "person_id": person_id, "action": action, "subject": subject, "detail": detail},
    )


def of_subject(
    connection: Connection, subject: str
) -> list[tuple[datetime, int | None, str, dict[str, Any]]]:
    """The history of one thing, oldest first: (when, person, action, detail)."""
    rows = connection.execute(select(audit).where(audit.c.subject == subject).order_by(audit.c.id))
    return [(r.at, r.person_id, r.action, r.detail) for r in rows]
