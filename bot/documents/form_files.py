"""The form as a contact takes it away: pre-filled as XLSX to be sent back, and as DOCX to be stamped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import Connection

from bot.core.render import words
from bot.core.security.keys import Keys
from bot.documents import docx, pdf
from bot.documents.explanations import explained
from bot.documents.sheet_reader import BASE_SHEET
from bot.documents.workbook import Sheets, lines, shown
from policy.calendar.quarters import Quarter, local
from policy.corpus import Corpus
from policy.form.form import Form, Measure
from storage.institutions import institutions
from storage.people import people
from storage.reports import attachments, prior_figures, reports
from storage.reports.attachments import KINDS
from storage.reports.reports import Submitted

_EMU = 36_000  # of a millimetre: English metric units, as Word measures


def draft_form(
    connection: Connection, corpus: Corpus, institution_id: int, quarter: str, person_id: int, keys: Keys
) -> bytes:
    """The quarter's form with what the report holds now; empty rows for every occupation it has not.

    A hidden sheet says what the form showed, so that only changed cells are taken from it later.
    """
    snapshot = reports.snapshot(connection, institution_id, quarter)
    profile = people.profile(connection, person_id)
    chart = corpus.form_of(quarter)
    sheets = Sheets(chart)
    sheet = sheets.sheet(quarter)
    names = chart.occupation_order([*{*(o.name for o in chart.occupations), *snapshot.rows}])
    rows = {n: [shown(m, snapshot.rows.get(n, {}).get(m.id)) for m in chart.measures] for n in names}
    institution = institutions.get(connection, institution_id).name
    head = lines("export/messages.draft_head", institution=institution, quarter=Quarter.parse(quarter))
    idle = chart.occupation_order(set(snapshot.no_business))
    foot = lines(
        "export/draft_foot.j2",
        name=profile.name or "",
        telephone=keys.read(profile.telephone),
        notes=note_lines(connection, chart, quarter),
        idle=idle,
    )
    sheets.annex(sheet, head, rows, foot)
    last = snapshot.shown
    base = {
        "institution": institution_id,
        "quarter": quarter,
        "revision": last.id if last else 0,
        "version": last.version if last else 0,
        "rows": {o: {m.id: row[m.id] for m in chart.measures} for o, row in snapshot.rows.items()},
        "idle": idle,
    }
    hidden = sheets.book.add_worksheet(BASE_SHEET)
    hidden.write_string(0, 0, json.dumps(base, sort_keys=True, separators=(",", ":")))
    hidden.very_hidden()
    return sheets.close()


def note_lines(connection: Connection, chart: Form, quarter: str) -> list[tuple[str, str]]:
    """(measure's title, what counts for it), in the form's order, where the office said so."""
    said = prior_figures.notes(connection, quarter)
    return [(m.title, said[m.id].words) for m in chart.measures if m.id in said]


def printable(connection: Connection, corpus: Corpus, revision_id: int, keys: Keys) -> bytes:
    """The form of one submitted revision, as it is in its quarter, as DOCX, ready to print and stamp.

    The annex stands on a page of its own, explanations and separate pages after it.

    Raises:
        KeyError: no revision has that id.
    """
    chart, one, telephone, notes, pages = _one(connection, corpus, revision_id, keys)
    values = printed_values(chart, one, telephone, notes, pages)
    renamed = _renamed(corpus.on(date.min).form, chart)

    def finish(paper: Any) -> None:
        height = round(_row_height(chart, len(values["rows"])) * _EMU)
        for row in [row for row in paper.tables[-1].rows if not _is_head(row)]:
            row.height = height
        _rename(paper, renamed)
        if not values["following"]:
            _keep_first_section(paper)

    return docx.document("form", chart.title, values, finish)


def as_pdf(connection: Connection, corpus: Corpus, revision_id: int, keys: Keys) -> bytes:
    """The same as PDF.

    Raises:
        KeyError: no revision has that id.
        NoPdf: the extra or a Chinese font is missing.
    """
    chart, one, telephone, notes, pages = _one(connection, corpus, revision_id, keys)
    values = printed_values(chart, one, telephone, notes, pages)
    height = _row_height(chart, len(values["rows"]))
    layout = {"title": chart.title, "measures": chart.measures, "first_column": chart.first_column}
    more = {**layout, "note": chart.note, "row_height": f"{height:.1f}"}
    return pdf.from_html(pdf.page("form.html", {**values, **more}))


def _one(
    connection: Connection, corpus: Corpus, revision_id: int, keys: Keys
) -> tuple[Form, Submitted, str, list[tuple[str, str]], attachments.Pages]:
    one = reports.submitted_revision(connection, revision_id)
    if one is None:
        raise KeyError(revision_id)
    pages = attachments.of(connection, revision_id)
    chart = corpus.form_of(one.quarter)
    notes = note_lines(connection, chart, one.quarter)
    return chart, one, keys.read(one.revision.telephone), notes, pages


def printed_values(
    chart: Form, one: Submitted, telephone: str, notes: list[tuple[str, str]], pages: attachments.Pages
) -> dict[str, Any]:
    """What a printed form says, whatever kind of file it becomes."""
    rows = form_rows(chart, one)
    separate = any(f.kind in KINDS for f in pages.files)
    return {
        "institution": one.institution,
        "when": local(one.revision.submitted_at) if one.revision.submitted_at else None,
        "rows": [
            {
                "name": name,
                "idle": name in one.no_business,
                **{m.id: _printed(m, row[m.id]) for m in chart.measures},
            }
            for name, row in rows.items()
        ],
        "nothing": one.revision.nothing_to_report,
        "filled_by": one.revision.filled_by or "",
        "telephone": telephone,
        "quarter": Quarter.parse(one.quarter).name,
        "gaps": not (one.revision.nothing_to_report or rows.keys() <= one.rows.keys()),
        "notes": [{"title": title, "words": words} for title, words in notes],
        "explained": explained(one, chart),
        "following": bool(one.explanations or pages.words or separate),
        "pages": separate_pages(pages),
        "mark": one.revision.receipt or one.quarter,
    }


def separate_pages(pages: attachments.Pages) -> list[dict[str, Any]]:
    """What a revision has on separate pages: its text by kind, then the names of the files."""
    found = []
    for kind in KINDS:
        lines = [line.strip() for line in pages.words.get(kind, "").splitlines() if line.strip()]
        files = [f.name for f in pages.files if f.kind == kind]
        if kind in pages.words or files:
            found.append(
                {
                    "name": words("export/messages.separate_name", {"kind": kind}),
                    "lines": lines,
                    "files": files,
                }
            )
    return found


def _renamed(first: Form, chart: Form) -> dict[str, str]:
    """What the Word file has fixed, as on the first day → as it reads in this form, where that is other."""
    pairs = [(first.title, chart.title), (first.note, chart.note), (first.first_column, chart.first_column)]
    pairs += [(m.printed, chart.measure(m.id).printed) for m in first.measures]
    return {was: now for was, now in pairs if was != now}


def _rename(paper: Any, renamed: dict[str, str]) -> None:
    """Write the heads of a later form over those of the file; what a clerk put there instead stays."""
    heads = [
        p for row in paper.tables[-1].rows if _is_head(row) for cell in row.cells for p in cell.paragraphs
    ]
    for paragraph in [*heads, *_first_section(paper)] if renamed else []:
        if (now := renamed.get(paragraph.text.strip())) is not None:
            for number, run in enumerate(paragraph.runs):
                run.text = "" if number else now


def _first_section(paper: Any) -> Iterator[Any]:
    """The paragraphs of the annex's own page: no line that somebody typed stands among them."""
    for paragraph in paper.paragraphs:
        yield paragraph
        if paragraph._p.xpath("./w:pPr/w:sectPr"):
            return


def _is_head(row: Any) -> bool:
    return bool(row._tr.xpath("./w:trPr/w:tblHeader"))


def _keep_first_section(paper: Any) -> None:
    """Leave out the pages that would follow: a document ends with the section of its last page."""
    body = paper.element.body
    (ends,) = body.xpath("./w:p[w:pPr/w:sectPr]")
    first = ends.pPr.sectPr
    for element in [*ends.itersiblings(), ends]:
        body.remove(element)
    body.append(first)


def form_rows(chart: Form, one: Submitted) -> reports.Rows:
    """The rows to print: the annex's own even when nothing was reported for them, then the others.

    A row that was not reported is not a row of zeros, unless the whole quarter was reported as zero.
    """
    own = [o.name for o in chart.occupations[: chart.layout["rows_printed"]]]
    empty: dict[str, reports.Cell] = {
        m.id: 0 if one.revision.nothing_to_report else None for m in chart.measures
    }
    return {n: one.rows.get(n, empty) for n in chart.occupation_order({*own, *one.rows})}


def _printed(measure: Measure, cell: reports.Cell) -> str:
    return "—" if cell is None else measure.show(cell)


def _row_height(chart: Form, rows: int) -> float:
    """Millimetres of one row: a short form fills its page better."""
    least = float(chart.layout["row_height"])
    return max(least, min(1.5 * least, float(chart.layout["rows_fill"]) / rows))
