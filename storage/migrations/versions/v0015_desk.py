"""The desk in the browser: questions and counters by week, complaints by stage, what ends soon."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations.marks import mark

revision = "0015"
down_revision = "0014"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("question") as batch:
        batch.drop_constraint(op.f("ck_question_why"), type_="check")
        batch.create_check_constraint(
            op.f("ck_question_why"), "why IN ('near', 'refused', 'unsure', 'disliked', 'handed')"
        )
    op.create_table(
        "question_week",
        sa.Column("question_id", KEY, nullable=False),
        sa.Column("week", sa.String(length=8), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.CheckConstraint("length(week) = 7", name=op.f("ck_question_week_week")),
        sa.CheckConstraint("count >= 0", name=op.f("ck_question_week_count")),
        sa.ForeignKeyConstraint(["question_id"], ["question.id"], name=op.f("fk_question_week_question_id")),
        sa.PrimaryKeyConstraint("question_id", "week", name=op.f("pk_question_week")),
    )
    with op.batch_alter_table("complaint") as batch:
        batch.add_column(sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("accepted_by", KEY, nullable=True))
        batch.add_column(sa.Column("answer", sa.Text(), nullable=True))
        batch.create_foreign_key(op.f("fk_complaint_accepted_by"), "person", ["accepted_by"], ["id"])
        batch.create_check_constraint(op.f("ck_complaint_answer"), "answer IS NULL OR handled_at IS NOT NULL")
        batch.create_check_constraint(
            op.f("ck_complaint_accepted"), "(accepted_at IS NULL) = (accepted_by IS NULL)"
        )
    op.add_column("publication", sa.Column("warned_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "counted",
        sa.Column("week", sa.String(length=8), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("depth", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.CheckConstraint("length(week) = 7", name=op.f("ck_counted_week")),
        sa.CheckConstraint("count >= 0", name=op.f("ck_counted_count")),
        sa.PrimaryKeyConstraint("week", "channel", "kind", "topic", "depth", name=op.f("pk_counted")),
    )
    op.create_index("ix_counted_kind", "counted", ["kind", "week"], unique=False)
    op.execute(
        "INSERT INTO counted (week, channel, kind, topic, depth, count)"
        " SELECT week, '', CASE kind WHEN 'job' THEN 'job' ELSE 'question' END, topic,"
        " CASE kind WHEN 'job' THEN 'guessed' WHEN 'unwritten' THEN 'near' ELSE kind END, count FROM unmet"
    )
    op.drop_table("unmet")
    mark(15, incompatible=True)
