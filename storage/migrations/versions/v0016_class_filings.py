"""Classes filed before they begin, with their files, and what the office saw of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations.marks import mark

revision = "0016"
down_revision = "0015"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def _person(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["person.id"], name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "class_filing",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("course_id", KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("place", sa.String(length=128), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("assessor", sa.String(length=128), nullable=False),
        sa.Column("filed_at", MOMENT, nullable=False),
        sa.Column("filed_by", KEY, nullable=False),
        sa.Column("received_at", MOMENT, nullable=True),
        sa.Column("received_by", KEY, nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("decided_by", KEY, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("office_number", sa.String(length=64), nullable=True),
        sa.Column("agreed_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "state IN ('submitted', 'received', 'returned', 'agreed', 'replaced')",
            name=op.f("ck_class_filing_state"),
        ),
        sa.CheckConstraint("mode IN ('offline', 'online', 'both')", name=op.f("ck_class_filing_mode")),
        sa.CheckConstraint(
            "(state = 'returned') = (reason IS NOT NULL)", name=op.f("ck_class_filing_reason")
        ),
        sa.CheckConstraint(
            "(state = 'agreed') = (agreed_on IS NOT NULL)", name=op.f("ck_class_filing_agreed")
        ),
        sa.CheckConstraint(
            "(agreed_on IS NULL) = (office_number IS NULL)", name=op.f("ck_class_filing_office_number")
        ),
        sa.CheckConstraint("number > 0", name=op.f("ck_class_filing_number")),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_class_filing_course_id")),
        _person("class_filing", "filed_by"),
        _person("class_filing", "received_by"),
        _person("class_filing", "decided_by"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_class_filing")),
        sa.UniqueConstraint("course_id", "number", name=op.f("uq_class_filing_course_id_number")),
    )
    op.create_index(op.f("ix_class_filing_course_id"), "class_filing", ["course_id"])
    op.create_index("ix_class_filing_state", "class_filing", ["state", "id"])
    op.create_index(
        "uq_class_filing_open",
        "class_filing",
        ["course_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('submitted', 'received')"),
        postgresql_where=sa.text("state IN ('submitted', 'received')"),
    )
    op.create_table(
        "class_file",
        sa.Column("filing_id", KEY, nullable=False),
        sa.Column("material", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("media", sa.String(length=8), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(["filing_id"], ["class_filing.id"], name=op.f("fk_class_file_filing_id")),
        _person("class_file", "person_id"),
        sa.PrimaryKeyConstraint("filing_id", "material", "hash", name=op.f("pk_class_file")),
    )
    op.create_index(op.f("ix_class_file_hash"), "class_file", ["hash"])
    op.create_table(
        "class_inspection",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("course_id", KEY, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.CheckConstraint("kind IN ('papers', 'visit', 'other')", name=op.f("ck_class_inspection_kind")),
        sa.CheckConstraint("length(words) > 0", name=op.f("ck_class_inspection_words")),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_class_inspection_course_id")),
        _person("class_inspection", "person_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_class_inspection")),
    )
    op.create_index(op.f("ix_class_inspection_course_id"), "class_inspection", ["course_id"])
    mark(16, incompatible=False)
