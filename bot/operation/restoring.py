"""Restoring a backup into an empty place, whichever kind of database that is."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, make_url

from bot.core.security.keys import load_keys
from bot.core.security.preconditions import ID_FILE, NotStarted, write_id
from bot.documents.attachments import FOLDER
from bot.operation import deletions
from bot.operation.archive import DATABASE, Archive, BadArchive
from bot.settings import Settings
from storage import audit
from storage.connections.database import (
    SchemaTooNew,
    connect,
    exists,
    file_of,
    newest_schema,
    shown,
    transaction,
    upgrade,
)
from storage.connections.serving_lock import ServingLock
from storage.connections.transfer import Row, drop, is_empty, load, make_schema, rows_of, tables
from storage.connections.transfer import count as count_tables
from storage.monitoring import installation
from storage.privacy import personal_data

RowsOf = Callable[[str], Iterable[Row]]


class NotRestored(Exception):
    """The backup cannot be restored here; `reason` says why."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason} {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class Restored:
    """What came back, and how many deletions were repeated."""

    rows: int
    files: int
    repeated: int
    schema: tuple[int, int]


def restore(archive: Archive, settings: Settings, lists: list[Path]) -> Restored:
    """Bring a backup back, then repeat the deletions of `lists` that came after it.

    Raises:
        BadArchive, NotRestored, NotStarted: nothing was changed.
        OSError, StorageUnavailable: it could not be written.
    """
    manifest, folder = archive.manifest, settings.data_dir
    if manifest.schema > newest_schema():
        raise SchemaTooNew(str(manifest.schema))
    _check_target(settings)
    _check_key(archive, settings)
    archive.check()
    folder.mkdir(parents=True, exist_ok=True)
    idle = connect(settings.database_url)
    lock = ServingLock(idle)
    try:
        if not lock.quiet():
            raise NotStarted("not_quiet", database=shown(idle.url))
        return _restored(archive, settings, lists)
    finally:
        lock.release()
        idle.dispose()


def _restored(archive: Archive, settings: Settings, lists: list[Path]) -> Restored:
    manifest, folder = archive.manifest, settings.data_dir
    _files(archive, folder)
    engine = _database(archive, settings)
    try:
        upgrade(engine)
        with transaction(engine, read_only=True) as connection:
            held = installation.read(connection)
        if (known := held.get(installation.FOLDER)) is not None:
            write_id(folder, known)
        repeated = _repeat(engine, lists, datetime.fromisoformat(manifest.made_at))
        with transaction(engine) as connection:
            about = {"made_at": manifest.made_at, "repeated": repeated}
            audit.record(connection, datetime.now(UTC), None, "data.restore", "installation:data", **about)
        deletions.note(engine, folder)
    finally:
        engine.dispose()
    rows = sum(table["rows"] for table in manifest.tables.values())
    return Restored(rows, len(archive.attachments), repeated, (manifest.schema, newest_schema()))


def _check_target(settings: Settings) -> None:
    url = make_url(settings.database_url)
    file = file_of(url)
    if file is not None and file.exists() and file.stat().st_size == 0:
        file.unlink()
    if exists(url):
        engine = connect(settings.database_url)
        try:
            if not is_empty(engine):
                raise NotRestored("database")
        finally:
            engine.dispose()
    kept = settings.data_dir / FOLDER
    if (kept.is_dir() and any(kept.iterdir())) or (settings.data_dir / ID_FILE).exists():
        raise NotRestored("folder", str(settings.data_dir))


def _check_key(archive: Archive, settings: Settings) -> None:
    """A key that reads nothing is no use; it is told before anything is written."""
    wanted = archive.manifest.key
    if wanted is None:
        return
    secrets = (settings.secret_key, settings.secret_key_old, settings.cipher)
    keys = load_keys(*secrets, settings.data_dir)
    if keys is None or not (keys.is_mine(wanted) or keys.has_older(wanted)):
        raise NotRestored("key")


def _files(archive: Archive, folder: Path) -> None:
    into = folder / FOLDER
    into.mkdir(mode=0o700, exist_ok=True)
    for name in archive.attachments:
        handle = os.open(into / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            archive.extract(f"{FOLDER}/{name}", file)
            file.flush()
            os.fsync(file.fileno())


def _database(archive: Archive, settings: Settings) -> Engine:
    target = file_of(make_url(settings.database_url))
    if archive.manifest.kind == "sqlite" and target is not None:
        target.parent.mkdir(parents=True, exist_ok=True)
        _whole_file(archive, target)
        return connect(settings.database_url)
    engine = connect(settings.database_url)
    try:
        with _source(archive) as (rows, names):
            make_schema(engine, archive.manifest.schema)
            try:
                with transaction(engine, alone=True) as connection:
                    fill(connection, rows)
                    if wrong := _differs(connection, archive, names):
                        raise BadArchive("table", wrong)
            except BaseException:
                drop(engine)
                raise
    except BaseException:
        engine.dispose()
        raise
    return engine


def _whole_file(archive: Archive, target: Path) -> None:
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            archive.extract(DATABASE, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _source(archive: Archive) -> Iterator[tuple[RowsOf, list[str]]]:
    """What gives the rows of a table, and the tables there are."""
    names = list(archive.manifest.tables)
    if archive.manifest.kind != "sqlite":
        yield archive.rows, names
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / DATABASE
        with path.open("wb") as file:
            archive.extract(DATABASE, file)
        engine = connect(f"sqlite:///{path}")
        try:
            with transaction(engine, read_only=True) as connection:
                known = {table.name: table for table in tables(connection)}
                yield lambda name: rows_of(connection, known[name]) if name in known else (), names
        finally:
            engine.dispose()


def fill(connection: Connection, rows: RowsOf) -> None:
    """Write every table's rows into tables that are empty."""
    for table in tables(connection):
        load(connection, table, rows(table.name))


def _differs(connection: Connection, archive: Archive, names: list[str]) -> str | None:
    """The first table that does not hold what the manifest says."""
    found = count_tables(connection)
    return next((name for name in names if found.get(name) != archive.manifest.counted(name)), None)


def _repeat(engine: Engine, lists: list[Path], since: datetime) -> int:
    wanted = dict.fromkeys(one for path in lists for one in deletions.read(path) if one.at > since)
    repeated = 0
    for one in sorted(wanted, key=lambda d: d.at):
        with transaction(engine) as connection:
            repeated += personal_data.repeat(connection, one, datetime.now(UTC))
    return repeated
