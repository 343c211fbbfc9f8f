"""Dates as people type them, and what “一年内” can mean.

五（三）：同一职业(工种)同一等级一年内不可重复享受. From which day the year runs is not written, so two
readings are kept: twelve months from the day of receipt, and the calendar year. Where they agree
the matter is decided; where they differ it is to be verified, with both dates.
"""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import cn2an

Reading = Literal["months", "calendar"] | None  # None: the office has not published one


class NotADate(ValueError):
    """The text names no day, month or year. `reason` is other or future."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Period:
    """The days a typed date can mean, both ends included: a day, a month or a year."""

    first: date
    last: date

    def __str__(self) -> str:
        return f"{self.first}/{self.last}"

    @classmethod
    def parse(cls, stored: str) -> Period:
        """From the stored form `2025-12-01/2025-12-31`. Raises ValueError."""
        first, _, last = stored.partition("/")
        return cls(date.fromisoformat(first), date.fromisoformat(last))

    @property
    def words(self) -> str:
        """As people read it: 2025年12月3日, 2025年12月 or 2025年."""
        if self.first == self.last:
            return f"{self.first.year}年{self.first.month}月{self.first.day}日"
        return f"{self.first.year}年" + (
            f"{self.first.month}月" if self.first.month == self.last.month else ""
        )


def _month(year: int, month: int) -> Period:
    return Period(date(year, month, 1), date(year, month, monthrange(year, month)[1]))


_DAYS = {"今天": 0, "今日": 0, "昨天": 1, "昨日": 1, "前天": 2, "大前天": 3}
_YEARS = {"今年": 0, "本年": 0, "去年": 1, "上年": 1, "前年": 2, "大前年": 3}
_MONTHS = {"这个月": 0, "本月": 0, "当月": 0, "上个月": 1, "上月": 1, "上上个月": 2, "大上个月": 2}
_HAN = re.compile(r"[零〇一二三四五六七八九十]+")


def _digits(match: re.Match[str]) -> str:
    text = match[0]
    if len(text) == 4 and not re.search("十", text):  # 二〇二五
        return "".join(str("零一二三四五六七八九".index(c if c != "〇" else "零")) for c in text)
    return str(cn2an.cn2an(text, "smart"))


def read_date(text: str, today: date) -> Period:
    """The day, month or year a text names: 2025-12-03, 2025.12, 去年12月, 上个月, 12月3日.

    A month and day without a year are the latest that is not in the future.

    Raises:
        NotADate: it names none, or one that is wholly in the future.
    """
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).rstrip("。.，,")
    plain = re.sub(
        r"(左右|前后|领的|领了|领过|的时候|那天|号)$", lambda m: "日" if m[0] == "号" else "", plain
    )
    try:
        found = _read(plain, today)
    except ValueError as error:
        raise NotADate("other") from error
    if found.first > today:
        raise NotADate("future")
    return Period(found.first, min(found.last, today))


def _read(plain: str, today: date) -> Period:
    if plain in _DAYS:
        day = today - timedelta(days=_DAYS[plain])
        return Period(day, day)
    if plain in _MONTHS:
        months = today.year * 12 + today.month - 1 - _MONTHS[plain]
        return _month(months // 12, months % 12 + 1)
    year: int | None = None
    for word, back in sorted(_YEARS.items(), key=lambda pair: -len(pair[0])):
        if plain.startswith(word):
            year, plain = today.year - back, plain[len(word) :].lstrip("的")
            break
    plain = _HAN.sub(_digits, plain)
    if plain in ("年初", "年底", "上半年", "下半年") and year is not None:
        first, last = {"年初": (1, 3), "年底": (10, 12), "上半年": (1, 6), "下半年": (7, 12)}[plain]
        return Period(date(year, first, 1), _month(year, last).last)
    if year is None:
        whole = re.fullmatch(r"(\d{4})(?:年|$)?(?:[-/.]?(\d{1,2})(?:月|$)?(?:[-/.]?(\d{1,2})日?)?)?", plain)
        if whole:
            return _period(int(whole[1]), whole[2], whole[3])
        if compact := re.fullmatch(r"(\d{4})(\d{2})(\d{2})?", plain):
            return _period(int(compact[1]), compact[2], compact[3])
    part = re.fullmatch(r"(?:(\d{1,2})(?:月份?|[-/.]|$)(?:(\d{1,2})日?)?)?", plain)
    if not part or (year is None and not part[1]):
        raise ValueError(plain)
    if year is not None:
        return _period(year, part[1], part[2])
    found = _period(today.year, part[1], part[2])
    return found if found.first <= today else _period(today.year - 1, part[1], part[2])


def _period(year: int, month: str | None, day: str | None) -> Period:
    if not month:
        return Period(date(year, 1, 1), date(year, 12, 31))
    if not day:
        return _month(year, int(month))
    exact = date(year, int(month), int(day))
    return Period(exact, exact)


def free_again(claimed: date, reading: Literal["months", "calendar"]) -> date:
    """The first day on which the same subsidy is no longer barred.

    months: a period counted by years ends with the corresponding day, or with the month's last
    day where there is none (《中华人民共和国民法典》第二百零二条); so 2024-02-29 bars until
    2025-02-28. calendar: the next 1 January.
    """
    if reading == "calendar":
        return date(claimed.year + 1, 1, 1)
    last = monthrange(claimed.year + 1, claimed.month)[1]
    return date(claimed.year + 1, claimed.month, min(claimed.day, last)) + timedelta(days=1)


def one_year(claimed: Period, on: date, reading: Reading = None) -> Literal["over", "within", "differs"]:
    """Whether a year has passed since the claim, under every reading and every day it can mean."""
    readings: tuple[Literal["months", "calendar"], ...] = (reading,) if reading else ("months", "calendar")
    free = [free_again(day, r) <= on for day in (claimed.first, claimed.last) for r in readings]
    if all(free):
        return "over"
    return "differs" if any(free) else "within"


def settle(facts: dict[str, str], on: date, reading: Reading = None) -> dict[str, str]:
    """The facts as the rules see them: a date becomes over, within or differs."""
    settled = {}
    for fact, answer in facts.items():
        if "/" in answer:
            answer = one_year(Period.parse(answer), on, reading)
        settled[fact] = answer
    return settled
