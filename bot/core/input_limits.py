"""Bounds at the door: what is refused before anything is stored, and what is masked."""

from __future__ import annotations

import re

from bot.core.messages import Incoming
from policy.form.form import Form
from policy.form.rows import is_row

LONGEST_TEXT = 4000  # characters
LONGEST_ID = 128

_PRIVATE_USE = re.compile("[\ue000-\uf8ff]")
# Longest first: an ID card also holds a bank card's run of digits.
_ID_CARD = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")
_BANK_CARD = re.compile(r"(?<!\d)\d{4}(?:[ -]?\d{4}){3,4}(?:[ -]?\d{1,3})?(?!\d)|(?<!\d)\d{16,19}(?!\d)")
_SOLID_CARD = re.compile(r"(?<!\d)\d{16,19}(?!\d)")
_MOBILE = re.compile(r"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)")
_SOLID_MOBILE = re.compile(r"(?<!\d)(?:\+?86)?1[3-9]\d{9}(?!\d)")
_LANDLINE = re.compile(r"(?<!\d)0\d{2,3}-\d{7,8}(?!\d)")


def refusal(incoming: Incoming) -> str | None:
    """Why a message is refused at the door: long, nul, surrogate, id, nothing; None when let in."""
    ids = (incoming.id, incoming.address.sender, incoming.address.bot, incoming.choice or "")
    if any(len(i) > LONGEST_ID or _unstorable(i) for i in ids) or not incoming.id:
        return "id"
    if len(incoming.text) > LONGEST_TEXT:
        return "long"
    if "\x00" in incoming.text:
        return "nul"
    if _unstorable(incoming.text):
        return "surrogate"
    if not (incoming.text.strip() or incoming.choice or incoming.file):
        return "nothing"
    return None


def _unstorable(text: str) -> bool:
    return "\x00" in text or any("\ud800" <= c <= "\udfff" for c in text)


def clean(text: str) -> str:
    """The text without private-use characters, which mark our buttons."""
    return _PRIVATE_USE.sub("", text)


def mask(form: Form, text: str) -> tuple[str, bool]:
    """The text with ID-card, bank-card and telephone numbers masked, and whether any was.

    In a row of the form's figures blanks part one figure from the next: only a run of digits without
    any is a number of that kind there.
    """
    masked = "".join(_masked(form, line) for line in text.splitlines(keepends=True))
    return masked, masked != text


def _masked(form: Form, line: str) -> str:
    loose, solid = (_BANK_CARD, _MOBILE), (_SOLID_CARD, _SOLID_MOBILE)
    blanks = any(pattern.search(line) for pattern in loose) and is_row(form, line)
    for pattern in (_ID_CARD, *(solid if blanks else loose), _LANDLINE):
        line = pattern.sub(lambda m: "*" * len(m[0]), line)
    return line
