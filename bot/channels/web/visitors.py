"""Who asks: a random cookie that we signed; what is stored of it is a hash."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

from starlette.requests import Request

from bot.core.security.keys import Keys
from storage.address import Address

COOKIE = "weihai_chat"
COOKIE_DAYS = 400  # browsers keep none longer
CHANNEL = "web"

_UNSIGNED = re.compile(r"[A-Za-z0-9_-]{43}")
_SIGNED = re.compile(r"([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{22})")


@dataclass(frozen=True)
class Visitor:
    """Who asks: their cookie, made now if they had none of ours, and their address in storage.

    `known`: we signed it. `claims`: it is one of an earlier version, unsigned; it counts only if it is
    stored already.
    """

    cookie: str
    known: bool
    address: Address
    claims: bool = False

    @classmethod
    def of(cls, request: Request, keys: Keys, cookie: str = COOKIE) -> Visitor:
        """From the request's cookie of that name."""
        given = request.cookies.get(cookie, "")
        if (found := _SIGNED.fullmatch(given)) and _is_ours(found[1], found[2], keys):
            return cls(_sign(found[1], keys), True, _address(found[1]))
        if _UNSIGNED.fullmatch(given):
            return cls(_sign(given, keys), False, _address(given), claims=True)
        return cls.fresh(keys)

    @classmethod
    def fresh(cls, keys: Keys) -> Visitor:
        """Somebody new."""
        value = secrets.token_urlsafe(32)
        return cls(_sign(value, keys), False, _address(value))


def _address(value: str) -> Address:
    return Address(CHANNEL, CHANNEL, hashlib.sha256(value.encode()).hexdigest())


def _sign(value: str, keys: Keys) -> str:
    return f"{value}.{_mark(value, keys)}"


def _is_ours(value: str, mark: str, keys: Keys) -> bool:
    """Whether we signed it, with the key in force or one before that is being changed."""
    signed = (_mark_by(key, value) for key in (keys.derive("cookies"), *keys.derive_older("cookies")))
    return any(hmac.compare_digest(mark, one) for one in signed)


def _mark(value: str, keys: Keys) -> str:
    return _mark_by(keys.derive("cookies"), value)


def _mark_by(key: bytes, value: str) -> str:
    digest = hmac.digest(key, value.encode(), "sha256")[:16]
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
