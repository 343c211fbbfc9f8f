"""The form as a contact takes it away: pre-filled as XLSX to be sent back, and as DOCX to be stamped."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from sqlalchemy import Connection

from bot.keys import Keys
from bot.render import environment, words
from bot.sheets import BASE_SHEET
from bot.workbook import Sheets
from policy.form import NOT_KNOWN, Form, Measure, form
from policy.quarters import Quarter, local
from storage import attachments, earlier, institutions, people, reports
from storage.reports import Submitted

_FIXED = (2023, 5, 24, 0, 0, 0)  # the notice's date: any fixed one does


def _lines(template: str, **data: Any) -> list[str]:
    return [line for line in words(template, data).splitlines() if line.strip()]


def _value(measure: Measure, cell: Any) -> str | float:
    if cell is None:
        return ""
    if cell == NOT_KNOWN:
        return measure.show(NOT_KNOWN)
    return int(cell) / 100 if measure.kind == "money" else int(cell)


def draft_form(
    connection: Connection, institution_id: int, quarter: str, person_id: int, keys: Keys
) -> bytes:
    """The form with what the report holds now; empty rows for every occupation it has not.

    A hidden sheet says what the form showed, so that only changed cells are taken from it later.
    """
    chart = form()
    snapshot = reports.snapshot(connection, institution_id, quarter)
    profile = people.profile(connection, person_id)
    sheets = Sheets()
    sheet = sheets.sheet(quarter)
    names = chart.occupation_order([*{*(o.name for o in chart.occupations), *snapshot.rows}])
    rows = {n: [_value(m, snapshot.rows.get(n, {}).get(m.id)) for m in chart.measures] for n in names}
    data = {
        "institution": institutions.get(connection, institution_id).name,
        "quarter": Quarter.parse(quarter),
        "name": profile.name or "",
        "telephone": keys.open(profile.telephone) or "",
        "notes": note_lines(connection, chart, quarter),
    }
    sheets.annex(sheet, _lines("export/draft_head.j2", **data), rows, _lines("export/draft_foot.j2", **data))
    shown = snapshot.shown
    base = {
        "institution": institution_id,
        "quarter": quarter,
        "revision": shown.id if shown else 0,
        "version": shown.version if shown else 0,
        "rows": {o: {m.id: row[m.id] for m in chart.measures} for o, row in snapshot.rows.items()},
    }
    hidden = sheets.book.add_worksheet(BASE_SHEET)
    hidden.write_string(0, 0, json.dumps(base, sort_keys=True, separators=(",", ":")))
    hidden.very_hidden()
    return sheets.close()


def note_lines(connection: Connection, chart: Form, quarter: str) -> list[tuple[str, str]]:
    """(measure's title, what counts for it), in the form's order, where the office said so."""
    said = earlier.notes(connection, quarter)
    return [(m.title, said[m.id].words) for m in chart.measures if m.id in said]


def printable(connection: Connection, revision_id: int, keys: Keys) -> bytes:
    """The form of one submitted revision as DOCX, ready to print and stamp.

    Raises:
        KeyError: no revision has that id.
    """
    one = reports.submitted_revision(connection, revision_id)
    if one is None:
        raise KeyError(revision_id)
    pages = attachments.of(connection, revision_id)
    notes = note_lines(connection, form(), one.quarter)
    return document(one, keys.open(one.revision.telephone) or "", notes, pages)


def document(one: Submitted, telephone: str, notes: list[tuple[str, str]], pages: attachments.Pages) -> bytes:
    """The bytes of the DOCX: the same for the same values."""
    chart = form()
    printed = [o.name for o in chart.occupations[: chart.layout["rows_printed"]]]
    names = chart.occupation_order(list({*printed, *one.rows}))
    when = local(one.revision.submitted_at) if one.revision.submitted_at else None
    data = {"one": one, "when": when, "telephone": telephone, "notes": notes}
    rows = [
        (name, [m.show(one.rows[name][m.id] if name in one.rows else 0) for m in chart.measures])
        for name in names
    ]
    shared = {
        "form": chart,
        "layout": chart.layout,
        "heads": [(m, bool(m.part_of)) for m in chart.measures],
        "rows": rows,
        "head": _lines("export/form_head.j2", **data),
        "foot": [*_lines("export/form_foot.j2", **data), *_lines("export/notes.j2", notes=notes)],
        "explanations": one.explanations,
        "pages": pages,
    }
    parts = (
        "[Content_Types].xml",
        "_rels/.rels",
        "docProps/core.xml",
        "word/document.xml",
        "word/styles.xml",
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for part in (*parts, "word/_rels/document.xml.rels"):
            template = environment().get_template(
                f"docx/{part.rpartition('/')[2].lstrip('.[').replace(']', '')}.j2"
            )
            info = zipfile.ZipInfo(part, _FIXED)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o600 << 16
            archive.writestr(info, template.render(shared).strip())
    return buffer.getvalue()
