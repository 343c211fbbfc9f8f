"""Who is missing: a text for the work group, and whom to telephone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.core.reach import group, reachable
from bot.office.html import quarters_until
from bot.office.reports.board import counts
from bot.office.visit import Answer, Page, Visit
from policy.calendar.quarters import Quarter
from policy.institutions.district_order import in_order
from storage.conversations import reach
from storage.desk import paper
from storage.institutions import institutions
from storage.people import contacts, people
from storage.people.contacts import Contact
from storage.reports import board, call_sheet
from storage.reports.board import Line
from storage.reports.call_sheet import LastForm

MOST = 500  # institutions on the page
WAITING = ("missing", "draft", "returned")


@dataclass(frozen=True)
class Call:
    """A line of the call sheet: whom to ring, and why a message does not do.

    why: nobody (no contact bound), refused (they blocked us or are gone), unreachable (no channel on which
    a message gets to them now), reminded (written to, and still missing), waiting (not reminded yet).
    """

    line: Line
    until: datetime | None  # a moment of the last day, when the institution was given longer
    contacts: tuple[tuple[str, str], ...]  # name, telephone
    why: str
    reminded: int = 0
    reminded_at: datetime | None = None
    last: tuple[str, str, str] | None = None  # quarter, name, telephone of the last form


def show(visit: Visit) -> Answer:
    """The page of a quarter: `quarter`, `district` in the query."""
    quarter, district = visit.quarter(), visit.district()
    data, shown = about(visit, quarter, district)
    data["calls"] = _calls(visit, quarter, shown) if visit.office else []
    data["alone"] = _alone(visit, quarter, district) if visit.office else []
    data["quarters"] = quarters_until(Quarter.of(visit.now))
    data["robot"] = visit.office and group.is_served(visit.connection)
    return Page("missing.html", data)


def about(visit: Visit, quarter: Quarter, district: str | None) -> tuple[dict[str, Any], list[Line]]:
    """What the text for the work group is made of, and the lines of those it names."""
    due = visit.times.due(quarter)
    groups = board.groups(visit.connection, str(quarter), due)
    places = {g.district for g in groups}
    here = [g for g in groups if district is None or (g.district or "") == district]
    lines = board.lines(visit.connection, str(quarter), due, WAITING, district, limit=MOST + 1)
    shown = lines[:MOST]
    waits = [one for one in shown if one.state != "returned"]
    data: dict[str, Any] = {
        "quarter": quarter,
        "due": due,
        "district": district,
        "places": in_order(places),
        "counts": counts(here),
        "waits": [one for one in waits if not _extended(one, visit.now)],
        "extended": [(one, _last_day(one)) for one in waits if _extended(one, visit.now)],
        "returned": [one for one in shown if one.state == "returned"],
        "unstamped": _unstamped(visit, quarter, district),
        "cut": len(lines) > MOST,
        "most": MOST,
    }
    return data, shown


def _unstamped(visit: Visit, quarter: Quarter, district: str | None) -> list[str]:
    """Names of those whose report came in and whose paper, which the office asks for, has not."""
    found = paper.lines(visit.connection, str(quarter), district)
    return [one.name for one in found if not one.standing.settled and one.standing.kind != "unsaid"]


def _extended(line: Line, now: datetime) -> bool:
    return line.extended_until is not None and line.extended_until > now


def _last_day(line: Line) -> datetime:
    """A moment of the last day that is in time."""
    if line.extended_until is None:
        raise LookupError("nothing was extended")
    return line.extended_until - timedelta(seconds=1)


def _alone(visit: Visit, quarter: Quarter, district: str | None) -> list[tuple[int, str]]:
    """Expected institutions that nobody speaks for: (id, name)."""
    expected = institutions.expected(visit.connection, str(quarter))
    there = [i for i in expected if district is None or (i.district or "") == district]
    speaks = contacts.by_institution(visit.connection, {i.id for i in there})
    return [(i.id, i.name) for i in there if i.id not in speaks]


ORDER = {"nobody": 0, "refused": 1, "unreachable": 1, "reminded": 2, "waiting": 3}


def _calls(visit: Visit, quarter: Quarter, lines: list[Line]) -> list[Call]:
    """The call sheet: those no message reaches come first."""
    wanted = {line.institution_id for line in lines}
    if not wanted:
        return []
    speak = contacts.by_institution(visit.connection, wanted)
    reach_of = people.reach_of_institutions(visit.connection, wanted)
    addresses = [one.address for reaches in reach_of.values() for one in reaches]
    reached = reachable(visit.connection, addresses, visit.now, reminds_of=str(quarter))
    gone = reach.refused(visit.connection, addresses)
    reminded = call_sheet.reminded(visit.connection, str(quarter))
    last = call_sheet.last_forms(visit.connection, wanted)
    made = []
    for line in lines:
        mine = speak.get(line.institution_id, [])
        theirs = {one.address for one in reach_of.get(line.institution_id, ())}
        count, at = reminded.get(line.institution_id, (0, None))
        why = "reminded" if count else "waiting"
        if not mine:
            why = "nobody"
        elif theirs.isdisjoint(reached):
            why = "unreachable" if theirs.isdisjoint(gone) else "refused"
        named = tuple((c.name or "", _telephone(visit, c)) for c in mine)
        known = None
        if not any(telephone for _, telephone in named):
            known = _of_form(visit, last.get(line.institution_id))
        until = _last_day(line) if line.extended_until else None
        made.append(Call(line, until, named, why, count, at, known))
    return sorted(made, key=lambda call: (ORDER[call.why], call.line.district or "~", call.line.name))


def _telephone(visit: Visit, contact: Contact) -> str:
    return visit.app.keys.read(contact.telephone)


def _of_form(visit: Visit, form: LastForm | None) -> tuple[str, str, str] | None:
    """Who to ask for when no contact left a telephone: whoever filled in the last form."""
    telephone = visit.app.keys.read(form.telephone) if form else None
    return (form.quarter, form.filled_by or "", telephone) if form and telephone else None
