"""Greeting those who report: once a day, with what is missing, near the due date and once it is past."""

from __future__ import annotations

from datetime import timedelta

from bot.core.messages import Outgoing
from bot.core.turn import Turn
from bot.features.report import status as report_status
from bot.features.report.status import ReportState
from policy.calendar.quarters import Quarter, local
from storage.institutions import institutions
from storage.reports import lead_review

NEAR = 14  # days before the quarter's last day


def of_day(turn: Turn) -> Outgoing | None:
    """What is missing, at the first chance of a day; None when nothing is, or it was said today."""
    today = local(turn.now).date().isoformat()
    if turn.memory.greeted == today:
        return None
    turn.memory.greeted = today
    if turn.memory.dialog is not None and turn.memory.dialog.name == "report":
        return None  # who has it open sees what is missing
    quarter = _quarter(turn)
    mine = [m.institution_id for m in turn.institutions if m.institution_id is not None]
    missing = [one for i in mine if (one := _missing(turn, i, quarter)) is not None] if quarter else []
    led = [m.institution_id for m in turn.institutions if m.role == "lead" and m.institution_id]
    waiting = len(lead_review.waiting(turn.connection, led)) if led else 0
    if not (missing or waiting):
        return None
    days = {one.place: _days(turn, one) for one in missing}
    data = {"missing": missing, "quarter": quarter, "waiting": waiting, "days": days, "now": turn.now}
    return turn.say("report/greeting.j2", **data)


def _quarter(turn: Turn) -> Quarter | None:
    """The quarter to speak of: the one about to end, else the last one: late is not too late."""
    current = Quarter.of(turn.now)
    if (current.last_day - local(turn.now).date()).days <= NEAR:
        return current
    return current.previous()


def _days(turn: Turn, one: ReportState) -> int:
    """Days until the last one that is in time for this institution; negative when it is past."""
    last = local(one.timely.due - timedelta(microseconds=1)).date()
    return (last - local(turn.now).date()).days


def _missing(turn: Turn, institution_id: int, quarter: Quarter) -> ReportState | None:
    """What one institution still has to do for the quarter; None when it is done or not expected."""
    if not institutions.is_expected(turn.connection, institution_id, str(quarter)):
        return None
    one = report_status.of(turn, institution_id, quarter)
    return one if one.waits else None
