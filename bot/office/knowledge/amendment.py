"""预演修订: a draft notice is pasted, and what it would change is shown; nothing of it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.app import App
from bot.office.knowledge.entries import PATH as KNOWLEDGE
from bot.office.visit import Answer, Page, Visit
from policy.amendment_rehearsal import KEPT, Draft, Effects, rehearse_amendment
from policy.answers.publications import NotADay, read_day
from policy.calendar.quarters import local
from policy.notice.cutting import LONGEST, TooLong, cut

PATH = f"{KNOWLEDGE}/amendment"
LONGEST_NUMBER = 60
AS = "as:"  # as:五（三）: the clause that this one of the draft amends
NO_NUMBER = "—"


@dataclass(frozen=True)
class Rehearsed:
    """What was found, or what is wrong with what was typed."""

    effects: Effects | None = None
    problems: Mapping[str, str] | None = None


def show(visit: Visit) -> Answer:
    """The form."""
    return _page(visit, Rehearsed(), {})


def work_out(app: App, params: Mapping[str, str], now: datetime) -> Rehearsed:
    """Return what the draft that was pasted would change."""
    problems, today = {}, local(now).date()
    number = " ".join(params.get("number", "").split())
    if len(number) > LONGEST_NUMBER:
        problems["number"] = "long"
    day = today
    try:
        day = read_day(params["day"], today) if params.get("day", "").strip() else today
    except NotADay:
        problems["day"] = "day"
    try:
        clauses = tuple(cut(params.get("words", "")))
    except TooLong:
        clauses, problems["words"] = (), "long"
    if not clauses and "words" not in problems:
        problems["words"] = "missing"
    if day < app.corpus.notices.base.valid_from:
        problems["day"] = "early"
    if problems:
        return Rehearsed(problems=problems)
    chosen = {name.removeprefix(AS): value for name, value in params.items() if name.startswith(AS)}
    draft = Draft(number or NO_NUMBER, number or NO_NUMBER, day, clauses)
    return Rehearsed(rehearse_amendment(app.corpus, draft, chosen))


def rehearse(visit: Visit) -> Answer:
    """What the draft would change, clause by clause."""
    found = visit.found if isinstance(visit.found, Rehearsed) else Rehearsed()
    return _page(visit, found, visit.form)


def _page(visit: Visit, found: Rehearsed, texts: Mapping[str, str]) -> Page:
    notices = visit.corpus.notices
    effects = found.effects
    data: dict[str, Any] = {
        "path": PATH,
        "knowledge": KNOWLEDGE,
        "texts": {name: texts.get(name, "") for name in ("number", "day", "words")},
        "problems": found.problems or {},
        "effects": effects,
        "lost": [one for one in effects.answers if one.lost] if effects else [],
        "cited": [one for one in effects.answers if not one.lost] if effects else [],
        "changed": [one for one in effects.matched if one.changes] if effects else [],
        "clauses": [(i, notices.clause(i).title) for i in notices.ids()],
        "none": KEPT,
        "field": AS,
        "longest": LONGEST,
        "longest_number": LONGEST_NUMBER,
    }
    return Page("amendment.html", data, 422 if found.problems else 200)
