"""Figures typed or pasted as lines: which row, which cells, and what could not be placed.

A table pasted out of a spreadsheet (tabs between its cells) is read by its heads, as a file is.
Anything else goes line by line: `大数据 3 2 120 80 60 90000`, commas, names before the figures
(`大数据 人数 120 取证 80`), the name on a line of its own, several rows in one line, a head row
that says which column is which. A total row is left out and compared.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace

from policy.form.form import Form, Measure, Occupation
from policy.form.line import Line
from policy.form.line_cells import Columns, by_name, measure_called, placed, remark_behind
from policy.form.quarter_words import Named, leading, read_told
from policy.form.row_cells import (
    LONGEST_CELL,
    MOST_LINES,
    is_all_zero,
    is_crowded,
    is_idle,
    is_value,
    parts,
    regrouped,
    rows_of,
    whole_lines,
)
from policy.form.sheet import (
    FOOT,
    IDLE,
    LEVEL,
    MOST_COLUMNS,
    NUMBERING,
    UNKNOWN,
    Heads,
    SheetCell,
    find_heads,
    is_total,
)
from policy.form.worded_row import read_worded
from policy.reading.numbers import is_dash, is_number

_HEADS = frozenset("名称 职业 职业名称 专业 项目 序号 培训职业".split())
_CORRECTED = re.compile("不对|打错了|说错了|写错了|错了|更正")
_INSTEAD = re.compile(r"^([^0-9０-９]*?)(?:应该是|应为|改成|改为|应是|是|为|[:：=])?\s*([^\s是为]+)$")
LONGEST_CORRECTION = 30  # characters
_PREFACE = re.compile("[不没别除非和与跟及同每按]|上季|去年|上年|计划|预计")
_NONE_OF_THEM = re.compile(
    r"^(?:我们|俺们?|咱们?|我校)?(.+?)(?:[本这]个?季度?)?((?:都|全都?|均|也)?(?:没|未|无|一个班).*)$"
)
_ALIKE = re.compile(r"^(.+?)(?:[跟和与及])(.+?)(?:都是|均为|都为|各是|都|各)$")
TEXTS_KEPT = 16
LINES_SEEN = 20  # lines read of a text that has too many to be taken
LONGEST_PAIR = 40  # characters of two occupations that are alike
MOST_INSIDE = 40  # cells of a line in which a name that is not the first is looked for
LONGEST_PREFACE = 12  # characters before a row that say nothing of it: 领导让报


def read_lines(form: Form, text: str, rows: list[str]) -> list[Line]:
    """Every line of a text that is not empty. With one row only, its name need not be typed.

    Of a text with more lines or cells than are taken the first ones tell what it is, and the last line is
    `many`.
    """
    key = (text, rows[0] if len(rows) == 1 else "")
    found: tuple[Line, ...] | None = form.texts_read.get(key)
    if found is None:
        if len(form.texts_read) >= TEXTS_KEPT:
            form.texts_read.clear()
        found = form.texts_read[key] = tuple(_lines_in(form, text, rows))
    return list(found)


def _lines_in(form: Form, text: str, rows: list[str]) -> list[Line]:
    many = [Line("many", "")] if is_crowded(text) else []
    if many:
        text = "\n".join(text.splitlines()[:LINES_SEEN])
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
    typed = regrouped(form, parts(form, text), form.measures)
    if len(typed) != len(form.measures) or not all(map(is_value, typed)):
        return None
    return {m.id: t for m, t in zip(form.measures, typed, strict=True) if not is_dash(t)}


def quarter_named(form: Form, text: str, rows: list[str]) -> Named | None:
    """The quarter that stands above or before figures."""
    return next((line.named for line in read_lines(form, text, rows) if line.named is not None), None)


# A table with tabs: by its heads


def _grid(text: str) -> list[list[SheetCell]]:
    lines = [raw.strip("\r\n").split("\t", MOST_COLUMNS)[:MOST_COLUMNS] for raw in text.splitlines()]
    cut = [[p.strip()[:LONGEST_CELL] for p in parts] for parts in lines[: 2 * MOST_LINES]]
    return [[SheetCell("", p, "text" if p else "empty") for p in parts] for parts in cut]


def _table(form: Form, grid: list[list[SheetCell]], heads: Heads) -> list[Line]:
    above = [" ".join(cell.text for cell in line) for line in grid[: heads.last]]
    found = [Line("quarter", n.words, named=n) for n in read_told(above).named if n.back != 0][:1]
    found.append(Line("head", "", wan=bool(heads.wan)))
    before, others = "", set[int]()
    for line in grid[heads.last + 1 :]:
        texts = [cell.text for cell in line]
        name = texts[heads.first] if len(texts) > heads.first else ""
        bare = re.sub(r"\s", "", name)
        first = next((text for text in texts if text), "")
        typed = {m.id: texts[i] for i, m in heads.columns.items() if i < len(texts) and texts[i]}
        if re.sub(r"\s", "", first).startswith(FOOT):
            continue
        if typed and all(form.find_measure(text) for text in typed.values()):
            continue  # the heads again
        apart = [i for i in range(len(texts)) if texts[i] and i != heads.first and i not in heads.columns]
        level = any(LEVEL.fullmatch(texts[i]) for i in apart)
        if typed:
            others.update(i for i in apart if not LEVEL.fullmatch(texts[i]))
            found.append(_row_of_table(form, bare, before, level, heads, typed))
        before = bare or before
    for i in sorted(others):
        told = [line[i].text for line in grid[heads.last :: -1][:2] if i < len(line) and line[i].text]
        if (told[0] if told else "").lower() not in NUMBERING:
            found.append(Line("unread", told[0][:20] if told else ""))
    return found


def _row_of_table(
    form: Form, name: str, before: str, level: bool, heads: Heads, typed: dict[str, str]
) -> Line:
    """A row by its heads; `before` is the name that stands last above one without a name."""
    if is_total(name):
        return Line("total", name, None, heads.in_yuan(_without_dashes(typed)))
    occupation = form.find_occupation(name or before)
    if occupation is None:
        return _unknown(form, name) if name else Line("other", " ".join(typed.values())[:30])
    if level:
        return Line("level", occupation.name, occupation)
    if not name:
        return Line("continued", " ".join(typed.values())[:30], occupation)
    if any(re.sub(r"\s", "", text) in IDLE for text in typed.values()):
        figures = any(is_value(text) and not is_dash(text) and text != "0" for text in typed.values())
        return Line("both" if figures else "idle", name, occupation)
    return _row(form, name, occupation, heads.in_yuan(typed))


def _row(form: Form, shown: str, occupation: Occupation, typed: dict[str, str], remark: str = "") -> Line:
    """A row of these cells; a dash in one is not filled, and is not 0."""
    dashed = tuple(form.measure(m) for m, text in typed.items() if is_dash(text))
    if len(dashed) == len(typed) and typed:
        return Line("dashes", shown, occupation)
    return Line("row", shown, occupation, _without_dashes(typed), remark=remark, dashed=dashed)


def _without_dashes(typed: dict[str, str]) -> dict[str, str]:
    return {m: text for m, text in typed.items() if not is_dash(text)}


def _unknown(form: Form, name: str) -> Line:
    if leveled := form.of_level(name):
        return Line("level", name[:20], leveled)
    return Line("name", name[:20], near=tuple(form.near_occupations(name)))


# Anything else: line by line


def _typed(form: Form, text: str, rows: list[str]) -> Iterator[Line]:
    columns: Columns | None = None
    heads: list[Measure] = []
    for raw in whole_lines(form, text):
        if begun := leading(raw.lstrip()):
            named, rest = begun
            yield Line("quarter", named.words, named=named)
            raw = re.sub(r"^[\s:：,，的]+", "", rest)
            if not re.sub(r"[\W_]|情况表|报表|数据?|份", "", raw):
                continue
        raw, *instead = _CORRECTED.split(raw, maxsplit=1)
        made: list[Line] = []
        for cells in rows_of(form, parts(form, raw)):
            head = _head(form, cells)
            if head is not None:
                # A head on two lines has lost its columns; the form's own order is the only one left.
                heads += [m for m in head if m]
                columns = None if len(heads) >= len(form.measures) and columns else head or None
                made.append(Line("head", raw.strip()))
            else:
                made += _lines_of(form, raw, cells, columns, rows)
        for line in _corrected(form, raw, made, instead[0]) if instead else made:
            if line.remark and (behind := _quarter_behind(line.remark)):
                yield Line("quarter", behind.words, named=behind)  # 大数据 3 2 120 80 60 90000 第三季度
                line = replace(line, remark="") if line.remark == behind.words else line
            yield line


def _quarter_behind(remark: str) -> Named | None:
    """The quarter that stands behind a row's figures."""
    return next((named for named in read_told([remark]).named if named.back != 0), None)


