"""The fields of the DOCX files a clerk edits: each is there, once at least, and nowhere but in its place.

Looked at when the bot starts, so that a field lost in Word is told by name and not found on a stamped form.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from defusedxml.ElementTree import fromstring

from bot.documents.docx import FOLDER
from policy.form.form import Form

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_TAG = re.compile(r"\{\{\s*(?:(?:p|tr|tc|r)\s+)?([\w.]+)[^{}]*\}\}|\{%(?:p|tr|tc|r)?\s*(\w+)([^{}%]*)%\}")
_LOOP = re.compile(r"\s*(\w+)\s+in\s+([\w.]+)\s*")
_PARTS = re.compile(r"word/(document|footer[0-9]*|header[0-9]*)\.xml")


class Place(NamedTuple):
    """Where a field stands: in the loop over what ("" for none), and in which column counted from 0.

    `column` None: anywhere, in a table or not.
    """

    loop: str = ""
    column: int | None = None


_ANYWHERE = Place()
_SEPARATE = {"page.name": "pages", "line": "page.lines", "file": "page.files"}
_FORM = ("institution", "when.year", "when.month", "when.day", "filled_by", "telephone", "quarter", "mark")
_FORM_LOOPS = {
    "note.title": "notes",
    "note.words": "notes",
    "said.occupation": "explained",
    "said.fact": "explained",
    "said.words": "explained",
    **_SEPARATE,
}
_ANNEXES = {
    "title": "",
    "counted": "",
    "mark": "",
    "one.name": "institutions",
    "one.district": "institutions",
    "one.number": "institutions",
    "without": "",
    "page.name": "one.pages",
    "line": "page.lines",
    "file": "page.files",
}


@dataclass(frozen=True)
class BadPaper(Exception):
    """A DOCX file lacks a field, has one in another place, or one that nothing fills.

    `kind`: missing, moved, unknown, broken (the file, or a loop left open); `title` is a measure's.
    """

    file: str
    kind: str
    name: str = ""
    title: str = ""


def check(form: Form, folder: Path | None = None) -> None:
    """Look at both files, the packaged ones unless another folder is named.

    Raises:
        BadPaper: as its words say; the first that is wrong.
    """
    folder = folder or FOLDER
    rows = {"row.name": Place("rows", 0)}
    rows |= {f"row.{m.id}": Place("rows", at) for at, m in enumerate(form.measures, 1)}
    loops = {name: Place(loop) for name, loop in _FORM_LOOPS.items()}
    titles = {f"row.{m.id}": m.title for m in form.measures}
    _check(folder / "form.docx", {**rows, **dict.fromkeys(_FORM, _ANYWHERE), **loops}, titles)
    _check(folder / "annexes.docx", {name: Place(loop) for name, loop in _ANNEXES.items()}, {})


def _check(path: Path, wanted: Mapping[str, Place], titles: Mapping[str, str]) -> None:
    found: dict[str, set[Place]] = {}
    try:
        for name, place in _fields(path):
            found.setdefault(name, set()).add(place)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile, ElementTree.ParseError):
        raise BadPaper(path.name, "broken") from None
    for name, place in wanted.items():
        if name not in found:
            raise BadPaper(path.name, "missing", name, titles.get(name, ""))
        if any(at.loop != place.loop or place.column not in (None, at.column) for at in found[name]):
            raise BadPaper(path.name, "moved", name, titles.get(name, ""))
    for name in found:
        if name not in wanted and name not in ("loop.index", "institutions"):
            raise BadPaper(path.name, "unknown", name)


def _fields(path: Path) -> Iterator[tuple[str, Place]]:
    """(name, where it stands) of every field of a file.

    Raises:
        ValueError: a loop or a condition is not closed where it was opened.
    """
    with zipfile.ZipFile(path) as archive:
        for part in filter(_PARTS.fullmatch, archive.namelist()):
            open_: list[str] = []  # what is looped over; "" for a condition
            for text, column in _paragraphs(fromstring(archive.read(part))):
                for field, word, rest in _TAG.findall(text):
                    if field:
                        yield field, Place(next((loop for loop in reversed(open_) if loop), ""), column)
                    elif word == "for":
                        loop = _LOOP.fullmatch(rest)
                        if loop is None:
                            raise ValueError(rest)
                        open_.append(loop[2])
                    elif word == "if":
                        open_.append("")
                    elif word in ("endfor", "endif") and (
                        not open_ or bool(open_.pop()) != (word == "endfor")
                    ):
                        raise ValueError(word)
            if open_:
                raise ValueError(open_[-1])


def _paragraphs(part: ElementTree.Element) -> Iterator[tuple[str, int | None]]:
    """(text, column of its table counted from 0; None outside of tables), in the file's order."""
    columns: dict[ElementTree.Element, int] = {}
    for row in part.iter(f"{_W}tr"):
        at = 0
        for cell in row.iter(f"{_W}tc"):
            columns |= dict.fromkeys(cell.iter(f"{_W}p"), at)
            span = cell.find(f"{_W}tcPr/{_W}gridSpan")
            at += 1 if span is None else int(span.get(f"{_W}val", "1"))
    for paragraph in part.iter(f"{_W}p"):
        yield "".join(t.text or "" for t in paragraph.iter(f"{_W}t")), columns.get(paragraph)
