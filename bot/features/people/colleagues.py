"""联系人: who speaks for an institution; inviting, handing over, removing, leaving.

Who came first may remove who came later, a lead anybody; what the office gave it can take itself.
"""

from __future__ import annotations

from bot.core import notify, paging
from bot.core.messages import Outgoing, Replies
from bot.core.turn import Turn
from storage.people import contacts, people
from storage.people.contacts import Contact
from storage.people.people import Membership


def everybody(turn: Turn) -> list[Outgoing]:
    """联系人: of each institution the person speaks for."""
    if not turn.institutions:
        return [turn.say("report/messages.no_institution")]
    return [_listed(turn, mine) for mine in turn.institutions]


def _listed(turn: Turn, mine: Membership) -> Outgoing:
    if mine.institution_id is None:
        raise LookupError("a role in no institution")
    found = contacts.of_institution(turn.connection, mine.institution_id)
    return turn.say(
        "colleague/list.j2",
        institution=mine.institution,
        institution_id=mine.institution_id,
        people=found,
        me=turn.person_id,
        removable=[c for c in found if _may_remove(mine, c)],
        codes=_open_codes(turn, mine.institution_id),
    )


def _open_codes(turn: Turn, institution_id: int) -> list[contacts.Code]:
    given = contacts.codes(turn.connection, institution_id)
    return [code for code in given if code.state(turn.now) == "open"]


def _may_remove(mine: Membership, other: Contact) -> bool:
    if other.person_id == mine.person_id:
        return False
    return mine.role == "lead" or (other.role != "lead" and mine.id < other.membership_id)


def _mine(turn: Turn, argument: str) -> Membership | None:
    """Find the person's own membership of the institution that a button names."""
    institution = paging.number(argument)
    return next((m for m in turn.institutions if m.institution_id == institution), None)


def invite(role: str, turn: Turn, argument: str) -> Replies:
    """Make a code for a colleague or a lead."""
    mine = _mine(turn, argument)
    return _invite(turn, mine, role) if mine else None


def void_codes(turn: Turn, argument: str) -> Replies:
    """Revoke the institution's open codes."""
    mine = _mine(turn, argument)
    if mine is None:
        return None
    for code in _open_codes(turn, mine.institution_id or 0):
        contacts.revoke_code(turn.connection, code.id, turn.person_id, turn.now)
    return [_listed(turn, mine)]


def leave(sure: bool, turn: Turn, argument: str) -> Replies:
    """Stop speaking for an institution, once it is confirmed."""
    mine = _mine(turn, argument)
    return _leave(turn, mine, sure) if mine else None


def remove(sure: bool, turn: Turn, argument: str) -> Replies:
    """Remove a colleague, once it is confirmed; the button names the membership."""
    return _remove(turn, paging.number(argument), sure)


def _invite(turn: Turn, mine: Membership, role: str) -> list[Outgoing]:
    code, expires = people.create_invite(
        turn.connection, turn.keys.codes, turn.now, role, mine.institution_id, turn.person_id
    )
    return [
        turn.say("colleague/code.j2", institution=mine.institution, role=role, code=code, expires=expires)
    ]


def _remove(turn: Turn, membership_id: int, sure: bool) -> Replies:
    for mine in turn.institutions:
        found = contacts.of_institution(turn.connection, mine.institution_id or 0)
        other = next((c for c in found if c.membership_id == membership_id and _may_remove(mine, c)), None)
        if other is None:
            continue
        if not sure:
            return [turn.say("colleague/messages.remove", other=other, institution=mine.institution)]
        contacts.revoke(turn.connection, membership_id, turn.person_id, turn.now)
        told = turn.say("colleague/messages.removed", institution=mine.institution)
        notify.tell_people(turn.connection, [other.person_id], told, turn.now)
        return [_listed(turn, mine)]
    return None


def _leave(turn: Turn, mine: Membership, sure: bool) -> list[Outgoing]:
    others = [
        c
        for c in contacts.of_institution(turn.connection, mine.institution_id or 0)
        if c.person_id != turn.person_id
    ]
    if not others:
        return [
            turn.say("colleague/messages.alone", institution=mine.institution, number=mine.institution_id)
        ]
    if not sure:
        return [
            turn.say("colleague/messages.leave", institution=mine.institution, number=mine.institution_id)
        ]
    contacts.revoke(turn.connection, mine.id, turn.person_id, turn.now)
    turn.forget_roles()
    state = turn.memory.dialog
    if state is not None and state.name in ("report", "course", "page", "lead"):
        turn.memory.dialog = None
        turn.step()
    return [turn.say("colleague/messages.left", institution=mine.institution)]
