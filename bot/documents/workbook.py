"""A workbook in the annex's layout: L-shaped heads, safe sheet names, the same bytes every time."""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import xlsxwriter

from bot.core.render import words
from policy.form.form import NOT_KNOWN, Form, Measure

_FIXED = datetime(2023, 5, 24)  # the notice's date: any fixed one does
_LINE = 15.0  # points of a line of text
_BAD_IN_SHEET = re.compile(r"[\[\]:*?/\\\x00-\x1f]")


def shown(measure: Measure, cell: Any) -> str | float:
    """What a sheet's cell holds: a number (yuan for money), the word for 不掌握, or nothing."""
    if cell is None:
        return ""
    if cell == NOT_KNOWN:
        return measure.show(NOT_KNOWN)
    return int(cell) / 100 if measure.kind == "money" else int(cell)


def lines(template: str, **data: Any) -> list[str]:
    """The lines of a template that are not empty."""
    return [line for line in words(template, data).splitlines() if line.strip()]


def height_of(texts: Iterable[str], width: float, least: float = 0, bold: bool = False) -> float:
    """How high a row is that shows these texts whole in columns that wide: nothing is cut on paper.

    `width` is a column's, in digits of the default font; a Chinese character takes two of them.
    """
    room = max(1.0, (width - 1) / (1.1 if bold else 1.0))
    most = max((math.ceil(sum(2 if ord(c) > 0xFF else 1 for c in text) / room) for text in texts), default=1)
    return max(least, most * _LINE + 4)


class Sheets:
    """A workbook with the annex's layout."""

    def __init__(self, form: Form) -> None:
        self.chart = form
        self._buffer = io.BytesIO()
        self.book = xlsxwriter.Workbook(self._buffer, {"in_memory": True, "strings_to_formulas": False})
        self.book.set_properties({"created": _FIXED, "title": self.chart.title})
        self._names: set[str] = set()
        self._formats: dict[str, Any] = {}

    def close(self) -> bytes:
        """The finished file."""
        self.book.close()
        return self._buffer.getvalue()

    def style(self, **properties: Any) -> Any:
        """A cell format, made once."""
        key = json.dumps(properties, sort_keys=True)
        if key not in self._formats:
            base = {"font_name": "宋体", "font_size": 11, "valign": "vcenter", "text_wrap": True}
            self._formats[key] = self.book.add_format({**base, **properties})
        return self._formats[key]

    def sheet(self, wanted: str) -> Any:
        """A new sheet with a safe name that no other has."""
        plain = _BAD_IN_SHEET.sub("_", wanted).strip("' ")[:31] or "_"
        name, number = plain, 2
        while name.lower() in self._names:
            tail = f"({number})"
            name, number = plain[: 31 - len(tail)] + tail, number + 1
        self._names.add(name.lower())
        sheet = self.book.add_worksheet(name)
        sheet.set_paper(9)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.7)
        sheet.center_horizontally()
        sheet.set_footer("&C" + words("export/messages.sheet_footer"))
        return sheet

    def annex(self, sheet: Any, head: list[str], rows: dict[str, list[str | float]], foot: list[str]) -> int:
        """The annex: title, head line, L-shaped column heads, rows, foot, note. The next free row."""
        chart = self.chart
        last = len(chart.measures)
        sheet.set_column(0, 0, 16)
        sheet.set_column(1, last, 15)
        sheet.merge_range(0, 0, 0, last, chart.title, self.style(bold=True, font_size=16, align="center"))
        sheet.set_row(0, 30)
        for number, text in enumerate(head):
            sheet.merge_range(1 + number, 0, 1 + number, last, text, self.style(align="left"))
            sheet.set_row(1 + number, height_of([text], 16 + 15 * last, 18))
        top = 1 + len(head)
        self._heads(sheet, top)
        whole = [m.printed for m in chart.measures if not m.part_of]
        sheet.set_row(top, height_of(whole, 15, 22, bold=True))
        parts = [m.printed for m in chart.measures if m.part_of]
        sheet.set_row(top + 1, height_of(parts, 15, 34, bold=True))
        sheet.repeat_rows(top, top + 1)  # on every sheet of paper
        row = top + 2
        for name, cells in rows.items():
            sheet.write_string(row, 0, name, self.style(border=1, align="center"))
            for column, cell in enumerate(cells, 1):
                money = chart.measures[column - 1].kind == "money"
                style = self.style(border=1, align="right", num_format="#,##0.00" if money else "#,##0")
                if isinstance(cell, str):
                    sheet.write_string(row, column, cell, self.style(border=1, align="center"))
                else:
                    sheet.write_number(row, column, cell, style)
            row += 1
        for text in [*foot, chart.note]:
            sheet.merge_range(row, 0, row, last, text, self.style(align="left"))
            sheet.set_row(row, height_of([text], 16 + 15 * last, 18))
            row += 1
        return row

    def _heads(self, sheet: Any, top: int) -> None:
        """A measure and its parts share an L-shaped head: the measure's cell opens over its parts."""
        chart = self.chart
        sheet.merge_range(
            top, 0, top + 1, 0, chart.first_column, self.style(border=1, align="center", bold=True)
        )
        for column, measure in enumerate(chart.measures, 1):
            if measure.part_of:
                following = chart.measures[column].part_of if column < len(chart.measures) else ""
                right = 0 if following else 1
                sheet.write_blank(top, column, None, self.style(top=1, right=right))
                sheet.write_string(top + 1, column, measure.printed, self._head(border=1))
            else:
                sheet.write_string(top, column, measure.printed, self._head(top=1, left=1))
                sheet.write_blank(top + 1, column, None, self.style(left=1, bottom=1, right=1))

    def _head(self, **borders: int) -> Any:
        return self.style(bold=True, align="center", **borders)
