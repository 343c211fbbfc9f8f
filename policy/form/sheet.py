"""The form as it comes back in a file: a grid of cells read by the rules of the dialog. No I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal

from policy.form.form import Cell, Form, Measure, Refused
from policy.form.quarter_words import Told, read_told
from policy.reading.numbers import is_dash, is_figure, is_none

MOST_ROWS = 200  # rows looked at; the form has a dozen
MOST_COLUMNS = 40

_INSTITUTION = re.compile(r"填报单位[^:：]{0,8}[:：]\s*")
_INSTITUTION_ENDS = re.compile(r"\s{2,}|填报时间|\n|$")
FOOT = ("填表人", "联系电话", "备注", "注：", "注:", "说明", "金额单位", "口径", "本季度无培训")
TOTALS = frozenset("合计 总计 小计 共计 总数 合 计 总和".split())
_ROW_OF_DOTS = re.compile(r"[.…。·\s]+")
_OWN_UNIT = re.compile("[万亿wW元块]")
UNKNOWN = frozenset("不掌握 不知道 不清楚 未掌握".split())
IDLE = frozenset("无业务 没有业务 本职业无业务 没开班 未开班 没开展 未开展".split())
_FIRSTS = ("职业", "职业名称", "名称")
LEVEL = re.compile("(?:初级|中级|高级)(?:班|证|证书)?")
NUMBERING = frozenset("序号 编号 # no no. 序".split())


def is_total(name: str) -> bool:
    """Return whether a row's name says that it is the others added up."""
    bare = re.sub(r"[（(].*", "", re.sub(r"\s", "", name)).rstrip(":：")
    return bare in TOTALS


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

    reason: as `Refused`, or formula, error, kind, dash (not filled, which is not 0), cleared (`typed` is
    what the form showed there), kept (the draft was changed since; `typed` is what the file says). Of a
    row: occupation (unknown), level (of an occupation), twice, nameless, continued (rows without a name
    below one), dashes (nothing but dashes), idle (无业务 beside figures), table (another table begins).
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
    idle: frozenset[str] = frozenset()  # rows shown as 无业务


@dataclass(frozen=True)
class WrongTotal:
    """A cell of the total row that differs from the rows added up."""

    measure: str
    told: int
    added: int


@dataclass(frozen=True)
class FormFile:
    """A form read from a file: the cells that are right, and what is wrong with the others.

    `said` is what the title and the head tell of the quarter, `sheet` and `file` are what those are
    called; `named` are the occupations with anything in their row, right or wrong; `absent` the measures
    whose column was not found, `unread` the heads of other columns that hold something; `wan` tells that
    the amounts were in 万元, `totals` how many total rows were left out, `wrong_totals` where one does
    not add up.
    """

    institution: str
    said: Told
    rows: dict[str, dict[str, Cell]]
    idle: frozenset[str]  # 无业务 written into the row
    wrong: tuple[Wrong, ...]
    base: Base | None = None
    named: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    wan: bool = False
    totals: int = 0
    wrong_totals: tuple[WrongTotal, ...] = ()
    sheet: str = ""
    file: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all was written into it."""
        return not (self.rows or self.idle or self.wrong)

    def compared(self, now: Mapping[str, Mapping[str, Cell]]) -> Compared:
        """Return what the file changes, given what the draft holds now.

        A cell that still is as the form showed it restores one that is empty now, and gives way to one
        that was changed since.
        """
        before = self.base.rows if self.base else {}
        fresh: dict[str, dict[str, Cell]] = {}
        kept: list[tuple[str, str, Cell]] = []
        same = 0
        for occupation, row in self.rows.items():
            for measure, cell in row.items():
                here = now.get(occupation, {}).get(measure)
                untouched = measure in before.get(occupation, {}) and before[occupation][measure] == cell
                if here == cell:
                    same += 1
                elif untouched and here is not None:
                    kept.append((occupation, measure, cell))
                else:
                    fresh.setdefault(occupation, {})[measure] = cell
        return Compared(fresh, tuple(kept), same)

    def without_base(self) -> FormFile:
        """Return it as a form of one's own: every cell counts, whatever it was handed out for."""
        wrong = tuple(w for w in self.wrong if w.reason != "cleared")
        return replace(self, base=None, wrong=wrong)


@dataclass(frozen=True)
class Compared:
    """A file beside a draft: the cells it changes, those the draft `kept`, and how many are the same."""

    fresh: dict[str, dict[str, Cell]]
    kept: tuple[tuple[str, str, Cell], ...]
    same: int


