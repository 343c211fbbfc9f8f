"""Work that one process of several does: whoever holds the lease."""

from __future__ import annotations

import hashlib
import threading

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from storage.connections.database import StorageUnavailable


class Lease:
    """A named lease, held until released or the process dies.

    PostgreSQL: a session-level advisory lock on a connection of its own (which a pooler in
    transaction mode would break), as its manual describes under “Explicit Locking”; no
    transaction stays open. SQLite: one process has the database, so it holds every lease.
    """

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine = engine
        self._key = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), signed=True)
        self._connection: Connection | None = None
        self._one_at_a_time = threading.Lock()

    def hold(self) -> bool:
        """Take the lease, or make sure it is still ours. Blocks for a round trip; safe in threads.

        Raises:
            StorageUnavailable: the database cannot be asked; the lease is lost.

        """
        if self._engine.dialect.name != "postgresql":
            return True
        with self._one_at_a_time:
            try:
                if self._connection is not None:
                    self._connection.execute(select(1))
                    return True
                connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
                if connection.execute(select(func.pg_try_advisory_lock(self._key))).scalar_one():
                    self._connection = connection
                    return True
                connection.close()
                return False
            except SQLAlchemyError as error:
                self._drop()
                raise StorageUnavailable(type(error).__name__) from error

    def release(self) -> None:
        """Let another process take over; nothing happens when it was not ours."""
        with self._one_at_a_time:
            self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.invalidate()  # ends the session, and the lock with it
            self._connection.close()
            self._connection = None
