"""Who is on the other end of a channel."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Address:
    """Who is on the other end: a sender of a channel, as one bot account of ours sees them."""

    channel: str
    bot: str
    sender: str
