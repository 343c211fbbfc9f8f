"""What the office sets for its own work, by name; who changed it from what is in the audit."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from storage import audit
from storage.connections.statement import affected, insert_new
from storage.schema.office import office_setting


def get(connection: Connection, name: str) -> dict[str, Any]:
    """Return what was set under a name; {} when nothing was."""
    value = connection.execute(select(office_setting.c.value).where(office_setting.c.name == name)).scalar()
    return value if isinstance(value, dict) else {}


def put(connection: Connection, name: str, value: dict[str, Any], by: int, now: datetime) -> None:
    """Set it in place of what it was."""
    before = get(connection, name)
    if before == value:
        return
    values = {"name": name, "value": value, "at": now, "person_id": by}
    if not affected(connection, insert_new(connection, office_setting), values):
        connection.execute(update(office_setting).where(office_setting.c.name == name).values(**values))
    changed = {key: [before.get(key), value.get(key)] for key in {**before, **value}}
    changed = {key: pair for key, pair in changed.items() if pair[0] != pair[1]}
    audit.record(connection, now, by, "setting.change", f"setting:{name}", changed=changed)
