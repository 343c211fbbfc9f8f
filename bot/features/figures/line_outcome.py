"""What comes of figures typed as lines: rows that are certain, or what is asked or refused about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from bot.core.dialogs import vocabulary
from bot.core.dialogs.dialog import Problem
from bot.features.figures.cells import NO_BUSINESS, read_cell
from bot.features.figures.pasted_rows import sort_lines
from policy.form.form import NOT_KNOWN, Cell, Form, Measure
from policy.form.line import Line

Kind = Literal["value", "ask", "refuse"]


@dataclass
class Outcome:
    """What a text comes to.

    `rows` are occupation → its cells in the form's order, or `no_business`; of a whole quarter without
    any it is that alone. They are certain where `kind` is value, likely where it is ask. `left` are
    (text, reason) of what was not taken.
    """

    kind: Kind
    rows: dict[str, Any] | str = field(default_factory=dict)
    reason: str = ""
    left: list[tuple[str, str]] = field(default_factory=list)


def read_text(form: Form, text: str, rows: list[str] | None = None) -> Outcome:
    """Return what a text of lines comes to; `rows` are the occupations of an open report."""
    if vocabulary.says_nothing(text):
        return Outcome("value", NO_BUSINESS)
    said, taken = sort_lines(form, text, rows or [])
    left = [(str(p.get("line") or p.get("occupation", "")), str(p["kind"])) for p in said.problems]
    found = Outcome("ask" if left or not taken else "value", {}, "", left)
    found.left += [(remark, "remark") for _, remark in said.remarks]
    if not isinstance(found.rows, dict):
        raise LookupError("no rows")
    for line in taken:
        name = line.row.name
        found.rows[name] = NO_BUSINESS if line.kind == "idle" else _cells(form, line, found)
    return found


def _cells(form: Form, line: Line, found: Outcome) -> list[Any]:
    """The row's cells as they are shown outside; what is refused, missing or doubted goes into `found`."""
    row: dict[str, Cell] = {}
    for measure in form.measures:
        typed = line.cells.get(measure.id, "")
        if not typed:
            continue
        try:
            row[measure.id] = read_cell(form, measure, typed)
        except Problem as problem:
            found.kind, found.reason = "refuse", str(problem.data["reason"])
            found.left.append((typed, found.reason))
    doubts = [d for d in form.doubts(row) if d.rule != "not-known"]
    found.left += [(d.text, "doubt") for d in doubts]
    if found.kind == "value" and (doubts or len(row) < len(form.measures)):
        found.kind = "ask"
    return [_shown(m, row.get(m.id)) for m in form.measures]


def _shown(measure: Measure, cell: Cell) -> Any:
    """An integer, a decimal string of yuan, "unknown", or None where nothing was filled in."""
    if cell == NOT_KNOWN:
        return "unknown"
    if measure.kind == "money" and isinstance(cell, int):
        yuan, fen = divmod(cell, 100)
        return f"{yuan}.{fen:02d}".rstrip("0").rstrip(".") if fen else str(yuan)
    return cell