def _corrected(form: Form, raw: str, lines: list[Line], instead: str) -> list[Line]:
    """One row with the cell put right that is said behind it: 不对，人数是125. Any other is not taken."""
    said = re.sub(r"^[，,。：:；;\s]+|[。.!！\s]+$", "", instead[:LONGEST_CORRECTION])
    told = _INSTEAD.match(said) if len(instead) <= LONGEST_CORRECTION else None
    measure = (form.find_measure(told[1]) or form.said(told[1])) if told else None
    if told and measure and is_number(told[2]) and len(lines) == 1 and lines[0].kind == "row":
        return [replace(lines[0], cells={**lines[0].cells, measure.id: told[2]})]
    return [Line("other", " ".join(raw.split())[:30])]


def _lines_of(form: Form, raw: str, cells: list[str], columns: Columns | None, rows: list[str]) -> list[Line]:
    """The row that cells are; two of them, where two occupations are said to be alike."""
    both = _ALIKE.match(cells[0]) if cells and len(cells[0]) <= LONGEST_PAIR else None
    names = [form.find_occupation(name) for name in both.groups()] if both else []
    if names and all(names) and any(map(is_value, cells[1:])):
        return [_line(form, raw, [o.name, *cells[1:]], columns, rows) for o in names if o]
    return _idle_together(form, cells) or [_line(form, raw, cells, columns, rows)]


