"""What the report's dialog does once: an answer kept where it belongs, a draft submitted or discarded."""

from __future__ import annotations

from datetime import timedelta

from bot.core.dialogs.dialog import Question
from bot.core.messages import FileRef, Outgoing
from bot.core.turn import Turn
from bot.features.report import cursor as report_cursor
from bot.features.report.context import PENDING, ReportContext
from bot.features.report.editing import concurrent_edits, draft_writes
from bot.features.report.editing.cell_hints import AskTotal
from bot.features.report.editing.concurrent_edits import AskWhich
from bot.features.report.editing.conversation import Submit
from bot.features.report.prompts import AskCell, AskOccupations, AskReason, AskWhy
from policy.calendar.quarters import Quarter
from storage.desk import paper
from storage.people import people
from storage.reports import attachments, drafts, lateness

SCAN_WAITS = 7  # days for which a picture sent before submitting is offered as the stamped form


def keep(turn: Turn, context: ReportContext, question: Question[object], value: object) -> list[Outgoing]:
    """Write an answer where it belongs: the draft, or the conversation's cursor."""
    answers = turn.state.answers
    if isinstance(question, AskCell | AskWhy | AskOccupations | AskReason):
        for passed in [k for k in answers if k.split(":")[0] in report_cursor.PASSED]:
            del answers[passed]  # they spoke of a version that this answer makes an old one
    match question:
        case AskCell():
            return draft_writes.store_cell(turn, context, question, question.own(value))
        case AskWhy():
            return draft_writes.store_why(turn, context, question, question.own(value))
        case AskTotal():
            return draft_writes.store_corrected(turn, context, question, question.own(value))
        case AskWhich():
            decided = concurrent_edits.settled(turn, context, question, question.own(value))
            return draft_writes.store_settled(turn, context, decided)
        case AskOccupations():
            return _keep_occupations(turn, context, question.own(value))
        case AskReason():
            draft_writes.open_draft(turn, context, reason=question.own(value))
            waiting = answers.pop(PENDING, None)
            return draft_writes.store_lines(turn, context, waiting) if waiting else []
    if question.id.startswith("returned:") and value == "begin":
        draft_writes.open_draft(turn, context, reason=context.office.reopened)
        return []
    report_cursor.keep(answers, question.id, value)
    return []


def _keep_occupations(turn: Turn, context: ReportContext, names: list[str]) -> list[Outgoing]:
    """Begin the rows of these occupations; without any, there is nothing to report."""
    draft = draft_writes.open_draft(turn, context)
    if names:
        drafts.add_occupations(turn.connection, draft, names, turn.person_id, turn.now)
    elif context.snapshot is not None and context.snapshot.rows:
        return [turn.say("problem/messages.nothing_with_rows", rows=list(context.snapshot.rows))]
    else:
        drafts.set_nothing_to_report(turn.connection, draft, turn.person_id, turn.now)
    return []


def submit(turn: Turn, context: ReportContext, outcome: Submit) -> list[Outgoing]:
    """Submit the draft as it was seen, and give the receipt."""
    draft = context.snapshot.draft if context.snapshot else None
    if draft is None or context.institution_id is None or context.quarter is None:
        return [turn.say("messages.left")]
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
    due = turn.times.due(quarter)
    name = f"{context.form.title}-{context.institution}-{quarter}.xlsx"
    return [
        turn.say(
            "report/receipt.j2",
            files=(FileRef("form", name, {"revision": done.id}),),
            receipt=receipt,
            at=turn.now,
            timely=lateness.of(turn.connection, context.institution_id, context.quarter, due),
            before=context.snapshot.latest if context.snapshot else None,
            quarter=quarter,
            institution=context.institution,
            place=context.place,
            paper=paper.of(
                turn.connection, context.institution_id, context.quarter, draft.number, scan=False
            ),
            scans=attachments.unused_scans(
                turn.connection, turn.person_id, turn.now - timedelta(days=SCAN_WAITS)
            ),
        )
    ]


def discard(turn: Turn, context: ReportContext) -> list[Outgoing]:
    """Discard the draft, unless a colleague changed it meanwhile; what was submitted before stays."""
    if context.news.moved:
        return [turn.say("report/messages.moved")]
    if context.snapshot is not None and context.snapshot.draft is not None:
        drafts.discard(turn.connection, context.snapshot.draft, turn.person_id, turn.now)
    report_cursor.stay_with_report(turn.state.answers)
    turn.state.revisit = None
    return [turn.say("report/messages.discarded")]
