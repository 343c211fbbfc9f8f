"""The quarterly report as a dialog: its answers are the rows of the draft in the database.

What it asks stands in `conversation`, what a replay knows in `loading`, what an answer does in
`effects`; this is where the engine meets them.
"""

from __future__ import annotations

from bot.core.dialogs.dialog import Dialog, Given, Leave, Question
from bot.core.messages import Outgoing, Replies
from bot.core.render import words
from bot.core.turn import Answers, Turn
from bot.features.report import cursor as report_cursor
from bot.features.report.context import Closed, NoLonger, ReportContext
from bot.features.report.editing import (
    concurrent_edits,
    conflicting_answer,
    conversation,
    effects,
    late_answer,
    loading,
    office_remarks,
)
from bot.features.report.editing.conversation import Submit
from bot.features.report.lead import review as lead_review_requests
from bot.features.report.prompts import AskCell, AskWhy

Ended = Submit | Closed | NoLonger


class ReportDialog(Dialog[ReportContext, Ended]):
    """Occupation by occupation, measure by measure; then review, confirm, receipt."""

    name = "report"
    of_figures = True

    async def run(self, context: ReportContext) -> Ended | Leave:
        """The conversation."""
        return await conversation.converse(context)

    def begin(self, answers: Answers, given: Answers) -> Answers:
        """Answers about another report do not count for this one."""
        return report_cursor.begun(answers, given)

    def load(self, turn: Turn, answers: Answers) -> tuple[ReportContext, Answers]:
        """The draft's rows become answers."""
        return loading.load(turn, answers)

    def shown(self, turn: Turn, context: ReportContext, question: Question[object]) -> None:
        """Remember which version of the draft was seen."""
        concurrent_edits.note_shown(turn.state.answers, context.snapshot, question)

    def news(self, turn: Turn, context: ReportContext) -> list[Outgoing]:
        """What colleagues did since it was last shown here; a review that figures outran is withdrawn."""
        withdrawn = lead_review_requests.withdraw_if_changed(turn, context.review)
        return [*concurrent_edits.tell(turn, context), *withdrawn]

    def hold(self, turn: Turn, context: ReportContext, question: Question[object], given: Given) -> Replies:
        """What a colleague changed meanwhile is not overwritten silently."""
        return conflicting_answer.hold(turn, context, question, given)

    def overtaken(
        self, turn: Turn, context: ReportContext, outcome: Ended | None, answers: Answers
    ) -> Replies:
        """A figure after the closing, or of somebody who was removed."""
        return late_answer.told(turn, context, outcome, answers)

    def store(
        self, turn: Turn, context: ReportContext, question: Question[object], value: object
    ) -> list[Outgoing]:
        """Write the answer into the draft, or the conversation's cursor."""
        return effects.keep(turn, context, question, value)

    def way_back(self, context: ReportContext, trail: list[Question[object]]) -> list[Question[object]]:
        """In a returned report only what was asked again: the rest was right."""
        return office_remarks.way_back(context, trail)

    def in_rows(self, context: ReportContext) -> bool:
        """Once there are rows."""
        return bool(context.occupations())

    def changes(self, turn: Turn, context: ReportContext) -> Replies:
        """Occupation first, then its cells; before there are any, the usual list."""
        rows = context.occupations()
        return [turn.say("report/messages.change", occupations=rows, place=context.place)] if rows else None

    def label(self, question: Question[object], value: object) -> tuple[str, str]:
        """Only the choice of quarter and institution come here; cells have their own list."""
        return words("report/messages.label", {"id": question.id}), str(value)

    def submit(self, turn: Turn, context: ReportContext, question: Question[object] | None) -> Replies | str:
        """From the review to the confirmation, from there to the receipt; else what is missing."""
        if question is None:
            return None
        kind = question.id.split(":")[0]
        if kind in ("review", "confirm"):
            return "submit" if kind == "review" else "yes"
        if isinstance(question, AskCell | AskWhy):
            why = isinstance(question, AskWhy)
            return [turn.say("problem/messages.submit_missing", left=context.missing(), why=why)]
        return []

    def aside(self, turn: Turn, context: ReportContext, outcome: Ended | None, action: str) -> Replies:
        """请复核人看: at the review of a complete draft."""
        if action != "lead" or context.snapshot is None or context.missing():
            return None
        turn.step()
        return lead_review_requests.ask(turn, context.snapshot)

    def finish(self, turn: Turn, context: ReportContext, outcome: Ended) -> list[Outgoing]:
        """Submit, and give the receipt; or say why nothing more is taken."""
        if isinstance(outcome, Submit):
            return effects.submit(turn, context, outcome)
        return late_answer.say(turn, context, outcome)

    def restart(self, turn: Turn, context: ReportContext) -> list[Outgoing]:
        """Discard the draft."""
        return effects.discard(turn, context)
