"""Prompts that several features ask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from bot.core.dialogs import vocabulary as said
from bot.core.dialogs.dialog import Problem, Question, Write
from policy.answers.publications import (
    UNTIL_WITHDRAWN,
    NotADay,
    read_day,
)


@dataclass(frozen=True)
class WriteLines(Write):
    """A text whose lines are kept."""

    def read(self, text: str) -> str:
        """The text, trimmed line by line."""
        plain = "\n".join(" ".join(line.split()) for line in text.strip().splitlines())
        if not self.shortest <= len(plain) <= self.longest:
            raise Problem("problem/write.j2", shortest=self.shortest, longest=self.longest, length=len(plain))
        return plain


@dataclass(frozen=True, kw_only=True)
class AskDay(Question[str]):
    """A day, stored in ISO form; `earliest` is the first allowed, `none` tells whether "" will do."""

    kind: str = "text"
    today: date
    earliest: str = ""
    none: bool = False

    def accepts(self, value: object) -> bool:
        """Whether it still is late enough (the day before it may have been changed)."""
        if not isinstance(value, str):
            return False
        return value >= self.earliest if value else self.none

    def read(self, text: str) -> str:
        """A day in any usual writing."""
        if self.none and said.tidy(text) in UNTIL_WITHDRAWN:
            return ""
        try:
            day = read_day(text, self.today).isoformat()
        except NotADay:
            raise Problem("publish/messages.day_problem", reason="day", earliest="") from None
        if day < self.earliest:
            raise Problem("publish/messages.day_problem", reason="early", earliest=self.earliest)
        return day

    def press(self, value: str) -> str:
        """今天, or no day."""
        if value == "today" and self.today.isoformat() >= self.earliest:
            return self.today.isoformat()
        if value == "skip" and self.none:
            return ""
        raise Problem("problem/messages.choose")
