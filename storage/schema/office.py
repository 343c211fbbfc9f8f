"""Tables of the office's side: returned cells, reopenings, extensions, closings, the browser's door.

Kept apart from the report's tables only for length; it is the same `metadata`.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    text,
)

from storage.schema.core import Key, Moment, key, metadata, ref, revision

# At most one revision of a report is the accepted one; its successor takes its place.
Index(
    "uq_revision_accepted",
    revision.c.report_id,
    unique=True,
    sqlite_where=text("state = 'accepted'"),
    postgresql_where=text("state = 'accepted'"),
)

returned_cell = Table(
    "returned_cell",  # why a revision was returned, cell by cell
    metadata,
    Column("revision_id", Key, ForeignKey("revision.id"), primary_key=True),
    Column("occupation", String(32), primary_key=True),  # "": the report as a whole
    Column("measure", String(24), primary_key=True),  # "": the whole row
    Column("words", Text, nullable=False),
    CheckConstraint("length(words) > 0", name="words"),
    CheckConstraint("occupation <> '' OR measure = ''", name="place"),
)

reopening = Table(
    "reopening",  # an accepted revision that may be corrected again; it counts until its successor does
    metadata,
    Column("revision_id", Key, ForeignKey("revision.id"), primary_key=True),
    Column("reason", Text, nullable=False),
    Column("at", Moment, nullable=False),
    ref("person_id", "person.id"),
    CheckConstraint("length(reason) > 0", name="reason"),
)

extension = Table(
    "extension",  # one institution may report a quarter until later; the audit keeps earlier ones
    metadata,
    Column("institution_id", Key, ForeignKey("institution.id"), primary_key=True),
    Column("quarter", String(6), primary_key=True),
    Column("until", Moment, nullable=False),  # the first moment that is late
    Column("reason", Text, nullable=False),
    Column("at", Moment, nullable=False),
    ref("person_id", "person.id"),
    CheckConstraint("length(reason) > 0", name="reason"),
)

closing = Table(
    "closing",  # from when on a quarter takes no more drafts; without a row it stays open
    metadata,
    Column("quarter", String(6), primary_key=True),
    Column("closes_at", Moment, nullable=False),
    Column("at", Moment, nullable=False),
    ref("person_id", "person.id"),
)

absence = Table(
    "absence",  # quarters in which an institution, closed and opened again, was not expected
    metadata,
    Column("institution_id", Key, ForeignKey("institution.id"), primary_key=True),
    Column("after", String(6), primary_key=True),  # the last quarter before them
    Column("again", String(6), nullable=False),  # the first one after them
    CheckConstraint("after < again", name="order"),
)

office_link = Table(
    "office_link",  # a way into the browser's board, issued in chat
    metadata,
    key(),
    Column("token_hash", String(96), nullable=False, unique=True),
    ref("person_id", "person.id", index=True),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
)

office_session = Table(
    "office_session",
    metadata,
    key(),
    Column("token_hash", String(96), nullable=False, unique=True),
    ref("person_id", "person.id", index=True),
    Column("created_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("ended_at", Moment),
)

on_behalf = Table(
    "on_behalf",  # 代录: a revision that the office typed in, and from what
    metadata,
    Column("revision_id", Key, ForeignKey("revision.id"), primary_key=True),
    Column("source", Text, nullable=False),
    Column("received_at", Moment),  # when the paper came in; None: when it was typed in
    Column("at", Moment, nullable=False),
    ref("person_id", "person.id"),
    CheckConstraint("length(source) > 0", name="source"),
)

office_setting = Table(
    "office_setting",  # what the office set for its own work; the audit keeps what it was before
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", JSON, nullable=False),
    Column("at", Moment, nullable=False),
    ref("person_id", "person.id"),
)

paper = Table(
    "paper",  # the stamped original of a report, as the office noted it; the audit keeps earlier notes
    metadata,
    Column("institution_id", Key, ForeignKey("institution.id"), primary_key=True),
    Column("quarter", String(6), primary_key=True),
    Column("state", String(12), nullable=False),
    Column("number", Integer, nullable=False),  # of the revision it was noted for; 0: before any came
    Column("day", Date),  # when the paper came
    Column("at", Moment, nullable=False),
    ref("person_id", "person.id"),
    CheckConstraint("state IN ('not_needed', 'missing', 'received', 'checked')", name="state"),
    CheckConstraint("(state = 'received') = (day IS NOT NULL)", name="day"),
    CheckConstraint("number >= 0", name="number"),
    Index("ix_paper_quarter", "quarter"),
)
