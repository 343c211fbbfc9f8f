"""Other official documents than the notice, cut into clauses that publications may quote."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from storage.schema.core import Key, Moment, key, metadata, ref

document = Table(
    "document",  # its words never change: a corrected one is another, the former withdrawn
    metadata,
    key(),
    Column("title", String(200), nullable=False),
    Column("number", String(60), nullable=False),  # 文号
    Column("issuer", String(100), nullable=False),
    Column("dated", Date, nullable=False),
    Column("address", String(300), nullable=False),  # where it stands, "" for nowhere
    Column("public", Boolean, nullable=False),
    Column("awaited", String(24), nullable=False),  # the kind of publication that waited for it, "" for none
    Column("valid_from", Date, nullable=False),
    Column("valid_until", Date),
    Column("at", Moment, nullable=False),
    ref("person_id", "person.id"),
    Column("withdrawn_at", Moment),
    ref("withdrawn_by", "person.id", nullable=True),
    CheckConstraint("length(title) > 0 AND length(number) > 0", name="named"),
    CheckConstraint("valid_until IS NULL OR valid_until >= valid_from", name="valid"),
    Index(
        "uq_document_number",
        "number",
        unique=True,
        sqlite_where=text("withdrawn_at IS NULL"),
        postgresql_where=text("withdrawn_at IS NULL"),
    ),
)

document_clause = Table(
    "document_clause",
    metadata,
    key(),
    Column("document_id", Key, ForeignKey("document.id"), nullable=False),
    Column("place", Integer, nullable=False),
    Column("label", String(40), nullable=False),  # its own number: 第三条, 二（一）
    Column("title", String(60), nullable=False),
    Column("words", Text, nullable=False),
    CheckConstraint("length(words) > 0", name="words"),
    UniqueConstraint("document_id", "place"),
    UniqueConstraint("document_id", "label"),
)
