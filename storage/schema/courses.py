"""The course registry's tables: a course through its life, beyond what the form asks."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Integer,
    String,
    Table,
    UniqueConstraint,
)

from storage.schema.core import Key, Moment, metadata, not_negative

# The life of a course, in order; a date each.
STAGES = ("filed", "approved", "opened", "ended", "rostered", "assessed", "certified", "paid")

course = Table(
    "course",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("institution_id", Key, ForeignKey("institution.id"), nullable=False, index=True),
    Column("name", String(64), nullable=False),
    Column("occupation", String(32), nullable=False),
    Column("level", String(8), nullable=False),
    Column("catalogued", Boolean),  # in the catalogue of subsidised courses; None: not said
    *(Column(f"{stage}_on", Date) for stage in STAGES),
    Column("trained", Integer),
    Column("certificates", Integer),
    Column("subsidised", Integer),
    Column("amount", BigInteger),  # fen
    Column("created_at", Moment, nullable=False),
    Column("withdrawn_at", Moment),
    UniqueConstraint("institution_id", "name"),
    *not_negative("trained", "certificates", "subsidised", "amount"),
    CheckConstraint("level IN ('junior', 'middle', 'senior')", name="level"),
)

course_reminder = Table(
    "course_reminder",
    metadata,
    Column("course_id", Key, ForeignKey("course.id"), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("at", Moment, nullable=False),
)
