"""The office makes an institution and gets the one-time code for its contact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.dialogs.base import Dialog
from bot.engine import Outcome, Write
from bot.messages import Outgoing
from bot.turn import Turn
from policy.quarters import reporting_quarter
from storage import institutions, people


@dataclass(frozen=True)
class Named(Outcome):
    """The institution's name is known."""

    name: str


class InstitutionDialog(Dialog):
    """Asks for the name."""

    name = "institution"
    park = False

    async def run(self, context: Any) -> Outcome:
        """One question."""
        return Named(await Write("name", "office/institution_name.j2", longest=60, shortest=2))

    def finish(self, turn: Turn, context: Any, outcome: Outcome) -> list[Outgoing]:
        """Create it, or give a further code for one that exists."""
        assert isinstance(outcome, Named)
        if turn.office_role is None:
            return [turn.say("office/denied.j2")]
        return invite_contact(turn, outcome.name)


def invite_contact(turn: Turn, name: str) -> list[Outgoing]:
    """A one-time contact code for the institution, which is made when new."""
    found = institutions.find(turn.connection, name)
    made = found is None
    institution = found or institutions.create(
        turn.connection, name, str(reporting_quarter(turn.now)), turn.now, turn.person_id
    )
    code, expires = people.create_invite(
        turn.connection, turn.keys.codes, turn.now, "contact", institution.id, turn.person_id
    )
    return [turn.say("office/code.j2", institution=institution, code=code, expires=expires, made=made)]
