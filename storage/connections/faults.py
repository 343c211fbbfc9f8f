"""Why storage could not be used, in a word that a log and a health check can show."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator

FULL, READ_ONLY, LOCKED, UNREACHABLE, DAMAGED = "disk full", "read-only", "locked", "unreachable", "damaged"

# Extended codes carry more in their upper bits. https://www.sqlite.org/rescode.html
_SQLITE = {
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_READONLY: READ_ONLY,
    sqlite3.SQLITE_BUSY: LOCKED,
    sqlite3.SQLITE_LOCKED: LOCKED,
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_NOTADB: DAMAGED,
}
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_POSTGRESQL = {"53100": FULL, "25006": READ_ONLY, "55P03": LOCKED, "40P01": LOCKED}
_SYSTEM = {
    errno.ENOSPC: FULL,
    errno.EDQUOT: FULL,
    errno.EROFS: READ_ONLY,
    errno.EACCES: READ_ONLY,
    errno.EPERM: READ_ONLY,
}


def reason_of(error: BaseException) -> str:
    """Return the reason behind a fault: the first in the chain of its causes that says one."""
    for one in _causes(error):
        code = getattr(one, "sqlite_errorcode", None)
        found = _SQLITE.get(code & 0xFF) if isinstance(code, int) else None
        state = str(getattr(one, "sqlstate", None))
        found = found or _POSTGRESQL.get(state)
        if state == "0A000" and "recovery" in str(one):  # a standby: it only reads
            found = READ_ONLY
        if found is None and isinstance(one, OSError):
            found = _SYSTEM.get(one.errno or 0)
        if found is not None:
            return found
        if type(one).__name__ == "Waited":  # behind others of this process
            return LOCKED
    return UNREACHABLE


def _causes(error: BaseException) -> Iterator[BaseException]:
    one: BaseException | None = error
    for _ in range(8):
        if one is None:
            return
        yield one
        driver = getattr(one, "orig", None)  # what SQLAlchemy wraps
        if isinstance(driver, BaseException):
            yield driver
        one = one.__cause__
