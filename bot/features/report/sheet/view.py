"""What a sheet shows: every cell with last quarter's figure, what is unlikely, what was not taken."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from bot.core.dialogs.dialog import Problem
from bot.core.turn import Turn
from bot.features.figures.cells import read_cell
from bot.features.report.context import Place, ReportContext, takes_figures
from bot.features.report.editing import cell_hints, concurrent_edits, conversation, office_remarks
from bot.features.report.prompts import AskWhy
from bot.features.report.sheet.entries import Entry
from policy.form.form import Cell, Doubt, Measure
from policy.reading.numerals import fold
from storage.reports import reports
from storage.reports.cell_history import Edit


@dataclass(frozen=True)
class CellView:
    """A cell: what it holds and what it held the quarter before, as they are shown ("" for nothing).

    `typed` was not taken: `problem` says why, or else it differs from what the cell holds now. `likely`
    is what it probably means. `read` is what a figure was taken for, where it was written otherwise;
    `edit` who of the others last changed the cell.
    """

    measure: Measure
    now: str
    last: str
    counts: str = ""
    remark: str = ""
    typed: str = ""
    problem: str = ""
    likely: str = ""
    read: str = ""
    edit: Edit | None = None

    @property
    def clashes(self) -> bool:
        """Whether a figure was typed that the cell does not hold, though it can be."""
        return bool(self.typed) and not self.problem


@dataclass(frozen=True)
class DoubtView:
    """Something unlikely about a row, and what was said of it; `problem`: why that does not do."""

    doubt: Doubt
    said: str = ""
    typed: str = ""
    problem: str = ""


@dataclass(frozen=True)
class RowView:
    """One occupation. `begun`: the report has the row; `kept`: it was to go, a colleague changed it."""

    occupation: str
    begun: bool
    idle: bool
    cells: tuple[CellView, ...]
    doubts: tuple[DoubtView, ...] = ()
    impossible: tuple[str, ...] = ()
    kept: bool = False

    @property
    def left(self) -> int:
        """How many cells of a row that was begun are empty."""
        return sum(not cell.now for cell in self.cells) if self.begun else 0

    @property
    def wipes(self) -> bool:
        """Whether 无业务 would take figures away: that is asked first."""
        return any(cell.now not in ("", "0") for cell in self.cells)

    @property
    def repeats(self) -> bool:
        """Whether last quarter's figures can be taken over."""
        return not self.begun and any(cell.last for cell in self.cells)

    @property
    def open(self) -> bool:
        """Whether it is likely to be filled in."""
        return self.begun or any(cell.last for cell in self.cells)

    @property
    def holds(self) -> bool:
        """Whether something of it was not taken."""
        return self.kept or any(c.typed for c in self.cells) or any(d.problem for d in self.doubts)

    @property
    def clashes(self) -> bool:
        """Whether a colleague's figures stand where others were typed."""
        return any(cell.clashes for cell in self.cells)


@dataclass(frozen=True)
class SheetView:
    """A report as a sheet. `base` names the draft as it is shown; `state`: open, closed or submitted."""

    place: Place
    institution: str
    quarter: str
    state: str
    base: str
    rows: tuple[RowView, ...] = field(default=())

    @property
    def begun(self) -> int:
        """How many rows the report has."""
        return sum(row.begun for row in self.rows)

    @property
    def left(self) -> int:
        """How many cells are still to be filled."""
        return sum(row.left for row in self.rows)

    @property
    def unsaid(self) -> int:
        """How many doubts wait for a word."""
        return sum(not d.said for row in self.rows for d in row.doubts)

    @property
    def fresh(self) -> bool:
        """Whether nothing tells which rows are likely."""
        return not any(row.open for row in self.rows)

    def row(self, occupation: str) -> RowView | None:
        """The row of an occupation."""
        return next((row for row in self.rows if row.occupation == occupation), None)


def look(turn: Turn, place: Place, hold: bool = False) -> ReportContext | None:
    """The report of one of the person's institutions; None for another's. `hold` as for the snapshot."""
    mine = tuple((m.institution_id or 0, m.institution or "") for m in turn.institutions)
    if place[0] not in (i for i, _ in mine):
        return None
    snapshot = reports.snapshot(turn.connection, *place, hold=hold)
    past = cell_hints.load(turn, *place)
    office = office_remarks.load(turn, snapshot)
    return ReportContext(
        turn.now, turn.corpus.form_of(place[1]), mine, *place, snapshot, past.last, office=office, beside=past
    )


