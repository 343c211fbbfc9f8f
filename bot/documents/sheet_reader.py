"""Spreadsheets that people send, as plain grids: XLSX and CSV, within bounds, nothing evaluated."""

from __future__ import annotations

import codecs
import csv
import io
import json
import math
import zipfile
from datetime import date, datetime, time, timedelta
from typing import Any

from bot.documents import xlsx
from policy.calendar.quarters import Quarter
from policy.form.form import NOT_KNOWN
from policy.form.sheet import MOST_COLUMNS, MOST_ROWS, Base, SheetCell
from policy.reading.money import spreadsheet_number

LONGEST = 2 * 1024 * 1024  # bytes of a form
LONGEST_UNPACKED = 12 * 1024 * 1024  # bytes of an XLSX, unpacked
MOST_PARTS = 300  # parts of an XLSX
MOST_SHEETS = 6
SAMPLE = 2000  # characters of a CSV that tell its delimiter
BASE_SHEET = "_"  # hidden in the forms we hand out: what they showed
_ENTITY = tuple(
    mark.encode(code) for mark in ("<!DOCTYPE", "<!ENTITY") for code in ("ascii", "utf-16-le", "utf-16-be")
)

Grid = list[list[SheetCell]]


class BadSheet(Exception):
    """The file cannot be read as a sheet.

    reason: large, macro, password, broken, encoding, rows (or cells).
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def column_name(number: int) -> str:
    """The letters of a column: A for 1, AA for 27."""
    name = ""
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(65 + rest) + name
    return name


def check_archive(content: bytes) -> list[str]:
    """The names of the parts of an Office file, after a look at what it would unpack to.

    Raises:
        BadSheet: too large unpacked, macros inside, entities declared, not a whole archive.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS:
                raise BadSheet("large")
            names = [part.filename for part in parts]
            if any(n.lower().endswith(("vbaproject.bin", ".exe", ".dll")) for n in names):
                raise BadSheet("macro")
            left = LONGEST_UNPACKED
            for part in parts:
                if part.flag_bits & 1:
                    raise BadSheet("password")
                # Whatever its name ends with: which part is what, the archive says elsewhere.
                left -= _scan(archive, part, left)
    except BadSheet:
        raise
    except Exception as error:  # whatever a broken archive makes the reader raise
        raise BadSheet("broken") from error
    return names


def _scan(archive: zipfile.ZipFile, part: zipfile.ZipInfo, left: int) -> int:
    """How many bytes a part unpacks to; what its head claims is not believed."""
    total, tail = 0, b""
    with archive.open(part) as stream:
        while piece := stream.read(65_536):
            total += len(piece)
            if total > left:
                raise BadSheet("large")
            seen = tail + piece
            if not part.filename.lower().endswith(".svg") and any(mark in seen for mark in _ENTITY):
                raise BadSheet("broken")
            tail = piece[-32:]
    return total


def read_xlsx(
    content: bytes, rows: int = MOST_ROWS, columns: int = MOST_COLUMNS
) -> tuple[list[Grid], Base | None]:
    """The visible sheets without their names, as `read_sheets` reads them, and what our form had shown."""
    sheets, base = read_sheets(content, rows, columns)
    return [grid for _, grid in sheets], base


def read_sheets(
    content: bytes, rows: int = MOST_ROWS, columns: int = MOST_COLUMNS
) -> tuple[list[tuple[str, Grid]], Base | None]:
    """The visible sheets as (name, grid of at most `rows` + 1 rows), and what our form had shown.

    A formula counts with the value stored beside it; one without is marked.

    Raises:
        BadSheet: as its reasons say.
    """
    check_archive(content)
    try:
        found = xlsx.read_sheets(content, rows + 1, columns, MOST_SHEETS, BASE_SHEET)
    except xlsx.Oversized as error:
        raise BadSheet("rows") from error
    except Exception as error:  # whatever a broken workbook makes the reader raise
        raise BadSheet("broken") from error
    base = next((one for one in found if one.name == BASE_SHEET), None)
    grids = [(sheet.name, _grid(sheet)) for sheet in found if sheet.visible]
    return grids, _base(base) if base else None


