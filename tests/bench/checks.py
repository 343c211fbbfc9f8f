"""Questions asked per check against the best decision tree, and the cost of a turn of a check.

Facts are taken as independent, every answer (不确定 included) equally likely; both trees stop as soon
as no further answer can change the verdict. Run: `python -m tests.bench.checks`.
"""

from __future__ import annotations

import statistics
import time
from datetime import date
from functools import cache
from itertools import product

from bot.core.dialogs.dialog import replay
from bot.features.checks.ask_fact import CheckContext
from bot.features.checks.dialog import CheckDialog, check_dialogs
from policy.checks.conditions import UNSURE
from policy.checks.rules import Check
from tests.support.corpus import CORPUS

CONTEXT = CheckContext(date(2026, 11, 24), "self", ())


def answers(check: Check, fact: str) -> tuple[str, ...]:
    return (*check.facts[fact].decided, UNSURE)


def ours(check: Check) -> float:
    """The expected number of questions as the check asks them."""

    def expected(facts: dict[str, str]) -> float:
        fact = check.next_fact(facts)
        if fact is None:
            return 0.0
        options = answers(check, fact.id)
        return 1 + sum(expected({**facts, fact.id: o}) for o in options) / len(options)

    return expected({})


def best(check: Check) -> float:
    """The expected number of questions of the best tree, by enumeration of every partial answer."""
    names = list(check.facts)

    @cache
    def outcome(state: tuple[str | None, ...]) -> str | None:
        """The verdict when it is certain, else None."""
        if None not in state:
            return check.verdict(dict(zip(names, state, strict=True))).outcome  # type: ignore[arg-type]
        free = state.index(None)
        found = {
            outcome((*state[:free], option, *state[free + 1 :])) for option in answers(check, names[free])
        }
        return found.pop() if len(found) == 1 else None

    @cache
    def cost(state: tuple[str | None, ...]) -> float:
        if outcome(state) is not None:
            return 0.0
        found = []
        for i, name in enumerate(names):
            if state[i] is None:
                options = answers(check, name)
                after = sum(cost((*state[:i], o, *state[i + 1 :])) for o in options)
                found.append(1 + after / len(options))
        return min(found)

    return cost((None,) * len(names))


def turn_cost(name: str) -> float:
    """Milliseconds of one replay of a check that is nearly answered, before storage."""
    dialog = check_dialogs(CORPUS)[name]
    assert isinstance(dialog, CheckDialog)
    facts = list(dialog.facts.values())
    states = []
    for choice in product(*([f.options[0].id, UNSURE] for f in facts[:5])):
        states.append({f.id: c for f, c in zip(facts, choice, strict=False)})
    times = []
    for _ in range(20):
        for state in states:
            begun = time.perf_counter()
            replay(dialog.run, CONTEXT, state)
            times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times)


def main() -> None:
    print("check        asked  best   ratio")
    for check in CORPUS.checks.values():
        mean, least = ours(check), best(check)
        print(f"{check.id:<12} {mean:5.3f}  {least:5.3f}  {mean / least:5.3f}")
    for name in ("check-enrolment", "check-title", "route"):
        print(f"a turn of {name}: {turn_cost(name):.3f} ms before storage")


if __name__ == "__main__":
    main()
