"""One time as people name it: a date, a month, 上周五, 去年四季度, 三个月前, 2026年2月10日至20日."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

from policy.reading.holidays import NAMES, holiday
from policy.reading.numerals import NotANumeral, fold, read_numeral
from policy.reading.periods import Period, ago, back, month, quarter

LONGEST = 40  # characters; no date anyone means is longer


class NotADate(ValueError):
    """The text names no day, month or year.

    `reason` is other, future, bare (3: a day? a month?), about (一两年前: no exact time), year (12月3日:
    of which year?), impossible (2月30日), several, or doubt. `likely` is the time that is meant all the same.
    """

    def __init__(self, reason: str, likely: Period | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.likely = likely


_INVISIBLE = re.compile(r"[\s\u200b-\u200f\u2060-\u2069\ufeff]+")
_SAME = (
    (re.compile("星期|礼拜"), "周"),
    (re.compile("号"), "日"),
    (re.compile("([昨今前明后])儿个?|今日|昨日"), lambda m: f"{m[1] or m[0][0]}天"),
    (re.compile("([春夏秋冬])季"), r"\1天"),
    (re.compile("([这上本])(?:一)?个(?=周|季度)"), r"\1"),
    (re.compile("([周月])末"), r"\1底"),
    (re.compile(r"(?<=天)(?:一?早上?|上午|中午|下午|晚上)(?=$|[^0-9])"), ""),
)
_BEFORE = re.compile(
    r"^(?:有|领过|领了|是|在|我|上次|最近一次|最后一次|最近|就是|就|嗯|对|当时|时间|日期|具体|说的是)+[，,、:：]?"
)
_AFTER = re.compile(
    r"(?:领到|领取|领|拿|发|办|的时候|那会儿?|之间|期间|的|了|过)$|(?<=[0-9一二三四五六七八九十节庆旦])(?:那|当)[天日]$"
)
_THAT_DAY = re.compile("[那当][天日]")

_HAN = re.compile(r"[零〇一二三四五六七八九十]+")
# Four digits are a year by themselves (二〇二五), two only before 年 and a month or a part of it.
_YEAR = re.compile(r"(?:一九|二[零〇])[零〇一二三四五六七八九]{2}")
_SHORT_YEAR = re.compile(
    "^[一二][零〇一二三四五六七八九](?=年(?:[零一二三四五六七八九十]{1,2}月|年?[初底末中]|[上下]半年|[春夏秋]天))"
)
_SPELLED = str.maketrans("零〇一二三四五六七八九", "00123456789")

_DAYS = {"今天": 0, "昨天": 1, "前天": 2, "大前天": 3}
_YEARS = {"今年": 0, "本年": 0, "去年": 1, "上年": 1, "前年": 2, "大前年": 3}
_MONTHS = {
    "这个月": 0,
    "这月": 0,
    "本月": 0,
    "当月": 0,
    "上个月": 1,
    "上月": 1,
    "上上个月": 2,
    "上上月": 2,
    "大上个月": 2,
}
_WEEK = re.compile(r"(这|本|上|上上|大上)周([一二三四五六日天底])?")
_QUARTER = re.compile(r"(?:(这|本|上|上上)季度?|第?([1-4])季度|q([1-4]))")
_FUTURE = re.compile(
    r"^(?:[明后]年|[明后]天|大后天|下(?:下)?个?(?:月|周|季度))[0-9年月日周季度初中底一二三四五六七八九十上下半天春夏秋冬的]*$"
)
# Parts of a year as people call them → their first and last month. 冬天 may be of either year.
_PARTS = {
    "年初": (1, 3), "年底": (10, 12), "年末": (10, 12), "年中": (5, 8), "上半年": (1, 6), "下半年": (7, 12),
    "春天": (3, 5), "夏天": (6, 8), "秋天": (9, 11),
}  # fmt: skip
_WITH_YEAR = re.compile(r"([0-9]{4}|[0-9]{2})年(?=[^0-9]|[0-9]{1,2}月|$)的?")
_WHOLE = re.compile(r"([0-9]{4})(?:年|$)?(?:[-/.]?([0-9]{1,2})(?:月份?|$)?(?:[-/.]?([0-9]{1,2})日?)?)?")
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})?")
_MONTH = re.compile(r"([0-9]{1,2})(?:月份?|[-/.](?=[0-9])|$)(.*)")
_IN_MONTH = re.compile(r"月?(?:[初中底])?([0-9]{1,2})日?")
_THIRDS = {"初": (1, 10), "上旬": (1, 10), "中": (11, 20), "中旬": (11, 20), "底": (21, 0), "下旬": (21, 0)}
# 前 may be left out only where nothing else can be meant: 24年 is a year, 5日 a day of a month.
_AGO = re.compile(
    r"^(半|[0-9]{1,2})(?:(?P<a>个月)(?P<more>半)?(?:以前|之前|前)?|(?P<b>年)(?P<more_b>半)(?:以前|之前|前)?"
    r"|(?P<c>个?月|年|天|日|个?周)(?:以前|之前|前))$|^(?P<half>半)年$"
)
_AGO_TODAY = re.compile(r"^([0-9]{1,2})(个?月|年|个?周)(?:以|之)?前的?今天$")
_CALENDAR = re.compile(  # has the shape of a date, though there may be no such day: 2月30日
    r"(?:[0-9]{2,4}[-年/.]|[今去前]年)?(?:[0-9]{1,2}月(?:[0-9]{1,2}日?)?|[0-9]{1,2}[-/.][0-9]{1,2})|[0-9]{8}"
)
_RANGE = re.compile(r"(?:至|到|~|—+|(?<=[年月日初中底旬])-)")
_LONGEST_RANGE = timedelta(days=731)

# A time told roughly is made of nothing but these, and holds a word or two digits that make it so.
_NUMBER = "[0-9零〇一二两三四五六七八九十百廿卅]"
_TIME = re.compile(
    r"[-~、至到0-9零〇一二两三四五六七八九十百廿卅半大小年月日天周季度初中底末个前后以之上下今昨去本这近时候"
    r"约概差不多将接致超过估计可能应该好像几数若干余来左右有就是都已经在了快出头整吧呢的得]+"
)
_ABOUT = re.compile(
    r"[大小]半|大[概约致]|约|差不多|估计|可能|应该|好像|将近|接近|近|超过|不到|快|若干|几|数(?=[十个年月日天周])"
    rf"|左右|前后|上下|出头|余|(?:{_NUMBER}|[半个年月天周])[多来]|[年月天周日]以上|[前这近]两"
    rf"|(?<!第){_NUMBER}(?:个月|[年天周])?[-~、至到]{_NUMBER}+(?:个月|[年天周])(?!.*日)|刚过"
)
_DATED = re.compile(f"{_NUMBER}|[半几数]|若干|[今去前]年|[上本这]个?[月周]|[昨前今]天")
_EXACT_RANGE = re.compile(r"^(?:[0-9]{2,4}年|[今去前]年)[0-9]{1,2}月(?:[0-9]{1,2}日)?(?:至|到|-|~)")


def tidied(text: str) -> str:
    """Return a text with one way to write each thing: half width, simplified, no blanks, 号 as 日."""
    plain = _INVISIBLE.sub("", fold(text)).lower().strip("。.，,!")
    if len(plain) <= LONGEST:
        for written, same in _SAME:
            plain = written.sub(same, plain)
    return plain


def is_about(plain: str) -> bool:
    """Return whether a text is nothing but a time, and one that is told only roughly: 一年多了, 大约半年."""
    if not _TIME.fullmatch(plain) or _EXACT_RANGE.match(plain):
        return False
    return bool(_ABOUT.search(plain) and _DATED.search(plain))


def read_phrase(plain: str, today: date) -> Period:
    """Return the time that one tidied phrase names.

    Raises:
        NotADate: it names none, or none that is certain.
    """
    plain = _BEFORE.sub("", plain) or plain
    one_day = bool(_THAT_DAY.search(plain))
    while (shorter := _AFTER.sub("", plain)) and shorter != plain:
        plain = shorter
    if is_about(plain):
        raise NotADate("about")
    if _FUTURE.match(plain):
        raise NotADate("future")
    try:
        found = _range(plain, today) or _read(plain, today, one_day)
    except NotADate:
        raise
    except (ValueError, OverflowError) as error:
        raise NotADate("impossible" if _CALENDAR.fullmatch(plain) else "other") from error
    if found.first > today:
        raise NotADate("future")
    return found


def _digits(match: re.Match[str]) -> str:
    if _YEAR.fullmatch(match[0]):
        return match[0].translate(_SPELLED)
    try:
        return str(read_numeral(match[0]))
    except NotANumeral as error:
        raise NotADate(error.reason) from error


def _in_digits(plain: str) -> str:
    return _HAN.sub(_digits, _SHORT_YEAR.sub(lambda m: m[0].translate(_SPELLED), plain).replace("两", "二"))


def _range(plain: str, today: date) -> Period | None:
    """Return the days from one time to another: 2026年2月10日到20日; None where it is no such."""
    ends = [end for end in _RANGE.split(plain) if end]
    if len(ends) != 2:
        return None
    start = _read(ends[0], today, one_day=False)
    last = _in_digits(ends[1])
    if re.fullmatch(r"[0-9]{1,2}日", last) and start.first == start.last:
        last = f"{start.first.year}年{start.first.month}月{last}"
    elif re.match(r"[0-9]{1,2}月", last):
        last = f"{start.first.year}年{last}"
    end = _read(last, today, one_day=False)
    if not start.first < end.last <= start.first + _LONGEST_RANGE:
        raise NotADate("other")
    return Period(start.first, end.last)


def _read(plain: str, today: date, one_day: bool) -> Period:
    year, rest = _year_of(plain, today)
    if year is None and (near := _near(rest, today)):
        return near
    if year is not None and (day := _DAYS.get(rest)) is not None:
        this = back(today - timedelta(days=day), 12 * (today.year - year))
        return Period(this, this)
    if rest in NAMES and (year is not None or not re.fullmatch(r"[0-9]+", rest)):
        if year is not None:
            return holiday(rest, year, one_day)
        raise NotADate("year", _latest(lambda of: holiday(rest, of, one_day), today))
    if year is not None and rest == "最后一天":
        return Period(date(year, 12, 31), date(year, 12, 31))
    rest = _in_digits(rest)
    if year is None:
        if re.fullmatch(r"[0-9]{1,2}日?", rest):
            raise NotADate("bare")
        if found := _reckoned(rest, today) or _in_figures(rest):
            return found
        told = _WITH_YEAR.match(rest)
        if told:
            year, rest = int(told[1]), rest[told.end() :]
            year += 2000 if year < 100 else 0
            return _read(f"{year}年{rest}", today, one_day)
    return _of_year(rest, year, today)


def _year_of(plain: str, today: date) -> tuple[int | None, str]:
    """Return the year a phrase begins with, and what follows."""
    for word in sorted(_YEARS, key=len, reverse=True):
        if plain.startswith(word):
            return today.year - _YEARS[word], plain[len(word) :].lstrip("的")
    if told := re.match(r"([0-9]{4})年的?", plain):
        return int(told[1]), plain[told.end() :]
    return None, plain


def _near(plain: str, today: date) -> Period | None:
    """Return a time that is told by where it lies from today: 前天, 上周五, 上季度."""
    if plain in _DAYS:
        day = today - timedelta(days=_DAYS[plain])
        return Period(day, day)
    if week := _WEEK.fullmatch(plain):
        weeks = {"这": 0, "本": 0, "上": 1}.get(week[1], 2)
        monday = today - timedelta(days=today.weekday() + 7 * weeks)
        if week[2] == "底":
            return Period(monday + timedelta(days=5), monday + timedelta(days=6))
        if week[2]:
            day = monday + timedelta(days="一二三四五六日".index(week[2].replace("天", "日")))
            return Period(day, day)
        return Period(monday, monday + timedelta(days=6))
    if repeated := re.fullmatch(r"((?:这|本|上|上上)周)周(.)", plain):
        return _near(repeated[1] + repeated[2], today)
    if alone := re.fullmatch("周([一二三四五六日天])", plain):
        day = today - timedelta(
            days=(today.weekday() - "一二三四五六日".index(alone[1].replace("天", "日"))) % 7
        )
        raise NotADate("doubt", Period(day, day))  # of this week or of the last?
    if of_now := re.fullmatch("(这|本|上|上上)季度", plain):
        reached = today.year * 4 + (today.month - 1) // 3 - {"上": 1, "上上": 2}.get(of_now[1], 0)
        return quarter(reached // 4, reached % 4 + 1)
    return None


def _reckoned(plain: str, today: date) -> Period | None:
    """Return a time reckoned back from today: 三个月前, 一年前的今天."""
    if exact := _AGO_TODAY.match(plain):
        number, unit = int(exact[1]), exact[2][-1]
        day = (
            today - timedelta(weeks=number)
            if unit == "周"
            else back(today, number * (12 if unit == "年" else 1))
        )
        return Period(day, day)
    if found := _AGO.match(plain):
        unit = found["a"] or found["b"] or found["c"] or "年"
        return ago(found[1] or found["half"], unit, bool(found["more"] or found["more_b"]), today)
    return None


def _in_figures(plain: str) -> Period | None:
    """Return a date in digits that begins with its year: 2025-12-03, 2025.12, 20251203, 2025q4."""
    if of_year := re.fullmatch(r"([0-9]{4})年?(?:q|第?(?=[1-4]季))([1-4])(?:季度?)?", plain):
        return quarter(int(of_year[1]), int(of_year[2]))
    found = _WHOLE.fullmatch(plain) or _COMPACT.fullmatch(plain)
    return _period(int(found[1]), found[2], found[3]) if found else None


def _of_year(plain: str, year: int | None, today: date) -> Period:
    """Return a part of a year; of the latest that has begun where no year is told.

    Raises:
        NotADate: no year is told, and it may be this year's or one before.
        ValueError: it is no such part.
    """

    def of(which: int) -> Period:
        return _part(plain, which, today)

    if year is not None:
        return of(year)
    if plain in _PARTS:
        raise NotADate("year", _latest(of, today))
    found: Period | None
    try:
        found = of(today.year)
    except ValueError:
        found = None  # 2月29日 is in every fourth year only
    if found is not None and found.first <= today:
        return found
    latest = _latest(of, today)
    if latest is None:
        raise ValueError(plain)
    raise NotADate("year", latest)


def _latest(of: Callable[[int], Period], today: date) -> Period | None:
    """Return what a year-less time is in the latest year in which it has begun."""
    for year in range(today.year, today.year - 5, -1):
        try:
            found = of(year)
        except ValueError:
            continue
        if found.first <= today:
            return found
    return None


def _part(plain: str, year: int, today: date) -> Period:
    if not plain:
        return Period(date(year, 1, 1), date(year, 12, 31))
    if plain in _PARTS or f"年{plain}" in _PARTS:
        name = plain if plain in _PARTS else f"年{plain}"
        first, last = _PARTS[name]
        return Period(date(year, first, 1), month(year, last).last, f"{year}年{name}")
    if of_quarter := _QUARTER.fullmatch(plain):
        if of_quarter[1]:
            raise ValueError(plain)
        return quarter(year, int(of_quarter[2] or of_quarter[3]))
    for word in sorted(_MONTHS, key=len, reverse=True):
        if plain.startswith(word):
            of = back(today.replace(day=1), _MONTHS[word] + 12 * (today.year - year))
            return _within(month(of.year, of.month), plain[len(word) :].lstrip("的"))
    told = _MONTH.fullmatch(plain)
    if not told:
        raise ValueError(plain)
    return _within(month(year, int(told[1])), told[2].lstrip("的"))


def _within(of: Period, rest: str) -> Period:
    """Return a day or a third of a month, or the month itself."""
    if not rest:
        return of
    if rest == "最后一天" or rest == "最后1天":
        return Period(of.last, of.last)
    third = rest.removeprefix("月")
    if third in _THIRDS:
        first, last = _THIRDS[third]
        return Period(of.first.replace(day=first), of.first.replace(day=last) if last else of.last)
    if day := _IN_MONTH.fullmatch(rest):
        exact = of.first.replace(day=int(day[1]))
        return Period(exact, exact)
    raise ValueError(rest)


def _period(year: int, number: str | None, day: str | None) -> Period:
    if not number:
        return Period(date(year, 1, 1), date(year, 12, 31))
    return _within(month(year, int(number)), day or "")
