"""The quarter's board: who stands where, with names and times, against a denominator that is stated."""

from __future__ import annotations

from collections import Counter
from urllib.parse import urlencode

from bot.office_web.look import quarters_until
from bot.office_web.visit import Answer, Page, Visit
from policy.quarters import Quarter
from storage import attachments, board, revisions
from storage.board import Group

PAGE = 100  # institutions on a page
FILTERS = (*board.STATES, "late", "zero")
NO_DISTRICT = "-"  # in the address: those without one


def counts(groups: list[Group]) -> dict[str, int]:
    """How many are expected, reported, in each state, late, and report zero."""
    found: Counter[str] = Counter(expected=0, reported=0, late=0, zero=0, **dict.fromkeys(board.STATES, 0))
    for group in groups:
        found["expected"] += group.count
        found[group.state] += group.count
        found["late"] += group.count * group.late
        found["zero"] += group.count * group.zero
        found["reported"] += group.count * (group.state in board.REPORTED)
    return dict(found)


def show(visit: Visit) -> Answer:
    """The board of a quarter: `quarter`, `state`, `district`, `named`, `page` in the query."""
    quarter = visit.quarter()
    due = quarter.due()
    connection = visit.connection
    groups = board.groups(connection, str(quarter), due, visit.district)
    state = visit.query.get("state", "")
    state = state if state in FILTERS else ""
    chosen = visit.query.get("district", "")
    district = visit.district if visit.district is not None else _district(chosen)
    named = visit.query.get("named", "")[:60]
    number = visit.page_number()
    found = board.lines(
        connection,
        str(quarter),
        due,
        states=(state,) if state in board.STATES else board.STATES,
        district=district,
        late=state == "late",
        zero=state == "zero",
        named=named,
        limit=PAGE + 1,
        offset=(number - 1) * PAGE,
    )
    more = len(found) > PAGE
    found = found[:PAGE]
    kept = {"quarter": str(quarter), "state": state, "district": chosen, "named": named}
    data = {
        "quarter": quarter,
        "quarters": quarters_until(Quarter.of(visit.now)),
        "due": due,
        "counts": counts(groups),
        "lines": found,
        "people": revisions.who(connection, [line.revision_id for line in found if line.revision_id]),
        "stamped": attachments.stamped_in(connection, str(quarter)),
        "unexpected": [] if visit.district else board.unexpected(connection, str(quarter)),
        "districts": sorted({g.district for g in groups if g.district}),
        "undistricted": any(g.district is None for g in groups),
        "state": state,
        "chosen": chosen,
        "named": named,
        "page": number,
        "more": more,
        "link": lambda **change: "/office?" + urlencode({k: v for k, v in {**kept, **change}.items() if v}),
    }
    return Page("board.html", data)


def _district(chosen: str) -> str | None:
    if not chosen:
        return None
    return "" if chosen == NO_DISTRICT else chosen
