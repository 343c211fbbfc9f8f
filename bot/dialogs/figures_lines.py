"""Writing figures into the draft: a cell, an explanation, or whole lines typed or pasted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot import words
from bot.dialogs import sharing
from bot.dialogs.beside import AskTotal
from bot.dialogs.report_questions import NO_BUSINESS, AskCell, AskWhy, read_cell
from bot.engine import Problem
from bot.messages import Outgoing
from bot.turn import Turn
from policy.figures import looks_like_figure
from policy.form import Cell, Form, Measure, Occupation
from storage import reports

if TYPE_CHECKING:
    from bot.dialogs.report import ReportContext


def store_cell(turn: Turn, context: ReportContext, question: AskCell, value: Any) -> list[Outgoing]:
    """Write one cell, or the whole row as 无业务; echo it as it was understood."""
    occupation, measure = question.data["occupation"], question.data["measure"]
    if value == NO_BUSINESS:
        write(turn, context, occupation, {m.id: 0 for m in context.form.measures}, no_business=True)
        return [turn.say("report/idle.j2", occupation=occupation)]
    write(turn, context, occupation, {measure.id: value})
    return [turn.say("report/noted.j2", occupation=occupation, measure=measure, value=value)]


def store_why(turn: Turn, context: ReportContext, question: AskWhy, value: Any) -> list[Outgoing]:
    """Keep the explanation, or correct the cell when a figure was typed instead."""
    occupation, doubt = question.data["occupation"], question.data["doubt"]
    if "cell" in value:
        measure = context.form.measure(doubt.measure)
        write(turn, context, occupation, {measure.id: value["cell"]})
        return [turn.say("report/noted.j2", occupation=occupation, measure=measure, value=value["cell"])]
    draft = open_draft(turn, context)
    reports.explain(
        turn.connection, draft, occupation, doubt.id, value["words"], doubt.text, turn.person_id, turn.now
    )
    return [turn.say("report/explained.j2")]


def store_total(turn: Turn, context: ReportContext, question: AskTotal, value: Any) -> list[Outgoing]:
    """Correct the cell that made a total impossible."""
    occupation, doubt = question.data["occupation"], question.data["doubt"]
    measure = context.form.measure(doubt.measure)
    write(turn, context, occupation, {measure.id: value["cell"]})
    return [turn.say("report/noted.j2", occupation=occupation, measure=measure, value=value["cell"])]


def open_draft(turn: Turn, context: ReportContext, reason: str | None = None) -> reports.Revision:
    """The draft that an answer is written into; begun by the first one."""
    if context.snapshot is not None and context.snapshot.draft is not None:
        return context.snapshot.draft
    assert context.institution_id is not None
    assert context.quarter is not None
    return reports.begin_draft(
        turn.connection, context.institution_id, context.quarter, turn.person_id, turn.now, reason
    )


def write(
    turn: Turn,
    context: ReportContext,
    occupation: str,
    cells: dict[str, Cell],
    no_business: bool = False,
) -> None:
    """Write cells of a row; explanations of doubts that look at them are taken up afresh."""
    draft = open_draft(turn, context)
    explained = [d for o, d in context.snapshot.explanations if o == occupation] if context.snapshot else []
    reports.set_cells(
        turn.connection,
        draft,
        occupation,
        cells,
        turn.person_id,
        turn.now,
        no_business=no_business,
        clear=[d for d in explained if _touches(context.form, d, cells)],
    )


def _touches(form: Form, doubt_id: str, cells: dict[str, Cell]) -> bool:
    rule_id, _, measure = doubt_id.partition(".")
    rule = next((r for r in form.unlikely if r["id"] == rule_id), {})
    looked_at = {measure}
    for kind in ("greater", "without", "per_head"):
        looked_at.update(rule.get(kind, ()))
    if "same_as_last" in rule:
        looked_at.update(m.id for m in form.measures)
    return bool(looked_at & set(cells))


@dataclass
class Lines:
    """What became of figures typed as lines: rows written, and what is wrong with the others."""

    written: list[tuple[str, int]] = field(default_factory=list)  # (occupation, cells)
    problems: list[dict[str, Any]] = field(default_factory=list)


def is_figures(context: ReportContext, text: str) -> bool:
    """Whether a text is figures: its first non-empty line begins with an occupation and goes on."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    parsed = _parse(context, first)
    if parsed is None:
        return False
    second = parsed[1][0]
    return bool(
        looks_like_figure(second)
        or words.tidy(second) in words.NOT_KNOWN
        or (len(parsed[1]) > 1 and context.form.find_measure(second))
    )


def _parse(context: ReportContext, line: str) -> tuple[Occupation, list[str]] | None:
    """A line of figures; with one row only, `已培训人数 120` need not name it."""
    rows = context.occupations()
    if len(rows) == 1 and context.form.find_measure(line.split()[0] if line.split() else ""):
        line = f"{rows[0]} {line}"
    return context.form.read_line(line)


def store_lines(turn: Turn, context: ReportContext, text: str) -> list[Outgoing]:
    """Take every line by the same rules as the dialog; wrong cells are named, right ones kept."""
    result = Lines()
    changed = sharing.changed_by_others(turn, context)
    for line in (line for line in text.splitlines() if line.strip()):
        parsed = _parse(context, line)
        if parsed is None:
            result.problems.append({"kind": "occupation", "line": line.strip()[:30]})
            continue
        occupation, typed = parsed
        cells = _cells(context.form, occupation.name, typed, result)
        if cells:
            cells, disputed = sharing.part(context, changed, occupation.name, cells)
            sharing.keep(turn, occupation.name, disputed)
        if cells:
            write(turn, context, occupation.name, cells)
            result.written.append((occupation.name, len(cells)))
    return [turn.say("report/lines.j2", written=result.written, problems=result.problems, form=context.form)]


def _cells(form: Form, occupation: str, typed: list[str], result: Lines) -> dict[str, Cell]:
    measures: tuple[Measure, ...] = form.measures
    if len(typed) == 2 and (one := form.find_measure(typed[0])):
        measures, typed = (one,), typed[1:]
    if len(typed) != len(measures):
        result.problems.append({"kind": "count", "occupation": occupation, "count": len(typed)})
        return {}
    cells: dict[str, Cell] = {}
    for measure, text in zip(measures, typed, strict=True):
        try:
            cells[measure.id] = read_cell(form, measure, text)
        except Problem as problem:
            result.problems.append({"kind": "cell", "occupation": occupation, **problem.data})
    return cells
