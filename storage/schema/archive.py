"""Closed years: what their package was, and which of them may be destroyed."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    text,
)

from storage.schema.core import Key, Moment, key, metadata, ref

archived_year = Table(
    "archived_year",  # closed: its reports are only read from then on
    metadata,
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("kept", String(16), nullable=False),  # 保管期限, as the office said
    Column("until_audit", BigInteger, nullable=False),  # the last row of the trail that the package holds
    Column("sha256", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    ref("person_id", "person.id"),
    CheckConstraint("kept IN ('forever', '30', '10')", name="kept"),
)

destruction = Table(
    "destruction",  # 销毁清单: proposed by one, confirmed by another; nothing is deleted without one
    metadata,
    key(),
    Column("year", Integer, ForeignKey("archived_year.year"), nullable=False),
    Column("reason", Text, nullable=False),
    Column("state", String(12), nullable=False),
    Column("proposed_at", Moment, nullable=False),
    ref("proposed_by", "person.id"),
    Column("closed_at", Moment),
    Column("closed_by", Key, ForeignKey("person.id")),
    Column("alone", Boolean, nullable=False),  # confirmed by who proposed it, being alone in the office
    CheckConstraint("state IN ('open', 'confirmed', 'withdrawn')", name="state"),
    CheckConstraint("(state = 'open') = (closed_at IS NULL)", name="closed"),
    CheckConstraint("length(reason) > 0", name="reason"),
    Index(
        "uq_destruction_live",
        "year",
        unique=True,
        sqlite_where=text("state <> 'withdrawn'"),
        postgresql_where=text("state <> 'withdrawn'"),
    ),
)
