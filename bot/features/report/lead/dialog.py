"""复核退回: why the lead sends a draft back."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.dialogs.dialog import Dialog, Outcome, Write
from bot.core.messages import Outgoing
from bot.core.turn import Answers, Turn
from bot.features.report.lead import review as lead_review_requests


@dataclass(frozen=True)
class SentBack(Outcome):
    """What is to be looked at again."""

    words: str


class LeadDialog(Dialog[int, SentBack]):
    """One question; which review it is about was given when it began."""

    name = "lead"
    park = False

    def load(self, turn: Turn, answers: Answers) -> tuple[int, Answers]:
        """The review's id."""
        return int(answers.get("review") or 0), answers

    async def run(self, context: int) -> SentBack:
        """The words."""
        return SentBack(await Write("words", "lead/messages.why", longest=300, shortest=2))

    def finish(self, turn: Turn, context: int, outcome: SentBack) -> list[Outgoing]:
        """Send it back and tell the contacts."""
        if not lead_review_requests.may_decide(
            turn, context
        ):  # no lead any more since the button was pressed
            return [turn.say("lead/messages.nothing_to_review")]
        return lead_review_requests.decide(turn, context, outcome.words)
