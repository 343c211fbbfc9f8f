"""The tables. Invariants that can be enforced by the database are.

Times are UTC. Money is integer fen. JSON columns hold plain values only.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
    true,
)

SCHEMA_NUMBER = 19  # the newest migration this code knows

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Moment(TypeDecorator[datetime]):
    """An aware UTC datetime; SQLite has no time zones, so they are put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store in UTC; a naive time is refused, since it would mean a different moment."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back an aware UTC time."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# SQLite gives rowids only to INTEGER PRIMARY KEY; elsewhere keys are 64-bit.
Key = BigInteger().with_variant(Integer, "sqlite")


def key() -> Column[int]:
    """The usual primary key, `id`."""
    return Column("id", Key, primary_key=True, autoincrement=True)


def not_negative(*names: str) -> list[CheckConstraint]:
    """Constraints of the table (migrations do not see those of a column): none of these below 0."""
    return [CheckConstraint(f"{name} >= 0", name=f"{name}_not_negative") for name in names]


def quarter_of(column: str) -> str:
    """The condition that a column holds a quarter as it is written: 2026Q4."""
    return (
        f"length({column}) = 6 AND {column} LIKE '20__Q_' AND substr({column}, 6, 1) IN ('1', '2', '3', '4')"
    )


def ref(name: str, target: str, nullable: bool = False, **kw: Any) -> Column[int]:
    """A column that refers to `target` (table.column)."""
    return Column(name, Key, ForeignKey(target), nullable=nullable, **kw)


schema_mark = Table(
    "schema_mark",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("incompatible", Boolean, nullable=False),  # older code must not run on it
)

person = Table(
    "person",
    metadata,
    key(),
    Column("name", String(64)),
    Column("telephone", Text),  # encrypted; the form's 联系电话
    Column("pin", Text),  # of the login word only a keyed hash
    Column("created_at", Moment, nullable=False),
)

fact = Table(
    "fact",
    metadata,
    Column("person_id", Key, ForeignKey("person.id"), primary_key=True),
    Column("about", String(16), primary_key=True),  # self, family, employee
    Column("fact", String(32), primary_key=True),
    Column("value", String(64), nullable=False),
    Column("at", Moment, nullable=False),
    CheckConstraint("about IN ('self', 'family', 'employee')", name="about"),
)

account = Table(
    "account",
    metadata,
    key(),
    Column("channel", String(16), nullable=False),
    Column("bot", String(128), nullable=False),
    Column("sender", String(128), nullable=False),
    ref("person_id", "person.id"),
    Column("created_at", Moment, nullable=False),
    Column("proved_at", Moment),  # when it last showed who it is, by a code or the login word
    UniqueConstraint("channel", "bot", "sender"),
)

conversation = Table(
    "conversation",
    metadata,
    Column("account_id", Key, ForeignKey("account.id"), primary_key=True),
    Column("serial", Integer, nullable=False),  # grows with every step; binds buttons to it
    Column("state", JSON, nullable=False),
    Column("updated_at", Moment, nullable=False),
    # The platform lets us write to them no more, until they next write: then these are emptied.
    Column("refused", String(16)),
    Column("refused_code", Integer),
    Column("refused_at", Moment),
)

turn = Table(
    "turn",
    metadata,
    key(),
    Column("channel", String(16), nullable=False),
    Column("bot", String(128), nullable=False),
    Column("sender", String(128), nullable=False),
    Column("message_id", String(128), nullable=False),
    Column("said", Text),  # masked
    Column("incident", String(16)),
    Column("at", Moment, nullable=False),
    UniqueConstraint("channel", "bot", "sender", "message_id"),
    Index("ix_turn_at", "at"),
)

