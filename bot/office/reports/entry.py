"""代录: the office types in a report from paper or a message, with the scan, by the same rules."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from bot.core import notify
from bot.core.dialogs.dialog import Problem
from bot.core.messages import Arrived
from bot.core.render import words
from bot.features.figures.cells import read_cell
from bot.features.report.editing import cell_hints
from bot.office.reports.report import place
from bot.office.visit import Answer, Goto, Page, Visit
from policy.calendar.quarters import SHANGHAI, Quarter, local
from policy.form.form import Cell, Doubt, Form
from policy.form.sheet import FormFile
from policy.form.which_quarter import against, claims
from policy.institutions.roster_file import alike
from storage.desk import paper
from storage.institutions.roster import Listed
from storage.reports import attachments, drafts, reports, returned_cells, revision_history
from storage.reports.reports import Rows, Snapshot, VersionConflict
from storage.reports.separate_pages import STAMPED

LONGEST = {"source": 200, "reason": 500, "filled_by": 32, "telephone": 30, "received": 10}
_TELEPHONE = re.compile(r"[0-9０-９\s()（）+\-转]{7,30}")


@dataclass
class Typed:
    """What the form said: texts as typed, cells as read, and what is wrong with them.

    `problems` maps a field of the form to a sentence; `doubts` an occupation to what is unlikely.
    """

    texts: dict[str, str]
    rows: Rows = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    doubts: dict[str, list[Doubt]] = field(default_factory=dict)
    kept: Arrived | None = None
    read: bool = False  # the figures stand there because they were read from the file just sent


def show(visit: Visit) -> Answer:
    """The empty form, or the figures reported last, to correct them."""
    institution, quarter = place(visit)
    snapshot = reports.snapshot(visit.connection, institution.id, str(quarter))
    texts = {"received": _today(visit).isoformat()}
    if snapshot.latest is not None and snapshot.draft is None:
        texts |= _shown(visit.corpus.form_of(quarter), snapshot.rows)
    typed = Typed(texts)
    _look_at_place(visit, institution, quarter, snapshot, typed)
    return _page(visit, institution, quarter, snapshot, typed)


def save(visit: Visit) -> Answer:
    """Submit what was typed, or show it again with what is wrong beside it."""
    institution, quarter = place(visit)
    snapshot = reports.snapshot(visit.connection, institution.id, str(quarter), hold=True)
    typed = _read(visit)
    if visit.form.get("seen") != _seen(snapshot):  # submitted or edited since the form was shown
        return _moved(visit, institution, quarter, snapshot, typed)
    _look_at_place(visit, institution, quarter, snapshot, typed)
    if typed.kept and typed.kept.form is not None:
        _look_at_form(institution, quarter, typed.kept.form, typed, visit.now)
        empty = not any(k.startswith("cell:") and v for k, v in typed.texts.items())
        if not typed.problems and empty:
            typed.texts |= _shown(visit.corpus.form_of(quarter), typed.kept.form.rows)
            typed.read = True
            return _page(visit, institution, quarter, snapshot, typed)
    _look_at(visit, institution, quarter, snapshot, typed)
    if typed.problems or typed.doubts:
        return _page(visit, institution, quarter, snapshot, typed, 422)
    try:
        _submit(visit, institution, quarter, snapshot, typed)
    except returned_cells.ReportClosed:
        typed.problems["closed"] = words("office/entry_problem.j2", {"kind": "closed"})
        return _page(visit, institution, quarter, snapshot, typed, 409)
    except VersionConflict:  # a draft was begun at this very instant
        return _moved(visit, institution, quarter, snapshot, typed)
    told = notify.tell_entered(visit.connection, institution.id, quarter, typed.texts["source"], visit.now)
    return Goto(f"/office/report/{institution.id}/{quarter}", "entered", told)


def _seen(snapshot: Snapshot) -> str:
    """What of a report the officer looks at while typing: its latest submission, and its draft as it is."""
    latest, draft = snapshot.latest, snapshot.draft
    return f"{latest.id if latest else 0}:{draft.id if draft else 0}:{draft.version if draft else 0}"


def _moved(visit: Visit, institution: Listed, quarter: Quarter, snapshot: Snapshot, typed: Typed) -> Page:
    """The form again, with what was typed, beside what there is now; nothing was entered."""
    typed.problems["closed"] = words("office/entry_problem.j2", {"kind": "moved"})
    typed.texts.pop("replace", None)  # it spoke of another draft
    return _page(visit, institution, quarter, snapshot, typed, 409)


def _today(visit: Visit) -> date:
    return local(visit.now).date()


def _look_at_place(
    visit: Visit, institution: Listed, quarter: Quarter, snapshot: Snapshot, typed: Typed
) -> None:
    """Whether the quarter takes figures from this institution at all: said before anything is typed."""
    latest = (snapshot.latest.id, snapshot.latest.state) if snapshot.latest else None
    usually = visit.times.closes(quarter)
    if quarter > Quarter.of(visit.now):
        typed.problems["cells"] = words("office/entry_problem.j2", {"kind": "future"})
    elif returned_cells.closed_since(
        visit.connection, institution.id, str(quarter), visit.now, latest, usually
    ):
        typed.problems["closed"] = words("office/entry_problem.j2", {"kind": "closed"})


def _look_at_form(institution: Listed, quarter: Quarter, read: FormFile, typed: Typed, now: datetime) -> None:
    """A form that was filled in for another institution or quarter is none of this report."""
    other = ""
    if read.base is not None and read.base.institution_id != institution.id:
        other = read.institution or "?"
    elif read.institution and alike(read.institution) != alike(institution.name):
        other = read.institution
    elsewhen = [c.words for c in claims(read)] if against(read, quarter, Quarter.of(now)) else []
    if other or elsewhen:
        data = {"kind": "other", "unit": other, "quarter": "、".join(dict.fromkeys(elsewhen))}
        typed.problems["scan"] = words("office/entry_problem.j2", data)
        typed.kept = None


def _received(visit: Visit, typed: Typed) -> date | None:
    """The day on which what is typed in came in; None and a problem when it is none or still to come."""
    try:
        day = date.fromisoformat(typed.texts.get("received", ""))
    except ValueError:
        day = None
    if day is None or day > _today(visit):
        typed.problems["received"] = words("office/entry_problem.j2", {"kind": "received"})
        return None
    return day


def _shown(chart: Form, rows: Mapping[str, Mapping[str, Cell]]) -> dict[str, str]:
    """Figures as the form's fields show them."""
    return {
        f"cell:{name}:{m.id}": m.show(row.get(m.id)).replace(",", "")
        for name, row in rows.items()
        for m in chart.measures
    }


