"""A backup: one zip with the database as it was at a moment, the attachments, and a manifest.

`manifest.json` names every file with its hash and every table with its count and digest. An SQLite
database is in it as it is (its backup API), another as a file of JSON lines a table. No key is in it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, Engine

from bot.documents.attachments import FOLDER
from storage.connections.database import connect, file_of, schema_state, transaction
from storage.connections.transfer import Counted, Row, Tally, copy_sqlite, count, line, rows_of, tables
from storage.monitoring import installation

FORMAT = 1
MANIFEST, DATABASE, TABLES = "manifest.json", "database.sqlite3", "tables"
_HASH = re.compile(r"[0-9a-f]{64}")
_CHUNK = 1024 * 1024
LONGEST_MANIFEST = 64 * 1024 * 1024


class BadArchive(Exception):
    """It is no backup of ours, or something in it is not as the manifest says; `reason` says which."""

    def __init__(self, reason: str, name: str = "") -> None:
        super().__init__(f"{reason} {name}")
        self.reason = reason
        self.name = name


@dataclass(frozen=True)
class Manifest:
    """What a backup holds. `missing`: attachments that reports name and the folder did not have."""

    format: int
    program: str
    schema: int
    made_at: str
    kind: str
    tables: dict[str, dict[str, Any]]
    files: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    key: str | None = None
    folder: str | None = None

    def counted(self, table: str) -> Counted:
        """What a table held."""
        return Counted(**self.tables[table])


def write(engine: Engine, folder: Path | None, target: Path, program: str, now: datetime) -> Manifest:
    """Write a backup; the file is there once it is whole. Without a folder, of the database alone.

    Raises:
        FileExistsError: there is a file of that name.
        OSError: it cannot be written.
        StorageUnavailable: the database cannot be read.
    """
    if target.exists():
        raise FileExistsError(str(target))
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w+b") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
                manifest = _fill(archive, engine, folder, part, program, now)
            file.flush()
            os.fsync(file.fileno())
        part.rename(target)
    finally:
        part.unlink(missing_ok=True)
    return manifest


def _fill(
    archive: zipfile.ZipFile, engine: Engine, folder: Path | None, part: Path, program: str, now: datetime
) -> Manifest:
    files: dict[str, str] = {}
    if file_of(engine.url):
        copy = part.with_suffix(".sqlite3")
        copy.touch(mode=0o600)
        try:
            copy_sqlite(engine, copy)
            files[DATABASE] = _add(archive, DATABASE, copy)
            copied = connect(f"sqlite:///{copy}")
            try:
                number, kind = schema_state(copied) or 0, "sqlite"
                with transaction(copied, read_only=True) as connection:
                    held, counted = installation_of(connection, number), count(connection)
                    wanted = _attachments(connection, number)
            finally:
                copied.dispose()
        finally:
            for left in (copy, *(copy.with_name(copy.name + end) for end in ("-wal", "-shm"))):
                left.unlink(missing_ok=True)
    else:
        number, kind = schema_state(engine) or 0, "tables"
        with transaction(engine, read_only=True) as connection:
            held, counted = installation_of(connection, number), {}
            wanted = _attachments(connection, number)
            for table in tables(connection):
                name, tally = f"{TABLES}/{table.name}.jsonl", Tally()
                files[name] = _add_rows(archive, name, tally.through(rows_of(connection, table)))
                counted[table.name] = tally.counted
    missing = _add_attachments(archive, folder / FOLDER, files, wanted) if folder else []
    manifest = Manifest(
        FORMAT,
        program,
        number,
        now.isoformat(timespec="seconds"),
        kind,
        {name: asdict(one) for name, one in counted.items()},
        files,
        missing,
        held.get(installation.KEY),
        held.get(installation.FOLDER),
    )
    archive.writestr(MANIFEST, json.dumps(asdict(manifest), ensure_ascii=False, indent=1))
    return manifest


def installation_of(connection: Connection, number: int) -> dict[str, str]:
    """Return what the database knows of itself; nothing in a schema from before it did."""
    return installation.read(connection) if number >= installation.SINCE else {}


def _attachments(connection: Connection, number: int) -> set[str]:
    named = {table.name: table for table in tables(connection)}
    holding = [named[table] for table in ("attachment", "class_file") if table in named]
    return {str(row["hash"]) for table in holding for row in rows_of(connection, table)}


def _add_attachments(
    archive: zipfile.ZipFile, folder: Path, files: dict[str, str], wanted: set[str]
) -> list[str]:
    """Add every kept file; the names of those that should be there and are not."""
    found = set()
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if not _HASH.fullmatch(path.name):
            continue
        try:
            files[f"{FOLDER}/{path.name}"] = _add(archive, f"{FOLDER}/{path.name}", path)
        except FileNotFoundError:  # swept meanwhile: nothing refers to it
            continue
        found.add(path.name)
    return sorted(wanted - found)


def _add(archive: zipfile.ZipFile, name: str, path: Path) -> str:
    with path.open("rb") as file, archive.open(_info(name), "w", force_zip64=True) as into:
        return _copy(file, into)


def _add_rows(archive: zipfile.ZipFile, name: str, rows: Iterator[Row]) -> str:
    digest = hashlib.sha256()
    with archive.open(_info(name), "w", force_zip64=True) as into:
        for row in rows:
            said = (line(row) + "\n").encode()
            digest.update(said)
            into.write(said)
    return f"sha256:{digest.hexdigest()}"


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    return info


def _copy(file: IO[bytes], into: IO[bytes]) -> str:
    """Copy, and return the hash of what was copied."""
    digest = hashlib.sha256()
    while some := file.read(_CHUNK):
        digest.update(some)
        into.write(some)
    return f"sha256:{digest.hexdigest()}"


class Archive:
    """A backup that is read. Use it as a context."""

    def __init__(self, path: Path) -> None:
        """Open it and read its manifest.

        Raises:
            BadArchive: it is none of ours.
            OSError: it cannot be read.
        """
        try:
            self._zip = zipfile.ZipFile(path)
            if self._zip.getinfo(MANIFEST).file_size > LONGEST_MANIFEST:
                raise BadArchive("manifest")
            self.manifest = Manifest(**json.loads(self._zip.read(MANIFEST)))
        except (zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
            raise BadArchive("manifest") from error
        if self.manifest.format != FORMAT:
            raise BadArchive("format")

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    @property
    def attachments(self) -> list[str]:
        """The names of the kept files."""
        names = (name.partition("/") for name in self.manifest.files)
        return [name for folder, _, name in names if folder == FOLDER and _HASH.fullmatch(name)]

    def check(self) -> None:
        """Read all of it once.

        Raises:
            BadArchive: a file is missing or not the one that was put in.
        """
        for name in self.manifest.files:
            with open(os.devnull, "wb") as nowhere:
                self.extract(name, nowhere)

    def extract(self, name: str, into: IO[bytes]) -> None:
        """Write one file of it out.

        Raises:
            BadArchive: as `check` says.
        """
        try:
            with self._zip.open(name) as file:
                found = _copy(file, into)
        except (KeyError, zipfile.BadZipFile, EOFError) as error:
            raise BadArchive("file", name) from error
        if found != self.manifest.files.get(name):
            raise BadArchive("file", name)

    def rows(self, table: str) -> Iterator[Row]:
        """Yield the rows of a table."""
        name = f"{TABLES}/{table}.jsonl"
        if name not in self.manifest.files:
            return
        with self._zip.open(name) as file:
            for said in file:
                yield json.loads(said)
