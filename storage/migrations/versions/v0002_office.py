"""Links and sessions of the office's browser, what it types in for others, links between accounts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations.marks import mark

revision = "0002"
down_revision = "0001"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "office_link",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_office_link_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_office_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_office_link_token_hash")),
    )
    op.create_index(op.f("ix_office_link_person_id"), "office_link", ["person_id"], unique=False)
    op.create_table(
        "office_session",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_office_session_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_office_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_office_session_token_hash")),
    )
    op.create_index(op.f("ix_office_session_person_id"), "office_session", ["person_id"], unique=False)
    op.create_table(
        "on_behalf",
        sa.Column("revision_id", KEY, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.CheckConstraint("length(source) > 0", name=op.f("ck_on_behalf_source")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_on_behalf_person_id")),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name=op.f("fk_on_behalf_revision_id")),
        sa.PrimaryKeyConstraint("revision_id", name=op.f("pk_on_behalf")),
    )
    op.create_table(
        "account_link",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_account_link_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_link")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_account_link_code_hash")),
    )
    op.create_index(op.f("ix_account_link_person_id"), "account_link", ["person_id"], unique=False)
    with op.batch_alter_table("attachment") as batch:
        batch.drop_constraint(op.f("ck_attachment_kind"), type_="check")
        batch.create_check_constraint(
            op.f("ck_attachment_kind"), "kind IN ('measures', 'practice', 'problems', 'stamped', 'source')"
        )
    op.create_index("ix_audit_person", "audit", ["person_id", "id"], unique=False)
    op.create_index("ix_audit_action", "audit", ["action", "id"], unique=False)
    op.create_index("ix_audit_at", "audit", ["at", "id"], unique=False)
    mark(2, incompatible=False)
