"""Reports: one per institution and quarter, append-only revisions, drafts shared by people.

A draft's rows are the answers of its dialog: every answer is written as it is given. Submitting
freezes a revision; a correction is a new one. Every change leaves an audit row.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Select, bindparam, delete, exists, func, insert, literal, select, update

from storage import audit, pages, returns
from storage.schema import MEASURES, explanation, figure, institution, report, revision
from storage.turns import insert_new

NOT_KNOWN: Literal["not_known"] = "not_known"
Cell = int | Literal["not_known"] | None
Rows = dict[str, dict[str, Cell]]  # occupation → measure → cell


class VersionConflict(Exception):
    """The draft changed since the actor saw it; nothing was done."""


@dataclass(frozen=True)
class Revision:
    """One revision's head."""

    id: int
    report_id: int
    number: int
    state: str
    version: int
    nothing_to_report: bool
    reason: str | None
    filled_by: str | None
    telephone: str | None
    receipt: str | None
    submitted_at: datetime | None


@dataclass(frozen=True)
class Snapshot:
    """A report as it stands: the draft if there is one, else the latest submission.

    `shown` is None when nothing was ever entered. `explanations` maps (occupation, doubt id) to
    the words given.
    """

    institution_id: int
    quarter: str
    shown: Revision | None = None
    latest: Revision | None = None  # the latest submitted, whatever became of it
    rows: Rows = field(default_factory=dict)
    no_business: frozenset[str] = frozenset()
    explanations: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def draft(self) -> Revision | None:
        """The open draft, if there is one."""
        return self.shown if self.shown is not None and self.shown.state == "draft" else None


_REVISION = (
    revision.c.id,
    revision.c.report_id,
    revision.c.number,
    revision.c.state,
    revision.c.version,
    revision.c.nothing_to_report,
    revision.c.reason,
    revision.c.filled_by,
    revision.c.telephone,
    revision.c.receipt,
    revision.c.submitted_at,
)


# Built once: these run with every figure somebody types.
_HEADS = (
    select(*_REVISION)
    .join(report, report.c.id == revision.c.report_id)
    .where(
        report.c.institution_id == bindparam("institution"),
        report.c.quarter == bindparam("of_quarter"),
        revision.c.state != "discarded",
    )
    .order_by(revision.c.number)
)
# For somebody who is about to write: two of them at the same instant wait for each other.
_HEADS_HELD = _HEADS.with_for_update(of=revision)
_FIGURES = select(figure).where(figure.c.revision_id == bindparam("of_revision"))
_WORDS = select(explanation.c.occupation, explanation.c.doubt, explanation.c.words).where(
    explanation.c.revision_id == bindparam("of_revision")
)
_ROW = (figure.c.revision_id == bindparam("of_revision")) & (
    figure.c.occupation == bindparam("of_occupation")
)
_ROW_NOW = select(figure).where(_ROW)
_TOUCH = (
    update(revision)
    .where(revision.c.id == bindparam("of_revision"), revision.c.state == "draft")
    .values(version=revision.c.version + 1)
)
_TOUCH_ZERO = _TOUCH.values(nothing_to_report=bindparam("zero"))
_LATEST = (
    select(revision.c.id)
    .join(report, report.c.id == revision.c.report_id)
    .where(
        report.c.institution_id == bindparam("institution"),
        report.c.quarter == bindparam("of_quarter"),
        revision.c.state.in_(("submitted", "accepted")),
    )
    .order_by(revision.c.number.desc())
    .limit(1)
)


def _cells(row: Any) -> dict[str, Cell]:
    return {m: NOT_KNOWN if m in row.not_known else getattr(row, m) for m in MEASURES}


def rows_of(connection: Connection, revision_id: int) -> tuple[Rows, frozenset[str]]:
    """A revision's figures, and the occupations marked 无业务."""
    rows: Rows = {}
    idle: set[str] = set()
    for row in connection.execute(_FIGURES, {"of_revision": revision_id}):
        rows[row.occupation] = _cells(row)
        if row.no_business:
            idle.add(row.occupation)
    return rows, frozenset(idle)


