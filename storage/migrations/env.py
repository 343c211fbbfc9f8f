"""Run by Alembic: migrate with the engine that `storage.database.upgrade` hands over."""

from __future__ import annotations

from alembic import context

from storage.schema import metadata

engine = context.config.attributes["engine"]

with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
