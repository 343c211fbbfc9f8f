"""Run by Alembic: migrate with the engine that `storage.connections.database.upgrade` hands over."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, text

from storage.schema.whole import all_tables

engine = context.config.attributes["engine"]


def migrate(connection: Connection) -> None:
    """Everything in one transaction: Alembic by itself would commit every migration on SQLite."""
    context.configure(connection=connection, target_metadata=all_tables())
    context.run_migrations()


if engine.dialect.name == "sqlite":
    with engine.connect() as connection:
        # Tables that are made anew are referred to by others meanwhile: looked at as a whole instead.
        connection.connection.dbapi_connection.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                migrate(connection)
                broken = connection.execute(text("PRAGMA foreign_key_check")).first()
                if broken is not None:
                    raise RuntimeError(f"a row of {broken[0]} refers to nothing")
        finally:
            connection.connection.dbapi_connection.execute("PRAGMA foreign_keys=ON")
else:
    with engine.begin() as connection:  # of two processes on an empty database, one goes first
        connection.execute(text("SELECT pg_advisory_xact_lock(20230525)"))
        migrate(connection)
