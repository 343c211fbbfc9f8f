"""The quarter's board: who stands where, with names and times, against a denominator that is stated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlencode

from bot.office.html import quarters_until
from bot.office.visit import Answer, Goto, Page, Visit
from policy.calendar.quarters import SHANGHAI, Quarter
from policy.institutions.district_order import in_order
from storage.desk import filings, paper
from storage.desk.paper import Standing
from storage.reports import attachments, board, decisions, marks, returned_cells, revision_history
from storage.reports.board import Group, Line
from storage.reports.closed_years import YearClosed
from storage.reports.counting import REPORTED
from storage.reports.marks import Marks

PAGE = 100  # institutions on a page
FILTERS = (*board.STATES, "late", "zero")


def counts(groups: list[Group]) -> dict[str, int]:
    """How many are expected, reported, in each state, late, and report zero."""
    found: Counter[str] = Counter(expected=0, reported=0, late=0, zero=0, **dict.fromkeys(board.STATES, 0))
    for group in groups:
        found["expected"] += group.count
        found[group.state] += group.count
        found["late"] += group.count * group.late
        found["zero"] += group.count * group.zero
        found["reported"] += group.count * (group.state in REPORTED)
    return dict(found)


def show(visit: Visit) -> Answer:
    """The board of a quarter; the query names quarter, state, district, mark, order, part of a name, page."""
    return _page(visit)


def close(visit: Visit) -> Answer:
    """Set the last day (included) on which the quarter takes figures; without one, as usual."""
    quarter, given = visit.quarter(), visit.form.get("day", "")
    try:
        day = datetime.strptime(given, "%Y-%m-%d").replace(tzinfo=SHANGHAI) if given else None
        closes = day + timedelta(days=1) if day else None
    except (ValueError, OverflowError):
        return _page(visit, "closing_day", 422)
    if closes is not None and closes <= quarter.end() - timedelta(days=1):
        return _page(visit, "closing_early", 422)
    try:
        decisions.close_quarter(visit.connection, str(quarter), closes, visit.officer.person_id, visit.now)
    except YearClosed:
        return _page(visit, "archived", 409)
    return Goto(f"/office?quarter={quarter}", "closing")


def _papers(visit: Visit, quarter: Quarter, lines: Sequence[Line]) -> dict[int, Standing]:
    """By institution, how the reports on the page stand with their paper."""
    connection = visit.connection
    sent = [one for one in lines if one.revision_id is not None]
    scans = attachments.stamped(connection, [one.revision_id for one in sent if one.revision_id])
    noted = paper.noted(connection, str(quarter), [one.institution_id for one in sent])
    held = paper.rules(connection)
    return {
        i: paper.standing(noted.get(i), one.number or 0, one.revision_id in scans, held)
        for one in sent
        for i in [one.institution_id]
    }


def _page(visit: Visit, problem: str = "", status: int = 200) -> Page:
    quarter = visit.quarter()
    due = visit.times.due(quarter)
    connection = visit.connection
    groups = board.groups(connection, str(quarter), due, visit.officer.district)
    places = in_order(g.district for g in groups)
    state = visit.query.get("state", "")
    state = state if state in FILTERS else ""
    chosen = visit.query.get("district", "")
    district = visit.district()
    here = [g for g in groups if district is None or (g.district or "") == district]
    named = visit.query.get("named", "")[:60]
    mark = visit.query.get("mark", "")
    mark = mark if mark in (*marks.KINDS, "plain") else ""
    order = visit.query.get("order", "")
    order = order if order in board.ORDERS else ""
    filed_since = filings.rules(connection).since
    pager = visit.pager(PAGE)
    found = board.lines(
        connection,
        str(quarter),
        due,
        states=(state,) if state in board.STATES else board.STATES,
        district=district,
        late=state == "late",
        zero=state == "zero",
        named=named,
        mark=mark,
        filed_since=filed_since,
        order=order,
        limit=pager.peek,
        offset=pager.start,
    )
    shown = pager.peeked(found)
    revisions = [line.revision_id for line in shown.shown if line.revision_id]
    kept = {"quarter": str(quarter), "state": state, "district": chosen, "named": named}
    kept |= {"mark": mark, "order": order}
    data = {
        "quarter": quarter,
        "quarters": quarters_until(Quarter.of(visit.now)),
        "due": due,
        "closes": returned_cells.closes_at(connection, str(quarter), visit.times.closes(quarter)),
        "problem": problem,
        "counts": counts(here),
        "district": district,
        "lines": shown.shown,
        "people": revision_history.who(connection, revisions),
        "marks": marks.of(connection, revisions),
        "unmarked": Marks(),
        "marked": marks.counts(connection, str(quarter), district, filed_since),
        "mark": mark,
        "order": order,
        "clean": "/office/clean?"
        + urlencode({k: v for k, v in (("quarter", str(quarter)), ("district", chosen)) if v}),
        "papers": _papers(visit, quarter, shown.shown),
        "unexpected": board.others(connection, str(quarter), due, district),
        "places": places,
        "state": state,
        "kept": kept,
        "named": named,
        "page": shown.page + 1,
        "more": shown.more,
        "link": lambda **change: "/office?" + urlencode({k: v for k, v in {**kept, **change}.items() if v}),
    }
    return Page("board.html", data, status)
