"""Who did what when: one row per change, in the transaction of the change itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert

from storage.connections.statement import Statement
from storage.schema.core import audit

_INSERT = Statement(insert(audit), ("at", "person_id", "action", "subject", "detail"))


def record(
    connection: Connection,
    now: datetime,
    person_id: int | None,
    action: str,
    subject: str,
    **detail: Any,
) -> None:
    """Write one audit row. `subject` is `table:id`; `detail` plain values, never a secret."""
    _INSERT.run(
        connection,
        {"at": now, "person_id": person_id, "action": action, "subject": subject, "detail": detail},
    )


def record_many(
    connection: Connection,
    now: datetime,
    person_id: int | None,
    action: str,
    about: Sequence[tuple[str, dict[str, Any]]],
) -> None:
    """Write one row for each (subject, detail) of something done to many at once."""
    rows = [
        {"at": now, "person_id": person_id, "action": action, "subject": subject, "detail": detail}
        for subject, detail in about
    ]
    if rows:
        _INSERT.run_many(connection, rows)
