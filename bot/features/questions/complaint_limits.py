"""How long the office gives itself for a complaint: its own setting, in days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

SETTING = "complaint-limits"
MOST_DAYS = 365
_NEXT = {"received": "accept", "accepted": "answer"}


def due(state: str, received: date, limits: Mapping[str, int | None]) -> date | None:
    """Return by when a complaint is taken up, or answered; None where nothing was set."""
    days = limits.get(_NEXT.get(state, ""))
    return received + timedelta(days=days) if days else None
