"""Every migration leaves its mark: its number, and whether older code must not run on it."""

from __future__ import annotations

from alembic import op
from sqlalchemy import insert

from storage.schema.core import schema_mark


def mark(number: int, incompatible: bool) -> None:
    """Record that migration `number` was applied."""
    op.execute(insert(schema_mark).values(number=number, incompatible=incompatible))