def _read(visit: Visit) -> Typed:
    """The fields, and the file: sent now, or carried along from the time before."""
    texts = {k: v[: LONGEST.get(k, 500)] for k, v in visit.form.items() if k not in ("csrf", "kept")}
    typed = Typed(texts, kept=_carried(visit, visit.form.get("kept", "")))
    arrived = visit.arrived.get("scan")
    if arrived is not None:
        if arrived.refused:
            data = {"reason": arrived.refused, "name": arrived.name[:60]}
            typed.problems["scan"] = words("report/file_refused.j2", data)
        else:
            typed.kept = arrived
    return typed


def _carry(visit: Visit, kept: Arrived | None) -> str:
    """A file that was kept, sealed, so that a corrected form need not send it again."""
    if kept is None:
        return ""
    return visit.app.keys.seal(json.dumps([kept.name, kept.hash, kept.size, kept.media]))


def _carried(visit: Visit, sealed: str) -> Arrived | None:
    opened = visit.app.keys.open(sealed)
    return Arrived(*json.loads(opened)) if opened else None


def _look_at(visit: Visit, institution: Listed, quarter: Quarter, snapshot: Snapshot, typed: Typed) -> None:
    """Read every cell by the dialog's rules; note what is wrong and what is unlikely."""
    chart, texts = visit.corpus.form_of(quarter), typed.texts

    def wrong(field_: str, kind: str) -> None:
        typed.problems[field_] = words("office/entry_problem.j2", {"kind": kind})

    if not texts.get("source"):
        wrong("source", "source")
    _received(visit, typed)
    if typed.kept is None and not texts.get("call") and "scan" not in typed.problems:
        wrong("scan", "scan")
    if texts.get("telephone") and not _TELEPHONE.fullmatch(texts["telephone"]):
        wrong("telephone", "telephone")
    if snapshot.latest is not None and len(texts.get("reason", "")) < 2:
        wrong("reason", "reason")
    if snapshot.draft is not None and not texts.get("replace"):
        wrong("replace", "draft")
    for occupation in chart.occupations:
        given = {m.id: texts.get(f"cell:{occupation.name}:{m.id}", "") for m in chart.measures}
        if not any(given.values()):
            continue
        row: dict[str, Cell] = {}
        for measure in chart.measures:
            try:
                row[measure.id] = read_cell(chart, measure, given[measure.id])
            except Problem as problem:
                typed.problems[f"cell:{occupation.name}:{measure.id}"] = problem.sentence().text
        typed.rows[occupation.name] = row
    if texts.get("nothing") and typed.rows:
        wrong("cells", "nothing_with_rows")
    if not texts.get("nothing") and not typed.rows:
        wrong("cells", "empty")
    if not typed.problems:
        _doubt(visit, institution, quarter, typed)