def _idle_together(form: Form, cells: list[str]) -> list[Line]:
    """Occupations of which all are said to have had nothing: 大数据、区块链都没开班."""
    whole = "、".join(cells[:MOST_INSIDE])
    said = (
        _NONE_OF_THEM.match(whole) if len(cells) <= MOST_INSIDE and len(whole) <= LONGEST_CELL * 2 else None
    )
    if said is None or not is_idle([said[2]]):
        return []
    names = [name for name in re.split("[、和与跟及]", said[1]) if name]
    found = [form.find_occupation(name) for name in names]
    if len(found) < 2 or not all(found):
        return []
    return [Line("idle", name, occupation) for name, occupation in zip(names, found, strict=True)]


def _head(form: Form, cells: list[str]) -> Columns | None:
    """The columns after the name, when the line is the head of a table; None when it is not.

    Empty when the columns stand in the form's order, or are not told.
    """
    if not cells or any(re.search(r"[0-9０-９]", p) for p in cells):
        return None
    first = next((i for i, p in enumerate(cells) if p and p not in _HEADS), len(cells))
    if first == 0 and not measure_called(form, cells[0]):
        first = 1  # some other name for the first column
    named = [measure_called(form, p) for p in cells[first:]]
    if cells[0] in _HEADS or (form.find_occupation(cells[0]) is None and sum(map(bool, named)) > 1):
        in_order = len(named) == len(form.measures) and all(
            m is None or m is form.measures[i] for i, m in enumerate(named)
        )
        once = len({m.id for m in named if m}) == sum(map(bool, named))
        return named if once and any(named) and not in_order else []
    return None


