"""What the gates of the question index look at, and how its two scores become one."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from policy.index.marks import MARK
from policy.index.model_file import Scores, Weights
from policy.reading.digits import holds_digit

UNKNOWN = 10  # the place among the signals of the share of characters that are not ours

# 能不能, 有没有, 是不是: asks, and denies nothing.
_A_NOT_A = re.compile(r"(.)[不没]\1|有没有?|[不没]$|[不没](?=[啊呀呢么嘛吗])|可不可以|能不能|该不该")
_IDLE_NOT = re.compile(
    r"不知道?|不好意思|不懂|不明白|不清楚|不晓得|没问题|差不多|不少于|不低于|不超过|不满|没错|不但|不光|不仅|对不起|怪不得|不然|不过"
)
_NOT = re.compile(r"[不没无未别非]")
_YES_NO = re.compile(
    r"[吗么嘛吧]$|[不没]$|(.)[不没]\1|有没有?|能否|可否|是否|有无|对[不吗吧]|[行成中][吗么不吧]|可以$|算[吗么不]|也行|真的假的"
)
_OPEN = re.compile(r"什么|[啥咋哪几谁]|怎么|多少|多久|多长|多大|何时|怎样|如何|为何|干嘛")


@dataclass(frozen=True)
class Judged:
    """One text after scoring."""

    text: str
    total: list[float]  # by ordinary entry
    ours: float  # the probability that the text is for this bot at all
    right: float  # that the first entry is the right one, if so
    neighbour: bool
    chat: str  # the entry of small talk that it is, or ""
    vague: bool  # a word or two, all in our own characters: 材料, 什么时候
    all_chat: bool  # nearly every character pair of it is small talk's
    scores: Scores


def negated(plain: str) -> bool:
    """Whether bare text denies something: 没得名次, not 有没有."""
    return bool(_NOT.search(_IDLE_NOT.sub("", _A_NOT_A.sub("", plain))))


def polarity(plain: str) -> str:
    """What bare text wants to hear: `yes` (会…吗), `no` (不会…吧) or `open` (什么…)."""
    if _OPEN.search(plain) or not _YES_NO.search(plain):
        return "open"
    return "no" if negated(plain) else "yes"


def logistic(x: float) -> float:
    """1 / (1 + e^-x), without overflow."""
    return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, x))))


def standard(values: list[float]) -> list[float]:
    """z-scores of `values`; zeros when they are all equal."""
    mean = sum(values) / len(values)
    spread = math.sqrt(sum((v - mean) ** 2 for v in values) / len(values))
    return [(v - mean) / spread if spread > 1e-9 else 0.0 for v in values]


def combined(scores: Scores, ordinary: int) -> list[float]:
    """One figure per ordinary entry: the linear classifier's z-score and half of BM25's."""
    linear, bm25 = standard(scores.linear[:ordinary]), standard(scores.bm25[:ordinary])
    return [a + 0.5 * b for a, b in zip(linear, bm25, strict=True)]


def signals(weights: Weights, scores: Scores, total: list[float]) -> list[float]:
    """What the gates look at."""
    order = sorted(range(len(total)), key=lambda i: -total[i])
    first, second = order[0], order[1]
    known = [0.0, 0.0, 0.0]  # weight of all grams, of those we use, of pairs only …
    pairs = pairs_ours = pairs_first = 0.0
    singles = singles_ours = singles_first = 0
    for gram, r, weight in scores.grams:
        if gram[0] == MARK:
            continue
        ours = r >= 0 and weights.used(r)
        here = ours and weights.uses(r, first)
        known[0] += weight
        known[1] += weight * ours
        if len(gram) == 2:
            pairs += weight
            pairs_ours += weight * ours
            pairs_first += weight * here
        elif gram not in "^$":
            singles += 1
            singles_ours += ours
            singles_first += here
    highest = max(scores.linear)
    return [
        scores.ours,
        math.log1p(singles),
        known[1] / known[0],
        scores.linear[first],
        total[first],
        total[first] - total[second],
        pairs_ours / pairs,
        pairs_first / pairs,
        math.log1p(pairs - pairs_first),
        math.log1p(pairs - pairs_ours),
        1 - singles_ours / max(1, singles),
        singles_first / max(1, singles),
        highest + math.log(sum(math.exp(4 * (v - highest)) for v in scores.linear)) / 4,
    ]


def chat_signals(weights: Weights, scores: Scores) -> list[float]:
    """What tells small talk from questions."""
    ordinary = weights.header["ordinary"]
    pairs = covered = 0.0
    for gram, r, weight in scores.grams:
        if len(gram) == 2:
            pairs += weight
            covered += weight * (r >= 0 and weights.talked(r))
    best = max(scores.linear[ordinary:], default=-9.0)
    return [
        covered / pairs,
        scores.chat,
        math.log1p(len(scores.grams)),
        best,
        best - max(scores.linear[:ordinary]),
        scores.ours,
    ]


def follow_signals(alone: Judged, joint: Judged, total: list[float]) -> list[float]:
    """What tells half a question after an answer from a text on something else."""
    order = sorted(total, reverse=True)
    return [
        math.log(alone.ours / (1 - alone.ours + 1e-9) + 1e-6),
        math.log(joint.ours / (1 - joint.ours + 1e-9) + 1e-6),
        math.log1p(len(alone.text)),
        order[0],
        order[0] - order[1],
    ]


def gate(learnt: list[float], values: list[float]) -> float:
    """The probability by a logistic regression: its weights, then its constant."""
    *weights, constant = learnt
    return logistic(sum(a * b for a, b in zip(weights, values, strict=True)) + constant)


def exact_signals(weights: Weights, scores: Scores, total: list[float], entry: int, text: str) -> list[float]:
    """What tells the entry's own point from another point on its topic."""
    others = max(v for i, v in enumerate(total) if i != entry)
    pairs = here = strange = 0.0
    rarest = 0.0
    for gram, r, weight in scores.grams:
        if len(gram) != 2:
            continue
        pairs += weight
        if r >= 0 and weights.uses(r, entry):
            here += weight
        elif "^" not in gram and "$" not in gram:
            strange += weight
            rarest = max(rarest, weight)
    form = polarity(text)
    clause = weights.header["clause"][weights.entries[entry]]
    beside = dict(zip(weights.beside, scores.beside, strict=True))
    here_beside = beside.get(clause, -1.5)
    like, likely = weights.likeness(scores, weights.entries[entry])
    unlike, unlikely = weights.likeness(scores, f"~{clause}")
    return [
        scores.near,
        max(scores.beside, default=-1.5),
        here_beside,
        here_beside - scores.linear[entry],
        like,
        likely,
        like - unlike,
        likely - unlikely,
        scores.linear[entry],
        total[entry],
        total[entry] - others,
        here / pairs,
        math.log1p(strange),
        math.log1p(pairs),
        rarest,
        float(form == "yes"),
        float(form == "no"),
        float(holds_digit(text)),
        scores.ours,
    ]
