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

from policy.index.model_file import FORMAT, Scores, Weights
from policy.index.signals import (
    UNKNOWN,
    Judged,
    chat_signals,
    combined,
    exact_signals,
    follow_signals,
    gate,
    logistic,
    signals,
)
from policy.reading.text import LONGEST, bare, unified

# 1. … 2) … （3）… ④ … 五、…: where the items of a list begin, before characters are unified.
_ITEM = re.compile(
    r"(?:(?:^|(?<=[\s,，。;；?？!！、:：]))(?:[0-9０-９]{1,2}[)）.．、](?![0-9０-９])|[一二三四五六七八九][、.．])"
    r"|(?<![一二三四五六七八九0-9０-９])[(（][0-9０-９]{1,2}[)）]|[\u2460-\u249b])\s*"
)
# What a question has in it, however short: with it a part of a message asks something itself.
_ASKS = re.compile(
    r"[吗么嘛呢吧啥咋哪几谁]|[不没]$|(.)[不没].?\1|还是|有没|什么|怎么|多少|多久|多长|多大|能否|可否|是否|有无|何时"
)
# Where one question certainly ends and the next begins.
_END = re.compile(
    r"[?？;；\n]+\s*|[，,。！!\s]{0,3}(?:还有(?![效没有用资别])|另外|顺便|再问一?下?|再就是)[，,：:]?\s*"
)
_BREAK = re.compile(
    r"(?:[?？。;；!！,，、\s]|还有(?![效没有用资])|另外|顺便|以及|再就是|再一个(?:就?是)?|再问)+"
)

# How much half a question leans on the answer before it (chosen on held-out authors).
JOINT, RELATED, SAME = 0.5, 1.0, 0.5
COMPLETE = 0.95  # so sure by itself, a question needs no help
# Small talk is short and mostly the same words: what shares less than this with it is none; nor is
# what sounds like a question of ours, unless it shares nearly all.
CHAT_COVERED, CHAT_SURE = 0.5, 0.9
FOLLOWS_OURS = 0.9  # after an answer, what is so likely ours is no small talk
FOLLOW_OURS = 0.002  # what is less likely ours than this does not become so by the answer before
SEVERAL, MOST_TOLD = (
    3,
    3,
)  # so many questions in one message are told apart, and so many answered; others named
SEVERAL_SURE = 0.4  # each of them by itself as sure as this
# Two halves that both ask by themselves, and rest on other clauses or on the same, so likely to be two.
TWO_APART, TWO_BESIDE, PLAIN_SURE = 0.02, 0.12, 0.3
MOST_PARTS = 12
HALF = 10  # a text so short may be about the entry just answered
RECENT = 64  # judgements kept: the parts of one message are looked at several times
# A vague word is too little to refuse for good: above this probability it gets three choices.
VAGUE_ABOVE = 0.1
SAID, FULL, ALIKE = 3, 6, 0.98  # a text of so many characters and so like a learnt line is that line
VAGUE_SURE = 0.9  # what a vague word must mean to be answered
# How near to a text that came after the weights were learnt (Dice's coefficient of character pairs): as
# good as the text itself; enough where the weights do not answer.
ALMOST, NEAR = 0.8, 0.6
_TELLING = re.compile("[不没未无非0-9]")  # with another one of these it is another question


@dataclass(frozen=True)
class Found:
    """What the index makes of a question.

    `entries`: for an answer one id, or up to three when several questions were asked; for a choice
    three, best first; none for a refusal. `near`: next best ids beside an answer. `neighbour`: a refused text
    that sounds like another office's business. `left`: of three questions or more, those not
    answered now, in the asker's words.
    """

    kind: Literal["answer", "choose", "refuse"]
    entries: tuple[str, ...]
    near: tuple[str, ...] = ()
    neighbour: bool = False
    left: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reading:
    """A decision, and for each entry answered the bare words that asked for it, as judged.

    Nothing was judged where a text is known to the letter, or has nothing to read.
    """

    found: Found
    asked: tuple[Judged, ...] = ()


