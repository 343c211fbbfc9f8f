"""The workbook's plain lists: who stands where, what each 区市 brings, the rows behind the totals."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection

from bot.core.render import words
from bot.documents.export_rows import Cells, label, measure_heads
from bot.documents.workbook import Sheets, height_of, shown
from policy.calendar.quarters import local
from policy.institutions.district_order import in_order
from storage.reports import board
from storage.reports.board import Line
from storage.totals import coverage, summary
from storage.totals.coverage import Counting, Turnout
from storage.totals.summary import Wanted

_LIST = (
    "institution",
    "district",
    "listed",
    "state",
    "first_submitted_at",
    "late",
    "extended_until",
    "zero",
    "counted_revision",
    "receipt",
    "submitted_at",
    "reason",
)


def rows_sheet(sheets: Sheets, name: str, heads: list[str], rows: Iterable[Cells], widths: int = 15) -> None:
    """A sheet of rows under heads, with filters."""
    sheet = sheets.sheet(label(name))
    sheet.set_column(0, 0, 32)
    sheet.set_column(1, len(heads) - 1, widths)
    for column, title in enumerate(heads):
        sheet.write_string(0, column, title, sheets.style(border=1, bold=True, align="center"))
    sheet.set_row(0, height_of(heads[1:], widths, 20, bold=True))
    sheet.repeat_rows(0)
    number = 0
    for number, cells in enumerate(rows, 1):
        for column, cell in enumerate(cells):
            style = sheets.style(border=1)
            if isinstance(cell, str):
                sheet.write_string(number, column, cell, style)
            else:
                sheet.write_number(number, column, cell, style)
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, number, len(heads) - 1)


def list_sheet(
    sheets: Sheets, connection: Connection, quarter: str, accepted_only: bool, due: datetime
) -> None:
    """Everybody expected, and whoever else reported: where each stands, and which version counts."""
    counting = coverage.versions(connection, quarter, accepted_only)
    lines = [(one, True) for one in board.lines(connection, quarter, due)]
    lines += [(one, False) for one in board.others(connection, quarter, due)]
    rows = [_list_cells(line, listed, counting.get(line.institution_id)) for line, listed in lines]
    rows_sheet(sheets, "sheet_list", [label(name) for name in _LIST], rows)


@cache
def _said(state: str, number: int = 0) -> str:
    return words("export/messages.state", {"state": state, "number": number})


def _list_cells(line: Line, listed: bool, counting: Counting | None) -> Cells:
    reported = line.first_submitted_at is not None
    counted = "counted" if counting else "not_counted" if reported else ""
    return [
        line.name,
        line.district or "",
        _said("listed" if listed else "others"),
        _said(line.state),
        _minute(line.first_submitted_at),
        _said(("late" if line.late else "in_time") if reported else ""),
        words("export/messages.until", {"until": line.extended_until}) if line.extended_until else "",
        _said(("yes" if line.zero else "no") if reported else ""),
        _said(counted, counting.number if counting else 0),
        counting.receipt if counting else "",
        _minute(counting.submitted_at if counting else None),
        counting.reason if counting else "",
    ]


def _minute(moment: datetime | None) -> str:
    return f"{local(moment):%Y-%m-%d %H:%M}" if moment else ""


def district_sheet(
    sheets: Sheets, connection: Connection, wanted: Wanted, due: datetime, whole: Turnout
) -> None:
    """The sums of each 区市, and how many of its institutions they come from in the last quarter."""
    sums: dict[str | None, dict[str, int]] = {}
    for one in summary.slices(connection, wanted):
        if wanted.since_start and one.covered:
            continue  # opening figures stand for it
        added = sums.setdefault(one.district, {})
        for measure, value in one.sums.items():
            added[measure] = added.get(measure, 0) + value
    expected: dict[str | None, int] = {}
    for group in board.groups(connection, wanted.last, due):
        expected[group.district] = expected.get(group.district, 0) + group.count
    last = Wanted(wanted.last, wanted.last, wanted.accepted_only)
    counted = coverage.by(coverage.counted(connection, last), lambda c: c.district)
    rows = []
    for name in in_order({*sums, *expected, *counted}):
        here = counted.get(name, Turnout())
        place = words("export/messages.place", {"district": name})
        rows.append(_district_cells(sheets, place, sums.get(name, {}), here, expected.get(name, 0)))
    every = {m.id: sum(added.get(m.id, 0) for added in sums.values()) for m in sheets.chart.measures}
    rows.append(_district_cells(sheets, label("sum"), every, whole, whole.expected))
    heads = ["district", "listed_counted", "expected", "others_counted"]
    rows_sheet(sheets, "sheet_districts", [*map(label, heads), *measure_heads(sheets.chart)], rows)


def _district_cells(sheets: Sheets, name: str, sums: dict[str, int], here: Turnout, expected: int) -> Cells:
    figures: list[Any] = [shown(m, sums.get(m.id, 0)) for m in sheets.chart.measures]
    return [name, here.listed, expected, here.others, *figures]
