"""The reviewed list of points that people ask about and the notice does not write."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from policy.answers.entries import Entry
from policy.files import PolicyError


def pattern(words: str) -> re.Pattern[str] | None:
    """One expression for words separated by white space; None for none.

    Raises:
        PolicyError: a word is no regular expression.
    """
    if not words.split():
        return None
    try:
        return re.compile("|".join(words.split()))
    except re.error as error:
        raise PolicyError(f"answers/composed: {error}: {words[:40]}") from error


@dataclass(frozen=True)
class Point:
    """Something the notice does not write; `name` completes 通知没有写……."""

    id: str
    name: str
    words: re.Pattern[str]
    never: re.Pattern[str] | None
    clauses: tuple[str, ...]
    exempt: tuple[str, ...]
    asks: tuple[str, ...]

    def asked(self, plain: str) -> int:
        """How many characters of bare text ask for it; 0 for none."""
        found = self.words.search(plain)
        if found is None or (self.never is not None and self.never.search(plain)):
            return 0
        return found.end() - found.start()

    def unwritten_on(self, clauses: tuple[str, ...]) -> bool:
        """Whether it is known not to be written on a topic with these clauses."""
        return not self.clauses or bool(set(self.clauses) & set(clauses[:1]))


def _point(raw: dict[str, Any]) -> Point:
    words = pattern(raw["words"])
    if words is None:
        raise PolicyError(f"answers/composed/unwritten.yaml: {raw['id']}: 没有写问法")
    return Point(
        raw["id"],
        raw["name"],
        words,
        pattern(raw.get("never", "")),
        tuple(raw.get("clauses", ())),
        tuple(raw.get("except", ())),
        tuple(raw.get("asks", ())),
    )


@dataclass(frozen=True)
class Unwritten:
    """The reviewed list: the points by id, and what is said of entries.

    `topics`: entry → the nouns by which people call its topic; `subjects`: entry → words that are
    hardly said of anything but this project's business.
    """

    points: Mapping[str, Point]
    topics: Mapping[str, tuple[str, ...]]
    subjects: Mapping[str, tuple[str, ...]]

    def asked(self, plain: str) -> list[Point]:
        """The points that bare text asks for, the longest wording first."""
        found = [(point.asked(plain), point) for point in self.points.values()]
        return [point for length, point in sorted(found, key=lambda pair: -pair[0]) if length]

    def missing(self, entry: Entry, plain: str) -> Point | None:
        """The point that bare text asks for and that is known not to be written on the entry's topic."""
        for point in self.asked(plain):
            listed = point.id in entry.points or point.unwritten_on(entry.clauses)
            if listed and entry.id not in point.exempt:
                return point
        return None


def parse_unwritten(data: Mapping[str, Any]) -> Unwritten:
    """Return the list of a file.

    Raises:
        PolicyError: a point has no words, or words that are no regular expression.
    """
    return Unwritten(
        MappingProxyType({raw["id"]: _point(raw) for raw in data["points"]}),
        MappingProxyType({entry: tuple(nouns.split()) for entry, nouns in data["topics"].items()}),
        MappingProxyType({entry: tuple(words.split()) for entry, words in data["subjects"].items()}),
    )


def unwritten_lines(listed: Unwritten, clauses: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    """(question, entry) of every point on every topic it is not written on, the same every time.

    `clauses`: those of each entry.
    """
    for row, (entry, nouns) in enumerate(listed.topics.items()):
        for column, point in enumerate(listed.points.values()):
            if entry in point.exempt or not point.clauses or not point.unwritten_on(clauses[entry]):
                continue
            for turn, ask in enumerate(point.asks[:2] if len(nouns) == 1 else point.asks):
                yield ask.format(t=nouns[(row + column + turn) % len(nouns)]), entry
