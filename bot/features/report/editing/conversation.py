"""What the quarterly report asks, in order: whose and which quarter, row by row, review, confirm."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from bot.core.dialogs.dialog import Choose, Leave, Outcome
from bot.features.figures.acting_for import ask_institution
from bot.features.report.context import Closed, NoLonger, ReportContext
from bot.features.report.editing import cell_hints, concurrent_edits, office_remarks
from bot.features.report.prompts import AskCell, AskOccupations, AskQuarter, AskReason, AskWhy
from policy.calendar.quarters import Quarter, reporting_quarter
from policy.form.form import Cell, Doubt, Row
from storage.reports.reports import Revision, Snapshot

EARLY = timedelta(days=14)  # whoever reports sooner than that before the quarter's end is told that it runs


@dataclass(frozen=True)
class Submit(Outcome):
    """The draft was confirmed as seen at `version`."""

    version: int


class Explanation(NamedTuple):
    """What was said of one doubt about a row; `question` is the id under which it was asked."""

    occupation: str
    question: str
    words: str


async def converse(context: ReportContext) -> Submit | Closed | NoLonger | Leave:
    """Ask for a quarter's report. Cells and explanations come from the draft's rows."""
    if context.gone is not None:
        return NoLonger(context.gone)
    await _which_report(context)
    snapshot = context.snapshot
    if snapshot is None:  # not allowed (any more): the answers name another's report
        return Leave()
    if context.office.closed:
        return Closed()
    closed = snapshot.shown if snapshot.draft is None else None
    if closed is not None and not await _begins_again(context, snapshot, closed):
        return Leave()
    nothing = snapshot.draft is not None and snapshot.draft.nothing_to_report
    if not nothing and not snapshot.rows:
        place = context.place if context.has_courses else ""
        await context.named(AskOccupations.of("occupations", context.form, [], adding=False, place=place))
    await concurrent_edits.settle(context)
    explained: list[Explanation] = []
    for occupation in context.occupations():
        explained += await _row(context, snapshot, occupation)
    return await _review(context, snapshot, nothing, explained)


async def _which_report(context: ReportContext) -> None:
    """Ask whose report and of which quarter."""
    if len(context.institutions) > 1:
        await ask_institution(context.institutions, context.choices.states, context.choices.resume)
    current = reporting_quarter(context.now)
    offered = [q for q in (current, Quarter.of(context.now), current.previous()) if q]
    await AskQuarter.of(context.now, list(dict.fromkeys(offered)))


async def _begins_again(context: ReportContext, snapshot: Snapshot, shown: Revision) -> bool:
    """Ask whether and why a report that was submitted is to be changed; whether it is."""
    if await office_remarks.ask_to_begin(context, snapshot, shown) == "leave":
        return False
    head = {"context": context, "snapshot": snapshot, "revision": shown}
    wish = await Choose(f"correct:{shown.number}", "report/submitted.j2", head, values=("correct", "leave"))
    if wish == "leave":
        return False
    await AskReason(f"reason:{shown.number}", "report/messages.reason", head)
    return True


async def _row(context: ReportContext, snapshot: Snapshot, occupation: str) -> list[Explanation]:
    """Ask a row's cells, and why where they are unlikely."""
    row, last = snapshot.rows[occupation], context.last.get(occupation)
    asked: dict[str, str] = {}  # doubt → the question about it
    so_far: dict[str, Cell] = {}
    complete = all(cell is not None for cell in row.values())
    for measure in context.form.measures:
        note = context.office.note(occupation, measure.id)
        now, left = row[measure.id], context.missing()
        beside_it = context.beside.line(occupation, measure.id)
        cell = AskCell.of(context.form, occupation, measure, now, last, left, note, beside_it)
        await context.named(cell)
        so_far[measure.id] = now
        if complete and len(so_far) < len(context.form.measures):
            continue  # a full row is looked at once, as a whole
        for doubt in doubts(context, snapshot, occupation, so_far):
            if doubt.id not in asked:
                said = snapshot.explanations.get((occupation, doubt.id), "")
                why = AskWhy.of(context.form, occupation, doubt, context.place)
                asked[doubt.id] = why.id
                await context.named(why, said=said)
    await cell_hints.check_totals(context, occupation, row)
    said_of = snapshot.explanations
    return [Explanation(occupation, asked[d], said_of.get((occupation, d), "")) for d in asked]


def doubts(context: ReportContext, snapshot: Snapshot, occupation: str, row: Row) -> list[Doubt]:
    """What is unlikely in a row, and what was returned and is as it was."""
    idle = occupation in snapshot.no_business
    unlikely = [] if idle else context.form.doubts(row, context.last.get(occupation))
    return [*unlikely, *office_remarks.unchanged(context, occupation, row)]


async def _review(
    context: ReportContext, snapshot: Snapshot, nothing: bool, explained: list[Explanation]
) -> Submit:
    """Show the whole report, offer another row, and ask to confirm."""
    version = snapshot.draft.version if snapshot.draft else 0
    data = {"context": context, "snapshot": snapshot, "nothing": nothing, "explained": explained}
    wish = await Choose(f"review:{version}", "report/review.j2", data, values=("submit", "add"))
    if wish == "add":
        adding = AskOccupations.of(f"add:{version}", context.form, list(snapshot.rows), adding=True)
        await context.named(adding)
    quarter = Quarter.parse(context.quarter or "")
    data |= {"quarter": quarter, "running": context.now < quarter.end() - EARLY}
    await Choose(f"confirm:{version}", "report/confirm.j2", data, values=("yes",), typed={"提交": "yes"})
    return Submit(version)
