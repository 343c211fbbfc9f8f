"""Tables of what people ask and what the office says: feedback, the queue, complaints, publications.

Kept apart from the report's tables only for length; it is the same `metadata`.
"""

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


def _turn() -> Column[int]:
    # Turns are forgotten after some weeks; what was learnt from them stays, without them.
    return Column("turn_id", Key, ForeignKey("turn.id", ondelete="SET NULL"))


feedback = Table(
    "feedback",
    metadata,
    key(),
    _turn(),  # a turn is one person's, so nobody needs to be named here
    Column("value", String(8), nullable=False),
    Column("reason", String(16)),
    Column("same", String(300), nullable=False),  # normalised, as in `question`
    Column("text", Text, nullable=False),  # the question, masked
    Column("entry", String(64), nullable=False),  # answered with, or picked
    Column("at", Moment, nullable=False),
    CheckConstraint("value IN ('up', 'down', 'pick')", name="value"),
    UniqueConstraint("turn_id"),
    Index("ix_feedback_same", "same"),
)

question = Table(
    "question",
    metadata,
    key(),
    Column("same", String(300), nullable=False),  # normalised: equal texts are one question
    Column("text", Text, nullable=False),  # as first asked, masked
    Column("why", String(16), nullable=False),
    Column("entry", String(64)),  # the answer that was disliked
    Column("count", Integer, nullable=False),
    Column("first_at", Moment, nullable=False),
    Column("last_at", Moment, nullable=False),
    Column("state", String(16), nullable=False),
    Column("reply", Text),
    Column("closed_at", Moment),
    ref("closed_by", "person.id", nullable=True),
    CheckConstraint("why IN ('near', 'refused', 'unsure', 'disliked', 'handed')", name="why"),
    CheckConstraint("state IN ('open', 'answered', 'dropped')", name="state"),
    CheckConstraint("(state = 'open') = (closed_at IS NULL)", name="closed"),
    Index(
        "uq_question_open",
        "same",
        unique=True,
        sqlite_where=text("state = 'open'"),
        postgresql_where=text("state = 'open'"),
    ),
    Index("ix_question_same", "same"),
)

# How often it was asked in each ISO week: the trend that the office sees.
question_week = Table(
    "question_week",
    metadata,
    Column("question_id", Key, ForeignKey("question.id"), primary_key=True),
    Column("week", String(8), primary_key=True),  # 2026W48
    Column("count", Integer, nullable=False),
    CheckConstraint("length(week) = 7", name="week"),
    CheckConstraint("count >= 0", name="count"),
)

# Whom to answer; never shown to staff, and gone once the question is closed.
asker = Table(
    "asker",
    metadata,
    key(),
    ref("question_id", "question.id", index=True),
    ref("account_id", "account.id", index=True),
    _turn(),
    Column("handed", Boolean, nullable=False),  # asked for a person, so waits for word
    UniqueConstraint("question_id", "account_id"),
    Index("ix_asker_turn", "turn_id"),
)

proposal = Table(
    "proposal",
    metadata,
    key(),
    Column("kind", String(16), nullable=False),
    ref("question_id", "question.id"),
    Column("text", Text, nullable=False),  # the phrasing
    Column("entry", String(64)),  # what the phrasing asks for; None for a new entry
    Column("title", Text),
    Column("answer", Text),
    Column("at", Moment, nullable=False),
    ref("person_id", "person.id"),
    CheckConstraint("kind IN ('phrasing', 'entry')", name="kind"),
    CheckConstraint("(kind = 'phrasing') = (entry IS NOT NULL)", name="entry"),
    CheckConstraint("(kind = 'entry') = (title IS NOT NULL AND answer IS NOT NULL)", name="new"),
)

# No person and no account: even one that is not anonymous is known only by what it gives itself.
complaint = Table(
    "complaint",
    metadata,
    key(),
    Column("receipt", String(24), nullable=False, unique=True),
    Column("text", Text, nullable=False),  # masked
    Column("school", String(128)),
    Column("anonymous", Boolean, nullable=False),
    Column("contact", Text),  # encrypted
    Column("at", Moment, nullable=False),
    Column("accepted_at", Moment),
    ref("accepted_by", "person.id", nullable=True),
    Column("handled_at", Moment),
    ref("handled_by", "person.id", nullable=True),
    Column("answer", Text),  # what whoever holds the receipt number is told
    CheckConstraint("answer IS NULL OR handled_at IS NOT NULL", name="answer"),
    CheckConstraint("(accepted_at IS NULL) = (accepted_by IS NULL)", name="accepted"),
    CheckConstraint("NOT (anonymous AND contact IS NOT NULL)", name="anonymous"),
)

publication = Table(
    "publication",
    metadata,
    key(),
    Column("kind", String(24), nullable=False),
    Column("text", Text, nullable=False),
    Column("occupation", String(32), nullable=False),  # of an open class; "" elsewhere
    Column("level", String(16), nullable=False),
    Column("institution", String(128), nullable=False),
    Column("starts_on", Date),
    Column("ends_on", Date),
    Column("source", Text, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_until", Date),  # None: until withdrawn
    Column("same", String(64), nullable=False),  # digest of the above: nothing stands twice
    Column("published_at", Moment, nullable=False),
    ref("published_by", "person.id"),
    Column("announced_at", Moment),  # to those who asked to be told
    Column("warned_at", Moment),  # the office, that it ends soon
    ref("clause_id", "document_clause.id", nullable=True, index=True),  # of another document, quoted
    Column("withdrawn_at", Moment),
    ref("withdrawn_by", "person.id", nullable=True),
    CheckConstraint("valid_until IS NULL OR valid_until >= valid_from", name="valid"),
    CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="dates"),
    Index("ix_publication_kind", "kind", "valid_from"),
    Index(
        "uq_publication_same",
        "same",
        unique=True,
        sqlite_where=text("withdrawn_at IS NULL"),
        postgresql_where=text("withdrawn_at IS NULL"),
    ),
)

# A row is consent; taking consent back deletes it.
subscription = Table(
    "subscription",
    metadata,
    key(),
    ref("account_id", "account.id"),
    Column("occupation", String(32), nullable=False),  # "": any
    Column("at", Moment, nullable=False),
    UniqueConstraint("account_id", "occupation"),
)