def read_form(
    form: Form,
    grid: Sequence[Sequence[SheetCell]],
    base: Base | None = None,
    sheet: str = "",
    file: str = "",
) -> FormFile | None:
    """The form that a grid holds; None when its column heads are not to be found."""
    heads = find_heads(form, grid)
    if heads is None:
        return None
    above = [cell.text.strip() for line in grid[: heads.last] for cell in line if cell.text.strip()]
    lines = [" ".join(cell.text.strip() for cell in line) for line in grid[: heads.last]]
    named = next((name for text in above if (name := _institution_in(text)) is not None), "")
    reader = _Rows(form, heads, base.rows if base else {})
    for line in grid[heads.last + 1 :]:
        if not reader.take(line):
            break
    totals, wrong_totals = reader.finish()
    there = {m.id for m in heads.columns.values()}
    return FormFile(
        named,
        read_told(text.replace(named, "") if named else text for text in lines),
        reader.rows,
        frozenset(reader.idle),
        tuple(reader.wrong),
        base,
        tuple(reader.named),
        tuple(m.id for m in form.measures if m.id not in there),
        _unread(grid[heads.last], grid[heads.last - 1] if heads.last else (), reader.others),
        bool(heads.wan),
        totals,
        tuple(wrong_totals),
        sheet,
        file,
    )


def _institution_in(text: str) -> str | None:
    found = _INSTITUTION.search(text)
    if found is None:
        return None
    ends = _INSTITUTION_ENDS.search(text, found.end())
    return text[found.end() : ends.start() if ends else None].strip()


def _unread(
    heads: Sequence[SheetCell], above: Sequence[SheetCell], others: Mapping[int, str]
) -> tuple[str, ...]:
    """What the columns are called that hold something and are none of the form's."""
    found = []
    for column, address in sorted(others.items()):
        texts = [line[column].text.strip() for line in (heads, above) if column < len(line)]
        name = next((text for text in texts if text), "")
        if name.lower() not in NUMBERING:
            found.append(name[:20] or re.sub(r"[0-9]", "", address))
    return tuple(found)


