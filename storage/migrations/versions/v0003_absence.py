"""Quarters an institution was closed in, and when the office received what it typed in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations.marks import mark

revision = "0003"
down_revision = "0002"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "absence",
        sa.Column("institution_id", KEY, nullable=False),
        sa.Column("after", sa.String(length=6), nullable=False),
        sa.Column("again", sa.String(length=6), nullable=False),
        sa.CheckConstraint("after < again", name=op.f("ck_absence_order")),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_absence_institution_id")
        ),
        sa.PrimaryKeyConstraint("institution_id", "after", name=op.f("pk_absence")),
    )
    op.add_column("on_behalf", sa.Column("received_at", sa.DateTime(timezone=True), nullable=True))
    mark(3, incompatible=False)
