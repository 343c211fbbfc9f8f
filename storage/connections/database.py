"""Opening the database: SQLite by default, PostgreSQL by URL, the same code for both."""

from __future__ import annotations

import json
import sqlite3
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, select
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from storage.connections.faults import READ_ONLY as CANNOT_WRITE
from storage.connections.faults import reason_of
from storage.connections.group_commit import CommitFailed, GroupCommit, Waited
from storage.connections.group_commit import savepoint as _savepoint
from storage.schema.core import SCHEMA_NUMBER, schema_mark

READ_ONLY = "read only"  # key in a pooled connection's info
BUSY_SECONDS = 5  # how long a writer waits for another one before the turn is refused
COMMAND_SECONDS = 10  # how long a command waits for the serving process
UPGRADE_SECONDS = 120  # how long a process that starts waits for another one's upgrade
CONNECTIONS = 32  # of one process, at most


class StorageUnavailable(Exception):
    """The database cannot be reached or is locked; nothing was written. Trying again may help."""

    @property
    def reason(self) -> str:
        """Return why, in a word for the log: disk full, read-only, locked, unreachable."""
        return reason_of(self)


class SchemaTooOld(Exception):
    """The database wants `upgrade` first."""


class SchemaTooNew(Exception):
    """The database was upgraded by newer code in a way this code must not touch."""


class NoDatabase(Exception):
    """There is no database, or it is empty, and this is no place to make one."""


def connect(url: str | URL, wait: float = BUSY_SECONDS) -> Engine:
    """An engine for the URL; `wait`: how many seconds on SQLite for another writer. Opens nothing yet.

    SQLite: WAL, synchronous=FULL, BEGIN IMMEDIATE (the driver's default transactions lose
    updates between two writers). PostgreSQL: READ COMMITTED through psycopg.

    Raises:
        sqlalchemy.exc.ArgumentError: the URL is malformed.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql" and parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(
            parsed,
            connect_args={"timeout": wait, "check_same_thread": False},
            json_serializer=_json,
            hide_parameters=True,
            **({"max_overflow": CONNECTIONS - 5} if file_of(parsed) else {}),
        )
        event.listen(engine, "connect", _prepare_sqlite)
        engine.dialect.do_begin = _begin  # type: ignore[method-assign, assignment]
        if file_of(parsed):
            _WRITERS[engine] = GroupCommit(partial(_connected, weakref.ref(engine)))
        return engine
    return create_engine(
        parsed,
        isolation_level="READ COMMITTED",
        pool_pre_ping=True,
        max_overflow=CONNECTIONS - 5,
        json_serializer=_json,
        hide_parameters=True,  # what people typed must not reach a log
        connect_args={"connect_timeout": BUSY_SECONDS},
    )


_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    _use_wal(cursor)
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _use_wal(cursor: sqlite3.Cursor) -> None:
    """Switch to WAL. SQLite does not wait by itself when another process is just doing the same."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.02)


def _begin(connection: Any) -> None:
    """Begin on SQLite: writers wait for each other at once, readers (in WAL) never wait.

    In place of the dialect's own, not as an engine event: events cost every statement something.
    """
    connection.execute("BEGIN" if connection.info.get(READ_ONLY) else "BEGIN IMMEDIATE")


def _connected(engine: weakref.ref[Engine]) -> Connection:
    """A connection that is going to write."""
    found = engine()
    if found is None:
        raise LookupError("it is gone")
    connection = found.connect()
    connection.connection.info[READ_ONLY] = False
    return connection


# The way to each SQLite file's one writer.
_WRITERS: WeakKeyDictionary[Engine, GroupCommit] = WeakKeyDictionary()


@contextmanager
def transaction(engine: Engine, read_only: bool = False, alone: bool = False) -> Iterator[Connection]:
    """One transaction: committed when the block ends, rolled back when it raises.

    On SQLite those who wait at the same time share a commit, each in a savepoint; `alone` is for work
    that takes long, so that nobody waits for it with something finished. What acts outside belongs
    after the block. A read-only one sees one moment whatever others commit meanwhile, on PostgreSQL as
    on SQLite, and waits for nobody.

    Raises:
        StorageUnavailable: the database is locked, gone or cannot be opened; nothing was written.
    """
    writer = None if read_only else _WRITERS.get(engine)
    with _unavailable():
        if writer is not None:
            with writer.transaction(alone) as connection:
                yield connection
            return
        with engine.connect() as connection:
            connection.connection.info[READ_ONLY] = read_only
            if read_only and engine.dialect.name == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                yield connection


