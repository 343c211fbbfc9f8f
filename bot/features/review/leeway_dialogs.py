"""重新打开 and 延期: the office lets an institution correct what was accepted, or report later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from bot.core import notify
from bot.core.dialogs.dialog import Choose, Dialog, Leave, Outcome, Question, Write
from bot.core.dialogs.prompts import AskDay
from bot.core.messages import Outgoing
from bot.core.permissions import refused
from bot.core.render import words
from bot.core.turn import Answers, Turn
from policy.calendar.quarters import SHANGHAI, Quarter, first_extension, local
from storage.institutions import institutions
from storage.institutions.institutions import Institution
from storage.reports import decisions, reports
from storage.reports.reports import Submitted, VersionConflict

EXAMPLE = 6  # days after the first possible one: the day that is proposed


@dataclass(frozen=True)
class Reopened(Outcome):
    """Which accepted revision may be corrected, and why."""

    revision: int
    reason: str


class ReopenDialog(Dialog[Submitted | None, Reopened]):
    """Why, then confirmed."""

    name = "reopen"
    park = False
    private = True  # staff may well write the office's own telephone number

    async def run(self, context: Submitted | None) -> Reopened | Leave:
        """One reason; the contacts will read it."""
        if context is None:
            return Leave()
        reason = await Write("why", "review/messages.reopen_why", {"one": context}, shortest=2, longest=300)
        data = {"one": context, "reason": reason}
        await Choose("confirm", "review/reopen_confirm.j2", data, values=("yes",), typed={"重新打开": "yes"})
        return Reopened(context.revision.id, reason)

    def load(self, turn: Turn, answers: Answers) -> tuple[Submitted | None, Answers]:
        """The accepted revision, read anew every time."""
        found = None
        if turn.office_role is not None:
            found = reports.submitted_revision(turn.connection, int(answers.get("revision", 0)))
        return (found if found and found.revision.state == "accepted" else None), answers

    def label(self, question: Question[object], value: object) -> tuple[str, str]:
        """In the office's words."""
        return words("review/messages.label", {"id": question.id}), str(value)[:20]

    def finish(self, turn: Turn, context: Submitted | None, outcome: Reopened) -> list[Outgoing]:
        """Open it and tell the contacts."""
        if denied := refused(turn, "review.reopen"):
            return denied
        try:
            done = decisions.reopen(
                turn.connection, outcome.revision, outcome.reason, turn.person_id, turn.now
            )
        except VersionConflict:
            return [turn.say("review/refused.j2", reason="changed", newest=None)]
        told = notify.tell_reopened(turn.connection, done, outcome.reason, turn.now)
        return [turn.say("review/messages.reopened", told=told)]


@dataclass(frozen=True)
class Extended(Outcome):
    """Until which day (included) an institution may report, and why."""

    day: date
    reason: str


@dataclass(frozen=True)
class ExtendContext:
    """Whose report of which quarter, when it is due, and the `first` day that can be named.

    `example` is a day that is proposed.
    """

    institution: Institution
    quarter: Quarter
    today: date
    first: date
    example: date
    due: datetime


class ExtendDialog(Dialog[ExtendContext | None, Extended]):
    """Until when, why, then confirmed. Begun with `institution` and `quarter`."""

    name = "extend"
    park = False
    private = True

    async def run(self, context: ExtendContext | None) -> Extended | Leave:
        """A day after the due one that has not passed, and a reason for the record."""
        if context is None:
            return Leave()
        data = vars(context)
        until = await AskDay(
            "until",
            "review/messages.extend_until",
            {**data, "name": "until"},
            today=context.today,
            earliest=context.first.isoformat(),
        )
        reason = await Write("why", "review/messages.extend_why", data, shortest=2, longest=300)
        data = {**data, "until": date.fromisoformat(until), "reason": reason}
        await Choose(
            "confirm", "review/messages.extend_confirm", data, values=("yes",), typed={"延期": "yes"}
        )
        return Extended(date.fromisoformat(until), reason)

    def load(self, turn: Turn, answers: Answers) -> tuple[ExtendContext | None, Answers]:
        """Whose, and which quarter."""
        if turn.office_role is None or "institution" not in answers:
            return None, answers
        found = institutions.get(turn.connection, int(answers["institution"]))
        quarter = Quarter.parse(answers["quarter"])
        due = turn.times.due(quarter)
        first = first_extension(due, turn.now)
        example = first + timedelta(days=EXAMPLE)
        return ExtendContext(found, quarter, local(turn.now).date(), first, example, due), answers

    def label(self, question: Question[object], value: object) -> tuple[str, str]:
        """In the office's words."""
        return words("review/messages.label", {"id": question.id}), str(value)[:20]

    def finish(self, turn: Turn, context: ExtendContext | None, outcome: Extended) -> list[Outgoing]:
        """Give it longer and tell the contacts."""
        if denied := refused(turn, "review.extend"):
            return denied
        if context is None:
            return [turn.say("messages.left")]
        until = datetime.combine(outcome.day + timedelta(days=1), time(), SHANGHAI)
        one, quarter = context.institution, context.quarter
        decisions.extend(
            turn.connection,
            one.id,
            str(quarter),
            until,
            outcome.reason,
            turn.person_id,
            turn.now,
            context.due,
        )
        told = notify.tell_extended(turn.connection, one.id, quarter, until, context.due, turn.now)
        return [turn.say("review/messages.extended_done", institution=one.name, day=outcome.day, told=told)]
