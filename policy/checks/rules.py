"""The guided checks: a rule over facts, and the verdicts it leads to, read from `checks/*.yaml`.

A check's rule reads like its clause. When it is met, `met` says which verdict that is; when it is
not, `failed` names the verdict by the condition that failed; when it is unknown, the verdict is
条件待核实 with what to verify.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import Any, Literal

from policy.checks.conditions import (
    UNSURE,
    AllOf,
    AnyOf,
    Concerns,
    Condition,
    Facts,
    Leaf,
    Reason,
    Truth,
    evaluate,
    in_order,
    open_facts,
)
from policy.checks.wordings import NO_WORDING, Wording, parse_wordings
from policy.files import PolicyError

UNDECIDED = "undecided"  # the outcome id of 条件待核实, in every check
_MOST_COMPLETIONS = 5_000


@dataclass(frozen=True)
class Option:
    """One possible answer to a fact's question. `also` are further ways people type it."""

    id: str
    label: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fact:
    """Something asked of a person once. `clause` is the clause that makes it matter.

    `apart` are words that name another matter than the one asked for: with them in it, only an
    option's very words are an answer. `unlisted` are words people answer with that the notice gives
    no option for, and the sentence that says so.

    A date fact also takes a typed day, month or year; for the rules it becomes one of its hidden
    options (see `policy.periods`).
    """

    id: str
    ask: str
    short: str
    clause: str
    options: tuple[Option, ...]
    hint: str = ""
    kind: Literal["choice", "date"] = "choice"
    hidden: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    unlisted: tuple[tuple[str, ...], str] = ((), "")
    wording: Wording = NO_WORDING
    years: int = 1  # of a date: how many years the clause counts

    def label(self, option_id: str) -> str:
        """The words of an answer; the id itself when it is no option (a date)."""
        return next((o.label for o in self.options if o.id == option_id), option_id)

    @cached_property
    def decided(self) -> tuple[str, ...]:
        """Every answer as the rules see it, 不确定 left out."""
        return tuple(o.id for o in self.options if o.id != UNSURE) + self.hidden


@dataclass(frozen=True)
class Outcome:
    """One verdict.

    Of a met rule, `when` are the answers it needs, all of them. Of a rule that is not met,
    `failed` are the answers any of which leads to it. Without either it fits whenever it is reached.
    """

    id: str
    title: str
    steps: tuple[str, ...] = ()
    when: tuple[tuple[str, tuple[str, ...]], ...] = ()
    failed: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True)
class Verdict:
    """What a check says of the facts given.

    `verify` lists what to verify and `possible` the verdicts that can come of it (both for an
    undecided one only); `clauses` are the clauses the shown reasons rest on.
    """

    check: str
    outcome: str
    title: str
    reason: Reason
    verify: tuple[Leaf, ...]
    possible: tuple[str, ...]
    clauses: tuple[str, ...]
    steps: tuple[str, ...]


