"""写一条投诉线索: for the office's eyes only, anonymous if wanted."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core import input_limits
from bot.core.dialogs import vocabulary
from bot.core.dialogs.dialog import Choose, Outcome, PlainDialog, Problem, Question, Write
from bot.core.dialogs.prompts import WriteLines
from bot.core.messages import Outgoing
from bot.core.render import words as rendered
from bot.core.security.flood import COMPLAINTS
from bot.core.turn import Turn
from storage.desk import complaints


@dataclass(frozen=True)
class Complained(Outcome):
    """Confirmed; `contact` is encrypted."""

    what: str
    school: str
    anonymous: bool
    contact: str


@dataclass(frozen=True)
class AskAnonymous(Choose):
    """Anonymous or not."""

    def read(self, text: str) -> str:
        """By label, or yes and no."""
        plain = {"匿名": "yes", "要匿名": "yes", "不匿名": "no", "实名": "no"}.get(
            vocabulary.tidy(text), text
        )
        said = plain if plain in self.values else vocabulary.yes_no(text)
        if said in self.values:
            return said
        raise Problem("problem/messages.choose")


class ComplaintDialog(PlainDialog[Complained]):
    """What, which school, anonymous or not, how to reach the writer if wanted."""

    name = "complaint"
    private = True  # the way to reach the writer is a telephone number, sealed at once

    async def run(self, context: None) -> Complained:
        """The conversation."""
        what = await WriteLines("what", "complaint/what.j2", longest=1000, shortest=4)
        school = await Write("school", "complaint/messages.school", longest=60, skippable=True)
        anonymous = await AskAnonymous("anonymous", "complaint/messages.anonymous", values=("yes", "no"))
        contact = ""
        if anonymous == "no":
            contact = await Write("contact", "complaint/messages.contact", longest=100, skippable=True)
        data = {"what": what, "school": school, "anonymous": anonymous, "contact": contact}
        await Choose("send", "complaint/confirm.j2", data, values=("send",), typed={"确认": "send"})
        return Complained(what, school, anonymous == "yes", contact)

    def store(self, turn: Turn, context: None, question: Question[object], value: object) -> list[Outgoing]:
        """Mask what is free text; the way to reach the writer is kept encrypted only."""
        if question.id == "contact" and value:
            value = turn.keys.seal(str(value))
        elif question.id in ("what", "school"):
            value = input_limits.mask(turn.corpus.form, str(value))[0]
        return super().store(turn, context, question, value)

    def finish(self, turn: Turn, context: None, outcome: Complained) -> list[Outgoing]:
        """Keep it, and give the receipt number."""
        if not turn.tally.take(COMPLAINTS, turn.talk.account_id, turn.now):
            return [turn.say("complaint/messages.full")]
        receipt = complaints.create(
            turn.connection,
            outcome.what,
            outcome.school or None,
            outcome.contact or None,
            outcome.anonymous,
            turn.now,
        )
        return [turn.say("complaint/messages.receipt", receipt=receipt, anonymous=outcome.anonymous)]

    def label(self, question: Question[object], value: object) -> tuple[str, str]:
        """In a few words; never the way to reach the writer."""
        shown = rendered("complaint/messages.shown", {"id": question.id, "value": value})
        return rendered("complaint/messages.label", {"id": question.id}), shown
