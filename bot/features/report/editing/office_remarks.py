"""What the office said of a report, as its contact's dialog meets it: returned, reopened, closed."""

from __future__ import annotations

from typing import Any

from bot.core.dialogs.dialog import Choose, Question
from bot.core.render import words
from bot.core.turn import Turn
from bot.features.report.context import OfficeView, ReportContext
from bot.features.report.editing.cell_hints import AskTotal
from bot.features.report.editing.concurrent_edits import AskWhich
from bot.features.report.prompts import AskCell, AskWhy
from policy.calendar.quarters import Quarter
from policy.form.form import Doubt, Row
from storage.reports import reports, returned_cells
from storage.reports.reports import Revision, Snapshot
from storage.reports.returned_cells import WHOLE


def load(turn: Turn, snapshot: Snapshot) -> OfficeView:
    """What the office said so far."""
    connection, latest = turn.connection, snapshot.latest
    quarter = Quarter.parse(snapshot.quarter)
    head = (latest.id, latest.state) if latest else None
    usually = turn.times.closes(quarter)
    closes = turn.once(
        f"closes {quarter}", lambda: returned_cells.closes_at(connection, str(quarter), usually)
    )
    closed = returned_cells.closed_by(
        connection, snapshot.institution_id, str(quarter), turn.now, head, closes
    )
    if latest is None or latest.state not in ("returned", "accepted"):
        return OfficeView(closed=closed)
    if latest.state == "accepted":
        return OfficeView(reopened=returned_cells.reopened(connection, latest.id), closed=closed)
    was = reports.rows_of(connection, latest.id)[0]
    return OfficeView(returned_cells.cells(connection, latest.id), was, closed=closed)


async def ask_to_begin(context: ReportContext, snapshot: Snapshot, shown: Revision) -> str | None:
    """For a returned or reopened report without a draft: begin, or leave; None for any other."""
    view = context.office
    if not view.cells and view.reopened is None:
        return None
    data: dict[str, Any] = {
        "context": context,
        "snapshot": snapshot,
        "revision": shown,
        "places": context.form.places(view.cells),
        "reopened": view.reopened,
    }
    question = f"returned:{shown.number}"
    return await Choose(question, "report/returned.j2", data, values=("begin", "leave"))


def unchanged(context: ReportContext, occupation: str, row: Row) -> list[Doubt]:
    """What was returned and is answered with the same figure again: perhaps right, if it is explained.

    A row returned as a whole is asked about once, when all of it is as it was.
    """
    view, latest = context.office, context.snapshot.latest if context.snapshot else None
    was = view.was.get(occupation, {})
    if latest is None or not was:
        return []
    rule = f"returned-{latest.number}"
    same = [m for m in context.form.measures if row.get(m.id) is not None and row[m.id] == was.get(m.id)]
    found: list[Doubt] = []
    for measure in same:
        if said := view.cells.get((occupation, measure.id)):
            text = words(
                "report/messages.unchanged", {"said": said, "measure": measure, "value": row[measure.id]}
            )
            found.append(Doubt(rule, measure.id, text, (measure.id,)))
    if (said := view.cells.get((occupation, WHOLE))) and len(same) == len(context.form.measures):
        text = words("report/messages.unchanged", {"said": said, "measure": None, "value": None})
        found.append(Doubt(rule, same[0].id, text, tuple(m.id for m in same)))
    return found


def way_back(context: ReportContext, trail: list[Question[object]]) -> list[Question[object]]:
    """The questions about what was returned, of those on the way here; all when no place was named."""
    view = context.office
    if not any(occupation for occupation, _ in view.cells):
        return trail
    return [question for question in trail if _about_returned(view, question)]


def _about_returned(view: OfficeView, question: Question[object]) -> bool:
    if isinstance(question, AskCell | AskWhich):
        return view.note(question.occupation, question.measure.id) is not None
    if isinstance(question, AskWhy | AskTotal):
        return any(view.note(question.occupation, measure) for measure in question.doubt.measures)
    return False
