"""Who fills the form in: 填表人 and 联系电话, asked once and printed on every form."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from bot.dialogs.base import Dialog
from bot.engine import Outcome, Problem, Question, Write
from bot.messages import Outgoing
from bot.turn import Turn
from storage import people


@dataclass(frozen=True)
class WriteTelephone(Write):
    """A telephone number: 7 to 20 digits, blanks, dashes, brackets."""

    def read(self, text: str) -> str:
        """The number as typed, trimmed."""
        plain = text.strip()
        digits = re.sub(r"[\s()（）+\-转]", "", plain)
        if not (digits.isascii() and digits.isdigit() and 7 <= len(digits) <= 20):
            raise Problem("problem/telephone.j2")
        return plain


@dataclass(frozen=True)
class ProfileKept(Outcome):
    """Both were given or skipped."""


class ProfileDialog(Dialog):
    """Asked after a contact was bound, and whenever they want to change it."""

    name = "profile"
    park = False
    private = True

    async def run(self, context: Any) -> Outcome:
        """Name, then telephone; both can be skipped."""
        await Write("name", "profile/name.j2", longest=32, skippable=True)
        await WriteTelephone("telephone", "profile/telephone.j2", skippable=True)
        return ProfileKept()

    def store(self, turn: Turn, context: Any, question: Question[Any], value: Any) -> list[Outgoing]:
        """Write to the person at once; the telephone number only encrypted."""
        assert turn.memory.dialog is not None
        if value:
            kept = turn.keys.seal(value) if question.id == "telephone" else value
            people.set_profile(turn.connection, turn.person_id, **{question.id: kept})
        turn.memory.dialog.answers[question.id] = ""  # the figures of a person are not kept twice
        return []

    def finish(self, turn: Turn, context: Any, outcome: Outcome) -> list[Outgoing]:
        """Say where to go on."""
        profile = people.profile(turn.connection, turn.person_id)
        return [turn.say("profile/kept.j2", name=profile.name, telephone=bool(profile.telephone))]
