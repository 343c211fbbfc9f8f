"""Writing a report: a draft begun, edited by several people, submitted or given up.

A draft's rows are the answers of its dialog: every answer is written as it is given. Submitting
freezes a revision; a correction is a new one. Every change leaves an audit row.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, literal, select, update

from storage import audit
from storage.connections.statement import Statement, affected, insert_new
from storage.conversations.messages import drop_reminders
from storage.reports import returned_cells, separate_pages
from storage.reports.reports import (
    NOT_KNOWN,
    REVISION,
    Cell,
    Revision,
    VersionConflict,
    cells_of,
    reminder_of,
)
from storage.schema.core import explanation, figure, report, revision

# Built once: these run with every figure somebody types.
_ROW = (figure.c.revision_id == bindparam("of_revision")) & (
    figure.c.occupation == bindparam("of_occupation")
)
_ROW_NOW = Statement(select(figure).where(_ROW))
_VERSION = (
    update(revision)
    .where(revision.c.id == bindparam("of_revision"), revision.c.state == "draft")
    .values(version=revision.c.version + 1)
    .returning(revision.c.version)
)
_TOUCH = Statement(_VERSION)
_TOUCH_ZERO = Statement(_VERSION.values(nothing_to_report=bindparam("zero")))


@cache
def _set(columns: tuple[str, ...]) -> Statement:
    """Write these columns of one row."""
    return Statement(update(figure).where(_ROW).values({name: bindparam(f"new_{name}") for name in columns}))


def begin_draft(
    connection: Connection,
    institution_id: int,
    quarter: str,
    by: int,
    now: datetime,
    closes: datetime | None,
    reason: str | None = None,
) -> Revision:
    """The report's open draft; made from the latest submission (or empty) when there is none.

    Cells that the office returned start empty, so that they are asked for. `closes` is when the
    quarter usually closes.

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
        select(*REVISION).where(revision.c.report_id == report_id, revision.c.state == "draft")
    ).first()
    if existing:
        return Revision(*existing)
    found = connection.execute(
        select(*REVISION)
        .where(revision.c.report_id == report_id, revision.c.state != "discarded")
        .order_by(revision.c.number.desc())
        .limit(1)
    ).first()
    source = Revision(*found) if found else None
    latest = (source.id, source.state) if source else None
    if since := returned_cells.closed_since(connection, institution_id, quarter, now, latest, closes):
        raise returned_cells.ReportClosed(quarter, since)
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
                filled_by=source.signer if source else None,
                telephone=source.signer_telephone if source else None,
                started_at=now,
                started_by=by,
            )
            .returning(*REVISION)
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
        separate_pages.copy(connection, source.id, made.id)
        if source.state == "returned":
            returned_cells.ask_again(connection, source.id, made.id)
    audit.record(connection, now, by, "draft.begin", f"revision:{made.id}", number=made.number, reason=reason)
    return made


