"""期初数: an institution's figures since the programme's start until it began to report here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.core.dialogs import vocabulary as said
from bot.core.dialogs.dialog import Choose, Dialog, FreeText, Leave, Outcome, Problem, Question
from bot.core.messages import Outgoing
from bot.core.render import words
from bot.core.turn import Answers, Turn
from bot.features.figures.acting_for import Mine, ask_institution, speaking_for
from bot.features.figures.cells import read_cell
from bot.features.figures.pasted_rows import sort_lines
from bot.features.figures.typed_rows import are_whole_rows
from bot.features.opening import rules as opening_rules
from bot.features.opening.rules import LONGEST_SOURCE, SHORTEST_SOURCE, Wrong
from policy.calendar.quarters import Quarter
from policy.form.form import NOT_KNOWN, Cell, Form
from policy.form.line import Line
from storage.institutions import roster
from storage.reports import prior_figures
from storage.reports.prior_figures import Opening
from storage.reports.reports import Rows

CONFIRM = "confirm"


@dataclass(frozen=True)
class OpeningContext:
    """What a replay knows. `rows` is what was typed so far, cells not understood are None."""

    now: datetime
    form: Form
    institutions: Mine
    institution_id: int | None
    current: Opening | None = None
    offered: tuple[Quarter, ...] = ()
    rows: Rows = field(default_factory=dict)
    wrong: tuple[Wrong, ...] = ()
    reported: tuple[str, ...] = ()

    @property
    def missing(self) -> list[tuple[str, str]]:
        """(occupation, title of the measure) of cells without a figure."""
        return [
            (name, m.title)
            for name in self.form.occupation_order(list(self.rows))
            for m in self.form.measures
            if self.rows[name].get(m.id) is None
        ]

    @property
    def institution(self) -> str:
        """The institution's name."""
        return next((name for i, name in self.institutions if i == self.institution_id), "")


@dataclass(frozen=True)
class Confirmed(Outcome):
    """To be kept as shown."""

    through: str
    source: str


@dataclass(frozen=True)
class Lines:
    """Figures, one occupation a line."""

    text: str


def _lines(form: Form, text: str) -> Lines | None:
    return Lines(text) if are_whole_rows(form, text) else None


@dataclass(frozen=True, kw_only=True)
class AskThrough(Question[str | Lines]):
    """Through which quarter."""

    now: datetime
    form: Form

    def accepts(self, value: object) -> bool:
        """Whether that quarter has ended."""
        return isinstance(value, str) and value <= str(opening_rules.last_ended(self.now))

    def read(self, text: str) -> str | Lines:
        """A quarter, or a year; `Lines` of figures, which are kept until it is known."""
        return _lines(self.form, text) or str(opening_rules.read_through(text, self.now))


@dataclass(frozen=True, kw_only=True)
class AskSource(FreeText[str | Lines]):
    """Where the figures come from, in words or by a button."""

    longest: int = LONGEST_SOURCE
    shortest: int = SHORTEST_SOURCE
    form: Form

    def read(self, text: str) -> str | Lines:
        """The source; `Lines` of figures, which are none."""
        if lines := _lines(self.form, text):
            return lines
        if not opening_rules.names_source(text):
            raise Problem("opening/problem.j2", kind="source", quarter=None, last=None)
        return self.plain(text)

    def press(self, value: str) -> str | Lines:
        """What the button says."""
        return self.read(value)


@dataclass(frozen=True, kw_only=True)
class AskRows(Question[str | Lines]):
    """Lines of figures, as many times as needed, until they are confirmed."""

    kind: str = "text"
    context: OpeningContext

    @property
    def ready(self) -> bool:
        """Whether what is there can be confirmed."""
        context = self.context
        return bool(context.rows) and not context.missing and not context.wrong

    def accepts(self, value: object) -> bool:
        """Only the confirmation ends it."""
        return bool(value == CONFIRM and self.ready)

    def read(self, text: str) -> str | Lines:
        """CONFIRM, or `Lines` to be read one by one."""
        if said.yes_no(text) != "yes" and said.tidy(text) not in (CONFIRM, "确认录入"):
            return Lines(text)
        if not self.ready:
            raise Problem("opening/problem.j2", kind="not_ready", quarter=None, last=None)
        return CONFIRM