def _doubt(visit: Visit, institution: Listed, quarter: Quarter, typed: Typed) -> None:
    """What is impossible since the start is a problem; what is unlikely asks for an explanation."""
    chart = visit.corpus.form_of(quarter)
    past = cell_hints.read(visit.connection, institution.id, quarter)
    for name, row in typed.rows.items():
        for doubt in past.impossible(chart, name, row):
            typed.problems[f"cell:{name}:{doubt.measure}"] = doubt.text
        asked = chart.doubts(row, past.last.get(name))
        if any(len(typed.texts.get(f"why:{name}:{d.id}", "")) < 2 for d in asked):
            typed.doubts[name] = asked


def _submit(visit: Visit, institution: Listed, quarter: Quarter, snapshot: Snapshot, typed: Typed) -> None:
    connection, by, now, texts = visit.connection, visit.officer.person_id, visit.now, typed.texts
    chart, closes = visit.corpus.form_of(quarter), visit.times.closes(quarter)
    if snapshot.draft is not None:
        drafts.discard(connection, snapshot.draft, by, now)
    reason = texts.get("reason") or None
    draft = drafts.begin_draft(connection, institution.id, str(quarter), by, now, closes, reason)
    if draft.version != 1:
        raise VersionConflict  # a contact began it at this very instant and wrote into it
    begun = reports.snapshot(connection, institution.id, str(quarter))
    if texts.get("nothing"):
        drafts.set_nothing_to_report(connection, draft, by, now)
    else:  # what it began with and the paper does not have
        for name in begun.rows.keys() - typed.rows.keys():
            drafts.remove_occupation(connection, draft, name, by, now)
    past = cell_hints.read(connection, institution.id, quarter)
    for name in chart.occupation_order(list(typed.rows)):
        row = typed.rows[name]
        said_before = [doubt for occupation, doubt in begun.explanations if occupation == name]
        drafts.set_cells(connection, draft, name, row, by, now, clear=said_before)
        for doubt in chart.doubts(row, past.last.get(name)):
            said = texts[f"why:{name}:{doubt.id}"]
            drafts.explain(connection, draft, name, doubt.id, said, doubt.text, by, now)
    kept, kind = typed.kept, STAMPED if texts.get("stamped") else "source"
    held = None
    if kept is not None:
        held = attachments.receive(connection, by, kept.name, kept.hash, kept.media, kept.size, now)
    if held is not None and kind == "source":
        attachments.attach(connection, draft, held, kind, by, now)
    day = date.fromisoformat(texts["received"])
    # Only the day is known: what came in on the due day was in time.
    received = now if day == local(now).date() else datetime.combine(day, time(), SHANGHAI)
    revision_history.typed_in(connection, draft.id, texts["source"], received, by, now)
    edited = reports.snapshot(connection, institution.id, str(quarter)).draft
    if edited is None:
        raise LookupError("the draft is gone")
    telephone = visit.app.keys.seal(texts["telephone"]) if texts.get("telephone") else None
    receipt = f"{quarter}-{institution.id:04d}-{draft.number:02d}"
    done = drafts.submit(
        connection,
        edited,
        edited.version,
        receipt,
        by,
        now,
        texts.get("filled_by") or None,
        telephone,
        closes,
        received,
    )
    if held is not None and kind == STAMPED:
        attachments.attach(connection, done, held, kind, by, now)
    if texts.get("original"):
        came = {institution.id: done.number}
        paper.note(connection, came, str(quarter), "received", day, by, now)


def _page(
    visit: Visit,
    institution: Listed,
    quarter: Quarter,
    snapshot: Snapshot,
    typed: Typed,
    status: int = 200,
) -> Page:
    past = cell_hints.read(visit.connection, institution.id, quarter)
    data: dict[str, Any] = {
        "institution": institution,
        "quarter": quarter,
        "snapshot": snapshot,
        "typed": typed,
        "texts": typed.texts,
        "problems": typed.problems,
        "last": past.last,
        "notes": past.notes,
        "sent": bool(visit.form),
        "today": _today(visit),
        "carried": _carry(visit, typed.kept),
        "seen": _seen(snapshot),
        "path": f"/office/entry/{institution.id}/{quarter}",
    }
    return Page("entry.html", data, status)
