"""Why storage could not be used, told from what the databases and the system say."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from storage.connections.database import StorageUnavailable, connect, transaction
from storage.connections.faults import DAMAGED, FULL, LOCKED, READ_ONLY, UNREACHABLE, reason_of
from storage.connections.group_commit import CommitFailed, Waited


def caused(cause: BaseException) -> StorageUnavailable:
    """As it arrives: wrapped by SQLAlchemy, by the shared commit, by the transaction."""
    wrapped = OperationalError("INSERT", {}, cause)
    failed = CommitFailed("lost")
    failed.__cause__ = wrapped
    unavailable = StorageUnavailable("lost")
    unavailable.__cause__ = failed
    return unavailable


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        (psycopg.errors.DiskFull(), FULL),
        (psycopg.errors.ReadOnlySqlTransaction(), READ_ONLY),
        (psycopg.errors.FeatureNotSupported("cannot set transaction mode during recovery"), READ_ONLY),
        (psycopg.errors.FeatureNotSupported("a view of two tables"), UNREACHABLE),
        (psycopg.errors.LockNotAvailable(), LOCKED),
        (psycopg.OperationalError("connection refused"), UNREACHABLE),
        (OSError(errno.ENOSPC, "x"), FULL),
        (OSError(errno.EROFS, "x"), READ_ONLY),
        (PermissionError(errno.EACCES, "x"), READ_ONLY),
        (FileNotFoundError(errno.ENOENT, "x"), UNREACHABLE),
        (Waited(), LOCKED),
    ],
)
def test_the_reason_is_found_in_the_chain(cause: BaseException, reason: str) -> None:
    assert caused(cause).reason == reason


def refusal(path: Path, *statements: str) -> BaseException:
    """What SQLite itself raises at the last of these."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=0)
    try:
        for statement in statements:
            connection.execute(statement)
    except sqlite3.Error as error:
        return error
    finally:
        connection.close()
    raise AssertionError("it was not refused")


def test_what_sqlite_says(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite3"
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE t (x)"))
    full = "INSERT INTO t VALUES (zeroblob(1000000))"
    assert reason_of(refusal(path, "PRAGMA max_page_count=3", full)) == FULL
    assert reason_of(refusal(path, "PRAGMA query_only=1", full)) == READ_ONLY
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO t VALUES (1)"))
        assert reason_of(refusal(path, "BEGIN IMMEDIATE")) == LOCKED
    engine.dispose()
    (tmp_path / "no.sqlite3").write_bytes(b"no database" * 100)
    assert reason_of(refusal(tmp_path / "no.sqlite3", "SELECT * FROM t")) == DAMAGED


def test_who_shares_a_lost_commit_is_told_the_same_reason(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path}/x.sqlite3")
    with transaction(engine) as connection:
        connection.execute(text("CREATE TABLE t (x)"))

    def overflow() -> None:
        with transaction(engine) as connection:
            connection.exec_driver_sql("PRAGMA max_page_count=4")
            connection.execute(text("INSERT INTO t VALUES (zeroblob(1000000))"))

    with pytest.raises(StorageUnavailable) as found:
        overflow()
    assert found.value.reason == FULL
    engine.dispose()
