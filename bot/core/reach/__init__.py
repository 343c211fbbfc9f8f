"""Whom a message of ours reaches by itself, asked before somebody is said to have been told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from bot.core.channel_limits import CHANNELS
from bot.core.reach import window
from storage.address import Address
from storage.conversations import reach


def reachable(connection: Connection, addresses: Iterable[Address], now: datetime) -> set[Address]:
    """Those of the addresses that a message written now gets to, without waiting for what they do next.

    Whoever blocked us, has gone, or uses a platform that lets us send nothing now is not among them.
    """
    asked = [one for one in addresses if CHANNELS[one.channel].tracked]
    if not asked:
        return set()
    refused = reach.refused(connection, asked)
    free = [one for one in asked if one not in refused]
    found = {one for one in free if CHANNELS[one.channel].pushes}
    return found | window.open_to(connection, free, now)
