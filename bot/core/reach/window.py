"""When WeChat lets us write to a person first: for a while after they did, and only so often.

Ids of messages begin with what the person did: that decides how long and how often.
https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Service_Center_messages.html
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.core.channel_limits import channel_of
from storage.address import Address
from storage.conversations import outbox

NAME = "wechat"
WRITTEN, TAPPED, EVENT, GONE = "m", "p", "e", "u"  # message, link of ours, event, unsubscribed

# A tapped link counts like the menu: WeChat says so of its own menu messages.
MOST_WRITTEN, MOST_TOUCHED = 5, 3
TOUCHED_LASTS = timedelta(seconds=55)  # a minute, less what the way takes
FEW = 20  # people who are looked at one by one
LASTS = (channel_of(NAME).window or timedelta()) - timedelta(minutes=5)


def room(connection: Connection, address: Address, now: datetime) -> int:
    """How many messages we may send to a person now without being asked."""
    last = outbox.latest(connection, address)
    if last is None or last.message_id.startswith(GONE):
        return 0
    found = 0
    windows = (((WRITTEN,), LASTS, MOST_WRITTEN), ((TAPPED, EVENT), TOUCHED_LASTS, MOST_TOUCHED))
    for kinds, lasts, most in windows:
        opened = outbox.latest(connection, address, kinds)
        if opened is not None and now - opened.at < lasts:
            found = max(found, most - outbox.sent_after(connection, address, opened.at))
    return found


def open_to(connection: Connection, addresses: Iterable[Address], now: datetime) -> set[Address]:
    """Those of the addresses on this channel whose window is open, with room for a message."""
    asked = {a for a in addresses if a.channel == NAME}
    if len(asked) > FEW:
        asked &= set(outbox.heard_since(connection, NAME, now - LASTS))
    return {address for address in asked if room(connection, address, now) > 0}
