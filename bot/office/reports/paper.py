"""The stamped originals of a quarter: what came in as paper, noted for one report or for many."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

from bot.core.permissions import HEAD
from bot.office.html import quarters_until
from bot.office.reports.report import place
from bot.office.visit import Answer, Goto, Page, Visit
from policy.calendar.quarters import Quarter, local
from policy.institutions.district_order import in_order
from policy.reading.digits import whole_number
from storage.desk import paper
from storage.desk.paper import Rules
from storage.reports import attachments, reports
from storage.reports.closed_years import YearClosed

PATH = "/office/paper"
PAGE = 100  # reports on a page
FILTERS = ("open", "missing", "stale", "scan", "received", "checked", "not_needed")
NEEDED = {"yes": True, "no": False}


def show(visit: Visit) -> Answer:
    """The list: `quarter`, `district`, `only`, `named`, `page` in the query."""
    return _page(visit)


def _page(visit: Visit, problem: str = "", status: int = 200) -> Page:
    quarter, district = visit.quarter(), visit.district()
    everywhere = paper.lines(visit.connection, str(quarter))
    here = [one for one in everywhere if district is None or (one.district or "") == district]
    only, named = visit.query.get("only", ""), visit.query.get("named", "")[:60]
    only = only if only in FILTERS else ""
    wanted = [one for one in here if _is(one, only) and named in one.name]
    pager = visit.pager(PAGE)
    shown = wanted[pager.start : pager.start + PAGE]
    kept = {
        "quarter": str(quarter),
        "district": visit.query.get("district", ""),
        "only": only,
        "named": named,
    }
    data: dict[str, Any] = {
        "quarter": quarter,
        "quarters": quarters_until(Quarter.of(visit.now)),
        "district": district,
        "places": in_order({one.district for one in everywhere}),
        "lines": shown,
        "counts": {name: sum(_is(one, name) for one in here) for name in ("", *FILTERS)},
        "only": only,
        "named": named,
        "page": pager.page + 1,
        "more": len(wanted) > pager.start + PAGE,
        "rules": paper.rules(visit.connection),
        "today": local(visit.now).date(),
        "problem": problem,
        "kept": kept,
        "head": visit.may(HEAD),
        "link": lambda **change: PATH + "?" + urlencode({k: v for k, v in {**kept, **change}.items() if v}),
    }
    return Page("paper.html", data, status)


def _is(line: paper.Line, only: str) -> bool:
    if only == "open":
        return not line.standing.settled
    if only == "scan":
        return line.standing.scan and line.standing.kind in ("missing", "unsaid", "stale")
    return not only or line.standing.kind == only


def _wanted(visit: Visit) -> tuple[str, date | None, str]:
    """(state, day, what is wrong with it) of a form."""
    state = visit.form.get("state", "")
    if state not in paper.STATES:
        return "", None, "state"
    if state != "received":
        return state, None, ""
    try:
        day = date.fromisoformat(visit.form.get("day", ""))
    except ValueError:
        return state, None, "day"
    return state, day, "day" if day > local(visit.now).date() else ""


def note(visit: Visit) -> Answer:
    """Note it for those ticked (`one:INSTITUTION`); a scan can only be checked where there is one."""
    quarter = visit.quarter()
    state, day, wrong = _wanted(visit)
    ticked = {
        number for name in visit.form if (number := whole_number(name.removeprefix("one:"))) is not None
    }
    if wrong or not ticked:
        return _page(visit, wrong or "nobody", 422)
    there = [one for one in paper.lines(visit.connection, str(quarter)) if one.institution_id in ticked]
    able = {one.institution_id: one.number for one in there if state != "checked" or one.standing.scan}
    by = visit.officer.person_id
    try:
        done = paper.note(visit.connection, able, str(quarter), state, day, by, visit.now)
    except YearClosed:
        return _page(visit, "archived", 409)
    query: Mapping[str, object] = {
        "quarter": quarter,
        "district": visit.form.get("district", ""),
        "only": visit.form.get("only", ""),
        "count": done,
        "left": len(ticked) - len(able),
    }
    kept = urlencode({name: value for name, value in query.items() if value})
    return Goto(f"{PATH}?{kept}", "paper_noted")


def note_one(visit: Visit) -> Answer:
    """Note it for one report, from its own page."""
    institution, quarter = place(visit)
    back = f"/office/report/{institution.id}/{quarter}"
    state, day, wrong = _wanted(visit)
    latest = reports.snapshot(visit.connection, institution.id, str(quarter)).latest
    if wrong:
        return Goto(f"{back}?paper={wrong}")
    if state == "checked" and (latest is None or not attachments.stamped(visit.connection, [latest.id])):
        return Goto(f"{back}?paper=scan")
    number = latest.number if latest else 0
    by = visit.officer.person_id
    try:
        paper.note(visit.connection, {institution.id: number}, str(quarter), state, day, by, visit.now)
    except YearClosed:
        return Goto(back)
    return Goto(back, "paper_one")


def set_rules(visit: Visit) -> Answer:
    """Set whether paper is asked for, and whether a checked scan is enough."""
    wanted = Rules(NEEDED.get(visit.form.get("needed", "")), visit.form.get("scan_counts") == "1")
    paper.set_rules(visit.connection, wanted, visit.officer.person_id, visit.now)
    return Goto(f"{PATH}?quarter={visit.form.get('quarter', '')}", "paper_rules")
