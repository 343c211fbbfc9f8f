"""National standards' conditions to apply, as data an operator types in from the official text.

Until an occupation and level has its entry, the check asks in general and says 以国家职业标准为准.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from policy.checks.conditions import UNSURE, AllOf, AnyOf, Condition, Leaf
from policy.checks.rules import Check, Fact, Option, facts_of
from policy.files import PolicyError
from policy.form.form import Form

LEVELS = {"junior": "初级", "middle": "中级", "senior": "高级"}
GENERAL = "conditions"  # the fact asked where no standard was typed in
CLAUSE = "四（三）"


@dataclass(frozen=True)
class Standard:
    """The conditions of one occupation and level; meeting one of them is enough.

    `conditions` are (words of the standard, page).
    """

    occupation: str
    level: str
    source: str
    conditions: tuple[tuple[str, int], ...]

    @property
    def fact(self) -> str:
        """The id of the question which of the conditions somebody meets."""
        return f"standard-{self.occupation}-{self.level}"


def parse_standards(raw: Mapping[str, Any], form: Form) -> list[Standard]:
    """The standards from their file.

    Raises:
        PolicyError: no source, no page, no condition, an unknown occupation or level, or one twice.
    """
    found: list[Standard] = []
    known = {o.name for o in form.occupations}
    for entry in raw["standards"] or []:
        where = f"standards.yaml: {entry.get('occupation', '?')} {entry.get('level', '?')}"
        if not entry.get("source"):
            raise PolicyError(f"{where}: 没有写来源，不能使用")
        if entry.get("occupation") not in known:
            raise PolicyError(f"{where}: 职业不在 form.yaml 里")
        if entry.get("level") not in LEVELS:
            raise PolicyError(f"{where}: 等级只能是 junior、middle、senior")
        conditions = entry.get("any_of") or []
        if not conditions or not all(c.get("words") and c.get("page") for c in conditions):
            raise PolicyError(f"{where}: 每一项条件都要有原文和页码")
        if any((s.occupation, s.level) == (entry["occupation"], entry["level"]) for s in found):
            raise PolicyError(f"{where}: 重复")
        pairs = tuple((str(c["words"]), int(c["page"])) for c in conditions)
        found.append(Standard(entry["occupation"], entry["level"], entry["source"], pairs))
    return found


def with_standards(check: Check, standards: Iterable[Standard], form: Form) -> Check:
    """The check with its general question on conditions replaced where a standard says them."""
    standards = list(standards)
    if not standards or GENERAL not in check.facts:
        return check
    facts = _facts(check, standards, form)
    rule = _replaced(check.rule, _conditions(standards, form))
    failed = tuple(
        replace(o, failed=(*o.failed, *((s.fact, ("none",)) for s in standards)))
        if GENERAL in dict(o.failed)
        else o
        for o in check.failed
    )
    return replace(check, rule=rule, failed=failed, facts={f: facts[f] for f in facts_of(rule)})


def _facts(check: Check, standards: list[Standard], form: Form) -> dict[str, Fact]:
    unsure = Option(UNSURE, "不确定")
    occupations = tuple(Option(o.name, o.name, (o.full, *o.aliases)) for o in form.occupations)
    levels = tuple(Option(level, title) for level, title in LEVELS.items())
    made = [
        Fact("occupation", "您想报考哪个职业？", "报考职业", CLAUSE, (*occupations, unsure)),
        Fact("wanted", "您想报考哪一级？", "报考等级", CLAUSE, (*levels, unsure)),
    ]
    for s in standards:
        options = [Option(f"c{i}", words) for i, (words, _) in enumerate(s.conditions, 1)]
        pages = "、".join(dict.fromkeys(str(page) for _, page in s.conditions))
        made.append(
            Fact(
                s.fact,
                f"{s.occupation}{LEVELS[s.level]}的申报条件，您符合哪一项？",
                f"{s.occupation}{LEVELS[s.level]}申报条件",
                CLAUSE,
                (*options, Option("none", "都不符合"), unsure),
                hint=f"{s.source}，第{pages}页",
            )
        )
    return {**check.facts, **{fact.id: fact for fact in made}}


def _conditions(standards: list[Standard], form: Form) -> Condition:
    """One way for each standard, and the general question for everything they do not cover."""
    names = frozenset(o.name for o in form.occupations)
    covered: dict[str, set[str]] = {}
    for s in standards:
        covered.setdefault(s.occupation, set()).add(s.level)

    def occupation(chosen: frozenset[str], words: str) -> Leaf:
        return Leaf("occupation", words, CLAUSE, chosen, names - chosen, verify="报考哪个职业")

    def level(chosen: frozenset[str], words: str) -> Leaf:
        rest = frozenset(LEVELS) - chosen
        return Leaf("wanted", words, CLAUSE, chosen, rest, verify="报考哪一级")

    general = Leaf(
        GENERAL,
        "符合国家职业标准规定的申报条件",
        CLAUSE,
        frozenset({"yes"}),
        frozenset({"no"}),
        verify="是否符合申报条件：以国家职业标准为准（https://www.osta.org.cn/skillStandard），并问评价机构",
    )
    ways: list[Condition] = []
    for s in standards:
        met = frozenset(f"c{i}" for i in range(1, len(s.conditions) + 1))
        words = f"符合{s.source}的申报条件"
        own = Leaf(s.fact, words, CLAUSE, met, frozenset({"none"}), verify=f"{words}中的哪一项")
        title = f"{s.occupation}{LEVELS[s.level]}"
        one, step = frozenset({s.occupation}), frozenset({s.level})
        ways.append(AllOf(title, (occupation(one, s.occupation), level(step, LEVELS[s.level]), own)))
    for name, levels in covered.items():
        rest = frozenset(LEVELS) - levels
        if rest:
            parts = (occupation(frozenset({name}), name), level(rest, "其他等级"), general)
            ways.append(AllOf(f"{name}其他等级", parts))
    others = names - frozenset(covered)
    if others:
        ways.append(AllOf("其他职业", (occupation(others, "其他职业"), general)))
    return AnyOf("符合所报职业和等级的申报条件", tuple(ways))


def _replaced(condition: Condition, by: Condition) -> Condition:
    if isinstance(condition, Leaf):
        return by if condition.fact == GENERAL else condition
    return replace(condition, parts=tuple(_replaced(part, by) for part in condition.parts))
