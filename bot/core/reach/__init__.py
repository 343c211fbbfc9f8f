"""Whom a message of ours reaches by itself, asked before somebody is said to have been told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from bot.core.channel_limits import CHANNELS
from bot.core.reach import window
from policy.calendar.quarters import local
from storage.address import Address
from storage.conversations import notices, reach


def reachable(
    connection: Connection, addresses: Iterable[Address], now: datetime, reminds_of: str = ""
) -> set[Address]:
    """Those of the addresses that a message written now gets to, without waiting for what they do next.

    `reminds_of`: the message reminds of this quarter's report, of which notices may tell as well.
    Whoever blocked us, has gone, or uses a platform that lets us send nothing now is not among them.
    """
    asked = [one for one in addresses if CHANNELS[one.channel].tracked]
    if not asked:
        return set()
    refused = reach.refused(connection, asked)
    free = [one for one in asked if one not in refused]
    found = {one for one in free if CHANNELS[one.channel].pushes}
    if reminds_of:  # a closed window does not keep a notice away
        day = local(now).date().isoformat()
        told = [one for one in asked if refused.get(one, "window") in ("window", "limit")]
        found |= notices.reached(connection, told, reminds_of, day)
    return found | window.open_to(connection, free, now)