def snapshot(connection: Connection, institution_id: int, quarter: str, hold: bool = False) -> Snapshot:
    """The report as it stands now; with `hold` nobody else changes it until the transaction ends."""
    values = {"institution": institution_id, "of_quarter": quarter}
    heads = [Revision(*row) for row in connection.execute(_HEADS_HELD if hold else _HEADS, values)]
    if not heads:
        return Snapshot(institution_id, quarter)
    shown = heads[-1]
    submitted = [r for r in heads if r.state != "draft"]
    rows, idle = rows_of(connection, shown.id)
    words = {
        (row.occupation, row.doubt): row.words
        for row in connection.execute(_WORDS, {"of_revision": shown.id})
    }
    return Snapshot(institution_id, quarter, shown, submitted[-1] if submitted else None, rows, idle, words)


def begin_draft(
    connection: Connection,
    institution_id: int,
    quarter: str,
    by: int,
    now: datetime,
    reason: str | None = None,
) -> Revision:
    """The report's open draft; made from the latest submission (or empty) when there is none.

    Cells that the office returned start empty, so that they are asked for.

    Raises:
        ReportClosed: the quarter is closed, with no extension, return or reopening.
    """
    connection.execute(insert_new(connection, report), {"institution_id": institution_id, "quarter": quarter})
    report_id = connection.execute(
        select(report.c.id)
        .where(report.c.institution_id == institution_id, report.c.quarter == quarter)
        .with_for_update()
    ).scalar_one()
    existing = connection.execute(
        select(*_REVISION).where(revision.c.report_id == report_id, revision.c.state == "draft")
    ).first()
    if existing:
        return Revision(*existing)
    source = connection.execute(
        select(*_REVISION)
        .where(revision.c.report_id == report_id, revision.c.state != "discarded")
        .order_by(revision.c.number.desc())
        .limit(1)
    ).first()
    latest = (source.id, source.state) if source else None
    if since := returns.closed_since(connection, institution_id, quarter, now, latest):
        raise returns.ReportClosed(since)
    highest = connection.execute(
        select(func.coalesce(func.max(revision.c.number), 0)).where(revision.c.report_id == report_id)
    ).scalar_one()
    made = Revision(
        *connection.execute(
            insert(revision)
            .values(
                report_id=report_id,
                number=highest + 1,
                state="draft",
                version=1,
                nothing_to_report=bool(source and source.nothing_to_report),
                reason=reason,
                filled_by=source.filled_by if source else None,
                telephone=source.telephone if source else None,
                started_at=now,
                started_by=by,
            )
            .returning(*_REVISION)
        ).one()
    )
    if source:
        for table in (figure, explanation):
            columns = [c for c in table.c if c.name != "revision_id"]
            connection.execute(
                insert(table).from_select(
                    ["revision_id", *(c.name for c in columns)],
                    select(literal(made.id), *columns).where(table.c.revision_id == source.id),
                )
            )
        pages.copy(connection, source.id, made.id)
        if source.state == "returned":
            returns.ask_again(connection, source.id, made.id)
    audit.record(connection, now, by, "draft.begin", f"revision:{made.id}", number=made.number, reason=reason)
    return made


def _touch(connection: Connection, draft: Revision, nothing_to_report: bool | None = None) -> None:
    """Count an edit of the draft. Raises VersionConflict when it is no draft any more."""
    values = {"of_revision": draft.id}
    if nothing_to_report is None:
        changed = connection.execute(_TOUCH, values)
    else:
        changed = connection.execute(_TOUCH_ZERO, {**values, "zero": nothing_to_report})
    if changed.rowcount != 1:
        raise VersionConflict


def add_occupations(
    connection: Connection, draft: Revision, names: list[str], by: int, now: datetime
) -> None:
    """Open rows for these occupations; those already there stay as they are."""
    for name in names:
        connection.execute(
            insert_new(connection, figure),
            {"revision_id": draft.id, "occupation": name, "no_business": False, "not_known": []},
        )
    _touch(connection, draft, nothing_to_report=False)
    audit.record(connection, now, by, "draft.add", f"revision:{draft.id}", occupations=names)


