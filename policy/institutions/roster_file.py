"""The list of institutions as the office sends it in a sheet: a grid read row by row. No I/O."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches

from policy.calendar.quarters import Quarter
from policy.form.sheet import SheetCell
from policy.institutions.districts import find_district
from policy.reading.digits import holds_digit

MOST = 20_000  # rows of a list
COLUMNS = 20  # looked at
SHORTEST, LONGEST = 2, 60  # characters of a name
LONGEST_DISTRICT = 20

# column → its head, then what else people write there
HEADS: dict[str, tuple[str, ...]] = {
    "name": (
        "机构名称",
        "机构",
        "名称",
        "机构全称",
        "单位名称",
        "单位",
        "培训机构",
        "培训机构名称",
        "填报单位",
        "单位全称",
        "培训机构全称",
        "培训单位",
        "培训单位名称",
        "职业培训机构名称",
        "学校名称",
        "院校名称",
    ),
    "district": (
        "区市",
        "所属区市",
        "区县",
        "所在区市",
        "地区",
        "所属地区",
        "县市区",
        "区市名称",
        "所属区",
        "所在区",
        "所属区县",
        "所在区县",
        "所属县市区",
        "所在县市区",
        "行政区划",
    ),
    "since": ("起报季度", "起报", "开始季度", "起始季度", "从哪季起", "起"),
    "until": ("止报季度", "止报", "结束季度", "截止季度", "终止季度", "止"),
}


# What stands below a list: its sums, who made it, remarks.
_BELOW = re.compile(
    r"(?:合|总|小|共)\s*计(?:[\s:：（(0-9０-９].*)?|共\s*[0-9０-９]+\s*家.*|(?:备\s*注|说\s*明)"
    r"|(?:填表|制表|填报|审核|经办|复核|单位负责|负责|联系)人?\s*(?:签字|姓名|日期|时间|单位盖章)?\s*[:：].*"
    r"|(?:备\s*注|说\s*明|注|联系电话|电话|日期|时间|填表说明)[0-9０-９]?\s*[:：].*",
    re.S,
)


@dataclass(frozen=True)
class Row:
    """An institution of the list, as it is to be entered. `row` counts from 1 as the sheet does."""

    row: int
    name: str
    district: str | None
    since: str
    until: str | None


@dataclass(frozen=True)
class Wrong:
    """A cell that cannot be taken.

    reason: name (none, too short or too long), twice, alike, district, since, until, order, formula.
    `other`: the row it is the same as (twice), or the name it looks like (alike).
    """

    row: int
    address: str
    reason: str
    typed: str = ""
    other: str = ""


@dataclass(frozen=True)
class RosterFile:
    """The list as read: rows that can be taken, and what is wrong with the others."""

    rows: tuple[Row, ...]
    wrong: tuple[Wrong, ...]
    skipped: tuple[tuple[int, str], ...] = ()  # (row, its words): what stands below a list


NEAR = 0.6  # how like a name must be to be offered for one that is not known
_WIDE = {c: c - 0xFEE0 for c in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}


def tidy_name(text: str) -> str:
    """A name as it is kept: no blanks at its ends, single ones inside, letters and digits of one width.

    Brackets stay as they are: the seal has the wide ones.
    """
    return " ".join(text.translate(_WIDE).split())


def near(name: str, names: Iterable[str], most: int = 3) -> list[str]:
    """The names that look most like `name`, or that it is a part of."""
    spelled = {alike(other): other for other in names}
    plain = alike(name)
    holding = [key for key in spelled if plain and plain in key]
    close = get_close_matches(plain, spelled, n=most, cutoff=NEAR)
    return [spelled[key] for key in dict.fromkeys([*close, *holding])][:most]


def alike(name: str) -> str:
    """What two spellings of one name have in common: no blanks, one form of every mark and letter."""
    return "".join(unicodedata.normalize("NFKC", name).split()).casefold()


def district_of(text: str) -> str | None:
    """The district as it is kept: Weihai's by its usual name, any other words as they are typed."""
    plain = tidy_name(text)
    return find_district(plain) or plain or None


