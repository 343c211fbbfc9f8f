"""Dates as people type them, and what “一年内” can mean.

五（三）：同一职业(工种)同一等级一年内不可重复享受. From which day the year runs is not written, so two
readings are kept: twelve months from the day of receipt, and the calendar year. Where they agree
the matter is decided; where they differ it is to be verified, with both dates.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from policy.reading.numerals import NotANumeral, fold, read_numeral

Reading = Literal["months", "calendar"] | None  # None: the office has not published one


class NotADate(ValueError):
    """The text names no day, month or year.

    `reason` is other, future, bare (3: a day? a month?) or about (一两年前: no exact time).
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Period:
    """The days a typed date can mean, both ends included: a day, a month, a year, or a part of one.

    `name` is how people call it where its ends do not tell: 2025年年底.
    """

    first: date
    last: date
    name: str = ""

    def __str__(self) -> str:
        return f"{self.first}/{self.last}" + (f"/{self.name}" if self.name else "")

    @classmethod
    def parse(cls, stored: str) -> Period:
        """From the stored form `2025-12-01/2025-12-31`, perhaps `/2025年年底`. Raises ValueError."""
        first, _, rest = stored.partition("/")
        last, _, name = rest.partition("/")
        return cls(date.fromisoformat(first), date.fromisoformat(last), name)

    @property
    def words(self) -> str:
        """As people read it: 2025年12月3日, 2025年12月, 2025年, 2025年年底, 2025年5月至7月."""
        first, last = self.first, self.last
        if self.name:
            return self.name
        if first == last:
            return f"{first.year}年{first.month}月{first.day}日"
        if first.year != last.year:
            return f"{first.year}年{first.month}月至{last.year}年{last.month}月"
        if first.month == last.month:
            whole = first.day == 1  # a month under way ends today
            return f"{first.year}年{first.month}月" + ("" if whole else f"{first.day}日至{last.day}日")
        if (first.month, first.day) == (1, 1):
            return f"{first.year}年"
        return f"{first.year}年{first.month}月至{last.month}月"


def _month(year: int, month: int) -> Period:
    return Period(date(year, month, 1), date(year, month, monthrange(year, month)[1]))


_DAYS = {"今天": 0, "今日": 0, "昨天": 1, "昨日": 1, "前天": 2, "大前天": 3}
_YEARS = {"今年": 0, "本年": 0, "去年": 1, "上年": 1, "前年": 2, "大前年": 3}
_MONTHS = {"这个月": 0, "本月": 0, "当月": 0, "上个月": 1, "上月": 1, "上上个月": 2, "大上个月": 2}
_HAN = re.compile(r"[零〇一二三四五六七八九十]+")
LONGEST = 40  # characters; no date anyone means is longer
# Four digits are a year by themselves (二〇二五), two only before 年 and a month or a part of it.
_YEAR = re.compile(r"(?:一九|二[零〇])[零〇一二三四五六七八九]{2}")
_SHORT_YEAR = re.compile(
    "^[一二][零〇一二三四五六七八九](?=年(?:[零一二三四五六七八九十]{1,2}月|年[初底末中]|[上下]半年|[春夏秋]天))"
)
_SPELLED = str.maketrans("零〇一二三四五六七八九", "00123456789")


def _digits(match: re.Match[str]) -> str:
    if _YEAR.fullmatch(match[0]):
        return match[0].translate(_SPELLED)
    try:
        return str(read_numeral(match[0]))
    except NotANumeral as error:
        raise NotADate(error.reason) from error


# Parts of a year as people call them → their first and last month. 冬天 may be of either year.
_PARTS = {
    "年初": (1, 3), "年底": (10, 12), "年末": (10, 12), "年中": (5, 8), "上半年": (1, 6), "下半年": (7, 12),
    "春天": (3, 5), "夏天": (6, 8), "秋天": (9, 11),
}  # fmt: skip
_WEEKS = {"这周": 0, "本周": 0, "上周": 1, "上上周": 2}
_BEFORE = re.compile(r"^(?:有|领过|领了|是|在|我|上次|最近一次|最后一次|最近|就是|嗯)+[,，、:：]?")
_AFTER = re.compile(r"(?:领到|领|拿|发|的时候|那会儿?|那天|的|了|过)$")
# 前 may be left out only where nothing else can be meant: 24年 is a year, 5日 a day of a month.
_AGO = re.compile(
    r"^(半|\d{1,2})(?:(?P<a>个月)(?P<more>半)?(?:以前|之前|前)?|(?P<b>年)(?P<more_b>半)(?:以前|之前|前)?"
    r"|(?P<c>个?月|年|天|日|个?周)(?:以前|之前|前))$|^(?P<half>半)年$"
)

