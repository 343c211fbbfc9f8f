"""A link by which somebody goes on in a browser as the same person: one use, for some minutes.

In it stands a one-time code of the kind that joins an account to its person; only its keyed hash is kept.
Opening the page uses nothing up: the person presses a button there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from sqlalchemy import Connection

from bot.core.security.keys import CodeKeys
from storage.people import accounts

PATH = "/enter/"


@dataclass(frozen=True)
class BrowserLink:
    """Where to go, and for how many minutes it works."""

    url: str
    minutes: int


@dataclass(frozen=True)
class Owner:
    """Whose link it is: the person, and the account on which they asked for it."""

    person_id: int
    account_id: int


def make(
    connection: Connection, codes: CodeKeys, owner: Owner, now: datetime, url: str, to: str = ""
) -> BrowserLink:
    """A link for that person; the one before no longer works. `url` is where we are, `to` the page then."""
    code, _ = accounts.create_link(connection, codes, owner.person_id, now, owner.account_id)
    return BrowserLink(address(url, code, to), minutes())


def address(url: str, code: str, to: str = "") -> str:
    """The address of a code's page."""
    return f"{url}{PATH}{code}" + (f"?{urlencode({'to': to})}" if to else "")


def minutes() -> int:
    """How long such a link works."""
    return int(accounts.LINK_LIVES.total_seconds() // 60)
