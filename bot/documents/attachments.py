"""A file that came with a message, looked at and kept before the transaction: plain values only."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from bot.core.messages import Arrived, IncomingFile
from bot.documents import media_type, sheet_reader
from bot.documents.media_type import BadFile
from bot.documents.sheet_reader import BadSheet, Grid
from policy.form.form import Form
from policy.form.sheet import MOST_ROWS, Base, FormFile, is_ours, read_form
from storage.address import Address
from storage.database import StorageUnavailable, transaction
from storage.reports import attachments

FOLDER = "attachments"  # in the data folder; file name: hash of the content
_OLD_NAMES = (".doc", ".xls", ".wps", ".et", ".dps")
_GOING = ".going"  # ends the name of one that is being removed


def arrive(engine: Engine, form: Form, address: Address, file: IncomingFile | None) -> Arrived | None:
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
        if file.size > media_type.LONGEST:
            return Arrived(file.name, size=file.size, refused="large")
        content = path.read_bytes()
    except OSError:
        return Arrived(file.name, size=file.size, refused="lost")
    arrived = examine(form, file.name, content)
    if not arrived.refused and not arrived.forms:
        try:
            keep(content, arrived.hash, path.parent.parent)
        except OSError as error:
            raise StorageUnavailable("BOT_DATA_DIR") from error
    return arrived


def examine(form: Form, name: str, content: bytes) -> Arrived:
    """What a file is: the form, something to attach, or why it is not taken."""
    digest, size = hashlib.sha256(content).hexdigest(), len(content)
    try:
        if not content:
            raise BadFile("empty")
        if size > media_type.LONGEST:
            raise BadFile("large")
        kind = _kind(name, content)
        if kind == "csv" and size > sheet_reader.LONGEST:
            raise BadFile("large")  # no table of ours
        media_type.refuse_roster(kind, content)
        forms = _forms(form, kind, content, name)
        if not forms and kind == "csv":
            raise BadFile("kind")  # a table of ours or nothing
    except (BadFile, BadSheet) as error:
        return Arrived(name, digest, size, refused=error.reason)
    return Arrived(media_type.with_suffix(name, kind), digest, size, kind, forms=forms)


def _kind(name: str, content: bytes) -> str:
    """The media; formats that neither we nor every office can open are told from unknown ones."""
    try:
        kind = media_type.media_of(name, content)
    except BadFile as error:
        if error.reason == "kind" and name.lower().endswith(_OLD_NAMES):
            raise BadFile("old") from error
        raise
    if kind in ("doc", "xls"):
        raise BadFile("old")
    return kind


def _forms(form: Form, kind: str, content: bytes, file: str) -> tuple[FormFile, ...]:
    """The forms in a file, one a sheet; of several those that hold anything."""
    if kind not in ("xlsx", "csv") or len(content) > sheet_reader.LONGEST:
        return ()
    sheets: list[tuple[str, Grid]]
    base: Base | None = None
    if kind == "xlsx":
        sheets, base = sheet_reader.read_sheets(content)
    else:
        sheets = [("", sheet_reader.read_csv(content))]
    found = []
    handed_out = base.quarter if base and base.quarter in dict(sheets) else sheets[0][0] if sheets else ""
    for name, grid in sheets:
        if read := read_form(form, grid, base if name == handed_out else None, name, file):
            if len(grid) > MOST_ROWS:
                raise BadSheet("rows")
            found.append(read)
    if not found and (base is not None or any(is_ours(form, grid) for _, grid in sheets)):
        raise BadSheet("heads")  # it was meant to be the form: never an attachment by mistake
    return tuple(one for one in found if not one.is_empty) or tuple(found[:1])


def keep(content: bytes, digest: str, data_dir: Path) -> Path:
    """Write the bytes under their hash, synced; where they are."""
    folder = data_dir / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / digest
    try:
        os.utime(path)  # wanted again: `sweep` leaves it alone for a while
    except FileNotFoundError:
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
    return path


def sweep(engine: Engine, data_dir: Path, before: datetime) -> int:
    """Remove files that nothing refers to and that came before that moment; how many.

    A button that says what such a file is works no more: what it would attach is forgotten first.
    """
    folder = data_dir / FOLDER
    if not folder.is_dir():
        return 0
    for left in folder.glob(f"*{_GOING}"):  # a crash came in between: look at it again
        _put_back(left)
    with transaction(engine) as connection:
        attachments.forget_received(connection, before)
    gone = 0
    for some in _chunks([p for p in folder.iterdir() if _is_old(p, before)], 200):
        with transaction(engine, read_only=True) as connection:
            wanted = attachments.wanted(connection, [p.name for p in some], before)
        gone += sum(_remove(path, before) for path in some if path.name not in wanted)
    return gone


def _is_old(path: Path, before: datetime) -> bool:
    try:
        return path.stat().st_mtime < before.timestamp()
    except FileNotFoundError:
        return False


def _remove(path: Path, before: datetime) -> bool:
    """Remove the file unless it comes again at this very moment: then `keep` has touched it."""
    going = path.with_name(path.name + _GOING)
    try:
        path.rename(going)
    except FileNotFoundError:
        return False
    if _is_old(going, before):
        going.unlink(missing_ok=True)
        return True
    _put_back(going)
    return False


def _put_back(going: Path) -> None:
    path = going.with_name(going.name.removesuffix(_GOING))
    if path.exists():
        going.unlink(missing_ok=True)
    else:
        going.rename(path)


def _chunks(paths: list[Path], size: int) -> Iterable[list[Path]]:
    return (paths[i : i + size] for i in range(0, len(paths), size))
