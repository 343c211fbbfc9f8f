"""开班备案 as a list, and what the office set for it: since when, which materials, how many days."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from bot.core.permissions import HEAD
from bot.features.courses.filing_dialog import MODES
from bot.office.visit import Answer, Goto, Page, Visit
from policy.calendar.quarters import Quarter, local
from policy.calendar.reminders import ROSTER_DAYS
from policy.checks.standards import LEVELS
from policy.reading.digits import whole_number
from storage.desk import filings
from storage.desk.filings import Rules

PATH = "/office/classes"
PAGE = 100  # classes on a page
STATES = (*filings.STATES, "overdue", "unfiled")
MOST_MATERIALS, LONGEST_MATERIAL, MOST_DAYS = 30, 60, 365


def show(visit: Visit) -> Answer:
    """The list: `state`, `named`, `page` in the query; those that wait are shown first."""
    return _page(visit)


def _page(visit: Visit, problem: str = "", status: int = 200) -> Page:
    state = visit.query.get("state", "submitted")
    state = state if state in STATES else ""
    named = visit.query.get("named", "")[:60]
    pager = visit.pager(PAGE)
    today = local(visit.now).date()
    before = today - timedelta(days=ROSTER_DAYS)
    found = filings.listed(visit.connection, state, None, named, before, pager.peek, pager.start)
    shown = pager.peeked(found)
    kept = {"state": state or "all", "named": named}
    data: dict[str, Any] = {
        "rows": shown.shown,
        "counts": filings.counts(visit.connection, before),
        "state": state,
        "named": named,
        "rules": filings.rules(visit.connection),
        "levels": LEVELS,
        "modes": MODES,
        "today": today,
        "page": shown.page + 1,
        "more": shown.more,
        "problem": problem,
        "typed": dict(visit.form) if problem else {},
        "this_quarter": str(Quarter.of(visit.now)),
        "head": visit.may(HEAD),
        "link": lambda **change: PATH + "?" + urlencode({k: v for k, v in {**kept, **change}.items() if v}),
    }
    return Page("classes.html", data, status)


def set_rules(visit: Visit) -> Answer:
    """Set since which quarter classes are filed here, the materials (one a line), the days."""
    given = visit.form.get("since", "")
    since: str | None = None
    if given:
        try:
            since = str(Quarter.parse(given, visit.now))
        except ValueError:
            return _page(visit, "since", 422)
    lines = [" ".join(line.split()) for line in visit.form.get("materials", "").splitlines()]
    materials = tuple(dict.fromkeys(line for line in lines if line))
    if len(materials) > MOST_MATERIALS or any(len(one) > LONGEST_MATERIAL for one in materials):
        return _page(visit, "materials", 422)
    days: list[int | None] = []
    for name in ("ahead", "answer"):
        text = visit.form.get(name, "")
        number = whole_number(text, longest=3) if text else None
        if text and (number is None or not 0 < number <= MOST_DAYS):
            return _page(visit, "days", 422)
        days.append(number)
    wanted = Rules(since, materials, *days)
    filings.set_rules(visit.connection, wanted, visit.officer.person_id, visit.now)
    return Goto(PATH, "filing_rules")
