"""转人工 without a question said before: asks for it in one message."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.channel_limits import channel_of
from bot.core.dialogs.dialog import Outcome, PlainDialog, Write
from bot.core.messages import Outgoing
from bot.core.turn import Turn
from bot.features.questions import queue as question_queue


@dataclass(frozen=True)
class Asked(Outcome):
    """The question is known."""

    text: str


class HandoverDialog(PlainDialog[Asked]):
    """One question: the person's own."""

    name = "handover"
    park = False

    async def run(self, context: None) -> Asked:
        """Ask what to hand over."""
        return Asked(
            await Write("question", "feedback/messages.ask", longest=500, shortest=2, of_policy=True)
        )

    def finish(self, turn: Turn, context: None, outcome: Asked) -> list[Outgoing]:
        """Queue it."""
        if question_queue.is_full(turn):
            return [turn.say("feedback/messages.full")]
        if not question_queue.put(turn, outcome.text, "handed", turn.id):
            return [turn.say("feedback/messages.wordless")]
        turn.memory.asked = (turn.id, "")
        pushes = channel_of(turn.incoming.address.channel).pushes
        return [turn.say("feedback/handed.j2", text=outcome.text, again=False, pushes=pushes)]
