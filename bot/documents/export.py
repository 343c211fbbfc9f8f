"""The official form as XLSX, for one institution and added up for the office; details as CSV.

The same figures give the same bytes: the files' own dates are fixed, strings are never formulas.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Connection

from bot.core.render import words
from bot.core.security.keys import Keys
from bot.documents import export_lists, export_rows, form_files
from bot.documents.explanations import explained
from bot.documents.export_rows import label
from bot.documents.workbook import Sheets, height_of, lines, shown
from policy.calendar.quarters import FIRST_YEAR, Quarter, Times, local
from policy.corpus import Corpus
from policy.form.form import Form
from storage.reports import reports
from storage.reports.reports import Submitted
from storage.totals import aggregates, coverage
from storage.totals.aggregates import OccupationTotal
from storage.totals.summary import Wanted

BASES = ("quarter", "year", "total")
MOST_SHEETS = 200  # institutions in one workbook; more go into files of their own, in a zip
ENDINGS = (".xlsx", ".csv")  # of a path to export to
_ZIP_DATE = (2023, 5, 24, 0, 0, 0)

Totals = dict[str, OccupationTotal]  # by occupation


def first_quarter(quarter: Quarter, basis: str) -> Quarter:
    """Where the figures of a basis begin: the quarter itself, its year, or the programme's start."""
    if basis == "quarter":
        return quarter
    return Quarter(quarter.year if basis == "year" else FIRST_YEAR, 1)


def totals_by_basis(connection: Connection, quarter: Quarter, accepted_only: bool) -> dict[str, Totals]:
    """The sums of a quarter by each basis."""
    found: dict[str, Totals] = {}
    for basis in BASES:
        first = str(first_quarter(quarter, basis))
        since_start = basis == "total"
        rows = aggregates.totals(connection, first, str(quarter), accepted_only, since_start)
        found[basis] = {row.occupation: row for row in rows}
    return found


def _form_sheet(sheets: Sheets, sheet: Any, one: Submitted, keys: Keys) -> None:
    chart = sheets.chart
    rows = {
        n: [shown(m, row[m.id]) for m in chart.measures]
        for n, row in form_files.form_rows(chart, one).items()
    }
    when = local(one.revision.submitted_at) if one.revision.submitted_at else None
    idle = chart.occupation_order(set(one.no_business))
    telephone = keys.read(one.revision.telephone)
    head = lines("export/messages.form_head", one=one, when=when)
    foot = lines("export/form_foot.j2", one=one, telephone=telephone, idle=idle)
    row = sheets.annex(sheet, head, rows, foot)
    for said in explained(one, chart):
        text = words("export/messages.explanation", {"said": said})
        sheet.merge_range(row, 0, row, len(chart.measures), text, sheets.style(align="left", font_size=10))
        sheet.set_row(row, height_of([text], 16 + 15 * len(chart.measures), 18))
        row += 1


def one_form(connection: Connection, corpus: Corpus, revision_id: int, keys: Keys) -> bytes:
    """The official form of one submitted revision, as it is in its quarter.

    Raises:
        KeyError: no revision has that id.
    """
    one = reports.submitted_revision(connection, revision_id)
    if one is None:
        raise KeyError(revision_id)
    sheets = Sheets(corpus.form_of(one.quarter))
    _form_sheet(sheets, sheets.sheet(one.quarter), one, keys)
    return sheets.close()


def aggregate(
    connection: Connection,
    form: Form,
    quarter: str,
    accepted_only: bool,
    basis: str,
    keys: Keys,
    times: Times | None = None,
) -> bytes:
    """The aggregated form of a quarter, all three bases side by side, by 区市, and who stands where.

    `basis` (quarter, year, total) is the one the form itself prints; the form says which. Up to
    MOST_SHEETS institutions follow with a sheet each, and the rows that the printed totals add; with
    more of them both stand in files of their own, as the opening figures then do (`export_to`).
    """
    now = Quarter.parse(quarter)
    by_basis = totals_by_basis(connection, now, accepted_only)
    ids = aggregates.counting_ids(connection, quarter, accepted_only)
    openings = aggregates.opening_ids(connection, quarter)
    counted = coverage.turnout(connection, quarter, accepted_only)
    due = (times or Times()).due(now)
    first, since_start = str(first_quarter(now, basis)), basis == "total"
    sheets = Sheets(form)
    shared = {
        "quarter": now,
        "basis": basis,
        "turnout": counted,
        "accepted_only": accepted_only,
        "openings": len(openings),
        "hash": content_hash(by_basis, ids, openings),
    }
    _total_sheet(sheets, by_basis[basis], shared)
    _bases_sheet(sheets, by_basis)
    wanted = Wanted(first, quarter, accepted_only, since_start)
    export_lists.district_sheet(sheets, connection, wanted, due, counted)
    export_lists.list_sheet(sheets, connection, quarter, accepted_only, due)
    if 0 < len(openings) <= MOST_SHEETS:
        found = aggregates.opening_origins(connection, quarter)
        cells = (export_rows.opening_cells(form, one) for one in found)
        export_lists.rows_sheet(sheets, "sheet_openings", export_rows.opening_heads(form), cells)
    if len(ids) <= MOST_SHEETS:
        rows = export_rows.origin_rows(connection, form, first, quarter, accepted_only, since_start)
        export_lists.rows_sheet(sheets, "sheet_origins", export_rows.origin_heads(form), rows)
        for one in reports.submitted_revisions(connection, ids):
            _form_sheet(sheets, sheets.sheet(one.institution), one, keys)
    return sheets.close()


