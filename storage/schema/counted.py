"""How often, week by week, what was asked and done. No person and no text."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, Integer, String, Table

from storage.schema.core import metadata

counted = Table(
    "counted",
    metadata,
    Column("week", String(8), primary_key=True),  # 2026W48
    Column("channel", String(16), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("topic", String(64), primary_key=True),  # an entry's id, a job's, a dialog's, or ""
    Column("depth", String(64), primary_key=True),  # how deep it was answered, or how far it came
    Column("count", Integer, nullable=False),
    CheckConstraint("length(week) = 7", name="week"),
    CheckConstraint("count >= 0", name="count"),
    Index("ix_counted_kind", "kind", "week"),
)
