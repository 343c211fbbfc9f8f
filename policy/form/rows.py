"""Figures typed or pasted as lines: which row, which cells, and what could not be placed.

A table pasted out of a spreadsheet (tabs between its cells) is read by its heads, as a file is.
Anything else goes line by line: `大数据 3 2 120 80 60 90000`, commas, names before the figures
(`大数据 人数 120 取证 80`), the name on a line of its own, several rows in one line, a head row
that says which column is which. A total row is left out and compared.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from policy.form.form import Form, Measure, Occupation
from policy.form.row_cells import LONGEST_CELL, MOST_LINES, is_crowded, is_value, parts, rows_of, whole_lines
from policy.form.sheet import ENDS, IDLE, MOST_COLUMNS, Heads, SheetCell, find_heads, quarter_in
from policy.reading.numbers import is_dash

TOTALS = frozenset("合计 总计 小计 共计 总数 合 计 总和".split())
_HEADS = frozenset("名称 职业 职业名称 专业 项目 序号 培训职业".split())
LONGEST_QUARTER = 40  # characters of a quarter before figures, blanks included
_NAMED = re.compile(r"^(\D+?)[:：=]?\s*([\d０-９].*|不掌握)$")
_QUARTER_FIRST = re.compile(
    r"^((?:20)?\d\d\s*年?\s*第?\s*(?:[1-4一二三四]\s*季度|[Qq][1-4])|第?[1-4一二三四]季度|[上本这](?:一)?个?季度?)"
    r"[\s:：,，的]*(?=\D|$)"
)


@dataclass(frozen=True)
class Line:
    """One line as read.

    `kind` is row: `cells` are measure id → figure as typed, for `occupation`; idle: 无业务; total: as
    row, without an occupation; head: names of columns; quarter: `text` names the quarter meant; form:
    the form's own title, head or foot; name: an occupation that is not known, `near` those like it;
    level: one level of `occupation`; count: figures that cannot be placed, `count` of `expected`,
    `missing` the measures without one; many: the text has more lines or cells than are read; other:
    none. `remark` is what stands behind a row's figures;
    `wan` tells that the amount's head says 万元.
    """

    kind: str
    text: str
    occupation: Occupation | None = None
    cells: dict[str, str] = field(default_factory=dict)
    near: tuple[str, ...] = ()
    count: int = 0
    expected: int = 0
    missing: tuple[Measure, ...] = ()
    remark: str = ""
    wan: bool = False


Columns = Sequence[Measure | None]


def read_lines(form: Form, text: str, rows: list[str]) -> list[Line]:
    """Every line of a text that is not empty. With one row only, its name need not be typed.

    Of a text with more lines or cells than are read the first ones are, and the last line is `many`.
    """
    many = [Line("many", "")] if is_crowded(text) else []
    if "\t" in text:
        grid = _grid(text)
        heads = find_heads(form, grid)
        if heads is not None:
            return _table(form, grid, heads) + many
    return list(_typed(form, text, rows)) + many


def are_figures(form: Form, text: str, rows: list[str]) -> bool:
    """Whether a text is figures and not a question: its first line names a row and goes on with a figure."""
    lines = [line for line in read_lines(form, text, rows) if line.kind not in ("head", "form", "quarter")]
    if not lines:
        return False
    if lines[0].kind != "other":
        return True
    return any(line.kind == "row" and len(line.cells) > 2 for line in lines)  # a title above the table


def only_rows(form: Form, text: str, rows: list[str]) -> bool:
    """Whether a text is nothing but rows that can be written: never an explanation."""
    kinds = {line.kind for line in read_lines(form, text, rows)} - {"head", "form", "quarter", "total"}
    return bool(kinds) and kinds <= {"row", "idle"}


def is_row(form: Form, line: str) -> bool:
    """Whether a line is a row of the form, perhaps without its name, whose every figure can be."""
    cells = bare_row(form, line)
    found = [Line("row", line, cells=cells)] if cells else read_lines(form, line, [])
    kinds = {one.kind for one in found}
    try:
        for one in found:
            for measure, typed in one.cells.items():
                form.read_cell(form.measure(measure), typed)
    except ValueError:
        return False
    return bool(kinds) and kinds <= {"row", "total"}


def bare_row(form: Form, text: str) -> dict[str, str] | None:
    """Measure id → figure as typed, of a text that is the six figures of a row without its name."""
    if "\n" in text.strip() or is_crowded(text):
        return None
    typed = parts(form, text)
    if len(typed) != len(form.measures) or not all(map(is_value, typed)):
        return None
    return _dashes_read({m.id: t for m, t in zip(form.measures, typed, strict=True)})


def quarter_named(form: Form, text: str, rows: list[str]) -> str | None:
    """The quarter that stands above or before figures, as it was typed."""
    return next((line.text for line in read_lines(form, text, rows) if line.kind == "quarter"), None)


def wrong_totals(form: Form, lines: list[Line]) -> list[tuple[Measure, int, int]]:
    """(measure, as the total row says, as the rows add up) where these differ, if all can be read."""
    totals = [line for line in lines if line.kind == "total"]
    if len(totals) != 1 or any(line.kind in ("name", "level", "count", "other") for line in lines):
        return []
    wrong, total = [], totals[0]
    for measure in form.measures:
        if measure.id not in total.cells:
            continue
        try:
            told = form.read_cell(measure, total.cells[measure.id])
            typed = [
                line.cells[measure.id] for line in lines if measure.id in line.cells and line is not total
            ]
            sum_ = sum(form.read_cell(measure, one) for one in typed)
        except ValueError:
            continue
        if told != sum_:
            wrong.append((measure, told, sum_))
    return wrong


# A table with tabs: by its heads


def _grid(text: str) -> list[list[SheetCell]]:
    lines = [raw.strip("\r\n").split("\t", MOST_COLUMNS)[:MOST_COLUMNS] for raw in text.splitlines()]
    cut = [[p.strip()[:LONGEST_CELL] for p in parts] for parts in lines[: 2 * MOST_LINES]]
    return [[SheetCell("", p, "text" if p else "empty") for p in parts] for parts in cut]


def _table(form: Form, grid: list[list[SheetCell]], heads: Heads) -> list[Line]:
    above = " ".join(cell.text for line in grid[: heads.last] for cell in line)
    named = quarter_in(above)
    found = [Line("quarter", named)] if named else []
    found.append(Line("head", "", wan=bool(heads.wan)))
    for line in grid[heads.last + 1 :]:
        texts = [cell.text for cell in line]
        name = texts[heads.first] if len(texts) > heads.first else ""
        bare = re.sub(r"\s", "", name)
        if bare.startswith(ENDS) and bare not in TOTALS:
            break
        typed = {m.id: texts[i] for i, m in heads.columns.items() if i < len(texts) and texts[i]}
        if typed and not all(map(is_dash, typed.values())):
            found.append(_row_of_table(form, bare, heads.in_yuan(_dashes_read(typed))))
    return found


def _dashes_read(typed: dict[str, str]) -> dict[str, str]:
    """With 0 for a dash that stands among figures."""
    return {m: "0" if is_dash(text) else text for m, text in typed.items()}


def _row_of_table(form: Form, name: str, cells: dict[str, str]) -> Line:
    if name in TOTALS:
        return Line("total", name, None, cells)
    occupation = form.find_occupation(name) if name else None
    if occupation is None:
        return _unknown(form, name) if name else Line("other", " ".join(cells.values())[:30])
    if any(re.sub(r"\s", "", typed) in IDLE for typed in cells.values()):
        return Line("idle", name, occupation)
    return Line("row", name, occupation, cells)


def _unknown(form: Form, name: str) -> Line:
    if leveled := form.of_level(name):
        return Line("level", name[:20], leveled)
    return Line("name", name[:20], near=tuple(form.near_occupations(name)))


# Anything else: line by line


def _typed(form: Form, text: str, rows: list[str]) -> Iterator[Line]:
    columns: Columns | None = None
    heads: list[Measure] = []
    for raw in whole_lines(form, text):
        raw = raw.lstrip()
        if quarter := _QUARTER_FIRST.match(raw[:LONGEST_QUARTER]):
            yield Line("quarter", quarter[1].strip())
            raw = raw[quarter.end() :]
            if not re.sub(r"[\W_]|情况表|报表|数据?", "", raw):
                continue
        for cells in rows_of(form, parts(form, raw)):
            head = _head(form, cells)
            if head is not None:
                # A head on two lines has lost its columns; the form's own order is the only one left.
                heads += [m for m in head if m]
                columns = None if len(heads) >= len(form.measures) and columns else head or None
                yield Line("head", raw.strip())
            else:
                yield _line(form, raw, cells, columns, rows)


def _head(form: Form, cells: list[str]) -> Columns | None:
    """The columns after the name, when the line is the head of a table; None when it is not.

    Empty when the columns stand in the form's order, or are not told.
    """
    if not cells or any(re.search(r"\d", p) for p in cells):
        return None
    first = next((i for i, p in enumerate(cells) if p and p not in _HEADS), len(cells))
    if first == 0 and not _measure(form, cells[0]):
        first = 1  # some other name for the first column
    named = [_measure(form, p) for p in cells[first:]]
    if cells[0] in _HEADS or (form.find_occupation(cells[0]) is None and sum(map(bool, named)) > 1):
        in_order = len(named) == len(form.measures) and all(
            m is None or m is form.measures[i] for i, m in enumerate(named)
        )
        once = len({m.id for m in named if m}) == sum(map(bool, named))
        return named if once and any(named) and not in_order else []
    return None


def _measure(form: Form, text: str) -> Measure | None:
    return form.find_measure(text) if text else None


def _line(form: Form, raw: str, given: list[str], columns: Columns | None, rows: list[str]) -> Line:
    shown = " ".join(raw.split())[:30]
    name = given[0].strip(":：") if given else ""
    plain = unicodedata.normalize("NFKC", name)
    rest = given[1:]
    if plain in TOTALS or (plain == "合" and rest[:1] == ["计"]):
        cells = _cells(form, rest[1:] if plain == "合" else rest, columns)
        return Line("total", shown, None, cells if isinstance(cells, dict) else {})
    if _of_the_form(form, raw, plain):
        quarter = quarter_in(raw)
        return Line("quarter", quarter) if quarter else Line("form", shown)
    occupation = form.find_occupation(plain)
    if occupation is None and len(rows) == 1 and _measure(form, plain):
        occupation, rest = form.find_occupation(rows[0]), given
    if occupation is None:
        return _nameless(form, plain, rest, shown)
    if len(rest) == 1 and re.sub(r"\s", "", rest[0]) in IDLE:
        return Line("idle", shown, occupation)
    if rest and rest[0] in ("初级", "中级", "高级") and any(map(is_value, rest)):
        return Line("level", f"{plain}{rest[0]}", occupation)
    if not rest or not (is_value(rest[0]) or _named(form, rest) or (rest[0] == "" and any(rest))):
        return Line("other", shown, occupation)
    cells = _cells(form, rest, columns)
    if isinstance(cells, dict):
        return Line("row", shown, occupation, cells, remark=_remark(form, rest, columns))
    expected = len(columns) if columns else len(form.measures)
    missing = () if columns else form.measures[cells:]
    return Line("count", shown, occupation, count=cells, expected=expected, missing=missing)


def _of_the_form(form: Form, raw: str, first: str) -> bool:
    """Whether a line is one of the form that holds no figures: title, head, foot or note."""
    bare = re.sub(r"\s", "", raw)
    return (
        form.title in bare
        or bare.startswith(("附件", *form.head, "填报单位", "填报期", *ENDS))
        or (first.startswith(".") and not bare.strip(".…。"))
    )


def _nameless(form: Form, name: str, rest: list[str], shown: str) -> Line:
    figures = sum(map(is_value, rest))
    if figures > 3 or (figures and len(rest) == len(form.measures)):
        return _unknown(form, name)
    if figures and form.of_level(name):
        return _unknown(form, name)
    return Line("other", shown)


def _cells(form: Form, typed: list[str], columns: Columns | None) -> dict[str, str] | int:
    """Measure id → figure as typed; or how many figures there are when they cannot be placed."""
    named = _named(form, typed)
    if named is not None:
        return named
    wanted: Columns = columns or form.measures
    figures = typed
    if len(typed) > len(wanted) and not any(map(is_value, typed[len(wanted) :])):
        figures = typed[: len(wanted)]  # 备注 behind the figures
    if len(figures) != len(wanted):
        return len(figures)
    return _dashes_read({m.id: t for m, t in zip(wanted, figures, strict=True) if m and t})


def _remark(form: Form, typed: list[str], columns: Columns | None) -> str:
    if _named(form, typed) is not None:
        return ""
    return " ".join(typed[len(columns or form.measures) :])[:60]


def _named(form: Form, typed: list[str]) -> dict[str, str] | None:
    """Figures each behind the name of its measure; None when any has none."""
    pairs = list(_pairs(form, typed))
    if not pairs or any(measure is None for measure, _ in pairs):
        return None
    return {measure.id: figure for measure, figure in pairs if measure}


def _pairs(form: Form, typed: list[str]) -> Iterator[tuple[Measure | None, str]]:
    waiting: Measure | None = None
    for part in typed:
        if waiting is not None:
            yield waiting, part
            waiting = None
        elif measure := _measure(form, part):
            waiting = measure
        elif (both := _NAMED.match(part)) and (measure := _measure(form, both[1])):
            yield measure, both[2]
        else:
            yield None, part
    if waiting is not None:
        yield None, ""


def twice(form: Form, lines: list[Line]) -> dict[str, dict[str, str] | None]:
    """Occupations for which lines differ: name → the lines added up, None where they cannot be."""
    found: dict[str, list[Line]] = {}
    for line in lines:
        if line.kind in ("row", "idle") and line.occupation:
            found.setdefault(line.occupation.name, []).append(line)
    return {
        name: _added(form, same) for name, same in found.items() if len(same) > 1 and not _agree(form, same)
    }


def _agree(form: Form, lines: list[Line]) -> bool:
    if any(line.kind == "idle" for line in lines):
        return all(line.kind == "idle" for line in lines)
    said: dict[str, set[str]] = {}
    for line in lines:
        for measure, typed in line.cells.items():
            said.setdefault(measure, set()).add(typed)
    return all(len(values) == 1 for values in said.values())


def _added(form: Form, lines: list[Line]) -> dict[str, str] | None:
    sums: dict[str, str] = {}
    for measure in form.measures:
        try:
            sums[measure.id] = measure.show(
                sum(form.read_cell(measure, line.cells.get(measure.id, "")) for line in lines)
            ).replace(",", "")
        except ValueError:
            return None
    return sums
