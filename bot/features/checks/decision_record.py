"""What a check or the route decided, as plain values: what a card shows, and what is kept of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Protocol

from bot.features.checks.ask_fact import CheckContext
from bot.features.checks.claim_dates import claim_dates, years_counted
from policy.checks.record import decision
from policy.checks.rules import Check, Verdict
from policy.corpus import Corpus

Record = dict[str, Any]


class Decides(Protocol):
    """A check, or the route over all of them."""

    name: str

    def verdicts(self, told: dict[str, str], context: CheckContext) -> list[tuple[Check, Verdict]]:
        """Every check's verdict on the facts as told."""

    def said(self, told: dict[str, str], on: date) -> list[tuple[str, str]]:
        """(what was asked, what was answered) of every fact told."""

    def first_steps(self, told: dict[str, str], context: CheckContext) -> list[str]:
        """The checks to act on first and next, by id."""


def record(dialog: Decides, corpus: Corpus, told: Mapping[str, str], context: CheckContext) -> Record:
    """Return what was told, what was decided by which rule of that day, and what to do now."""
    facts = dict(told)
    notices = corpus.notices
    decided = []
    for check, verdict in dialog.verdicts(facts, context):
        dates = claim_dates(facts, context, verdict, years_counted((check,)))
        decided.append(
            {
                **decision(check, verdict, notices, context.on),
                "dates": dates and {name: str(value) for name, value in dates.items()},
                "outdated": list(check.outdated),
            }
        )
    return {
        "subject": dialog.name,
        "on": context.on.isoformat(),
        "about": context.about,
        "facts": facts,
        "reading": context.reading,
        "answers": [list(pair) for pair in dialog.said(facts, context.on)],
        "notice": [n.number for n in (notices.base, *notices.amendments) if n.in_force(context.on)],
        "decisions": decided,
        "now": dialog.first_steps(facts, context),
    }
