"""What the office said of a report, as its contact's dialog meets it: returned, reopened, closed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.engine import Choose, Outcome
from bot.turn import Turn
from policy.form import Cell, Form
from policy.quarters import Quarter
from storage import reports, returns
from storage.reports import Snapshot
from storage.returns import WHOLE

if TYPE_CHECKING:
    from bot.dialogs.report import ReportContext


@dataclass(frozen=True)
class Note:
    """What the office said of one cell or its row, and what the cell held."""

    words: str
    was: Cell


@dataclass(frozen=True)
class OfficeView:
    """The office's word on a report. `due` is the first moment that is late for this institution.

    `cells` maps (occupation, measure) to words, when the latest submission was returned; `was` are
    its figures. `reopened` is why an accepted one may be corrected; `closed` since when nothing may.
    """

    due: datetime | None = None
    cells: Mapping[tuple[str, str], str] = field(default_factory=dict)
    was: reports.Rows = field(default_factory=dict)
    reopened: str | None = None
    closed: datetime | None = None

    def note(self, occupation: str, measure: str) -> Note | None:
        """What was said of this cell, or of its whole row."""
        said = self.cells.get((occupation, measure)) or self.cells.get((occupation, WHOLE))
        return Note(said, self.was.get(occupation, {}).get(measure)) if said else None


@dataclass(frozen=True)
class Closed(Outcome):
    """The quarter takes no more figures from this institution."""


def load(turn: Turn, snapshot: Snapshot) -> OfficeView:
    """What the office said so far."""
    connection, latest = turn.connection, snapshot.latest
    quarter = Quarter.parse(snapshot.quarter)
    due = returns.due(connection, snapshot.institution_id, snapshot.quarter, turn.times.due(quarter))
    head = (latest.id, latest.state) if latest else None
    usually = turn.times.closes(quarter)
    closed = returns.closed_since(connection, snapshot.institution_id, str(quarter), turn.now, head, usually)
    if latest is None or latest.state not in ("returned", "accepted"):
        return OfficeView(due, closed=closed)
    if latest.state == "accepted":
        return OfficeView(due, reopened=returns.reopened(connection, latest.id), closed=closed)
    was = reports.rows_of(connection, latest.id)[0]
    return OfficeView(due, returns.cells(connection, latest.id), was, closed=closed)


def said_lines(form: Form, cells: Mapping[tuple[str, str], str]) -> list[tuple[str, str, str]]:
    """The returned places in the form's order: (occupation, measure's title, words)."""
    order = {m.id: i for i, m in enumerate(form.measures)}
    names = form.occupation_order({o for o, _ in cells if o})
    places = sorted(cells, key=lambda p: (names.index(p[0]) if p[0] else -1, order.get(p[1], -1)))
    return [(o, form.measure(m).title if m else "", cells[o, m]) for o, m in places]


async def ask_to_begin(context: ReportContext, snapshot: Snapshot) -> str | None:
    """For a returned or reopened report without a draft: begin, or leave; None for any other."""
    view = context.office
    if not view.cells and view.reopened is None:
        return None
    assert snapshot.shown is not None
    data: dict[str, Any] = {
        "context": context,
        "snapshot": snapshot,
        "revision": snapshot.shown,
        "places": said_lines(context.form, view.cells),
        "reopened": view.reopened,
    }
    question = f"returned:{snapshot.shown.number}"
    return await Choose(question, "report/returned.j2", data, values=("begin", "leave"))
