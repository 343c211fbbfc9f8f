"""The first schema."""

from __future__ import annotations

from alembic import op

from storage.migrations.marks import mark

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Apply."""
    import storage.schema_contact
    import storage.schema_courses  # noqa: F401  # its tables are part of the metadata
    from storage import schema_office, schema_questions  # noqa: F401  # their tables are part of the metadata
    from storage.schema import metadata

    metadata.create_all(op.get_bind())
    mark(1, incompatible=False)