def is_ours(form: Form, grid: Sequence[Sequence[SheetCell]]) -> bool:
    """Whether a grid bears the form's title, so that it was meant to be the form."""
    return any(form.title in re.sub(r"\s", "", cell.text) for line in grid[:5] for cell in line)


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
    return (form.first_column, *_FIRSTS)


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
        self.others: dict[int, str] = {}  # a column that is none of the form's → its first cell
        self._totals: list[dict[str, Cell]] = []
        self._above: str | None = None  # the occupation of the row above, if that has a name
        self._nameless: list[tuple[str, str | None, dict[str, Cell]]] = []

    def take(self, line: Sequence[SheetCell]) -> bool:
        """Read one row; False when another table begins."""
        name_cell = line[self.first_column] if len(line) > self.first_column else SheetCell("")
        name = re.sub(r"\s", "", name_cell.text)
        if re.sub(r"\s", "", next((c.text for c in line if c.text.strip()), "")).startswith(FOOT):
            return True
        cells = [(m, line[i]) for i, m in self.columns.items() if i < len(line) and line[i].kind != "empty"]
        if name in _firsts(self.form):
            return self._head(name_cell, cells)
        if is_total(name):
            self._totals.append(self._read(cells))
            return True
        occupation = self.form.find_occupation(name) if name else None
        if occupation is not None and occupation.name not in self.named:
            self._cleared(occupation.name, line)
        if not cells or (_ROW_OF_DOTS.fullmatch(name) and all(is_dash(c.text) for _, c in cells)):
            self._above = occupation.name if occupation else self._above
            return True
        for i, cell in enumerate(line):
            if i != self.first_column and i not in self.columns and cell.kind != "empty":
                self.others.setdefault(i, cell.address)
        level = any(LEVEL.fullmatch(re.sub(r"\s", "", c.text)) for i, c in enumerate(line) if self._other(i))
        if occupation is None:
            self._unnamed(name_cell.address or cells[0][1].address, name, cells, level)
            return True
        self._above = occupation.name
        self._occupation(occupation.name, name_cell.address, cells, level)
        return True

    def _other(self, column: int) -> bool:
        return column not in self.columns and column != self.first_column

    def _head(self, name_cell: SheetCell, cells: list[tuple[Measure, SheetCell]]) -> bool:
        """The heads again, as on a new page; other heads belong to another table, which is not read."""
        if all(self.form.find_measure(cell.text) is m for m, cell in cells):
            return True
        self.wrong.append(Wrong(name_cell.address, "table"))
        return False

    def _unnamed(self, address: str, name: str, cells: list[tuple[Measure, SheetCell]], level: bool) -> None:
        """A row whose name is none of the form's, or that has none."""
        bare = "" if _ROW_OF_DOTS.fullmatch(name) else name
        if bare:
            leveled = self.form.of_level(bare) is not None
            self.wrong.append(Wrong(address, "level" if leveled else "occupation", bare[:30]))
            self._above = None
        elif not all(self.form.find_measure(cell.text) for _, cell in cells):
            above = self._above if not name else None
            if level and above is not None:
                self._drop(above, "level", address)
            self._nameless.append((address, above, self._read(cells)))

    def _occupation(
        self, name: str, address: str, cells: list[tuple[Measure, SheetCell]], level: bool
    ) -> None:
        if name in self.named:  # which of them is meant, or both together, is not ours to say
            self._drop(name, "level" if level else "twice", address)
            return
        self.named.append(name)
        if level:
            self._drop(name, "level", address)
            return
        if all(is_dash(cell.text) for _, cell in cells):
            self.wrong.append(Wrong(address, "dashes", name, name))
            return
        if any(re.sub(r"\s", "", cell.text) in IDLE for _, cell in cells):
            if any(isinstance(cell, int) and cell for cell in self._read(cells).values()):
                self._drop(name, "idle", address)
            else:
                self.idle.add(name)
            return
        for measure, cell in cells:
            self._cell(name, measure, cell)

    def _drop(self, name: str, reason: str, address: str) -> None:
        """Take nothing of an occupation, and say so once for each reason."""
        self.rows.pop(name, None)
        self.idle.discard(name)
        self.wrong = [w for w in self.wrong if not (w.occupation == name and w.measure)]
        if not any((w.reason, w.occupation) == (reason, name) for w in self.wrong):
            self.wrong.append(Wrong(address, reason, name, name))

    def finish(self) -> tuple[int, list[WrongTotal]]:
        """How many total rows there were, and where the one there is does not add up.

        A row without a name that is the others added up is a total; any other leaves it open whose
        figures it holds, so the row above it is not taken either.
        """
        leveled = {w.occupation for w in self.wrong if w.reason == "level"}
        for address, above, cells in self._nameless:
            if len(self.rows) > 1 and cells and cells == self._added(cells) and not self._unsure:
                self._totals.append(cells)
            elif above is None:
                self.wrong.append(Wrong(address, "nameless"))
            elif above not in leveled:
                self._drop(above, "continued", address)
        if len(self._totals) != 1 or self._unsure:
            return len(self._totals), []
        told = self._totals[0]
        added = self._added(told)
        return 1, [
            WrongTotal(m, cell, sum_)
            for m, cell in told.items()
            if isinstance(cell, int) and isinstance(sum_ := added.get(m), int) and sum_ != cell
        ]

    @property
    def _unsure(self) -> bool:
        """Whether a row was left out, so that nothing can be said of totals."""
        return any(not w.measure for w in self.wrong)

    def _added(self, cells: Mapping[str, Cell]) -> dict[str, Cell]:
        """The rows added up in these columns, as far as each of their cells is a number or empty."""
        doubtful = {w.measure for w in self.wrong}
        found: dict[str, Cell] = {}
        for measure in cells:
            column = [row[measure] for row in self.rows.values() if measure in row]
            numbers = [cell for cell in column if isinstance(cell, int)]
            if len(numbers) == len(column) and measure not in doubtful:
                found[measure] = sum(numbers)
        return found

    def _read(self, cells: list[tuple[Measure, SheetCell]]) -> dict[str, Cell]:
        """The cells that can be read."""
        found: dict[str, Cell] = {}
        for measure, cell in cells:
            try:
                if not is_dash(cell.text):
                    found[measure.id] = self._value(measure, cell)
            except Refused:
                continue
        return found

    def _cleared(self, occupation: str, line: Sequence[SheetCell]) -> None:
        """Note cells that showed something and came back empty: an empty cell changes nothing."""
        for i, measure in self.columns.items():
            before = self.shown.get(occupation, {}).get(measure.id)
            if before is not None and i < len(line) and line[i].kind == "empty":
                typed = measure.show(before)
                self.wrong.append(Wrong(line[i].address, "cleared", typed, occupation, measure.id))

    def _cell(self, occupation: str, measure: Measure, cell: SheetCell) -> None:
        if is_dash(cell.text):
            self.wrong.append(Wrong(cell.address, "dash", cell.text.strip()[:5], occupation, measure.id))
            return
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
        in_wan = measure.id in self.wan and _bare_number(cell.text)
        return self.form.read_cell(measure, f"{cell.text}万" if in_wan else cell.text)
