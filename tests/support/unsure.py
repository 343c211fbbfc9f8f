"""Questions of which the index is unsure: found anew, since it learns."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from policy.index.outside_reading import is_unsure
from policy.index.parts import Understood
from tests.support.corpus import CORPUS

_SEEN = Path(__file__).parents[1] / "policy" / "questions" / "seen-heldout.jsonl"
# About 五（三）, in words that hardly anybody uses.
_GARBLED = (
    *("培训不贴怎么领", "培训卟贴咋整到手", "学员咘贴钿哪搭拿", "机构嗰嘢点攞", "证书噻噻啷个搞钱钱"),
    *(
        "学员嗰嚿嘢攞唔攞到㗎",
        "证书嚟噻咁犀利嘅咩",
        "老师嘞嘻嘻哈哈耍一盘",
        "教材嚼嚼嗦嗦吃得饱不",
        "证件嗨嗨咔嚓一张",
    ),
    *("老师中午吃锅包肉还是烤冷面", "上课猫咪喵喵叫吵死人", "工程师头发掉光光啦哈哈"),
)
Found = tuple[str, Understood]


def _unsure(texts: Iterable[str]) -> Iterator[Found]:
    for text in texts:
        understood = CORPUS.questions.understand(text)
        if CORPUS.jobs.recognise(text) is None and is_unsure(CORPUS.questions, text, understood):
            yield text, understood


def _cases(ours: bool) -> Iterator[str]:
    for line in _SEEN.read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        if (case["entry"] is not None) == ours:
            yield case["q"]


@cache
def refused() -> str:
    """One that is refused though it may be ours, and asks about 五（三）."""
    return next(text for text, said in _unsure(_GARBLED) if said.found.kind == "refuse")


@cache
def foreign() -> str:
    """One that is refused, may be ours, and is not."""
    return next(text for text, said in _unsure(_cases(ours=False)) if said.found.kind == "refuse")


@cache
def near() -> tuple[str, str]:
    """One whose topic is found and whose point is not, and its entry, which the index ranks first."""
    return next((t, said.parts[0].entry) for t, said in _unsure(_cases(ours=True)) if said.parts)