def _grid(sheet: xlsx.Sheet) -> Grid:
    """The cells as lines up to the last that holds anything; an empty line has none."""
    told = {
        place: _cell(f"{column_name(place[1])}{place[0]}", cell.value, cell.formula, cell.error)
        for place, cell in sheet.cells.items()
    }
    told = {place: cell for place, cell in told.items() if cell.kind != "empty"}
    widest = max((column for _, column in told), default=0)
    grid: Grid = [[] for _ in range(max((row for row, _ in told), default=0))]
    for row in {row for row, _ in told}:
        grid[row - 1] = [
            told.get((row, column)) or SheetCell(f"{column_name(column)}{row}", "", "empty")
            for column in range(1, widest + 1)
        ]
    return grid


def _cell(address: str, value: Any, is_formula: bool, is_error: bool) -> SheetCell:
    if is_error:
        return SheetCell(address, str(value)[:20], "error")
    if value is None:
        return SheetCell(address, "", "formula" if is_formula else "empty")
    if isinstance(value, bool | date | datetime | time | timedelta):
        return SheetCell(address, str(value)[:20], "other")
    if isinstance(value, int | float):
        if isinstance(value, float) and not math.isfinite(value):
            return SheetCell(address, str(value), "error")
        number = f"{spreadsheet_number(value):f}" if isinstance(value, float) else str(value)
        number = number.rstrip("0").rstrip(".") if "." in number else number
        return SheetCell(address, number[:40], "number")
    text = str(value)[:500]
    return SheetCell(address, text, "text" if text.strip() else "empty")


def _base(sheet: xlsx.Sheet) -> Base | None:
    """What our own hidden sheet says; only used to tell which cells somebody changed."""
    try:
        raw = json.loads(str(sheet.cells[1, 1].value))
        rows: dict[str, dict[str, Any]] = {
            str(o): {str(m): c for m, c in row.items() if c is None or isinstance(c, int | str)}
            for o, row in raw["rows"].items()
        }
        numbers = [int(raw[key]) for key in ("institution", "revision", "version")]
        quarter = str(Quarter.parse(str(raw["quarter"])))
        idle = frozenset(str(o) for o in raw.get("idle", ()) if str(o) in rows)
        return Base(numbers[0], quarter, numbers[1], numbers[2], _cells(rows), idle)
    except (TypeError, ValueError, KeyError, AttributeError, RecursionError):
        return None


def _cells(rows: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What can be a cell of ours: a number, 不掌握 or nothing; anything else was never shown."""
    return {
        o: {m: c for m, c in row.items() if c is None or isinstance(c, int) or c == NOT_KNOWN}
        for o, row in rows.items()
    }


def read_csv(content: bytes, rows: int = MOST_ROWS, columns: int = MOST_COLUMNS) -> Grid:
    """A CSV as a grid of at most `rows` + 1 rows; every cell is text.

    Raises:
        BadSheet: neither UTF-8, UTF-16 nor GB 18030, or not CSV.
    """
    text = decode(content)
    grid: Grid = []
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text))
    try:
        for number, row in enumerate(lines, 1):
            if number > rows + 1:
                break
            grid.append(
                [
                    SheetCell(f"{column_name(i)}{number}", c.strip()[:500], "text" if c.strip() else "empty")
                    for i, c in enumerate(row[:columns], 1)
                ]
            )
    except csv.Error as error:
        raise BadSheet("broken") from error
    return grid


def delimiter_of(text: str) -> str:
    """What parts the cells of a CSV: the mark that its first lines have most of."""
    return max(",;\t", key=text[:SAMPLE].count)


def decode(content: bytes) -> str:
    """The text of a file. GB 18030 is what spreadsheets in Chinese Windows save, UTF-16 their Unicode text.

    Raises:
        BadSheet: it is none of them.
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            return content.decode("utf-16")
        except UnicodeDecodeError as error:
            raise BadSheet("encoding") from error
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise BadSheet("encoding")
