"""What every dialog is: a coroutine of questions, and what is done with answers and outcome."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.core.dialog import Outcome, Question
from bot.core.messages import Outgoing
from bot.core.turn import Turn


@dataclass(frozen=True)
class Stay(Outcome):
    """The dialog rests here: shown again on request, and an answer can still be changed."""


@dataclass(frozen=True)
class Leave(Outcome):
    """The dialog is over without any effect."""


class Dialog:
    """Base of all dialogs. `run` is replayed; the other methods act once per message."""

    name = ""
    version = 1
    park = True  # whether leaving it half-way keeps its answers for later
    private = False  # whether a telephone number may be meant: what is typed then comes unmasked

    async def run(self, context: Any) -> Outcome:
        """The conversation, as a coroutine that awaits questions only."""
        raise NotImplementedError

    def begin(self, answers: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
        """The answers to go on with, of those kept, when it is started with some given from outside."""
        return {**answers, **given}

    def load(self, turn: Turn, answers: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """The immutable context of the replay, and all answers that count."""
        return turn.now, answers

    def store(self, turn: Turn, context: Any, question: Question[Any], value: Any) -> list[Outgoing]:
        """Keep an answer; words to say about it, if any. By default the conversation holds it."""
        assert turn.memory.dialog is not None
        turn.memory.dialog.answers[question.id] = value
        return []

    def hold(
        self, turn: Turn, context: Any, question: Question[Any], read: Callable[[Question[Any]], Any]
    ) -> list[Outgoing] | None:
        """Words instead of taking an answer that was not meant for this question; None to take it."""
        return None

    def way_back(self, context: Any, trail: list[Question[Any]]) -> list[Question[Any]]:
        """The questions on the way here to which 上一步 may lead, in order."""
        return trail

    def shown(self, turn: Turn, context: Any, question: Question[Any]) -> None:
        """The question is being put to the person."""

    def news(self, turn: Turn, context: Any) -> list[Outgoing]:
        """What others did meanwhile, told before the question is put."""
        return []

    def overtaken(
        self, turn: Turn, context: Any, outcome: Outcome | None, answers: dict[str, Any]
    ) -> list[Outgoing] | None:
        """Words for an answer that came after others ended the dialog; None when it is no such answer."""
        return None

    def finish(self, turn: Turn, context: Any, outcome: Outcome) -> list[Outgoing]:
        """Perform the outcome's effect, once, and say so. For `Stay`: show it."""
        raise NotImplementedError

    def migrate(self, version: int, answers: dict[str, Any]) -> dict[str, Any]:
        """Answers of an older version as this one's; what cannot be kept is left out."""
        return answers

    def label(self, question: Question[Any], value: Any) -> tuple[str, str]:
        """(what was asked, what was answered) in a few words, for the list of answers."""
        return question.id, str(value)

    def changes(self, turn: Turn, context: Any) -> list[Outgoing] | None:
        """A list of its own of what can be changed; None for the usual list of answers."""
        return None

    def aside(self, turn: Turn, context: Any, outcome: Outcome | None, action: str) -> list[Outgoing] | None:
        """An action of the dialog's own, bound to the step; None when it has none of that name."""
        return None

    def restart(self, turn: Turn, context: Any) -> list[Outgoing]:
        """Discard what was entered (asked for and confirmed)."""
        assert turn.memory.dialog is not None
        turn.memory.dialog.answers.clear()
        turn.memory.dialog.revisit = None
        return []
