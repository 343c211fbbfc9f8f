"""How often, week by week, an answer or a job was not quite what was asked for. No person and no text."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Integer, String, Table

from storage.schema.core import metadata

unmet = Table(
    "unmet",
    metadata,
    Column("week", String(8), primary_key=True),  # 2026W48
    Column("kind", String(16), primary_key=True),
    Column("topic", String(64), primary_key=True),  # an entry's id, a job's, or ""
    Column("count", Integer, nullable=False),
    CheckConstraint("length(week) = 7", name="week"),
    CheckConstraint("kind IN ('unwritten', 'unsure', 'offered', 'refused', 'job')", name="kind"),
    CheckConstraint("count >= 0", name="count"),
)
