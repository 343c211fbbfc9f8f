"""What the office does with one queued question: reply, keep it as a phrasing, or as a new entry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from bot.core.dialogs.dialog import Choose, Dialog, Leave, Outcome, Problem, Question, Write
from bot.core.dialogs.prompts import WriteLines
from bot.core.messages import Outgoing
from bot.core.permissions import refused
from bot.core.render import render, words
from bot.core.turn import Answers, Turn
from policy.answers.entries import Answers as Library
from policy.answers.entries import Entry
from policy.calendar.quarters import local
from policy.corpus import Corpus
from storage.conversations import messages
from storage.desk import questions
from storage.desk.questions import Asked

OFFERED = 6  # entries to choose from


@dataclass(frozen=True)
class DeskContext:
    """The question being worked on, None when it is gone."""

    asked: Asked | None
    on: date
    corpus: Corpus


@dataclass(frozen=True)
class Done(Outcome):
    """Everything was asked and confirmed."""

    asked: Asked
    values: tuple[str, ...]


class DeskDialog(Dialog[DeskContext, Done]):
    """Base: works on the question whose id was given when it began."""

    park = False
    at_desk = True
    private = True  # staff may well write the office's own telephone number

    def load(self, turn: Turn, answers: Answers) -> tuple[DeskContext, Answers]:
        """The question, read anew every time: a colleague may have closed it."""
        found = questions.get(turn.connection, int(answers.get("about", 0)))
        allowed = turn.office_role is not None
        return DeskContext(found if allowed else None, local(turn.now).date(), turn.corpus), answers

    def restart(self, turn: Turn, context: DeskContext) -> list[Outgoing]:
        """Begin again with the same question."""
        about = turn.state.answers.get("about", 0)
        super().restart(turn, context)
        turn.state.answers["about"] = about
        return []

    def label(self, question: Question[object], value: object) -> tuple[str, str]:
        """In the office's words."""
        return words("desk/messages.label", {"id": question.id}), str(value)[:20]

    def finish(self, turn: Turn, context: DeskContext, outcome: Done) -> list[Outgoing]:
        """Only for those who still may."""
        if denied := refused(turn, self.name):
            return denied
        return self.perform(turn, outcome)

    def perform(self, turn: Turn, done: Done) -> list[Outgoing]:
        """Perform the effect."""
        raise NotImplementedError


class ReplyDialog(DeskDialog):
    """回复: a text to everybody who asked."""

    name = "desk-reply"

    async def run(self, context: DeskContext) -> Done | Leave:
        """Text, then confirmation."""
        if context.asked is None:
            return Leave()
        about = {"asked": context.asked}
        text = await WriteLines(
            "text", "desk/messages.reply", about, longest=1000, shortest=2, of_policy=True
        )
        data = {"asked": context.asked, "text": text, "on": context.on}
        await Choose("send", "desk/send.j2", data, values=("send",), typed={"发送": "send", "确认": "send"})
        return Done(context.asked, (text,))

    def perform(self, turn: Turn, done: Done) -> list[Outgoing]:
        """Push it, and forget who asked."""
        told = questions.close(turn.connection, done.asked.id, turn.person_id, turn.now, done.values[0])
        if told is None:
            return [turn.say("desk/messages.gone")]
        message = render("desk/pushed.j2", texts=[done.asked.text], reply=done.values[0], at=turn.now)
        for address, _ in told:
            messages.enqueue(turn.connection, address, [message.body()], turn.now)
        return [turn.say("desk/replied.j2", asked=done.asked, told=len(told))]


def candidates(corpus: Corpus, text: str, on: date) -> list[Entry]:
    """The entries nearest to a text."""
    found = (corpus.answers.get(entry, on) for entry, _ in corpus.index.rank(text)[:OFFERED])
    return [e for e in found if e is not None]


@dataclass(frozen=True, kw_only=True)
class ChooseEntry(Choose):
    """An entry by its button, id or title. `library` holds the answers there are."""

    library: Library

    def read(self, text: str) -> str:
        """Any entry there is, also one that was not offered."""
        for entry in self.library.entries.values():
            if text.strip() in (entry.id, entry.title):
                return entry.id
        raise Problem("problem/messages.choose")

    def accepts(self, value: object) -> bool:
        """Whether the entry still exists."""
        return value in self.library.entries


class PhrasingDialog(DeskDialog):
    """存为问法: the question is another way of asking what an entry answers."""

    name = "desk-phrasing"

    async def run(self, context: DeskContext) -> Done | Leave:
        """Search, then choose."""
        if context.asked is None:
            return Leave()
        about = {"asked": context.asked}
        search = await Write(
            "search", "desk/messages.search", about, longest=60, skippable=True, of_policy=True
        )
        offered = candidates(context.corpus, search or context.asked.text, context.on)
        data = {"asked": context.asked, "entries": offered}
        entry = await ChooseEntry(
            "entry",
            "desk/messages.entry",
            data,
            values=tuple(e.id for e in offered),
            library=context.corpus.answers,
        )
        return Done(context.asked, (entry,))

    def perform(self, turn: Turn, done: Done) -> list[Outgoing]:
        """Keep the proposal."""
        (entry,) = done.values
        questions.propose(turn.connection, "phrasing", done.asked, turn.person_id, turn.now, entry=entry)
        title = turn.corpus.answers.entries[entry].title
        return [turn.say("desk/messages.proposed", asked=done.asked, title=title, new=False)]


class NewEntryDialog(DeskDialog):
    """存为新条目: nothing answers the question yet."""

    name = "desk-entry"

    async def run(self, context: DeskContext) -> Done | Leave:
        """Title, then answer; the clause is filled in by whoever edits the data file."""
        if context.asked is None:
            return Leave()
        about = {"asked": context.asked}
        title = await Write("title", "desk/messages.title", about, longest=40, shortest=2, of_policy=True)
        reply = context.asked.reply or ""
        data = {"asked": context.asked, "reply": reply}
        answer = await WriteLines(
            "answer", "desk/messages.answer", data, longest=400, skippable=bool(reply), of_policy=True
        )
        return Done(context.asked, (title, answer or reply))

    def perform(self, turn: Turn, done: Done) -> list[Outgoing]:
        """Keep the proposal."""
        title, answer = done.values
        questions.propose(
            turn.connection, "entry", done.asked, turn.person_id, turn.now, title=title, answer=answer
        )
        return [turn.say("desk/messages.proposed", asked=done.asked, title=title, new=True)]
