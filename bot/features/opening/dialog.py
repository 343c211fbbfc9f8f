"""期初数: an institution's figures since the programme's start until it began to report here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.core import vocabulary as said
from bot.core.dialog import Choose, Dialog, Leave, Outcome, Problem, Question, Write
from bot.core.messages import Outgoing
from bot.core.render import words
from bot.core.turn import Turn
from bot.features.figures.acting_for import Mine, ask_institution, speaking_for
from bot.features.figures.cells import read_cell
from bot.features.figures.pasted_rows import sort_lines
from bot.features.figures.typed_rows import are_whole_rows
from bot.features.opening import rules as opening_rules
from bot.features.opening.rules import LONGEST_SOURCE, SHORTEST_SOURCE, Wrong
from policy.calendar.quarters import Quarter
from policy.form.form import NOT_KNOWN, Cell, Form
from policy.form.rows import Line
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
    """Figures typed before they were asked for."""

    text: str


def _lines(form: Form, text: str) -> Lines | None:
    return Lines(text) if are_whole_rows(form, text) else None


@dataclass(frozen=True)
class AskThrough(Question[Any]):
    """Through which quarter. `data`: `now`, the `form`, and the `quarters` offered."""

    def accepts(self, value: Any) -> bool:
        """Whether that quarter has ended."""
        return isinstance(value, str) and value <= str(opening_rules.last_ended(self.data["now"]))

    def read(self, text: str) -> Any:
        """A quarter, or a year; `Lines` of figures, which are kept until it is known."""
        return _lines(self.data["form"], text) or str(opening_rules.read_through(text, self.data["now"]))


@dataclass(frozen=True)
class AskSource(Write):
    """Where the figures come from, in words or by a button. `data`: the `form`, and `through`."""

    longest: int = LONGEST_SOURCE
    shortest: int = SHORTEST_SOURCE

    def read(self, text: str) -> Any:
        """The source; `Lines` of figures, which are none."""
        if lines := _lines(self.data["form"], text):
            return lines
        if not opening_rules.names_source(text):
            raise Problem("opening/problem.j2", kind="source", quarter=None, last=None)
        return super().read(text)

    def press(self, value: str) -> Any:
        """What the button says."""
        return self.read(value)


@dataclass(frozen=True)
class AskRows(Question[Any]):
    """Lines of figures, as many times as needed, until they are confirmed."""

    kind: str = "text"

    @property
    def ready(self) -> bool:
        """Whether what is there can be confirmed."""
        context: OpeningContext = self.data["context"]
        return bool(context.rows) and not context.missing and not context.wrong

    def accepts(self, value: Any) -> bool:
        """Only the confirmation ends it."""
        return bool(value == CONFIRM and self.ready)

    def read(self, text: str) -> Any:
        """CONFIRM, or {"text": …} to be read line by line."""
        if said.yes_no(text) != "yes" and said.tidy(text) not in (CONFIRM, "确认录入"):
            return {"text": text}
        if not self.ready:
            raise Problem("opening/problem.j2", kind="not_ready", quarter=None, last=None)
        return CONFIRM


class OpeningDialog(Dialog):
    """Through when, from what source, the figures; review and confirm."""

    name = "opening"

    async def run(self, context: OpeningContext) -> Outcome:
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
        data = {
            "now": context.now,
            "form": context.form,
            "quarters": context.offered,
            "institution": context.institution,
        }
        through = await AskThrough("through", "opening/through.j2", data)
        about = {"form": context.form, "through": Quarter.parse(through)}
        source = await AskSource("source", "opening/source.j2", about)
        template = "opening/review.j2" if context.rows else "opening/rows.j2"
        shown = {"context": context, "through": Quarter.parse(through), "source": source}
        await AskRows("rows", template, shown)
        return Confirmed(through, source)

    def load(self, turn: Turn, answers: dict[str, Any]) -> tuple[OpeningContext, dict[str, Any]]:
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

    def store(self, turn: Turn, context: Any, question: Question[Any], value: Any) -> list[Outgoing]:
        """Lines are added to what was typed before."""
        assert isinstance(context, OpeningContext) and turn.memory.dialog is not None
        answers = turn.memory.dialog.answers
        if question.id == "institution" and answers.get("institution") not in (None, value):
            answers.clear()  # they spoke of another institution
        if not isinstance(value, Lines) and (question.id != "rows" or value == CONFIRM):
            answers[question.id] = value
            return []
        typed = value.text if isinstance(value, Lines) else value["text"]
        taken = take(context.form, typed, context.rows)
        answers["kept"] = taken.pop("rows")
        return [turn.say("report/lines.j2", **taken, form=context.form)]

    def label(self, question: Question[Any], value: Any) -> tuple[str, str]:
        """What was asked, what was said."""
        return words("opening/label.j2", {"id": question.id.partition(":")[0]}), str(value)[:20]

    def finish(self, turn: Turn, context: Any, outcome: Outcome) -> list[Outgoing]:
        """Keep them as a revision of their own."""
        assert isinstance(context, OpeningContext) and isinstance(outcome, Confirmed)
        assert context.institution_id is not None
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
        assert line.occupation is not None
        cells = _cells(chart, line, result.problems)
        name = line.occupation.name
        kept.setdefault(name, dict.fromkeys((m.id for m in chart.measures), None)).update(cells)
        if cells:
            result.written.append((name, cells))
    return {"rows": kept, **vars(result)}


def _cells(chart: Form, line: Line, problems: list[dict[str, Any]]) -> dict[str, Cell]:
    """The cells of a line that can be read; opening figures are numbers, never 不掌握."""
    assert line.occupation is not None
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
            problems.append({"kind": "cell", "occupation": line.occupation.name, **problem.data})
    return cells
