"""Quarters as people name them beside figures: 2026年度第三季度, 2026.Q3, 7-9月, 三季度; and signing days.

What names a span of time that is no quarter we understand is kept as such, so that it can be asked
about: it never counts as not named.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from policy.calendar.quarters import Quarter
from policy.reading.digits import holds_digit
from policy.reading.numerals import fold

LONGEST = 200  # characters of a head or a title that are looked at
LONGEST_LEADING = 40  # characters in which a quarter before figures ends

_DIGITS = str.maketrans("〇○零一二三四五六七八九两", "0001234567892")
_HAN = "〇○零一二三四五六七八九"
_TO = r"(?:[-~—–－〜～至到]+)"
_YEAR = rf"(?:20[0-9][0-9]|二[〇○零][{_HAN}]{{2}})"
_MONTH = r"(?:1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])"
_DAY = r"(?:3[01]|[12][0-9]|0?[1-9])"
_DAY_ENDS = r"(?:[日号]|(?![0-9月]))"
_DATE = rf"({_YEAR})(?:年({_MONTH})月|\.({_MONTH})\.|-({_MONTH})-|/({_MONTH})/)({_DAY}){_DAY_ENDS}"
_DATES = re.compile(rf"{_DATE}{_TO}(?:({_YEAR})[年.\-/])?({_MONTH})[月.\-/]({_DAY}){_DAY_ENDS}")
_ONE_DATE = re.compile(_DATE)
_FIRST_YEAR = rf"(?:({_YEAR})年?度?[.\-/_·、,，]?[（(]?|(?<![0-9])([0-9][0-9])(?:年度?[（(]?|(?=[Qq])))?"
_MONTHS = re.compile(
    rf"{_FIRST_YEAR}(?<![0-9])({_MONTH})月?份?{_TO}(?:{_YEAR}[年.\-/])?({_MONTH})(?:月|(?<=[0-9])(?=$|[^0-9.年日]))"
)
_MONTHS_LISTED = re.compile(
    rf"{_FIRST_YEAR}(?<![0-9])({_MONTH})月?[、,，.]({_MONTH})月?[、,，.和]({_MONTH})月"
)
_SEVERAL = re.compile(
    rf"(?:{_YEAR}年?度?)?(?:前[一二三四两1-4]个?季度?|第?[1-4一二三四][、和及,，\-~—–－～至到]+第?[1-4一二三四]个?季度?"
    r"|[Qq][1-4][、和及,，\-~—–－～至到]+[Qq]?[1-4]|[上下]半年|半年度?|全年|下一?个?季度?)"
)
_QUARTER = re.compile(
    rf"{_FIRST_YEAR}(?:第([1-4一二三四])个?季度?|(?<![0-9第])([1-4一二三四])个?季度"
    r"|[Qq]([1-4])(?![0-9])|(?<![0-9])([1-4])[Qq](?![A-Za-z0-9]))"
)
_YEAR_LAST = re.compile(r"(?<![A-Za-z0-9])(?:[Qq]([1-4])|([1-4])[Qq])[.\-/_]?(20[0-9][0-9])(?![0-9])")
_SHORT = re.compile(rf"({_YEAR})年?度?[.\-/_]?([1-4一二三四])季")
_BACK = re.compile("(本|这|当|上)(?:一)?个?季度?")
_OTHER = re.compile(
    rf"(?:{_YEAR}年?度?)?(?:第[^季\s]{{1,4}}季度?|(?<![0-9])[0-9]{{1,3}}个?季度|[五六七八九十]季度?|(?<![A-Za-z])[Qq][0-9]+)"
)
_ONE_MONTH = re.compile(rf"(?:({_YEAR})年?[.\-/]?)?(?<![0-9.])({_MONTH})月(?![0-9])")
_ONE_YEAR = re.compile(rf"({_YEAR})年")
_MAY_LEAD = re.compile("[季月QqＱｑ年]")  # without any of them nothing is named
_SIGNED = re.compile("(?:填报|填表|报送|制表|上报|统计)?(?:时间|日期)")


@dataclass(frozen=True)
class Named:
    """A span of time as somebody wrote it.

    `year` and `number` are those of a quarter, None where they were not written or not understood;
    `back` is how many quarters ago, of 上季度 and 本季度; `month` is given for a month alone.
    """

    words: str
    year: int | None = None
    number: int | None = None
    back: int | None = None
    month: int | None = None

    def quarter(self, now: Quarter) -> Quarter | None:
        """Return the quarter meant, None when it is none we understand; without a year the last one."""
        if self.back is not None:
            return now if not self.back else now.previous()
        if self.number is None:
            return None
        year = self.year
        if year is None:
            year = now.year if self.number <= now.number else now.year - 1
        try:
            return Quarter(year, self.number)
        except ValueError:
            return None

    def fits(self, quarter: Quarter, now: Quarter) -> bool:
        """Return whether it says nothing against a quarter."""
        if self.back is not None:
            return self.back == 0 or self.quarter(now) == quarter  # a form speaks of its own 本季度
        if self.year is not None and self.year != quarter.year:
            return False
        if self.number is None and self.month is None:
            return self.year is not None and self.words.rstrip("度") == f"{self.year}年"
        number = self.number if self.number is not None else ((self.month or 0) + 2) // 3
        return number == quarter.number


@dataclass(frozen=True)
class Told:
    """What texts say of the time: the spans they name, and the days on which they were signed."""

    named: tuple[Named, ...] = ()
    days: tuple[date, ...] = ()

    def against(self, quarter: Quarter, now: Quarter) -> tuple[str, ...]:
        """Return what speaks against a quarter, as written.

        A signing day does when it comes before the quarter has begun: a later one is a late report's.
        """
        early = (day.isoformat() for day in self.days if day < quarter.first_day)
        return (*(n.words for n in self.named if not n.fits(quarter, now)), *early)

    def quarters(self, now: Quarter) -> list[Quarter]:
        """Return the quarters named, each once, in the order in which they were."""
        found = (named.quarter(now) for named in self.named if named.back != 0)
        return list(dict.fromkeys(q for q in found if q is not None))


def read_told(texts: Iterable[str]) -> Told:
    """Return what texts say of the time."""
    named: list[Named] = []
    days: list[date] = []
    for text in texts:
        plain = re.sub(r"(?<=[0-9])\s+(?=[0-9])", "|", fold(text[:LONGEST]))
        plain = re.sub(r"\s+", "", plain)
        for one in _spans(plain):
            if isinstance(one, date):
                days.append(one)
            elif one not in named:
                named.append(one)
    return Told(tuple(named), tuple(dict.fromkeys(days)))


def leading(text: str) -> tuple[Named, str] | None:
    """Return the quarter that a text begins with, and the rest of the text; None when it begins with none."""
    if not _MAY_LEAD.search(text[:LONGEST_LEADING]):
        return None
    folded, ends = "", []
    for i, character in enumerate(text[:LONGEST_LEADING]):
        apart = character.isspace() and holds_digit(folded[-1:]) and holds_digit(text[i + 1 : i + 2])
        more = "|" if apart else "" if character.isspace() else fold(character)
        folded += more
        ends += [i + 1] * len(more)
    found = [n for n in read_told([folded]).named if n.month is None and folded.startswith(n.words)]
    found = [n for n in found if n.number is not None or n.back is not None or not n.words.endswith("年")]
    if not found:
        return None
    named = max(found, key=lambda n: len(n.words))
    return named, text[ends[len(named.words) - 1] :]


def only_quarter(text: str) -> Named | None:
    """Return the quarter that a text is, with nothing else in it; None for anything else."""
    found = leading(text.strip()) if len(text) <= LONGEST_LEADING else None
    return found[0] if found is not None and not re.sub(r"[\s。.!！]", "", found[1]) else None


def _spans(plain: str) -> Iterator[Named | date]:
    """Cut out what is understood, the surest and longest first, then what only looks like a span."""
    signed = bool(_SIGNED.search(plain))
    for pattern, read in _READERS:
        for found in list(pattern.finditer(plain)):
            made = read(found)
            if made is not None:
                yield made
        plain = pattern.sub("|", plain)
    for found in _ONE_MONTH.finditer(plain):
        month = _number(found[2])
        if signed:
            if found[1] and 1 <= month <= 12:
                yield date(_number(found[1]), month, 28)  # signed some day of that month
        else:
            yield Named(found[0], _number(found[1]) if found[1] else None, month=month)
    if not signed:
        for found in _ONE_YEAR.finditer(_ONE_MONTH.sub("|", plain)):
            yield Named(found[0], _number(found[1]))


def _number(text: str) -> int:
    plain = text.translate(_DIGITS)
    if plain.startswith("十"):
        return 10 + (int(plain[1:]) if plain[1:] else 0)
    return int(plain)


def _year(full: str | None, short: str | None = None) -> int | None:
    if full:
        return _number(full)
    return 2000 + int(short) if short else None


def _of_months(words: str, year: int | None, first: int, last: int) -> Named:
    whole = first % 3 == 1 and last == first + 2
    return Named(words, year, (last // 3) if whole else None)


def _month(m: re.Match[str]) -> int:
    return _number(m[2] or m[3] or m[4] or m[5])


def _read_dates(m: re.Match[str]) -> Named:
    if _number(m[6]) != 1 or _number(m[9]) < 30 or (m[7] and m[7] != m[1]):
        return Named(m[0])
    return _of_months(m[0], _number(m[1]), _month(m), _number(m[8]))


def _read_date(m: re.Match[str]) -> Named | date:
    try:
        return date(_number(m[1]), _month(m), _number(m[6]))
    except ValueError:
        return Named(m[0])


def _read_months(m: re.Match[str]) -> Named:
    return _of_months(m[0], _year(m[1], m[2]), _number(m[3]), _number(m[4]))


def _read_listed(m: re.Match[str]) -> Named:
    first, second, third = (_number(m[i]) for i in (3, 4, 5))
    named = _of_months(m[0], _year(m[1], m[2]), first, third)
    return named if second == first + 1 else Named(m[0])


def _read_quarter(m: re.Match[str]) -> Named:
    return Named(m[0], _year(m[1], m[2]), _number(m[3] or m[4] or m[5] or m[6]))


_READERS = (
    (_DATES, _read_dates),
    (_ONE_DATE, _read_date),
    (_MONTHS_LISTED, _read_listed),
    (_SEVERAL, lambda m: Named(m[0])),
    (_MONTHS, _read_months),
    (_YEAR_LAST, lambda m: Named(m[0], _number(m[3]), _number(m[1] or m[2]))),
    (_QUARTER, _read_quarter),
    (_SHORT, lambda m: Named(m[0], _number(m[1]), _number(m[2]))),
    (_BACK, lambda m: Named(m[0], back=1 if m[1] == "上" else 0)),
    (_OTHER, lambda m: Named(m[0])),
)