def content_hash(
    by_basis: dict[str, Totals], revision_ids: list[int], opening_ids: Collection[int] = ()
) -> str:
    """A short hash over what was added up: equal exports have equal hashes."""
    values = [
        [
            basis,
            sorted(
                (t.occupation, sorted(t.sums.items()), sorted(t.not_known.items())) for t in found.values()
            ),
        ]
        for basis, found in sorted(by_basis.items())
    ]
    added = [values, sorted(revision_ids)]
    if opening_ids:
        added.append(sorted(set(opening_ids)))
    return hashlib.sha256(json.dumps(added).encode()).hexdigest()[:16]


def fingerprint(connection: Connection, quarter: str, accepted_only: bool) -> str:
    """The content hash that the quarter's exports bear."""
    by_basis = totals_by_basis(connection, Quarter.parse(quarter), accepted_only)
    openings = aggregates.opening_ids(connection, quarter)
    return content_hash(by_basis, aggregates.counting_ids(connection, quarter, accepted_only), openings)


def write_origins(
    connection: Connection,
    form: Form,
    quarter: str,
    accepted_only: bool,
    target: BinaryIO,
    basis: str = "quarter",
) -> None:
    """Every row that a basis adds, with its revision, as CSV (UTF-8 with BOM for Excel).

    Since the start the opening figures follow, instead of the reports that they include.
    """
    text = io.TextIOWrapper(target, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(export_rows.origin_heads(form))
    first = str(first_quarter(Quarter.parse(quarter), basis))
    for cells in export_rows.origin_rows(connection, form, first, quarter, accepted_only, basis == "total"):
        writer.writerow(export_rows.as_text(form, cells))
    text.detach()


def write_forms(
    connection: Connection, form: Form, quarter: str, accepted_only: bool, keys: Keys, target: BinaryIO
) -> None:
    """Every institution's form, in workbooks of MOST_SHEETS sheets each, as one zip."""
    ids = aggregates.counting_ids(connection, quarter, accepted_only)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for number, start in enumerate(range(0, len(ids), MOST_SHEETS), 1):
            sheets = Sheets(form)
            for one in reports.submitted_revisions(connection, ids[start : start + MOST_SHEETS]):
                _form_sheet(sheets, sheets.sheet(one.institution), one, keys)
            name = zipfile.ZipInfo(f"{quarter}-{number:03d}.xlsx", _ZIP_DATE)
            archive.writestr(name, sheets.close())


def export_to(
    connection: Connection,
    form: Form,
    quarter: str,
    accepted_only: bool,
    basis: str,
    keys: Keys,
    path: Path,
    times: Times | None = None,
) -> list[Path]:
    """Write the export; the files made.

    A path ending in .csv gets the rows behind the totals. Otherwise the workbook; with more than
    MOST_SHEETS institutions, their forms (.zip) and those rows (.csv) go beside it.

    Raises:
        OSError: a file cannot be written.
    """
    if path.suffix.lower() == ".csv":
        with path.open("wb") as file:
            write_origins(connection, form, quarter, accepted_only, file, basis)
        return [path]
    path.write_bytes(aggregate(connection, form, quarter, accepted_only, basis, keys, times))
    made = [path]
    if len(aggregates.counting_ids(connection, quarter, accepted_only)) > MOST_SHEETS:
        forms, rows = path.with_suffix(".zip"), path.with_suffix(".csv")
        with forms.open("wb") as file:
            write_forms(connection, form, quarter, accepted_only, keys, file)
        with rows.open("wb") as file:
            write_origins(connection, form, quarter, accepted_only, file, basis)
        made += [forms, rows]
    return made


def _total_sheet(sheets: Sheets, totals: Totals, shared: dict[str, Any]) -> None:
    chart = sheets.chart
    names = chart.occupation_order(list({*(o.name for o in chart.occupations[:3]), *totals}))
    empty = {m.id: 0 for m in chart.measures}
    sums = {n: totals[n].sums if n in totals else empty for n in names}
    rows = {n: [shown(m, sums[n][m.id]) for m in chart.measures] for n in names}
    rows[label("sum")] = [shown(m, sum(s[m.id] for s in sums.values())) for m in chart.measures]
    gaps = [
        (name, chart.measure(measure).title, count)
        for name in names
        if name in totals
        for measure, count in totals[name].not_known.items()
    ]
    foot = lines("export/total_foot.j2", gaps=gaps, **shared)
    sheets.annex(sheets.sheet(label("sheet_total")), lines("export/total_head.j2", **shared), rows, foot)


def _bases_sheet(sheets: Sheets, by_basis: dict[str, Totals]) -> None:
    chart = sheets.chart
    sheet = sheets.sheet(label("sheet_bases"))
    sheet.set_column(0, 1, 20)
    sheet.set_column(2, 4, 18)
    sheet.repeat_rows(0)
    bold = sheets.style(border=1, bold=True, align="center")
    for column, title in enumerate(("occupation", "measure", *BASES)):
        sheet.write_string(0, column, label(title), bold)
    row = 1
    for name in chart.occupation_order(list(by_basis["total"])):
        for measure in chart.measures:
            sheet.write_string(row, 0, name, sheets.style(border=1))
            sheet.write_string(row, 1, measure.printed, sheets.style(border=1))
            style = sheets.style(border=1, num_format="#,##0.00" if measure.kind == "money" else "#,##0")
            for column, basis in enumerate(BASES, 2):
                total = by_basis[basis].get(name)
                sheet.write_number(row, column, shown(measure, total.sums[measure.id] if total else 0), style)
            row += 1
