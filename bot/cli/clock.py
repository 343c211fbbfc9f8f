"""The times that commands take."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from bot.cli.problems import problem
from policy.calendar.quarters import SHANGHAI, read_moment


def clock(now: str | None) -> Callable[[], datetime]:
    """Return the system's clock, or one that stands at `now`.

    Raises:
        Failed: `now` is no ISO 8601 time.
    """
    if now is None:
        return lambda: datetime.now(SHANGHAI)
    try:
        fixed = read_moment(now)
    except ValueError:
        raise problem("now", now) from None
    return lambda: fixed


def day(on: str | None) -> date:
    """Return the day of `--on`, today without one.

    Raises:
        Failed: `on` is no ISO 8601 day.
    """
    if not on:
        return datetime.now(SHANGHAI).date()
    try:
        return date.fromisoformat(on)
    except ValueError:
        raise problem("on", on) from None
