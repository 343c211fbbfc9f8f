"""Questions as the index sees them: one spelling of every character, cut into character grams."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any

# Beyond this many characters a message is no question; what follows does not change its topic.
LONGEST = 300

_DROPPED = re.compile(r"[^0-9a-z\u3400-\u9fff\U00020000-\U0003134f]+")
_OPENING, _CLOSING = re.compile("[（(]"), re.compile("[)）]")
_TRADITIONAL = re.compile(r"[\u3400-\u9fff\U00020000-\U0003134f]")


@lru_cache(maxsize=1)
def _converter() -> Any:
    """OpenCC's traditional-to-simplified converter; created at the first question."""
    import opencc

    return opencc.OpenCC("t2s")


@lru_cache(64)  # a message is looked at by many
def unified(text: str) -> str:
    """`text` with one form per character: NFKC, lower case, simplified; spaces and marks are kept.

    The written 如何 becomes 怎么, which is how nearly everybody asks.
    """
    text = unicodedata.normalize("NFKC", text[: LONGEST * 4]).lower()
    # OpenCC takes C strings in UTF-8: no NUL, no half of a surrogate pair.
    text = "".join(" " if c == "\0" or "\ud800" <= c <= "\udfff" else c for c in text)
    if _TRADITIONAL.search(text):
        text = str(_converter().convert(text))
    return text.replace("如何", "怎么")


def without_brackets(text: str) -> str:
    """`text` without what stands in round brackets, each from an opening one to the next closing one."""
    kept, at = [], 0
    while (opened := _OPENING.search(text, at)) and (closed := _CLOSING.search(text, opened.end())):
        kept.append(text[at : opened.start()])
        at = closed.end()
    return "".join(kept) + text[at:]


def bare(text: str) -> str:
    """Unified text reduced to Chinese characters, Latin letters and digits."""
    return _DROPPED.sub("", text)[:LONGEST]


def normalise(text: str) -> str:
    """`text` in the one spelling that is compared: "２０２３ 年，補貼？😀" becomes "2023年补贴"."""
    return bare(unified(text))


def grams(text: str, longest: int = 2) -> list[str]:
    """All character grams of 1 to `longest` of a normalised text, repeats included."""
    return [text[i : i + n] for n in range(1, longest + 1) for i in range(len(text) - n + 1)]