# A time told roughly is made of nothing but these, and holds a word or two digits that make it so.
_NUMBER = "[0-9零〇一二两三四五六七八九十百廿卅]"
_TIME = re.compile(
    r"[-~、至到0-9零〇一二两三四五六七八九十百廿卅半大小年月日天周季度初中底末个前后以之上下今昨去本这近时候"
    r"约概差不多将接致超过估计可能应该好像几数若干余来左右有就是都已经在了快出头整吧呢的得]+"
)
_ABOUT = re.compile(
    r"[大小]半|大[概约致]|约|差不多|估计|可能|应该|好像|将近|接近|近|超过|不到|快|若干|几|数(?=[十个年月日天周])"
    rf"|左右|前后|上下|出头|余|(?:{_NUMBER}|[半个年月天周])[多来]|[年月天周日]以上|[前这近]两"
    rf"|{_NUMBER}(?:个月|[年天周])?[-~、至到]{_NUMBER}+(?:个月|[年天周])"
)
_DATED = re.compile(f"{_NUMBER}|[半几数]|若干|[今去前]年|[上本这]个?[月周]|[昨前今]天")


def _is_about(plain: str) -> bool:
    """Whether a text is nothing but a time, and one that is told only roughly: 一年多了, 大概半年前."""
    return bool(_TIME.fullmatch(plain) and _ABOUT.search(plain) and _DATED.search(plain))


def read_date(text: str, today: date) -> Period:
    """The day, month or year a text names: 2025-12-03, 2025.12, 去年12月, 上个月, 12月3日, 半年前.

    A month and day without a year are the latest that is not in the future. What is reckoned back
    from today (三个月前) is as wide as people mean it.

    Raises:
        NotADate: it names none, one that is wholly in the future, a number that can be anything, or a
            time told only roughly: 一两年前 lies on both sides of a year.
    """
    plain = re.sub(r"\s+", "", fold(text)).strip("。.，,!！")
    if len(plain) > LONGEST:
        raise NotADate("other")
    plain = _BEFORE.sub("", plain) or plain
    while (shorter := _AFTER.sub("", plain)) and shorter != plain:
        plain = shorter
    plain = plain.replace("号", "日").replace("星期", "周").replace("礼拜", "周").replace("季", "天")
    if _is_about(plain):
        raise NotADate("about")
    try:
        found = _read(plain, today)
    except NotADate:
        raise
    except (ValueError, OverflowError) as error:
        raise NotADate("other") from error
    if found.first > today:
        raise NotADate("future")
    return Period(found.first, min(found.last, today), found.name)


def _read(plain: str, today: date) -> Period:
    if plain in _DAYS:
        day = today - timedelta(days=_DAYS[plain])
        return Period(day, day)
    if plain in _MONTHS:
        return _month_of(_back(today, _MONTHS[plain]))
    if plain in _WEEKS:
        monday = today - timedelta(days=today.weekday() + 7 * _WEEKS[plain])
        return Period(monday, monday + timedelta(days=6))
    year: int | None = None
    for word, back in sorted(_YEARS.items(), key=lambda pair: -len(pair[0])):
        if plain.startswith(word):
            year, plain = today.year - back, plain[len(word) :].lstrip("的")
            break
    plain = _SHORT_YEAR.sub(lambda short: short[0].translate(_SPELLED), plain)
    plain = _HAN.sub(_digits, plain.replace("两", "二"))
    if year is None and re.fullmatch(r"\d{1,2}", plain):
        raise NotADate("bare")
    if year is None and (ago := _AGO.match(plain)):
        unit = ago["a"] or ago["b"] or ago["c"] or "年"
        return _ago(ago[1] or ago["half"], unit, bool(ago["more"] or ago["more_b"]), today)
    if year is None and (short := re.match(r"^(\d{2}|\d{4})年(?=\D|\d{1,2}月|$)", plain)):
        year, plain = int(short[1]), plain[short.end() :]
        year += 2000 if year < 100 else 0
    if plain in _PARTS and year is not None:
        first, last = _PARTS[plain]
        return Period(date(year, first, 1), _month(year, last).last, f"{year}年{plain}")
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


def _back(day: date, months: int) -> date:
    """The same day some months before, or the month's last day where there is none."""
    index = day.year * 12 + day.month - 1 - months
    year, month = index // 12, index % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def _month_of(day: date) -> Period:
    return _month(day.year, day.month)


def _ago(number: str, unit: str, and_half: bool, today: date) -> Period:
    """So long ago, as wide as people mean it."""
    if unit in ("天", "日"):
        day = today - timedelta(days=int(number))
        return Period(day, day)
    if unit.endswith("周"):
        return Period(today - timedelta(weeks=int(number) + 1), today - timedelta(days=7 * int(number) - 7))
    months = 6 if number == "半" else int(number) * (12 if unit == "年" else 1)
    if number == "半" and unit != "年":
        raise ValueError(number)  # 半个月 is told in days
    width = 12 if unit == "年" and number != "半" else 6 if unit == "年" else 1
    if and_half:
        months += width // 2
    slack = max(1, width // 2) if number != "半" else 1
    return Period(_back(today, months + slack), _back(today, months - slack))


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
