"""What an institution reported before, and what it brought along: read set-based."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    case,
    exists,
    false,
    func,
    insert,
    or_,
    select,
    true,
)

from storage import audit
from storage.connections.statement import Statement
from storage.reports.reports import Cell, Rows, VersionConflict, cells_of
from storage.schema.contact import measure_note, opening, opening_figure
from storage.schema.core import MEASURES, figure, institution, person, report, revision

_COUNTS = or_(revision.c.state == "submitted", revision.c.state == "accepted")

_EARLIER = Statement(
    select(report.c.quarter, revision.c.number, figure)
    .join(revision, revision.c.report_id == report.c.id)
    .outerjoin(figure, figure.c.revision_id == revision.c.id)
    .where(
        report.c.institution_id == bindparam("institution"),
        report.c.quarter.between(bindparam("first"), bindparam("last")),
        _COUNTS,
    )
    .order_by(report.c.quarter, revision.c.number)
)


def rows_between(connection: Connection, institution_id: int, first: str, last: str) -> dict[str, Rows]:
    """By quarter, the figures of its latest submission, for `first`…`last` where there is one."""
    found: dict[str, tuple[int, Rows]] = {}
    values = {"institution": institution_id, "first": first, "last": last}
    for row in _EARLIER.all(connection, values):
        number, rows = found.get(row.quarter, (0, {}))
        if number != row.number:
            rows = {}
            found[row.quarter] = (row.number, rows)
        if row.occupation is not None:
            rows[row.occupation] = cells_of(row)
    return {quarter: rows for quarter, (_, rows) in found.items()}


def rows_of_many(connection: Connection, institution_ids: Collection[int], quarter: str) -> dict[int, Rows]:
    """By institution, the figures of its latest submission for a quarter, where there is one."""
    query = (
        select(report.c.institution_id, revision.c.number, figure)
        .join(revision, revision.c.report_id == report.c.id)
        .outerjoin(figure, figure.c.revision_id == revision.c.id)
        .where(report.c.institution_id.in_(list(institution_ids)), report.c.quarter == quarter, _COUNTS)
        .order_by(report.c.institution_id, revision.c.number)
    )
    found: dict[int, tuple[int, Rows]] = {}
    for row in connection.execute(query):
        if found.get(row.institution_id, (0,))[0] != row.number:
            found[row.institution_id] = (row.number, {})
        if row.occupation is not None:
            found[row.institution_id][1][row.occupation] = cells_of(row)
    return {institution_id: rows for institution_id, (_, rows) in found.items()}


@dataclass(frozen=True)
class Opening:
    """Figures since the programme's start, up to and including the quarter `through`."""

    institution_id: int
    number: int
    through: str
    source: str
    at: datetime
    rows: Rows
    person: str | None = None  # who entered them; None when they left no name


_OPENINGS = (
    select(opening, opening_figure)
    .outerjoin(opening_figure, opening_figure.c.opening_id == opening.c.id)
    .order_by(opening.c.institution_id, opening.c.number, opening_figure.c.occupation)
)
_OPENING_OF = _OPENINGS.where(opening.c.institution_id == bindparam("institution"))
_OPENING_COUNTS = Statement(
    select(*opening.c, *(c for c in opening_figure.c if c.name != "opening_id"))
    .outerjoin(opening_figure, opening_figure.c.opening_id == opening.c.id)
    .where(opening.c.institution_id == bindparam("institution"))
    .order_by(opening.c.number, opening_figure.c.occupation)
)


def _collect(rows: Iterable[object]) -> dict[int, Opening]:
    found: dict[int, Opening] = {}
    for row in rows:
        head = (row.institution_id, row.number, row.through, row.source, row.at)  # type: ignore[attr-defined]
        known = found.get(head[0])
        if known is None or known.number != head[1]:  # a later one counts instead
            known = found[head[0]] = Opening(*head, rows={})
        if row.occupation is not None:  # type: ignore[attr-defined]
            cells: dict[str, Cell] = {m: int(getattr(row, m)) for m in MEASURES}
            known.rows[row.occupation] = cells  # type: ignore[attr-defined]
    return found


def opening_of(connection: Connection, institution_id: int) -> Opening | None:
    """The opening figures that count for an institution."""
    rows = _OPENING_COUNTS.all(connection, {"institution": institution_id})
    return _collect(rows).get(institution_id)


def openings(connection: Connection, quarter: str) -> dict[int, Opening]:
    """By institution, its opening figures, where they end before or with `quarter`."""
    everything = _collect(connection.execute(_OPENINGS))
    return {i: o for i, o in everything.items() if o.through <= quarter}


