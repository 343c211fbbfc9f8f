"""Conditions in three truths, against a table that is counted out by hand or by brute force."""

from __future__ import annotations

import itertools

import pytest

from policy.checks.conditions import (
    UNSURE,
    AllOf,
    AnyOf,
    Condition,
    Leaf,
    Reason,
    Truth,
    evaluate,
    in_order,
    open_facts,
)

MET, NOT_MET, UNKNOWN = Truth.MET, Truth.NOT_MET, Truth.UNKNOWN
ANSWERS = {MET: "yes", NOT_MET: "no", UNKNOWN: UNSURE}


def leaf(fact: str, not_met: str = "no") -> Leaf:
    return Leaf(fact, f"words of {fact}", "三", frozenset({"yes"}), frozenset(not_met.split()))


A, B, C, D = (leaf(fact) for fact in "abcd")
NEVER_FAILS = leaf("d", not_met="")  # the notice says only what is enough
OPTIONS = dict.fromkeys("abcd", ("yes", "no", UNSURE))


def told(**truths: Truth) -> dict[str, str]:
    return {fact: ANSWERS[truth] for fact, truth in truths.items()}


def facts_in(reasons: list[Reason]) -> list[str]:
    return [r.condition.fact for r in reasons if isinstance(r.condition, Leaf)]


class TestOneTruth:
    @pytest.mark.parametrize(
        ("answer", "truth"),
        [("yes", MET), ("no", NOT_MET), (UNSURE, UNKNOWN), ("else", UNKNOWN), (None, UNKNOWN)],
    )
    def test_of_a_leaf(self, answer: str | None, truth: Truth) -> None:
        facts = {} if answer is None else {"a": answer}
        reason = evaluate(A, facts)
        assert reason == Reason(truth, A, answer)
        assert reason.leaves() == [reason]
        assert reason.telling == ()
        assert reason.deciding() == ([] if answer is None else [reason])

    @pytest.mark.parametrize(("first", "second"), list(itertools.product(Truth, repeat=2)))
    def test_of_several(self, first: Truth, second: Truth) -> None:
        facts = told(a=first, b=second)
        assert evaluate(AllOf("all", (A, B)), facts).truth == min(first, second)
        assert evaluate(AnyOf("any", (A, B)), facts).truth == max(first, second)

    def test_its_reasons_are_its_parts_in_order(self) -> None:
        whole = AllOf("all", (AnyOf("any", (A, B)), C))
        reason = evaluate(whole, told(a=NOT_MET, b=MET))
        assert facts_in(reason.leaves()) == ["a", "b", "c"]
        assert [r.truth for r in reason.leaves()] == [NOT_MET, MET, UNKNOWN]
        assert [r.answered for r in reason.leaves()] == ["no", "yes", None]
        assert reason.answered is None


class TestWhatIsTold:
    @pytest.mark.parametrize("truths", list(itertools.product(Truth, repeat=2)))
    def test_of_ways_only_those_that_were_found_once_one_is(self, truths: tuple[Truth, Truth]) -> None:
        facts = told(a=truths[0], b=truths[1])
        found = [f for f, t in zip("ab", truths, strict=True) if t == MET]
        assert facts_in(list(evaluate(AnyOf("any", (A, B)), facts).telling)) == (found or ["a", "b"])
        assert facts_in(list(evaluate(AllOf("all", (A, B)), facts).telling)) == ["a", "b"]

    @pytest.mark.parametrize("truths", list(itertools.product(Truth, repeat=3)))
    def test_the_leaves_that_decide_stand_as_the_whole_does(self, truths: tuple[Truth, ...]) -> None:
        facts = told(a=truths[0], b=truths[1], c=truths[2])
        every = evaluate(AllOf("all", (A, B, C)), facts)
        assert facts_in(every.deciding()) == [
            f for f, t in zip("abc", truths, strict=True) if t == min(truths)
        ]
        some = evaluate(AnyOf("any", (A, B, C)), facts)
        same = [f for f, t in zip("abc", truths, strict=True) if t == max(truths)]
        assert facts_in(some.deciding()) == (same[:1] if max(truths) == MET else same)

    def test_what_was_not_answered_decides_nothing(self) -> None:
        assert facts_in(evaluate(AllOf("all", (A, B)), told(b=UNKNOWN)).deciding()) == ["b"]

    def test_of_ways_within_a_way_the_first(self) -> None:
        whole = AnyOf("any", (AllOf("all", (A, B)), AnyOf("any", (C, D))))
        facts = told(a=NOT_MET, b=MET, c=NOT_MET, d=MET)
        assert facts_in(evaluate(whole, facts).deciding()) == ["d"]
        assert facts_in(evaluate(whole, told(a=MET, b=MET, c=MET, d=MET)).deciding()) == ["a", "b"]


