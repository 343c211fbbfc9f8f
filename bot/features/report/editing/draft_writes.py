"""Writing figures into the draft: a cell, an explanation, or whole lines typed or pasted."""

from __future__ import annotations

from bot.core.dialogs.dialog import Problem
from bot.core.messages import Outgoing
from bot.core.turn import Turn
from bot.features.figures.cells import NO_BUSINESS, TypedCell, read_cell
from bot.features.figures.pasted_rows import Lines, sort_lines
from bot.features.report.context import Changed, ReportContext
from bot.features.report.editing import concurrent_edits, idle_rows
from bot.features.report.editing.cell_hints import AskTotal
from bot.features.report.prompts import AskCell, AskWhy, Corrected, Explained
from policy.form.form import KINDS, NOT_KNOWN, Cell, Form, Measure
from policy.form.line import Line
from policy.form.rows import are_figures, bare_row, only_rows
from storage.reports import drafts, reports
from storage.reports.reports import VersionConflict


def store_cell(turn: Turn, context: ReportContext, question: AskCell, value: TypedCell) -> list[Outgoing]:
    """Write one cell, or the whole row as 无业务, which asks before it wipes figures out; echo it."""
    occupation, measure = question.occupation, question.measure
    if value == NO_BUSINESS:
        if filled := idle_rows.figures_of(context, occupation):
            return [idle_rows.ask(turn, context, occupation, filled)]
        write(turn, context, occupation, {m.id: 0 for m in context.form.measures}, no_business=True)
        return [turn.say("report/idle.j2", occupation=occupation)]
    write(turn, context, occupation, {measure.id: value})
    return [turn.say("report/messages.noted", occupation=occupation, measure=measure, value=value)]


def store_why(
    turn: Turn, context: ReportContext, question: AskWhy, value: Explained | Corrected
) -> list[Outgoing]:
    """Keep the explanation, or correct the cell when a figure was typed instead."""
    if isinstance(value, Corrected):
        return store_corrected(turn, context, question, value)
    draft = open_draft(turn, context)
    drafts.explain(
        turn.connection,
        draft,
        question.occupation,
        question.doubt.id,
        value.words,
        question.doubt.text,
        turn.person_id,
        turn.now,
    )
    return [turn.say("report/messages.explained")]


def store_corrected(
    turn: Turn, context: ReportContext, question: AskWhy | AskTotal, value: Corrected
) -> list[Outgoing]:
    """Put the cell right that was doubted, or that made a total impossible."""
    occupation, measure = question.occupation, context.form.measure(question.doubt.measure)
    write(turn, context, occupation, {measure.id: value.cell})
    return [turn.say("report/messages.noted", occupation=occupation, measure=measure, value=value.cell)]


def store_settled(
    turn: Turn, context: ReportContext, cells: list[tuple[str, Measure, Cell]]
) -> list[Outgoing]:
    """Write the cells for which one's own value was chosen."""
    for occupation, measure, mine in cells:
        write(turn, context, occupation, {measure.id: mine})
    return [
        turn.say("report/messages.noted", occupation=occupation, measure=measure, value=mine)
        for occupation, measure, mine in cells
    ]


def open_draft(turn: Turn, context: ReportContext, reason: str | None = None) -> reports.Revision:
    """The draft that an answer is written into; begun by the first one.

    Raises:
        VersionConflict: somebody else began it since this turn looked.
        LookupError: no report was chosen.
    """
    if context.snapshot is not None and context.snapshot.draft is not None:
        return context.snapshot.draft
    if context.institution_id is None or context.quarter is None:
        raise LookupError("no report was chosen that a draft could be of")
    made = drafts.begin_draft(
        turn.connection,
        context.institution_id,
        context.quarter,
        turn.person_id,
        turn.now,
        turn.closes(context.quarter),
        reason,
    )
    mine = turn.once(f"began {context.place}", lambda: made.version == 1)
    if not mine:  # a colleague began it at this very instant: look again before writing into it
        raise VersionConflict
    return made


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
    drafts.set_cells(
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
    for kind in KINDS:
        looked_at.update(rule.get(kind, ()))
    if "not_known" in rule and NOT_KNOWN in cells.values():
        return True
    if "same_as_last" in rule or "ten_times" in rule:
        looked_at.update(m.id for m in form.measures)
    return bool(looked_at & set(cells))


def is_figures(context: ReportContext, text: str) -> bool:
    """Whether a text is figures and neither a question nor an answer."""
    return are_figures(context.form, text, context.occupations())


def only_rows_in(context: ReportContext, text: str) -> bool:
    """Whether a text is nothing but rows of figures: then it is no explanation."""
    return only_rows(context.form, text, context.occupations())


def bare_row_of(question: AskCell, text: str) -> str | None:
    """Six figures typed at a cell, as the line they mean: the row of the cell's occupation."""
    return f"{question.occupation} {text}" if bare_row(question.form, text) else None


def store_lines(turn: Turn, context: ReportContext, text: str) -> list[Outgoing]:
    """Take every line by the same rules as the dialog; wrong cells are named, right ones kept."""
    changed = concurrent_edits.changed_by_others(turn, context)
    result, taken = sort_lines(context.form, text, context.occupations())
    asked = []
    for line in taken:
        if line.kind == "idle" and (filled := idle_rows.figures_of(context, line.row.name)):
            asked.append(idle_rows.ask(turn, context, line.row.name, filled))
        else:
            _store_row(turn, context, line, changed, result)
    said = turn.say("report/lines.j2", **vars(result), form=context.form)
    return [said, *asked] if len(taken) > len(asked) or result.problems else asked


def _store_row(turn: Turn, context: ReportContext, line: Line, changed: Changed, result: Lines) -> None:
    chart, occupation, idle = context.form, line.row.name, line.kind == "idle"
    cells: dict[str, Cell] = dict.fromkeys((m.id for m in chart.measures), 0) if idle else {}
    for measure_id, typed in line.cells.items():
        try:
            cells[measure_id] = read_cell(chart, chart.measure(measure_id), typed)
        except Problem as problem:
            result.problems.append({"kind": "cell", "occupation": occupation, **problem.data})
    cells, disputed = concurrent_edits.part(context, changed, occupation, cells)
    concurrent_edits.keep(turn, occupation, disputed)
    result.disputed += len(disputed)
    if cells:
        write(turn, context, occupation, cells, no_business=idle and not disputed)
        if idle:
            result.idle.append(occupation)
        else:
            result.written.append((occupation, cells))
