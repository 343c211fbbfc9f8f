"""Result cards of the checks that people asked to keep."""

from __future__ import annotations

from sqlalchemy import JSON, CheckConstraint, Column, String, Table, UniqueConstraint

from storage.schema.core import Moment, key, metadata, ref

card = Table(
    "card",
    metadata,
    key(),
    ref("person_id", "person.id", index=True),
    Column("number", String(16), nullable=False),
    Column("subject", String(32), nullable=False),  # a check's id, or route
    Column("day", String(10), nullable=False),  # the day it was decided on
    Column("record", JSON, nullable=False),  # what was told, the reasons, the version of each rule
    Column("saved_at", Moment, nullable=False),
    UniqueConstraint("person_id", "number"),
    CheckConstraint("length(number) > 0", name="number"),
    CheckConstraint("length(day) = 10", name="day"),
)
