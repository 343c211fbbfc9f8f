"""The office makes an institution and gets the one-time code for its contact."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.dialogs.dialog import Outcome, PlainDialog, Write
from bot.core.messages import Outgoing
from bot.core.permissions import refused
from bot.core.turn import Turn
from bot.features.institutions import name_lookup
from policy.calendar.quarters import reporting_quarter
from policy.institutions.roster_file import LONGEST, SHORTEST
from storage.institutions import institutions
from storage.people import people


@dataclass(frozen=True)
class Named(Outcome):
    """The institution's name is known."""

    name: str


class InstitutionDialog(PlainDialog[Named]):
    """Asks for the name."""

    name = "institution"
    park = False

    async def run(self, context: None) -> Named:
        """One question."""
        return Named(
            await Write("name", "office/messages.institution_name", longest=LONGEST, shortest=SHORTEST)
        )

    def finish(self, turn: Turn, context: None, outcome: Named) -> list[Outgoing]:
        """Create it, unless there is one of that name."""
        return refused(turn, "new") or create(turn, outcome.name)


def create(turn: Turn, typed: str) -> list[Outgoing]:
    """A new institution with the code for its first contact; one that is listed is only pointed to."""
    meant = name_lookup.meant(turn.connection, typed)
    if meant.one is not None or not meant.fits:
        return [turn.say("office/not_made.j2", meant=meant, shortest=SHORTEST, longest=LONGEST)]
    made = institutions.create(
        turn.connection, meant.name, str(reporting_quarter(turn.now)), turn.now, turn.person_id
    )
    return give_code(turn, made.id, made=True, near=meant.near)


def invite(turn: Turn, typed: str) -> list[Outgoing]:
    """A code for the contact of an institution in the list; names that are near, when it is not there."""
    meant = name_lookup.meant(turn.connection, typed)
    if meant.one is None or meant.closed:
        return [turn.say("office/no_code.j2", meant=meant, shortest=SHORTEST, longest=LONGEST)]
    return give_code(turn, meant.one.id)


def offer_code(turn: Turn, institution_id: int) -> list[Outgoing]:
    """Ask before a code is made: a name in a list is easily touched."""
    one = institutions.get(turn.connection, institution_id)
    return [turn.say("office/messages.offer_code", institution=one)]


def give_code(
    turn: Turn, institution_id: int, made: bool = False, near: tuple[str, ...] = ()
) -> list[Outgoing]:
    """A one-time contact code for an institution, unless it was closed."""
    one = institutions.get(turn.connection, institution_id)
    meant = name_lookup.meant(turn.connection, one.name)
    if meant.closed:
        return [turn.say("office/no_code.j2", meant=meant, shortest=SHORTEST, longest=LONGEST)]
    code, expires = people.create_invite(
        turn.connection, turn.keys.codes, turn.now, "contact", one.id, turn.person_id
    )
    return [turn.say("office/code.j2", institution=one, code=code, expires=expires, made=made, near=near)]
