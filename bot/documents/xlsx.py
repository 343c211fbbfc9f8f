"""An XLSX read within bounds: the first rows and columns of its sheets, and nothing else of it.

Parts are unpacked piece by piece and read as a stream of elements, so that what lies beyond the last
wanted row is never looked at, and what cannot be read soon is refused.
"""

from __future__ import annotations

import contextlib
import io
import posixpath
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from xml.parsers import expat

from policy.reading.digits import whole_number

PIECE = 16_384  # bytes unpacked at a time
LONGEST_TEXT = 32_767  # characters of a cell, as the format has it
LEAST_ELEMENTS = 30_000  # elements read of a workbook: our form has some thousand

Raw = int | float | bool | str | date | datetime | time | timedelta | None
_ADDRESS = re.compile(r"([A-Z]{1,3})([0-9]{1,7})", re.A)
_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,40}", re.A)


class Oversized(Exception):
    """More elements than are read."""


class Broken(Exception):
    """It is no workbook, or one that contradicts itself."""


@dataclass(frozen=True)
class Cell:
    """A cell's stored value; `formula` where one stands, `error` where the value is one (#DIV/0!)."""

    value: Raw = None
    formula: bool = False
    error: bool = False


@dataclass
class Sheet:
    """A sheet's cells by (row, column), both counted from 1; empty ones may be left out."""

    name: str
    visible: bool
    cells: dict[tuple[int, int], Cell] = field(default_factory=dict)


@dataclass
class _Stored:
    """A cell as its part has it: the type, the style and the characters."""

    kind: str
    style: int
    text: str = ""
    formula: bool = False


class _Enough(Exception):
    """What is wanted of a part has been read."""


class _Reader:
    """What is kept of a part; by default nothing."""

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""

    def end(self, tag: str) -> None:
        """It ends."""

    def data(self, text: str) -> None:
        """Characters in it."""


class _Elements:
    """How many elements of a workbook may still be read."""

    def __init__(self, left: int) -> None:
        self.left = left

    def read(self, archive: zipfile.ZipFile, name: str, reader: _Reader) -> None:
        """Feed a part to `reader`, by local names, until it is over or the reader has enough."""

        def start(tag: str, attributes: dict[str, str]) -> None:
            self.left -= 1
            if self.left < 0:
                raise Oversized
            reader.start(tag.rpartition(":")[2], attributes)

        def end(tag: str) -> None:
            reader.end(tag.rpartition(":")[2])

        def refuse(*_: object) -> None:
            raise Broken  # a document type, with which entities come; no spreadsheet has one

        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = start, end
        parser.CharacterDataHandler = reader.data
        parser.StartDoctypeDeclHandler = refuse
        with contextlib.suppress(_Enough), archive.open(name) as stream:
            while piece := stream.read(PIECE):
                parser.Parse(piece, False)
            parser.Parse(b"", True)


class _Each(_Reader):
    """Calls a function with every element."""

    def __init__(self, call: Callable[[str, Mapping[str, str]], None]) -> None:
        self._call = call

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._call(tag, attributes)


class _Strings(_Reader):
    """The shared strings that cells refer to, without the way they are pronounced."""

    def __init__(self, wanted: set[int]) -> None:
        self.wanted, self.last = wanted, max(wanted)
        self.found: dict[int, str] = {}
        self.number, self.inside, self.apart = -1, False, 0
        self.pieces: list[str] = []
        self.room = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "si":
            self.number += 1
            if self.number > self.last:
                raise _Enough
            self.pieces, self.room = [], LONGEST_TEXT
        elif tag == "rPh":
            self.apart += 1
        self.inside = tag == "t" and not self.apart

    def end(self, tag: str) -> None:
        self.inside = False
        if tag == "rPh":
            self.apart -= 1
        elif tag == "si" and self.number in self.wanted:
            self.found[self.number] = "".join(self.pieces)

    def data(self, text: str) -> None:
        if self.inside and self.room > 0 and self.number in self.wanted:
            self.pieces.append(text[: self.room])
            self.room -= len(text)


class _Cells(_Reader):
    """The cells of a sheet within its first rows and columns; stops at the first row beyond."""

    def __init__(self, rows: int, columns: int) -> None:
        self.rows, self.columns = rows, columns
        self.found: dict[tuple[int, int], _Stored] = {}
        self.row, self.column = 0, 0
        self.cell: _Stored | None = None
        self.pieces: list[str] = []
        self.room, self.inside, self.apart = 0, False, 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "row":
            self.row = _number(attributes.get("r"), self.row + 1)
            self.column = 0
            if self.row > self.rows:
                raise _Enough
        elif tag == "c":
            self._begin(attributes)
        elif tag == "f" and self.cell is not None:
            self.cell.formula = True
        elif tag == "rPh":
            self.apart += 1
        self.inside = tag in ("v", "t") and self.cell is not None and not self.apart

    def _begin(self, attributes: Mapping[str, str]) -> None:
        self.column += 1
        if (place := _ADDRESS.fullmatch(attributes.get("r", ""))) is not None:
            self.row, self.column = int(place[2]), _column(place[1])
        self.cell, self.pieces, self.room = None, [], LONGEST_TEXT
        if 1 <= self.row <= self.rows and self.column <= self.columns:
            self.cell = _Stored(attributes.get("t", "n"), _number(attributes.get("s"), 0))

    def end(self, tag: str) -> None:
        self.inside = False
        if tag == "rPh":
            self.apart -= 1
        elif tag == "c" and self.cell is not None:
            self.cell.text = "".join(self.pieces)
            if self.cell.text or self.cell.formula:
                self.found[self.row, self.column] = self.cell
            self.cell = None

    def data(self, text: str) -> None:
        if self.inside and self.room > 0:
            self.pieces.append(text[: self.room])
            self.room -= len(text)


