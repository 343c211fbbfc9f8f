"""Who serves a database. The lock dies with its process, however that ends.

SQLite: one serving process a file, by a lock of the operating system on a file beside it; commands run
beside it. PostgreSQL: every serving process shares an advisory lock, so that work which needs quiet (a
move, a new key) can tell whether anybody serves.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from storage.connections.database import StorageUnavailable, file_of

_KEY = 20230526  # the advisory lock's; migrations use the number before
_ENDING = ".serving"
# A process does not exclude itself by a record lock, and would lose it by opening the file once more.
_HELD: dict[Path, int] = {}
_GUARD = threading.Lock()


class ServingLock:
    """The serving process's hold on its database, or another's on quiet."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        file = file_of(engine.url)
        self._path = Path(f"{file.resolve()}{_ENDING}") if file else None
        self._connection: Connection | None = None

    def serve(self) -> bool:
        """Take the lock to serve, or make sure it is still held; False when it cannot be had.

        Raises:
            StorageUnavailable: the database or the lock's file cannot be reached.
        """
        return self._take_file() if self._path else self._take_advisory(shared=True)

    def quiet(self) -> bool:
        """Take the lock so that nobody can serve meanwhile; False when somebody does.

        Raises:
            StorageUnavailable: as `serve` says.
        """
        return self._take_file() if self._path else self._take_advisory(shared=False)

    def alone(self) -> bool:
        """Tell whether no other process serves.

        Raises:
            StorageUnavailable: as `serve` says.
        """
        if self._path:
            if self._path in _HELD:
                return True
            taken = self._take_file()
            self.release()
            return taken
        held = self._connection is not None
        taken = self._take_advisory(shared=False)
        if taken and held and self._connection is not None:
            self._ask(self._connection, func.pg_advisory_unlock(_KEY))  # the shared one stays
        elif not held:
            self.release()
        return taken

    def release(self) -> None:
        """Let others have it."""
        if self._path is not None:
            with _GUARD:
                if (handle := _HELD.pop(self._path, None)) is not None:
                    os.close(handle)
        if self._connection is not None:
            self._connection.invalidate()  # ends the session, and its locks
            self._connection.close()
            self._connection = None

    def _take_file(self) -> bool:
        if self._path is None:
            raise LookupError("no file to lock")
        with _GUARD:
            if self._path in _HELD:
                return True
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            except OSError as error:
                raise StorageUnavailable(str(self._path)) from error
            if not _lock(handle):
                os.close(handle)
                return False
            _HELD[self._path] = handle
            return True

    def _take_advisory(self, shared: bool) -> bool:
        take = func.pg_try_advisory_lock_shared if shared else func.pg_try_advisory_lock
        try:
            if self._connection is None:
                self._connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            elif shared:
                self._connection.execute(select(1))
                return True
            return self._ask(self._connection, take(_KEY))
        except SQLAlchemyError as error:
            self.release()
            raise StorageUnavailable(type(error).__name__) from error

    @staticmethod
    def _ask(connection: Connection, question: object) -> bool:
        return bool(connection.execute(select(question)).scalar_one())  # type: ignore[call-overload]


def _lock(handle: int) -> bool:
    """Lock the file for this process; a record lock, as a forked child must not hold it on."""
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError:
            return False
        return True
    try:
        fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
