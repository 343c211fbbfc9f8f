"""The submitted revisions of one report, with figures and names: read set-based."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, insert, select

from storage import audit
from storage.reports.reports import Rows, cells_of
from storage.schema.core import audit as audit_row
from storage.schema.core import figure, person, report, revision
from storage.schema.office import on_behalf


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
    accepted_own: bool = False  # by whoever typed it in, being alone in the office


_SIGNER = case((revision.c.withheld, None), else_=revision.c.filled_by)  # of the official form only


def who(connection: Connection, revision_ids: Collection[int]) -> dict[int, Hands]:
    """By revision, who filled it in, sent it and decided on it: two statements."""
    if not revision_ids:
        return {}
    sender, decider = person.alias("sender"), person.alias("decider")
    rows = connection.execute(
        select(revision.c.id, _SIGNER, sender.c.name, decider.c.name, on_behalf.c.revision_id)
        .outerjoin(sender, sender.c.id == revision.c.submitted_by)
        .outerjoin(decider, decider.c.id == revision.c.decided_by)
        .outerjoin(on_behalf, on_behalf.c.revision_id == revision.c.id)
        .where(revision.c.id.in_(list(revision_ids)))
    )
    own = accepted_own(connection, revision_ids)
    return {r[0]: Hands(r[1] or "", r[2] or "", r[3] or "", r[4] is not None, r[0] in own) for r in rows}


def accepted_own(connection: Connection, revision_ids: Collection[int]) -> set[int]:
    """Of these revisions, those accepted by whoever had entered them: a lone officer (自录自审)."""
    subjects = {f"revision:{one}": one for one in revision_ids}
    rows = connection.execute(
        select(audit_row.c.subject, audit_row.c.detail).where(
            audit_row.c.subject.in_(list(subjects)), audit_row.c.action == "report.accept"
        )
    )
    return {subjects[r.subject] for r in rows if isinstance(r.detail, dict) and r.detail.get("own")}


@dataclass(frozen=True)
class TypedIn:
    """代录: what the office typed a revision in from, when that came in, and who did it ("": no name)."""

    source: str
    received_at: datetime
    by: str


def typed_in_from(connection: Connection, revision_id: int) -> TypedIn | None:
    """What the office typed the revision in from (代录); None when the institution sent it itself."""
    row = connection.execute(
        select(on_behalf.c.source, on_behalf.c.received_at, on_behalf.c.at, person.c.name)
        .join(person, person.c.id == on_behalf.c.person_id)
        .where(on_behalf.c.revision_id == revision_id)
    ).first()
    return TypedIn(row.source, row.received_at or row.at, row.name or "") if row else None


def typed_in(
    connection: Connection, revision_id: int, source: str, received: datetime, by: int, now: datetime
) -> None:
    """Mark a draft as typed in by the office, from that source, received then."""
    values = {"source": source, "received_at": received}
    connection.execute(insert(on_behalf).values(revision_id=revision_id, **values, at=now, person_id=by))
    detail = {"source": source, "received": received.isoformat()}
    audit.record(connection, now, by, "draft.on_behalf", f"revision:{revision_id}", **detail)
