"""A link by which somebody goes on in a browser as the same person: one use, for some minutes.

In it stands a one-time code of the kind that joins an account to its person; only its keyed hash is kept.
Opening the page uses nothing up: the person presses a button there.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from bot.core.turn import Turn
from storage.people import accounts

PATH = "/enter/"


@dataclass(frozen=True)
class BrowserLink:
    """Where to go, and for how many minutes it works."""

    url: str
    minutes: int


def make(turn: Turn, to: str = "") -> BrowserLink:
    """A link for the person of this turn; the one before no longer works. `to`: the page to go on to."""
    where = (turn.keys.codes, turn.person_id, turn.now, turn.talk.account_id)
    code, _ = accounts.create_link(turn.connection, *where)
    return BrowserLink(address(turn.url, code, to), minutes())


def address(url: str, code: str, to: str = "") -> str:
    """The address of a code's page."""
    return f"{url}{PATH}{code}" + (f"?{urlencode({'to': to})}" if to else "")


def minutes() -> int:
    """How long such a link works."""
    return int(accounts.LINK_LIVES.total_seconds() // 60)
