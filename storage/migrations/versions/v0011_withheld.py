"""Names and numbers of submitted forms that their writer had deleted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations.marks import mark

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Apply."""
    op.add_column("revision", sa.Column("withheld", sa.Boolean(), nullable=False, server_default=sa.false()))
    mark(11, incompatible=False)
