"""A quarter's draft filled from the course registry."""

from __future__ import annotations

from bot.core.dialogs import dialog_manager
from bot.core.messages import Replies
from bot.core.turn import Turn
from bot.features.report import actions as report_actions
from policy.calendar.quarters import Quarter
from storage import courses
from storage.reports import drafts, reports


def prefill(turn: Turn, argument: str) -> Replies:
    """Fill a quarter's draft from the course registry, and say so; what was typed stays."""
    found = report_actions.place_in(turn, argument)
    if found is None:
        return None
    institution, quarter = found[0]
    named = Quarter.parse(quarter)
    snapshot = reports.snapshot(turn.connection, institution, quarter)
    if snapshot.shown is not None and snapshot.draft is None:
        return None  # submitted since the button was shown: a correction begins with its reason
    brought = courses.of_quarter(turn.connection, institution, named.first_day, named.last_day)
    if not brought:
        return [turn.say("course/messages.nothing", quarter=quarter), *dialog_manager.show(turn)]
    draft = drafts.begin_draft(
        turn.connection, institution, quarter, turn.person_id, turn.now, turn.closes(quarter)
    )
    rows = reports.snapshot(turn.connection, institution, quarter).rows
    for occupation, cells in brought.items():
        free: dict[str, reports.Cell] = {
            m: value for m, value in cells.items() if rows.get(occupation, {}).get(m) is None
        }
        if free:
            drafts.set_cells(turn.connection, draft, occupation, free, turn.person_id, turn.now)
    given = {"institution": str(institution), "quarter": quarter}
    names = turn.corpus.form_of(quarter).occupation_order(list(brought))
    return [turn.say("course/messages.filled", names=names), *dialog_manager.start(turn, "report", given)]
