"""One institution: its name and when it reports, who speaks for it, its codes, its quarters."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.core import notify
from bot.core.notify import Told
from bot.core.render import render
from bot.office import codes
from bot.office.html import quarters_until
from bot.office.institutions.institutions import choices, read_fields
from bot.office.visit import Answer, Goto, NotFound, Page, Visit
from policy.calendar.quarters import Quarter, reporting_quarter
from storage.institutions import roster
from storage.institutions.roster import Listed, NameTaken
from storage.people import contacts
from storage.people.contacts import Code
from storage.reports import prior_figures

ROLES = ("contact", "lead")
NEVER = "never"  # 止报 of one that was listed by mistake


def _place(visit: Visit) -> Listed:
    return visit.institution(visit.number("institution"))


def _path(one: Listed) -> str:
    return f"/office/institutions/{one.id}"


def show(visit: Visit) -> Answer:
    """Its page; with `code`, the code that was just made."""
    return _page(visit, _place(visit))


def _page(
    visit: Visit, one: Listed, status: int = 200, problems: dict[str, Any] | None = None, problem: str = ""
) -> Page:
    connection = visit.connection
    given = contacts.codes(connection, one.id)
    typed = {
        "name": one.name,
        "district": one.district or "",
        "since": one.expected_from,
        "until": one.expected_until or "",
    }
    data = {
        "one": one,
        "path": _path(one),
        "shown": codes.shown(visit),
        "contacts": [
            (c, visit.app.keys.read(c.telephone)) for c in contacts.of_institution(connection, one.id)
        ],
        "codes": [(code, _code_state(code, one, visit.now)) for code in given],
        "given_by": contacts.given_by(connection, [code.id for code in given]),
        "quarters": _quarters(visit, one),
        "opening": prior_figures.opening_of(connection, one.id),
        "texts": dict(visit.form) if problems else typed,
        "problems": problems or {},
        "problem": problem,
        "now_quarter": reporting_quarter(visit.now),
        "closing_choices": _closing_choices(visit, one),
        "again_choices": _again_choices(visit, one) if one.closed_at else [],
        "current": Quarter.of(visit.now),
        "until_before": roster.until_before_closing(connection, one.id) if one.closed_at else None,
        "absences": roster.absences(connection, one.id),
        **choices(visit, one),
    }
    return Page("institution.html", data, status)


def _code_state(code: Code, one: Listed, now: datetime) -> str:
    """A code of a closed institution lets nobody in, though it may again."""
    state = code.state(now)
    return "void" if state == "open" and one.closed_at is not None else state


def _quarters(visit: Visit, one: Listed) -> list[tuple[Quarter, str]]:
    """(quarter, where its report stands), newest first: those it is expected in, and those it reported."""
    standing = roster.standing(visit.connection, one.id)
    last = one.expected_until or str(Quarter.of(visit.now))
    away = roster.absences(visit.connection, one.id)
    expected = [
        q
        for q in quarters_until(Quarter.of(visit.now))
        if one.expected_from <= str(q) <= last and not any(a < str(q) < b for a, b in away)
    ]
    every = {*expected, *(Quarter.parse(name) for name in standing)}
    return [(q, standing.get(str(q), "missing")) for q in sorted(every, reverse=True)]


def _closing_choices(visit: Visit, one: Listed) -> list[Quarter]:
    first = Quarter.parse(one.expected_from)
    return [q for q in quarters_until(Quarter.of(visit.now)) if q >= first]


def _again_choices(visit: Visit, one: Listed) -> list[Quarter]:
    """From when a closed one can be expected again: after its last quarter, the present one at least."""
    current = Quarter.of(visit.now)
    every = quarters_until(current.next())
    return [q for q in every if q == current or one.expected_until is None or str(q) > one.expected_until]


def change(visit: Visit) -> Answer:
    """Rename, move, change from and until when it reports."""
    one = _place(visit)
    wanted, problems = read_fields(visit, own_id=one.id)
    if one.closed_at is not None and wanted.expected_until is None and "until" not in problems:
        problems["until"] = "closed"
    if problems:
        return _page(visit, one, 422, problems)
    try:
        changed = roster.change(visit.connection, one.id, wanted, visit.officer.person_id, visit.now)
    except NameTaken:  # by a colleague, just now
        return _page(visit, one, 409, {"name": "taken"})
    return Goto(_path(one), "institution_changed" if changed else "")


def close(visit: Visit) -> Answer:
    """Close it, after a last quarter it is expected in; who speaks for it is told."""
    one = _place(visit)
    given = visit.form.get("last", "")
    first = Quarter.parse(one.expected_from)
    last = (
        first.previous()
        if given == NEVER
        else next((q for q in _closing_choices(visit, one) if str(q) == given), None)
    )
    if last is None:
        return _page(visit, one, 422, problem="close_last")
    if not roster.close(visit.connection, one.id, str(last), visit.officer.person_id, visit.now):
        return _page(visit, one, 409, problem="changed")
    return Goto(_path(one), "institution_closed", _tell(visit, one, closed=True))


def reopen(visit: Visit) -> Answer:
    """Open it again from a quarter on; who spoke for it does so again, and is told."""
    one = _place(visit)
    if one.closed_at is None:
        return _page(visit, one, 409, problem="changed")
    again, until = visit.form.get("again", ""), visit.form.get("until", "")
    if again not in map(str, _again_choices(visit, one)):
        return _page(visit, one, 422, problem="again")
    if until and (until < again or until not in map(str, choices(visit, one)["until_choices"])):
        return _page(visit, one, 422, problem="again_until")
    by = visit.officer.person_id
    if not roster.reopen(visit.connection, one.id, again, until or None, by, visit.now):
        return _page(visit, one, 409, problem="changed")
    return Goto(_path(one), "institution_reopened", _tell(visit, one, closed=False))


def _tell(visit: Visit, one: Listed, closed: bool) -> Told:
    speaking = [c.person_id for c in contacts.of_institution(visit.connection, one.id)]
    message = render("office/institution_told.j2", institution=one.name, closed=closed)
    return notify.tell_people(visit.connection, speaking, message, visit.now)


def invite(visit: Visit) -> Answer:
    """A new code, for a contact or the lead."""
    one = _place(visit)
    role = visit.form.get("role", "")
    if role not in ROLES:
        raise NotFound
    if one.closed_at is not None:
        return _page(visit, one, 409, problem="changed")
    return codes.give(visit, _path(one), "code_made", role, one.id)


def revoke(visit: Visit) -> Answer:
    """Take a contact's role away, and tell them."""
    one = _place(visit)
    wanted = visit.number("membership")
    if all(c.membership_id != wanted for c in contacts.of_institution(visit.connection, one.id)):
        return _page(visit, one, 409, problem="changed")  # another institution's, or gone meanwhile
    gone = contacts.revoke(visit.connection, wanted, visit.officer.person_id, visit.now)
    if gone is None:
        raise LookupError("nobody of that number stood in the list")
    told = render("colleague/messages.removed", institution=one.name)
    heard = notify.tell_people(visit.connection, [gone.person_id], told, visit.now)
    return Goto(_path(one), "contact_revoked", heard)


def revoke_code(visit: Visit) -> Answer:
    """Make a code worthless that was not used yet."""
    one = _place(visit)
    wanted = visit.number("invite")
    mine = any(code.id == wanted for code in contacts.codes(visit.connection, one.id))
    if not mine or not contacts.revoke_code(visit.connection, wanted, visit.officer.person_id, visit.now):
        return _page(visit, one, 409, problem="changed")
    return Goto(_path(one), "code_revoked")
