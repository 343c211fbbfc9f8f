"""How people say the answers of a fact: patterns by option, read from `wordings.yaml`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from policy.files import PolicyError


@dataclass(frozen=True)
class Wording:
    """What is said for the options of one fact.

    `says` gives the patterns of an option, `asked` those that mean it only where it was asked for,
    `maybe` what speaks for it without deciding; `topic` what a yes- and a no-option are about, so that
    its negation says no; `halves` the parts that only together make an option; `over` what an option
    includes (somebody without work who is willing); `beside` what may stand beside an answer and changes
    nothing; `apart` what is another matter; `void` what leaves the answer open; `vague` the option
    that a bare no only may mean, because another one says no too; `names` what the fact is called, so that
    not knowing it is no answer to another question. A `bound` fact is read
    only where it was asked for: its words are those of other facts too.
    """

    says: tuple[tuple[str, str], ...] = ()
    asked: tuple[tuple[str, str], ...] = ()
    maybe: tuple[tuple[str, str], ...] = ()
    topic: str = ""
    halves: tuple[tuple[str, str, str], ...] = ()  # (option, half, pattern)
    over: tuple[tuple[str, frozenset[str]], ...] = ()
    beside: str = ""
    apart: str = ""
    void: str = ""
    bound: bool = False
    vague: str = ""
    names: str = ""

    @cached_property
    def patterns(self) -> tuple[tuple[str, re.Pattern[str]], ...]:
        """Every pattern that speaks for an option by itself."""
        return tuple((option, re.compile(pattern)) for option, pattern in self.says)

    @cached_property
    def replies(self) -> tuple[tuple[str, re.Pattern[str]], ...]:
        """Every pattern that speaks for an option where the fact was asked for."""
        return tuple((option, re.compile(pattern)) for option, pattern in self.asked)

    @cached_property
    def hints(self) -> tuple[tuple[str, re.Pattern[str]], ...]:
        """Every pattern that only hints at an option."""
        return tuple((option, re.compile(pattern)) for option, pattern in self.maybe)

    @cached_property
    def parts(self) -> tuple[tuple[str, str, re.Pattern[str]], ...]:
        """Every pattern of half an option."""
        return tuple((option, half, re.compile(pattern)) for option, half, pattern in self.halves)


NO_WORDING = Wording()


def _joined(words: Iterable[str]) -> str:
    return "|".join(words)


def parse_wordings(raw: Mapping[str, Any], options: Mapping[str, Iterable[str]]) -> dict[str, Wording]:
    """Return the wordings by fact.

    Raises:
        PolicyError: a fact or an option does not exist, or a pattern cannot be compiled.
    """
    found = {}
    for fact, data in raw.items():
        keys = ("says", "asked", "maybe", "halves", "over")
        named = {option for key in keys for option in data.get(key, ())}
        if fact not in options or not named <= {*options[fact], "unsure", "claimed"}:
            raise PolicyError(f"checks/wordings.yaml: {fact}: 没有这个事实或选项")
        found[fact] = Wording(
            says=tuple((option, _joined(words)) for option, words in data.get("says", {}).items()),
            asked=tuple((option, _joined(words)) for option, words in data.get("asked", {}).items()),
            maybe=tuple((option, _joined(words)) for option, words in data.get("maybe", {}).items()),
            topic=_joined(data.get("topic", ())),
            halves=tuple(
                (option, half, _joined(words))
                for option, halves in data.get("halves", {}).items()
                for half, words in halves.items()
            ),
            over=tuple((option, frozenset(others)) for option, others in data.get("over", {}).items()),
            beside=_joined(data.get("beside", ())),
            apart=_joined(data.get("apart", ())),
            void=_joined(data.get("void", ())),
            bound=data.get("bound", False),
            vague=str(data.get("vague", "")),
            names=_joined(data.get("names", ())),
        )
        try:
            _ = found[fact].patterns, found[fact].hints, found[fact].parts
            for pattern in (found[fact].topic, found[fact].beside, found[fact].apart, found[fact].void):
                re.compile(pattern)
        except re.error as error:
            raise PolicyError(f"checks/wordings.yaml: {fact}: {error}") from error
    return found