def set_cells(
    connection: Connection,
    draft: Revision,
    occupation: str,
    cells: dict[str, Cell],
    by: int,
    now: datetime,
    no_business: bool = False,
    clear: list[str] | None = None,
) -> None:
    """Write cells of one row (made if missing) and forget the explanations in `clear`.

    The audit row says which cells were written and what they held before; what they hold now
    stands in the revision.
    """
    key = {"of_revision": draft.id, "of_occupation": occupation}
    row = connection.execute(_ROW_NOW, key).first()
    if row is None:
        connection.execute(
            insert_new(connection, figure),
            {"revision_id": draft.id, "occupation": occupation, "no_business": False, "not_known": []},
        )
    unknown = set(row.not_known if row else [])
    before = _cells(row) if row else {}
    for measure, cell in cells.items():
        if cell == NOT_KNOWN:
            unknown.add(measure)
        else:
            unknown.discard(measure)
    values: dict[str, Any] = {m: None if c == NOT_KNOWN else c for m, c in cells.items()}
    values.update(not_known=sorted(unknown), no_business=no_business)
    connection.execute(update(figure).where(_ROW), {**key, **values})
    if clear:
        connection.execute(
            delete(explanation).where(
                explanation.c.revision_id == draft.id,
                explanation.c.occupation == occupation,
                explanation.c.doubt.in_(clear),
            )
        )
    _touch(connection, draft, nothing_to_report=False)
    was = {m: before[m] for m in sorted(cells) if before.get(m) is not None}
    detail = {"occupation": occupation, "cells": sorted(cells), "was": was}
    audit.record(connection, now, by, "draft.set", f"revision:{draft.id}", **detail)


def set_nothing_to_report(connection: Connection, draft: Revision, by: int, now: datetime) -> None:
    """The whole quarter is zero: no row at all."""
    for table in (explanation, figure):
        connection.execute(delete(table).where(table.c.revision_id == draft.id))
    _touch(connection, draft, nothing_to_report=True)
    audit.record(connection, now, by, "draft.nothing", f"revision:{draft.id}")


def explain(
    connection: Connection,
    draft: Revision,
    occupation: str,
    doubt: str,
    words: str,
    asked: str,
    by: int,
    now: datetime,
) -> None:
    """Store the word of explanation for something unlikely, with what was asked."""
    key = {"revision_id": draft.id, "occupation": occupation, "doubt": doubt}
    connection.execute(delete(explanation).filter_by(**key))
    connection.execute(insert(explanation).values(**key, words=words, text=asked))
    _touch(connection, draft)
    audit.record(
        connection, now, by, "draft.explain", f"revision:{draft.id}", occupation=occupation, doubt=doubt
    )


def discard(connection: Connection, draft: Revision, by: int, now: datetime) -> None:
    """Give up the draft; what was submitted before stays."""
    changed = connection.execute(
        update(revision)
        .where(revision.c.id == draft.id, revision.c.state == "draft")
        .values(state="discarded")
    )
    if changed.rowcount != 1:
        raise VersionConflict
    audit.record(connection, now, by, "draft.discard", f"revision:{draft.id}")


def submit(
    connection: Connection,
    draft: Revision,
    seen_version: int,
    receipt: str,
    by: int,
    now: datetime,
    filled_by: str | None,
    telephone: str | None,
) -> Revision:
    """Freeze the draft; an undecided predecessor is superseded.

    Raises:
        VersionConflict: somebody changed the draft after the actor saw version `seen_version`.
        ReportClosed: the quarter was closed while the draft stood open.
    """
    _check_open(connection, draft.report_id, now)
    connection.execute(
        update(revision)
        .where(revision.c.report_id == draft.report_id, revision.c.state == "submitted")
        .values(state="superseded")
    )
    changed = connection.execute(
        update(revision)
        .where(
            revision.c.id == draft.id,
            revision.c.state == "draft",
            revision.c.version == seen_version,
        )
        .values(
            state="submitted",
            submitted_at=now,
            submitted_by=by,
            receipt=receipt,
            filled_by=filled_by,
            telephone=telephone,
        )
        .returning(*_REVISION)
    ).first()
    if changed is None:
        raise VersionConflict
    connection.execute(
        update(report)
        .where(report.c.id == draft.report_id, report.c.first_submitted_at.is_(None))
        .values(first_submitted_at=now)
    )
    audit.record(connection, now, by, "report.submit", f"revision:{draft.id}", receipt=receipt)
    return Revision(*changed)


def _check_open(connection: Connection, report_id: int, now: datetime) -> None:
    place = connection.execute(
        select(report.c.institution_id, report.c.quarter).where(report.c.id == report_id)
    ).one()
    before = connection.execute(
        select(revision.c.id, revision.c.state)
        .where(revision.c.report_id == report_id, revision.c.state.not_in(("draft", "discarded")))
        .order_by(revision.c.number.desc())
        .limit(1)
    ).first()
    latest = (before.id, before.state) if before else None
    if since := returns.closed_since(connection, place.institution_id, place.quarter, now, latest):
        raise returns.ReportClosed(since)


