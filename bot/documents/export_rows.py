"""The rows behind a total, in the columns of the CSV and of the workbook's sheets."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from sqlalchemy import Connection

from bot.core.render import words
from bot.documents.workbook import shown
from policy.calendar.quarters import local
from policy.form.form import NOT_KNOWN, Form, Measure
from storage.totals import aggregates
from storage.totals.aggregates import OpeningOrigin, Origin

Cells = list[str | float]
RISKY_FIRST = frozenset("=+-@")  # what a spreadsheet takes for the beginning of a formula
CONTROL_FIRST = frozenset("\t\r\n")
_PLACE = ("institution", "district")
_OF_ORIGIN = (*_PLACE, "of_quarter", "occupation", "revision_id", "revision", "receipt", "submitted_at")
_OF_OPENING = (*_PLACE, "through", "opening_number", "source", "entered_at", "occupation")


def label(name: str) -> str:
    """The words of a head or of a sheet's name."""
    return words("export/messages.label", {"id": name})


def measure_heads(form: Form) -> list[str]:
    """The measures as column heads, the amount with the unit we read it in."""
    return [words("export/messages.measure_head", {"measure": m}) for m in form.measures]


def origin_heads(form: Form) -> list[str]:
    """The column heads of `origin_rows`."""
    return [label(name) for name in _OF_ORIGIN] + measure_heads(form)


def origin_rows(
    connection: Connection, form: Form, first: str, last: str, accepted_only: bool, since_start: bool
) -> Iterator[Cells]:
    """Every row that a total over quarters `first`…`last` adds, streamed.

    Since the start the opening figures follow, instead of the reports that they include.
    """
    for origin in aggregates.origins(connection, first, last, accepted_only, since_start):
        yield _origin_cells(form, origin)
    for opening in aggregates.opening_origins(connection, last) if since_start else ():
        yield _opening_as_origin(form, opening)


def _origin_cells(form: Form, origin: Origin) -> Cells:
    figures = [
        shown(m, NOT_KNOWN if value is None else value)
        for m, value in zip(form.measures, origin.figures, strict=True)
    ]
    return [
        origin.institution,
        origin.district or "",
        origin.quarter,
        origin.occupation,
        origin.revision_id,
        origin.number,
        origin.receipt,
        f"{local(origin.submitted_at):%Y-%m-%d %H:%M}",
        *figures,
    ]


def _opening_as_origin(form: Form, opening: OpeningOrigin) -> Cells:
    """In the columns of the rows that reports bring: no revision, its source in the receipt's place."""
    institution, district, _, number, _, at, occupation, *figures = opening_cells(form, opening)
    until = words("export/messages.opening_until", {"through": opening.through})
    receipt = words("export/messages.opening", {"through": opening.through, "source": opening.source})
    return [institution, district, until, occupation, "", number, receipt, at, *figures]


def opening_heads(form: Form) -> list[str]:
    """The column heads of `opening_cells`."""
    return [label(name) for name in _OF_OPENING] + measure_heads(form)


def opening_cells(form: Form, opening: OpeningOrigin) -> Cells:
    """A row of opening figures."""
    figures = [shown(m, value) for m, value in zip(form.measures, opening.figures, strict=True)]
    return [
        opening.institution,
        opening.district or "",
        opening.through,
        opening.number,
        opening.source,
        f"{local(opening.at):%Y-%m-%d %H:%M}",
        opening.occupation,
        *figures,
    ]


def as_text(form: Form, cells: Cells) -> list[str]:
    """A row for a CSV: yuan as people write them, and nothing a spreadsheet would take for a formula."""
    fixed, measures = cells[: -len(form.measures)], cells[-len(form.measures) :]
    return [harmless(cell) for cell in fixed] + [
        _figure(m, cell) for m, cell in zip(form.measures, measures, strict=True)
    ]


def harmless(cell: str | float) -> str:
    """A cell that no spreadsheet runs: what begins like a formula is marked as a text.

    Full-width and small forms count as their plain ones, since an input method's setting decides
    which are typed and some programs take either; so do blanks before them, which some leave out.
    """
    text = str(cell)
    if not isinstance(cell, str):
        return text
    first = unicodedata.normalize("NFKC", text.lstrip()[:1])
    return f"'{text}" if first in RISKY_FIRST or text[:1] in CONTROL_FIRST else text


def _figure(measure: Measure, cell: str | float) -> str:
    if isinstance(cell, str):
        return cell
    if measure.kind != "money":
        return str(int(cell))
    return f"{cell:.2f}".removesuffix(".00")
