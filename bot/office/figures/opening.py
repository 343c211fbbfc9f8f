"""期初数: the office types in an institution's figures from before, with their source; every revision."""

from __future__ import annotations

from typing import Any

from bot.core import notify
from bot.core.dialogs.dialog import Problem
from bot.core.render import render, words
from bot.features.figures.cells import read_cell
from bot.features.opening import rules as opening_rules
from bot.features.opening.rules import LONGEST_SOURCE, names_source
from bot.office.html import quarters_until
from bot.office.visit import Answer, Goto, Page, Visit
from policy.calendar.quarters import Quarter
from policy.form.form import NOT_KNOWN, Cell, Form
from storage.institutions.roster import Listed
from storage.people import contacts
from storage.reports import prior_figures
from storage.reports.prior_figures import Opening
from storage.reports.reports import Rows, VersionConflict

Texts = dict[str, str]


def _place(visit: Visit) -> Listed:
    return visit.institution(visit.number("institution"))


def show(visit: Visit) -> Answer:
    """What is kept, and a form to enter it or, with what counts now in it, to correct it."""
    one = _place(visit)
    kept = prior_figures.openings_kept(visit.connection, one.id)
    return _page(visit, one, kept, _shown(visit.corpus.form, kept[0]) if kept else {})


def save(visit: Visit) -> Answer:
    """Keep what was typed as a further revision, or show it again with what is wrong beside it."""
    one = _place(visit)
    kept = prior_figures.openings_kept(visit.connection, one.id)
    texts = {k: v[:LONGEST_SOURCE] for k, v in visit.form.items() if k != "csrf"}
    problems: dict[str, str] = {}
    seen = kept[0].number if kept else 0
    if texts.get("seen", "0") != str(seen):
        return _changed(visit, one, texts)
    through, rows = _through(visit, texts, problems), _rows(visit.corpus.form, texts, problems)
    if not names_source(texts.get("source", "")):
        problems["source"] = _said("source")
    if not rows and not problems:
        problems["cells"] = _said("empty")
    if through is not None and not any(field.startswith("cell") for field in problems):
        for wrong in opening_rules.impossible(visit.connection, visit.corpus.form, one.id, through, rows):
            field = f"cell:{wrong.occupation}:{wrong.doubt.measure}"
            problems.setdefault(field, _said("impossible", wrong=wrong))
    if problems or through is None:
        return _page(visit, one, kept, texts, problems, 422)
    by, now = visit.officer.person_id, visit.now
    try:
        number = prior_figures.keep_opening(
            visit.connection, one.id, str(through), texts["source"], rows, by, now, seen=seen
        )
    except VersionConflict:  # at this very instant
        return _changed(visit, one, texts)
    told = render(
        "opening/messages.told", institution=one.name, number=number, through=through, source=texts["source"]
    )
    speaking = [c.person_id for c in contacts.of_institution(visit.connection, one.id)]
    heard = notify.tell_people(visit.connection, speaking, told, visit.now)
    return Goto(_path(one), "opening_kept", heard)


def _changed(visit: Visit, one: Listed, texts: Texts) -> Page:
    kept = prior_figures.openings_kept(visit.connection, one.id)
    return _page(visit, one, kept, texts, {"seen": _said("changed", newest=kept[0].number)}, 409)


def _path(one: Listed) -> str:
    return f"/office/institutions/{one.id}/opening"


def _said(kind: str, **data: Any) -> str:
    return words("opening/entry_problem.j2", {"kind": kind, **data})


def _shown(chart: Form, opening: Opening) -> Texts:
    """What counts now, as the fields show it; where a correction comes from is to be said anew."""
    cells = {
        f"cell:{name}:{m.id}": m.show(row.get(m.id)).replace(",", "")
        for name, row in opening.rows.items()
        for m in chart.measures
    }
    return {"through": opening.through, **cells}


def _through(visit: Visit, texts: Texts, problems: dict[str, str]) -> Quarter | None:
    try:
        return opening_rules.read_through(texts.get("through", ""), visit.now)
    except Problem as problem:
        problems["through"] = problem.sentence().text
        return None


def _rows(chart: Form, texts: Texts, problems: dict[str, str]) -> Rows:
    """The rows in which anything was typed: every cell of them has to be a number."""
    rows: Rows = {}
    for occupation in _occupations(chart, texts):
        given = {m.id: texts.get(f"cell:{occupation}:{m.id}", "") for m in chart.measures}
        if not any(given.values()):
            continue
        row: dict[str, Cell] = {}
        for measure in chart.measures:
            field = f"cell:{occupation}:{measure.id}"
            try:
                row[measure.id] = read_cell(chart, measure, given[measure.id])
            except Problem as problem:
                problems[field] = problem.sentence().text
            if row.get(measure.id) == NOT_KNOWN:
                problems[field] = _said("not_known")
        rows[occupation] = row
    return rows


def _occupations(chart: Form, texts: Texts) -> list[str]:
    """The form's, and those it had when figures were entered before."""
    known = {o.name for o in chart.occupations}
    typed = {k.split(":")[1] for k in texts if k.startswith("cell:") and k.count(":") == 2}
    return chart.occupation_order(known | {name for name in typed if 0 < len(name) <= 32})


def _page(
    visit: Visit,
    one: Listed,
    kept: list[Opening],
    texts: Texts,
    problems: dict[str, str] | None = None,
    status: int = 200,
) -> Page:
    chart = visit.corpus.form
    named = {f"cell:{name}:{m.id}" for name in _occupations(chart, texts) for m in chart.measures}
    data = {
        "one": one,
        "path": _path(one),
        "kept": kept,
        "texts": texts,
        "seen": kept[0].number if kept else 0,
        "problems": problems or {},
        # of an occupation that has no row on the page
        "others": [
            said for field, said in (problems or {}).items() if field[:5] == "cell:" and field not in named
        ],
        "occupations": _occupations(chart, texts),
        "quarters": quarters_until(opening_rules.last_ended(visit.now)),
        "order": chart.occupation_order,
        "reported": opening_rules.reported(visit.connection, one.id, Quarter.parse(kept[0].through))
        if kept
        else [],
    }
    return Page("opening.html", data, status)
