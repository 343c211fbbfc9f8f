"""A file that came with a message, looked at and kept before the transaction: plain values only."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from bot.core.messages import Arrived, IncomingFile
from bot.documents import media_type
from bot.documents.examination import examine
from bot.documents.reader_process import Readers, TooCostly
from policy.form.form import Form
from storage.connections.database import StorageUnavailable, transaction
from storage.reports import attachments

FOLDER = "attachments"  # in the data folder; file name: hash of the content
_GOING = ".going"  # ends the name of one that is being removed


def arrive(readers: Readers, form: Form, file: IncomingFile) -> Arrived:
    """Look at a file of somebody who may send one, and keep it when it is an attachment.

    Raises:
        StorageUnavailable: the data folder cannot be used, or no process started.
    """
    path = Path(file.path)
    try:
        if file.size > media_type.LONGEST:
            return Arrived(file.name, size=file.size, refused="large")
        content = path.read_bytes()
    except OSError:
        return Arrived(file.name, size=file.size, refused="lost")
    try:
        arrived = look(readers, form, file.name, content)
    except OSError as error:
        raise StorageUnavailable("readers") from error
    if not arrived.refused and not arrived.forms:
        try:
            keep(content, arrived.hash, path.parent.parent)
        except OSError as error:
            raise StorageUnavailable("BOT_DATA_DIR") from error
    return arrived


def look(readers: Readers, form: Form, name: str, content: bytes) -> Arrived:
    """What a file is, told by a process that may be killed over it.

    Raises:
        OSError: no process could be started.
    """
    try:
        return readers.read(examine, form, name, content)
    except TooCostly:
        return Arrived(name, size=len(content), refused="costly")


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