class TestTheOrder:
    @pytest.mark.parametrize("second", Truth)
    def test_nothing_counts_after_what_is_not_met(self, second: Truth) -> None:
        whole = AllOf("all", (A, B, C))
        expected = {"a", "b"} if second == NOT_MET else {"a", "b", "c"}
        assert in_order(whole, told(a=MET, b=second)) == expected

    @pytest.mark.parametrize("truth", Truth)
    def test_a_way_that_failed_leaves_the_others(self, truth: Truth) -> None:
        assert in_order(AnyOf("any", (A, B)), told(a=truth)) == {"a", "b"}
        inner = AnyOf("any", (AllOf("all", (A, B)), C))
        assert in_order(inner, told(a=NOT_MET)) == {"a", "c"}


def by_trying(condition: Condition, facts: dict[str, str], options: dict[str, tuple[str, ...]]) -> list[str]:
    """The unanswered facts of which some answer, with some answers to the others, changes the truth."""
    unanswered = [f for f in "abcd" if f in options and f not in facts]
    changing = []
    for fact in unanswered:
        others = [f for f in unanswered if f != fact]
        for answers in itertools.product(*(options[f] for f in others)):
            rest = {**facts, **dict(zip(others, answers, strict=True))}
            if len({evaluate(condition, {**rest, fact: o}).truth for o in options[fact]}) > 1:
                changing.append(fact)
                break
    return changing


JOINED: tuple[type[AllOf | AnyOf], ...] = (AllOf, AnyOf)
SHAPES: list[Condition] = [
    outer("outer", parts)
    for outer, inner in itertools.product(JOINED, repeat=2)
    for parts in (
        (A, inner("inner", (B, C)), NEVER_FAILS),
        (inner("inner", (A, B)), inner("inner", (C, NEVER_FAILS))),
        (inner("inner", (A, AllOf("deep", (B, C)))), D),
        (inner("inner", (AnyOf("deep", (A, B)), C)), D),
    )
]


@pytest.mark.parametrize("condition", SHAPES, ids=str)
def test_exactly_what_can_change_the_truth_is_open(condition: Condition) -> None:
    fourth = ("yes", UNSURE) if "frozenset()" in str(condition) else OPTIONS["d"]
    options: dict[str, tuple[str, ...]] = {**OPTIONS, "d": fourth}
    for answers in itertools.product((None, "yes", "no", UNSURE), repeat=4):
        facts = {f: a for f, a in zip("abcd", answers, strict=True) if a is not None}
        assert open_facts(condition, facts, options) == by_trying(condition, facts, options), facts


def test_a_fact_that_two_leaves_ask_for_is_open_once() -> None:
    whole = AllOf("all", (A, AnyOf("any", (A, B))))
    assert open_facts(whole, {}, OPTIONS).count("a") == 1


def test_what_has_one_answer_only_is_not_asked() -> None:
    assert open_facts(A, {}, {"a": ("yes",)}) == []
    assert open_facts(A, {}, {"a": ("yes", "no")}) == ["a"]


def test_a_condition_cannot_be_changed() -> None:
    for one in (A, AllOf("all", (A,)), AnyOf("any", (A,)), evaluate(A, {})):
        with pytest.raises(AttributeError):
            one.words = "other"  # type: ignore[union-attr, misc]
        assert hash(one) == hash(one)
