"""A line of figures cut into its pieces: where the cells are, where a row begins and ends."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

from policy.form.form import Form, Measure
from policy.form.sheet import IDLE, UNKNOWN
from policy.reading.numbers import is_dash, looks_like_figure
from policy.reading.numerals import HAN, fold

MOST_LINES = 200  # lines of one text; the form has a dozen rows
MOST_CELLS = 300  # cells of a line; every row of the form on one line has fewer
LONGEST_CELL = 100  # characters; no figure and no name is as long
_UNIT = re.compile("个班|元整|块钱|个|人|名|位|元|块")  # alone behind a figure; 班次 begins the next one
_GROUPED = re.compile(r"(?<=[0-9０-９])[,，](?=[0-9０-９]{3}(?![0-9０-９]))")
_NUMBERED = re.compile(r"^(?:[0-9０-９]{1,2}[.、)）]?|[（(]?[一二三四五六七八九十]{1,3}[)）]?)$")
_SEPARATORS = re.compile(r"[\s、，,;；|。/:：]+")
_NUMBERED_ONTO = re.compile(
    r"^[（(]?(?:[0-9０-９]{1,2}|[一二三四五六七八九十]{1,3})[.、)）]?(?=[^0-9０-９.])"
)
_IDLE_SAID = re.compile(
    r"[本这]?个?季度?(?:我们)?"
    r"|[还都全均也一]?(?:个班)?[都也]?(?:没有?|未)(?:开|办|举办|组织|开展|培训)(?:过|展|成|起来)?"
    r"(?:班|培训|业务)?了?"
    r"|[，,、]"
    r"|(?:没有?|未)(?:招|收)(?:上|到|着|满)?(?:人|学员|生)|没有?人(?:报名?|来学?|学)"  # why there was none
)
_NONE_AT_ALL = re.compile(r"(?:没有?|未)(?:开|办|举办|组织|培训)")
_SAID_ONTO = re.compile(
    rf"^(?:一?共)?(?:开|办|举办|培训)了?[0-9０-９{HAN}]|"
    r"^(?:[本这]个?季度)?(?:还|都|也|的|一个班[都也])?(?:没有?|未|无)(?:开|办|业务|培训|举办|组织|有业务|招|人)"
)
_OURS = re.compile("^(?:我们|俺们?|咱们?|我校|本校)(?:的|这边)?")
_ALL_ZERO = re.compile("(?:六项|6项|各项)?(?:数据?|数字)?(?:全部|全都|全|都)(?:是|为|填|报)?[0零〇]")
LONGEST_IDLE = 20  # characters of words that say there was nothing
MOST_COMMAS = 12  # commas in a row's figures that may part or group
_AROUND = "【】[]「」『』《》“”\"'‘’"


def is_crowded(text: str) -> bool:
    """Whether a text has more lines, or a line more cells, than are read."""
    lines = [raw for raw in text.splitlines() if raw.strip()]
    return len(lines) > MOST_LINES or any(len(_SEPARATORS.findall(raw)) >= MOST_CELLS for raw in lines)


def whole_lines(form: Form, text: str) -> Iterator[str]:
    """The lines that are not empty; a row that goes on below is joined, as far as it has room for figures."""
    waiting = ""
    room = 0  # figures that the row which waits still has room for
    for raw in list(filter(str.strip, text.splitlines()))[:MOST_LINES]:
        cells = parts(form, raw)
        held = sum(map(_holds_figure, cells))
        if waiting and cells and "\t" not in raw and 0 < held <= room and _begins_with_figure(form, cells):
            waiting += f" {raw}"
            room -= held
            continue
        if waiting:
            yield waiting
        named = bool(cells) and "\t" not in raw and form.find_occupation(cells[0]) is not None
        room = len(form.measures) - held if named else 0
        waiting = raw if named and room > 0 and not is_idle(cells[1:]) else ""
        if not waiting:
            yield raw
    if waiting:
        yield waiting


def _holds_figure(cell: str) -> bool:
    return is_value(cell) or bool(re.search(r"[0-9０-９]", cell))


def _begins_with_figure(form: Form, cells: list[str]) -> bool:
    if is_value(cells[0]):
        return True
    named = form.find_measure(re.sub(r"[0-9０-９.]+[^0-9０-９]{0,2}$", "", cells[0]))
    return named is not None and any(map(is_value, cells))


def parts(form: Form, raw: str) -> list[str]:
    """The cells of a line, at most `MOST_CELLS`; only tabs leave empty ones between them."""
    if "\t" in raw:
        cut = [p.strip() for p in raw.strip("\r\n").split("\t")]
        while cut and not cut[-1]:
            cut.pop()
        cut = cut[next((i for i, p in enumerate(cut) if p), 0) :]
    else:
        plain = _GROUPED.sub("\0", re.sub("[:：]", " ", raw).strip())
        cut = [p.replace("\0", ",") for p in re.split(r"[\s\u3000、，,;；|｜。]+", plain)]
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


def _is_short(cell: str) -> bool:
    return len(cell) < LONGEST_CELL


def _unglued(form: Form, cells: list[str]) -> list[str]:
    """With the name apart from what is written onto it: ①大数据, 大数据3."""
    if not cells or form.find_occupation(cells[0]):
        return cells
    first = unicodedata.normalize("NFKC", cells[0])
    numbered = _NUMBERED_ONTO.match(first)
    if numbered and (rest := first[numbered.end() :].strip(_AROUND)):
        if form.find_occupation(rest):
            return [rest, *cells[1:]]
        if (again := _onto(form, rest)) is not None:
            return [*again, *cells[1:]]
    onto = _onto(form, _OURS.sub("", fold(cells[0])))
    return [*onto, *cells[1:]] if onto is not None else cells


def _onto(form: Form, first: str) -> list[str] | None:
    """A name and what is written onto it: a figure, 没开班, 开了3个班."""
    onto = re.match(r"^([^0-9０-９]+?)([0-9０-９].*)$", first)
    if onto and form.find_occupation(onto[1].strip(_AROUND)):
        return [onto[1].strip(_AROUND), onto[2]]
    for occupation in form.occupations:
        for name in (occupation.full, occupation.name):
            if first.startswith(name) and _SAID_ONTO.match(first[len(name) :]):
                return [name, first[len(name) :]]
    return None


def is_idle(cells: Sequence[str]) -> bool:
    """Whether what stands behind a name says that there was nothing of it: 没开班, 这季度没开."""
    said = re.sub(r"\s", "", "".join(cells))
    if said in IDLE:
        return True
    return len(said) <= LONGEST_IDLE and bool(_NONE_AT_ALL.search(said)) and not _IDLE_SAID.sub("", said)


def is_all_zero(cells: Sequence[str]) -> bool:
    """Whether what stands behind a name says that all its figures are 0: 全是0, 六项都是零."""
    said = re.sub(r"\s", "", fold("".join(cells)))
    return bool(_ALL_ZERO.fullmatch(said))


def regrouped(form: Form, typed: list[str], wanted: Sequence[Measure | None]) -> list[str]:
    """The figures with their commas read so that there are as many as are wanted.

    In `3,2,120` a comma parts figures, in `1,200` it groups digits. Where exactly one reading gives the
    right number of figures, each of which its column takes, it is that; otherwise they stay as they are.
    """
    pieces = [part.split(",") for part in typed]
    short = len(wanted) - len(typed)
    inner = [(i, j) for i, piece in enumerate(pieces) for j in range(1, len(piece))]
    if short <= 0 or len(inner) > MOST_COMMAS or short > len(inner):
        return typed
    found: list[list[str]] = []
    for cuts in combinations(inner, short):
        figures = []
        for i, piece in enumerate(pieces):
            edges = [0, *(j for k, j in cuts if k == i), len(piece)]
            figures += [",".join(piece[a:b]) for a, b in pairwise(edges)]
        if all(map(_can_be, [form] * len(wanted), wanted, figures)):
            found.append(figures)
    return found[0] if len(found) == 1 else typed


def _can_be(form: Form, measure: Measure | None, figure: str) -> bool:
    if re.match(r"0[0-9０-９]", figure) or measure is None:
        return False
    try:
        form.read_cell(measure, figure)
    except ValueError:
        return is_dash(figure) or figure in UNKNOWN
    return True


def rows_of(form: Form, cells: list[str]) -> Iterator[list[str]]:
    """The rows of a line: another begins where an occupation stands behind figures and before others."""
    begun, before = 0, False  # `before`: a figure stands behind the name with which the row begins
    for i, part in enumerate(cells[:-1]):
        follows = (
            is_value(cells[i + 1]) or is_idle([cells[i + 1]]) or form.find_measure(cells[i + 1]) is not None
        )
        if before and follows and not looks_like_figure(part) and form.find_occupation(part):
            yield cells[begun:i]
            begun, before = i, False
        else:
            before = before or (i > begun and (is_value(part) or is_idle([part])))
    yield cells[begun:]


def is_value(text: str) -> bool:
    """Whether a cell holds a figure, a dash for none, or 不掌握."""
    return looks_like_figure(text) or is_dash(text) or text in UNKNOWN
