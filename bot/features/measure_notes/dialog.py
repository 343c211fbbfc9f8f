"""设定口径: the office says what counts for a measure, from which quarter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.core.dialogs import vocabulary as said
from bot.core.dialogs.dialog import Choose, Dialog, Outcome, Problem, Question, Write
from bot.core.messages import Outgoing
from bot.core.permissions import refused
from bot.core.render import words
from bot.core.turn import Answers, Turn
from policy.calendar.quarters import Quarter, reporting_quarter
from policy.form.form import Form
from policy.form.measure_notes import LONGEST, SHORTEST, offered, timeline
from storage.reports import prior_figures
from storage.reports.prior_figures import Set


@dataclass(frozen=True)
class NoteContext:
    """Now, the form, and everything set so far."""

    now: datetime
    form: Form
    set: tuple[Set, ...]


@dataclass(frozen=True)
class Confirmed(Outcome):
    """To be set as it stands."""

    measure: str
    words: str
    first: Quarter


@dataclass(frozen=True)
class NotAllowed(Outcome):
    """Nobody of the office (any more): to be refused."""


@dataclass(frozen=True, kw_only=True)
class AskMeasure(Choose):
    """Which measure, by its button or any of its names."""

    form: Form

    def read(self, text: str) -> str:
        """A measure's id."""
        if text in self.values:
            return text
        found = self.form.find_measure(said.tidy(text))
        if found is None:
            raise Problem("problem/messages.choose")
        return found.id


@dataclass(frozen=True, kw_only=True)
class AskFrom(Question[str]):
    """From which quarter on."""

    now: datetime

    def accepts(self, value: object) -> bool:
        """Whether it is a quarter that can be chosen."""
        return value in [str(quarter) for quarter in offered(Quarter.of(self.now))]

    def read(self, text: str) -> str:
        """A quarter, past ones and the next two years'."""
        now = self.now
        every = offered(Quarter.of(now))
        try:
            quarter = Quarter.parse(said.tidy(text), now)
        except ValueError:
            raise Problem("problem/messages.quarter", current=Quarter.of(now)) from None
        if quarter not in every:
            raise Problem("note/messages.quarter_problem", first=every[-1], last=every[0])
        return str(quarter)


class NoteDialog(Dialog[NoteContext | None, Confirmed | NotAllowed]):
    """One note."""

    name = "note"
    park = False

    async def run(self, context: NoteContext | None) -> Confirmed | NotAllowed:
        """Measure, words, from when; confirm."""
        if context is None:
            return NotAllowed()
        chart = context.form
        measure = chart.measure(
            await AskMeasure(
                "measure",
                "note/messages.measure",
                {"measures": chart.measures},
                values=tuple(m.id for m in chart.measures),
                form=chart,
            )
        )
        text = await Write(
            "words", "note/messages.words", {"measure": measure}, longest=LONGEST, shortest=SHORTEST
        )
        now = reporting_quarter(context.now)
        buttons = dict.fromkeys((now, now.next(), Quarter(now.year, 1)))
        first = Quarter.parse(
            await AskFrom("from", "note/messages.from", {"quarters": list(buttons)}, now=context.now)
        )
        replaced = [p for p in timeline(context.set, measure.id) if p.last is None or p.last >= first]
        await Choose(
            "confirm",
            "note/confirm.j2",
            {"measure": measure, "words": text, "first": first, "replaced": replaced},
            values=("set",),
            typed={"设定": "set", "确认": "set", "确认设定": "set"},
        )
        return Confirmed(measure.id, text, first)

    def load(self, turn: Turn, answers: Answers) -> tuple[NoteContext | None, Answers]:
        """With what is set already; nothing for somebody whose role was taken away meanwhile."""
        if turn.office_role is None:
            return None, answers
        return NoteContext(
            turn.now, turn.corpus.form, tuple(prior_figures.notes_set(turn.connection))
        ), answers

    def label(self, question: Question[object], value: object) -> tuple[str, str]:
        """What was asked, what was said."""
        shown = (
            question.form.measure(str(value)).title if isinstance(question, AskMeasure) else str(value)[:20]
        )
        return words("note/messages.label", {"id": question.id}), shown

    def finish(
        self, turn: Turn, context: NoteContext | None, outcome: Confirmed | NotAllowed
    ) -> list[Outgoing]:
        """Set it, if the person still may."""
        if denied := refused(turn, self.name):
            return denied
        if isinstance(outcome, NotAllowed):
            return [turn.say("messages.left")]
        prior_figures.keep_note(
            turn.connection,
            outcome.measure,
            outcome.words,
            str(outcome.first),
            None,
            turn.person_id,
            turn.now,
        )
        measure = turn.corpus.form.measure(outcome.measure)
        return [turn.say("note/done.j2", measure=measure, words=outcome.words, first=outcome.first)]
