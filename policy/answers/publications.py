"""What the office publishes beside the notice: kinds, columns, and whether it holds on a day.

A publication never becomes part of an entry: it stands before it, with its date and source, and is
left out before it begins and after it ended.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from policy.calendar.quarters import local
from policy.files import PolicyError, as_day
from policy.form.form import Form
from policy.reading.text import without_brackets

# kind → its name. Entries name the kinds that complete them in `publishable`.
KINDS = {
    "office-telephone": "办公电话",
    "office-hours": "办公时间",
    "open-class": "开班信息",
    "enrolment": "报名办法",
    "fees": "收费",
    "institution-list": "机构名单",
    "catalogue": "机构和项目目录",
    "subsidy-amount": "补贴标准",
    "subsidy-claim": "补贴申领办法",
    "title-handling": "职称认定办理",
    "exam-schedule": "考试安排",
    "filing-materials": "开班备案材料",
    "exam-series": "以考代评的系列",
    "one-year-reading": "“一年内”怎么算",
    "fund-rules": "省市补贴资金管理规定",
    "title-rules": "职称管理权限和评审范围的规定",
    "award-rules": "竞赛奖励的有关政策",
    "other": "其他",
}
# What the notice refers to without naming it: answers wait for the document itself.
AWAITED = ("fund-rules", "title-rules", "award-rules")
# What the office should publish before opening.
CHECKLIST = tuple(kind for kind in KINDS if kind not in (*AWAITED, "other"))
WARNED_DAYS = 14  # before one ends the office is told
OPEN_CLASS, ONE_YEAR = "open-class", "one-year-reading"
LEVELS = ("初级", "中级", "高级")
ANY = ("不限", "全部", "所有", "任何", "不限职业", "不限等级", "")
UNTIL_WITHDRAWN = ("长期", "长期有效", "撤回为止", "到撤回为止", "无", "")
LONGEST = {"text": 1000, "source": 200, "institution": 100}

COLUMNS = {
    "kind": "类型",
    "text": "内容",
    "occupation": "职业",
    "level": "等级",
    "institution": "机构",
    "starts_on": "开班日期",
    "ends_on": "结束日期",
    "source": "来源",
    "valid_from": "生效日期",
    "valid_until": "有效至",
}
_FURTHER = {
    "kind": "信息类型 类别",
    "text": "信息内容 正文",
    "institution": "培训机构 机构名称",
    "starts_on": "开始日期 开班时间",
    "ends_on": "结业日期",
    "source": "文件 依据",
    "valid_from": "生效日 开始生效",
    "valid_until": "有效期至 失效日期",
}


class NotADay(ValueError):
    """The text names no day."""


@dataclass(frozen=True)
class Publication:
    """Something published. Occupation, level, institution and dates belong to an open class.

    `valid_from` and `valid_until` are both included; None: until it is withdrawn.
    """

    kind: str
    text: str
    source: str
    valid_from: date
    valid_until: date | None = None
    occupation: str = ""
    level: str = ""
    institution: str = ""
    starts_on: date | None = None
    ends_on: date | None = None
    published_at: datetime | None = None

    def holds(self, on: date) -> bool:
        """Whether it is to be shown on that day."""
        return self.valid_from <= on and (self.valid_until is None or on <= self.valid_until)

    def ends_soon(self, on: date) -> bool:
        """Whether it holds on that day and its last day is near."""
        return self.holds(on) and self.valid_until is not None and (self.valid_until - on).days <= WARNED_DAYS

    @property
    def name(self) -> str:
        """The name of its kind."""
        return KINDS.get(self.kind, self.kind)


def parse_publication(raw: Mapping[str, Any]) -> Publication:
    """Return a publication from its fields; days and `published_at` as such or in ISO 8601.

    Raises:
        PolicyError: a field is missing or unknown, or the kind is.
    """
    days = ("valid_from", "valid_until", "starts_on", "ends_on")
    fields: dict[str, Any] = {k: as_day(v) if k in days else v for k, v in raw.items()}
    at = fields.get("published_at")
    try:
        fields["published_at"] = local(at if isinstance(at, datetime) else datetime.fromisoformat(at or ""))
        found = Publication(**fields)
    except (TypeError, ValueError) as error:
        raise PolicyError(f"publications: {raw.get('kind', '?')}: {error}") from error
    if found.kind not in KINDS or not found.source or found.valid_from is None:
        raise PolicyError(f"publications: {found.kind}: 类型、来源和生效日期都要写明")
    return found


@dataclass(frozen=True)
class Wrong:
    """A cell that cannot be: `row` as in the file (0: none), `column` its name, and why.

    reason: missing, kind, occupation, level, day, order, long, past, dropped.
    """

    row: int
    column: str
    reason: str
    value: str = ""


def wanted_by(occupation: str, subscribed: str) -> bool:
    """Whether a class in that occupation concerns who asked for `subscribed`; "" is any."""
    return not occupation or not subscribed or occupation == subscribed


def read_kind(text: str, part: bool = False) -> str | None:
    """The kind that people mean by its id or name; or by a `part` of the name that no other has (电话)."""
    plain = re.sub(r"[“”\s]", "", text)
    names = {k: re.sub("[“”]", "", name) for k, name in KINDS.items()}
    if exact := next((k for k, name in names.items() if plain in (k, name)), None):
        return exact
    like = [k for k, name in names.items() if len(plain) > 1 and plain in name] if part else []
    return like[0] if len(like) == 1 else None


def read_occupation(text: str, form: Form) -> str | None:
    """The occupation's name, "" for any, None when it is not recognised."""
    plain = text.strip()
    if plain in ANY:
        return ""
    found = form.find_occupation(plain)
    return found.name if found else None