def openings_kept(connection: Connection, institution_id: int) -> list[Opening]:
    """Every revision of an institution's opening figures, newest first; the first one counts."""
    found: dict[int, Opening] = {}
    query = _OPENING_OF.add_columns(person.c.name.label("by")).join(
        person, person.c.id == opening.c.person_id
    )
    for row in connection.execute(query, {"institution": institution_id}):
        head = (row.institution_id, row.number, row.through, row.source, row.at)
        kept = found.setdefault(row.number, Opening(*head, rows={}, person=row.by))
        if row.occupation is not None:
            kept.rows[row.occupation] = {m: int(getattr(row, m)) for m in MEASURES}
    return [found[number] for number in sorted(found, reverse=True)]


def begun(last: str) -> Any:
    """A subquery: the opening figures that count, an institution's newest when they end by `last`."""
    later = opening.alias("later")
    superseded = exists().where(
        later.c.institution_id == opening.c.institution_id, later.c.number > opening.c.number
    )
    return select(opening).where(opening.c.through <= last, ~superseded).subquery("begun")


def covered(openings: Any) -> ColumnElement[bool]:
    """Whether a report's quarter is part of opening figures that were joined (`begun`)."""
    return case((openings.c.through >= report.c.quarter, true()), else_=false())


def keep_opening(
    connection: Connection,
    institution_id: int,
    through: str,
    source: str,
    rows: Rows,
    by: int,
    now: datetime,
    seen: int | None = None,
) -> int:
    """A new revision of an institution's opening figures; its number.

    Raises:
        VersionConflict: it would replace another than the one `seen` (0: there was none).
    """
    # Two people at once: one after the other.
    connection.execute(select(institution.c.id).where(institution.c.id == institution_id).with_for_update())
    highest = select(func.coalesce(func.max(opening.c.number), 0)).where(
        opening.c.institution_id == institution_id
    )
    number = int(connection.execute(highest).scalar_one()) + 1
    if seen is not None and number != seen + 1:
        raise VersionConflict
    values = {"institution_id": institution_id, "number": number, "through": through, "source": source}
    made = connection.execute(
        insert(opening).values(**values, at=now, person_id=by).returning(opening.c.id)
    ).scalar_one()
    if rows:
        connection.execute(
            insert(opening_figure),
            [{"opening_id": made, "occupation": name, **cells} for name, cells in rows.items()],
        )
    audit.record(
        connection, now, by, "opening.keep", f"institution:{institution_id}", number=number, through=through
    )
    return number


@dataclass(frozen=True)
class Note:
    """What counts for a measure, as the office says."""

    id: int
    measure: str
    words: str
    from_quarter: str
    until_quarter: str | None
    at: datetime


@dataclass(frozen=True)
class Set(Note):
    """The same, and who set it (None: no name). Without words it took back what held before."""

    person: str | None


_NOTE = tuple(measure_note.c[f] for f in Note.__dataclass_fields__)
_NOTES = Statement(
    select(*_NOTE)
    .where(
        measure_note.c.from_quarter <= bindparam("of_quarter"),
        or_(measure_note.c.until_quarter.is_(None), measure_note.c.until_quarter >= bindparam("of_quarter")),
    )
    .order_by(measure_note.c.id)
)


def notes(connection: Connection, quarter: str) -> dict[str, Note]:
    """By measure, the sentence that holds for a quarter; the one set last counts."""
    found: dict[str, Note] = {}
    for row in _NOTES.all(connection, {"of_quarter": quarter}):
        found[row.measure] = Note(*row)
    return {measure: note for measure, note in found.items() if note.words}


def notes_set(connection: Connection) -> list[Set]:
    """Everything ever set or taken back, in that order."""
    query = (
        select(*_NOTE, person.c.name)
        .join(person, person.c.id == measure_note.c.person_id)
        .order_by(measure_note.c.id)
    )
    return [Set(*cells) for cells in map(tuple, connection.execute(query))]


def keep_note(
    connection: Connection,
    measure: str,
    words: str,
    from_quarter: str,
    until_quarter: str | None,
    by: int,
    now: datetime,
) -> None:
    """Set what counts for a measure, from one quarter on; "" takes it back."""
    span = {"from_quarter": from_quarter, "until_quarter": until_quarter}
    values = {"measure": measure, "words": words, **span}
    made = connection.execute(
        insert(measure_note).values(**values, at=now, person_id=by).returning(measure_note.c.id)
    ).scalar_one()
    if words:
        audit.record(connection, now, by, "note.set", f"measure_note:{made}", **values)
    else:
        audit.record(connection, now, by, "note.withdraw", f"measure_note:{made}", measure=measure, **span)
