"""退回: which cells, a reason for each, then confirm."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.core import notify
from bot.core.dialogs.dialog import Choose, Dialog, Leave, Outcome, Problem, Question, Write
from bot.core.messages import Outgoing
from bot.core.permissions import refused
from bot.core.render import words
from bot.core.turn import Answers, Turn
from policy.form.form import Form
from storage.reports import decisions, reports
from storage.reports.reports import Submitted, VersionConflict
from storage.reports.returned_cells import WHOLE

REPORT = "report"  # the report as a whole, as a value that is no occupation
ROW = "row"
MOST = 60  # cells in one return


@dataclass(frozen=True)
class ReviewContext:
    """The revision to return; None when it is gone or decided on."""

    one: Submitted | None
    form: Form


@dataclass(frozen=True)
class Returned(Outcome):
    """What to return, confirmed: (occupation, measure, words)."""

    revision: int
    reasons: tuple[tuple[str, str, str], ...]


def read_place(chart: Form, rows: list[str], text: str) -> str:
    """A place as a value: `report`, an occupation, or `occupation/measure`.

    Raises:
        Problem: it names no row of this report.
    """
    plain = " ".join(text.split())
    if plain in (REPORT, "整份报表", "整份", "全部"):
        return REPORT
    occupation, _, rest = plain.partition("/")
    if occupation in rows and (not rest or rest == ROW or rest in {m.id for m in chart.measures}):
        return plain
    parts = re.split(r"[\s:：,，、的]+", plain, maxsplit=1)
    found = chart.find_occupation(plain) or chart.find_occupation(parts[0])
    if found is None and len(rows) == 1 and chart.find_measure(plain):
        return f"{rows[0]}/{chart.find_measure(plain).id}"  # type: ignore[union-attr]
    if found is None or found.name not in rows:
        raise Problem("review/messages.problem_place", rows=rows)
    if chart.find_occupation(plain) or len(parts) < 2:
        return found.name
    if parts[1] in ("整行", ROW):
        return f"{found.name}/{ROW}"
    measure = chart.find_measure(parts[1])
    if measure is None:
        raise Problem("review/messages.problem_place", rows=rows)
    return f"{found.name}/{measure.id}"


@dataclass(frozen=True, kw_only=True)
class AskPlace(Question[str]):
    """Which row, or at once which cell; an answer already given is not offered again."""

    form: Form
    rows: list[str]

    def accepts(self, value: object) -> bool:
        """Whether it names a place of this report."""
        try:
            read_place(self.form, self.rows, str(value))
        except Problem:
            return False
        return bool(value)

    def read(self, text: str) -> str:
        """The place."""
        return read_place(self.form, self.rows, text)


@dataclass(frozen=True, kw_only=True)
class AskMeasure(Question[str]):
    """Which cell of the row, or the whole row."""

    form: Form

    def accepts(self, value: object) -> bool:
        """Whether it is a measure's id, or `row`."""
        return value == ROW or value in {m.id for m in self.form.measures}

    def read(self, text: str) -> str:
        """The measure."""
        plain = " ".join(text.split())
        if self.accepts(plain):
            return plain
        if plain in ("整行", "全部"):
            return ROW
        if measure := self.form.find_measure(plain):
            return measure.id
        raise Problem("problem/messages.choose")


class ReturnDialog(Dialog[ReviewContext, Returned]):
    """Cell by cell until there are no more, then confirmed."""

    name = "return"
    park = False
    private = True  # staff may well write the office's own telephone number

    async def run(self, context: ReviewContext) -> Returned | Leave:
        """Ask place, words, and whether there is more."""
        one = context.one
        if one is None:
            return Leave()
        rows = context.form.occupation_order(list(one.rows))
        reasons: dict[tuple[str, str], str] = {}
        for number in range(MOST):
            form = context.form
            data = {"one": one, "form": form, "rows": rows, "given": len(reasons)}
            place = await AskPlace(f"place:{number}", "review/place.j2", data, form=form, rows=rows)
            occupation, _, measure = place.partition("/")
            if occupation == REPORT:
                occupation = WHOLE
            elif not measure:
                here = {**data, "occupation": occupation, "row": one.rows[occupation]}
                measure = await AskMeasure(f"measure:{number}", "review/messages.measure", here, form=form)
            measure = WHOLE if measure == ROW else measure
            title = context.form.measure(measure).title if measure else ""
            about = {**data, "occupation": occupation, "title": title}
            reasons[occupation, measure] = await Write(
                f"why:{number}", "review/messages.why", about, shortest=2
            )
            listed = {**data, "places": context.form.places(reasons), "number": one.revision.number}
            typed = {"还有": "more", "退回": "send", "确认退回": "send", "确认": "send", "没有了": "send"}
            wish = await Choose(
                f"more:{number}", "review/more.j2", listed, values=("send", "more"), typed=typed
            )
            if wish == "send":
                break
        given = tuple((o, m, said) for (o, m), said in reasons.items())
        return Returned(one.revision.id, given)

    def load(self, turn: Turn, answers: Answers) -> tuple[ReviewContext, Answers]:
        """The revision, read anew every time: a colleague may have decided on it."""
        found = None
        if turn.office_role is not None:
            found = reports.submitted_revision(turn.connection, int(answers.get("revision", 0)))
        form = turn.corpus.form_of(found.quarter) if found else turn.corpus.form
        waits = found is not None and found.revision.state == "submitted"
        return ReviewContext(found if waits else None, form), answers

    def restart(self, turn: Turn, context: ReviewContext) -> list[Outgoing]:
        """Begin again with the same report."""
        revision = turn.state.answers.get("revision", 0)
        super().restart(turn, context)
        turn.state.answers["revision"] = revision
        return []

    def label(self, question: Question[object], value: object) -> tuple[str, str]:
        """In the office's words."""
        return words("review/messages.label", {"id": question.id.split(":")[0]}), str(value)[:20]

    def finish(self, turn: Turn, context: ReviewContext, outcome: Returned) -> list[Outgoing]:
        """Return it and tell the contacts."""
        if denied := refused(turn, "review.return"):
            return denied
        try:
            done = decisions.return_(
                turn.connection, outcome.revision, outcome.reasons, turn.person_id, turn.now
            )
        except VersionConflict:
            return [turn.say("review/refused.j2", reason="changed", newest=None)]
        told = notify.tell_returned(turn.connection, context.form, done, turn.now)
        return [turn.say("review/messages.done", told=told, places=len(outcome.reasons))]
