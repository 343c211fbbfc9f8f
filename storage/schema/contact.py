"""Tables of the contact's side: annex pages and files, opening figures, what counts, the lead's review.

Kept apart from the report's tables only for length; it is the same `metadata`.
"""

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
    UniqueConstraint,
    false,
    text,
)

from storage.schema.core import MEASURES, Key, Moment, key, metadata, not_negative, ref

# A file somebody sent: its bytes stand in the data folder under their hash.
received_file = Table(
    "received_file",
    metadata,
    key(),
    ref("person_id", "person.id", index=True),
    Column("name", String(128), nullable=False),
    Column("hash", String(64), nullable=False, index=True),
    Column("media", String(8), nullable=False),  # told from the content, never from the name
    Column("size", Integer, nullable=False),
    Column("at", Moment, nullable=False),
)

# What belongs to a revision: files on separate pages, and the stamped scan.
attachment = Table(
    "attachment",
    metadata,
    Column("revision_id", Key, ForeignKey("revision.id"), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("hash", String(64), primary_key=True, index=True),
    Column("name", String(128), nullable=False),
    Column("media", String(8), nullable=False),
    Column("size", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    ref("person_id", "person.id"),
    CheckConstraint("kind IN ('measures', 'practice', 'problems', 'stamped', 'source')", name="kind"),
    CheckConstraint("size > 0", name="size"),
)

page = Table(
    "page",  # the separate pages as text
    metadata,
    Column("revision_id", Key, ForeignKey("revision.id"), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("words", Text, nullable=False),
    Column("at", Moment, nullable=False),
    ref("person_id", "person.id"),
    CheckConstraint("kind IN ('measures', 'practice', 'problems')", name="kind"),
    CheckConstraint("length(words) > 0", name="words"),
)

measure_note = Table(
    "measure_note",  # 填报口径: what counts for a measure, as the office says
    metadata,
    key(),
    Column("measure", String(32), nullable=False),
    Column("words", Text, nullable=False),
    Column("from_quarter", String(6), nullable=False),
    Column("until_quarter", String(6)),  # the last quarter it holds for; None: until another is set
    Column("at", Moment, nullable=False),
    ref("person_id", "person.id"),
    CheckConstraint("until_quarter IS NULL OR until_quarter >= from_quarter", name="order"),
    Index("ix_measure_note_from", "from_quarter"),
)

opening = Table(
    "opening",  # 期初数: what happened before the first quarter reported here; the highest number counts
    metadata,
    key(),
    ref("institution_id", "institution.id"),
    Column("number", Integer, nullable=False),
    Column("through", String(6), nullable=False),  # the last quarter these figures include
    Column("source", Text, nullable=False),
    Column("at", Moment, nullable=False),
    ref("person_id", "person.id"),
    CheckConstraint("length(source) > 0", name="source"),
    UniqueConstraint("institution_id", "number"),
)

opening_figure = Table(
    "opening_figure",
    metadata,
    Column("opening_id", Key, ForeignKey("opening.id"), primary_key=True),
    Column("occupation", String(32), primary_key=True),
    *(Column(m, BigInteger, nullable=False) for m in MEASURES),
    # Since the start these cannot be, unlike within one quarter.
    CheckConstraint("subsidised_classes <= classes", name="subsidised_classes"),
    CheckConstraint("trained = 0 OR classes > 0", name="people_without_class"),
    *not_negative(*MEASURES),
)

lead_review = Table(
    "lead_review",  # 内部复核: the institution's lead looks at a draft before it is submitted
    metadata,
    key(),
    ref("revision_id", "revision.id"),
    Column("version", Integer, nullable=False),  # of the draft that is to be looked at
    Column("asked_at", Moment, nullable=False),
    ref("asked_by", "person.id"),
    Column("state", String(10), nullable=False),
    Column("words", Text),  # why it was sent back
    Column("closed_at", Moment),
    ref("closed_by", "person.id", nullable=True),
    CheckConstraint("state IN ('open', 'confirmed', 'sent_back', 'withdrawn')", name="state"),
    CheckConstraint("(state = 'open') = (closed_at IS NULL)", name="closed"),
    CheckConstraint("(state = 'sent_back') = (words IS NOT NULL)", name="words"),
    Index(
        "uq_lead_review_open",
        "revision_id",
        unique=True,
        sqlite_where=text("state = 'open'"),
        postgresql_where=text("state = 'open'"),
    ),
)

account_link = Table(
    "account_link",  # a way for a person to come by another channel too, issued to them in chat
    metadata,
    key(),
    Column("code_hash", String(96), nullable=False, unique=True),
    ref("person_id", "person.id", index=True),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
    Column("recovery", Boolean, nullable=False, server_default=false()),  # to come back with
    Column("account_id", Key),  # where it was made; the account may be gone
)
