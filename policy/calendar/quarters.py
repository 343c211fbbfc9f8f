"""Quarters and due dates, in Asia/Shanghai. No clock of its own: `now` is always given."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
LAST_YEAR = 2100
FIRST_YEAR = 2023  # the notice is dated 2023-05-24; its first reporting quarter is 2023Q2
_DIGITS = str.maketrans("一二三四１２３４", "12341234")
_STORED = re.compile("[0-9]{4}Q[1-4]")  # as it is written by `str`


def local(moment: datetime) -> datetime:
    """The moment in Asia/Shanghai; a naive time is taken to be there already."""
    if moment.tzinfo is None:
        return moment.replace(tzinfo=SHANGHAI)
    return moment.astimezone(SHANGHAI)


def read_moment(text: str) -> datetime:
    """An ISO 8601 time within the years that have quarters, in Asia/Shanghai. Raises ValueError."""
    try:
        moment = local(datetime.fromisoformat(text))
    except OverflowError as error:  # the year 1 has no time in another zone
        raise ValueError(text) from error
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(text)
    return moment


@dataclass(frozen=True, order=True)
class Quarter:
    """A calendar quarter, written `2026Q4`."""

    year: int
    number: int

    def __post_init__(self) -> None:
        if not (FIRST_YEAR <= self.year <= LAST_YEAR and 1 <= self.number <= 4):
            raise ValueError(f"{self.year}Q{self.number}")

    def __str__(self) -> str:
        return f"{self.year}Q{self.number}"

    @property
    def name(self) -> str:
        """Chinese name, e.g. 2026年第4季度."""
        return f"{self.year}年第{self.number}季度"

    @property
    def first_day(self) -> date:
        """The quarter's first day."""
        return date(self.year, 3 * self.number - 2, 1)

    @property
    def last_day(self) -> date:
        """The quarter's last day."""
        return self.next().first_day - timedelta(days=1) if self.number < 4 else date(self.year, 12, 31)

    def end(self) -> datetime:
        """The first moment after the quarter: midnight after its last day, Asia/Shanghai."""
        return datetime.combine(self.last_day + timedelta(days=1), time(), SHANGHAI)

    def next(self) -> Quarter:
        """The quarter after this one."""
        return Quarter(self.year + self.number // 4, self.number % 4 + 1)

    def previous(self) -> Quarter | None:
        """The quarter before this one; None before the notice's first year."""
        year, number = (self.year, self.number - 1) if self.number > 1 else (self.year - 1, 4)
        return Quarter(year, number) if year >= FIRST_YEAR else None

    @classmethod
    def of(cls, moment: datetime) -> Quarter:
        """The quarter in which the moment falls."""
        day = local(moment)
        return cls(day.year, (day.month + 2) // 3)

    @classmethod
    def parse(cls, text: str, now: datetime | None = None) -> Quarter:
        """From `2026Q4`, `2026年第4季度`, `2026年四季度`, `26q4`; with `now` also `四季度`, `本季度`.

        Raises:
            ValueError: it names no quarter.
        """
        if _STORED.fullmatch(text):
            return cls(int(text[:4]), int(text[5]))
        plain = re.sub(r"\s+", "", text).translate(_DIGITS).upper()
        if now is not None:
            current = cls.of(now)
            if plain in ("本季度", "这季度", "这个季度", "当季"):
                return current
            if plain in ("上季度", "上个季度"):
                return current.previous() or current
            if short := re.fullmatch(r"(?:第?([1-4])季度?|Q([1-4]))", plain):
                return cls(current.year, int(short[1] or short[2]))
        if full := re.fullmatch(
            r"([0-9０-９]{4}|[0-9０-９]{2})(?:年第?|-|/)?(?:Q([1-4])|([1-4])季度?)", plain
        ):
            year = int(full[1]) + (2000 if len(full[1]) == 2 else 0)
            return cls(year, int(full[2] or full[3]))
        raise ValueError(text)


@dataclass(frozen=True)
class Times:
    """When a quarter's report is due and when the quarter closes, as this office runs it.

    `due_time` is a time of the quarter's last day, None its end (附件：每季度末前报送). `closes_after` is
    how many days after the last day figures are still taken; None: always, late as they may be.
    """

    due_time: time | None = None
    closes_after: int | None = None

    def due(self, quarter: Quarter) -> datetime:
        """The first moment that is late."""
        if self.due_time is None:
            return quarter.end()
        return datetime.combine(quarter.last_day, self.due_time, SHANGHAI)

    def closes(self, quarter: Quarter) -> datetime | None:
        """The first moment that is too late, unless the office set another; None: there is none."""
        return None if self.closes_after is None else quarter.end() + timedelta(days=self.closes_after)


def first_extension(due: datetime, now: datetime) -> date:
    """The first whole day until which an extension gives more time than there is anyway."""
    return local(max(due, now)).date()


def reporting_quarter(now: datetime) -> Quarter:
    """The quarter a contact most likely means today.

    The current one; in the first 15 days of a quarter still the one that just ended, since late
    figures are what people then come with.
    """
    current = Quarter.of(now)
    early = (local(now).date() - current.first_day).days < 15
    return (current.previous() or current) if early else current
