"""Spreadsheets that people send, as plain grids: XLSX and CSV, within bounds, nothing evaluated."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import zipfile
from datetime import date, datetime, time, timedelta
from typing import Any

from policy.form import NOT_KNOWN
from policy.form_file import MOST_COLUMNS, MOST_ROWS, Base, SheetCell
from policy.quarters import Quarter

LONGEST = 2 * 1024 * 1024  # bytes of a form
LONGEST_UNPACKED = 12 * 1024 * 1024  # bytes of an XLSX, unpacked
MOST_PARTS = 300  # parts of an XLSX
MOST_SHEETS = 6
MOST_CELLS = 100_000  # cells, rows and strings of a workbook that is read; our form has some hundred
BASE_SHEET = "_"  # hidden in the forms we hand out: what they showed
_ENTITY = tuple(
    mark.encode(code) for mark in ("<!DOCTYPE", "<!ENTITY") for code in ("ascii", "utf-16-le", "utf-16-be")
)

_CELL = re.compile(rb"<(?:\w+:)?(?:c|row|si|v|xf)[\s/>]")

Grid = list[list[SheetCell]]


class BadSheet(Exception):
    """The file cannot be read as a sheet. reason: large, macro, broken, encoding."""

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
                    raise BadSheet("broken")  # encrypted
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
            if not part.filename.lower().endswith(".svg") and any(m in tail + piece for m in _ENTITY):
                raise BadSheet("broken")
            tail = piece[-32:]
    return total


def read_xlsx(
    content: bytes, rows: int = MOST_ROWS, columns: int = MOST_COLUMNS
) -> tuple[list[Grid], Base | None]:
    """The visible sheets as grids of at most `rows` + 1 rows, and what our form had shown.

    A formula counts with the value stored beside it; one without is marked.

    Raises:
        BadSheet: as its reasons say.
    """
    import openpyxl

    check_archive(content)
    _check_cells(content)
    try:
        formulas = openpyxl.load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
        values = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        base = _base(values)
        grids = []
        for sheet in values.worksheets[:MOST_SHEETS]:
            if sheet.sheet_state == "visible":
                grids.append(_grid(sheet, formulas[sheet.title], rows, columns))
        formulas.close()
        values.close()
    except BadSheet:
        raise
    except Exception as error:  # whatever a broken workbook makes the reader raise
        raise BadSheet("broken") from error
    return grids, base


def _check_cells(content: bytes) -> None:
    """Refuse what would take a reader long, however small it is packed."""
    left = MOST_CELLS
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for part in archive.infolist():
            with archive.open(part) as stream:
                while piece := stream.read(65_536):
                    left -= len(_CELL.findall(piece))
                    if left < 0:
                        raise BadSheet("large")


def _grid(values: Any, formulas: Any, rows: int, columns: int) -> Grid:
    bounds = {"max_row": rows + 1, "max_col": columns}
    grid: Grid = []
    for number, (row, asked) in enumerate(
        zip(values.iter_rows(**bounds), formulas.iter_rows(**bounds), strict=False), 1
    ):
        line = []
        for column, (cell, formula) in enumerate(zip(row, asked, strict=False), 1):
            address = f"{column_name(column)}{number}"
            is_formula = formula.data_type == "f"
            line.append(_cell(address, cell.value, is_formula, cell.data_type == "e"))
        grid.append(line)
    while grid and all(c.kind == "empty" for c in grid[-1]):
        grid.pop()
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
        number = f"{round(value, 4):f}" if isinstance(value, float) else str(value)
        number = number.rstrip("0").rstrip(".") if "." in number else number
        return SheetCell(address, number[:40], "number")
    text = str(value)[:500]
    return SheetCell(address, text, "text" if text.strip() else "empty")


def _base(book: Any) -> Base | None:
    """What our own hidden sheet says; only used to tell which cells somebody changed."""
    if BASE_SHEET not in book.sheetnames:
        return None
    try:
        raw = json.loads(next(book[BASE_SHEET].iter_rows(max_row=1, max_col=1))[0].value)
        rows: dict[str, dict[str, Any]] = {
            str(o): {str(m): c for m, c in row.items() if c is None or isinstance(c, int | str)}
            for o, row in raw["rows"].items()
        }
        numbers = [int(raw[key]) for key in ("institution", "revision", "version")]
        quarter = str(Quarter.parse(str(raw["quarter"])))
        return Base(numbers[0], quarter, numbers[1], numbers[2], _cells(rows))
    except (StopIteration, TypeError, ValueError, KeyError, AttributeError, RecursionError):
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
        BadSheet: neither UTF-8 nor GB 18030, or not CSV.
    """
    text = decode(content)
    try:
        dialect: Any = csv.Sniffer().sniff(text[:2000], ",;\t")
    except csv.Error:
        dialect = csv.excel
    grid: Grid = []
    try:
        for number, row in enumerate(csv.reader(io.StringIO(text, newline=""), dialect), 1):
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


def decode(content: bytes) -> str:
    """The text of a file. The second encoding is what spreadsheets in Chinese Windows save.

    Raises:
        BadSheet: it is neither.
    """
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise BadSheet("encoding")
