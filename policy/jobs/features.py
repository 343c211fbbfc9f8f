"""A text as the learnt part sees it: its character grams and the classes of words found in it."""

from __future__ import annotations

import math

from policy.jobs.lexicon import LONGEST_CLAUSE, Lexicon
from policy.reading.text import grams, normalise

LONGEST_GRAM = 3
CLASS_WEIGHT = 1.5
CLASS_MARK = "@"  # no normalised text holds one


def windows(text: str) -> list[str]:
    """Return what of a text is looked at: a request stands at its beginning or at its end."""
    plain = normalise(text)
    if len(plain) <= LONGEST_CLAUSE:
        return [plain] if plain else []
    return [plain[:LONGEST_CLAUSE], plain[-LONGEST_CLAUSE:]]


def features(plain: str, lexicon: Lexicon) -> dict[str, float]:
    """Return the features of a normalised text, as a vector of length one."""
    found = dict.fromkeys(grams(f"^{plain}$", LONGEST_GRAM), 1.0)
    found.update((CLASS_MARK + name, CLASS_WEIGHT) for name in lexicon.spans(plain))
    length = math.sqrt(sum(weight * weight for weight in found.values()))
    return {name: weight / length for name, weight in found.items()}