def touch(connection: Connection, draft: Revision, nothing_to_report: bool | None = None) -> None:
    """Count an edit of the draft. Raises VersionConflict when it is no draft any more."""
    values = {"of_revision": draft.id}
    if nothing_to_report is None:
        version = _TOUCH.scalar(connection, values)
    else:
        version = _TOUCH_ZERO.scalar(connection, {**values, "zero": nothing_to_report})
    if version is None:
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
    touch(connection, draft, nothing_to_report=False)
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

    The audit row says which cells were written, what they held before and what they hold now.
    """
    touch(connection, draft, nothing_to_report=False)  # first: it holds the draft
    key = {"of_revision": draft.id, "of_occupation": occupation}
    row = _ROW_NOW.first(connection, key)
    if row is None:
        connection.execute(
            insert_new(connection, figure),
            {"revision_id": draft.id, "occupation": occupation, "no_business": False, "not_known": []},
        )
    unknown = set(row.not_known if row else [])
    before = cells_of(row) if row else {}
    for measure, cell in cells.items():
        if cell == NOT_KNOWN:
            unknown.add(measure)
        else:
            unknown.discard(measure)
    values: dict[str, Any] = {m: None if c == NOT_KNOWN else c for m, c in cells.items()}
    values.update(not_known=sorted(unknown), no_business=no_business)
    new = {f"new_{name}": value for name, value in values.items()}
    _set(tuple(sorted(values))).run(connection, {**key, **new})
    if clear:
        connection.execute(
            delete(explanation).where(
                explanation.c.revision_id == draft.id,
                explanation.c.occupation == occupation,
                explanation.c.doubt.in_(clear),
            )
        )
    was = {m: before[m] for m in sorted(cells) if before.get(m) is not None}
    now_is = {m: cells[m] for m in sorted(cells) if cells[m] is not None}
    detail = {"occupation": occupation, "cells": sorted(cells), "was": was, "is": now_is}
    audit.record(connection, now, by, "draft.set", f"revision:{draft.id}", **detail)


def remove_occupation(
    connection: Connection, draft: Revision, occupation: str, by: int, now: datetime
) -> bool:
    """Take a row out of the draft with its explanations; False when there is none of that name."""
    key = {"of_revision": draft.id, "of_occupation": occupation}
    row = _ROW_NOW.first(connection, key)
    if row is None:
        return False
    of_row = {"revision_id": draft.id, "occupation": occupation}
    for table in (explanation, figure):
        connection.execute(delete(table).filter_by(**of_row))
    touch(connection, draft)
    was = {m: cell for m, cell in cells_of(row).items() if cell is not None}
    detail = {"occupation": occupation, "was": was}
    audit.record(connection, now, by, "draft.remove", f"revision:{draft.id}", **detail)
    return True


def set_nothing_to_report(connection: Connection, draft: Revision, by: int, now: datetime) -> None:
    """The whole quarter is zero: no row at all."""
    for table in (explanation, figure):
        connection.execute(delete(table).where(table.c.revision_id == draft.id))
    touch(connection, draft, nothing_to_report=True)
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
    touch(connection, draft)  # first: it holds the draft, so that nobody else writes in between
    key = {"revision_id": draft.id, "occupation": occupation, "doubt": doubt}
    connection.execute(delete(explanation).filter_by(**key))
    connection.execute(insert(explanation).values(**key, words=words, text=asked))
    audit.record(
        connection, now, by, "draft.explain", f"revision:{draft.id}", occupation=occupation, doubt=doubt
    )


def discard(connection: Connection, draft: Revision, by: int, now: datetime) -> None:
    """Give up the draft; what was submitted before stays."""
    gone = affected(
        connection,
        update(revision)
        .where(revision.c.id == draft.id, revision.c.state == "draft")
        .values(state="discarded"),
    )
    if not gone:
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
    closes: datetime | None,
    received: datetime | None = None,
) -> Revision:
    """Freeze the draft; an undecided predecessor is superseded. `closes` as for `begin_draft`.

    `received` is when the office had the figures that it typed in: the report counts as sent then.

    Raises:
        VersionConflict: somebody changed the draft after the actor saw version `seen_version`.
        ReportClosed: the quarter was closed while the draft stood open.
    """
    place = _check_open(connection, draft.report_id, now, closes)
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
        .returning(*REVISION)
    ).first()
    if changed is None:
        raise VersionConflict
    connection.execute(
        update(report)
        .where(report.c.id == draft.report_id, report.c.first_submitted_at.is_(None))
        .values(first_submitted_at=received or now)
    )
    drop_reminders(connection, reminder_of(*place))
    detail = {"received": received.isoformat()} if received else {}
    audit.record(connection, now, by, "report.submit", f"revision:{draft.id}", receipt=receipt, **detail)
    return Revision(*changed)


def _check_open(
    connection: Connection, report_id: int, now: datetime, closes: datetime | None
) -> tuple[int, str]:
    """(institution, quarter) of a report that still takes figures."""
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
    if since := returned_cells.closed_since(
        connection, place.institution_id, place.quarter, now, latest, closes
    ):
        raise returned_cells.ReportClosed(place.quarter, since)
    return place.institution_id, place.quarter


def open_of(connection: Connection, institution_ids: list[int]) -> list[tuple[int, str]]:
    """(institution, quarter) of every open draft of these institutions, newest quarter first."""
    rows = connection.execute(
        select(report.c.institution_id, report.c.quarter)
        .join(revision, revision.c.report_id == report.c.id)
        .where(report.c.institution_id.in_(institution_ids), revision.c.state == "draft")
        .order_by(report.c.quarter.desc(), report.c.institution_id)
    )
    return [(row.institution_id, row.quarter) for row in rows]
