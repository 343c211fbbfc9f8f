"""The course registry's tables: a course through its life, beyond what the form asks."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
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

from storage.schema.core import Key, Moment, key, metadata, not_negative, ref

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

class_filing = Table(
    "class_filing",  # 开班备案: what a contact filed of a course, and what the office decided
    metadata,
    key(),
    ref("course_id", "course.id", index=True),
    Column("number", Integer, nullable=False),
    Column("state", String(12), nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date),
    Column("place", String(128), nullable=False),
    Column("mode", String(8), nullable=False),
    Column("assessor", String(128), nullable=False),  # 评价机构
    Column("filed_at", Moment, nullable=False),
    ref("filed_by", "person.id"),
    Column("received_at", Moment),
    ref("received_by", "person.id", nullable=True),
    Column("decided_at", Moment),
    ref("decided_by", "person.id", nullable=True),
    Column("reason", Text),  # why it was returned
    Column("office_number", String(64)),  # under which the office agreed
    Column("agreed_on", Date),
    UniqueConstraint("course_id", "number"),
    CheckConstraint("state IN ('submitted', 'received', 'returned', 'agreed', 'replaced')", name="state"),
    CheckConstraint("mode IN ('offline', 'online', 'both')", name="mode"),
    CheckConstraint("(state = 'returned') = (reason IS NOT NULL)", name="reason"),
    CheckConstraint("(state = 'agreed') = (agreed_on IS NOT NULL)", name="agreed"),
    CheckConstraint("(agreed_on IS NULL) = (office_number IS NULL)", name="office_number"),
    CheckConstraint("number > 0", name="number"),
    Index(
        "uq_class_filing_open",
        "course_id",
        unique=True,
        sqlite_where=text("state IN ('submitted', 'received')"),
        postgresql_where=text("state IN ('submitted', 'received')"),
    ),
    Index("ix_class_filing_state", "state", "id"),
)

class_file = Table(
    "class_file",  # what was handed in with a filing; the bytes stand outside, under their hash
    metadata,
    Column("filing_id", Key, ForeignKey("class_filing.id"), primary_key=True),
    Column("material", String(64), primary_key=True),  # as the office's list calls it
    Column("hash", String(64), primary_key=True, index=True),
    Column("name", String(128), nullable=False),
    Column("media", String(8), nullable=False),
    Column("size", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    ref("person_id", "person.id"),
)

class_inspection = Table(
    "class_inspection",  # what the office saw of a course (六（二）)
    metadata,
    key(),
    ref("course_id", "course.id", index=True),
    Column("day", Date, nullable=False),
    Column("kind", String(8), nullable=False),  # papers: 调阅资料; visit: 现场检查; other
    Column("words", Text, nullable=False),
    Column("at", Moment, nullable=False),
    ref("person_id", "person.id"),
    CheckConstraint("kind IN ('papers', 'visit', 'other')", name="kind"),
    CheckConstraint("length(words) > 0", name="words"),
)
