"""Who serves in the office and who reads for a district; only the head changes that."""

from __future__ import annotations

from typing import Any

from bot.core import notify
from bot.core.permissions import HEAD
from bot.core.render import render
from bot.office import codes
from bot.office.visit import Answer, Goto, Page, Visit
from policy.institutions.districts import DISTRICTS
from policy.institutions.roster_file import LONGEST_DISTRICT, district_of, tidy_name
from policy.reading.digits import holds_digit
from storage.institutions import roster
from storage.people import contacts

PATH = "/office/people"
ROLES = ("staff", "head", "district")
LONGEST_NAME = 32


def show(visit: Visit) -> Answer:
    """Members, readers and codes; with `code`, the code that was just made."""
    return _page(visit)


def _page(visit: Visit, status: int = 200, problem: str = "") -> Page:
    connection = visit.connection
    members = contacts.office(connection)
    given = contacts.codes(connection, None)
    data: dict[str, Any] = {
        "members": [m for m in members if m.role != "district"],
        "readers": [m for m in members if m.role == "district"],
        "heads": sum(m.role == "head" for m in members),
        "codes": [(code, code.state(visit.now)) for code in given],
        "given_by": contacts.given_by(connection, [code.id for code in given]),
        "shown": codes.shown(visit),
        "head": visit.head,
        "districts": sorted({*DISTRICTS, *(d for d in roster.districts(connection) if d)}),
        "texts": dict(visit.form) if problem else {},
        "problem": problem,
        "path": PATH,
    }
    return Page("people.html", data, status)


def invite(visit: Visit) -> Answer:
    """A code for a colleague, another head, or a district's reader."""
    role = visit.form.get("role", "")
    district = district_of(visit.form.get("district", "")) if role == "district" else None
    if role not in ROLES:
        return _page(visit, 422, "role")
    if role == "district" and not (district and len(district) <= LONGEST_DISTRICT):
        return _page(visit, 422, "district")
    return codes.give(visit, PATH, "code_made", role, district=district)


def revoke(visit: Visit) -> Answer:
    """Take a role away at once; never the last head's."""
    wanted = visit.number("membership")
    members = contacts.office(visit.connection)
    if all(m.membership_id != wanted for m in members):
        return _page(visit, 409, "changed")
    gone = contacts.revoke(visit.connection, wanted, visit.officer.person_id, visit.now)
    if gone is None:
        return _page(visit, 409, "last_head")
    told = render("office/removed.j2", role=gone.role, district=gone.district)
    notify.tell_people(visit.connection, [gone.person_id], told, visit.now)
    return Goto(PATH, "member_revoked")


def revoke_code(visit: Visit) -> Answer:
    """Make a code worthless that was not used yet."""
    wanted = visit.number("invite")
    mine = any(code.id == wanted for code in contacts.codes(visit.connection, None))
    if not mine or not contacts.revoke_code(visit.connection, wanted, visit.officer.person_id, visit.now):
        return _page(visit, 409, "changed")
    return Goto(PATH, "code_revoked")


def rename(visit: Visit) -> Answer:
    """Somebody's name, as board and records show it: one's own, or for the head anybody's."""
    wanted = visit.number("membership")
    found = next((m for m in contacts.office(visit.connection) if m.membership_id == wanted), None)
    if found is None:
        return _page(visit, 409, "changed")
    if found.person_id != visit.officer.person_id:
        visit.need(HEAD)
    name = tidy_name(visit.form.get("name", ""))
    if not 2 <= len(name) <= LONGEST_NAME or holds_digit(name):
        return _page(visit, 422, "name")
    contacts.rename(visit.connection, found.person_id, name, visit.officer.person_id, visit.now)
    return Goto(PATH, "renamed")
