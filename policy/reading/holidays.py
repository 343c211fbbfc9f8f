"""Days that people name instead of a date: 国庆, 春节, 双十一."""

from __future__ import annotations

from datetime import date, timedelta

from policy.reading.periods import Period

_FIXED = {
    "元旦": (1, 1), "元旦节": (1, 1), "情人节": (2, 14), "妇女节": (3, 8), "三八": (3, 8), "三八节": (3, 8),
    "植树节": (3, 12), "劳动节": (5, 1), "五四": (5, 4), "青年节": (5, 4), "儿童节": (6, 1), "六一": (6, 1),
    "618": (6, 18), "七一": (7, 1), "建党节": (7, 1), "八一": (8, 1), "建军节": (8, 1), "教师节": (9, 10),
    "国庆节": (10, 1), "双十一": (11, 11), "双11": (11, 11), "双十二": (12, 12), "双12": (12, 12),
    "平安夜": (12, 24), "圣诞": (12, 25), "圣诞节": (12, 25),
}  # fmt: skip
_LONG = {"五一": (5, 1, 5), "十一": (10, 1, 7), "国庆": (10, 1, 7)}  # month, day, how many days off
# By the lunar calendar, as published; beyond these years such a day is asked for.
_LUNAR = {
    "春节": "2015-02-19 2016-02-08 2017-01-28 2018-02-16 2019-02-05 2020-01-25 2021-02-12 2022-02-01 "
    "2023-01-22 2024-02-10 2025-01-29 2026-02-17 2027-02-06 2028-01-26 2029-02-13 2030-02-03",
    "清明": "2015-04-05 2016-04-04 2017-04-04 2018-04-05 2019-04-05 2020-04-04 2021-04-04 2022-04-05 "
    "2023-04-05 2024-04-04 2025-04-04 2026-04-05 2027-04-05 2028-04-04 2029-04-04 2030-04-05",
    "端午": "2015-06-20 2016-06-09 2017-05-30 2018-06-18 2019-06-07 2020-06-25 2021-06-14 2022-06-03 "
    "2023-06-22 2024-06-10 2025-05-31 2026-06-19 2027-06-09 2028-05-28 2029-06-16 2030-06-05",
    "中秋": "2015-09-27 2016-09-15 2017-10-04 2018-09-24 2019-09-13 2020-10-01 2021-09-21 2022-09-10 "
    "2023-09-29 2024-09-17 2025-10-06 2026-09-25 2027-09-15 2028-10-03 2029-09-22 2030-09-12",
}
_AROUND = {"除夕": ("春节", -1), "大年三十": ("春节", -1), "大年初一": ("春节", 0), "元宵": ("春节", 14)}
_SPRING_FESTIVAL_DAYS = 7

NAMES = frozenset([*_FIXED, *_LONG, *_LUNAR, *_AROUND, *(f"{n}节" for n in (*_LUNAR, *_AROUND, "五一"))])


def holiday(name: str, year: int, one_day: bool) -> Period:
    """Return a holiday in a year: the day itself, or all days off where people mean them (去年国庆).

    Raises:
        ValueError: no such holiday is known, or not of that year.
    """
    if name in _FIXED:
        day = date(year, *_FIXED[name])
        return Period(day, day)
    if name in _LONG:
        month, number, length = _LONG[name]
        day = date(year, month, number)
        return Period(day, day if one_day else day + timedelta(days=length - 1))
    bare = name if name in _LUNAR or name in _AROUND else name.removesuffix("节")
    if bare == "五一":
        return holiday("五一", year, one_day=True)
    base, offset = _AROUND.get(bare, (bare, 0))
    found = [date.fromisoformat(day) for day in _LUNAR.get(base, "").split() if day.startswith(str(year))]
    if not found:
        raise ValueError(name)
    day = found[0] + timedelta(days=offset)
    last = _SPRING_FESTIVAL_DAYS - 1 if bare == "春节" and not one_day else 0
    return Period(day, day + timedelta(days=last))
