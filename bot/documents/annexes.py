"""What institutions sent beside their figures, a quarter at a time: one document, or a zip with the files."""

from __future__ import annotations

import shutil
import unicodedata
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any, BinaryIO

from sqlalchemy import Connection

from bot.core.render import words
from bot.documents import attachments as incoming_files
from bot.documents import docx
from bot.documents.form_files import separate_pages
from bot.documents.store import safe_name
from policy.calendar.quarters import Quarter
from policy.form.form import Form
from storage.reports import attachments
from storage.reports.attachments import Annexed, Attached
from storage.totals import coverage

LONGEST_NAME = 60  # characters of a folder's or a file's name, before its ending
_PIECE = 1024 * 1024  # bytes copied at a time


def merged_pages(connection: Connection, form: Form, quarter: str, accepted_only: bool) -> bytes:
    """Every institution's separate pages of a quarter as one DOCX, with a list of their files.

    Of each the revision that counts, or its latest accepted one. Equal contents give equal bytes.
    """
    found = attachments.of_quarter(connection, quarter, accepted_only)
    return _merged(connection, form, quarter, accepted_only, found)


def _merged(
    connection: Connection, form: Form, quarter: str, accepted_only: bool, found: list[Annexed]
) -> bytes:
    title = words("export/messages.annexes_title", {"quarter": Quarter.parse(quarter)})
    turnout = coverage.turnout(connection, quarter, accepted_only)
    return docx.document(
        "annexes",
        title,
        {
            "title": title,
            "counted": words("export/counted.j2", {"turnout": turnout, "accepted_only": accepted_only}),
            "institutions": [_of(one) for one in found if one.pages.separate],
            "without": "、".join(one.institution for one in found if not one.pages.separate),
            "mark": quarter,
        },
    )


def _of(one: Annexed) -> dict[str, Any]:
    return {
        "name": one.institution,
        "district": one.district or "",
        "number": one.number,
        "pending": one.state == "submitted",
        "pages": separate_pages(one.pages),
    }


def annex_zip(
    connection: Connection,
    form: Form,
    quarter: str,
    data_dir: Path,
    target: BinaryIO,
    accepted_only: bool = False,
) -> list[str]:
    """Write a zip of the merged document and every file, in a folder for each institution, into `target`.

    The paths (inside the zip) of files that are not there any more, which a note in the zip names
    too. Files are copied piece by piece, so memory stays small; equal contents give equal bytes.
    """
    found = attachments.of_quarter(connection, quarter, accepted_only)
    title = words("export/messages.annexes_title", {"quarter": Quarter.parse(quarter)})
    missing: list[str] = []
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(
            docx.entry(f"{safe_name(title)}.docx", stored=True),
            _merged(connection, form, quarter, accepted_only, found),
        )
        for path, file in paths(found):
            try:
                with (data_dir / incoming_files.FOLDER / file.hash).open("rb") as source:
                    _copy(archive, path, file, source)
            except FileNotFoundError:
                missing.append(path)
        if missing:
            note = words("export/annexes_missing.j2", {"missing": missing})
            name = words("export/messages.annexes_missing_name")
            archive.writestr(docx.entry(f"{name}.txt"), note.replace("\n", "\r\n").encode("utf-8-sig"))
    return missing


def _copy(archive: zipfile.ZipFile, path: str, file: Attached, source: IO[bytes]) -> None:
    info = docx.entry(path, stored=True)  # scans and photographs are packed already
    info.file_size = file.size
    with archive.open(info, "w") as copy:
        shutil.copyfileobj(source, copy, _PIECE)


def paths(found: Iterable[Annexed]) -> list[tuple[str, Attached]]:
    """Where each file stands in the zip: `institution/kind-name`, safe on any system and never twice."""
    placed: list[tuple[str, Attached]] = []
    folders: set[str] = set()
    for one in found:
        if not one.pages.files:
            continue
        folder = unique(folders, one.institution)
        names: set[str] = set()
        for file in one.pages.files:
            kind = words("report/kind.j2", {"kind": file.kind})
            placed.append((f"{folder}/{unique(names, f'{kind}-{file.name}', f'.{file.media}')}", file))
    return placed


def plain_name(wanted: str) -> str:
    """A name that is safe as one part of a path on any system."""
    return safe_name(docx.legal(unicodedata.normalize("NFC", wanted)).replace("/", "_"))


def unique(taken: set[str], wanted: str, ending: str = "") -> str:
    """A safe name that no other of these has, whatever the case; it is noted as taken."""
    plain = plain_name(wanted)
    stem = plain.rpartition(".")[0] if ending and "." in plain else plain
    ending = plain[len(stem) :] or ending
    stem = stem[:LONGEST_NAME].strip(". ")
    name, number = f"{stem}{ending}", 2
    while name.casefold() in taken:
        name, number = f"{stem}({number}){ending}", number + 1
    taken.add(name.casefold())
    return name