class _Styles(_Reader):
    """The number of each cell style's format, and the formats of the workbook's own."""

    def __init__(self) -> None:
        self.formats: dict[int, str] = {}
        self.styles: list[int] = []
        self._of_cells = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "numFmt":
            self.formats[_number(attributes.get("numFmtId"), -1)] = attributes.get("formatCode", "")[:200]
        elif tag == "cellXfs":
            self._of_cells = True
        elif tag == "xf" and self._of_cells:
            self.styles.append(_number(attributes.get("numFmtId"), 0))

    def end(self, tag: str) -> None:
        if tag == "cellXfs":
            raise _Enough

    def tell_times(self) -> set[int]:
        """The styles that show a number as a day or a time."""
        from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format

        known = {**BUILTIN_FORMATS, **self.formats}
        of_times = {number for number in set(self.styles) if is_date_format(known.get(number, "General"))}
        return {i for i, number in enumerate(self.styles) if number in of_times}


def read_sheets(content: bytes, rows: int, columns: int, most: int, every: str = "") -> list[Sheet]:
    """The first `most` worksheets, and the one named `every`, with the cells of their first rows and columns.

    Raises:
        Oversized: it would take long to read.
        Exception: whatever a broken archive makes the readers raise.
    """
    elements = _Elements(max(LEAST_ELEMENTS, rows * columns))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = set(archive.namelist())
        listed: list[tuple[str, bool, str]] = []

        def sheet(tag: str, attributes: Mapping[str, str]) -> None:
            if tag == "sheet":
                target = next((v for k, v in attributes.items() if k.rpartition(":")[2] == "id"), "")
                shown = attributes.get("state", "visible") == "visible"
                listed.append((attributes.get("name", ""), shown, target))

        elements.read(archive, "xl/workbook.xml", _Each(sheet))
        targets, kinds = _relations(elements, archive)
        wanted = [one for i, one in enumerate(listed) if i < most or (every and one[0] == every)]
        found: list[tuple[Sheet, _Cells]] = []
        for name, shown, target in wanted:
            part = targets.get(target, "")
            if kinds.get(target) != "worksheet":
                continue  # a chart on a sheet of its own
            if part not in names:
                raise Broken
            cells = _Cells(rows, columns)
            elements.read(archive, part, cells)
            found.append((Sheet(name, shown), cells))
        if not found:
            raise Broken
        strings = _strings(elements, archive, _part_of(targets, kinds, "sharedStrings", names), found)
        styles = _Styles()
        if part := _part_of(targets, kinds, "styles", names):
            elements.read(archive, part, styles)
    times = styles.tell_times()
    for whole, cells in found:
        whole.cells = {place: _cell(stored, strings, times) for place, stored in cells.found.items()}
    return [whole for whole, _ in found]


def _relations(elements: _Elements, archive: zipfile.ZipFile) -> tuple[dict[str, str], dict[str, str]]:
    """(id → part, id → kind) of what the workbook refers to."""
    targets: dict[str, str] = {}
    kinds: dict[str, str] = {}

    def relation(tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "Relationship":
            key, target = attributes.get("Id", ""), attributes.get("Target", "")
            targets[key] = posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")
            kinds[key] = attributes.get("Type", "").rpartition("/")[2]

    elements.read(archive, "xl/_rels/workbook.xml.rels", _Each(relation))
    return targets, kinds


def _part_of(targets: Mapping[str, str], kinds: Mapping[str, str], kind: str, names: set[str]) -> str:
    return next((targets[key] for key, of in kinds.items() if of == kind and targets[key] in names), "")


def _strings(
    elements: _Elements, archive: zipfile.ZipFile, part: str, sheets: list[tuple[Sheet, _Cells]]
) -> dict[int, str]:
    told = (cell for _, cells in sheets for cell in cells.found.values())
    wanted = {_number(cell.text, -1) for cell in told if cell.kind == "s" and cell.text}
    if not wanted:
        return {}
    if not part:
        raise Broken
    reader = _Strings(wanted)
    elements.read(archive, part, reader)
    return reader.found


def _cell(stored: _Stored, strings: Mapping[int, str], times: set[int]) -> Cell:
    """The value that the characters of a cell stand for."""
    text = stored.text
    if not text:
        return Cell(None, stored.formula)
    if stored.kind == "s":
        return Cell(strings[int(text)], stored.formula)
    if stored.kind in ("str", "inlineStr"):
        return Cell(text, stored.formula)
    if stored.kind == "e":
        return Cell(text, stored.formula, error=True)
    if stored.kind == "b":
        return Cell(text.strip() == "1", stored.formula)
    if stored.kind == "d":
        return Cell(datetime.fromisoformat(text), stored.formula)
    text = text.strip()
    number: int | float = int(text) if _WHOLE_NUMBER.fullmatch(text) else float(text)
    return _time(number, stored.formula) if stored.style in times else Cell(number, stored.formula)


def _time(number: int | float, formula: bool) -> Cell:
    from openpyxl.utils.datetime import from_excel

    try:
        return Cell(from_excel(number), formula)
    except (OverflowError, ValueError):
        return Cell("#VALUE!", formula, error=True)


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _number(text: str | None, otherwise: int) -> int:
    """A count of at most seven digits; `otherwise` for anything else."""
    number = whole_number(text or "", longest=7)
    return otherwise if number is None else number
