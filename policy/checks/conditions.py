"""Conditions that explain themselves: met, not met or unknown, each leaf naming its clause.

The three truths are ordered NOT_MET < UNKNOWN < MET, so `all_of` is a minimum and `any_of` a
maximum. One evaluation yields the verdict, the tree of reasons and the next question worth asking.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

UNSURE = "unsure"  # "不确定" is an answer like any other; it decides nothing

Facts = Mapping[str, str]  # fact id → option id; a fact not asked is absent
Concerns = tuple[tuple[str, frozenset[str]], ...]  # (fact, its options) of those whom a way concerns


class Truth(IntEnum):
    """How a condition stands."""

    NOT_MET = 0
    UNKNOWN = 1
    MET = 2


@dataclass(frozen=True)
class Leaf:
    """One condition on one fact.

    Options in `met` meet it, those in `not_met` fail it; every other answer leaves it unknown
    (the text does not decide). `verify` says what to verify, and is shown when it stays unknown;
    `verify_as` says it by the answer, where that makes a difference. `concerns` are the answers of those
    for whom it is a way at all, everybody without any: to others, and to those who were not asked, a way
    not taken is no reason.
    """

    fact: str
    words: str
    clause: str
    met: frozenset[str]
    not_met: frozenset[str] = frozenset()
    verify: str = ""
    quote: str = ""
    verify_as: tuple[tuple[str, str], ...] = ()
    concerns: Concerns = ()

    def truth(self, facts: Facts) -> Truth:
        """MET, NOT_MET, or UNKNOWN when unanswered or undecided."""
        answer = facts.get(self.fact)
        if answer in self.met:
            return Truth.MET
        return Truth.NOT_MET if answer in self.not_met else Truth.UNKNOWN


@dataclass(frozen=True)
class AllOf:
    """Met when every part is; failed as soon as one part is."""

    words: str
    parts: tuple[Condition, ...]
    concerns: Concerns = ()


@dataclass(frozen=True)
class AnyOf:
    """Met as soon as one part is; failed when every part is."""

    words: str
    parts: tuple[Condition, ...]
    concerns: Concerns = ()


Condition = Leaf | AllOf | AnyOf


@dataclass(frozen=True)
class Reason:
    """One node of the explanation. `answered` is None for a leaf whose fact was never asked.

    `concerned` is False where it is a way for others only.
    """

    truth: Truth
    condition: Condition
    answered: str | None = None
    parts: tuple[Reason, ...] = ()
    concerned: bool = True

    @property
    def telling(self) -> tuple[Reason, ...]:
        """The parts worth telling: of several ways those found; of none found those for this person."""
        if not isinstance(self.condition, AnyOf):
            return self.parts
        if self.truth == Truth.MET:
            return tuple(part for part in self.parts if part.truth == Truth.MET)
        return tuple(part for part in self.parts if part.concerned) or self.parts

    def deciding(self) -> list[Reason]:
        """The answered leaves that make it met, or not met; of several ways to be met the first."""
        if isinstance(self.condition, Leaf):
            return [self] if self.answered is not None else []
        same = [part for part in self.telling if part.truth == self.truth]
        if isinstance(self.condition, AnyOf) and self.truth == Truth.MET:
            same = same[:1]
        return [leaf for part in same for leaf in part.deciding()]

    def leaves(self) -> list[Reason]:
        """The leaves below (or this one), in declared order."""
        if isinstance(self.condition, Leaf):
            return [self]
        return [leaf for part in self.parts for leaf in part.leaves()]


def evaluate(condition: Condition, facts: Facts) -> Reason:
    """The truth of a condition with the reasons for it."""
    concerned = all(facts.get(fact) in (*options, UNSURE) for fact, options in condition.concerns)
    if isinstance(condition, Leaf):
        return Reason(condition.truth(facts), condition, facts.get(condition.fact), concerned=concerned)
    parts = tuple(evaluate(part, facts) for part in condition.parts)
    truths = [part.truth for part in parts]
    truth = min(truths) if isinstance(condition, AllOf) else max(truths)
    return Reason(truth, condition, parts=parts, concerned=concerned)


def in_order(condition: Condition, facts: Facts) -> set[str]:
    """The facts that count in the rule's own order.

    Of parts that all have to be met, none after one that is not.
    """
    if isinstance(condition, Leaf):
        return {condition.fact}
    found: set[str] = set()
    for part in condition.parts:
        found |= in_order(part, facts)
        if isinstance(condition, AllOf) and evaluate(part, facts).truth == Truth.NOT_MET:
            break
    return found


def _reach(condition: Condition, facts: Facts, options: Mapping[str, tuple[str, ...]]) -> tuple[Truth, Truth]:
    """The lowest and highest truth the condition can still take when more facts are answered."""
    if isinstance(condition, Leaf):
        if condition.fact in facts:
            truth = condition.truth(facts)
            return truth, truth
        truths = [condition.truth({condition.fact: option}) for option in options[condition.fact]]
        return min(truths), max(truths)
    reaches = [_reach(part, facts, options) for part in condition.parts]
    pick = min if isinstance(condition, AllOf) else max
    return pick(low for low, _ in reaches), pick(high for _, high in reaches)


@dataclass
class _Search:
    facts: Facts
    options: Mapping[str, tuple[str, ...]]
    found: list[str] = field(default_factory=list)

    def visit(self, condition: Condition, low: Truth, high: Truth) -> None:
        """Collect unanswered facts; only truths in [low, high] still show at the root."""
        if low >= high:
            return
        if isinstance(condition, Leaf):
            bottom, top = _reach(condition, self.facts, self.options)
            clamped = {max(low, min(high, truth)) for truth in (bottom, top)}
            if condition.fact not in self.facts and len(clamped) > 1:
                self.found.append(condition.fact)
            return
        for i, part in enumerate(condition.parts):
            others = [
                _reach(other, self.facts, self.options) for j, other in enumerate(condition.parts) if j != i
            ]
            if isinstance(condition, AllOf):
                ceiling = min((top for _, top in others), default=Truth.MET)
                self.visit(part, low, min(high, ceiling))
            else:
                floor = max((bottom for bottom, _ in others), default=Truth.NOT_MET)
                self.visit(part, max(low, floor), high)


def open_facts(condition: Condition, facts: Facts, options: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Unanswered facts whose answer can still change the result, in declared order.

    `options` gives every fact's possible answers, "unsure" included. Empty when decided, or when
    nothing that is left to ask could decide it.
    """
    search = _Search(facts, options)
    search.visit(condition, Truth.NOT_MET, Truth.MET)
    return list(dict.fromkeys(search.found))