outbox = Table(
    "outbox",
    metadata,
    key(),
    ref("turn_id", "turn.id", nullable=True, index=True),  # None: a push, not a reply
    Column("channel", String(16), nullable=False),
    Column("bot", String(128), nullable=False),
    Column("sender", String(128), nullable=False),
    Column("body", JSON, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("sent_at", Moment),
    Column("failed", String(64)),  # set when the platform refused it for good
    Index("ix_outbox_recipient", "channel", "bot", "sender", "id"),
    Index(
        "ix_outbox_waiting",
        "channel",
        "id",
        sqlite_where=text("sent_at IS NULL AND failed IS NULL"),
        postgresql_where=text("sent_at IS NULL AND failed IS NULL"),
    ),
)

download = Table(
    "download",  # a file that a platform offered, still to be fetched
    metadata,
    key(),
    Column("channel", String(16), nullable=False),
    Column("bot", String(128), nullable=False),
    Column("sender", String(128), nullable=False),
    Column("message_id", String(128), nullable=False),
    Column("file_id", String(255), nullable=False),
    Column("name", String(128), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("said", Text, nullable=False),  # what was written beside it, encrypted
    Column("at", Moment, nullable=False),
    UniqueConstraint("channel", "bot", "sender", "message_id"),
)

sender = Table(
    "sender",  # an account of ours on a platform, by which the serving process writes to people
    metadata,
    Column("channel", String(16), primary_key=True),
    Column("bot", String(128), primary_key=True),
    Column("refused", String(16)),  # nobody can be written to by it now
    Column("refused_code", Integer),
    Column("at", Moment, nullable=False),
    # Whether notices can be sent outside of the platform's window, to those who agreed.
    Column("notices", Boolean, nullable=False, server_default=false()),
)

notice_consent = Table(
    "notice_consent",  # what somebody said about notices outside of the window, and how many went
    metadata,
    Column("account_id", Key, ForeignKey("account.id"), primary_key=True),
    Column("agreed", Boolean, nullable=False),
    Column("at", Moment, nullable=False),
    Column("quarter", String(6)),  # of the newest notice
    Column("count", Integer, nullable=False, server_default=text("0")),  # in that quarter
    Column("day", String(10)),  # of the newest notice
    CheckConstraint("count >= 0", name="count"),
)

later = Table(
    "later",  # a message somebody asked to get on another day
    metadata,
    key(),
    Column("channel", String(16), nullable=False),
    Column("bot", String(128), nullable=False),
    Column("sender", String(128), nullable=False),
    Column("body", JSON, nullable=False),
    Column("due_at", Moment, nullable=False, index=True),
)

institution = Table(
    "institution",
    metadata,
    key(),
    Column("name", String(128), nullable=False, unique=True),
    Column("district", String(32)),
    Column("expected_from", String(6), nullable=False),  # quarter, 2026Q4
    Column("expected_until", String(6)),
    Column("created_at", Moment, nullable=False),
    Column("closed_at", Moment),
    CheckConstraint("length(name) > 0", name="name"),
    CheckConstraint(quarter_of("expected_from"), name="expected_from"),
    CheckConstraint(f"expected_until IS NULL OR ({quarter_of('expected_until')})", name="expected_until"),
)

membership = Table(
    "membership",
    metadata,
    key(),
    ref("person_id", "person.id", index=True),
    ref("institution_id", "institution.id", nullable=True, index=True),  # None: the office
    Column("role", String(16), nullable=False),
    Column("district", String(32)),  # of a district's reader: the only one they see
    Column("from_at", Moment, nullable=False),
    Column("revoked_at", Moment),
    CheckConstraint("role IN ('contact', 'lead', 'staff', 'head', 'district')", name="role"),
    CheckConstraint(
        "(institution_id IS NULL) = (role IN ('staff', 'head', 'district'))", name="office_or_institution"
    ),
    CheckConstraint("(district IS NULL) = (role <> 'district')", name="district"),
    Index(
        "uq_membership_live",
        "person_id",
        text("coalesce(institution_id, 0)"),
        unique=True,
        sqlite_where=text("revoked_at IS NULL"),
        postgresql_where=text("revoked_at IS NULL"),
    ),
)

invite = Table(
    "invite",
    metadata,
    key(),
    Column("code_hash", String(96), nullable=False, unique=True),
    ref("institution_id", "institution.id", nullable=True),
    Column("role", String(16), nullable=False),
    Column("district", String(32)),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
    ref("used_by", "person.id", nullable=True),
    Column("revoked_at", Moment),
    Column("first_head", Boolean, nullable=False),  # printed at the start of an empty database
    CheckConstraint("role IN ('contact', 'lead', 'staff', 'head', 'district')", name="role"),
    CheckConstraint(
        "(institution_id IS NULL) = (role IN ('staff', 'head', 'district'))", name="office_or_institution"
    ),
    CheckConstraint("(district IS NULL) = (role <> 'district')", name="district"),
)

code_attempt = Table(
    "code_attempt",
    metadata,
    key(),
    ref("account_id", "account.id"),
    Column("at", Moment, nullable=False),
    Index("ix_code_attempt_account_at", "account_id", "at"),
)

report = Table(
    "report",
    metadata,
    key(),
    ref("institution_id", "institution.id"),
    Column("quarter", String(6), nullable=False, index=True),
    Column("first_submitted_at", Moment),  # set once, never moved
    UniqueConstraint("institution_id", "quarter"),
    CheckConstraint(quarter_of("quarter"), name="quarter"),
)

revision = Table(
    "revision",
    metadata,
    key(),
    ref("report_id", "report.id"),
    Column("number", Integer, nullable=False),
    Column("state", String(12), nullable=False),
    Column("version", Integer, nullable=False),  # grows with every edit of the draft
    Column("nothing_to_report", Boolean, nullable=False),  # 本季度无培训
    Column("reason", Text),  # why an earlier submission is corrected
    Column("filled_by", String(64)),  # 填表人
    Column("telephone", Text),  # 联系电话, encrypted
    # Name and number were deleted by whom they are of: they stand on the official form and nowhere else.
    Column("withheld", Boolean, nullable=False, server_default=false()),
    Column("receipt", String(32), unique=True),
    Column("started_at", Moment, nullable=False),
    ref("started_by", "person.id"),
    Column("submitted_at", Moment),
    ref("submitted_by", "person.id", nullable=True),
    Column("decided_at", Moment),
    ref("decided_by", "person.id", nullable=True),
    UniqueConstraint("report_id", "number"),
    CheckConstraint(
        "state IN ('draft', 'submitted', 'superseded', 'accepted', 'returned', 'discarded')",
        name="state",
    ),
    CheckConstraint("(state IN ('draft', 'discarded')) = (submitted_at IS NULL)", name="submitted_at"),
    CheckConstraint("(submitted_at IS NULL) = (receipt IS NULL)", name="receipt"),
    CheckConstraint("(submitted_at IS NULL) = (submitted_by IS NULL)", name="submitted_by"),
    CheckConstraint("(decided_at IS NULL) = (decided_by IS NULL)", name="decided_by"),
    CheckConstraint("state NOT IN ('accepted', 'returned') OR decided_at IS NOT NULL", name="decided"),
    CheckConstraint(
        "state NOT IN ('draft', 'discarded', 'submitted') OR decided_at IS NULL", name="undecided"
    ),
    CheckConstraint("number > 0 AND version > 0", name="numbers"),
    Index(
        "uq_revision_draft",
        "report_id",
        unique=True,
        sqlite_where=text("state = 'draft'"),
        postgresql_where=text("state = 'draft'"),
    ),
    Index(
        "uq_revision_submitted",
        "report_id",
        unique=True,
        sqlite_where=text("state = 'submitted'"),
        postgresql_where=text("state = 'submitted'"),
    ),
)

MEASURES = ("classes", "subsidised_classes", "trained", "certified", "subsidised", "amount")
# A row of 无业务 is all zeros.
NOTHING_DONE = "no_business = false OR (" + " AND ".join(f"{m} = 0" for m in MEASURES) + ")"

figure = Table(
    "figure",
    metadata,
    Column("revision_id", Key, ForeignKey("revision.id"), primary_key=True),
    Column("occupation", String(32), primary_key=True),
    Column("no_business", Boolean, nullable=False),  # 无业务: zero because nothing took place
    *(Column(m, BigInteger) for m in MEASURES),
    # Measures the institution does not know (不掌握): their column is NULL and they stand here.
    Column("not_known", JSON, nullable=False),
    *not_negative(*MEASURES),
    CheckConstraint(NOTHING_DONE, name="no_business"),
)

explanation = Table(
    "explanation",
    metadata,
    Column("revision_id", Key, ForeignKey("revision.id"), primary_key=True),
    Column("occupation", String(32), primary_key=True),
    Column("doubt", String(64), primary_key=True),
    Column("words", Text, nullable=False),
    Column("text", Text, nullable=False),  # what was asked, with the figures of the time
    CheckConstraint("length(words) > 0", name="words"),
)

reminder = Table(
    "reminder",
    metadata,
    key(),
    ref("institution_id", "institution.id"),
    Column("quarter", String(6), nullable=False),
    Column("kind", String(16), nullable=False),
    ref("person_id", "person.id"),
    Column("at", Moment, nullable=False),
    # Whether a message reached them then, not only what they see when they next come.
    Column("reached", Boolean, nullable=False, server_default=true()),
    UniqueConstraint("institution_id", "quarter", "kind", "person_id"),
)

heartbeat = Table(
    "heartbeat",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("at", Moment, nullable=False),
)

audit = Table(  # only ever added to: triggers refuse changes
    "audit",
    metadata,
    key(),
    Column("at", Moment, nullable=False),
    ref("person_id", "person.id", nullable=True),  # None: the command line
    Column("action", String(32), nullable=False),
    Column("subject", String(64), nullable=False),  # table:id
    Column("detail", JSON, nullable=False),
    Index("ix_audit_subject", "subject"),
    # The office reads it newest first: by whom, of which kind, of a day.
    Index("ix_audit_person", "person_id", "id"),
    Index("ix_audit_action", "action", "id"),
    Index("ix_audit_at", "at", "id"),
)
