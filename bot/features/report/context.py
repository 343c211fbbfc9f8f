"""What a replay of the report's dialog knows: plain values, loaded before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from bot.core.dialogs.dialog import Outcome, Question
from bot.features.report.status import Choices
from policy.calendar.quarters import Quarter
from policy.form.form import Cell, Doubt, Form, Measure, Row
from storage.reports import attachments, lead_review, reports
from storage.reports.cell_history import Edit, Fate
from storage.reports.prior_figures import Note
from storage.reports.reports import Rows, Snapshot
from storage.reports.returned_cells import WHOLE


@dataclass(frozen=True)
class CellHint:
    """Earlier values of one cell, as far as there are any."""

    last: Cell = None
    year_ago: Cell = None
    this_year: Cell = None  # the year's earlier quarters added up
    counts: str = ""  # 填报口径
    since: Cell = None  # since the programme's start without this quarter, where opening figures tell


@dataclass(frozen=True)
class CellHints:
    """Everything read for one report, in as many statements whatever its size.

    `since` are the totals since the programme's start without this quarter, None where no opening
    figures were entered.
    """

    last: Rows = field(default_factory=dict)
    year_ago: Rows = field(default_factory=dict)
    this_year: Rows = field(default_factory=dict)
    notes: Mapping[str, Note] = field(default_factory=dict)
    since: Rows | None = None

    def line(self, occupation: str, measure: str) -> CellHint:
        """What stands beside one cell."""
        note = self.notes.get(measure)
        return CellHint(
            self.last.get(occupation, {}).get(measure),
            self.year_ago.get(occupation, {}).get(measure),
            self.this_year.get(occupation, {}).get(measure),
            note.words if note else "",
            None if self.since is None else self.since.get(occupation, {}).get(measure, 0),
        )

    def impossible(self, form: Form, occupation: str, row: Row) -> list[Doubt]:
        """What this row makes impossible since the start; nothing without opening figures."""
        if self.since is None or any(row.get(m.id) is None for m in form.measures):
            return []
        before = self.since.get(occupation, {})
        return form.impossible({m.id: sum_cells(before.get(m.id), row[m.id]) for m in form.measures})


def sum_cells(a: Cell, b: Cell) -> Cell:
    """Add two cells; what is not filled or not known adds nothing."""
    return (a if isinstance(a, int) else 0) + (b if isinstance(b, int) else 0)


@dataclass(frozen=True)
class Registered:
    """A cell for which the course registry brings another figure than the report has."""

    occupation: str
    measure: Measure
    reported: Cell
    recorded: int


Changed = Mapping[tuple[str, str], Edit]


@dataclass(frozen=True)
class Seen:
    """What this conversation was last shown: the draft (0: there was none), its version, the question."""

    revision_id: int
    version: int
    question: str


@dataclass(frozen=True)
class Clash:
    """A cell that a colleague changed while somebody else was giving it another value."""

    occupation: str
    measure: str
    mine: Cell


@dataclass(frozen=True)
class News:
    """What happened to the draft since this conversation was last shown it.

    `cells` are (occupation, measure id, edit, value now) of the cells that colleagues changed; `fate`
    is what became of a draft that is gone; `moved` whether anything at all was written into it, and
    `rewritten` whether that was only what stood there already.
    """

    moved: bool = False
    fate: Fate | None = None
    cells: tuple[tuple[str, str, Edit, Cell], ...] = ()
    rewritten: bool = False


@dataclass(frozen=True)
class Remark:
    """What the office said of one cell or its row, and what the cell held."""

    words: str
    was: Cell


@dataclass(frozen=True)
class OfficeView:
    """The office's word on a report.

    `cells` maps (occupation, measure) to words, when the latest submission was returned; `was` are
    its figures. `reopened` is why an accepted one may be corrected; `closed` since when nothing may.
    """

    cells: Mapping[tuple[str, str], str] = field(default_factory=dict)
    was: reports.Rows = field(default_factory=dict)
    reopened: str | None = None
    closed: datetime | None = None

    def note(self, occupation: str, measure: str) -> Remark | None:
        """What was said of this cell, or of its whole row."""
        said = self.cells.get((occupation, measure)) or self.cells.get((occupation, WHOLE))
        return Remark(said, self.was.get(occupation, {}).get(measure)) if said else None

    @property
    def whole(self) -> str:
        """What was said of the report as a whole, "" when it was not."""
        return self.cells.get((WHOLE, WHOLE), "")


@dataclass(frozen=True)
class Closed(Outcome):
    """The quarter takes no more figures from this institution."""


@dataclass(frozen=True)
class NoLonger(Outcome):
    """The person does not speak for that institution any more."""

    institution_id: int


Place = tuple[int, str]  # a report: (institution, quarter)
PENDING = "_lines"  # figures sent before a correction was begun: they wait for its reason

Asked = TypeVar("Asked", bound=Question[object])


def empty_cells(snapshot: Snapshot) -> int:
    """How many cells are not filled."""
    return sum(cell is None for row in snapshot.rows.values() for cell in row.values())


@dataclass(frozen=True)
class ReportContext:
    """What a replay of the report dialog knows. `last` are the rows of the quarter before."""

    now: datetime
    form: Form
    institutions: tuple[tuple[int, str], ...]
    institution_id: int | None
    quarter: str | None
    snapshot: Snapshot | None
    last: reports.Rows
    office: OfficeView = field(default_factory=OfficeView)
    has_courses: bool = False

    beside: CellHints = field(default_factory=CellHints)
    seen: Seen | None = None
    news: News = field(default_factory=News)
    clashes: tuple[Clash, ...] = ()
    edited: Changed = field(default_factory=dict)  # who changed the cells that clash
    pages: attachments.Pages = attachments.NO_PAGES
    review: lead_review.Review | None = None  # of the draft by the lead
    leads: bool = False  # whether somebody else can be asked for one
    registered: tuple[Registered, ...] = ()  # where the course registry says otherwise
    choices: Choices = field(default_factory=Choices)  # while it is asked whose report
    gone: int | None = None  # the institution it was, for which the person speaks no more

    @property
    def institution(self) -> str:
        """The institution's name."""
        return next((name for i, name in self.institutions if i == self.institution_id), "")

    @property
    def place(self) -> str:
        """Prefix of the tokens that name a cell of this report."""
        return f"{self.institution_id}:{self.quarter}"

    def occupations(self) -> list[str]:
        """The rows of the report, in the form's order."""
        return self.form.occupation_order(list(self.snapshot.rows)) if self.snapshot else []

    def missing(self) -> int:
        """How many cells are not filled."""
        return empty_cells(self.snapshot) if self.snapshot else 0

    def named(self, question: Asked, **more: object) -> Asked:
        """The question with the quarter and, for who speaks for several, the institution it is about."""
        whose = self.institution if len(self.institutions) > 1 else ""
        about = {"whose": whose, "of_quarter": Quarter.parse(self.quarter or ""), "sheet": self.place, **more}
        return replace(question, data={**question.data, **about})


def takes_figures(context: ReportContext) -> bool:
    """Tell whether figures can be written at once: nothing is closed, submitted or still to be chosen."""
    snapshot = context.snapshot
    if snapshot is None or context.office.closed:
        return False
    return snapshot.shown is None or snapshot.draft is not None
