"""Taking a quarter's figures away. A post records who takes what, then the file is read and sent.

Making the file may take long, so it does not happen in the writing transaction of the post: that
one only leaves an audit row, whose number lets the same officer fetch the file.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from bot.core.render import words
from bot.documents import annexes, export
from bot.documents.store import safe_name
from bot.office.visit import Answer, Download, Goto, NotFound, Visit
from policy.calendar.quarters import Quarter
from storage.totals import exports

# kind → the file's ending: the aggregated form, the rows behind it, every form (where there are many);
# the separate pages of all institutions in one document, the same with every file beside it
KINDS = {"xlsx": "xlsx", "csv": "csv", "zip": "zip", "pages": "docx", "annexes": "zip"}
HASHED = ("xlsx", "csv", "zip")  # their names bear the hash over the figures
FOLDER = "downloads"  # in the data folder; every file goes as soon as it was sent
LEFT_OVER = 3600  # seconds after which one that was not fetched to its end is removed


def order(visit: Visit) -> Answer:
    """Record that the officer takes the figures away, and lead to the file."""
    kind = visit.form.get("kind", "")
    if kind not in KINDS:
        raise NotFound
    try:
        quarter = Quarter.parse(visit.form.get("quarter", ""))
    except ValueError:
        raise NotFound from None
    basis = visit.form.get("basis", "")
    number = exports.allow(
        visit.connection,
        visit.officer.person_id,
        visit.now,
        str(quarter),
        kind=kind,
        basis=basis if basis in export.BASES else visit.app.settings.report_basis,
        accepted_only=visit.form.get("accepted") == "1",
    )
    return Goto(f"/office/summary/file/{number}")


def fetch(visit: Visit) -> Answer:
    """The file that was ordered."""
    found = exports.allowed(visit.connection, visit.number("number"), visit.officer.person_id, visit.now)
    if found is None:
        raise NotFound
    quarter, what = found
    kind, accepted = what.get("kind"), bool(what.get("accepted_only"))
    if kind not in KINDS:
        raise NotFound
    name = words(
        "export/messages.file_name",
        {
            "quarter": Quarter.parse(quarter),
            "basis": what["basis"],
            "accepted_only": accepted,
            "kind": kind,
            "hash": export.fingerprint(visit.connection, quarter, accepted) if kind in HASHED else "",
        },
    )
    content = _content(visit, kind, quarter, accepted, what["basis"])
    return Download(safe_name(f"{name}.{KINDS[kind]}"), content)


def _content(visit: Visit, kind: str, quarter: str, accepted: bool, basis: str) -> bytes | Path:
    """The bytes, or for what may be large the file they were written to."""
    form = visit.corpus.form_of(quarter)
    connection, keys, folder = visit.connection, visit.app.keys, visit.app.settings.data_dir
    if kind == "xlsx":
        return export.aggregate(connection, form, quarter, accepted, basis, keys, visit.times)
    if kind == "pages":
        return annexes.merged_pages(connection, form, quarter, accepted)
    writers: dict[str, Callable[[BinaryIO], object]] = {
        "csv": lambda file: export.write_origins(connection, form, quarter, accepted, file, basis),
        "zip": lambda file: export.write_forms(connection, form, quarter, accepted, keys, file),
        "annexes": lambda file: annexes.annex_zip(connection, form, quarter, folder, file, accepted),
    }
    return _written(folder / FOLDER, writers[kind])


def _written(folder: Path, write: Callable[[BinaryIO], object]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    _tidy(folder)
    handle, name = tempfile.mkstemp(dir=folder)  # for this process's user only
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)


def _tidy(folder: Path) -> None:
    """Remove what a broken connection left behind."""
    for path in folder.iterdir():
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > LEFT_OVER:
                path.unlink()