def with_editors(turn: Turn, context: ReportContext) -> ReportContext:
    """The same, with who of the others last changed each cell."""
    return replace(context, edited=concurrent_edits.editors(turn, context.snapshot))


def doubts(context: ReportContext, occupation: str) -> list[Doubt]:
    """What is unlikely in a row as far as it is filled, as the dialog asks it."""
    snapshot = context.snapshot
    row = snapshot.rows.get(occupation) if snapshot else None
    if snapshot is None or row is None:
        return []
    return conversation.doubts(context, snapshot, occupation, row)


def view(context: ReportContext, sent: Iterable[Entry] = ()) -> SheetView:
    """The sheet of a report; `sent` is what was just put there: what came of it is told."""
    snapshot, form = context.snapshot, context.form
    rows = snapshot.rows if snapshot else {}
    draft = snapshot.draft if snapshot else None
    state = "closed" if context.office.closed else "open" if takes_figures(context) else "submitted"
    names = form.occupation_order({o.name for o in form.occupations} | set(rows))
    given = list(sent)
    return SheetView(
        (context.institution_id or 0, context.quarter or ""),
        context.institution,
        context.quarter or "",
        state,
        f"{draft.id}.{draft.version}" if draft else "0.0",
        tuple(_row(context, name, [e for e in given if e.occupation == name]) for name in names),
    )


def _row(context: ReportContext, occupation: str, sent: list[Entry]) -> RowView:
    snapshot = context.snapshot
    row = snapshot.rows.get(occupation) if snapshot else None
    typed = {e.name: e.typed for e in sent if e.kind == "cell"}
    cells = tuple(
        _cell(context, occupation, m, row.get(m.id) if row else None, typed.get(m.id))
        for m in context.form.measures
    )
    if snapshot is None or row is None:
        return RowView(occupation, False, False, cells)
    idle, kinds = occupation in snapshot.no_business, {e.kind for e in sent}
    kept = "drop" in kinds or ("idle" in kinds and not idle)
    reasons = {e.name: e.typed for e in sent if e.kind == "why"}
    told = tuple(
        _doubt(context, occupation, doubt, snapshot.explanations.get((occupation, doubt.id), ""), reasons)
        for doubt in doubts(context, occupation)
    )
    cannot = tuple(d.text for d in context.beside.impossible(context.form, occupation, row))
    return RowView(occupation, True, idle, cells, told, cannot, kept)


def _cell(
    context: ReportContext, occupation: str, measure: Measure, now: Cell, typed: str | None
) -> CellView:
    beside = context.beside.line(occupation, measure.id)
    note = context.office.note(occupation, measure.id)
    shown, last = measure.show(now), measure.show(beside.last)
    plain = CellView(measure, shown, last, beside.counts, note.words if note else "")
    if typed is None:
        return plain
    told = {name: getattr(plain, name) for name in ("measure", "now", "last", "counts", "remark")}
    try:
        cell = read_cell(context.form, measure, typed)
    except Problem as problem:
        likely = problem.data.get("likely")
        meant = measure.show(likely) if isinstance(likely, int) else ""
        return CellView(**told, typed=typed or " ", problem=problem.sentence(sheet=True).text, likely=meant)
    if cell != now:
        edit = context.edited.get((occupation, measure.id))
        return CellView(**told, typed=measure.show(cell), edit=edit)
    written = "".join(fold(typed).replace(",", "").split())
    return CellView(**told, read=typed if written != shown.replace(",", "") else "")


def _doubt(
    context: ReportContext, occupation: str, doubt: Doubt, said: str, reasons: dict[str, str]
) -> DoubtView:
    typed = reasons.get(doubt.id, "")
    if not typed or typed == said:
        return DoubtView(doubt, said)
    try:
        _ = AskWhy.of(context.form, occupation, doubt, context.place).read(typed)
    except Problem as problem:
        return DoubtView(doubt, said, typed, problem.sentence(sheet=True).text)
    return DoubtView(doubt, said)
