"""本季度无业务 for a row that holds figures: asked before it wipes them out."""

from __future__ import annotations

from bot.core.messages import Outgoing
from bot.core.turn import Turn
from bot.features.report.context import Place, ReportContext
from policy.form.form import Cell, Measure
from storage.reports import drafts, reports
from storage.reports.reports import Revision


def figures_of(context: ReportContext, occupation: str) -> list[tuple[Measure, Cell]]:
    """Return the cells of a row that 无业务 would wipe out: all but zeros and empty ones."""
    row = context.snapshot.rows.get(occupation) if context.snapshot else None
    return [(m, row[m.id]) for m in context.form.measures if row.get(m.id) not in (None, 0)] if row else []


def ask(turn: Turn, context: ReportContext, occupation: str, filled: list[tuple[Measure, Cell]]) -> Outgoing:
    """Whether these figures are to give way; nothing is written before."""
    return turn.say("report/messages.idle_over", place=context.place, occupation=occupation, filled=filled)


def make_idle(turn: Turn, place: Place, draft: Revision, occupation: str) -> bool:
    """Make a row of the draft zero, its explanations gone; false where there is no such row."""
    snapshot = reports.snapshot(turn.connection, *place)
    if occupation not in snapshot.rows:
        return False
    drafts.set_cells(
        turn.connection,
        draft,
        occupation,
        dict.fromkeys((m.id for m in turn.corpus.form_of(place[1]).measures), 0),
        turn.person_id,
        turn.now,
        no_business=True,
        clear=[doubt for name, doubt in snapshot.explanations if name == occupation],
    )
    return True