class OpeningDialog(Dialog[OpeningContext, Confirmed]):
    """Through when, from what source, the figures; review and confirm."""

    name = "opening"

    async def run(self, context: OpeningContext) -> Confirmed | Leave:
        """The conversation. What was typed as figures stands beside the answers."""
        if len(context.institutions) > 1:
            await ask_institution(context.institutions)
        if context.institution_id is None:
            return Leave()
        current = context.current
        if current is not None:
            wish = await Choose(
                f"known:{current.number}",
                "opening/known.j2",
                {"context": context, "opening": current},
                values=("replace", "leave"),
                typed={"更正": "replace", "不用": "leave"},
            )
            if wish == "leave":
                return Leave()
        form, data = context.form, {"quarters": context.offered, "institution": context.institution}
        ask_through = AskThrough("through", "opening/through.j2", data, now=context.now, form=form)
        through = str(await ask_through)
        about = {"through": Quarter.parse(through)}
        source = str(await AskSource("source", "opening/source.j2", about, form=form))
        template = "opening/review.j2" if context.rows else "opening/rows.j2"
        await AskRows("rows", template, {**about, "source": source}, context=context)
        return Confirmed(through, source)

    def load(self, turn: Turn, answers: Answers) -> tuple[OpeningContext, Answers]:
        """With the rows typed so far, looked at together with what was reported here."""
        mine, institution_id = speaking_for(turn, answers)
        chart = turn.corpus.form
        context = OpeningContext(turn.now, chart, mine, institution_id)
        if institution_id is None:
            return context, answers
        connection, rows = turn.connection, answers.get("kept", {})
        wrong: list[Wrong] = []
        reported: list[str] = []
        if rows and answers.get("through"):
            through = Quarter.parse(answers["through"])
            wrong = opening_rules.impossible(connection, chart, institution_id, through, rows)
            reported = opening_rules.reported(connection, institution_id, through)
        context = OpeningContext(
            turn.now,
            chart,
            mine,
            institution_id,
            prior_figures.opening_of(connection, institution_id),
            _offered(turn, institution_id),
            rows,
            tuple(wrong),
            tuple(reported),
        )
        return context, answers

    def store(
        self, turn: Turn, context: OpeningContext, question: Question[object], value: object
    ) -> list[Outgoing]:
        """Lines are added to what was typed before."""
        answers = turn.state.answers
        if question.id == "institution" and answers.get("institution") not in (None, value):
            answers.clear()  # they spoke of another institution
        if not isinstance(value, Lines):
            answers[question.id] = value
            return []
        taken = take(context.form, value.text, context.rows)
        answers["kept"] = taken.pop("rows")
        return [turn.say("report/lines.j2", **taken, form=context.form)]

    def label(self, question: Question[object], value: object) -> tuple[str, str]:
        """What was asked, what was said."""
        return words("opening/messages.label", {"id": question.id.partition(":")[0]}), str(value)[:20]

    def finish(self, turn: Turn, context: OpeningContext, outcome: Confirmed) -> list[Outgoing]:
        """Keep them as a revision of their own."""
        if context.institution_id is None:
            raise LookupError("no institution was chosen")
        number = prior_figures.keep_opening(
            turn.connection,
            context.institution_id,
            outcome.through,
            outcome.source,
            context.rows,
            turn.person_id,
            turn.now,
            seen=context.current.number if context.current else 0,
        )
        through = Quarter.parse(outcome.through)
        return [turn.say("opening/done.j2", context=context, number=number, through=through)]


def _offered(turn: Turn, institution_id: int) -> tuple[Quarter, ...]:
    """Likely ends: before the first quarter expected here, the last year's end, the last quarter."""
    last = opening_rules.last_ended(turn.now)
    listed = roster.get(turn.connection, institution_id)
    before = Quarter.parse(listed.expected_from).previous() if listed else None
    likely = [before, Quarter.of(turn.now).previous(), _year_before(turn.now)]
    return tuple(dict.fromkeys(q for q in likely if q is not None and q <= last))


def _year_before(now: datetime) -> Quarter | None:
    return Quarter(Quarter.of(now).year, 1).previous()


def take(chart: Form, text: str, rows: Rows) -> dict[str, Any]:
    """What became of lines: the `rows` with them, and what `report/lines.j2` says of them."""
    kept: Rows = {name: dict(row) for name, row in rows.items()}
    result, taken = sort_lines(chart, text, chart.occupation_order(list(rows)))
    for line in taken:
        cells = _cells(chart, line, result.problems)
        name = line.row.name
        kept.setdefault(name, dict.fromkeys((m.id for m in chart.measures), None)).update(cells)
        if cells:
            result.written.append((name, cells))
    return {"rows": kept, **vars(result)}


def _cells(chart: Form, line: Line, problems: list[dict[str, Any]]) -> dict[str, Cell]:
    """The cells of a line that can be read; opening figures are numbers, never 不掌握."""
    if line.kind == "idle":
        return dict.fromkeys((m.id for m in chart.measures), 0)
    cells: dict[str, Cell] = {}
    for measure_id, typed in line.cells.items():
        measure = chart.measure(measure_id)
        try:
            cell = read_cell(chart, measure, typed)
            if cell == NOT_KNOWN:
                raise Problem("problem/figure.j2", reason="other", measure=measure, typed=typed[:20])
            cells[measure_id] = cell
        except Problem as problem:
            problems.append({"kind": "cell", "occupation": line.row.name, **problem.data})
    return cells
