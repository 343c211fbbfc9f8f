"""Questions that mean the same, as far as the index tells: by topic and point, else by their characters."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from policy.corpus import Corpus
from policy.reading.text import normalise

ALIKE = 0.6  # the part of two questions' pairs of characters that they share
TOPIC_SURE = 6.0  # a topic's score from which a question is about it, whether or not it is answered


_FIGURES = re.compile(r"[0-9]+")


@dataclass(frozen=True)
class Meaning:
    """What a question is about: the entry nearest to it and the point it misses there, "" for none.

    `answered`: the entry that answers just its point now, "" for none.
    """

    entry: str = ""
    missing: str = ""
    answered: str = ""


def meaning(corpus: Corpus, text: str) -> Meaning:
    """Return what a question is about."""
    understood = corpus.questions.understand(text)
    if understood.parts:
        part = understood.parts[0]
        entry = corpus.answers.entries.get(part.entry)
        whole = len(understood.parts) == 1 and entry is not None and not part.near(entry)
        return Meaning(part.entry, part.missing, part.entry if whole else "")
    ranked = corpus.index.rank(_FIGURES.sub("", text))[:1]
    if understood.found.neighbour or not ranked or ranked[0][1] < TOPIC_SURE:
        return Meaning()
    return Meaning(ranked[0][0])


def grouped(texts: Sequence[str], meanings: Sequence[Meaning]) -> list[list[int]]:
    """Return the places of the texts, those that mean the same together, each group by its first."""
    groups: list[list[int]] = []
    by_topic: dict[tuple[str, str], list[int]] = {}
    apart = _Apart()
    for place, (text, about) in enumerate(zip(texts, meanings, strict=True)):
        if about.entry:
            group = by_topic.get((about.entry, about.missing))
            if group is None:
                group = by_topic[about.entry, about.missing] = []
                groups.append(group)
        else:
            group = apart.of(text)
            if not group:
                groups.append(group)
        group.append(place)
    return groups


def shape(same: str) -> frozenset[str]:
    """Return the pairs of characters of a normalised text without figures: a flood differs by those only."""
    plain = _FIGURES.sub("", same) or same
    return frozenset(plain[i : i + 2] for i in range(max(1, len(plain) - 1)))


def is_near(one: frozenset[str], other: frozenset[str]) -> bool:
    """Tell whether two shapes share so much that they are one question."""
    return len(one & other) >= ALIKE * len(one | other)


class _Apart:
    """Texts about nothing we know, each with the first one that reads like it."""

    def __init__(self) -> None:
        self._firsts: list[tuple[frozenset[str], list[int]]] = []
        self._with: dict[str, list[int]] = {}  # pair of characters → firsts that have it

    def of(self, text: str) -> list[int]:
        """Return the group of a text, an empty one for the first of its kind."""
        mine = shape(normalise(text))
        shared = Counter(first for pair in mine for first in self._with.get(pair, ()))
        for first, _ in shared.most_common(8):
            if is_near(mine, self._firsts[first][0]):
                return self._firsts[first][1]
        group: list[int] = []
        for pair in mine:
            self._with.setdefault(pair, []).append(len(self._firsts))
        self._firsts.append((mine, group))
        return group
