"""The form as it comes back in a file: a grid of cells read by the rules of the dialog. No I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from policy.calendar.quarters import Quarter
from policy.form.form import Cell, Form, Measure, Refused
from policy.reading.numbers import is_dash, is_figure, is_none

MOST_ROWS = 200  # rows looked at; the form has a dozen
MOST_COLUMNS = 40

_QUARTER = re.compile(r"20\d{2}\s*(?:Q[1-4]|年第?\s*[1-4一二三四]\s*季度)", re.I)
_INSTITUTION = re.compile(r"填报单位[^:：]{0,8}[:：]\s*")
_INSTITUTION_ENDS = re.compile(r"\s{2,}|填报时间|\n|$")
ENDS = ("填表人", "联系电话", "备注", "注：", "注:", "说明", "金额单位", "口径", "本季度无培训", "合计")
_ROW_OF_DOTS = re.compile(r"[.…。·\s]+")
_OWN_UNIT = re.compile("[万亿wW元块]")
UNKNOWN = frozenset("不掌握 不知道 不清楚 未掌握".split())
IDLE = frozenset("无业务 没有业务 本职业无业务 没开班 未开班 没开展 未开展".split())


@dataclass(frozen=True)
class SheetCell:
    """A cell as it stands in the file. `kind` formula: one without a stored value."""

    address: str
    text: str = ""
    kind: Literal["empty", "number", "text", "formula", "error", "other"] = "empty"


@dataclass(frozen=True)
class Heads:
    """Where a table's columns are: `last` line of the heads, `first` column (the names), column → measure.

    `wan` are the columns whose amounts are told in 万元.
    """

    last: int
    first: int
    columns: dict[int, Measure]
    wan: frozenset[int] = frozenset()

    def in_yuan(self, typed: Mapping[str, str]) -> dict[str, str]:
        """Measure → figure as typed, 万 written behind what a column in 万元 holds."""
        told = {self.columns[i].id for i in self.wan}
        return {m: f"{text}万" if m in told and _bare_number(text) else text for m, text in typed.items()}


def _bare_number(text: str) -> bool:
    return is_figure(text) and not is_none(text) and not _OWN_UNIT.search(text)


@dataclass(frozen=True)
class Wrong:
    """A cell that cannot be taken.

    reason: as `Refused`, or formula, error, kind, occupation (unknown), level (of an occupation), twice
    (row), nameless (row), cleared (`typed` is what the form showed there).
    """

    address: str
    reason: str
    typed: str = ""
    occupation: str = ""
    measure: str = ""


@dataclass(frozen=True)
class Base:
    """What the form showed when it was handed out: whose draft, at which version, which figures."""

    institution_id: int
    quarter: str
    revision_id: int
    version: int
    rows: dict[str, dict[str, Cell]] = field(default_factory=dict)


@dataclass(frozen=True)
class FormFile:
    """A form read from a file: the cells that are right, and what is wrong with the others.

    `named` are the occupations with anything in their row, right or wrong; `absent` the measures
    whose column was not found; `wan` tells that the amounts were in 万元.
    """

    institution: str
    quarter: str | None
    rows: dict[str, dict[str, Cell]]
    idle: frozenset[str]  # 无业务 written into the row
    wrong: tuple[Wrong, ...]
    base: Base | None = None
    named: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    wan: bool = False

    def edited(self) -> dict[str, dict[str, Cell]]:
        """The cells that differ from what the form showed when it was handed out."""
        before = self.base.rows if self.base else {}
        found: dict[str, dict[str, Cell]] = {}
        for occupation, row in self.rows.items():
            known = before.get(occupation, {})
            changed = {m: c for m, c in row.items() if m not in known or known[m] != c}
            if changed:
                found[occupation] = changed
        return found


def read_form(form: Form, grid: Sequence[Sequence[SheetCell]], base: Base | None = None) -> FormFile | None:
    """The form that a grid holds; None when its column heads are not to be found."""
    heads = find_heads(form, grid)
    if heads is None:
        return None
    above = [cell.text.strip() for line in grid[: heads.last] for cell in line if cell.text.strip()]
    named = next((name for text in above if (name := _institution_in(text)) is not None), "")
    reader = _Rows(form, heads, base.rows if base else {})
    for line in grid[heads.last + 1 :]:
        if not reader.take(line):
            break
    quarter = base.quarter if base else next((q for text in above if (q := quarter_in(text))), None)
    there = {m.id for m in heads.columns.values()}
    return FormFile(
        named,
        quarter,
        reader.rows,
        frozenset(reader.idle),
        tuple(reader.wrong),
        base,
        tuple(reader.named),
        tuple(m.id for m in form.measures if m.id not in there),
        bool(heads.wan),
    )


def _institution_in(text: str) -> str | None:
    found = _INSTITUTION.search(text)
    if found is None:
        return None
    ends = _INSTITUTION_ENDS.search(text, found.end())
    return text[found.end() : ends.start() if ends else None].strip()


def is_ours(form: Form, grid: Sequence[Sequence[SheetCell]]) -> bool:
    """Whether a grid bears the form's title, so that it was meant to be the form."""
    return any(form.title in re.sub(r"\s", "", cell.text) for line in grid[:5] for cell in line)


def quarter_in(text: str) -> str | None:
    """The quarter that a title or head names with its year; None when it names none."""
    found = _QUARTER.search(text)
    if not found:
        return None
    try:
        return str(Quarter.parse(found[0]))
    except ValueError:
        return None


