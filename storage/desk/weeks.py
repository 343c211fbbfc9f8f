"""Weeks as they are counted: by ISO, 2026W48."""

from __future__ import annotations

from datetime import datetime, timedelta


def week_of(day: datetime) -> str:
    """Return the ISO week of a moment, in its own time zone."""
    year, week, _ = day.isocalendar()
    return f"{year}W{week:02}"


def last_weeks(now: datetime, many: int) -> list[str]:
    """Return the last weeks, this one included, oldest first."""
    return [week_of(now - timedelta(weeks=back)) for back in reversed(range(many))]
