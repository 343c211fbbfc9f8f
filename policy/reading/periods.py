"""A period: the days that a typed date can mean, and how it is told back."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta


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
        """As people read it, and as it is read back: 2025年12月3日, 2025年, 2025年5月至7月."""
        if self.name:
            return self.name
        first, last = self.first, self.last
        if first == last:
            return _day(first)
        whole = first.day == 1 and last.day == monthrange(last.year, last.month)[1]
        same_year, same_month = first.year == last.year, first.month == last.month
        if whole and same_year:
            if (first.month, last.month) == (1, 12):
                return f"{first.year}年"
            return f"{first.year}年{first.month}月" + ("" if same_month else f"至{last.month}月")
        if whole:
            return f"{first.year}年{first.month}月至{last.year}年{last.month}月"
        if not same_year:
            return f"{_day(first)}至{_day(last)}"
        return f"{_day(first)}至" + ("" if same_month else f"{last.month}月") + f"{last.day}日"

    def holds(self, other: Period) -> bool:
        """Whether the other lies wholly within this one."""
        return self.first <= other.first and other.last <= self.last


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def month(year: int, number: int) -> Period:
    """Return a month. Raises ValueError."""
    return Period(date(year, number, 1), date(year, number, monthrange(year, number)[1]))


def back(day: date, months: int) -> date:
    """Return the same day some months before, or the month's last day where there is none."""
    index = day.year * 12 + day.month - 1 - months
    year, number = index // 12, index % 12 + 1
    return date(year, number, min(day.day, monthrange(year, number)[1]))


def quarter(year: int, number: int) -> Period:
    """Return a quarter. Raises ValueError."""
    return Period(date(year, 3 * number - 2, 1), month(year, 3 * number).last)


def ago(number: str, unit: str, and_half: bool, today: date) -> Period:
    """Return what lies so long ago, as wide as people mean it; `number` may be 半. Raises ValueError."""
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
    return Period(back(today, months + slack), back(today, months - slack))