@dataclass(frozen=True)
class Submitted:
    """A submitted revision with what an export needs."""

    institution_id: int
    institution: str
    district: str | None
    quarter: str
    revision: Revision
    rows: Rows
    explanations: tuple[tuple[str, str, str], ...]  # (occupation, asked, words)


_HEAD = (
    institution.c.id.label("institution_id"),
    institution.c.name,
    institution.c.district,
    report.c.quarter,
    *_REVISION,
)


def _collect(connection: Connection, heads: Select[Any]) -> list[Submitted]:
    """Heads (columns `_HEAD`) with their figures and explanations: three statements, however many."""
    found = connection.execute(heads.order_by(institution.c.name, report.c.quarter)).all()
    ids = heads.with_only_columns(revision.c.id).order_by(None).subquery()
    rows: dict[int, Rows] = {}
    for row in connection.execute(select(figure).where(figure.c.revision_id.in_(select(ids.c.id)))):
        rows.setdefault(row.revision_id, {})[row.occupation] = _cells(row)
    words: dict[int, list[tuple[str, str, str]]] = {}
    for word in connection.execute(
        select(explanation)
        .where(explanation.c.revision_id.in_(select(ids.c.id)))
        .order_by(explanation.c.occupation, explanation.c.doubt)
    ):
        words.setdefault(word.revision_id, []).append((word.occupation, word.text, word.words))
    return [
        Submitted(
            head.institution_id,
            head.name,
            head.district,
            head.quarter,
            Revision(*tuple(head)[4:]),
            rows.get(head.id, {}),
            tuple(words.get(head.id, ())),
        )
        for head in found
    ]


def counting_revisions(
    connection: Connection,
    first: str,
    last: str,
    accepted_only: bool,
    institution_id: int | None = None,
) -> list[Submitted]:
    """For every report of quarters `first`…`last`: the revision that counts, by institution name.

    The latest submitted one (returned and superseded ones do not count), or the latest accepted.
    """
    states = ("accepted",) if accepted_only else ("accepted", "submitted")
    best = (
        select(func.max(revision.c.number).label("number"), revision.c.report_id)
        .join(report, report.c.id == revision.c.report_id)
        .where(revision.c.state.in_(states), report.c.quarter.between(first, last))
        .group_by(revision.c.report_id)
        .subquery()
    )
    heads = (
        select(*_HEAD)
        .join(best, (best.c.report_id == revision.c.report_id) & (best.c.number == revision.c.number))
        .join(report, report.c.id == revision.c.report_id)
        .join(institution, institution.c.id == report.c.institution_id)
    )
    if institution_id is not None:
        heads = heads.where(institution.c.id == institution_id)
    return _collect(connection, heads)


def submitted_revisions(connection: Connection, revision_ids: list[int]) -> list[Submitted]:
    """Revisions with their figures, by institution name."""
    heads = (
        select(*_HEAD)
        .select_from(revision)
        .join(report, report.c.id == revision.c.report_id)
        .join(institution, institution.c.id == report.c.institution_id)
        .where(revision.c.id.in_(revision_ids))
    )
    return _collect(connection, heads)


def submitted_revision(connection: Connection, revision_id: int) -> Submitted | None:
    """One revision with its figures; None when there is none with that id."""
    found = submitted_revisions(connection, [revision_id])
    return found[0] if found else None


_later = revision.alias("later")
_STATES = (
    select(report.c.institution_id, revision.c.state, report.c.first_submitted_at)
    .join(revision, revision.c.report_id == report.c.id)
    .where(
        report.c.quarter == bindparam("of_quarter"),
        revision.c.state != "discarded",
        ~exists().where(
            _later.c.report_id == revision.c.report_id,
            _later.c.number > revision.c.number,
            _later.c.state != "discarded",
        ),
    )
)


def states_of_quarter(connection: Connection, quarter: str) -> dict[int, tuple[str, datetime | None]]:
    """Institution id → (state of its newest revision, when first submitted) for one quarter."""
    rows = connection.execute(_STATES, {"of_quarter": quarter})
    return {r.institution_id: (r.state, r.first_submitted_at) for r in rows}


def latest_rows(connection: Connection, institution_id: int, quarter: str) -> Rows:
    """The figures last submitted by an institution for a quarter; {} when there are none."""
    found = connection.execute(_LATEST, {"institution": institution_id, "of_quarter": quarter}).scalar()
    return rows_of(connection, found)[0] if found else {}
