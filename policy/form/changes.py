"""A change to the form said in words: 改 大数据, 大数据 已培训人数, 把大数据的人数改成130, 删掉大数据."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from policy.form.form import Form, Measure
from policy.reading.numbers import is_number
from policy.reading.numerals import fold

_BEGINS = re.compile(
    r"^(?:算了|哦|嗯|不对|等等|等一下)?[，,。\s]*(?:我想|我要|请|帮我)?(?:把|将)?(?:改动|改|修改|更正|修正)?(?:一下|下)?(?:把|将)?\s*"
)
_TO = re.compile(
    r"\s*(?:(?:修改|更改|调整|更正|改)(?:成|为|到|作|(?=\s*[0-9〇零一二两三四五六七八九十百千万]))|应该是|应当是|应为|应是|写成"
    r"|是|为|=|：|:)\s*(?=\S)"
)
_CLAUSES = re.compile(r"[\n，；;、。]+|(?<![0-9]),|,(?![0-9]{3})")
_WISHED = re.compile(
    r"^(?:把|将|改|修改|更正|更改|调整)|(?:改|更正|调整)(?:成|为|到|[0-9])|应(?:该|当)?[是为]"
)
_WRONG = re.compile(
    r"(?:的数)?(?:(?:填|写|算|报|打|弄)?(?:错|不对|有误)了?|(?:少|多|漏)(?:算|报|填|写)?了?(?:[0-9]+\s*个?人?)?)$"
)
_GONE = re.compile(
    r"^(?:把|将)?(.+?)(?:这一?行|这个职业)?(?:删掉|删除|删了|去掉|不要了|不报了|不用报了?|取消掉)$"
)
_DROP = re.compile(r"^(?:请|帮我)?(?:删掉|删除|删了|删|去掉|不要|不报|取消)\s*(.+?)(?:这一?行|这个职业)?了?$")
LONGEST_EDITS = 200
LONGEST = 40  # characters; whoever writes more explains something


@dataclass(frozen=True)
class Change:
    """What is to be changed: a row (`measure` None), a cell, or a cell to `figure` as typed, exact or not."""

    occupation: str
    measure: Measure | None = None
    figure: str | None = None


def read_change(form: Form, text: str, rows: list[str]) -> Change | None:
    """A cell or a row named to be changed; None for anything else.

    With one row only it need not be named.
    """
    plain = fold(text).strip().rstrip("。.!")
    if len(plain) > LONGEST or "\n" in plain or plain.endswith(("?", "吗", "呢")):
        return None
    what, *to = _TO.split(plain[_BEGINS.match(plain).end() :], maxsplit=1)  # type: ignore[union-attr]
    if not to and (told_wrong := _WRONG.search(what)):
        what = what[: told_wrong.start()]
    asked = what != plain or bool(to)
    occupation, rest = _begins_with(form, what, rows)
    if occupation is None:
        if len(rows) != 1 or not asked:
            return None
        occupation, rest = rows[0], what
    figure = to[0] if to else None
    rest = re.sub(r"^[\s的]+|\s+$", "", rest)
    if figure is None and (found := re.match(r"^([^0-9]+?)\s*([0-9.][0-9,.]*[^0-9]{0,3})$", rest)):
        rest, figure = found[1].strip(), found[2]
    measure = form.find_measure(rest) if rest else None
    if rest and measure is None:
        return None
    if figure is not None:
        return Change(occupation, measure, figure) if measure and is_number(figure) else None
    if not asked and not (measure is not None and (" " in what or len(rest) > 3)):
        return None  # just the name of an occupation, or a question that begins with it
    return Change(occupation, measure)


def read_edits(form: Form, text: str, rows: list[str], here: str | None = None) -> list[Change]:
    """The cells to which a text gives new figures, clause by clause; [] when it is none of that.

    A clause speaks of the row before it, first of `here`. One that says neither is only passed over
    where another one wishes a change outright: 人数120 beside a reason is a part of the reason.
    """
    if len(text) > LONGEST_EDITS:
        return []
    found: list[Change] = []
    waiting: Change | None = None
    every, wished = True, False
    for clause in filter(None, map(str.strip, _CLAUSES.split(unicodedata.normalize("NFKC", text)))):
        figure = read_correction(clause)
        if waiting is not None and figure is not None:
            found.append(Change(waiting.occupation, waiting.measure, figure))
            waiting, wished = None, True
            continue
        near = [found[-1].occupation] if found else [here] if here else []
        one = read_change(form, clause, rows)
        if near and one is None:
            one = read_change(form, clause, near) or read_change(form, f"改{clause}", near)
        if one is None or one.measure is None:
            every = False
        elif one.figure is None:
            waiting = one
        else:
            found.append(one)
            wished = wished or bool(_WISHED.search(clause))
    return found if wished or (every and waiting is None) else []


def read_correction(text: str) -> str | None:
    """The figure that a text puts in place of a wrong one: 打错了，是3, 改成3; None for anything else.

    It is as typed, and may be refused: 改成两三个.
    """
    plain = fold(text).strip().rstrip("。.!")
    if len(plain) > LONGEST:
        return None
    found = re.fullmatch(
        r"(?:(?:我|是)?(?:打|填|写|报|算|弄)?错了?)?[，,\s]*(?:改成|改为|应该是|应为|应是|是)\s*(\S+)", plain
    )
    return found[1] if found and is_number(found[1]) else None


def read_removal(form: Form, text: str, rows: list[str]) -> str | None:
    """The row that is to go: 删掉大数据, 大数据不要了; None for anything else."""
    plain = fold(text).strip().rstrip("。.!了") + "了"
    if len(plain) > LONGEST:
        return None
    for pattern in (_DROP, _GONE):
        if found := pattern.match(plain) or pattern.match(plain[:-1]):
            named = form.find_occupation(found[1].strip("的 "))
            if named is not None and named.name in rows:
                return named.name
    return None


def _begins_with(form: Form, text: str, rows: list[str]) -> tuple[str | None, str]:
    names = sorted(
        ((name, o.name) for o in form.occupations for name in (o.full, o.name, *o.aliases)),
        key=lambda pair: -len(pair[0]),
    )
    for name, key in names:
        if key in rows and text.upper().startswith(name.upper()):
            return key, text[len(name) :]
    return None, text