@dataclass(frozen=True)
class Check:
    """A guided check on one question people have. `whom` to ask about what it leaves open."""

    id: str
    title: str
    clause: str
    intro: str
    whom: str
    rule: Condition
    met: tuple[Outcome, ...]
    failed: tuple[Outcome, ...]
    undecided: Outcome
    facts: dict[str, Fact]
    turn: tuple[tuple[str, int], ...] = ()  # by the stage somebody is at: done first, second
    outdated: tuple[str, ...] = ()  # clauses that an amendment changed and the rule does not follow yet

    @cached_property
    def _options(self) -> dict[str, tuple[str, ...]]:
        return {f.id: (*f.decided, UNSURE) for f in self.facts.values()}

    @cached_property
    def _known(self) -> dict[frozenset[tuple[str, str]], Fact | None]:
        """The next fact for answers seen before: every turn replays the ones before it."""
        return {}

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """Every verdict but the undecided one."""
        return self.met + self.failed

    def open_facts(self, facts: Facts) -> list[str]:
        """Facts still worth asking, in declared order; empty when the verdict is final."""
        return open_facts(self.rule, facts, self._options)

    def next_fact(self, facts: Facts) -> Fact | None:
        """The next question worth asking, or None when the verdict is final."""
        key = frozenset(facts.items())
        if key not in self._known:
            if len(self._known) > 10_000:
                self._known.clear()
            still_open = self.open_facts(facts) or self._undistinguished(facts)
            self._known[key] = self.facts[still_open[0]] if still_open else None
        return self._known[key]

    def _undistinguished(self, facts: Facts) -> list[str]:
        """Facts not asked yet that decide which verdict a rule that is not met leads to.

        Only when facts came in another order than the rule's; without them one more fact could
        turn one refusal into another.
        """
        if evaluate(self.rule, facts).truth != Truth.NOT_MET:
            return []
        counting = in_order(self.rule, facts)
        for outcome in self.failed:
            if self._failed_by(outcome, facts, counting):
                return []
            if unasked := [fact for fact, _ in outcome.failed if fact not in facts and fact in counting]:
                return unasked
        return []

    @staticmethod
    def _failed_by(outcome: Outcome, facts: Facts, counting: set[str]) -> bool:
        return not outcome.failed or any(
            facts.get(fact) in options and fact in counting for fact, options in outcome.failed
        )

    def _outcome(self, reason: Reason, facts: Facts) -> Outcome:
        if reason.truth == Truth.UNKNOWN:
            return self.undecided
        if reason.truth == Truth.MET:
            for outcome in self.met:
                if all(facts.get(fact) in options for fact, options in outcome.when):
                    return outcome
            raise PolicyError(f"checks/{self.id}: 规则满足，却没有对应的结论")
        counting = in_order(self.rule, facts)
        for outcome in self.failed:
            if self._failed_by(outcome, facts, counting):
                return outcome
        raise PolicyError(f"checks/{self.id}: 规则不满足，却没有对应的结论")

    def verdict(self, facts: Facts) -> Verdict:
        """The verdict on the facts given, with its reasons. Never assumes a condition."""
        reason = evaluate(self.rule, facts)
        chosen = self._outcome(reason, facts)
        answered = [leaf.condition for leaf in reason.leaves() if leaf.answered is not None]
        clauses = dict.fromkeys(c.clause for c in answered if isinstance(c, Leaf))
        undecided = chosen.id == UNDECIDED
        verify = {(leaf.fact, leaf.verify or leaf.words): leaf for leaf in _unknown(reason)}
        return Verdict(
            check=self.id,
            outcome=chosen.id,
            title=chosen.title,
            reason=reason,
            verify=tuple(verify.values()) if undecided else (),
            possible=self._possible(facts, {leaf.fact for leaf in verify.values()}) if undecided else (),
            clauses=tuple(clauses) or (self.clause,),
            steps=chosen.steps,
        )

    def _possible(self, facts: Facts, verify: set[str]) -> tuple[str, ...]:
        """Titles of the verdicts that can come once what is to be verified is known, best first."""
        loose = [f for f in self.facts.values() if facts.get(f.id, UNSURE) == UNSURE or f.id in verify]
        found: set[str] = set()
        for number, answers in enumerate(product(*(f.decided for f in loose))):
            if number >= _MOST_COMPLETIONS:
                return ()
            complete = {**facts, **{f.id: a for f, a in zip(loose, answers, strict=True)}}
            found.add(self._outcome(evaluate(self.rule, complete), complete).id)
        return tuple(o.title for o in self.outcomes if o.id in found)


def _unknown(reason: Reason) -> Iterator[Leaf]:
    """The leaves that keep a condition unknown: those below unknown nodes only."""
    if reason.truth != Truth.UNKNOWN:
        return
    if isinstance(reason.condition, Leaf):
        if reason.answered is not None:
            leaf = reason.condition
            yield replace(leaf, verify=dict(leaf.verify_as).get(reason.answered, leaf.verify))
        return
    for part in reason.telling:
        yield from _unknown(part)


def parse_condition(raw: dict[str, Any], facts: Mapping[str, Fact], where: str) -> Condition:
    """A condition from its YAML form.

    Raises:
        PolicyError: an unknown fact or option, or a node that is neither kind.
    """
    for kind, cls in (("all_of", AllOf), ("any_of", AnyOf)):
        if kind in raw:
            parts = tuple(parse_condition(part, facts, where) for part in raw[kind])
            return cls(raw.get("words", ""), parts, _concerns(raw, facts, where))
    if "fact" not in raw or raw["fact"] not in facts:
        raise PolicyError(f"{where}: 条件里的事实不存在：{raw.get('fact', raw)}")
    known = facts[raw["fact"]].decided
    met, not_met = frozenset(raw.get("met", ())), frozenset(raw.get("not_met", ()))
    verify = raw.get("verify", "")
    told = frozenset(verify) - {UNSURE} if isinstance(verify, dict) else frozenset()
    for option in met | not_met | told:
        if option not in known:
            raise PolicyError(f"{where}: 事实 {raw['fact']} 没有选项 {option}")
    return Leaf(
        fact=raw["fact"],
        words=raw["words"],
        clause=raw["clause"],
        met=met,
        not_met=not_met,
        verify=verify if isinstance(verify, str) else "",
        quote=raw.get("quote", ""),
        verify_as=() if isinstance(verify, str) else tuple(verify.items()),
        concerns=_concerns(raw, facts, where),
    )