_DAY = re.compile(r"(?:([0-9]{4})[-/.年])?([0-9]{1,2})[-/.月]([0-9]{1,2})日?")
LONGEST_DAY = 40  # characters as typed
_NEAR = {"今天": 0, "今日": 0, "明天": 1, "明日": 1, "后天": 2, "昨天": -1}


def read_day(value: object, today: date) -> date:
    """A day as typed, or as a spreadsheet holds it. Without a year: the one nearest to today.

    Raises:
        NotADay: it is none.
    """
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", str(value)))
    if len(plain) > LONGEST_DAY:
        raise NotADay(plain[:LONGEST_DAY])
    if plain in _NEAR:
        return today + timedelta(days=_NEAR[plain])
    plain = re.sub(r"[T ]?00:00(:00)?$", "", plain)
    if re.fullmatch(r"[0-9]{8}", plain):
        plain = f"{plain[:4]}-{plain[4:6]}-{plain[6:]}"
    found = _DAY.fullmatch(plain)
    if found is None:
        raise NotADay(plain)
    years = [int(found[1])] if found[1] else [today.year - 1, today.year, today.year + 1]
    days = []
    for year in years:
        try:
            days.append(date(year, int(found[2]), int(found[3])))
        except ValueError:
            continue
    if not days or not 2000 <= days[0].year <= 2100:
        raise NotADay(plain)
    return min(days, key=lambda day: abs((day - today).days))


def one_year_reading(publications: Iterable[Publication]) -> Literal["months", "calendar"] | None:
    """The published reading of 一年内: twelve months, the calendar year; None when none is said."""
    for one in publications:
        if one.kind != ONE_YEAR:
            continue
        calendar = bool(re.search("自然年|公历年|日历年|年度|1月1日", one.text))
        months = bool(re.search("12个月|十二个月|满一年|满1年|周年|365", one.text))
        if calendar != months:
            return "calendar" if calendar else "months"
    return None


LONGEST_HEAD = 200  # characters of a heading looked at


def column_of(head: object) -> str | None:
    """The column that a table's heading means."""
    plain = re.sub(r"[*\s]", "", without_brackets(str(head or "")[:LONGEST_HEAD]))
    for column, name in COLUMNS.items():
        if plain in (column, name, *_FURTHER.get(column, "").split()):
            return column
    return None


def read_row(raw: Mapping[str, Any], row: int, today: date, form: Form) -> Publication | list[Wrong]:
    """One row by column id, or everything that is wrong with it."""
    wrong: list[Wrong] = []
    text = {c: " ".join(str(raw.get(c) if raw.get(c) is not None else "").split()) for c in COLUMNS}

    def problem(column: str, reason: str) -> None:
        wrong.append(Wrong(row, COLUMNS[column], reason, text[column][:30]))

    kind = read_kind(text["kind"])
    if kind is None:
        problem("kind", "kind" if text["kind"] else "missing")
    is_class = kind == OPEN_CLASS
    for column in ("text", "source"):
        if not text[column] and not (is_class and column == "text"):
            problem(column, "missing")
    for column, longest in LONGEST.items():
        if len(text[column]) > longest:
            problem(column, "long")
    occupation = read_occupation(text["occupation"], form)
    if occupation is None:
        problem("occupation", "occupation")
    level = "" if text["level"] in ANY else text["level"]
    if level and level not in LEVELS:
        problem("level", "level")
    if is_class and not text["institution"]:
        problem("institution", "missing")
    days: dict[str, date | None] = {}
    for column in ("starts_on", "ends_on", "valid_from", "valid_until"):
        value = raw.get(column)
        days[column] = None
        if value is None or text[column] in UNTIL_WITHDRAWN:
            if column == "valid_from":
                days[column] = today
            elif column == "valid_until" and not text[column]:
                problem(column, "missing")
            continue
        try:
            days[column] = read_day(value, today)
        except NotADay:
            problem(column, "day")
    starts, ends, begins, until = (days[c] for c in ("starts_on", "ends_on", "valid_from", "valid_until"))
    if ends and (not starts or ends < starts):
        problem("ends_on", "order")
    if until and begins and until < begins:
        problem("valid_until", "order")
    elif until and until < today:
        problem("valid_until", "past")
    if wrong or kind is None or begins is None:
        return wrong
    return Publication(
        kind=kind,
        text=text["text"],
        source=text["source"],
        valid_from=begins,
        valid_until=until,
        occupation=(occupation or "") if is_class else "",
        level=level if is_class else "",
        institution=text["institution"] if is_class else "",
        starts_on=starts if is_class else None,
        ends_on=ends if is_class else None,
    )
