"""The guided checks: questions derived from the rules, a verdict that explains itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot import words
from bot.dialogs.base import Dialog, Stay
from bot.engine import Choose, Outcome, Problem, Question
from bot.messages import Outgoing
from bot.turn import Turn
from policy.checks import Check, Fact
from policy.conditions import UNSURE


@dataclass(frozen=True)
class AskFact(Choose):
    """The question of one fact."""

    @classmethod
    def of(cls, check: Check, fact: Fact, first: bool) -> AskFact:
        """As asked within a check; the first one introduces it."""
        return cls(
            id=fact.id,
            template="check/question.j2",
            data={"fact": fact, "check": check, "first": first},
            values=tuple(o.id for o in fact.options),
        )

    def read(self, text: str) -> str:
        """An option by its label, by one of its further words, or as yes, no, not sure."""
        plain = words.tidy(text)
        for option in self.data["fact"].options:
            if plain in (option.id, words.tidy(option.label), *(words.tidy(a) for a in option.also)):
                return str(option.id)
        said = words.yes_no(text)
        if said in self.values:
            return said
        raise Problem("problem/choose.j2")


@dataclass(frozen=True)
class Judged(Stay):
    """The facts are enough for a verdict."""

    check: str
    facts: tuple[tuple[str, str], ...]


class CheckDialog(Dialog):
    """One check of the policy as a dialog."""

    def __init__(self, check: Check) -> None:
        self.check = check
        self.name = f"check-{check.id}"

    async def run(self, context: Any) -> Outcome:
        """Ask what can still change the verdict, in the rules' order."""
        facts: dict[str, str] = {}
        while (fact := self.check.next_fact(facts)) is not None:
            facts[fact.id] = await AskFact.of(self.check, fact, first=not facts)
        return Judged(self.check.id, tuple(facts.items()))

    def finish(self, turn: Turn, context: Any, outcome: Outcome) -> list[Outgoing]:
        """The verdict with its reasons, clauses and what to do next."""
        assert isinstance(outcome, Judged)
        facts = dict(outcome.facts)
        verdict = self.check.verdict(facts)
        answers = [
            (fact.short, fact.label(facts[fact.id]))
            for fact in self.check.facts.values()
            if fact.id in facts
        ]
        return [
            turn.say("check/verdict.j2", verdict=verdict, check=self.check, answers=answers, unsure=UNSURE)
        ]

    def label(self, question: Question[Any], value: Any) -> tuple[str, str]:
        """The fact's short name and the answer's words."""
        fact = self.check.facts[question.id]
        return fact.short, fact.label(value)
