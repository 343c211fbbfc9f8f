"""How often, week by week, an answer or a job was not quite what was asked for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations.marks import mark

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "unmet",
        sa.Column("week", sa.String(length=8), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.CheckConstraint("length(week) = 7", name=op.f("ck_unmet_week")),
        sa.CheckConstraint(
            "kind IN ('unwritten', 'unsure', 'offered', 'refused', 'job')", name=op.f("ck_unmet_kind")
        ),
        sa.CheckConstraint("count >= 0", name=op.f("ck_unmet_count")),
        sa.PrimaryKeyConstraint("week", "kind", "topic", name=op.f("pk_unmet")),
    )
    mark(10, incompatible=False)
