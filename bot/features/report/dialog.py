"""The quarterly report as a dialog: its answers are the rows of the draft in the database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any

from bot.core.dialog import Choose, Dialog, Leave, Outcome, Question
from bot.core.messages import FileRef, Outgoing
from bot.core.render import words
from bot.core.turn import Turn
from bot.features.figures.acting_for import ask_institution, speaking_for
from bot.features.report import cursor as report_cursor
from bot.features.report import status as report_status
from bot.features.report.context import (
    PENDING,
    CellHints,
    Closed,
    NoLonger,
    OfficeView,
    ReportContext,
    empty_cells,
)
from bot.features.report.editing import (
    cell_hints,
    concurrent_edits,
    conflicting_answer,
    draft_writes,
    late_answer,
    office_remarks,
)
from bot.features.report.lead import review as lead_review_requests
from bot.features.report.prompts import AskCell, AskOccupations, AskQuarter, AskReason, AskWhy
from policy.calendar.quarters import Quarter, reporting_quarter
from policy.form.form import Form, Row
from storage.people import people
from storage.reports import attachments, drafts, lateness, lead_review, reports
from storage.reports.reports import Snapshot

SCAN_WAITS = 7  # days for which a picture sent before submitting is offered as the stamped form
EARLY = timedelta(days=14)  # whoever reports sooner than that before the quarter's end is told that it runs


@dataclass(frozen=True)
class Submit(Outcome):
    """The draft was confirmed as seen at `version`."""

    version: int


class ReportDialog(Dialog):
    """Occupation by occupation, measure by measure; then review, confirm, receipt."""

    name = "report"
    of_figures = True

    async def run(self, context: ReportContext) -> Outcome:
        """The conversation. Cells and explanations come from the draft's rows."""
        if context.gone is not None:
            return NoLonger(context.gone)
        if len(context.institutions) > 1:
            await ask_institution(context.institutions, context.choices.states, context.choices.resume)
        current = reporting_quarter(context.now)
        offered = [q for q in (current, Quarter.of(context.now), current.previous()) if q]
        await AskQuarter.of(context.now, list(dict.fromkeys(offered)))
        snapshot = context.snapshot
        if snapshot is None:  # not allowed (any more): the answers name another's report
            return Leave()
        if context.office.closed:
            return Closed()
        if snapshot.shown is not None and snapshot.draft is None:
            if await office_remarks.ask_to_begin(context, snapshot) == "leave":
                return Leave()
            number = snapshot.shown.number
            head = {"context": context, "snapshot": snapshot, "revision": snapshot.shown}
            wish = await Choose(f"correct:{number}", "report/submitted.j2", head, values=("correct", "leave"))
            if wish == "leave":
                return Leave()
            await AskReason(f"reason:{number}", "report/reason.j2", head)
        nothing = snapshot.draft is not None and snapshot.draft.nothing_to_report
        if not nothing and not snapshot.rows:
            place = context.place if context.has_courses else ""
            await context.named(AskOccupations.of("occupations", context.form, [], adding=False, place=place))
        await concurrent_edits.settle(context)
        explained: list[tuple[str, str, str]] = []  # (occupation, question, words)
        for occupation in context.occupations():
            explained += await self._row(context, snapshot, occupation)
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

    async def _row(
        self, context: ReportContext, snapshot: Snapshot, occupation: str
    ) -> list[tuple[str, str, str]]:
        """Ask a row's cells; the explanations given: (occupation, question, words)."""
        row, last = snapshot.rows[occupation], context.last.get(occupation)
        asked: dict[str, str] = {}
        so_far: dict[str, Any] = {}
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
            doubts = self._doubts(context.form, so_far, last, occupation in snapshot.no_business)
            for doubt in [*doubts, *office_remarks.unchanged(context, occupation, so_far)]:
                if doubt.id not in asked:
                    said = snapshot.explanations.get((occupation, doubt.id), "")
                    why = AskWhy.of(context.form, occupation, doubt, context.place)
                    asked[doubt.id] = why.id
                    await context.named(why, said=said)
        await cell_hints.check_totals(context, occupation, row)
        return [(occupation, asked[d], snapshot.explanations.get((occupation, d), "")) for d in asked]

    @staticmethod
    def _doubts(form: Form, row: Row, last: Row | None, no_business: bool) -> list[Any]:
        return [] if no_business else form.doubts(row, last)

    def begin(self, answers: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
        """Answers about another report do not count for this one."""
        return report_cursor.begun(answers, given)

    def way_back(self, context: Any, trail: list[Question[Any]]) -> list[Question[Any]]:
        """In a returned report only what was asked again: the rest was right."""
        return office_remarks.way_back(context, trail) if isinstance(context, ReportContext) else trail

    def overtaken(
        self, turn: Turn, context: Any, outcome: Outcome | None, answers: dict[str, Any]
    ) -> list[Outgoing] | None:
        """A figure after the closing, or of somebody who was removed."""
        return late_answer.told(turn, context, outcome, answers)

    def load(self, turn: Turn, answers: dict[str, Any]) -> tuple[ReportContext, dict[str, Any]]:
        """The draft's rows become answers; only institutions the person speaks for count."""
        mine, institution_id = speaking_for(turn, answers)
        quarter = answers.get("quarter")
        place = concurrent_edits.place_in(answers)
        gone = place if place is not None and place not in (i for i, _ in mine) else None
        if gone is not None:  # not into the report of another one they still speak for
            institution_id = None
        snapshot: Snapshot | None = None
        last: reports.Rows = {}
        past = CellHints()
        view = OfficeView()
        if institution_id is not None and quarter:
            snapshot = reports.snapshot(turn.connection, institution_id, quarter, hold=True)
            view = office_remarks.load(turn, snapshot)
            past = cell_hints.load(turn, institution_id, quarter)
            last = past.last
        brought: dict[str, dict[str, int]] = {}
        if snapshot is not None and (snapshot.draft or not snapshot.rows) and not empty_cells(snapshot):
            brought = turn.once(
                f"brought {institution_id} {quarter}", lambda: cell_hints.brought(turn, snapshot)
            )
        seen, clashes = (
            concurrent_edits.seen_in(answers, snapshot),
            concurrent_edits.clashes_in(answers, snapshot),
        )
        context = ReportContext(
            turn.now,
            turn.corpus.form,
            mine,
            institution_id,
            quarter,
            snapshot,
            last,
            view,
            has_courses=bool(brought),
            beside=past,
            seen=seen,
            news=concurrent_edits.news(turn, snapshot, seen, turn.corpus.form),
            clashes=clashes,
            edited=concurrent_edits.editors(turn, snapshot) if clashes else {},
            gone=gone,
        )
        assert turn.memory.dialog is not None
        if len(mine) > 1 and (institution_id is None or turn.memory.dialog.revisit == "institution"):
            kept = report_cursor.place_kept(answers)
            read = partial(report_status.choices, turn, quarter, kept)
            context = replace(context, choices=turn.once(f"choices {quarter} {kept}", read))
        if snapshot is not None and snapshot.shown is not None and not context.missing():
            context = replace(context, pages=attachments.of(turn.connection, snapshot.shown.id))
            if snapshot.draft is not None and institution_id is not None:
                review = lead_review.latest(turn.connection, snapshot.draft.id)
                leads = bool(
                    turn.once(
                        f"leads {institution_id}", lambda: lead_review_requests.leads_of(turn, institution_id)
                    )
                )
                told = cell_hints.registered(turn.corpus.form, brought, snapshot.rows)
                context = replace(context, review=review, leads=leads, registered=told)
        held = concurrent_edits.carried(answers, seen, context.news, snapshot)
        return context, {**held, **(report_cursor.draft_answers(snapshot) if snapshot else {})}

    def store(self, turn: Turn, context: Any, question: Question[Any], value: Any) -> list[Outgoing]:
        """Write the answer where it belongs: the draft, or the conversation's cursor."""
        assert isinstance(context, ReportContext) and turn.memory.dialog is not None
        answers, now, me = turn.memory.dialog.answers, turn.now, turn.person_id
        if isinstance(question, (AskCell, AskWhy, AskOccupations)) or question.id.startswith("reason:"):
            for passed in [k for k in answers if k.split(":")[0] in report_cursor.PASSED]:
                del answers[passed]  # they spoke of a version that this answer makes an old one
        if isinstance(question, AskCell):
            return draft_writes.store_cell(turn, context, question, value)
        if isinstance(question, concurrent_edits.AskWhich):
            return draft_writes.store_settled(
                turn, context, concurrent_edits.settled(turn, context, question, value)
            )
        if isinstance(question, cell_hints.AskTotal):
            return draft_writes.store_total(turn, context, question, value)
        if isinstance(question, AskWhy):
            return draft_writes.store_why(turn, context, question, value)
        if isinstance(question, AskOccupations):
            draft = draft_writes.open_draft(turn, context)
            if value:
                drafts.add_occupations(turn.connection, draft, value, me, now)
            elif context.snapshot is not None and context.snapshot.rows:
                return [turn.say("problem/nothing_with_rows.j2", rows=list(context.snapshot.rows))]
            else:
                drafts.set_nothing_to_report(turn.connection, draft, me, now)
            return []
        if question.id.startswith("reason:"):
            draft_writes.open_draft(turn, context, reason=value)
            waiting = answers.pop(PENDING, None)
            return draft_writes.store_lines(turn, context, waiting) if waiting else []
        if question.id.startswith("returned:") and value == "begin":
            draft_writes.open_draft(turn, context, reason=context.office.reopened)
            return []
        if question.id in ("quarter", "institution") and answers.get(question.id) != value:
            # They spoke of another report; but 填报 2026Q4 named the quarter before whose it is.
            still = "institution" if "institution" in answers else "quarter"
            answers_kept = {k: answers[k] for k in (still, report_cursor.KEPT) if k in answers}
            answers.clear()
            answers.update(answers_kept)
        answers[question.id] = value
        recalled = report_cursor.recalled(answers)
        if recalled is not answers:
            answers.clear()
            answers.update(recalled)
        return []

    def in_rows(self, context: Any) -> bool:
        """Once there are rows."""
        return isinstance(context, ReportContext) and bool(context.occupations())

    def submit(self, turn: Turn, context: Any, question: Question[Any] | None) -> list[Outgoing] | str | None:
        """From the review to the confirmation, from there to the receipt; else what is missing."""
        if not isinstance(context, ReportContext) or question is None:
            return None
        kind = question.id.split(":")[0]
        if kind in ("review", "confirm"):
            return "submit" if kind == "review" else "yes"
        if isinstance(question, (AskCell, AskWhy)):
            why = isinstance(question, AskWhy)
            return [turn.say("problem/submit_missing.j2", left=context.missing(), why=why)]
        return []

    def hold(
        self, turn: Turn, context: Any, question: Question[Any], read: Callable[[Question[Any]], Any]
    ) -> list[Outgoing] | None:
        """What a colleague changed meanwhile is not overwritten silently."""
        return conflicting_answer.hold(turn, context, question, read)

    def shown(self, turn: Turn, context: Any, question: Question[Any]) -> None:
        """Remember which version of the draft was seen."""
        assert turn.memory.dialog is not None
        concurrent_edits.note_shown(turn.memory.dialog.answers, context.snapshot, question)

    def news(self, turn: Turn, context: Any) -> list[Outgoing]:
        """What colleagues did since it was last shown here; a review that figures outran is withdrawn."""
        return [
            *concurrent_edits.tell(turn, context),
            *lead_review_requests.withdraw_if_changed(turn, context.review),
        ]

    def aside(self, turn: Turn, context: Any, outcome: Outcome | None, action: str) -> list[Outgoing] | None:
        """请复核人看: at the review of a complete draft."""
        if action != "lead" or context.snapshot is None or context.missing():
            return None
        turn.step()
        return lead_review_requests.ask(turn, context.snapshot)

    def finish(self, turn: Turn, context: Any, outcome: Outcome) -> list[Outgoing]:
        """Submit, and give the receipt."""
        assert isinstance(context, ReportContext)
        if isinstance(outcome, (Closed, NoLonger)):
            return late_answer.say(turn, context, outcome)
        assert isinstance(outcome, Submit)
        draft = context.snapshot.draft if context.snapshot else None
        if draft is None or context.institution_id is None or context.quarter is None:
            return [turn.say("left.j2")]
        profile = people.profile(turn.connection, turn.person_id)
        receipt = f"{context.quarter}-{context.institution_id:04d}-{draft.number:02d}"
        done = drafts.submit(
            turn.connection,
            draft,
            outcome.version,
            receipt,
            turn.person_id,
            turn.now,
            profile.name,
            profile.telephone,
            turn.closes(context.quarter),
        )
        quarter = Quarter.parse(context.quarter)
        name = f"{context.form.title}-{context.institution}-{quarter}.xlsx"
        file = FileRef("form", name, {"revision": done.id})
        return [
            turn.say(
                "report/receipt.j2",
                files=(file,),
                receipt=receipt,
                at=turn.now,
                timely=lateness.of(
                    turn.connection, context.institution_id, context.quarter, turn.times.due(quarter)
                ),
                before=context.snapshot.latest if context.snapshot else None,
                quarter=quarter,
                institution=context.institution,
                place=context.place,
                scans=attachments.unused_scans(
                    turn.connection, turn.person_id, turn.now - timedelta(days=SCAN_WAITS)
                ),
            )
        ]

    def changes(self, turn: Turn, context: Any) -> list[Outgoing] | None:
        """Occupation first, then its cells; before there are any, the usual list."""
        if not isinstance(context, ReportContext) or not context.occupations():
            return None
        return [turn.say("report/change.j2", occupations=context.occupations(), place=context.place)]

    def label(self, question: Question[Any], value: Any) -> tuple[str, str]:
        """Only the choice of quarter and institution come here; cells have their own list."""
        return words("report/label.j2", {"id": question.id}), str(value)

    def restart(self, turn: Turn, context: Any) -> list[Outgoing]:
        """Discard the draft, unless a colleague changed it meanwhile; what was submitted before stays."""
        if isinstance(context, ReportContext) and context.news.moved:
            return [turn.say("report/moved.j2")]
        if isinstance(context, ReportContext) and context.snapshot and context.snapshot.draft:
            drafts.discard(turn.connection, context.snapshot.draft, turn.person_id, turn.now)
        assert turn.memory.dialog is not None
        answers = turn.memory.dialog.answers
        place: dict[str, Any] = {k: answers[k] for k in ("institution", "quarter") if k in answers}
        super().restart(turn, context)
        answers.update(place)
        return [turn.say("report/discarded.j2")]
