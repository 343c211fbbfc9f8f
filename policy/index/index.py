"""The question index: which entry answers a free-text question, or none.

Scores come from `policy.weights`; this module combines them, and decides between answering,
offering three choices and refusing. Nothing here knows a word of the notice.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from policy.answers.entries import Answers
from policy.index.model_file import FORMAT, Scores, Weights
from policy.reading.text import LONGEST, bare, unified

# 1. … 2) … （3）… ④ … 五、…: where the items of a list begin, before characters are unified.
_ITEM = re.compile(
    r"(?:(?:^|(?<=[\s,，。;；?？!！、:：]))(?:\d{1,2}[)）.．、](?!\d)|[一二三四五六七八九][、.．])"
    r"|(?<![一二三四五六七八九\d])[(（]\d{1,2}[)）]|[\u2460-\u249b])\s*"
)
# What a question has in it, however short: with it a part of a message asks something itself.
_ASKS = re.compile(
    r"[吗么嘛呢吧啥咋哪几谁]|[不没]$|(.)[不没]\1|有没|什么|怎么|多少|多久|多长|多大|能否|可否|是否|有无|何时"
)
_BREAK = re.compile(r"(?:[?？。;；!！,，、\s]|还有|另外|顺便|以及|再就是|再问)+")

# How much half a question leans on the answer before it (chosen on held-out authors).
JOINT, RELATED, SAME = 0.5, 1.0, 0.5
COMPLETE = 0.95  # so sure by itself, a question needs no help
# Small talk is short and mostly the same words: what shares less than this with it is none; nor is
# what sounds like a question of ours, unless it shares nearly all.
CHAT_COVERED, CHAT_SURE = 0.5, 0.9
FOLLOWS_OURS = 0.9  # after an answer, what is so likely ours is no small talk
FOLLOW_OURS = 0.002  # what is less likely ours than this does not become so by the answer before
SEVERAL = 3  # so many questions in one message are told apart: two are answered, the others named
SEVERAL_SURE = 0.5  # each of them by itself as sure as this
MOST_PARTS = 12
RECENT = 64  # judgements kept: the parts of one message are looked at several times
# A vague word is too little to refuse for good: above this probability it gets three choices.
VAGUE_ABOVE = 0.1
UNKNOWN = 10  # the place among the signals of the share of characters that are not ours


@dataclass(frozen=True)
class Found:
    """What the index makes of a question.

    `entries`: for an answer one id, or two when two questions were asked; for a choice three, best
    first; none for a refusal. `near`: next best ids beside an answer. `neighbour`: a refused text
    that sounds like another office's business. `left`: of three questions or more, those not
    answered now, in the asker's words.
    """

    kind: Literal["answer", "choose", "refuse"]
    entries: tuple[str, ...]
    near: tuple[str, ...] = ()
    neighbour: bool = False
    left: tuple[str, ...] = ()


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


def training_inputs(answers: Answers, phrasings: Mapping[str, Any]) -> dict[str, Any]:
    """All that training reads: entries (id, title, answer) and phrasing files, in file order."""
    entries = {
        e.id: [e.title, e.answer, list(e.related), e.topic, e.smalltalk]
        for e in answers.entries.values()
        if not e.replaces
    }
    return {"entries": entries, "phrasings": dict(phrasings)}


def inputs_hash(inputs: Mapping[str, Any]) -> str:
    """sha256 of what the weights are learnt from; comments and other fields do not count."""
    content = json.dumps([FORMAT, inputs], ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(content.encode()).hexdigest()


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


class Index:
    """Answers, offers or refuses.

    `known` are normalised texts whose entry is certain, whatever the weights say of them: they came
    after the weights were learnt.
    """

    def __init__(self, weights: Weights, known: Mapping[str, str] | None = None) -> None:
        self.weights = weights
        self.known = known or {}
        self.header = weights.header
        self._ordinary: int = self.header["ordinary"]
        self._at = {entry: i for i, entry in enumerate(weights.entries)}
        self._recent: dict[str, Judged] = {}

    def judge(self, text: str) -> Judged:
        """Score a normalised text by itself."""
        known = self._recent.get(text)
        if known is None:
            if len(self._recent) >= RECENT:
                self._recent.clear()
            known = self._recent[text] = self._judge(text)
        return known

    def _judge(self, text: str) -> Judged:
        mended = self.weights.repaired(text)
        scores = self.weights.scores(mended)
        total = combined(scores, self._ordinary)
        values = signals(self.weights, scores, total)
        ours = gate(self.header["ours"], values)
        chat, talking = "", chat_signals(self.weights, scores)
        if (
            talking[0] >= (CHAT_COVERED if ours < 0.5 else CHAT_SURE)
            and gate(self.header["chat"], talking) > self.header["chat_above"]
        ):
            talk = scores.linear[self._ordinary :]
            chat = self.weights.entries[self._ordinary + talk.index(max(talk))]
        return Judged(
            text=text,
            total=total,
            ours=ours,
            right=gate(self.header["right"], values),
            neighbour=scores.neighbour > 0,
            chat=chat,
            vague=len(text) <= 4 and values[UNKNOWN] == 0.0,
        )

    def forget(self) -> None:
        """Drop kept judgements: nothing of a message outlives it; and gates may have changed."""
        self._recent.clear()

    def _first(self, judged: Judged) -> str:
        return self.weights.entries[judged.total.index(max(judged.total))]

    def _ranked(self, total: list[float]) -> list[tuple[str, float]]:
        return sorted(zip(self.weights.entries, total, strict=False), key=lambda pair: -pair[1])

    def joined(self, alone: Judged, last: str) -> tuple[Judged, list[float]]:
        """The text behind the title of what was answered last, and the scores of both readings.

        A full question stays what it is: the help is small beside its own score. Of half a question
        little is left alone, and the title before it decides.
        """
        joint = self.judge(self.header["titles"][last] + alone.text)
        open_ = 1.0 - alone.ours * alone.right
        total = [a + JOINT * open_ * b for a, b in zip(alone.total, joint.total, strict=True)]
        for near in self.header["related"].get(last, ()):
            if self._at[near] < self._ordinary:
                total[self._at[near]] += RELATED * open_
        total[self._at[last]] -= SAME * (1.0 + open_)
        return joint, total

    def after(self, alone: Judged, last: str) -> Judged:
        """The same text read as said right after the answer `last`."""
        if last not in self.header["titles"]:
            return alone
        if alone.ours * alone.right > COMPLETE:
            total = list(alone.total)
            total[self._at[last]] -= SAME
            return replace(alone, total=total)
        joint, total = self.joined(alone, last)
        order = sorted(total, reverse=True)
        follows = (
            "follows" in self.header
            and alone.ours > FOLLOW_OURS
            and not alone.neighbour
            and gate(self.header["follows"], follow_signals(alone, joint, total))
            > self.header["follow_above"]
        )
        return replace(
            alone,
            total=total,
            ours=1.0 if follows else alone.ours,
            right=max(alone.right, logistic(2.0 * (order[0] - order[1]) - 1.0)),
        )

    def rank(self, text: str, last: str | None = None) -> list[tuple[str, float]]:
        """All ordinary entries with their scores, best first; `last`: the entry answered before."""
        judged = self.judge(bare(unified(text)))
        return self._ranked((self.after(judged, last) if last else judged).total)

    def ask(self, text: str, last: str | None = None) -> Found:
        """The decision for one message. Never raises, whatever the text."""
        self.forget()
        plain, items = _ITEM.subn("；", text[: LONGEST * 4])
        plain = unified(plain)
        whole = bare(plain)
        if not whole:
            return Found("refuse", ())
        if whole in self.known:
            return Found("answer", (self.known[whole],))
        judged = self.judge(whole)
        if not judged.chat:
            plain, judged = self._without_greeting(plain, judged)
        elif last and judged.ours > FOLLOWS_OURS:  # 没有人工智能？ is more than a greeting
            judged = replace(judged, chat="")
        if judged.chat:
            return Found("answer", (judged.chat,))
        if many := self.several(plain, SEVERAL if items < 2 else 2):
            (one, _), (other, _), *rest = many
            near = tuple(entry for entry, _ in rest)[:3]
            return Found("answer", (one, other), near, left=tuple(words for _, words in rest))
        if last:
            judged = self.after(judged, last)
        best = [entry for entry, _ in self._ranked(judged.total)[:5]]
        pair = self.two(plain, judged) if "two" in self.header else None
        if pair and pair[1] > self.header["two_above"]:
            return Found("answer", pair[0], tuple(e for e in best if e not in pair[0])[:3])
        if pair and pair[1] > 0.2:  # perhaps two questions: the other one is offered beside the answer
            best[1:] = [e for e in (*pair[0], *best[1:]) if e != best[0]]
            best = list(dict.fromkeys(best))
        if judged.ours < self.header["refuse_below"]:
            if judged.vague and judged.ours > VAGUE_ABOVE:
                return Found("choose", tuple(best[:3]))
            return Found("refuse", (), neighbour=judged.neighbour)
        if judged.right < self.header["choose_below"]:
            return Found("choose", tuple(best[:3]))
        return Found("answer", (best[0],), tuple(best[1:4]))

    def _without_greeting(self, plain: str, whole: Judged) -> tuple[str, Judged]:
        """The text without small talk before its first or after its last mark: 你好，… ，谢谢."""
        parts = [p for p in _BREAK.split(plain) if bare(p)]
        kept = list(parts)
        if len(parts) > 1 and self.judge(bare(parts[-1])).chat:
            kept.pop()
        if len(kept) > 1 and self.judge(bare(parts[0])).chat:
            del kept[0]
        if kept == parts:
            return plain, whole
        plain = "，".join(kept)
        return plain, self.judge(bare(plain))

    def several(self, plain: str, fewest: int = SEVERAL) -> list[tuple[str, str]]:
        """(entry, words) of each question in unified text, when there are that many; else none."""
        parts = [p for p in _BREAK.split(plain) if len(bare(p)) > 1]
        if not fewest <= len(parts) <= MOST_PARTS:
            return []
        found: dict[str, str] = {}
        last = ""
        for part in (p for p in parts if _ASKS.search(p)):
            judged = self.judge(bare(part))
            if last and judged.ours * judged.right <= SEVERAL_SURE:
                judged = self.after(judged, last)
            if not judged.chat and judged.ours * judged.right > SEVERAL_SURE:
                last = self._first(judged)
                found.setdefault(last, part)
        return list(found.items()) if len(found) >= fewest else []

    def two(self, plain: str, whole: Judged) -> tuple[tuple[str, str], float] | None:
        """The likeliest reading of unified text as two questions, and its probability."""
        found = [(pair, gate(self.header["two"], values)) for pair, values in self.cuts(plain, whole)]
        return max(found, key=lambda each: each[1], default=None)

    def cuts(self, plain: str, whole: Judged) -> Iterator[tuple[tuple[str, str], list[float]]]:
        """Every way to read unified text as two questions: the entries, and signals for the gate."""
        marks = _BREAK.findall(plain)
        parts = [(bare(p), m) for p, m in zip(_BREAK.split(plain), [*marks, ""], strict=True)]
        parts = [(p, m) for p, m in parts if len(p) > 1]
        if len(parts) > 5:
            return
        for cut in range(1, len(parts)):
            left = self.judge("".join(p for p, _ in parts[:cut]))
            one = self._first(left)
            # The second question often leaves out what the first was about.
            right = self.after(self.judge("".join(p for p, _ in parts[cut:])), one)
            other = self._first(right)
            if one != other and not left.chat and not right.chat:
                yield (one, other), self.pair_signals(whole, left, right, parts[cut - 1][1])

    def pair_signals(self, whole: Judged, left: Judged, right: Judged, mark: str) -> list[float]:
        """What tells two questions from one with its circumstances."""
        one, other = left.total.index(max(left.total)), right.total.index(max(right.total))
        scores = sorted((whole.total[one], whole.total[other]))
        third = max(v for i, v in enumerate(whole.total) if i not in (one, other))
        return [
            min(left.ours * left.right, right.ours * right.right),
            left.ours * left.right + right.ours * right.right,
            scores[0] - third,
            scores[1] - third,
            scores[0],
            math.log(min(len(left.text), len(right.text))),
            float(any(c in "?？。;；!！\n" for c in mark)),
            float(mark.isspace()),
            float(any("\u4e00" <= c <= "\u9fff" for c in mark)),
            left.total[one],
            right.total[other],
            math.log(whole.ours + 1e-3),
        ]

    def stale(self, inputs: Mapping[str, Any]) -> bool:
        """Whether entries or phrasings changed since the weights were learnt."""
        return bool(self.header["inputs"] != inputs_hash(inputs))
