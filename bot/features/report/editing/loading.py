"""What a replay of the report knows, read from the database before it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from bot.core.turn import Answers, Turn
from bot.features.figures.acting_for import Mine, speaking_for
from bot.features.report import cursor as report_cursor
from bot.features.report import status as report_status
from bot.features.report.context import ReportContext, empty_cells
from bot.features.report.editing import cell_hints, concurrent_edits, office_remarks
from bot.features.report.lead import review as lead_review_requests
from storage.reports import attachments, lead_review, reports
from storage.reports.reports import Snapshot

Brought = dict[str, dict[str, int]]  # occupation → measure → what the course registry brings


def load(turn: Turn, answers: Answers) -> tuple[ReportContext, Answers]:
    """The context, and the answers with the draft's rows; only institutions the person speaks for count."""
    mine, institution_id = speaking_for(turn, answers)
    quarter = answers.get("quarter")
    place = concurrent_edits.place_in(answers)
    gone = place if place is not None and place not in (i for i, _ in mine) else None
    if gone is not None:  # not into the report of another one they still speak for
        institution_id = None
    form = turn.corpus.form_of(quarter) if quarter else turn.corpus.form
    context = ReportContext(turn.now, form, mine, institution_id, quarter, None, {}, gone=gone)
    if institution_id is None or not quarter:
        return _with_choices(turn, context, answers), answers
    snapshot = reports.snapshot(turn.connection, institution_id, quarter, hold=True)
    brought = _brought(turn, snapshot)
    past = cell_hints.load(turn, institution_id, quarter)
    seen = concurrent_edits.seen_in(answers, snapshot)
    clashes = concurrent_edits.clashes_in(answers, snapshot)
    context = replace(
        context,
        snapshot=snapshot,
        last=past.last,
        office=office_remarks.load(turn, snapshot),
        has_courses=bool(brought),
        beside=past,
        seen=seen,
        news=concurrent_edits.news(turn, snapshot, seen, form),
        clashes=clashes,
        edited=concurrent_edits.editors(turn, snapshot) if clashes else {},
    )
    context = _with_choices(turn, context, answers)
    if snapshot.shown is not None and not context.missing():
        context = _complete(turn, context, snapshot, snapshot.shown.id, brought)
    held = concurrent_edits.carried(answers, seen, context.news, snapshot)
    return context, {**held, **report_cursor.draft_answers(snapshot)}


def _brought(turn: Turn, snapshot: Snapshot) -> Brought:
    """What the course registry brings, where there is something to compare or to fill."""
    if not (snapshot.draft or not snapshot.rows) or empty_cells(snapshot):
        return {}
    place = f"brought {snapshot.institution_id} {snapshot.quarter}"
    return turn.once(place, lambda: cell_hints.brought(turn, snapshot))


def _with_choices(turn: Turn, context: ReportContext, answers: Answers) -> ReportContext:
    """While it is asked whose report: how each of them stands."""
    mine: Mine = context.institutions
    if len(mine) < 2 or not (context.institution_id is None or turn.state.revisit == "institution"):
        return context
    kept = report_cursor.place_kept(answers)
    read = partial(report_status.choices, turn, context.quarter, kept)
    return replace(context, choices=turn.once(f"choices {context.quarter} {kept}", read))


def _complete(
    turn: Turn, context: ReportContext, snapshot: Snapshot, revision_id: int, brought: Brought
) -> ReportContext:
    """With what the review shows beside the figures: pages, the lead's word, the course registry."""
    context = replace(context, pages=attachments.of(turn.connection, revision_id))
    if snapshot.draft is None:
        return context
    institution = snapshot.institution_id
    leads = turn.once(f"leads {institution}", lambda: lead_review_requests.leads_of(turn, institution))
    return replace(
        context,
        review=lead_review.latest(turn.connection, snapshot.draft.id),
        leads=bool(leads),
        registered=cell_hints.registered(context.form, brought, snapshot.rows),
    )
