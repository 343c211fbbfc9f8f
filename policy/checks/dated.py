"""The checks as of a day: the definitions in force then, against the clauses as they read then.

A definition may leave open what its clause prints (`spans`: the years within which a subsidy is not
repeated); it is read from the clause of the day. A condition whose quotation no longer stands in its
clause rests on an old text: it decides nothing until somebody has put the rule right.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from policy.checks.conditions import Condition, Leaf
from policy.checks.rules import Check, Fact, parse_checks
from policy.files import PolicyError, as_day
from policy.notice.clauses import Notices, bare

Definitions = Iterable[tuple[str, dict[str, Any]]]
_NUMBERS = {word: number for number, word in enumerate("一二三四五六七八九十", 1)} | {"两": 2}


def checks_on(
    definitions: Definitions, facts: Mapping[str, Fact], notices: Notices, on: date
) -> dict[str, Check]:
    """Return the checks by id as they are on that day, in the order a person meets them.

    Raises:
        PolicyError: a definition is wrong.
    """
    filled, spans = [], {}
    for name, raw in in_force(definitions, on):
        text, read = _filled(name, raw, notices, on)
        filled.append((name, text))
        spans[raw["id"]] = read
    checks = parse_checks(filled, facts)
    return {name: _revised(check, spans[name], notices, on) for name, check in checks.items()}


def in_force(definitions: Definitions, on: date) -> list[tuple[str, dict[str, Any]]]:
    """Return the definitions that hold on that day; of several of one check the latest."""
    found: dict[str, tuple[date, tuple[str, dict[str, Any]]]] = {}
    for name, raw in definitions:
        first, last = as_day(raw.get("valid_from")) or date.min, as_day(raw.get("valid_until"))
        if first <= on and (last is None or on <= last) and first >= found.get(raw["id"], (date.min,))[0]:
            found[raw["id"]] = (first, (name, raw))
    return [one for _, one in found.values()]


def _filled(
    name: str, raw: dict[str, Any], notices: Notices, on: date
) -> tuple[dict[str, Any], dict[str, int]]:
    """Return a definition with what its clauses print on that day, and the numbers by fact."""
    text, read = json.dumps(raw, ensure_ascii=False, default=str), {}
    for key, span in raw.get("spans", {}).items():
        found = re.search(span["reads"], bare(notices.clause(span["clause"], on).text))
        word = found[1] if found else re.search(span["reads"], bare(notices.clause(span["clause"]).text))
        if word is None:
            raise PolicyError(f"checks/{name}: 条款 {span['clause']} 里读不出 {key}")
        word = word if isinstance(word, str) else word[1]
        text = text.replace(f"{{{key}}}", word)
        read[span["fact"]] = _NUMBERS[word]
    filled: dict[str, Any] = json.loads(text)
    return filled, read


def _revised(check: Check, years: Mapping[str, int], notices: Notices, on: date) -> Check:
    """Return a check whose conditions on old texts decide nothing."""
    stale = {id(leaf) for leaf in leaves(check.rule) if not rests(leaf, notices, on)}
    facts = {f: replace(fact, years=years.get(f, fact.years)) for f, fact in check.facts.items()}
    clauses = dict.fromkeys(leaf.clause for leaf in leaves(check.rule) if id(leaf) in stale)
    return replace(check, rule=_without(check.rule, stale), facts=facts, outdated=tuple(clauses))


def leaves(condition: Condition) -> Iterator[Leaf]:
    """Every leaf of a rule, in declared order."""
    if isinstance(condition, Leaf):
        yield condition
        return
    for part in condition.parts:
        yield from leaves(part)


def rests(leaf: Leaf, notices: Notices, on: date) -> bool:
    """Whether what a condition quotes stands in its clause on that day."""
    if leaf.clause not in notices.ids():
        return True  # told by the consistency checks
    return not leaf.quote or notices.clause(leaf.clause, on).contains(leaf.quote)


def _without(condition: Condition, stale: set[int]) -> Condition:
    if isinstance(condition, Leaf):
        if id(condition) not in stale:
            return condition
        return replace(condition, met=frozenset(), not_met=frozenset())
    parts = tuple(_without(part, stale) for part in condition.parts)
    return replace(condition, parts=parts)
