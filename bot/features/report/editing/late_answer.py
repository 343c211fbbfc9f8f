"""An answer that came too late: the quarter closed, or its giver speaks for the institution no more."""

from __future__ import annotations

from bot.core.dialogs import vocabulary
from bot.core.dialogs.dialog import Outcome
from bot.core.messages import Outgoing, Replies
from bot.core.security import one_time_code
from bot.core.turn import Answers, Turn
from bot.features.report.context import Closed, NoLonger, ReportContext
from bot.features.report.editing import concurrent_edits
from policy.form.rows import are_figures
from policy.reading.numbers import looks_like_figure
from storage.institutions import institutions


def told(turn: Turn, context: ReportContext, outcome: Outcome | None, answers: Answers) -> Replies:
    """What happened to what was just answered; None when nothing was, or the report is open."""
    if not isinstance(outcome, (Closed, NoLonger)) or not _meant(turn, answers):
        return None
    submitting = str(_last_question(answers)).startswith("confirm:")
    return say(turn, context, outcome, lost="submit" if submitting else "figure")


def say(turn: Turn, context: ReportContext, outcome: Outcome, lost: str = "") -> list[Outgoing]:
    """Why the report takes nothing (any more); `lost` is what was just given in vain, if anything."""
    if isinstance(outcome, NoLonger):
        name = institutions.get(turn.connection, outcome.institution_id).name
        return [turn.say("report/no_longer.j2", institution=name, lost=lost)]
    latest = context.snapshot.latest if context.snapshot else None
    return [
        turn.say(
            "report/closed.j2",
            quarter=context.quarter,
            closed=context.office.closed,
            receipt=latest.receipt if latest else None,
            draft=context.snapshot is not None and context.snapshot.draft is not None,
            lost=lost,
        )
    ]


def _last_question(answers: Answers) -> str:
    return str(answers[concurrent_edits.SEEN][3]) if answers.get(concurrent_edits.SEEN) else ""


def _meant(turn: Turn, answers: Answers) -> bool:
    """Whether the message was an answer to what the report last asked."""
    if turn.incoming.file is not None:
        return False
    here = f"s{turn.talk.serial}:v:"
    if turn.incoming.choice is not None:
        return turn.incoming.choice.startswith(here)
    plain = vocabulary.tidy(turn.text)
    if any(plain == vocabulary.tidy(label) and token.startswith(here) for label, token in turn.memory.offers):
        return True
    command = turn.command
    if command is not None or one_time_code.code_in(turn.text) is not None:
        return command == "submit"
    if looks_like_figure(turn.text) or are_figures(turn.corpus.form, turn.text, []):
        return True
    asked_for_text = _last_question(answers).startswith(("why:", "reason:"))
    return plain in vocabulary.NOT_KNOWN or plain in vocabulary.NO_BUSINESS or asked_for_text
