"""A line of figures cut into its pieces: where the cells are, where a row begins and ends."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from policy.form.form import Form
from policy.form.sheet import UNKNOWN
from policy.reading.numbers import is_dash, looks_like_figure
from policy.reading.numerals import fold

MOST_LINES = 200  # lines of one text; the form has a dozen rows
MOST_CELLS = 300  # cells of a line; every row of the form on one line has fewer
LONGEST_CELL = 100  # characters; no figure and no name is as long
_UNIT = re.compile("个班|元整|块钱|个|人|名|位|元|块")  # alone behind a figure; 班次 begins the next one
_GROUPED = re.compile(r"(?<=\d)[,，](?=\d{3}(?!\d))")
_ONE_FIGURE = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?\D*")
_NUMBERED = re.compile(r"^\d{1,2}[.、)）]?$")
_SEPARATORS = re.compile(r"[\s、，,;；|。/:：]+")
_AROUND = "【】[]「」『』《》“”\"'‘’"


def is_crowded(text: str) -> bool:
    """Whether a text has more lines, or a line more cells, than are read."""
    lines = [raw for raw in text.splitlines() if raw.strip()]
    return len(lines) > MOST_LINES or any(len(_SEPARATORS.findall(raw)) >= MOST_CELLS for raw in lines)


def whole_lines(form: Form, text: str) -> Iterator[str]:
    """The lines that are not empty; a name on a line of its own is joined with its figures below."""
    waiting = ""
    for raw in list(filter(str.strip, text.splitlines()))[:MOST_LINES]:
        cells = parts(form, raw)
        if waiting and cells and "\t" not in raw and _begins_with_figure(form, cells):
            waiting += f" {raw}"
            continue
        if waiting:
            yield waiting
        waiting = raw if len(cells) == 1 and form.find_occupation(cells[0]) else ""
        if not waiting:
            yield raw
    if waiting:
        yield waiting


def _begins_with_figure(form: Form, cells: list[str]) -> bool:
    if is_value(cells[0]):
        return True
    named = form.find_measure(re.sub(r"[\d.]+\D{0,2}$", "", cells[0]))
    return named is not None and any(map(is_value, cells))


def parts(form: Form, raw: str) -> list[str]:
    """The cells of a line, at most `MOST_CELLS`; only tabs leave empty ones between them."""
    if "\t" in raw:
        cut = [p.strip() for p in raw.strip("\r\n").split("\t")]
        while cut and not cut[-1]:
            cut.pop()
        cut = cut[next((i for i, p in enumerate(cut) if p), 0) :]
    else:
        plain = re.sub("[:：]", " ", raw).strip()
        if not re.search(r"[\s、;；|]", plain) and len(re.findall("[,，]", plain)) > 4:
            cut = re.split("[,，]", plain)  # a line of CSV
        else:
            cut = re.split(r"[\s\u3000、，;；|。]+", _GROUPED.sub(",", plain))
            cut = [q for p in cut for q in (p.split(",") if _is_csv(p) else [p])]
        cut = [q for p in cut for q in (p.split("/") if p.count("/") > 4 else [p])]
        cut = [p.strip(",") for p in cut if p.strip(",")]
    joined: list[str] = []
    for part in (p.strip(_AROUND).strip()[:LONGEST_CELL] for p in cut[:MOST_CELLS]):
        if joined and _UNIT.fullmatch(part) and _is_short(joined[-1]) and looks_like_figure(joined[-1]):
            joined[-1] += part  # 90000 元
        else:
            joined.append(part)
    running = _NUMBERED.match(unicodedata.normalize("NFKC", joined[0])) if len(joined) > 1 else None  # 1, ①
    if running and not looks_like_figure(joined[1]):
        joined.pop(0)  # a column of running numbers
    return _unglued(form, joined)


def _is_csv(part: str) -> bool:
    """Whether commas stand between figures (1,1,25,20,20,30000), not inside one (1,200,000)."""
    return part.count(",") > 4 and not _ONE_FIGURE.fullmatch(part)


def _is_short(cell: str) -> bool:
    return len(cell) < LONGEST_CELL


def _unglued(form: Form, cells: list[str]) -> list[str]:
    """With the name apart from what is written onto it: ①大数据, 大数据3."""
    if not cells or form.find_occupation(cells[0]):
        return cells
    first = unicodedata.normalize("NFKC", cells[0])
    numbered = re.match(r"^\d{1,2}[.、)）]?(?=\D)", first)
    if numbered and form.find_occupation(first[numbered.end() :].strip(_AROUND)):
        return [first[numbered.end() :].strip(_AROUND), *cells[1:]]
    onto = re.match(r"^(\D+?)(\d.*)$", fold(cells[0]))
    if onto and form.find_occupation(onto[1].strip(_AROUND)):
        return [onto[1].strip(_AROUND), onto[2], *cells[1:]]
    return cells


def rows_of(form: Form, cells: list[str]) -> Iterator[list[str]]:
    """The rows of a line: another begins where an occupation stands behind figures and before others."""
    begun, before = 0, False  # `before`: a figure stands behind the name with which the row begins
    for i, part in enumerate(cells[:-1]):
        follows = is_value(cells[i + 1]) or form.find_measure(cells[i + 1]) is not None
        if before and follows and not looks_like_figure(part) and form.find_occupation(part):
            yield cells[begun:i]
            begun, before = i, False
        else:
            before = before or (i > begun and is_value(part))
    yield cells[begun:]


def is_value(text: str) -> bool:
    """Whether a cell holds a figure, a dash for none, or 不掌握."""
    return looks_like_figure(text) or is_dash(text) or text in UNKNOWN
