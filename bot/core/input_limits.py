"""Bounds at the door: what is refused before anything is stored, and what is masked."""

from __future__ import annotations

import re

from bot.core.messages import Incoming
from policy.form.form import Form
from policy.form.rows import is_row
from policy.reading import private_numbers

LONGEST_TEXT = 4096  # characters: as many as Telegram takes
LONGEST_ID = 128

_NOT_STORED = re.compile("[\x00\ud800-\udfff]")
_PRIVATE_USE = re.compile("[\ue000-\uf8ff]")


def refusal(incoming: Incoming) -> str | None:
    """Why a message is refused at the door: long, nul, surrogate, id, nothing; None when let in."""
    ids = (incoming.id, incoming.address.sender, incoming.address.bot, incoming.choice or "")
    if any(len(i) > LONGEST_ID or _unstorable(i) for i in ids) or not incoming.id:
        return "id"
    if reason := text_refusal(incoming.text):
        return reason
    if not (incoming.text.strip() or incoming.choice or incoming.file):
        return "nothing"
    return None


def text_refusal(text: str) -> str | None:
    """Why no message may hold a text: long, nul, surrogate; None when it may."""
    if len(text) > LONGEST_TEXT:
        return "long"
    if "\x00" in text:
        return "nul"
    return "surrogate" if _unstorable(text) else None


def _unstorable(text: str) -> bool:
    return _NOT_STORED.search(text) is not None


def clean(text: str) -> str:
    """The text without private-use characters, which mark our buttons."""
    return _PRIVATE_USE.sub("", text)


def mask(form: Form, text: str) -> tuple[str, bool]:
    """The text with private numbers masked, and whether any was; the form's figures are left alone."""
    return private_numbers.mask(text, lambda line: is_row(form, line))
