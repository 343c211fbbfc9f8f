"""A one-time code as people write it: `绑定 CODE`, bare, or within a short message that speaks of one."""

from __future__ import annotations

import re
import unicodedata

from bot.core.render import words

_SAID = re.compile(r"^(?:绑定|/start|/bind)[\s:：]*(\S.*)?$", re.I | re.S)
_SPOKEN_OF = re.compile(r"绑定|邀请|码|/start|/bind", re.I)
_LONGEST = 80  # characters of a message that gives a code in its own words
_INVISIBLE = re.compile(r"[\u200b-\u200f\u2060-\u2069\ufeff]")
_DASHES = re.compile(r"[‐‑‒–—―−﹣_]")
_SIGN = "[A-HJ-NP-Z2-9]"
_BARE = re.compile(rf"^(?=.*[A-Z]){_SIGN}{{5}}\s*-?\s*{_SIGN}{{5}}$", re.I)
RECEIPT = re.compile(rf"(?<![A-Z0-9])TS\s?-\s?({_SIGN}{{8}})(?![A-Z0-9])", re.I)  # of a complaint: no code
_WITHIN = tuple(
    re.compile(rf"(?<![A-Z0-9]){within}(?![A-Z0-9])(?!\s*-)", re.I)
    for within in (rf"{_SIGN}{{5}}\s*-?\s*{_SIGN}{{5}}", rf"{_SIGN}(?:[\s-]*{_SIGN}){{9}}")
)


def hidden(text: str) -> str:
    """The text as it is kept: of a message that gives a code only that it did."""
    return words("bind/messages.hidden") if code_in(text) else text


def plain(text: str) -> str:
    """The text with dashes and widths as codes are printed, without what cannot be seen."""
    return _DASHES.sub("-", _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))).strip(" \t\n。.!！\"“”'")


def code_in(text: str) -> str | None:
    """The code in a message; "" when 绑定 was said without one; None when it is no such message.

    Bare, after 绑定, or anywhere in a short message that speaks of a code; in any case and width.
    """
    told = plain(text)
    if RECEIPT.search(told):
        return None
    if len(told) <= _LONGEST and _BARE.match(told):
        return told
    said = _SAID.match(told)
    if len(told) <= _LONGEST and _SPOKEN_OF.search(told):
        words = said[1] or "" if said else told
        for found in (code for within in _WITHIN for code in within.findall(words)):
            if re.search(r"[A-Z]", found, re.I):  # figures are none
                return str(found)
    if not said or (told.lower().startswith("/start") and not said[1]):
        return None
    typed = said[1] or ""
    return typed if re.search(r"[A-Za-z0-9]", typed) else ""
