"""Tables that staff send: YAML, CSV or XLSX, as rows by column id."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from itertools import islice
from pathlib import Path, PurePath
from typing import Any

import yaml

from bot.core import input_limits
from bot.core.messages import IncomingFile, Table
from bot.documents import xlsx
from bot.documents.reader_process import Readers, TooCostly
from bot.documents.sheet_reader import BadSheet, check_archive, delimiter_of
from policy.answers.publications import column_of

SUFFIXES = (".yaml", ".yml", ".csv", ".xlsx")
LONGEST_FILE = 1024 * 1024  # bytes
MOST_ROWS = 200
MOST_COLUMNS = 40

_BROKEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


class Unreadable(Exception):
    """The file is no such table. reason: kind, encoding, syntax, heads, empty, rows, large."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


def is_table(name: str) -> bool:
    """Whether the name ends like a table's."""
    return PurePath(name).suffix.lower() in SUFFIXES


def read_table(name: str, content: bytes) -> list[dict[str, Any]]:
    """The rows, each by column id; empty rows are left out, unknown columns too.

    Raises:
        Unreadable: it is no such file, has none of our headings, or too many rows.
    """
    suffix = PurePath(name).suffix.lower()
    if suffix in (".yaml", ".yml"):
        rows = _yaml(content)
    else:
        grid = _xlsx(content) if suffix == ".xlsx" else _csv(content)
        heads = [column_of(cell) for cell in grid[0]] if grid else []
        if "kind" not in heads:
            raise Unreadable("heads")
        rows = [
            {head: cell for head, cell in zip(heads, line, strict=False) if head and cell not in (None, "")}
            for line in grid[1:]
        ]
    rows = [{column: _cell(value) for column, value in row.items()} for row in rows]
    while rows and not rows[-1]:
        rows.pop()
    if not rows:
        raise Unreadable("empty")
    if len(rows) > MOST_ROWS:
        raise Unreadable("rows", str(MOST_ROWS))
    return rows


def _cell(value: Any) -> Any:
    """A cell as stored: text without marks of ours or halves of characters; no lists in cells."""
    if isinstance(value, str):
        return _BROKEN.sub("", input_limits.clean(value))
    if value is None or isinstance(value, (int, float, date)):
        return value
    raise Unreadable("syntax")  # an alias in YAML can stand for very much


def _text(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):  # the second is what spreadsheets in Chinese Windows save
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable("encoding")


def _yaml(content: bytes) -> list[dict[str, Any]]:
    try:
        raw = yaml.safe_load(_text(content))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        raise Unreadable("syntax", str(mark.line + 1) if mark else "") from error
    if isinstance(raw, dict) and len(raw) == 1:  # publications: [ … ]
        raw = next(iter(raw.values()))
    if not isinstance(raw, list) or not all(isinstance(row, dict) for row in raw):
        raise Unreadable("heads")
    return [{column: v for k, v in row.items() if (column := column_of(k))} for row in raw]


def _csv(content: bytes) -> list[list[Any]]:
    text = _text(content)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text.partition("\n")[0]))
    try:
        return [line[:MOST_COLUMNS] for line in islice(lines, MOST_ROWS + 2)]
    except csv.Error as error:
        raise Unreadable("syntax") from error


def _xlsx(content: bytes) -> list[list[Any]]:
    try:
        check_archive(content)
        cells = xlsx.read_sheets(content, MOST_ROWS + 2, MOST_COLUMNS, 1)[0].cells
    except xlsx.Oversized as error:
        raise Unreadable("large") from error
    except BadSheet as error:
        raise Unreadable("large" if error.reason == "large" else "syntax") from error
    except Exception as error:  # whatever a broken archive makes the reader raise
        raise Unreadable("syntax") from error
    lines: list[list[Any]] = [[] for _ in range(max((row for row, _ in cells), default=0))]
    for (row, column), cell in sorted(cells.items()):
        lines[row - 1] += [None] * (column - 1 - len(lines[row - 1])) + [cell.value]
    return lines


def arrive(readers: Readers, file: IncomingFile) -> Table | None:
    """A small table that came with a message, read before its transaction; None for any other file.

    Raises:
        OSError: no process to read it could be started.
    """
    if not is_table(file.name):
        return None
    if file.size > LONGEST_FILE:
        return Table(reason="large")
    try:
        content = Path(file.path).read_bytes()
    except OSError:
        return Table(reason="large")
    try:
        return Table(tuple(readers.read(read_table, file.name, content)))
    except Unreadable as error:
        return Table(reason=error.reason, detail=error.detail)
    except TooCostly:
        return Table(reason="costly")