def find_heads(form: Form, grid: Sequence[Sequence[SheetCell]]) -> Heads | None:
    """The heads of a table, which may take two lines; None when they are not to be found."""
    for number, line in enumerate(grid[:30]):
        firsts = [i for i, c in enumerate(line[:MOST_COLUMNS]) if "".join(c.text.split()) in _firsts(form)]
        if not firsts:
            continue
        below = grid[number + 1] if number + 1 < len(grid) else ()
        here, next_line = _measures(form, line), _measures(form, below)
        for start in firsts:
            columns = {i: m for i, m in here.items() if i > start}
            already_a_row = len(below) > start and below[start].text.strip()
            more = {} if already_a_row else {i: m for i, m in next_line.items() if i > start}
            whole = {**columns, **more} if more else _in_order(form, line, start, columns)
            if columns and len({m.id for m in whole.values()}) == len(whole):
                head = dict(sorted(whole.items()))
                last = number + bool(more)
                return Heads(last, start, head, _in_wan(grid, last, head))
    return None


def _in_order(
    form: Form, line: Sequence[SheetCell], start: int, columns: dict[int, Measure]
) -> dict[int, Measure]:
    """With the heads in other words too (其中补贴), where all six stand in the form's order."""
    told = [i for i, cell in enumerate(line) if i > start and cell.text.strip()]
    if len(told) != len(form.measures):
        return columns
    whole = dict(zip(told, form.measures, strict=True))
    return whole if all(whole[i] is m for i, m in columns.items()) else columns


def _in_wan(grid: Sequence[Sequence[SheetCell]], last: int, columns: Mapping[int, Measure]) -> frozenset[int]:
    """The columns of money whose head, or a line above the table, says 万元."""
    money = {i for i, m in columns.items() if m.kind == "money"}
    told = {i for line in grid[: last + 1] for i in money if i < len(line) and "万元" in line[i].text}
    above = any(re.search(r"单位.{0,6}万元", cell.text) for line in grid[: last + 1] for cell in line)
    return frozenset(money if above else told)


def _firsts(form: Form) -> tuple[str, ...]:
    return (form.first_column, "职业", "职业名称", "名称")


def _measures(form: Form, line: Sequence[SheetCell]) -> dict[int, Measure]:
    found = {i: form.find_measure(cell.text) for i, cell in enumerate(line[:MOST_COLUMNS])}
    return {i: measure for i, measure in found.items() if measure}


class _Rows:
    """Reads row after row and keeps what was right and what was not."""

    def __init__(
        self,
        form: Form,
        heads: Heads,
        shown: Mapping[str, Mapping[str, Cell]],
    ) -> None:
        self.form = form
        self.first_column = heads.first
        self.columns = heads.columns
        self.wan = {heads.columns[i].id for i in heads.wan}
        self.shown = shown
        self.rows: dict[str, dict[str, Cell]] = {}
        self.idle: set[str] = set()
        self.wrong: list[Wrong] = []
        self.named: list[str] = []

    def take(self, line: Sequence[SheetCell]) -> bool:
        """Read one row; False when the rows are over."""
        name_cell = line[self.first_column] if len(line) > self.first_column else SheetCell("")
        name = re.sub(r"\s", "", name_cell.text)
        if name.startswith(ENDS):
            return False
        cells = [(m, line[i]) for i, m in self.columns.items() if i < len(line) and line[i].kind != "empty"]
        occupation = self.form.find_occupation(name) if name else None
        if occupation is not None and occupation.name not in self.named:
            self._cleared(occupation.name, line)
        if all(is_dash(cell.text) for _, cell in cells) or _ROW_OF_DOTS.fullmatch(name):
            return True  # nothing in it, or dashes: not reported, which is not zero
        if occupation is None:
            leveled = bool(name) and self.form.of_level(name) is not None
            reason = "level" if leveled else "occupation" if name else "nameless"
            self.wrong.append(Wrong(name_cell.address, reason, name[:30]))
            return True
        if occupation.name in self.named:  # which of them is meant, or both together, is not ours to say
            self.wrong.append(Wrong(name_cell.address, "twice", occupation.name, occupation.name))
            self.rows.pop(occupation.name, None)
            self.idle.discard(occupation.name)
            return True
        self.named.append(occupation.name)
        if any(re.sub(r"\s", "", cell.text) in IDLE for _, cell in cells):
            self.idle.add(occupation.name)
            return True
        for measure, cell in cells:
            self._cell(occupation.name, measure, cell)
        return True

    def _cleared(self, occupation: str, line: Sequence[SheetCell]) -> None:
        """Note cells that showed something and came back empty: an empty cell changes nothing."""
        for i, measure in self.columns.items():
            before = self.shown.get(occupation, {}).get(measure.id)
            if before is not None and i < len(line) and line[i].kind == "empty":
                typed = measure.show(before)
                self.wrong.append(Wrong(line[i].address, "cleared", typed, occupation, measure.id))

    def _cell(self, occupation: str, measure: Measure, cell: SheetCell) -> None:
        try:
            value = self._value(measure, cell)
        except Refused as error:
            typed = cell.text.strip()[:20]
            self.wrong.append(Wrong(cell.address, error.reason, typed, occupation, measure.id))
        else:
            self.rows.setdefault(occupation, {})[measure.id] = value

    def _value(self, measure: Measure, cell: SheetCell) -> Cell:
        if cell.kind == "number":
            return self.form.check_number(measure, Decimal(cell.text), measure.id in self.wan)
        if cell.kind != "text":
            raise Refused("kind" if cell.kind == "other" else cell.kind, measure)
        if re.sub(r"\s", "", cell.text) in UNKNOWN:
            return "not_known"
        text = "0" if is_dash(cell.text) else cell.text
        return self.form.read_cell(
            measure, f"{text}万" if measure.id in self.wan and _bare_number(text) else text
        )
