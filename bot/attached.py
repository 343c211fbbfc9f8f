"""A file that came with a message, looked at and kept before the transaction: plain values only."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from bot import media, sheets
from bot.media import BadFile
from bot.messages import IncomingFile
from bot.sheets import BadSheet, Grid
from policy.form import form
from policy.form_file import MOST_ROWS, Base, FormFile, read_form
from storage import attachments
from storage.database import StorageUnavailable, transaction
from storage.turns import Address

FOLDER = "attachments"  # in the data folder; file name: hash of the content


@dataclass(frozen=True)
class Arrived:
    """A file of somebody who speaks for an institution.

    refused: why it is not taken (large, empty, kind, macro, broken, encoding, rows, roster, lost), ""
    when it is. `form` is the official form read from it.
    """

    name: str
    hash: str = ""
    size: int = 0
    media: str = ""
    refused: str = ""
    form: FormFile | None = None


def arrive(engine: Engine, address: Address, file: IncomingFile | None) -> Arrived | None:
    """Look at a file, and keep it when it is an attachment; None for anybody who may not send one.

    Raises:
        StorageUnavailable: the database or the data folder cannot be used.
    """
    if file is None:
        return None
    with transaction(engine, read_only=True) as connection:
        if not attachments.may_attach(connection, address):
            return None
    path = Path(file.path)
    try:
        if file.size > media.LONGEST:
            return Arrived(file.name, size=file.size, refused="large")
        content = path.read_bytes()
    except OSError:
        return Arrived(file.name, size=file.size, refused="lost")
    arrived = examine(file.name, content)
    if not arrived.refused and arrived.form is None:
        try:
            keep(content, arrived.hash, path.parent.parent)
        except OSError as error:
            raise StorageUnavailable("BOT_DATA_DIR") from error
    return arrived


def examine(name: str, content: bytes) -> Arrived:
    """What a file is: the form, something to attach, or why it is not taken."""
    digest, size = hashlib.sha256(content).hexdigest(), len(content)
    try:
        if not content:
            raise BadFile("empty")
        if size > media.LONGEST:
            raise BadFile("large")
        kind = media.media_of(name, content)
        media.refuse_roster(kind, content)
        read = _form(kind, content)
        if read is None and kind == "csv":
            raise BadFile("kind")  # a table of ours or nothing
    except (BadFile, BadSheet) as error:
        return Arrived(name, digest, size, refused=error.reason)
    return Arrived(media.with_suffix(name, kind), digest, size, kind, form=read)


def _form(kind: str, content: bytes) -> FormFile | None:
    if kind not in ("xlsx", "csv") or len(content) > sheets.LONGEST:
        return None
    grids: list[Grid]
    base: Base | None = None
    if kind == "xlsx":
        grids, base = sheets.read_xlsx(content)
    else:
        grids = [sheets.read_csv(content)]
    for grid in grids:
        if read := read_form(form(), grid, base):
            if len(grid) > MOST_ROWS:
                raise BadSheet("rows")
            return read
    return None


def keep(content: bytes, digest: str, data_dir: Path) -> Path:
    """Write the bytes under their hash, synced; where they are."""
    folder = data_dir / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / digest
    if not path.exists():
        fresh = folder / f"{digest}.{os.getpid()}.{os.urandom(4).hex()}"
        with fresh.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    os.utime(path)  # wanted again: `sweep` leaves it alone for a while
    return path


def sweep(engine: Engine, data_dir: Path, before: datetime) -> int:
    """Remove files that nothing refers to and that came before that moment; how many."""
    folder = data_dir / FOLDER
    if not folder.is_dir():
        return 0
    old = [p for p in folder.iterdir() if p.stat().st_mtime < before.timestamp()]
    gone = 0
    for some in _chunks(old, 200):
        with transaction(engine, read_only=True) as connection:
            wanted = attachments.wanted(connection, [p.name for p in some], before)
        for path in some:
            if path.name not in wanted:
                path.unlink(missing_ok=True)
                gone += 1
    return gone


def _chunks(paths: list[Path], size: int) -> Iterable[list[Path]]:
    return (paths[i : i + size] for i in range(0, len(paths), size))