def _line(form: Form, raw: str, given: list[str], columns: Columns | None, rows: list[str]) -> Line:
    shown = " ".join(raw.split())[:30]
    name = given[0].strip(":：") if given else ""
    plain = unicodedata.normalize("NFKC", name)
    rest = given[1:]
    if is_total(plain) or (plain == "合" and rest[:1] == ["计"]):
        cells = placed(form, rest[1:] if plain == "合" else rest, columns)
        return Line("total", shown, None, _without_dashes(cells) if isinstance(cells, dict) else {})
    if _of_the_form(form, raw, plain):
        told = [n for n in read_told([raw]).named if n.back != 0]
        return Line("quarter", told[0].words, named=told[0]) if told else Line("form", shown)
    occupation, before = form.find_occupation(plain), ""
    if occupation is None and len(rows) == 1 and measure_called(form, plain):
        occupation, rest = form.find_occupation(rows[0]), given
    if occupation is None:
        occupation, before, rest = _inside(form, given)
    if occupation is None:
        return _nameless(form, plain, given[1:], shown)
    if is_idle(rest):
        return Line("idle", shown, occupation)
    if is_all_zero(rest):
        return Line("row", shown, occupation, {m.id: "0" for m in form.measures})
    if rest and rest[0] in ("初级", "中级", "高级") and any(map(is_value, rest)):
        return Line("level", f"{occupation.name}{rest[0]}", occupation)
    if rest and is_idle(rest[:1]):
        return Line(
            "both" if re.search(r"[0-9０-９]", raw) or any(map(is_value, rest)) else "other",
            shown,
            occupation,
        )
    cells = placed(form, rest, columns)
    if not isinstance(cells, dict) or not _readable(form, cells):
        worded = read_worded(form, "，".join(rest))
        if worded is not None:
            return Line("row", shown, occupation, worded, remark=before)
    if not rest or not (is_value(rest[0]) or by_name(form, rest) or (rest[0] == "" and any(rest))):
        return Line("other", shown, occupation)
    if isinstance(cells, dict):
        remark = " ".join(filter(None, (before, remark_behind(form, rest, columns))))
        return _row(form, shown, occupation, cells, remark)
    expected = len(columns) if columns else len(form.measures)
    missing = () if columns else form.measures[cells:]
    return Line("count", shown, occupation, count=cells, expected=expected, missing=missing)


def _inside(form: Form, cells: list[str]) -> tuple[Occupation | None, str, list[str]]:
    """(the one occupation that is named later in a line, the words before it, the cells that are left).

    领导让报：云计算 1 0 33 0 0 0; 培训人数120，大数据的，班次3. Words that may turn the sense leave it open.
    """
    told = cells[:MOST_INSIDE] if len(cells) <= MOST_INSIDE else []
    found = [(i, o) for i, cell in enumerate(told) if (o := form.find_occupation(cell.rstrip("的是")))]
    if len(found) != 1 or not found[0][0]:
        return None, "", cells[1:]
    at, occupation = found[0]
    before, behind = cells[:at], cells[at + 1 :]
    words = " ".join(before)
    if re.search(r"[0-9０-９]", words):
        whole = [*before, *behind]
        return (occupation, "", whole) if read_worded(form, "，".join(whole)) else (None, "", cells[1:])
    if len(words) > LONGEST_PREFACE or _PREFACE.search(words) or any(map(is_value, before)):
        return None, "", cells[1:]
    return occupation, words, behind


def _readable(form: Form, cells: dict[str, str]) -> bool:
    """Whether every figure is one that its column takes."""
    for measure, typed in cells.items():
        try:
            if typed not in UNKNOWN and not is_dash(typed):
                form.read_cell(form.measure(measure), typed)
        except ValueError:
            return False
    return True


def _of_the_form(form: Form, raw: str, first: str) -> bool:
    """Whether a line is one of the form that holds no figures: title, head, foot or note."""
    bare = re.sub(r"\s", "", raw)
    return (
        form.title in bare
        or bare.startswith(("附件", *form.head, "填报单位", "填报期", *FOOT))
        or (first.startswith(".") and not bare.strip(".…。"))
    )


def _nameless(form: Form, name: str, rest: list[str], shown: str) -> Line:
    figures = sum(map(is_value, rest))
    if figures > 3 or (figures and len(rest) == len(form.measures)):
        return _unknown(form, name)
    if figures and form.of_level(name):
        return _unknown(form, name)
    return Line("other", shown)
