"""An answer to a draft that moved: to the cell it was meant for, to a choice, or not written at all."""

from __future__ import annotations

from bot.core.dialogs.dialog import Given, Problem, Question
from bot.core.messages import Replies
from bot.core.turn import Turn
from bot.features.figures.cells import NO_BUSINESS
from bot.features.report.context import ReportContext, Seen
from bot.features.report.editing import concurrent_edits, draft_writes
from bot.features.report.prompts import AskCell, AskOccupations
from policy.reading.numbers import looks_like_figure
from storage.reports import drafts


def hold(turn: Turn, context: ReportContext, question: Question[object], given: Given) -> Replies:
    """Keep an answer from going where its giver did not mean it; None when it may go on.

    The draft moved since its reader was last shown it. An answer to a cell goes to that cell, unless
    a colleague set it meanwhile: then it is asked which stands. An answer to any other question than
    the one pending now is not taken.
    """
    seen, snapshot = context.seen, context.snapshot
    if seen is None or snapshot is None or not context.news.moved or question.id.startswith("clash:"):
        return None
    same = concurrent_edits.is_shown(question, seen, context.news)
    unwritten = [turn.say("report/messages.moved")]
    if snapshot.draft is None or (seen.revision_id and snapshot.draft.id != seen.revision_id):
        return None if same else unwritten  # what was shown is gone: submitted, or discarded
    if seen.question == "occupations" or seen.question.startswith("add:"):
        return None if same else _add(turn, context, seen, given) or unwritten
    occupation, _, measure_id = seen.question.partition("/")
    row = snapshot.rows.get(occupation)
    if row is None or measure_id not in row:
        return None if same else unwritten
    asked = AskCell.of(context.form, occupation, context.form.measure(measure_id), row[measure_id], None, 0)
    typed = turn.incoming.choice is None and looks_like_figure(turn.text)
    try:
        mine = asked.read(turn.text) if typed else given(asked)
    except Problem:
        return None if same else unwritten
    changed = concurrent_edits.changed_by_others(turn, context)
    if mine == NO_BUSINESS:  # the whole row: not over a colleague's figures
        return unwritten if any(place[0] == occupation for place in changed) else None if same else unwritten
    if concurrent_edits.part(context, changed, occupation, {measure_id: mine})[1]:
        concurrent_edits.keep(turn, occupation, {measure_id: mine})
        return []
    if same:
        return None
    if row[measure_id] == mine:  # the colleague typed the very same
        return []
    return draft_writes.store_cell(turn, context, asked, mine)


def _add(turn: Turn, context: ReportContext, seen: Seen, given: Given) -> Replies:
    """Occupations may be added whatever else changed; None when it was something else."""
    draft = context.snapshot.draft if context.snapshot else None
    try:
        names = given(AskOccupations.of(seen.question, context.form, [], adding=False))
    except Problem:
        return None
    if not names or draft is None:
        return None
    drafts.add_occupations(turn.connection, draft, names, turn.person_id, turn.now)
    return [turn.say("report/messages.added", names=names)]
