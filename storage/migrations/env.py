"""Run by Alembic: migrate with the engine that `storage.database.upgrade` hands over."""

from __future__ import annotations

from alembic import context
from sqlalchemy import text

import storage.schema_contact
import storage.schema_courses  # noqa: F401  # its tables are part of the metadata
from storage import schema_office, schema_questions  # noqa: F401  # their tables are part of the metadata
from storage.schema import metadata

engine = context.config.attributes["engine"]

with engine.begin() as connection:  # Alembic by itself would commit every migration on SQLite
    if engine.dialect.name == "postgresql":  # of two processes on an empty database, one goes first
        connection.execute(text("SELECT pg_advisory_xact_lock(20230525)"))
    context.configure(connection=connection, target_metadata=metadata)
    context.run_migrations()
