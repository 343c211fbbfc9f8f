"""Tables of what the office changes in the answers: proposed changes, and every version published."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, CheckConstraint, Column, Index, Integer, String, Table, Text, text

from storage.schema.core import Moment, key, metadata, ref

knowledge_change = Table(
    "knowledge_change",  # what somebody proposes for one entry, until a colleague publishes it
    metadata,
    key(),
    Column("entry", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("content", JSON, nullable=False),
    Column("why", Text, nullable=False),
    Column("base", Integer, nullable=False),  # the version it was written over
    Column("edition", Integer, nullable=False),  # counts each saving: two who edit see each other
    Column("state", String(16), nullable=False),
    Column("at", Moment, nullable=False),
    ref("person_id", "person.id"),  # who saved it last: not the one to approve it
    CheckConstraint("kind IN ('edit', 'add', 'retire')", name="kind"),
    CheckConstraint("state IN ('open', 'published', 'withdrawn')", name="state"),
    CheckConstraint("length(why) > 0", name="why"),
    Index(
        "uq_knowledge_change_open",
        "entry",
        unique=True,
        sqlite_where=text("state = 'open'"),
        postgresql_where=text("state = 'open'"),
    ),
)

knowledge_version = Table(
    "knowledge_version",  # the office's layer over the packaged files, whole, as of each publishing
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("layer", JSON, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("entry", String(64)),
    Column("restored", Integer),  # the version that it brings back
    Column("why", Text, nullable=False),
    Column("alone", Boolean, nullable=False),  # nobody else served in the office to approve it
    Column("at", Moment, nullable=False),
    ref("author_id", "person.id"),
    ref("approver_id", "person.id"),
    CheckConstraint("kind IN ('edit', 'add', 'retire', 'restore')", name="kind"),
    CheckConstraint("(kind = 'restore') = (restored IS NOT NULL)", name="restored"),
    CheckConstraint("(kind = 'restore') = (entry IS NULL)", name="entry"),
)
