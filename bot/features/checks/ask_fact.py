"""The question of one fact, and how its answers are read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from bot.core.dialogs import option_matching, vocabulary
from bot.core.dialogs.dialog import Choose, Problem
from bot.features.checks import answers
from policy.checks.conditions import UNSURE
from policy.checks.rules import Fact
from policy.reading.dates import NotADate, Reading, read_date

_TIME = re.compile(r"[0-9年]|[0-9一二三四五六七八九十上]个?月")
LIKELY = "likely:"  # before the value of the button that confirms what was probably meant
_SOMETHING_ELSE = ("person", "twice", "open", "apart")
_OTHERWISE = ("later", "earlier", "twice", "several", "open", "apart", "claimed", "half")
_MEANT = ("person", answers.CORRECTED, *_OTHERWISE)


@dataclass(frozen=True)
class CheckContext:
    """What a replay of a check knows.

    `reused` are facts told before this dialog began; `likely` is what the last message asked to confirm;
    `taken` are the facts that this message told in free words; `others` what the same words may tell,
    `old` the facts told long ago, and when.
    """

    on: date
    about: str
    reused: tuple[str, ...]
    reading: Reading = None
    likely: str = ""
    taken: tuple[tuple[str, str], ...] = ()
    others: tuple[Fact, ...] = ()
    old: tuple[tuple[str, datetime], ...] = ()


@dataclass(frozen=True, kw_only=True)
class AskFact(Choose):
    """The question of one fact."""

    fact: Fact
    about: str
    on: date
    likely: str
    others: tuple[Fact, ...]

    @classmethod
    def of(cls, fact: Fact, context: CheckContext, intro: str) -> AskFact:
        """As asked within a check; `intro` goes before the first question of all."""
        return cls(
            id=fact.id,
            template="check/question.j2",
            data={"intro": intro, "taken": context.taken},
            kind="number" if fact.kind == "date" else "choice",
            values=tuple(o.id for o in fact.options),
            fact=fact,
            about=context.about,
            on=context.on,
            likely=context.likely,
            others=context.others,
        )

    def accepts(self, value: object) -> bool:
        """Whether it is one of the options, or a date where one is asked for."""
        if value in self.values:
            return True
        return self.fact.kind == "date" and isinstance(value, str) and "/" in value

    def read(self, text: str) -> str:
        """An option by its label, by its further words, as yes/no/not sure, or a date.

        What is only likely is asked, with the option that was probably meant.
        """
        fact = self.fact
        if (exact := exactly(fact, text)) is not None:
            return exact
        if (asked := self.likely) and (said := vocabulary.yes_no(text)) in ("yes", "no"):
            if said == "yes":
                return asked
            raise Problem("problem/messages.choose")
        answer = answers.read_answer(fact, text, self.on, self.about, self.others)
        if fact.kind == "date" and answer.why == answers.CORRECTED:
            self._dated(text, answer)
        if answer.why == answers.CORRECTED or (not answer.why and vocabulary.corrected(text) is not None):
            # Of this question or of the one before: nobody can tell, unless both values stand here.
            raise self._likely(answer) or Problem("problem/messages.corrected")
        said = vocabulary.yes_no(text) or (UNSURE if option_matching.lost(text) else None)
        if said in self.values and said != fact.wording.vague:
            return said
        if fact.kind == "date":
            return self._dated(text, answer)
        if answer.sure and answer.value:
            return answer.value
        self._refuse(text, answer)
        ways = [(o.id, (o.label, *o.also)) for o in fact.options]
        about = "".join((fact.ask, fact.short, *(o.label for o in fact.options)))
        if not answer.why and (picked := option_matching.pick(text, ways, about, fact.apart)):
            return picked
        raise Problem("problem/messages.choose")

    def _dated(self, text: str, answer: answers.Answer) -> str:
        """Return the date that a text tells, or the option it is."""
        fact = self.fact
        if answer.sure and answer.value == UNSURE and _TIME.search(text):
            raise Problem("problem/date.j2", reason="about")  # a time was told, only not all of it
        if answer.sure and answer.value:
            return answer.value
        if answer.why in _SOMETHING_ELSE:
            self._refuse(text, answer)
        try:
            return str(read_date(text, self.on))
        except NotADate as error:
            if answer.why == answers.CORRECTED and not error.likely:
                return ""
            if (
                error.reason == "other"
                or answer.value
                or (answer.why == answers.CLAIMED and not error.likely)
            ):
                self._refuse(text, answer)
            likely = error.likely and str(error.likely)
            raise Problem(
                "problem/date.j2", reason=error.reason, likely=error.likely, fact=fact, value=likely
            ) from None

    def _refuse(self, text: str, answer: answers.Answer) -> None:
        """Say what keeps a text from being an answer.

        Raises:
            Problem: it is likely only, or is known to be about something else.
        """
        fact = self.fact
        if likely := self._likely(answer):
            raise likely
        named, sentence = fact.unlisted
        if any(word in vocabulary.tidy(text) for word in named) and not vocabulary.asks(text):
            raise Problem("problem/messages.unlisted", sentence=sentence)
        if vocabulary.asks(text):
            raise Problem("problem/messages.choose", reason="asks")
        if answer.why == "person":
            raise Problem("check/messages.another_person", about=self.about, reason="person")
        if answer.why in _OTHERWISE and not (fact.kind == "date" and answer.why == "later"):
            raise Problem("check/not_now.j2", fact=fact, reason=answer.why)
        if answer.why == "doubt" or option_matching.doubts(text):
            raise Problem("problem/messages.doubt")

    def _likely(self, answer: answers.Answer) -> Problem | None:
        """Return the question in one tap, of what was probably meant."""
        if answer.value is None:
            return None
        fact = self.fact
        return Problem(
            "check/messages.likely", likely=answer.value, label=fact.label(answer.value), reason=answer.why
        )

    def meant(self, text: str) -> bool:
        """Whether a text that cannot be read speaks of this fact, and is no question of its own."""
        fact = self.fact
        if vocabulary.asks(text):
            return False
        answer = answers.read_answer(fact, text, self.on, self.about, self.others)
        return answer.value is not None or answer.why in _MEANT

    def press(self, value: str) -> str:
        """The option of a button, that of a question in one tap included."""
        value = value.removeprefix(LIKELY)
        return value if self.accepts(value) else self.read(value)


def exactly(fact: Fact, text: str) -> str | None:
    """The option whose very words a text is."""
    plain = vocabulary.tidy(text)
    for option in fact.options:
        if plain in (option.id, vocabulary.tidied(option.label)) or plain in map(
            vocabulary.tidied, option.also
        ):
            return option.id
    return None
