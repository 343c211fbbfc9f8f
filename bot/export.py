"""The official form as XLSX, for one institution and added up for the office.

The same figures give the same bytes: the file's own dates are fixed, strings are never formulas.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import xlsxwriter
from sqlalchemy import Connection

from bot.keys import Keys
from bot.render import words
from policy.form import NOT_KNOWN, Form, Measure, form
from policy.quarters import FIRST_YEAR, Quarter, local
from storage import institutions, reports
from storage.reports import Submitted

BASES = ("quarter", "year", "total")
_FIXED = datetime(2023, 5, 24)  # the notice's date: any fixed one does
_BAD_IN_SHEET = re.compile(r"[\[\]:*?/\\\x00-\x1f]")


@dataclass
class Totals:
    """Figures added up: occupation → measure → sum, and how many reports did not know a cell."""

    sums: dict[str, dict[str, int]]
    not_known: dict[tuple[str, str], int]


def add_up(submitted: Iterable[Submitted], chart: Form) -> Totals:
    """The sum over revisions; 不掌握 cells are left out and counted."""
    totals = Totals({}, {})
    for one in submitted:
        for occupation, row in one.rows.items():
            sums = totals.sums.setdefault(occupation, {m.id: 0 for m in chart.measures})
            for measure in chart.measures:
                cell = row[measure.id]
                if isinstance(cell, int):
                    sums[measure.id] += cell
                elif cell == NOT_KNOWN:
                    key = (occupation, measure.id)
                    totals.not_known[key] = totals.not_known.get(key, 0) + 1
    return totals


def first_quarter(quarter: Quarter, basis: str) -> Quarter:
    """Where the figures of a basis begin: the quarter itself, its year, or the programme's start."""
    if basis == "quarter":
        return quarter
    return Quarter(quarter.year if basis == "year" else FIRST_YEAR, 1)


class Sheets:
    """A workbook with the annex's layout."""

    def __init__(self) -> None:
        self.chart = form()
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
        top = 1 + len(head)
        self._heads(sheet, top)
        sheet.set_row(top, 22)
        sheet.set_row(top + 1, 34)
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
            if len(text) > 60:
                sheet.set_row(row, 32)
            row += 1
        return row

    def _heads(self, sheet: Any, top: int) -> None:
        """A measure and its parts share an L-shaped head: the measure's cell opens over its parts."""
        chart = self.chart
        sheet.merge_range(top, 0, top + 1, 0, chart.first_column, self.style(border=1, align="center", bold=True))
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


def _shown(measure: Measure, cell: Any) -> str | float:
    if cell is None:
        return ""
    if cell == NOT_KNOWN:
        return measure.show(NOT_KNOWN)
    return int(cell) / 100 if measure.kind == "money" else int(cell)


def _lines(template: str, **data: Any) -> list[str]:
    return [line for line in words(template, data).splitlines() if line.strip()]


def _form_sheet(sheets: Sheets, sheet: Any, one: Submitted, keys: Keys) -> None:
    chart = sheets.chart
    names = [o.name for o in chart.occupations[:3]]  # the rows the annex prints even when empty
    names = chart.occupation_order(list({*names, *one.rows}))
    rows = {n: [_shown(m, one.rows[n][m.id]) if n in one.rows else 0 for m in chart.measures] for n in names}
    when = local(one.revision.submitted_at) if one.revision.submitted_at else None
    data = {"one": one, "when": when, "telephone": keys.open(one.revision.telephone) or ""}
    head, foot = _lines("export/form_head.j2", **data), _lines("export/form_foot.j2", **data)
    row = sheets.annex(sheet, head, rows, foot)
    for occupation, asked, said in one.explanations:
        text = words("export/explanation.j2", {"occupation": occupation, "asked": asked, "said": said})
        sheet.merge_range(row, 0, row, len(chart.measures), text, sheets.style(align="left", font_size=10))
        sheet.set_row(row, 32)
        row += 1


def one_form(connection: Connection, revision_id: int, keys: Keys) -> bytes:
    """The official form of one submitted revision.

    Raises:
        KeyError: no revision has that id.
    """
    one = reports.submitted_revision(connection, revision_id)
    if one is None:
        raise KeyError(revision_id)
    sheets = Sheets()
    _form_sheet(sheets, sheets.sheet(one.quarter), one, keys)
    return sheets.close()


