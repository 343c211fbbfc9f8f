"""When the same subsidy is open again, by each reading of the clause that limits it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bot.features.checks.ask_fact import CheckContext
from policy.checks.rules import UNDECIDED, Check, Verdict
from policy.reading.dates import Period, free_again


def years_counted(checks: Iterable[Check]) -> int:
    """Return how many years the clause counts within which a subsidy is not repeated."""
    return next((fact.years for c in checks for fact in c.facts.values() if fact.kind == "date"), 1)


def claim_dates(
    told: Mapping[str, str], context: CheckContext, verdict: Verdict, years: int = 1
) -> dict[str, Any] | None:
    """Return when the same subsidy is open again by each reading of 一年内, and when by both.

    None when that is not what the verdict hangs on.
    """
    claimed = told.get("claimed_on", "")
    if "/" not in claimed or verdict.check != "subsidy" or verdict.outcome not in ("repeated", UNDECIDED):
        return None
    last = min(Period.parse(claimed).last, context.on)  # what was under way had not come to its end
    months, calendar = free_again(last, "months", years), free_again(last, "calendar", years)
    if max(months, calendar) <= context.on:
        return None
    return {"months": months, "calendar": calendar, "sure": max(months, calendar), "count": 12 * years}
