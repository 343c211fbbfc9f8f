"""Figures typed or pasted as lines: which row, which cells, and what could not be placed.

Takes `大数据 3 2 120 80 60 90000`, the same with tabs out of a spreadsheet (an empty cell stays
empty), commas, names before the figures (`大数据 人数 120 取证 80`), a head row that says which
column is which, and a total row, which is left out and compared.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from policy.figures import NotAFigure, looks_like_figure, read_figure
from policy.form import Form, Measure, Occupation

TOTALS = frozenset("合计 总计 小计 共计 总数 合 计 总和".split())
IDLE = frozenset("无业务 没有业务 本职业无业务 没开班 未开班 没开展 未开展".split())
_HEADS = frozenset("名称 职业 职业名称 专业 项目 序号 培训职业".split())
_UNIT = re.compile("个班|元整|块钱|个|人|名|位|元|块")  # alone behind a figure; 班次 begins the next one
_GROUPED = re.compile(r"(?<=\d)[,，](?=\d{3}(?!\d))")
_NAMED = re.compile(r"^(\D+?)[:：=]?\s*([\d０-９.].*|不掌握)$")
_NUMBERED = re.compile(r"^\d{1,2}[.、)）]?$")


@dataclass(frozen=True)
class Line:
    """One line as read.

    `kind` is row: `cells` are measure id → figure as typed, for `occupation`; idle: 无业务; total: as
    row, without an occupation; head: names of columns; name: an occupation that is not known, `near`
    those like it; count: too few or too many figures, `missing` the measures without one; other: none.
    """

    kind: str
    text: str
    occupation: Occupation | None = None
    cells: dict[str, str] = field(default_factory=dict)
    near: tuple[str, ...] = ()
    count: int = 0
    missing: tuple[Measure, ...] = ()


def read_lines(form: Form, text: str, rows: list[str]) -> list[Line]:
    """Every line of a text that is not empty. With one row only, its name need not be typed."""
    found: list[Line] = []
    columns: list[Measure | None] | None = None
    for raw in text.splitlines():
        if not raw.strip():
            continue
        parts = _parts(raw)
        head = _head(form, parts)
        if head is not None:
            columns = head or None
            found.append(Line("head", raw.strip()))
        else:
            found.append(_line(form, raw, parts, columns, rows))
    return found


def are_figures(form: Form, text: str, rows: list[str]) -> bool:
    """Whether a text is figures and not a question: its first line names a row and goes on with a figure."""
    lines = read_lines(form, text, rows)
    if not lines:
        return False
    if lines[0].kind != "other":
        return any(line.kind != "head" for line in lines)
    return any(line.kind == "row" and len(line.cells) > 2 for line in lines)  # a title above the table


def wrong_totals(form: Form, lines: list[Line]) -> list[tuple[Measure, int, int]]:
    """(measure, as the total row says, as the rows add up) where these differ, if all can be read."""
    totals = [line for line in lines if line.kind == "total"]
    if len(totals) != 1 or any(line.kind in ("name", "count", "other") for line in lines):
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


def _parts(raw: str) -> list[str]:
    """The cells of a line; only tabs leave empty ones between them."""
    if "\t" in raw:
        parts = [p.strip() for p in raw.strip("\r\n").split("\t")]
        while parts and not parts[-1]:
            parts.pop()
        while parts and not parts[0]:
            parts.pop(0)
    else:
        plain = re.sub("[:：]", " ", raw).strip()
        if not re.search(r"[\s、;；|]", plain) and len(re.findall("[,，]", plain)) > 4:
            parts = re.split("[,，]", plain)  # a line of CSV
        else:
            parts = re.split(r"[\s\u3000、，;；|]+", _GROUPED.sub(",", plain))
        parts = [p.strip(",") for p in parts if p.strip(",")]
    joined: list[str] = []
    for part in parts:
        if joined and _UNIT.fullmatch(part) and looks_like_figure(joined[-1]):
            joined[-1] += part  # 90000 元
        else:
            joined.append(part)
    if len(joined) > 1 and _NUMBERED.match(joined[0]) and not looks_like_figure(joined[1]):
        joined.pop(0)  # a column of running numbers
    return joined


def _head(form: Form, parts: list[str]) -> list[Measure | None] | None:
    """The columns after the name, when the line is the head of a table; None when it is not.

    Empty when the columns stand in the form's order, or are not told.
    """
    if not parts or any(re.search(r"\d", p) for p in parts):
        return None
    first = 0 if _measure(form, parts[0]) else 1  # the head of the first column may be missing
    named = [_measure(form, p) for p in parts[first:]]
    if parts[0] in _HEADS or (form.find_occupation(parts[0]) is None and sum(map(bool, named)) > 1):
        in_order = len(named) == len(form.measures) and all(
            m is None or m is form.measures[i] for i, m in enumerate(named)
        )
        once = len({m.id for m in named if m}) == sum(map(bool, named))
        return named if once and any(named) and not in_order else []
    return None


def _measure(form: Form, text: str) -> Measure | None:
    return form.find_measure(text) if text else None


def _line(
    form: Form, raw: str, parts: list[str], columns: list[Measure | None] | None, rows: list[str]
) -> Line:
    shown = " ".join(raw.split())[:30]
    name = parts[0].rstrip("：:") if parts else ""
    plain = unicodedata.normalize("NFKC", name)
    rest = parts[1:]
    if plain in TOTALS or (plain == "合" and rest[:1] == ["计"]):
        cells = _cells(form, rest[1:] if plain == "合" else rest, columns)
        return Line("total", shown, None, cells if isinstance(cells, dict) else {})
    occupation = form.find_occupation(plain)
    if occupation is None and len(rows) == 1 and _measure(form, plain):
        occupation, rest = form.find_occupation(rows[0]), parts
    if occupation is None:
        figures = sum(map(_is_value, rest))
        if figures > 3 or (figures and len(rest) == len(form.measures)):
            return Line("name", plain[:20], near=tuple(form.near_occupations(plain)))
        return Line("other", shown)
    if len(rest) == 1 and rest[0] in IDLE:
        return Line("idle", shown, occupation)
    if not rest or not (_is_value(rest[0]) or _named(form, rest) or (rest[0] == "" and any(rest))):
        return Line("other", shown, occupation)
    cells = _cells(form, rest, columns)
    if isinstance(cells, dict):
        return Line("row", shown, occupation, cells)
    return Line("count", shown, occupation, count=cells, missing=form.measures[cells:])


def _is_value(text: str) -> bool:
    return looks_like_figure(text) or text in ("不掌握", "未掌握")


def _cells(form: Form, typed: list[str], columns: list[Measure | None] | None) -> dict[str, str] | int:
    """Measure id → figure as typed; or how many figures there are when they cannot be placed."""
    named = _named(form, typed)
    if named is not None:
        return named
    if columns:
        return {m.id: t for m, t in zip(columns, typed, strict=False) if m and t}
    figures = typed
    if len(typed) > len(form.measures) and not any(map(_is_value, typed[len(form.measures) :])):
        figures = typed[: len(form.measures)]  # 备注 behind the figures
    if len(figures) != len(form.measures):
        return len(figures)
    return {m.id: t for m, t in zip(form.measures, figures, strict=True) if t}


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


_CHANGE = re.compile(r"^(?:请?(?:把|将)?)?(?:改|修改|更正|改动|修正)?\s*(?P<what>.*?)\s*$")
_TO = re.compile(r"\s*(?:改成|改为|改到|更正为|应该是|应为|是|为|=|：|:)\s*(?=\S)")


def read_change(form: Form, text: str, rows: list[str]) -> tuple[str, Measure | None, str | None] | None:
    """A cell or a row named to be changed: (occupation, measure, figure as typed); None for anything else.

    `改 大数据`, `大数据 已培训人数`, `把大数据的人数改成130`; with one row only it need not be named.
    """
    plain = unicodedata.normalize("NFKC", text).strip().rstrip("。.")
    if len(plain) > 40 or "\n" in plain or plain.endswith(("?", "吗", "呢")):
        return None
    wanted = _CHANGE.match(plain)
    what, *to = _TO.split(wanted["what"] if wanted else plain, maxsplit=1)
    asked = what != plain or bool(to)
    occupation, rest = _begins_with(form, what, rows)
    if occupation is None:
        if len(rows) != 1 or not asked:
            return None
        occupation, rest = rows[0], what
    figure = to[0] if to else None
    rest = re.sub(r"^[\s的]+|\s+$", "", rest)
    if figure is None and (found := re.match(r"^(\D+?)\s*([\d.][\d,.]*\D{0,3})$", rest)):
        rest, figure = found[1].strip(), found[2]
    measure = _measure(form, rest)
    if rest and measure is None:
        return None
    if figure is not None:
        try:
            read_figure(figure)
        except NotAFigure:
            return None
        if measure is None:
            return None
    named = measure is not None and (" " in what or len(rest) > 3)
    if figure is None and not asked and not named:
        return None  # just the name of an occupation, or a question that begins with it
    return occupation, measure, figure


def _begins_with(form: Form, text: str, rows: list[str]) -> tuple[str | None, str]:
    names = sorted(
        ((name, o.name) for o in form.occupations for name in (o.full, o.name, *o.aliases)),
        key=lambda pair: -len(pair[0]),
    )
    for name, key in names:
        if key in rows and text.upper().startswith(name.upper()):
            return key, text[len(name) :]
    return None, text
