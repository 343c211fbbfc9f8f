"""Closed years and their packages, and lists of what may be destroyed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations.marks import mark

revision = "0017"
down_revision = "0016"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "archived_year",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kept", sa.String(length=16), nullable=False),
        sa.Column("until_audit", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.CheckConstraint("kept IN ('forever', '30', '10')", name=op.f("ck_archived_year_kept")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_archived_year_person_id")),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_archived_year")),
    )
    op.create_table(
        "destruction",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("proposed_at", MOMENT, nullable=False),
        sa.Column("proposed_by", KEY, nullable=False),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("closed_by", KEY, nullable=True),
        sa.Column("alone", sa.Boolean(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'confirmed', 'withdrawn')", name=op.f("ck_destruction_state")),
        sa.CheckConstraint("(state = 'open') = (closed_at IS NULL)", name=op.f("ck_destruction_closed")),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_destruction_reason")),
        sa.ForeignKeyConstraint(["year"], ["archived_year.year"], name=op.f("fk_destruction_year")),
        sa.ForeignKeyConstraint(["proposed_by"], ["person.id"], name=op.f("fk_destruction_proposed_by")),
        sa.ForeignKeyConstraint(["closed_by"], ["person.id"], name=op.f("fk_destruction_closed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_destruction")),
    )
    op.create_index(
        "uq_destruction_live",
        "destruction",
        ["year"],
        unique=True,
        sqlite_where=sa.text("state <> 'withdrawn'"),
        postgresql_where=sa.text("state <> 'withdrawn'"),
    )
    mark(17, incompatible=False)
