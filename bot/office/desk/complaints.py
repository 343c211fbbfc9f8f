"""投诉线索: received, taken up, answered, on which days, against time limits that the office sets itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from bot.core import input_limits
from bot.features.questions.complaint_limits import MOST_DAYS, SETTING, due
from bot.office.visit import Answer, Goto, NotFound, Page, Visit
from policy.calendar.quarters import local
from policy.reading.digits import whole_number
from storage.desk import complaints, settings
from storage.desk.complaints import Complaint, State

PATH = "/office/complaints"
PAGE = 50
STATES: tuple[State, ...] = ("received", "accepted", "answered")
LONGEST = 1000


def index(visit: Visit) -> Answer:
    """Complaints by state, without their words; `state` and `page` in the query."""
    return _list(visit)


def show(visit: Visit) -> Answer:
    """One complaint with its words; that it was read is recorded, so it is posted for."""
    return _one(visit)


def accept(visit: Visit) -> Answer:
    """Take it up."""
    by = visit.officer.person_id
    if not complaints.accept(visit.connection, visit.number("complaint"), by, visit.now):
        return _list(visit, 409, "gone")
    return Goto(f"{PATH}?state=accepted", "complaint_accepted")


def answer(visit: Visit) -> Answer:
    """Close it; `answer` is what whoever holds the number reads, "" for none."""
    words = input_limits.clean(visit.form.get("answer", "")).strip()
    if len(words) > LONGEST:
        return _one(visit, 422, "answer")
    by = visit.officer.person_id
    number = visit.number("complaint")
    if not complaints.mark_handled(visit.connection, number, by, visit.now, words or None):
        return _list(visit, 409, "gone")
    return Goto(PATH, "complaint_answered")


def limit(visit: Visit) -> Answer:
    """Set the office's own time limits in days; "" for none."""
    wanted: dict[str, int] = {}
    for name in ("accept", "answer"):
        given = visit.form.get(name, "").strip()
        days = whole_number(given, longest=3) if given else None
        if given and (days is None or not 1 <= days <= MOST_DAYS):
            return _list(visit, 422, "days")
        if days is not None:
            wanted[name] = days
    settings.put(visit.connection, SETTING, wanted, visit.officer.person_id, visit.now)
    return Goto(PATH, "complaint_limits")


def _list(visit: Visit, status: int = 200, problem: str = "") -> Page:
    state = visit.query.get("state", "")
    chosen: State = next((s for s in STATES if s == state), "received")
    pager = visit.pager(PAGE)
    found = pager.peeked(complaints.in_state(visit.connection, chosen, pager.start, pager.peek))
    kept = settings.get(visit.connection, SETTING)
    limits: dict[str, int | None] = {name: kept.get(name) for name in ("accept", "answer")}
    data: dict[str, Any] = {
        "path": PATH,
        "state": chosen,
        "counts": complaints.counts(visit.connection),
        "found": [(one, _due(one, limits)) for one in found.shown],
        "page": found.page + 1,
        "more": found.more,
        "limits": limits,
        "today": _day(visit.now),
        "problem": problem,
        "most": MOST_DAYS,
    }
    return Page("complaints.html", data, status)


def _one(visit: Visit, status: int = 200, problem: str = "") -> Page:
    found = complaints.read(visit.connection, visit.number("complaint"), visit.officer.person_id, visit.now)
    if found is None:
        raise NotFound
    data: dict[str, Any] = {
        "path": PATH,
        "one": found,
        "contact": visit.app.keys.read(found.contact) if found.contact else "",
        "due": _due(found, settings.get(visit.connection, SETTING)),
        "today": _day(visit.now),
        "answer": visit.form.get("answer", ""),
        "problem": problem,
        "longest": LONGEST,
    }
    return Page("complaint.html", data, status, keeps=True)


def _due(one: Complaint, limits: Mapping[str, int | None]) -> date | None:
    return due(one.state, _day(one.at), limits)


def _day(moment: datetime) -> date:
    return local(moment).date()