def aggregate(connection: Connection, quarter: str, accepted_only: bool, basis: str, keys: Keys) -> bytes:
    """The aggregated form of a quarter, all three bases side by side, and a sheet per institution.

    `basis` (quarter, year, total) is the one the form itself prints; the form says which.
    """
    now = Quarter.parse(quarter)
    everything = reports.counting_revisions(
        connection, str(first_quarter(now, "total")), quarter, accepted_only
    )
    chart = form()
    by_basis = {
        b: add_up([s for s in everything if s.quarter >= str(first_quarter(now, b))], chart) for b in BASES
    }
    this_quarter = [s for s in everything if s.quarter == quarter]
    expected = institutions.expected(connection, quarter)
    sheets = Sheets()
    shared = {
        "quarter": now,
        "basis": basis,
        "reported": len(this_quarter),
        "expected": len(expected),
        "accepted_only": accepted_only,
        "hash": _content_hash(everything),
    }
    _total_sheet(sheets, by_basis[basis], shared)
    _bases_sheet(sheets, by_basis, shared)
    _list_sheet(sheets, this_quarter, [i.name for i in expected], now)
    for one in this_quarter:
        _form_sheet(sheets, sheets.sheet(one.institution), one, keys)
    return sheets.close()


def _content_hash(submitted: list[Submitted]) -> str:
    """A short hash over the values that were added up: equal exports have equal hashes."""
    values = [[s.institution_id, s.quarter, s.revision.number, s.rows] for s in submitted]
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


def _total_sheet(sheets: Sheets, totals: Totals, shared: dict[str, Any]) -> None:
    chart = sheets.chart
    names = chart.occupation_order(list({*(o.name for o in chart.occupations[:3]), *totals.sums}))
    empty = {m.id: 0 for m in chart.measures}
    rows = {n: [_shown(m, totals.sums.get(n, empty)[m.id]) for m in chart.measures] for n in names}
    label = words("export/label.j2", {"id": "sum"})
    rows[label] = [
        _shown(m, sum(sums[m.id] for sums in totals.sums.values())) for m in chart.measures
    ]
    gaps = [(o, chart.measure(m).title, n) for (o, m), n in sorted(totals.not_known.items())]
    sheet = sheets.sheet(words("export/label.j2", {"id": "sheet_total"}))
    sheets.annex(
        sheet, _lines("export/total_head.j2", **shared), rows, _lines("export/total_foot.j2", gaps=gaps, **shared)
    )


def _bases_sheet(sheets: Sheets, by_basis: dict[str, Totals], shared: dict[str, Any]) -> None:
    chart = sheets.chart
    sheet = sheets.sheet(words("export/label.j2", {"id": "sheet_bases"}))
    sheet.set_column(0, 1, 20)
    sheet.set_column(2, 4, 18)
    titles = ["occupation", "measure", *BASES]
    bold = sheets.style(border=1, bold=True, align="center")
    for column, title in enumerate(titles):
        sheet.write_string(0, column, words("export/label.j2", {"id": title}), bold)
    row = 1
    for name in chart.occupation_order(list(by_basis["total"].sums)):
        for measure in chart.measures:
            sheet.write_string(row, 0, name, sheets.style(border=1))
            sheet.write_string(row, 1, measure.printed, sheets.style(border=1))
            for column, basis in enumerate(BASES, 2):
                value = _shown(measure, by_basis[basis].sums.get(name, {}).get(measure.id, 0))
                style = sheets.style(border=1, num_format="#,##0.00" if measure.kind == "money" else "#,##0")
                sheet.write_number(row, column, value, style)
            row += 1


def _list_sheet(sheets: Sheets, submitted: list[Submitted], expected: list[str], quarter: Quarter) -> None:
    sheet = sheets.sheet(words("export/label.j2", {"id": "sheet_list"}))
    sheet.set_column(0, 0, 36)
    sheet.set_column(1, 5, 20)
    titles = ["institution", "state", "receipt", "submitted_at", "revision", "reason"]
    bold = sheets.style(border=1, bold=True, align="center")
    for column, title in enumerate(titles):
        sheet.write_string(0, column, words("export/label.j2", {"id": title}), bold)
    have = {s.institution: s for s in submitted}
    for row, name in enumerate(sorted({*expected, *have}), 1):
        one = have.get(name)
        cells = [name, words("export/state.j2", {"one": one, "quarter": quarter})]
        if one:
            at = local(one.revision.submitted_at) if one.revision.submitted_at else None
            cells += [
                one.revision.receipt or "",
                f"{at:%Y-%m-%d %H:%M}" if at else "",
                str(one.revision.number),
                one.revision.reason or "",
            ]
        for column, cell in enumerate(cells):
            sheet.write_string(row, column, cell, sheets.style(border=1))
