"""The guided checks: facts to ask, outcomes with their conditions, read from `checks/*.yaml`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from policy.conditions import (
    UNSURE,
    AllOf,
    AnyOf,
    Condition,
    Facts,
    Leaf,
    Reason,
    Truth,
    evaluate,
    open_facts,
)
from policy.files import PolicyError, packaged, packaged_file

UNDECIDED = "undecided"  # the outcome id of 条件待核实, in every check


@dataclass(frozen=True)
class Option:
    """One possible answer to a fact's question."""

    id: str
    label: str
    also: tuple[str, ...] = ()  # further ways people type it


@dataclass(frozen=True)
class Fact:
    """Something asked of a person once. `clause` is the clause that makes it matter."""

    id: str
    ask: str
    short: str
    clause: str
    options: tuple[Option, ...]
    hint: str = ""

    def label(self, option_id: str) -> str:
        """The words of an answer; the id itself when it is no option."""
        return next((o.label for o in self.options if o.id == option_id), option_id)


@dataclass(frozen=True)
class Outcome:
    """One verdict a check can reach, and the condition under which it does."""

    id: str
    title: str
    when: Condition | None  # None: reached when every outcome before it failed
    steps: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """What a check says of the facts given.

    `outcome` is an `Outcome` id or UNDECIDED. `verify` lists what to verify (undecided only),
    `clauses` the clauses the shown reasons rest on.
    """

    check: str
    outcome: str
    title: str
    reasons: tuple[Reason, ...]
    verify: tuple[Leaf, ...]
    clauses: tuple[str, ...]
    steps: tuple[str, ...]


@dataclass(frozen=True)
class Check:
    """A guided check on one question people have."""

    id: str
    title: str
    clause: str
    intro: str
    outcomes: tuple[Outcome, ...]
    undecided: Outcome
    facts: dict[str, Fact]

    @cached_property
    def _options(self) -> dict[str, tuple[str, ...]]:
        return {f.id: tuple(o.id for o in f.options) for f in self.facts.values()}

    @cached_property
    def _known(self) -> dict[frozenset[tuple[str, str]], Fact | None]:
        """The next fact for answers seen before: every turn replays the ones before it."""
        return {}

    def open_facts(self, facts: Facts) -> list[str]:
        """Facts still worth asking, in declared order; empty when the verdict is final.

        Outcomes are tried in order: the first that is not failed decides what is asked.
        """
        for outcome in self.outcomes:
            if outcome.when is None:
                return []
            truth = evaluate(outcome.when, facts).truth
            if truth != Truth.NOT_MET:
                return [] if truth == Truth.MET else open_facts(outcome.when, facts, self._options)
        return []

    def next_fact(self, facts: Facts) -> Fact | None:
        """The next question worth asking, or None when the verdict is final."""
        key = frozenset(facts.items())
        if key not in self._known:
            if len(self._known) > 10_000:
                self._known.clear()
            still_open = self.open_facts(facts)
            self._known[key] = self.facts[still_open[0]] if still_open else None
        return self._known[key]

    def verdict(self, facts: Facts) -> Verdict:
        """The verdict on the facts given, with its reasons. Never assumes a condition."""
        reasons: list[Reason] = []
        chosen = self.undecided
        for outcome in self.outcomes:
            if outcome.when is None:
                chosen = outcome
                break
            reason = evaluate(outcome.when, facts)
            reasons.append(reason)
            if reason.truth == Truth.MET:
                chosen = outcome
                break
            if reason.truth == Truth.UNKNOWN:
                break
        leaves = [leaf for reason in reasons for leaf in reason.leaves() if leaf.answered is not None]
        verify = []
        if chosen.id == UNDECIDED:
            verify = [r.condition for r in leaves if r.truth == Truth.UNKNOWN]
        clauses = dict.fromkeys(r.condition.clause for r in leaves if isinstance(r.condition, Leaf))
        return Verdict(
            check=self.id,
            outcome=chosen.id,
            title=chosen.title,
            reasons=tuple(reasons),
            verify=tuple(c for c in verify if isinstance(c, Leaf)),
            clauses=tuple(clauses) or (self.clause,),
            steps=chosen.steps,
        )


def parse_condition(raw: dict[str, Any], facts: dict[str, Fact], where: str) -> Condition:
    """A condition from its YAML form.

    Raises:
        PolicyError: an unknown fact or option, or a node that is neither kind.
    """
    for kind, cls in (("all_of", AllOf), ("any_of", AnyOf)):
        if kind in raw:
            parts = tuple(parse_condition(part, facts, where) for part in raw[kind])
            return cls(raw.get("words", ""), parts)
    if "fact" not in raw or raw["fact"] not in facts:
        raise PolicyError(f"{where}: 条件里的事实不存在：{raw.get('fact', raw)}")
    known = {o.id for o in facts[raw["fact"]].options}
    met, not_met = frozenset(raw.get("met", ())), frozenset(raw.get("not_met", ()))
    for option in met | not_met:
        if option not in known:
            raise PolicyError(f"{where}: 事实 {raw['fact']} 没有选项 {option}")
    return Leaf(
        fact=raw["fact"],
        words=raw["words"],
        clause=raw["clause"],
        met=met,
        not_met=not_met,
        verify=raw.get("verify", ""),
        quote=raw.get("quote", ""),
    )


def _facts_of(condition: Condition) -> list[str]:
    if isinstance(condition, Leaf):
        return [condition.fact]
    return [fact for part in condition.parts for fact in _facts_of(part)]


def parse_facts(raw: dict[str, Any]) -> dict[str, Fact]:
    """The facts by id; every fact gets the answer 不确定 when its file names none."""
    facts = {}
    for fact_id, data in raw.items():
        labels = {str(k): v for k, v in data["options"].items()}
        labels.setdefault(UNSURE, "不确定")
        facts[fact_id] = Fact(
            id=fact_id,
            ask=data["ask"],
            short=data["short"],
            clause=data["clause"],
            options=tuple(
                Option(k, v, tuple(data.get("also", {}).get(k, ()))) for k, v in labels.items()
            ),
            hint=data.get("hint", ""),
        )
    return facts


def parse_check(name: str, raw: dict[str, Any], facts: dict[str, Fact]) -> Check:
    """A check from the content of its file.

    Raises:
        PolicyError: a field is missing, or a condition names something unknown.
    """
    where = f"checks/{name}"
    try:
        outcomes = []
        for data in raw["outcomes"]:
            when = parse_condition(data["when"], facts, where) if "when" in data else None
            outcomes.append(Outcome(data["id"], data["title"], when, tuple(data.get("steps", ()))))
        undecided = raw["undecided"]
        used = dict.fromkeys(f for o in outcomes if o.when for f in _facts_of(o.when))
        return Check(
            id=raw["id"],
            title=raw["title"],
            clause=raw["clause"],
            intro=raw["intro"],
            outcomes=tuple(outcomes),
            undecided=Outcome(UNDECIDED, undecided["title"], None, tuple(undecided.get("steps", ()))),
            facts={f: facts[f] for f in used},
        )
    except KeyError as error:
        raise PolicyError(f"{where}: 缺少字段 {error}") from error


@lru_cache(maxsize=1)
def checks() -> dict[str, Check]:
    """The packaged checks by id, read once."""
    facts = parse_facts(packaged_file("facts.yaml"))
    found = [parse_check(name, raw, facts) for name, raw in packaged("checks")]
    return {check.id: check for check in found}
