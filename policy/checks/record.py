"""The record of a decision: what was told, why it was decided so, by which rule; and what is other now.

A record is plain values, so that it can be kept and shown again as it was said, whatever becomes of the
rules; the same facts are decided anew by the rules of another day, and the two are compared.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from policy.checks.conditions import AllOf, Condition, Leaf, Reason
from policy.checks.rules import Check, Outcome, Verdict
from policy.notice.clauses import Notices

Decision = dict[str, Any]  # one check decided, as plain values
_VERSION_LENGTH = 12  # hex digits


@dataclass(frozen=True)
class Difference:
    """One check decided anew: what was said then and is said now, and whether the rule is another one."""

    check: str
    title: str
    before: str
    now: str
    rule_changed: bool

    @property
    def changed(self) -> bool:
        """Whether another verdict is given."""
        return self.before != self.now


def decision(check: Check, verdict: Verdict, notices: Notices, on: date) -> Decision:
    """Return a verdict with all it rests on."""
    return {
        "check": check.id,
        "title": check.title,
        "clause": check.clause,
        "whom": check.whom,
        "outcome": verdict.outcome,
        "says": verdict.title,
        "reason": _node(verdict.reason),
        "verify": [[leaf.verify or leaf.words, leaf.clause] for leaf in verdict.verify],
        "possible": list(verdict.possible),
        "steps": list(verdict.steps),
        "cited": [[number, list(clauses)] for number, clauses in notices.cited(verdict.clauses, on)],
        "rule": rule_version(check),
    }


def _node(reason: Reason) -> dict[str, Any]:
    condition = reason.condition
    node: dict[str, Any] = {"truth": int(reason.truth), "words": condition.words}
    if isinstance(condition, Leaf):
        return {**node, "clause": condition.clause, "fact": condition.fact, "answered": reason.answered}
    told = {id(part) for part in reason.telling}
    parts = [{**_node(part), "told": id(part) in told} for part in reason.parts]
    return {**node, "ways": not isinstance(condition, AllOf), "parts": parts}


def rule_version(check: Check) -> str:
    """Return what changes when the rule, the verdicts it leads to or a span it counts does."""
    text = json.dumps(
        {
            "rule": _rule(check.rule),
            "outcomes": [_outcome(one) for one in (*check.outcomes, check.undecided)],
            "years": {fact.id: fact.years for fact in check.facts.values() if fact.kind == "date"},
        },
        ensure_ascii=False,
        sort_keys=True,
    )
    return hashlib.sha256(text.encode()).hexdigest()[:_VERSION_LENGTH]


def _rule(condition: Condition) -> list[Any]:
    if isinstance(condition, Leaf):
        return [condition.fact, condition.clause, sorted(condition.met), sorted(condition.not_met)]
    return [type(condition).__name__, *(_rule(part) for part in condition.parts)]


def _outcome(outcome: Outcome) -> list[Any]:
    return [outcome.id, outcome.title, list(outcome.steps), sorted(outcome.when), sorted(outcome.failed)]


def differences(before: Iterable[Decision], now: Iterable[Decision]) -> list[Difference]:
    """Return check by check what was said and what is said now, in the order of now."""
    then = {one["check"]: one for one in before}
    return [
        Difference(
            one["check"],
            one["title"],
            then[one["check"]]["says"],
            one["says"],
            then[one["check"]]["rule"] != one["rule"],
        )
        for one in now
        if one["check"] in then
    ]