def read_roster(grid: Sequence[Sequence[SheetCell]], default: Quarter, now: datetime) -> RosterFile | None:
    """The list a grid holds; None without a head 机构名称. A row without 起报季度 begins at `default`."""
    heads = _heads(grid)
    if heads is None:
        return None
    top, columns = heads
    reader = _Reader(columns, default, now)
    for number, line in enumerate(grid[top + 1 :], top + 2):
        reader.take(number, line)
    return RosterFile(tuple(reader.rows), tuple(reader.wrong), tuple(reader.skipped))


def same_as(rows: Iterable[Row], names: Iterable[str]) -> dict[int, str]:
    """Row → the name in the list that differs only in blanks and marks (equal names are left out)."""
    exact = set(names)
    listed = {alike(name): name for name in exact}
    found = {row.row: listed.get(alike(row.name)) for row in rows if row.name not in exact}
    return {number: other for number, other in found.items() if other}


def _heads(grid: Sequence[Sequence[SheetCell]]) -> tuple[int, dict[str, int]] | None:
    """(line of the heads, column → place in the line)."""
    for number, line in enumerate(grid[:20]):
        found: dict[str, int] = {}
        for place, cell in enumerate(line[:COLUMNS]):
            plain = re.sub(r"[*:]", "", alike(cell.text))
            # 机构名称（全称） as well as 所属区（市）
            said = {plain, _outside(plain), re.sub(r"[()]", "", plain)}
            for name, heads in HEADS.items():
                if said & set(heads) and name not in found:
                    found[name] = place
        # Any other head alone in its line could as well be a title.
        if "name" in found and (len(found) > 1 or re.search("名称|全称", line[found["name"]].text)):
            return number, found
    return None


def _outside(text: str) -> str:
    """The text without its brackets and all between the first and the last of them."""
    opened, closed = text.find("("), text.rfind(")")
    return text[:opened] + text[closed + 1 :] if 0 <= opened < closed else text


class _Reader:
    """Reads row after row, keeps what was right and what was not."""

    def __init__(self, columns: dict[str, int], default: Quarter, now: datetime) -> None:
        self.columns = columns
        self.default = default
        self.now = now
        self.rows: list[Row] = []
        self.wrong: list[Wrong] = []
        self.skipped: list[tuple[int, str]] = []
        self._seen: dict[str, tuple[int, str]] = {}

    def take(self, number: int, line: Sequence[SheetCell]) -> None:
        """One row; an empty one is passed over."""
        cells = {name: line[at] if at < len(line) else SheetCell("") for name, at in self.columns.items()}
        if all(cell.kind == "empty" for cell in cells.values()):
            return
        first = next((cell.text.strip() for cell in line[:COLUMNS] if cell.text.strip()), "")
        for said in (first, cells["name"].text.strip()):
            if _BELOW.fullmatch(" ".join(said.split())):
                self.skipped.append((number, said[:30]))
                return
        bad = len(self.wrong)
        for name, cell in cells.items():
            if cell.kind in ("formula", "error"):
                self._say(number, name, "formula", cell.text)
        if len(self.wrong) > bad:
            return
        name = self._name(number, cells["name"])
        district = district_of(cells["district"].text) if "district" in cells else None
        if district and len(district) > LONGEST_DISTRICT:
            self._say(number, "district", "district", district)
        since = self._quarter(number, cells, "since") or self.default
        until = self._quarter(number, cells, "until")
        if until is not None and until < since:
            self._say(number, "until", "order", str(until))
        if len(self.wrong) == bad:
            self.rows.append(Row(number, name, district, str(since), str(until) if until else None))

    def _name(self, number: int, cell: SheetCell) -> str:
        name = tidy_name(cell.text)
        if not SHORTEST <= len(name) <= LONGEST or all(map(holds_digit, name)):
            self._say(number, "name", "name", name)
            return name
        before = self._seen.setdefault(alike(name), (number, name))
        if before[0] != number:
            self._say(number, "name", "twice", name, str(before[0]))
        return name

    def _quarter(self, number: int, cells: dict[str, SheetCell], column: str) -> Quarter | None:
        cell = cells.get(column)
        if cell is None or cell.kind == "empty":
            return None
        try:
            return Quarter.parse(cell.text, self.now)
        except ValueError:
            self._say(number, column, column, tidy_name(cell.text))
            return None

    def _say(self, number: int, column: str, reason: str, typed: str = "", other: str = "") -> None:
        letter = chr(65 + self.columns[column])
        self.wrong.append(Wrong(number, f"{letter}{number}", reason, typed[:30], other))
