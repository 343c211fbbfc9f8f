"""The first schema."""

from __future__ import annotations

from alembic import op

from storage.migrations.marks import mark

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Apply."""
    from storage.schema import metadata

    metadata.create_all(op.get_bind())
    mark(1, incompatible=False)
