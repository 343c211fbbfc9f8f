"""One of several options, as people say it in more words than its label has.

An option counts only when the text says nothing else: a negation, a plan or the past before its
words voids them (没退休, 快退休了, 以前在威海), two options at once are none, and so is what is put
as a question or said with a doubt.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from bot.core.dialogs.vocabulary import NO, YES, asks, tidied, tidy

Options = Sequence[tuple[str, Sequence[str]]]  # (value, the words it is said with, its label first)

_CLAUSE = re.compile(r"[\s,，。.;；、!！~～]+")
_END = "的了呢啊呀哦噢嘛啦哈喔呗"  # said behind an answer
_LONGEST = 200  # characters; whoever writes more says something else besides
_START = re.compile(r"^(?:我们?|本人|咱们?|俺|现在|就|那|嗯+|哦|噢|这个)+")
_VOID = re.compile(
    r"没|不|未|无|非|别|想|快|马上|即将|准备|打算|将|要|以前|原来|曾|过去|本来|之前|如果|假如|等(?!级)|差"
)
_DOUBT = re.compile(
    r"应该|可能|好像|大概|也许|或许|估计|差不多|似乎|说不定|八成|算是|基本|部分|一半|不太|不大|不完全|有点|吧$"
)
_NO = re.compile(r"^(?:不是|没有|没|不|未|无|否)")
_YES = re.compile(r"^(?:是的|是|对|有)")
_VERB = re.compile(r"^(?:属于|算是?|办理?|在|去)")
_LOST = re.compile(
    r"^(?:我|这个?|还|也|真|具体|目前|暂时|时间|日期|是|就|都|早|已经|哪[年天]|根本)*"
    r"(?:(?:记不|搞不|弄不|说不|分不|拿不|想不|不|没)(?:太|大|怎么|是很|很)?"
    r"(?:清楚|清|起来|知道|懂|明白|确定|晓得|了解|记得|准|好说|看过|看懂|听说过?|听过|住)|忘记?|没印象|没概念)"
    r"(?:了|的|呢|啊|呀|哦|标准|这个)*$"
)
_SHORT = 3  # the beginning of a label that long is enough; of a shorter label any


def lost(text: str) -> bool:
    """Whether somebody says that they do not know or do not remember: 记不清了, 忘了, 没看过标准."""
    plain = tidy(text)
    return len(plain) <= _LONGEST and bool(_LOST.match(plain))


def doubts(text: str) -> bool:
    """Whether an answer is said with a doubt: 应该是吧, 不太符合. It is asked back, never assumed."""
    return bool(_DOUBT.search(tidy(text)))


def pick(text: str, options: Options, about: str = "", apart: Iterable[str] = ()) -> str | None:
    """The one option a text says; None when it says none, several, or something else besides.

    `about` are the words of the question: 没办退休 answers one on 退休, 没见过 does not. `apart` are
    words that mean another matter here (威海户口 where a place of work is asked for).
    """
    plain = tidy(text)
    if len(plain) > _LONGEST:
        return None
    said = plain.rstrip(_END)  # 没退呢 is no question, whatever 补贴呢 is
    if not said or asks(said) or (plain != said and text.strip()[-1] in "?？") or doubts(text):
        return None
    core = _core(plain)
    labels = {value: _core_of(words[0]) for value, words in options}
    if (only := _one(v for v, words in options if core in map(_core_of, words))) is not None:
        return only
    if any(word in plain for word in apart):
        return None
    begun = [v for v, name in labels.items() if name.startswith(core)]
    enough = len(core) >= _SHORT or all(len(labels[v]) <= _SHORT for v in begun)
    if enough and (only := _one(begun)) is not None:
        return only
    return _one(v for clause in _CLAUSE.split(plain) if clause for v in _votes(clause, options, about))


def _core(plain: str) -> str:
    return _START.sub("", plain).rstrip(_END) or plain


@lru_cache(4096)
def _core_of(words: str) -> str:
    return _core(tidy(words))


def _one(values: Iterable[str]) -> str | None:
    found = set(values)
    return found.pop() if len(found) == 1 else None


def _votes(clause: str, options: Options, about: str) -> set[str]:
    """Every option that one clause speaks for."""
    votes = {value for value, words in options if any(_says(clause, tidied(w)) for w in words)}
    known = {value for value, _ in options}
    core = _core(clause)
    for sign, whole, value in ((_NO, NO, "no"), (_YES, YES, "yes")):
        if value not in known:
            continue
        rest = sign.sub("", core, count=1)
        if core in whole or clause in whole or (rest != core and _shares(rest, about)):
            return votes | {value}
    return votes


def _says(clause: str, words: str) -> bool:
    """Whether a clause holds an option's words, with nothing before them that takes them back.

    A bare yes or no inside a clause speaks of something else: 不是会计专业.
    """
    at = clause.find(words) if len(words) > 1 and words not in NO and words not in YES else -1
    return at >= 0 and not _VOID.search(clause[:at])


def _shares(rest: str, about: str) -> bool:
    """Whether it is nothing but words of the question: 不在荣成 says nothing of 威海, 是会计专业 of ours."""
    rest = _VERB.sub("", rest) or rest
    return bool(rest) and rest in about
