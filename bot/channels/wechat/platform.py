"""What waits for whom on an Official Account, as far as WeChat lets us send it, and what its refusals mean.

Customer-service messages, at least once. What the platform does not take now waits in the outbox and is
handed over with the next thing the person does.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from bot.channels import delivery
from bot.channels.delivery import Refusal
from bot.channels.tencent.calls import NotTaken, Unreachable
from bot.channels.wechat.api import Api
from bot.channels.wechat.carrier import Carrier, Later, Parcel
from bot.core.reach import window
from storage.address import Address

MOST_SENDERS = 100  # looked at in one go

# https://developers.weixin.qq.com/doc/offiaccount/Getting_Started/Global_Return_Code.html
BUSY = frozenset({-1, 45009, 45011})
BAD_CONTENT = frozenset({40008, 44002, 44004, 45002, 47001, 87014})
# No such ability, wrong appid or secret, address not on the whitelist: nobody can be written to.
ACCOUNT = frozenset({40001, 40002, 40013, 40014, 40125, 40164, 41002, 41004, 42001, 48001, 48004, 50001})
# Until they follow again; until they next write. Of any other number that is as much as we know.
PERSON = {43004: "gone", 45015: "window", 45047: "limit"}


class Platform:
    """One Official Account that may write to people."""

    channel = window.NAME

    def __init__(self, account: str, now: Callable[[], datetime], carrier: Carrier, api: Api) -> None:
        self.account = account
        self._now = now
        self._carrier = carrier
        self._api = api
        self._closed: dict[str, int] = {}  # sender → the turn since which no window is open

    def waiting(self, busy: frozenset[str]) -> list[str]:
        """Whom something waits for and who did something lately."""
        limit = MOST_SENDERS + len(busy) + len(self._closed)
        found = self._carrier.to_send(self._now(), limit)
        self._closed = dict(self._closed.items() & set(found))  # who wrote again is no longer closed
        return [s for s, last in found if s not in busy and self._closed.get(s) != last]

    def parcels(self, sender: str) -> list[delivery.Parcel]:
        """The next message to a person, if a window is open."""
        found = self._carrier.next(Address(window.NAME, self.account, sender), self._now())
        if isinstance(found, Later) and found.turn is not None:
            self._closed[sender] = found.turn
        if not isinstance(found, Parcel):
            return []
        part = partial(self._api.send_text, sender, found.text)
        return [delivery.Parcel(found.rows, (part,), found.at)]

    def means(self, error: Exception) -> Refusal | None:
        """What an errcode means, or that there was no answer."""
        if isinstance(error, Unreachable):
            return Refusal("again", "no answer")
        if not isinstance(error, NotTaken):
            return None
        code = error.code
        if code in BUSY:
            return Refusal("again", "busy", code)
        if code in BAD_CONTENT:
            return Refusal("never", f"refused: {code}", code)
        if code in ACCOUNT:
            return Refusal("account", "unable", code)
        return Refusal("person", PERSON.get(code, "refused"), code)