@contextmanager
def savepoint(connection: Connection) -> Iterator[Connection]:
    """A part of a transaction on SQLite that is undone alone when it raises.

    Raises:
        StorageUnavailable: as for `transaction`.
    """
    with _unavailable(), _savepoint(connection):
        yield connection


@contextmanager
def _unavailable() -> Iterator[None]:
    """Tell apart what is no fault of ours."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise StorageUnavailable(str(error.orig)) from error
    except sqlite3.OperationalError as error:  # from what is said to the driver itself
        raise StorageUnavailable(str(error)) from error
    except (CommitFailed, Waited, PoolTimeout) as error:
        raise StorageUnavailable(str(error)) from error
    except DBAPIError as error:
        if error.connection_invalidated or reason_of(error) == CANNOT_WRITE:
            raise StorageUnavailable(str(error.orig)) from error
        raise


def file_of(url: URL) -> Path | None:
    """Return the file of an SQLite database; None of one in memory, and of others."""
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        return None
    return Path(str(url.database))


def exists(url: URL) -> bool:
    """Whether there may be a database to read: connecting would make an SQLite file that is missing."""
    file = file_of(url)
    return file.is_file() if file else url.get_backend_name() != "sqlite"


def schema_state(engine: Engine) -> int | None:
    """The number of the newest migration applied, or None on an empty database.

    Raises:
        SchemaTooNew: newer than this code and marked incompatible.
        StorageUnavailable: it cannot be opened, or is not a database.
    """
    try:
        with transaction(engine, read_only=True) as connection:
            if not inspect(connection).has_table("schema_mark"):
                return None
            marks = connection.execute(select(schema_mark)).all()
    except StorageUnavailable:
        raise
    except SQLAlchemyError as error:
        raise StorageUnavailable(str(error)) from error
    if any(m.number > SCHEMA_NUMBER and m.incompatible for m in marks):
        raise SchemaTooNew(str(max(m.number for m in marks)))
    return max((m.number for m in marks), default=0)


def newest_schema() -> int:
    """Return the number of the newest migration this code knows."""
    return SCHEMA_NUMBER


def _alembic_config(engine: Engine) -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(resources.files("storage") / "migrations"))
    config.attributes["engine"] = engine
    return config


def upgrade(engine: Engine, to: str = "head") -> None:
    """Bring the database to the current schema, or a given one (Alembic): all of it or nothing.

    Of several processes one does it, the others wait and find it done.

    Raises:
        StorageUnavailable: it cannot be opened or written.
    """
    from alembic import command

    patient = connect(engine.url, wait=UPGRADE_SECONDS) if file_of(engine.url) else engine
    try:
        command.upgrade(_alembic_config(patient), to)
    except OperationalError as error:
        raise StorageUnavailable(str(error.orig)) from error
    except sqlite3.OperationalError as error:  # from BEGIN, which is said to the driver itself
        raise StorageUnavailable(str(error)) from error
    finally:
        if patient is not engine:
            patient.dispose()


def open_database(url: str, wait: float = BUSY_SECONDS) -> Engine:
    """Connect, give an empty database its schema, and make sure the schema fits this code.

    Raises:
        SchemaTooOld: `upgrade` has to run first.
        SchemaTooNew: newer and marked incompatible.
        StorageUnavailable: it cannot be opened.
    """
    if file := file_of(make_url(url)):
        file.parent.mkdir(parents=True, exist_ok=True)
    engine = connect(url, wait)
    prepare(engine, makes=True)
    return engine


def open_existing(url: str, wait: float = BUSY_SECONDS) -> Engine:
    """Connect to a database that has its schema; makes none, and no file.

    Raises:
        NoDatabase: there is none.
        SchemaTooOld, SchemaTooNew, StorageUnavailable: as `open_database` says.
    """
    if not exists(make_url(url)):
        raise NoDatabase(shown(url))
    engine = connect(url, wait)
    prepare(engine, makes=False)
    return engine


def prepare(engine: Engine, makes: bool) -> bool:
    """Make sure the schema fits this code; True when an empty database was given one.

    Raises:
        NoDatabase: it is empty and stays so.
        SchemaTooOld, SchemaTooNew, StorageUnavailable: as `open_database` says.
    """
    number = schema_state(engine)
    if number is None:
        if not makes:
            raise NoDatabase(shown(engine.url))
        upgrade(engine)
        return True
    if number < SCHEMA_NUMBER:
        raise SchemaTooOld(str(number))
    return False


def shown(url: str | URL) -> str:
    """Return where a database is, as a person may read it: the file, or the URL without its password."""
    parsed = make_url(url)
    file = file_of(parsed)
    return str(file.absolute()) if file else parsed.render_as_string(hide_password=True)
