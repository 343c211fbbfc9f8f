"""复核退回: why the lead sends a draft back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.core.dialog import Dialog, Outcome, Write
from bot.core.messages import Outgoing
from bot.core.turn import Turn
from bot.features.report.lead import review as lead_review_requests


@dataclass(frozen=True)
class SentBack(Outcome):
    """What is to be looked at again."""

    words: str


class LeadDialog(Dialog):
    """One question; which review it is about was given when it began."""

    name = "lead"
    park = False

    def load(self, turn: Turn, answers: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """The review's id."""
        return answers.get("review"), answers

    async def run(self, context: Any) -> Outcome:
        """The words."""
        return SentBack(await Write("words", "lead/why.j2", longest=300, shortest=2))

    def finish(self, turn: Turn, context: Any, outcome: Outcome) -> list[Outgoing]:
        """Send it back and tell the contacts."""
        assert isinstance(outcome, SentBack)
        if not lead_review_requests.may_decide(
            turn, int(context or 0)
        ):  # no lead any more since the button was pressed
            return [turn.say("lead/none.j2")]
        return lead_review_requests.decide(turn, int(context or 0), outcome.words)
