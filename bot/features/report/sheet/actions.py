"""What a sheet does: it writes by the rules of the dialog, and leads back to it to be confirmed."""

from __future__ import annotations

import re

from bot.core.dialogs import dialog_manager
from bot.core.dialogs.dialog import Problem
from bot.core.messages import Replies
from bot.core.security import browser_link
from bot.core.turn import Turn
from bot.features.figures.cells import read_cell
from bot.features.report.actions import place_in
from bot.features.report.context import Changed, ReportContext, takes_figures
from bot.features.report.editing import concurrent_edits, draft_writes
from bot.features.report.prompts import AskWhy
from bot.features.report.sheet import entries
from bot.features.report.sheet.entries import Entry
from bot.features.report.sheet.view import doubts, look
from policy.form.form import Cell
from storage.reports import cell_history, drafts, reports

BASE = re.compile(r"([0-9]{1,12})\.([0-9]{1,9})", re.A)  # a draft and its version, as a sheet showed it


def start(turn: Turn, argument: str) -> Replies:
    """用表格填: where the sheet is. The web chat goes there by itself."""
    found = place_in(turn, argument)
    if found is None:
        return None
    (institution, quarter), _ = found
    owner = browser_link.Owner(turn.person_id, turn.talk.account_id)
    to = f"/sheet/{institution}/{quarter}"
    link = browser_link.make(turn.connection, turn.keys.codes, owner, turn.now, turn.url, to)
    return [turn.say("report/messages.sheet", url=link.url, minutes=link.minutes)]


def put(turn: Turn, argument: str) -> Replies:
    """Write what a sheet sent, `<institution>:<quarter>:<draft>.<version>`; it says nothing itself."""
    found = place_in(turn, argument)
    base = BASE.fullmatch(found[1]) if found else None
    if found is None or base is None:
        return None
    context = look(turn, found[0], hold=True)
    if context is None or not takes_figures(context):
        return []
    changed = _changed(turn, context, int(base[1]), int(base[2]))
    if changed is None:  # what the sheet showed is gone: submitted, or discarded
        return []
    sent = entries.read(turn.text)
    for occupation in dict.fromkeys(entry.occupation for entry in sent):
        _put_row(turn, context, occupation, [e for e in sent if e.occupation == occupation], changed)
    whys = [entry for entry in sent if entry.kind == "why"]
    fresh = look(turn, found[0]) if whys else None
    for entry in whys:
        if fresh is not None:
            _explain(turn, fresh, entry)
    return []


def _changed(turn: Turn, context: ReportContext, revision: int, version: int) -> Changed | None:
    """What others wrote since that draft was shown (0: there was none); None when it is a draft no more."""
    draft = context.snapshot.draft if context.snapshot else None
    if revision == 0:
        by_all = cell_history.cells_since(turn.connection, draft.id, None, turn.person_id) if draft else {}
        return by_all
    if draft is None or draft.id != revision:
        return None
    return concurrent_edits.changed_by_others(turn, context, version, revision)


def _put_row(
    turn: Turn, context: ReportContext, occupation: str, sent: list[Entry], changed: Changed
) -> None:
    form, rows = context.form, context.snapshot.rows if context.snapshot else {}
    row, known = rows.get(occupation, {}), {o.name for o in form.occupations} | set(rows)
    kinds = {entry.kind for entry in sent}
    others = any(place[0] == occupation for place in changed)
    if occupation not in known:
        return
    if "drop" in kinds:
        draft = context.snapshot.draft if context.snapshot else None
        if draft is not None and not others:  # not over a colleague's figures
            drafts.remove_occupation(turn.connection, draft, occupation, turn.person_id, turn.now)
        return
    if "idle" in kinds:
        zero: dict[str, Cell] = {m.id: 0 for m in form.measures}
        if not others:
            draft_writes.write(turn, context, occupation, zero, no_business=True)
        return
    measures = {m.id: m for m in form.measures}
    cells: dict[str, Cell] = {}
    for entry in sent:
        if entry.kind != "cell" or entry.name not in measures:
            continue
        try:
            cells[entry.name] = read_cell(form, measures[entry.name], entry.typed)
        except Problem:
            continue  # the sheet says what to type instead
    free, _ = concurrent_edits.part(context, changed, occupation, cells)
    fresh = {m: cell for m, cell in free.items() if row.get(m) != cell}
    if fresh:
        draft_writes.write(turn, context, occupation, fresh)


def _explain(turn: Turn, context: ReportContext, entry: Entry) -> None:
    doubt = next((d for d in doubts(context, entry.occupation) if d.id == entry.name), None)
    if doubt is None:
        return
    question = AskWhy.of(context.form, entry.occupation, doubt, context.place)
    try:
        value = question.read(entry.typed)
    except Problem:
        return
    draft_writes.store_why(turn, context, question, value)


def done(turn: Turn, argument: str) -> Replies:
    """填好了: to the confirmation where all is there as the sheet showed it, else to what is missing."""
    found = place_in(turn, argument)
    if found is None:
        return None
    (institution, quarter), base = found
    draft = reports.snapshot(turn.connection, institution, quarter).draft
    given = {"institution": str(institution), "quarter": quarter}
    if draft is not None and f"{draft.id}.{draft.version}" == base:
        given[f"review:{draft.version}"] = "submit"  # the sheet showed all of it
    said = dialog_manager.start(turn, "report", given)
    stage = dialog_manager.open_stage(turn)
    context = stage.context if stage else None
    if stage is None or stage.question is None or not isinstance(context, ReportContext):
        return said
    if not stage.question.id.startswith("confirm:"):
        return said
    shown: dict[str, object] = {"context": context, "snapshot": context.snapshot}
    shown["explained"] = stage.question.data.get("explained", [])
    return [turn.say("report/sheet_review.j2", **shown), *said]
