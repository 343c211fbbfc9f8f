"""The list of institutions, and adding one."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from bot.features.institutions import name_lookup
from bot.office import codes
from bot.office.html import quarters_until
from bot.office.visit import Answer, Page, Visit
from policy.calendar.quarters import Quarter, reporting_quarter
from policy.institutions.districts import DISTRICTS
from policy.institutions.roster_file import LONGEST, LONGEST_DISTRICT, SHORTEST, district_of, tidy_name
from storage.institutions import roster
from storage.institutions.roster import Listed, NameTaken, Wanted
from storage.people import contacts

PAGE = 100  # institutions on a page
AHEAD = 8  # quarters after the present one that 止报 can name


def show(visit: Visit) -> Answer:
    """The list: `named`, `district`, `alone`, `page` in the query."""
    return _page(visit)


def _page(visit: Visit, status: int = 200, problems: dict[str, Any] | None = None) -> Page:
    named = visit.query.get("named", "")[:60]
    chosen = visit.query.get("district", "")
    alone = bool(visit.query.get("alone"))
    pager = visit.pager(PAGE)
    district = visit.district()
    found, total = roster.listed(
        visit.connection, named, pager.size, pager.start, district=district, alone=alone
    )
    here = pager.counted(found, total)
    kept = {"named": named, "district": chosen, "alone": "1" if alone else ""}
    data = {
        "lines": found,
        "total": total,
        "speaking": contacts.how_many(visit.connection, [line.id for line in found]),
        "listed_districts": roster.districts(visit.connection),
        "named": named,
        "chosen": chosen,
        "alone": alone,
        "page": here.page + 1,
        "more": here.more,
        "link": lambda **change: (
            "/office/institutions?" + urlencode({k: v for k, v in {**kept, **change}.items() if v})
        ),
        "texts": dict(visit.form) if problems else {},
        "problems": problems or {},
        "now_quarter": reporting_quarter(visit.now),
        **choices(visit),
    }
    return Page("institutions.html", data, status)


def choices(visit: Visit, one: Listed | None = None) -> dict[str, Any]:
    """What the fields of an institution offer: quarters newest first, with those it has now; districts."""
    current = Quarter.of(visit.now)
    last = current
    for _ in range(AHEAD):
        last = last.next() if last < Quarter(2100, 4) else last
    until = quarters_until(last)
    since = [q for q in until if q <= current.next()]
    if one is not None:
        since = _with(since, one.expected_from)
        until = _with(until, one.expected_until)
    return {"since_choices": since, "until_choices": until, "districts": list(DISTRICTS)}


def _with(quarters: list[Quarter], given: str | None) -> list[Quarter]:
    return sorted({*quarters, Quarter.parse(given)}, reverse=True) if given else quarters


def read_fields(visit: Visit, own_id: int | None = None) -> tuple[Wanted, dict[str, Any]]:
    """The institution as the form has it, and field → what is wrong: a name, or with whom it collides."""
    form = visit.form
    name = tidy_name(form.get("name", ""))
    district = district_of(form.get("district", ""))
    problems: dict[str, Any] = {}
    if not SHORTEST <= len(name) <= LONGEST:
        problems["name"] = "length"
    else:
        twin = name_lookup.meant(visit.connection, name, but=own_id).one
        if twin is not None:
            problems["name"] = "taken"
            problems["twin"] = (twin.id, twin.name)
    if district and len(district) > LONGEST_DISTRICT:
        problems["district"] = "length"
    since = _quarter(form.get("since", ""))
    until = _quarter(form.get("until", ""))
    if since is None:
        problems["since"] = "quarter"
    if form.get("until") and until is None:
        problems["until"] = "quarter"
    if since and until and until < since:
        problems["until"] = "order"
    return Wanted(name, district, str(since), str(until) if until else None), problems


def _quarter(text: str) -> Quarter | None:
    try:
        return Quarter.parse(text)
    except ValueError:
        return None


def create(visit: Visit) -> Answer:
    """Add one, and show the code for its first contact."""
    wanted, problems = read_fields(visit)
    if problems:
        return _page(visit, 422, problems)
    try:
        (new_id,) = roster.create(visit.connection, [wanted], visit.officer.person_id, visit.now)
    except NameTaken:  # by a colleague, just now
        return _page(visit, 409, {"name": "taken"})
    return codes.give(visit, f"/office/institutions/{new_id}", "institution_created", "contact", new_id)
