"""What somebody who speaks for an institution asks of their own report: is it in, print it, correct it."""

from __future__ import annotations

from bot.core.dialogs import dialog_manager
from bot.core.messages import Outgoing
from bot.core.turn import Turn
from bot.features.report import actions as report_actions
from bot.features.report import status as report_status
from bot.features.report.context import Place
from bot.features.report.status import ReportState
from policy.calendar.quarters import Quarter
from storage.desk import paper
from storage.reports import attachments


def _reports(turn: Turn) -> list[ReportState]:
    """The report that is open; else each institution's likeliest."""
    ids = [m.institution_id for m in turn.institutions if m.institution_id is not None]
    open_now = turn.memory.dialog is not None and turn.memory.dialog.name == "report"
    if open_now and (place := report_actions.place_now(turn)):
        return [report_status.of(turn, place[0], Quarter.parse(place[1]))]
    return [report_status.at_hand(turn, i) for i in ids]


def state(turn: Turn) -> list[Outgoing]:
    """交了吗: number, time, whether in time, what the office decided, whether the stamped form is there."""
    if not turn.institutions:
        return [turn.say("report/messages.no_institution")]
    found = _reports(turn)
    sent = [one.latest.id for one in found if one.latest is not None]
    stamped = attachments.stamped(turn.connection, sent) if sent else frozenset()
    papers = {
        one.place: paper.of(
            turn.connection, one.institution_id, str(one.quarter), one.latest.number, one.latest.id in stamped
        )
        for one in found
        if one.latest is not None
    }
    return [turn.say("report/mine.j2", found=found, stamped=stamped, papers=papers)]


def print_(turn: Turn) -> list[Outgoing]:
    """打印: the form to print and stamp; with several institutions, a button for each."""
    found = _reports(turn)
    if len(found) != 1:
        return state(turn)
    return report_actions.printable(turn, (found[0].institution_id, str(found[0].quarter))) or []


def correct(turn: Turn) -> list[Outgoing]:
    """更正: begin it, or change the draft that is open; with several institutions, a button for each."""
    found = _reports(turn)
    stage = dialog_manager.open_stage(turn)
    if len(found) == 1 and found[0].state == "draft" and stage is not None and stage.dialog.name == "report":
        return dialog_manager.changes(stage)
    if len(found) != 1 or found[0].latest is None:
        return state(turn)
    return begin_correction(turn, (found[0].institution_id, str(found[0].quarter)))


def begin_correction(turn: Turn, place: Place) -> list[Outgoing]:
    """Straight to the reason, when the report waits or was accepted; else to what there is to do."""
    one = report_status.of(turn, place[0], Quarter.parse(place[1]))
    given = {"institution": str(place[0]), "quarter": place[1]}
    if one.latest is not None and one.state in ("submitted", "accepted"):
        given[f"correct:{one.latest.number}"] = "correct"
    return dialog_manager.start(turn, "report", given)


def press_correct(turn: Turn, argument: str) -> list[Outgoing] | None:
    """更正, of the report that a button names."""
    found = report_actions.place_in(turn, argument)
    return None if found is None else begin_correction(turn, found[0])
