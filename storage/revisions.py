"""The submitted revisions of one report, with figures and names: read set-based."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from storage import audit
from storage.reports import Rows, cells_of
from storage.schema import figure, person, report, revision
from storage.schema_office import on_behalf


@dataclass(frozen=True)
class Past:
    """A revision that was submitted once. `by` is the name of who submitted it, if they gave one."""

    id: int
    number: int
    state: str
    nothing_to_report: bool
    reason: str | None
    by: str | None
    receipt: str | None
    submitted_at: datetime | None
    rows: Rows


def of(connection: Connection, institution_id: int, quarter: str) -> list[Past]:
    """Every submitted revision of a report, oldest first."""
    heads = (
        select(
            revision.c.id,
            revision.c.number,
            revision.c.state,
            revision.c.nothing_to_report,
            revision.c.reason,
            person.c.name,
            revision.c.receipt,
            revision.c.submitted_at,
        )
        .join(report, report.c.id == revision.c.report_id)
        .outerjoin(person, person.c.id == revision.c.submitted_by)
        .where(
            report.c.institution_id == institution_id,
            report.c.quarter == quarter,
            revision.c.submitted_at.is_not(None),
        )
        .order_by(revision.c.number)
    )
    found = [Past(*tuple(row), {}) for row in connection.execute(heads)]  # type: ignore[call-arg]
    by_id = {past.id: past.rows for past in found}
    ids = heads.with_only_columns(revision.c.id).order_by(None).subquery()
    for row in connection.execute(select(figure).where(figure.c.revision_id.in_(select(ids.c.id)))):
        by_id[row.revision_id][row.occupation] = cells_of(row)
    return found


def quarters_of(connection: Connection, institution_id: int) -> list[str]:
    """The quarters an institution submitted, newest first."""
    rows = connection.execute(
        select(report.c.quarter)
        .where(report.c.institution_id == institution_id, report.c.first_submitted_at.is_not(None))
        .order_by(report.c.quarter.desc())
    )
    return [row.quarter for row in rows]


@dataclass(frozen=True)
class Hands:
    """Whose hands a submitted revision went through: names as last given, "" where nobody said."""

    filled_by: str
    submitted_by: str
    decided_by: str
    on_behalf: bool  # typed in by the office


def who(connection: Connection, revision_ids: Collection[int]) -> dict[int, Hands]:
    """By revision, who filled it in, sent it and decided on it: one statement."""
    if not revision_ids:
        return {}
    sender, decider = person.alias("sender"), person.alias("decider")
    rows = connection.execute(
        select(revision.c.id, revision.c.filled_by, sender.c.name, decider.c.name, on_behalf.c.revision_id)
        .outerjoin(sender, sender.c.id == revision.c.submitted_by)
        .outerjoin(decider, decider.c.id == revision.c.decided_by)
        .outerjoin(on_behalf, on_behalf.c.revision_id == revision.c.id)
        .where(revision.c.id.in_(list(revision_ids)))
    )
    return {r[0]: Hands(r[1] or "", r[2] or "", r[3] or "", r[4] is not None) for r in rows}


def source_of(connection: Connection, revision_id: int) -> str | None:
    """What the office typed the revision in from (代录); None when the institution sent it itself."""
    found = connection.execute(
        select(on_behalf.c.source).where(on_behalf.c.revision_id == revision_id)
    ).scalar()
    return None if found is None else str(found)


def typed_in(connection: Connection, revision_id: int, source: str, by: int, now: datetime) -> None:
    """Mark a draft as typed in by the office, from that source."""
    connection.execute(insert(on_behalf).values(revision_id=revision_id, source=source, at=now, person_id=by))
    audit.record(connection, now, by, "draft.on_behalf", f"revision:{revision_id}", source=source)
