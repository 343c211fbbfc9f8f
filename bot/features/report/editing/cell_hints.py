"""What stands beside a cell's question: earlier quarters, what counts, totals since the start."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from bot.core.dialogs.dialog import Question
from bot.core.turn import Turn
from bot.features.figures.cells import read_cell
from bot.features.report.context import CellHints, Registered, ReportContext
from bot.features.report.prompts import Corrected
from policy.calendar.quarters import FIRST_YEAR, Quarter
from policy.form.form import Doubt, Form, Row, add_rows
from storage import courses
from storage.reports import prior_figures
from storage.reports.prior_figures import Opening
from storage.reports.reports import Rows, Snapshot


def load(turn: Turn, institution_id: int, quarter: str) -> CellHints:
    """Read once a message: nothing of it can be changed by the message itself."""
    key = f"beside {institution_id} {quarter}"
    return turn.once(key, lambda: read(turn.connection, institution_id, Quarter.parse(quarter)))


def read(connection: Connection, institution_id: int, quarter: Quarter) -> CellHints:
    """Everything that stands beside a report's cells."""
    first = max(f"{quarter.year - 1}Q{quarter.number}", f"{FIRST_YEAR}Q1")
    before = quarter.previous()
    rows = prior_figures.rows_between(connection, institution_id, first, str(before)) if before else {}
    of_year = [r for q, r in rows.items() if q >= f"{quarter.year}Q1"]
    opening = prior_figures.opening_of(connection, institution_id)
    return CellHints(
        last=rows.get(str(before), {}),
        year_ago=rows.get(first, {}) if first < str(quarter) and first[:4] != str(quarter.year) else {},
        this_year=add_rows(of_year),
        notes=prior_figures.notes(connection, str(quarter)),
        since=_since(connection, opening, quarter) if opening and opening.through < str(quarter) else None,
    )


def _since(connection: Connection, opening: Opening, quarter: Quarter) -> Rows:
    before, after = quarter.previous(), Quarter.parse(opening.through).next()
    rows: dict[str, Rows] = {}
    if before and after <= before:
        rows = prior_figures.rows_between(connection, opening.institution_id, str(after), str(before))
    return add_rows([opening.rows, *rows.values()])


def brought(turn: Turn, snapshot: Snapshot) -> dict[str, dict[str, int]]:
    """What the institution's courses bring to the quarter: occupation → measure → figure."""
    quarter = Quarter.parse(snapshot.quarter)
    return courses.of_quarter(turn.connection, snapshot.institution_id, quarter.first_day, quarter.last_day)


def registered(form: Form, recorded: dict[str, dict[str, int]], rows: Rows) -> tuple[Registered, ...]:
    """Where report and registry differ, in the form's order; nothing without a course."""
    return tuple(
        Registered(name, m, rows.get(name, {}).get(m.id), recorded[name][m.id])
        for name in form.occupation_order(list(recorded))
        for m in form.measures
        if m.id in recorded[name] and rows.get(name, {}).get(m.id) != recorded[name][m.id]
    )


@dataclass(frozen=True, kw_only=True)
class AskTotal(Question[Corrected]):
    """A row that cannot be, added to what was before it: only another figure helps."""

    kind: str = "number"
    form: Form
    occupation: str
    doubt: Doubt

    @classmethod
    def of(cls, form: Form, occupation: str, doubt: Doubt, place: str) -> AskTotal:
        """`place` prefixes the tokens of the cell buttons."""
        measures = [form.measure(m) for m in doubt.measures]
        data = {"measures": measures, "place": place}
        asked = f"total:{occupation}/{doubt.id}"
        return cls(asked, "report/total.j2", data, form=form, occupation=occupation, doubt=doubt)

    def accepts(self, value: object) -> bool:
        """Nothing said makes it possible."""
        return False

    def read(self, text: str) -> Corrected:
        """The first measure's new figure."""
        return Corrected(read_cell(self.form, self.form.measure(self.doubt.measure), text))


async def check_totals(context: ReportContext, occupation: str, row: Row) -> None:
    """Refuse a row whose totals since the start cannot be."""
    for doubt in context.beside.impossible(context.form, occupation, row)[:1]:
        await context.named(AskTotal.of(context.form, occupation, doubt, context.place))
