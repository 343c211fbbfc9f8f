"""Whom a platform does not let us write to, and by which of our accounts nobody can be reached."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations.marks import mark

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "sender",
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("bot", sa.String(length=128), nullable=False),
        sa.Column("refused", sa.String(length=16), nullable=True),
        sa.Column("refused_code", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", "bot", name=op.f("pk_sender")),
    )
    op.add_column("conversation", sa.Column("refused", sa.String(length=16), nullable=True))
    op.add_column("conversation", sa.Column("refused_code", sa.Integer(), nullable=True))
    op.add_column("conversation", sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("reminder", sa.Column("reached", sa.Boolean(), nullable=False, server_default=sa.true()))
    mark(14, incompatible=False)
