"""`python -m bot check NAME`: one check decided as of a day, from the answers given."""

from __future__ import annotations

import argparse
import json
from typing import Any


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("check", metavar="NAME", help="enrolment, hours, assessment, title, subsidy")
    parser.add_argument("answers", nargs="*", metavar="FACT=ANSWER", help="read as the dialogs read it")
    parser.add_argument("--on", help="as of a day, YYYY-MM-DD")
    parser.add_argument("--json", action="store_true")


def run(options: argparse.Namespace) -> int:
    """Print the verdict with its reasons and clauses, or what is asked next."""
    from bot.cli.clock import day
    from bot.cli.problems import problem
    from bot.core.render import words
    from bot.features.checks.dialog import check_dialogs
    from policy.corpus import build_corpus

    corpus = build_corpus()
    on = day(options.on)
    dialogs = check_dialogs(corpus.on(on))
    dialog = dialogs.get(f"check-{options.check}")
    if dialog is None:
        known = "、".join(name.removeprefix("check-") for name in dialogs if name.startswith("check-"))
        raise problem("check", options.check, known)
    facts = dialog.facts_on(on)
    told = {}
    for given in options.answers:
        name, _, answer = given.partition("=")
        if name not in facts:
            raise problem("fact", name, "、".join(facts))
        told[name] = _read(facts, name, answer, on)
    found = _decided(corpus, dialog, told, on)
    print(
        json.dumps(found, ensure_ascii=False) if options.json else words("cli/decided.j2", {"found": found})
    )
    return 0


def _read(facts: Any, name: str, answer: str, on: Any) -> str:
    """The answer as it is kept.

    Raises:
        Failed: it is none, or not certain.
    """
    from bot.cli.problems import problem
    from bot.core.dialogs.dialog import Problem
    from bot.features.checks.ask_fact import AskFact, CheckContext

    context = CheckContext(on, "self", (), others=tuple(facts.values()))
    try:
        return AskFact.of(facts[name], context, intro="").read(answer)
    except Problem:
        options = "、".join(option.label for option in facts[name].options)
        raise problem("answer", f"{name}={answer}", options) from None


def _decided(corpus: Any, dialog: Any, told: dict[str, str], on: Any) -> dict[str, Any]:
    """The record of the decision; while more is asked, only what."""
    from bot.features.checks.ask_fact import CheckContext
    from bot.features.checks.decision_record import record

    context = CheckContext(on, "self", ())
    if (asked := dialog.next_asked(told, context)) is not None:
        options = {option.id: option.label for option in asked.options}
        return {"kind": "ask", "fact": asked.id, "ask": asked.ask, "options": options, "on": str(on)}
    (one,) = (kept := record(dialog, corpus, told, context))["decisions"]
    return {"kind": "verdict", **one, "on": kept["on"], "notice": kept["notice"], "facts": kept["facts"]}
