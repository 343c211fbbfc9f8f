"""A row told in words: 一共开了5个班，其中纳入补贴的4个，培训200人 …; 3个班2个补贴班120人80证60领90000元."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from policy.form.form import Form, Measure
from policy.form.sheet import UNKNOWN
from policy.reading.numerals import HAN, fold
from policy.reading.text import unified

LONGEST = 300  # characters of a row told in words
_BEFORE = r"(?:大概|大约|约|差不多|将近|接近|近|不到|超过|至少|至多)?"
_AFTER = r"(?:左右|上下|多|来|余|以上|以下|以内)?"
_NUMBER = rf"(?:[0-9][0-9,]*(?:\.[0-9]+)?(?:[百千万亿wW][0-9]*)*|[{HAN}两几]+(?:\.[0-9]+)?)"
_UNIT = r"(?:个班|班次|个人|人次|元整|块钱|圆整|万元|[个人名位元块圆次])?"
_FIGURE = re.compile(
    rf"{_BEFORE}{_NUMBER}{_AFTER}{_UNIT}{_AFTER}|{'|'.join(sorted(UNKNOWN, key=len, reverse=True))}"
)
_SEPARATED = re.compile(r"[，,、；;。\s]+")
_NO_NUMBER = re.compile("一共|一下|一期|统一|第[一二三四五六七八九十]|万一")
_FILLERS = re.compile("总共|共计|合计|其中|其余|已经|举办|开设|开办|办了|开了|的|了|有|是|为|都|共|[:：=]")
_PER_HEAD = re.compile("人均|每人|平均|每个人")


@dataclass(frozen=True)
class _Told:
    """A figure with its unit as typed, and the words before and behind it."""

    figure: str
    before: str
    behind: str


def read_worded(form: Form, text: str) -> dict[str, str] | None:
    """Return measure id → figure as typed, where words say which is which; None where they do not.

    Of six figures those without a word of their own are placed by their order, if every word agrees
    with that; or the only one is the one that is left.
    """
    plain = _NO_NUMBER.sub("", fold(text.strip()))
    if not plain or len(plain) > LONGEST:
        return None
    told = [one for one in _figures(plain) if not _PER_HEAD.search(one.before)]
    if not 1 < len(told) <= len(form.measures):
        return None
    words = [_words_of(one) for one in told]
    found = [_measure(form, one, told[i]) if one else None for i, one in enumerate(words)]
    if any(one and measure is None for one, measure in zip(words, found, strict=True)):
        return None
    named = [measure for measure in found if measure is not None]
    if len(named) < 2 or len({m.id for m in named}) != len(named):
        return None
    if len(named) < len(told):
        if len(told) != len(form.measures):
            return None
        rest = [m for m in form.measures if m not in named]
        if all(m is None or m is form.measures[i] for i, m in enumerate(found)):
            found = list(form.measures)
        elif len(rest) == 1:
            found = [m or rest[0] for m in found]
        else:
            return None
    return {m.id: one.figure for m, one in zip(found, told, strict=True) if m is not None}


def _figures(plain: str) -> list[_Told]:
    """The figures of a text, clause by clause, with the words that go with each; none if words are left."""
    found: list[_Told] = []
    waiting = ""  # words that stand alone, before a figure that stands alone: 人数 120
    for clause in filter(None, _SEPARATED.split(plain)):
        matches = list(_FIGURE.finditer(clause))
        if waiting and (not matches or _bare(clause[: matches[0].start()])):
            return []
        if not matches:
            waiting = clause if _bare(clause) else ""
            continue
        found += _of_clause(waiting + clause, len(waiting), matches)
        waiting = ""
    return [] if waiting else found


def _of_clause(clause: str, shift: int, matches: list[re.Match[str]]) -> list[_Told]:
    """The figures of a clause; where it begins with words, they stand before each figure, else behind it."""
    spans = [(m.start() + shift, m.end() + shift) for m in matches]
    gaps = [clause[: spans[0][0]]]
    gaps += [clause[a[1] : b[0]] for a, b in pairwise(spans)]
    gaps.append(clause[spans[-1][1] :])
    words_first = bool(_bare(gaps[0]))
    told = []
    for i, match in enumerate(matches):
        last = i + 1 == len(matches)
        before = gaps[i] if words_first or i == 0 else ""
        behind = gaps[i + 1] if not words_first or last else ""
        told.append(_Told(match[0].replace("个人", "人"), before, behind))
    return told


def _bare(words: str) -> str:
    return _FILLERS.sub("", words)


def _words_of(told: _Told) -> str:
    return told.before + told.behind if _bare(told.before + told.behind) else ""


def _measure(form: Form, words: str, told: _Told) -> Measure | None:
    """The measure that the words around a figure mean, with the unit it was typed with."""
    plain = unified(words)
    unit = next((u for u in ("人", "元", "个") if u in re.sub("[块圆]", "元", told.figure)), "")
    for tried in (plain, re.sub("[:：=]", "", plain), _FILLERS.sub("", plain)):
        if found := form.find_measure(tried) or form.said(tried, unit):
            return found
    return None
