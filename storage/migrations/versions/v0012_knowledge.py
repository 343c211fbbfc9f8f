"""What the office changes in the answers: proposed changes, and every version published."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations.marks import mark

revision = "0012"
down_revision = "0011"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "knowledge_change",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("entry", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("base", sa.Integer(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.CheckConstraint("kind IN ('edit', 'add', 'retire')", name=op.f("ck_knowledge_change_kind")),
        sa.CheckConstraint(
            "state IN ('open', 'published', 'withdrawn')", name=op.f("ck_knowledge_change_state")
        ),
        sa.CheckConstraint("length(why) > 0", name=op.f("ck_knowledge_change_why")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_knowledge_change_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_change")),
    )
    op.create_index(
        "uq_knowledge_change_open",
        "knowledge_change",
        ["entry"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "knowledge_version",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("layer", sa.JSON(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("entry", sa.String(length=64), nullable=True),
        sa.Column("restored", sa.Integer(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("alone", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author_id", KEY, nullable=False),
        sa.Column("approver_id", KEY, nullable=False),
        sa.CheckConstraint(
            "kind IN ('edit', 'add', 'retire', 'restore')", name=op.f("ck_knowledge_version_kind")
        ),
        sa.CheckConstraint(
            "(kind = 'restore') = (restored IS NOT NULL)", name=op.f("ck_knowledge_version_restored")
        ),
        sa.CheckConstraint("(kind = 'restore') = (entry IS NULL)", name=op.f("ck_knowledge_version_entry")),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_knowledge_version_author_id")),
        sa.ForeignKeyConstraint(
            ["approver_id"], ["person.id"], name=op.f("fk_knowledge_version_approver_id")
        ),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_knowledge_version")),
    )
    mark(12, incompatible=False)
