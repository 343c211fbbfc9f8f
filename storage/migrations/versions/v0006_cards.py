"""Result cards that people keep; what was told about others stays in the conversation from now on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations.marks import mark

revision = "0006"
down_revision = "0005"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "card",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=32), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(number) > 0", name=op.f("ck_card_number")),
        sa.CheckConstraint("length(day) = 10", name=op.f("ck_card_day")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_card_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card")),
        sa.UniqueConstraint("person_id", "number", name=op.f("uq_card_person_id_number")),
    )
    op.create_index(op.f("ix_card_person_id"), "card", ["person_id"])
    op.execute("DELETE FROM fact WHERE about <> 'self'")
    mark(6, incompatible=False)
