"""Classes of words, and the rules which of them together ask for a job."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from policy.files import PolicyError, packaged_file
from policy.reading.text import bare, unified

# A clause longer than this is a story, not a request; what stands behind it is not looked at.
LONGEST_CLAUSE = 60
MOST_CLAUSES = 8
CLAUSES_KEPT = 16
_MARKS = re.compile(r"[\s，,。.！!？?；;：:、~…—]+")
QUESTIONS = ("wh", "yesno")
OUTSIDE = (*QUESTIONS, "info")
Spans = Mapping[str, list[tuple[int, int]]]


@dataclass(frozen=True)
class Rule:
    """The classes that ask for a job together; `asked`: also when put as a question."""

    job: str
    all: tuple[str, ...]
    none: tuple[str, ...]
    asked: bool


@dataclass(frozen=True)
class Lexicon:
    """All classes of words and all rules, the more telling rule first."""

    words: Mapping[str, re.Pattern[str]]
    rules: tuple[Rule, ...]

    @property
    def jobs(self) -> tuple[str, ...]:
        """Every job there is a rule for, in order."""
        return tuple(dict.fromkeys(rule.job for rule in self.rules))

    def spans(self, clause: str) -> Spans:
        """Return where each class is found in a clause; a class that is not found is left out."""
        found = self._looked_at.get(clause)
        if found is None:
            found = {}
            for name, pattern in self.words.items():
                if pattern.search(clause):
                    found[name] = [match.span() for match in pattern.finditer(clause)]
            if len(self._looked_at) >= CLAUSES_KEPT:
                self._looked_at.clear()
            self._looked_at[clause] = found
        return found

    @cached_property
    def _looked_at(self) -> dict[str, Spans]:
        """What was found in the last clauses: rules and weights look at the same."""
        return {}

    def asks_for(self, found: Spans) -> list[tuple[str, int]]:
        """Return (job, where its words begin) of the rules that hold in a clause."""
        starts = ((rule.job, _holds(rule, found)) for rule in self.rules)
        return [(job, start) for job, start in starts if start is not None]


def _holds(rule: Rule, found: Spans) -> int | None:
    """Return where a rule's words begin, if it holds."""
    if any(name not in found for name in rule.all):
        return None
    own = [span for name in rule.all for span in found[name]]
    for name in rule.none if rule.asked else (*rule.none, *QUESTIONS):
        for start, end in found.get(name, ()):
            # What stands within the rule's own words is part of the request: 有新政策告诉我.
            if name not in OUTSIDE or not any(a < end and start < b for a, b in own):
                return None
    return min(start for start, _ in own)


def clauses(text: str) -> list[str]:
    """Return the clauses of a text in one spelling, without marks; few and short ones only."""
    parts = (bare(part)[:LONGEST_CLAUSE] for part in _MARKS.split(unified(text)))
    return [part for part in parts if part][:MOST_CLAUSES]


def parse_lexicon(raw: dict[str, Any]) -> Lexicon:
    """Return the lexicon that a parsed file describes.

    Raises:
        PolicyError: a pattern is no regular expression, or a rule names a class that does not exist.
    """
    words = {}
    for name, pattern in raw["words"].items():
        try:
            words[name] = re.compile("".join(str(pattern).split()))
        except re.error as error:
            raise PolicyError(f"jobs/lexicon.yaml: {name}: {error}") from error
    rules = [
        Rule(job, tuple(rule["all"]), tuple(rule.get("none", ())), bool(rule.get("asked", False)))
        for job, listed in raw["rules"].items()
        for rule in listed
    ]
    for rule in rules:
        for name in (*rule.all, *rule.none):
            if name not in words:
                raise PolicyError(f"jobs/lexicon.yaml: {rule.job}: 没有词类 {name}")
    return Lexicon(words, tuple(rules))


def packaged_lexicon() -> Lexicon:
    """Return the packaged lexicon."""
    return parse_lexicon(packaged_file("jobs/lexicon.yaml"))
