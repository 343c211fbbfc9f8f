"""A login word of six to eight digits: how it is read, and what is stored of it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata

from bot.core.security.keys import Keys
from policy.reading.digits import are_digits

SHORTEST, LONGEST = 6, 8
_ROWS = ("01234567890123456789", "98765432109876543210")


def read(text: str) -> str | None:
    """The digits, in any width and with blanks between them; None for anything else."""
    plain = "".join(unicodedata.normalize("NFKC", text).split())
    fits = are_digits(plain) and SHORTEST <= len(plain) <= LONGEST
    return plain if fits else None


def is_weak(word: str) -> bool:
    """Whether it is one of those that everybody tries first."""
    return len(set(word)) < 3 or any(word in row for row in _ROWS)


def stored(word: str, keys: Keys) -> str:
    """What is stored of it: worthless without our key, which stands elsewhere."""
    salt = secrets.token_hex(8)
    return f"{salt}:{_digest(word, salt, keys.derive('login words'))}"


def fits(word: str, kept: str, keys: Keys) -> bool:
    """Whether it is the one of which that is stored."""
    salt, _, digest = kept.partition(":")
    known = (keys.derive("login words"), *keys.derive_older("login words"))
    return any(hmac.compare_digest(_digest(word, salt, key), digest) for key in known)


def _digest(word: str, salt: str, key: bytes) -> str:
    return hmac.new(key, f"{salt}:{word}".encode(), hashlib.sha256).hexdigest()
