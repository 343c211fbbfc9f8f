"""The work group of the office: a robot writes into it what somebody of the office sends there."""

from __future__ import annotations

from sqlalchemy import Connection

from storage.address import Address
from storage.conversations import reach

ADDRESS = Address("wecom-group", "robot", "group")


def is_served(connection: Connection) -> bool:
    """Whether a robot is set, by the process that serves."""
    return any(one.channel == ADDRESS.channel for one in reach.senders(connection))
