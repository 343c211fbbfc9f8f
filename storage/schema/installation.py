"""What belongs to the database as a whole: which key and which data folder go with it."""

from __future__ import annotations

from sqlalchemy import Column, String, Table, Text

from storage.schema.core import metadata

installation = Table(
    "installation",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", Text, nullable=False),
)
