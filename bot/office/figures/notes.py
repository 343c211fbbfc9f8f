"""填报口径: what counts for each measure, from when until when; set, taken back, with the trail."""

from __future__ import annotations

from typing import Any

from bot.features.measure_notes import actions as measure_note_actions
from bot.office.visit import Answer, Goto, Page, Visit
from policy.calendar.quarters import Quarter, reporting_quarter
from policy.form.measure_notes import LONGEST, SHORTEST, offered, timeline
from storage.reports import prior_figures

PATH = "/office/notes"


def show(visit: Visit) -> Answer:
    """By measure what holds when, a form to set one, and the trail."""
    return _page(visit)


def save(visit: Visit) -> Answer:
    """Set one: `measure`, `words`, `from`, `until` ("" open)."""
    given = visit.form
    measures = {m.id for m in visit.corpus.form.measures}
    every = [str(q) for q in offered(Quarter.of(visit.now))]
    text = " ".join(given.get("words", "").split())
    first, until = given.get("from", ""), given.get("until", "")
    problems: dict[str, str] = {}
    if given.get("measure") not in measures:
        problems["measure"] = "measure"
    if not SHORTEST <= len(text) <= LONGEST:
        problems["words"] = "length"
    if first not in every:
        problems["from"] = "quarter"
    if until and until not in every:
        problems["until"] = "quarter"
    elif until and until < first:
        problems["until"] = "order"
    if problems:
        return _page(visit, 422, problems)
    prior_figures.keep_note(
        visit.connection, given["measure"], text, first, until or None, visit.officer.person_id, visit.now
    )
    return Goto(PATH, "note_set")


def withdraw(visit: Visit) -> Answer:
    """Take one back for the quarters in which it holds: `measure`, `key` as the page has it."""
    measure, key = visit.form.get("measure", ""), visit.form.get("key", "")
    if (
        measure_note_actions.withdraw(visit.connection, measure, key, visit.officer.person_id, visit.now)
        is None
    ):
        return _page(visit, 409, {"key": "gone"})
    return Goto(PATH, "note_withdrawn")


def _page(visit: Visit, status: int = 200, problems: dict[str, str] | None = None) -> Page:
    said, quarter = prior_figures.notes_set(visit.connection), reporting_quarter(visit.now)
    measures = visit.corpus.form_of(quarter).measures
    data: dict[str, Any] = {
        "path": PATH,
        "pieces": {m.id: timeline(said, m.id) for m in measures},
        "trail": [(m, [s for s in reversed(said) if s.measure == m.id]) for m in measures],
        "quarter": quarter,
        "quarters": offered(Quarter.of(visit.now)),
        "texts": dict(visit.form) if problems and "key" not in problems else {},
        "problems": problems or {},
        "longest": LONGEST,
    }
    return Page("notes.html", data, status)