def _concerns(raw: dict[str, Any], facts: Mapping[str, Fact], where: str) -> Concerns:
    for fact, options in raw.get("concerns", {}).items():
        if fact not in facts or not set(options) <= set(facts[fact].decided):
            raise PolicyError(f"{where}: concerns 里的事实或选项不存在：{fact}")
    return tuple((fact, frozenset(options)) for fact, options in raw.get("concerns", {}).items())


def facts_of(condition: Condition) -> list[str]:
    """The facts a condition looks at, in declared order, each once."""
    if isinstance(condition, Leaf):
        return [condition.fact]
    return list(dict.fromkeys(fact for part in condition.parts for fact in facts_of(part)))


def parse_facts(raw: dict[str, Any], wordings: dict[str, Any] | None = None) -> dict[str, Fact]:
    """The facts by id; every fact gets the answer 不确定 when its file names none."""
    facts = {}
    said = parse_wordings(wordings or {}, {fact_id: data["options"] for fact_id, data in raw.items()})
    for fact_id, data in raw.items():
        labels = {str(k): v for k, v in data["options"].items()}
        labels.setdefault(UNSURE, "不确定")
        also, unlisted = data.get("also", {}), data.get("unlisted", {})
        facts[fact_id] = Fact(
            id=fact_id,
            ask=data["ask"],
            short=data["short"],
            clause=data["clause"],
            options=tuple(Option(k, v, tuple(also.get(k, ()))) for k, v in labels.items()),
            hint=data.get("hint", ""),
            kind=data.get("kind", "choice"),
            hidden=tuple(data.get("hidden", ())),
            apart=tuple(data.get("apart", ())),
            unlisted=(tuple(unlisted.get("words", ())), unlisted.get("say", "")),
            wording=said.get(fact_id, NO_WORDING),
        )
    return facts


def _outcome(raw: dict[str, Any], facts: Mapping[str, Fact], where: str) -> Outcome:
    for needed in (raw.get("when", {}), raw.get("failed", {})):
        for fact, options in needed.items():
            if fact not in facts or not set(options) <= set(facts[fact].decided):
                raise PolicyError(f"{where}: 结论里的事实或选项不存在：{fact}")
    return Outcome(
        id=raw["id"],
        title=raw["title"],
        steps=tuple(raw.get("steps", ())),
        when=tuple((fact, tuple(options)) for fact, options in raw.get("when", {}).items()),
        failed=tuple((fact, tuple(options)) for fact, options in raw.get("failed", {}).items()),
    )


def parse_check(name: str, raw: dict[str, Any], facts: Mapping[str, Fact]) -> Check:
    """A check from the content of its file.

    Raises:
        PolicyError: a field is missing, or a condition names something unknown.
    """
    where = f"checks/{name}"
    try:
        rule = parse_condition(raw["rule"], facts, where)
        used = {f: facts[f] for f in facts_of(rule)}
        return Check(
            id=raw["id"],
            title=raw["title"],
            clause=raw["clause"],
            intro=raw["intro"],
            whom=raw["whom"],
            rule=rule,
            met=tuple(_outcome(o, used, where) for o in raw["met"]),
            failed=tuple(_outcome(o, used, where) for o in raw["failed"]),
            undecided=_outcome({"id": UNDECIDED, **raw["undecided"]}, used, where),
            facts=used,
            turn=tuple(raw.get("turn", {}).items()),
        )
    except KeyError as error:
        raise PolicyError(f"{where}: 缺少字段 {error}") from error


def parse_checks(files: Iterable[tuple[str, dict[str, Any]]], facts: Mapping[str, Fact]) -> dict[str, Check]:
    """Return the checks by id, in the order a person meets them, from (name, content) of their files."""
    found = [(raw["order"], parse_check(name, raw, facts)) for name, raw in files]
    return {check.id: check for _, check in sorted(found, key=lambda pair: pair[0])}