def inputs_hash(inputs: Mapping[str, Any]) -> str:
    """sha256 of what the weights are learnt from; comments and other fields do not count."""
    content = json.dumps([FORMAT, inputs], ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(content.encode()).hexdigest()


@dataclass(frozen=True)
class Cut:
    """A message cut in two: the entries, the halves as judged, and signals for the gate."""

    entries: tuple[str, str]
    left: Judged
    right: Judged
    signals: list[float]
    likely: float  # how likely it must be


class Index:
    """Answers, offers or refuses.

    `known` are normalised texts whose entry is certain, whatever the weights say of them: they came
    after the weights were learnt.
    """

    def __init__(self, weights: Weights, known: Mapping[str, str] | None = None) -> None:
        self.weights = weights
        self.known = known or {}
        self._pairs = [(text, entry, _pairs(text)) for text, entry in self.known.items()]
        self.header = weights.header
        self._ordinary: int = self.header["ordinary"]
        self._at = {entry: i for i, entry in enumerate(weights.entries)}
        self._recent: dict[str, Judged] = {}

    def known_for(self, text: str, near: float = NEAR) -> str | None:
        """The entry of the nearest known text, if it is so near to a normalised one; None else."""
        if text in self.known:
            return self.known[text]
        wanted, telling = _pairs(text), _TELLING.findall(text)
        best, found = near, None
        for other, entry, pairs in self._pairs:
            alike = 2 * len(wanted & pairs) / (len(wanted) + len(pairs))
            if alike >= best and telling == _TELLING.findall(other):
                best, found = alike, entry
        return found

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
        ours, right = gate(self.header["ours"], values), gate(self.header["right"], values)
        first = self.weights.entries[total.index(max(total))]
        said = SAID <= len(text) <= FULL and self._said(scores, first)
        if said:
            ours, right = max(ours, VAGUE_SURE), max(right, VAGUE_SURE)
        chat, talking = "", chat_signals(self.weights, scores)
        if (
            not said
            and talking[0] >= (CHAT_COVERED if ours < 0.5 else CHAT_SURE)
            and gate(self.header["chat"], talking) > self.header["chat_above"]
        ):
            talk = scores.linear[self._ordinary :]
            chat = self.weights.entries[self._ordinary + talk.index(max(talk))]
        return Judged(
            text=text,
            total=total,
            ours=ours,
            right=right,
            neighbour=scores.neighbour > 0,
            chat=chat,
            vague=len(text) <= 4 and values[UNKNOWN] == 0.0,
            all_chat=talking[0] >= CHAT_SURE,
            scores=scores,
        )

    def _said(self, scores: Scores, entry: str) -> bool:
        """Whether somebody of ours said just this for that entry, short as it is: 怎么报名."""
        labels = (entry, f"~{self.header['clause'][entry]}")
        return any(self.weights.holds_line(scores, label, ALIKE) for label in labels)

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

    def exactness(self, judged: Judged, entry: str) -> float:
        """The probability that the entry's point is the one asked for, not just its topic."""
        at = self._at.get(entry, self._ordinary)
        if at >= self._ordinary:
            return 1.0
        values = exact_signals(self.weights, judged.scores, judged.total, at, judged.text)
        return gate(self.header["exact"], values)

    def ask(self, text: str, last: str | None = None) -> Found:
        """The decision for one message. Never raises, whatever the text."""
        return self.read(text, last).found

    def read(self, text: str, last: str | None = None) -> Reading:
        """The same, with what was asked for each entry."""
        self.forget()
        plain, items = _ITEM.subn("；", text[: LONGEST * 4])
        plain = unified(plain)
        whole = bare(plain)
        if not whole:
            return Reading(Found("refuse", ()))
        if entry := self.known_for(whole, ALMOST):
            return Reading(Found("answer", (entry,)))
        reading = self._read(plain, whole, items, last)
        if reading.found.kind != "answer" and (entry := self.known_for(whole)):
            return Reading(Found("answer", (entry,), tuple(e for e in reading.found.entries if e != entry)))
        return reading

    def _read(self, plain: str, whole: str, items: int, last: str | None) -> Reading:
        """What the weights make of it."""
        judged = self.judge(whole)
        if not judged.chat:
            plain, judged = self._without_greeting(plain, judged)
        # 没有人工智能？ after an answer is more than a greeting, and 自动的？ no thanks.
        elif last and (judged.ours > FOLLOWS_OURS or not judged.all_chat):
            judged = replace(judged, chat="")
        if judged.chat:
            return Reading(Found("answer", (judged.chat,)), (judged,))
        if many := self.several(plain, SEVERAL if items < 2 else 2):
            told, rest = many[:MOST_TOLD], many[MOST_TOLD:]
            near = tuple(entry for entry, _ in rest)[:3]
            entries, left = tuple(e for e, _ in told), tuple(words for _, words in rest)
            return Reading(
                Found("answer", entries, near, left=left), tuple(self.judge(bare(words)) for _, words in told)
            )
        if last:
            judged = self.after(judged, last)
        best = [entry for entry, _ in self._ranked(judged.total)[:5]]
        pair = self.two(plain, judged) if "two" in self.header else None
        if pair and pair[1] > pair[0].likely:
            near = tuple(e for e in best if e not in pair[0].entries)[:3]
            return Reading(Found("answer", pair[0].entries, near), (pair[0].left, pair[0].right))
        if pair and pair[1] > 0.2:  # perhaps two questions: the other one is offered beside the answer
            best[1:] = [e for e in (*pair[0].entries, *best[1:]) if e != best[0]]
            best = list(dict.fromkeys(best))
        if judged.ours < self.header["refuse_below"]:
            if judged.vague and judged.ours > VAGUE_ABOVE:
                return Reading(Found("choose", tuple(best[:3])), (judged,))
            return Reading(Found("refuse", (), neighbour=judged.neighbour), (judged,))
        sure = VAGUE_SURE if judged.vague and not last else self.header["choose_below"]
        if judged.right < sure:
            if last in best[:3] and len(whole) <= HALF:  # 那初级呢: about the same thing
                best.remove(last)
                return Reading(Found("answer", (last,), tuple(best[:3])), (judged,))
            return Reading(Found("choose", tuple(best[:3])), (judged,))
        return Reading(Found("answer", (best[0],), tuple(best[1:4])), (judged,))

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

    def questions(self, plain: str) -> list[str]:
        """The parts of unified text that each ask something, where marks or words set them apart."""
        parts = [p for p in _END.split(plain) if len(bare(p)) > 1]
        return parts if 1 < len(parts) <= MOST_PARTS and all(_ASKS.search(p) for p in parts) else []

    def sure(self, judged: Judged) -> bool:
        """Whether one of several questions is understood by itself."""
        return not judged.chat and not judged.neighbour and judged.ours * judged.right > SEVERAL_SURE

    def two(self, plain: str, whole: Judged) -> tuple[Cut, float] | None:
        """The likeliest reading of unified text as two questions, and its probability."""
        found = [(cut, gate(self.header["two"], cut.signals)) for cut in self.cuts(plain, whole)]
        return max(found, key=lambda each: each[1], default=None)

    def cuts(self, plain: str, whole: Judged) -> Iterator[Cut]:
        """Every way to read unified text as two questions: the entries, and signals for the gate."""
        marks = _BREAK.findall(plain)
        parts = [(bare(p), m) for p, m in zip(_BREAK.split(plain), [*marks, ""], strict=True)]
        parts = [(p, m) for p, m in parts if len(p) > 1]
        if len(parts) > 5:
            return
        above = self.header.get("two_above", 1.0)
        asked = [bool(_ASKS.search(p)) for p, _ in parts]
        for at in range(1, len(parts)):
            asks = any(asked[:at]), any(asked[at:])
            if not all(asks):  # circumstances, then what is asked
                continue
            left = self.judge("".join(p for p, _ in parts[:at]))
            one = self._first(left)
            # The second question often leaves out what the first was about.
            right = self.after(self.judge("".join(p for p, _ in parts[at:])), one)
            other = self._first(right)
            if one != other and not left.chat and not right.chat:
                values = self.pair_signals(whole, left, right, parts[at - 1][1])
                sure = min(left.ours * left.right, right.ours * right.right) > PLAIN_SURE
                apart = self.header["clause"][one] != self.header["clause"][other]
                sure = sure and not left.neighbour and not right.neighbour
                likely = (TWO_APART if apart else TWO_BESIDE) if sure else above
                yield Cut((one, other), left, right, values, likely)

    def pair_signals(self, whole: Judged, left: Judged, right: Judged, mark: str) -> list[float]:
        """What tells two questions from one with its circumstances."""
        one, other = left.total.index(max(left.total)), right.total.index(max(right.total))
        scores = sorted((whole.total[one], whole.total[other]))
        third = max(v for i, v in enumerate(whole.total) if i not in (one, other))
        entries = self.weights.entries
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
            float(self.header["clause"][entries[one]] != self.header["clause"][entries[other]]),
            min(left.ours, right.ours),
        ]

    def stale(self, inputs: Mapping[str, Any]) -> bool:
        """Whether entries or phrasings changed since the weights were learnt."""
        return bool(self.header["inputs"] != inputs_hash(inputs))


def _pairs(text: str) -> frozenset[str]:
    """The pairs of characters of a normalised text, its ends too."""
    ends = f"^{text}$"
    return frozenset(ends[i : i + 2] for i in range(len(ends) - 1))
