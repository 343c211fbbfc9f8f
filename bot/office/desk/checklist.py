"""开通清单: what the office should publish before opening, who confirmed it, and what each would answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from bot.core import input_limits
from bot.core.published import as_publication
from bot.office.visit import Answer, Goto, Page, Visit
from policy.answers.publications import CHECKLIST, KINDS, WARNED_DAYS, Publication
from policy.calendar.quarters import local
from storage.desk import publications, settings
from storage.desk.weeks import last_weeks
from storage.monitoring import counted

PATH = "/office/checklist"
SETTING = "checklist"  # kind → why it is not published for now, who said so and when
WEEKS = 4
DEPTHS = ("near", "published")
SHORTEST, LONGEST = 2, 100


@dataclass(frozen=True)
class Item:
    """One thing to publish.

    `state`: held, soon (ends within two weeks), later, over, put_off, missing. `publication` is the one
    that holds longest, or ended last. `asked`: how often in the last weeks a question that it completes
    got no more than what stands near it; `helped`: how often it did answer.
    """

    kind: str
    name: str
    answers: tuple[str, ...]
    asked: int
    helped: int
    state: str
    publication: Publication | None = None
    number: int = 0
    who: str | None = None
    put_off: Mapping[str, str] | None = None


def show(visit: Visit) -> Answer:
    """Every item with its state."""
    return _page(visit)


def put_off(visit: Visit) -> Answer:
    """Note why one is not published for now; `why` "" takes the note back."""
    kind, why = visit.form.get("kind", ""), " ".join(input_limits.clean(visit.form.get("why", "")).split())
    back = bool(visit.form.get("back"))
    if kind not in CHECKLIST or not (back or SHORTEST <= len(why) <= LONGEST):
        return _page(visit, 422, "why")
    noted = dict(settings.get(visit.connection, SETTING))
    noted.pop(kind, None)
    if not back:
        day = str(local(visit.now).date())
        noted[kind] = {"why": why, "who": visit.officer.name or "", "day": day}
    settings.put(visit.connection, SETTING, noted, visit.officer.person_id, visit.now)
    return Goto(PATH, "checklist_noted")


def items(visit: Visit) -> list[Item]:
    """Return every item as it stands today."""
    on = local(visit.now).date()
    entries = visit.corpus.answers.entries.values()
    asked: dict[tuple[str, str], int] = {}
    weeks = last_weeks(local(visit.now), WEEKS)
    for one in counted.by_topic(visit.connection, weeks, "question", DEPTHS):
        asked[one.topic, one.depth] = one.count
    best: dict[str, tuple[Publication, int, str | None]] = {}
    for stored, who in publications.overview(visit.connection, date.min):
        found = as_publication(stored)
        if found.kind not in best or _rank(found, on) > _rank(best[found.kind][0], on):
            best[found.kind] = (found, stored.id, who)
    noted = settings.get(visit.connection, SETTING)
    made = []
    for kind in CHECKLIST:
        completed = [e for e in entries if kind in e.publishable]
        topics = [e.replaces or e.id for e in completed]
        near, helped = (sum(asked.get((t, depth), 0) for t in topics) for depth in DEPTHS)
        publication, number, who = best.get(kind, (None, 0, None))
        state = _state(publication, on)
        if state in ("missing", "over") and kind in noted:
            state = "put_off"
        titles = tuple(e.title for e in completed)
        off = noted.get(kind)
        made.append(Item(kind, KINDS[kind], titles, near, helped, state, publication, number, who, off))
    return made


def _rank(one: Publication, on: date) -> tuple[bool, date, date]:
    """What holds before what does not, and of those what ends last."""
    return one.holds(on), one.valid_until or date.max, one.valid_from


def _state(one: Publication | None, on: date) -> str:
    if one is None:
        return "missing"
    if one.holds(on):
        return "soon" if one.ends_soon(on) else "held"
    return "later" if one.valid_from > on else "over"


def _page(visit: Visit, status: int = 200, problem: str = "") -> Page:
    found = items(visit)
    states = [one.state for one in found]
    data: dict[str, Any] = {
        "path": PATH,
        "items": found,
        "counts": {state: states.count(state) for state in dict.fromkeys(states)},
        "on": local(visit.now).date(),
        "problem": problem,
        "warned": WARNED_DAYS,
        "weeks": WEEKS,
        "longest": LONGEST,
    }
    return Page("checklist.html", data, status)
