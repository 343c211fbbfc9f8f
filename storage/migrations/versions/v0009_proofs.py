"""When an account last showed who it is, login words, and codes to come back with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations.marks import mark

revision = "0009"
down_revision = "0008"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply. Who is in by the web has as long as after a proof to set a login word."""
    op.add_column("account", sa.Column("proved_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("person", sa.Column("pin", sa.Text(), nullable=True))
    op.add_column(
        "account_link", sa.Column("recovery", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("account_link", sa.Column("account_id", KEY, nullable=True))
    op.execute("UPDATE account SET proved_at = CURRENT_TIMESTAMP WHERE channel = 'web'")
    mark(9, incompatible=False)
