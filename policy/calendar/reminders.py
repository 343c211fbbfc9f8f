"""When a contact is reminded of the quarterly form: a pure function of time and state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from policy.calendar.quarters import Quarter, local
from policy.files import PolicyError, as_day

# Days before the due day (附件：每季度末前); negative: days after it.
SCHEDULE = {"d14": 14, "d7": 7, "d3": 3, "d1": 1, "d0": 0, "overdue": -1}
ROSTER_DAYS = 30  # 四（二）：在培训结业30日内将学员名单和培训情况报省人力资源社会保障厅
ROSTER_WARNING_DAYS = 23  # a week before
FIRST_HOUR, LAST_HOUR = 9, 18  # Asia/Shanghai

Calendar = Mapping[date, bool]  # days told otherwise than the library has them: True for a working day
AS_KNOWN: Calendar = {}


@dataclass(frozen=True)
class Due:
    """A reminder that is due: for which quarter, and which of the schedule."""

    quarter: Quarter
    kind: str


def working_day(day: date, calendar: Calendar = AS_KNOWN) -> bool:
    """Whether people are at work: as `holidays.yaml` says, else as the State Council's notices do.

    The weekends worked in exchange are announced a year at a time; of a year that the installed
    library does not know yet, the statutory days alone are free.
    """
    return calendar.get(day, _statutory().is_working_day(day))


def exchanges_known(year: int, calendar: Calendar = AS_KNOWN) -> bool:
    """Whether the weekends that are worked in a year are known: there was no year without one."""
    days = (date(year, 1, 1) + timedelta(days=n) for n in range(365))
    return any(day.weekday() >= 5 and working_day(day, calendar) for day in days)


@lru_cache(maxsize=1)
def _statutory() -> Any:
    from holidays import country_holidays  # takes a tenth of a second, which an answer does not need

    return country_holidays("CN")


def moment_for(quarter: Quarter, kind: str, calendar: Calendar = AS_KNOWN) -> date:
    """The day a reminder goes out: moved earlier to a working day; overdue moves later."""
    day = quarter.last_day - timedelta(days=SCHEDULE[kind])
    step = timedelta(days=1 if kind == "overdue" else -1)
    while not working_day(day, calendar):
        day += step
    return day


def sending_hours(now: datetime, calendar: Calendar = AS_KNOWN) -> bool:
    """Whether people are written to now: 9:00–18:00 of a working day, Asia/Shanghai."""
    here = local(now)
    return FIRST_HOUR <= here.hour < LAST_HOUR and working_day(here.date(), calendar)


def due_now(now: datetime, calendar: Calendar = AS_KNOWN) -> Due | None:
    """The newest reminder whose day has come, caught up after downtime.

    None outside 9:00–18:00 of a working day and when none is due. Only the newest
    counts: after a week of silence nobody wants three messages at once. An
    overdue one is sent until 14 days after the quarter's end.
    """
    here = local(now)
    today = here.date()
    if not sending_hours(now, calendar):
        return None
    current = Quarter.of(here)
    before = current.previous()
    if before is not None and moment_for(before, "overdue", calendar) <= today <= before.last_day + timedelta(
        days=14
    ):
        return Due(before, "overdue")
    come = [kind for kind in SCHEDULE if kind != "overdue" and moment_for(current, kind, calendar) <= today]
    return Due(current, come[-1]) if come else None


WAITED_FOR = ("missing", "draft", "returned")  # where a report stands that is still to come


def is_reminded(
    kind: str, now: datetime, state: str, until: datetime | None, closes: datetime | None
) -> bool:
    """Whether an institution is reminded, by where its report stands.

    `state` is that of its newest submission (missing, draft, submitted, returned, accepted); `until`
    when its extension ends, `closes` when the quarter takes no more. Nobody is reminded of what is not
    taken any more, or called late while an extension runs; what was returned may always be sent again.
    """
    running = until is not None and now < until
    if state not in WAITED_FOR or (running and kind == "overdue"):
        return False
    return state == "returned" or running or closes is None or now < closes


def parse_holidays(raw: Mapping[str, Any]) -> Calendar:
    """The corrections from their file. Raises PolicyError for a day without source."""
    for entry in raw["days"]:
        if not entry.get("source"):
            raise PolicyError(f"holidays.yaml: {entry.get('day', '?')}: 没有写来源，不能使用")
    days = ((as_day(entry["day"]), bool(entry["working"])) for entry in raw["days"])
    return {day: working for day, working in days if day is not None}
