"""Greeting those who report: near the due date, once a day, with what is missing."""

from __future__ import annotations

from typing import Any

from bot.dialogs import returned
from bot.messages import Outgoing
from bot.turn import Turn
from policy.form import form
from policy.quarters import Quarter, local, reporting_quarter
from storage import institutions, lead_review, reports, returns

NEAR = 14  # days before the due day, and after it


def of_day(turn: Turn) -> Outgoing | None:
    """What is missing, at the first chance of a day; None when nothing is, or it was said today."""
    today = local(turn.now).date().isoformat()
    under_way = turn.memory.dialog
    if under_way is not None and under_way.name == "report":
        turn.memory.greeted = today  # who has it open sees what is missing
    if turn.memory.greeted == today or under_way is not None:
        return None
    turn.memory.greeted = today
    if not turn.institutions:
        return None
    quarter = reporting_quarter(turn.now)
    left = (quarter.last_day - local(turn.now).date()).days
    near = [m for m in turn.institutions if abs(left) <= NEAR]
    missing = [one for m in near if (one := _missing(turn, m.institution_id or 0, quarter)) is not None]
    led = [m.institution_id for m in turn.institutions if m.role == "lead" and m.institution_id]
    waiting = len(lead_review.waiting(turn.connection, led)) if led else 0
    if not (missing or waiting):
        return None
    return turn.say("report/greeting.j2", missing=missing, quarter=quarter, left=left, waiting=waiting)


def _missing(turn: Turn, institution_id: int, quarter: Quarter) -> dict[str, Any] | None:
    """What one institution still has to do for the quarter; None when it is done or not expected."""
    here = institutions.get(turn.connection, institution_id)
    if not here.expected_from <= str(quarter) <= (here.expected_until or str(quarter)):
        return None
    snapshot = reports.snapshot(turn.connection, institution_id, str(quarter))
    head = (snapshot.latest.id, snapshot.latest.state) if snapshot.latest else None
    if returns.closed_since(
        turn.connection, institution_id, str(quarter), turn.now, head, turn.times.closes(quarter)
    ):
        return None
    said = {"name": here.name, "place": f"{institution_id}:{quarter}", "cells": [], "places": []}
    if snapshot.draft is not None:
        names = form().occupation_order(list(snapshot.rows))
        empty = [(n, sum(snapshot.rows[n][m.id] is None for m in form().measures)) for n in names]
        return {**said, "state": "draft", "cells": [(n, count) for n, count in empty if count]}
    if snapshot.latest is None:
        return {**said, "state": "none"}
    if snapshot.latest.state == "returned":
        cells = returns.cells(turn.connection, snapshot.latest.id)
        return {**said, "state": "returned", "places": returned.said_lines(form(), cells)}
    return None
