"""Where one institution's report of a quarter stands: what its contacts are told wherever they ask."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from bot.core.turn import Turn
from policy.calendar.quarters import Quarter, reporting_quarter
from storage.reports import drafts, lateness, reports, returned_cells, revision_history
from storage.reports.lateness import Timeliness
from storage.reports.reports import Revision


@dataclass(frozen=True)
class ReportState:
    """A report as its institution sees it.

    `state` is none, draft, or what became of the `latest` submission (submitted, returned, accepted);
    a draft stands before it. `cells` are (occupation, cells still empty) of the draft, `places` what
    the office returned; `closed` is since when nothing is taken any more.
    """

    institution_id: int
    name: str
    quarter: Quarter
    state: str
    timely: Timeliness
    latest: Revision | None = None
    cells: list[tuple[str, int]] = field(default_factory=list)
    places: list[tuple[str, str, str]] = field(default_factory=list)
    closed: datetime | None = None

    @property
    def place(self) -> str:
        """Prefix of the tokens that name this report."""
        return f"{self.institution_id}:{self.quarter}"

    @property
    def left(self) -> int:
        """How many cells of the draft are empty."""
        return sum(count for _, count in self.cells)

    @property
    def waits(self) -> bool:
        """Whether the institution has something to do for it, and still can."""
        return self.closed is None and self.state in ("none", "draft", "returned")


def of(turn: Turn, institution_id: int, quarter: Quarter) -> ReportState:
    """Where an institution the person speaks for stands with a quarter."""
    connection = turn.connection
    name = next((m.institution or "" for m in turn.institutions if m.institution_id == institution_id), "")
    timely = lateness.of(connection, institution_id, str(quarter), turn.times.due(quarter))
    snapshot = reports.snapshot(connection, institution_id, str(quarter))
    latest = snapshot.latest
    head = (latest.id, latest.state) if latest else None
    usually = turn.times.closes(quarter)
    closed = returned_cells.closed_since(connection, institution_id, str(quarter), turn.now, head, usually)
    cells: list[tuple[str, int]] = []
    places: list[tuple[str, str, str]] = []
    form = turn.corpus.form_of(quarter)
    if snapshot.draft is not None:
        names = form.occupation_order(list(snapshot.rows))
        empty = [(n, sum(snapshot.rows[n][m.id] is None for m in form.measures)) for n in names]
        cells = [(n, count) for n, count in empty if count]
    if latest is not None and latest.state == "returned":
        places = form.places(returned_cells.cells(connection, latest.id))
    state = "draft" if snapshot.draft else latest.state if latest else "none"
    return ReportState(institution_id, name, quarter, state, timely, latest, cells, places, closed)


def at_hand(turn: Turn, institution_id: int) -> ReportState:
    """The report an institution most likely means: of the quarter due, else the newest one sent."""
    due = of(turn, institution_id, reporting_quarter(turn.now))
    if due.state != "none":
        return due
    sent = revision_history.quarters_of(turn.connection, institution_id)
    return of(turn, institution_id, Quarter.parse(sent[0])) if sent else due


def open_drafts(turn: Turn) -> list[tuple[int, str]]:
    """(institution, quarter) of the drafts of one's institutions that can still be submitted."""
    mine = [m.institution_id for m in turn.institutions if m.institution_id is not None]
    begun = drafts.open_of(turn.connection, mine)
    return [(i, quarter) for i, quarter in begun if of(turn, i, Quarter.parse(quarter)).closed is None]


@dataclass(frozen=True)
class Choices:
    """The reports of somebody who speaks for several institutions; `resume` is the one to go on with."""

    states: tuple[ReportState, ...] = ()
    resume: ReportState | None = None


def choices(turn: Turn, quarter: str | None, kept: tuple[int, str] | None) -> Choices:
    """How every institution's report stands; `kept` is the place of a report put aside."""
    named = Quarter.parse(quarter) if quarter else reporting_quarter(turn.now)
    mine = [m.institution_id for m in turn.institutions if m.institution_id is not None]
    begun = open_drafts(turn)
    likely = [kept] if kept in begun else begun if len(begun) == 1 else []
    resume = next((of(turn, i, Quarter.parse(q)) for i, q in likely if not quarter or q == quarter), None)
    return Choices(tuple(of(turn, i, named) for i in mine), resume)
