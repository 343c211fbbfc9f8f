"""Notices outside of a platform's window: who agreed, and how many went."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations.marks import mark

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Apply."""
    op.add_column("sender", sa.Column("notices", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "notice_consent",
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("agreed", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("quarter", sa.String(length=6), nullable=True),
        sa.Column("count", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("day", sa.String(length=10), nullable=True),
        sa.CheckConstraint("count >= 0", name=op.f("ck_notice_consent_count")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_notice_consent_account_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_notice_consent")),
    )
    mark(19, incompatible=False)
