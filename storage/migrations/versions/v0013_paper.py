"""What the office sets for its own work, and which reports came in as stamped paper."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations.marks import mark

revision = "0013"
down_revision = "0012"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "office_setting",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_office_setting_person_id")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_office_setting")),
    )
    op.create_table(
        "paper",
        sa.Column("institution_id", KEY, nullable=False),
        sa.Column("quarter", sa.String(length=6), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.CheckConstraint(
            "state IN ('not_needed', 'missing', 'received', 'checked')", name=op.f("ck_paper_state")
        ),
        sa.CheckConstraint("(state = 'received') = (day IS NOT NULL)", name=op.f("ck_paper_day")),
        sa.CheckConstraint("number >= 0", name=op.f("ck_paper_number")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_paper_institution_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_paper_person_id")),
        sa.PrimaryKeyConstraint("institution_id", "quarter", name=op.f("pk_paper")),
    )
    op.create_index("ix_paper_quarter", "paper", ["quarter"])
    mark(13, incompatible=False)
