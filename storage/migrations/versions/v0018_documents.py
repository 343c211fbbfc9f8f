"""Other official documents with their clauses, and which of them a publication quotes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations.marks import mark

revision = "0018"
down_revision = "0017"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "document",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("issuer", sa.String(length=100), nullable=False),
        sa.Column("dated", sa.Date(), nullable=False),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("awaited", sa.String(length=24), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", KEY, nullable=True),
        sa.CheckConstraint("length(title) > 0 AND length(number) > 0", name=op.f("ck_document_named")),
        sa.CheckConstraint(
            "valid_until IS NULL OR valid_until >= valid_from", name=op.f("ck_document_valid")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_document_person_id")),
        sa.ForeignKeyConstraint(["withdrawn_by"], ["person.id"], name=op.f("fk_document_withdrawn_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
    )
    op.create_index(
        "uq_document_number",
        "document",
        ["number"],
        unique=True,
        sqlite_where=sa.text("withdrawn_at IS NULL"),
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_table(
        "document_clause",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("document_id", KEY, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.CheckConstraint("length(words) > 0", name=op.f("ck_document_clause_words")),
        sa.ForeignKeyConstraint(
            ["document_id"], ["document.id"], name=op.f("fk_document_clause_document_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_clause")),
        sa.UniqueConstraint("document_id", "place", name=op.f("uq_document_clause_document_id_place")),
        sa.UniqueConstraint("document_id", "label", name=op.f("uq_document_clause_document_id_label")),
    )
    with op.batch_alter_table("publication") as batch:
        batch.add_column(sa.Column("clause_id", KEY, nullable=True))
        batch.create_foreign_key(op.f("fk_publication_clause_id"), "document_clause", ["clause_id"], ["id"])
        batch.create_index("ix_publication_clause_id", ["clause_id"])
    mark(18, incompatible=False)
