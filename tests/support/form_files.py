"""Files going to and fro in tests: sent by a person, handed over to one, looked into."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

import openpyxl

from bot.app import App
from bot.core.messages import Outgoing
from bot.documents.store import store_incoming
from tests.conftest import contact_code
from tests.support.talk import Person

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 64
JPG = b"\xff\xd8\xff" + b"1" * 64
PDF = b"%PDF-1.7 a scan"
FIGURES = "大数据 3 2 120 80 60 90000"


def send(person: Person, app: App, name: str, content: bytes, caption: str = "") -> list[Outgoing]:
    """The person sends a file, as every channel hands it to the assistant."""
    return person.sends(store_incoming(name, content, app.settings.data_dir), caption)


def taken(person: Person, app: App, ending: str = "") -> bytes:
    """The one file last handed over whose name ends so."""
    (ref,) = [f for f in person.files if f.name.endswith(ending)]
    return app.files.content(ref)


def bound(app: App, name: str = "wang", school: str = "威海数字培训学校", **kw: Any) -> Person:
    """A contact of that institution, the name given and the telephone skipped."""
    person = Person(app.assistant, name, **kw)
    person.says(f"绑定 {contact_code(app, school)}", "王芳", "跳过")
    return person


def reported(app: App, name: str = "wang", school: str = "威海数字培训学校", **kw: Any) -> Person:
    """The same, with the quarter's figures submitted."""
    person = bound(app, name, school, **kw)
    person.says("填报 2026Q4", FIGURES, "提交", "提交")
    assert "系统已收到" in person.text
    return person


def edit(content: bytes, **cells: Any) -> bytes:
    """An XLSX as it is after somebody wrote into its cells (`B5=3`) and saved it."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    for address, value in cells.items():
        book.worksheets[0][address] = value
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


def find(content: bytes, text: str) -> str:
    """The address of the first cell that holds a text."""
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    return next(str(c.coordinate) for row in sheet for c in row if str(c.value) == text)


def sheet(*lines: Sequence[object]) -> bytes:
    """An XLSX of these lines."""
    book = openpyxl.Workbook()
    for line in lines:
        book.worksheets[0].append(line)
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


class Document:
    """A DOCX, read with the standard library only."""

    def __init__(self, content: bytes) -> None:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            self.parts = {name: archive.read(name) for name in archive.namelist()}
        for part in self.parts.values():
            ElementTree.fromstring(part)  # every part is well-formed
        self.body = ElementTree.fromstring(self.parts["word/document.xml"])[0]

    @property
    def paragraphs(self) -> list[str]:
        """Every paragraph's text, cells included, empty ones left out."""
        found = [_text(p) for p in self.body.iter(f"{W}p")]
        return [text for text in found if text]

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(self.paragraphs)

    def table(self, number: int) -> list[list[tuple[str, int, str]]]:
        """A table's rows of cells: (text, columns spanned, restart/continue of a vertical merge)."""
        rows = list(self.body.iter(f"{W}tbl"))[number].iter(f"{W}tr")
        return [[_cell(cell) for cell in row.iter(f"{W}tc")] for row in rows]

    @property
    def sections(self) -> list[tuple[int, int]]:
        """Width and height of each section's pages, in millimetres."""
        sizes = [size.attrib for size in self.body.iter(f"{W}pgSz")]
        return [(_millimetres(s[f"{W}w"]), _millimetres(s[f"{W}h"])) for s in sizes]


def _text(paragraph: ElementTree.Element) -> str:
    return "".join(t.text or "" for t in paragraph.iter(f"{W}t")).strip()


def _cell(cell: ElementTree.Element) -> tuple[str, int, str]:
    span, merge = cell.find(f".//{W}gridSpan"), cell.find(f".//{W}vMerge")
    kind = "" if merge is None else merge.get(f"{W}val", "continue")
    text = re.sub(r"\s", "", "".join(_text(p) for p in cell.iter(f"{W}p")))
    return text, int(span.get(f"{W}val", "1")) if span is not None else 1, kind


def _millimetres(twips: str) -> int:
    return round(int(twips) * 25.4 / 1440)
