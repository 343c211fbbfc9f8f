"""Dates as people type them, and what “一年内” can mean.

五（三）：同一职业(工种)同一等级一年内不可重复享受. From which day the year runs is not written, so two
readings are kept: twelve months from the day of receipt, and the calendar year. Where they agree
the matter is decided; where they differ it is to be verified, with both dates.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta
from typing import Literal

from policy.reading.date_words import LONGEST, NotADate, is_about, read_phrase, tidied
from policy.reading.periods import Period as Period

__all__ = ["LONGEST", "NotADate", "Period", "Reading", "free_again", "one_year", "read_date", "settle"]

Reading = Literal["months", "calendar"] | None  # None: the office has not published one

_CORRECTED = re.compile(
    r"[哦噢啊呃]?(?:不对|(?:说|写|打|填|记)?错了|更正|改成|改为|应该是|应是|应为|而是)[，,。]?"
)
_DENIED = re.compile(r"^(?:不是|并非|没在)")
_DOUBTED = re.compile(r"^(?:应该|好像|似乎|可能|也许|或许|估计|记得|我记得)(?:是|在)?|(?:吧|来着|[?？])$")
_CUT = re.compile(r"[，,。；;()、!]+")
_OTHERWISE = re.compile(r"或者?|还是|要不|要么")
_TIMES = re.compile(r"[0-9]|[年月]")
_FILLER = re.compile(r"^(?:嗯|对|是|是的|有|有的|领过|领了|领过的|就|我|那个)?$")
_YEAR_FIRST = re.compile(r"^(?:[0-9]{4}年|[0-9]{2}年|大?前年|去年|今年|本年|上年)")


def read_date(text: str, today: date) -> Period:
    """The day, month or year a text names: 2025-12-03, 2025.12, 去年12月, 上周五, 上季度, 半年前.

    A month and day without a year are this year's, unless they are still to come. What is reckoned
    back from today (三个月前) is as wide as people mean it; what is under way (今年) ends where it ends.

    Raises:
        NotADate: it names none, one that is wholly in the future, a number that can be anything, a time
            told only roughly (一两年前 lies on both sides of a year), one whose year is not told, two
            times, or one taken back or doubted; `likely` is the one that is meant all the same.
    """
    plain = tidied(text)
    if len(plain) > LONGEST:
        raise NotADate("other")
    corrected = list(_CORRECTED.finditer(plain))
    if corrected and corrected[-1].start():
        before, after = plain[: corrected[-1].start()], plain[corrected[-1].end() :]
        raise NotADate("several", _put_right(before, after, today))
    sure = plain
    while (shorter := _DOUBTED.sub("", sure)) and shorter != sure:
        sure = shorter
    if sure != plain:
        if is_about(sure):
            raise NotADate("about")
        raise NotADate("doubt" if _or_none(sure, today) else "other", _or_none(sure, today))
    if _OTHERWISE.search(plain):
        raise NotADate("several")
    return _in_parts([part for part in _CUT.split(plain) if not _FILLER.match(part)] or [plain], today)


def _in_parts(parts: list[str], today: date) -> Period:
    """Return the time that the parts of a sentence name together."""
    if len(parts) == 1:
        return read_phrase(parts[0], today)
    denied = [part for part in parts if _DENIED.match(part)]
    if denied:
        rest = [part for part in parts if part not in denied]
        raise NotADate("several", _or_none(rest[0], today) if len(rest) == 1 else None)
    if len(parts) == 2 and (joined := _joined(parts[0], parts[1], today)):
        return joined
    read = [_or_none(part, today) for part in parts]
    found = [period for period in read if period]
    if not found:
        raise NotADate("other")
    narrowest = min(found, key=lambda period: period.last - period.first)
    if not all(period.holds(narrowest) for period in found):
        raise NotADate("several")
    unread = [part for part, period in zip(parts, read, strict=True) if period is None]
    if unread:  # something else is said besides
        raise NotADate("doubt", None if any(map(_TIMES.search, unread)) else narrowest)
    return narrowest


def _joined(first: str, second: str, today: date) -> Period | None:
    """Return what two parts say of which the second tells the year, month or week: 6月6日，今年的."""
    try:
        whole = read_phrase(first, today)
    except NotADate:
        whole = None
    of_second = _or_none(second, today)
    if of_second is None or (whole is not None and of_second.holds(whole)):
        return whole if of_second else None
    wide = second.rstrip("的").lstrip("就是我说")
    joined = _or_none(wide + first, today) if whole is None else None
    return joined if joined and of_second.holds(joined) else None


def _put_right(before: str, after: str, today: date) -> Period | None:
    """Return the time that stands in place of another, which lends it the year it does not name."""
    after = after.strip("，,。；; ").removeprefix("是")
    if not _YEAR_FIRST.match(after) and (known := _or_none(before.strip("，,。；; "), today)):
        return _or_none(f"{known.first.year}年{after}", today) or _or_none(after, today)
    return _or_none(after, today)


def _or_none(text: str, today: date) -> Period | None:
    """Return the time a phrase names, its likely year included."""
    try:
        return read_phrase(text, today)
    except NotADate as error:
        return error.likely


def free_again(claimed: date, reading: Literal["months", "calendar"], years: int = 1) -> date:
    """The first day on which the same subsidy is no longer barred.

    months: a period counted by years ends with the corresponding day, or with the month's last
    day where there is none (《中华人民共和国民法典》第二百零二条); so 2024-02-29 bars until
    2025-02-28. calendar: the next 1 January.
    """
    if reading == "calendar":
        return date(claimed.year + years, 1, 1)
    last = monthrange(claimed.year + years, claimed.month)[1]
    return date(claimed.year + years, claimed.month, min(claimed.day, last)) + timedelta(days=1)


def one_year(
    claimed: Period, on: date, reading: Reading = None, years: int = 1
) -> Literal["over", "within", "differs"]:
    """Whether the years of the clause have passed since the claim, by every reading and day it can mean."""
    readings: tuple[Literal["months", "calendar"], ...] = (reading,) if reading else ("months", "calendar")
    claimed_days = (claimed.first, min(claimed.last, on))  # what is under way has not come to its end
    free = [free_again(day, r, years) <= on for day in claimed_days for r in readings]
    if all(free):
        return "over"
    return "differs" if any(free) else "within"


def settle(facts: dict[str, str], on: date, reading: Reading = None, years: int = 1) -> dict[str, str]:
    """The facts as the rules see them: a date becomes over, within or differs."""
    settled = {}
    for fact, answer in facts.items():
        if "/" in answer:
            answer = one_year(Period.parse(answer), on, reading, years)
        settled[fact] = answer
    return settled
