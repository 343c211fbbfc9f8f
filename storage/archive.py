"""归档: what a year's package holds, closing a year, and lists of what may be destroyed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    String,
    and_,
    cast,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from storage import audit
from storage.connections.statement import insert_new
from storage.people import people
from storage.reports import decisions
from storage.reports.decisions import BadReasons
from storage.reports.reports import VersionConflict
from storage.schema.archive import archived_year, destruction
from storage.schema.contact import attachment, page
from storage.schema.core import audit as audit_row
from storage.schema.core import institution, person, report, revision
from storage.schema.courses import class_file, class_filing, course
from storage.schema.knowledge import knowledge_version
from storage.schema.office import on_behalf, reopening, returned_cell
from storage.schema.questions import publication

CHINA = timezone(timedelta(hours=8))  # a year begins there
KEPT = ("forever", "30", "10")  # 保管期限


def quarters(year: int) -> tuple[str, ...]:
    """The year's quarters."""
    return tuple(f"{year}Q{number}" for number in (1, 2, 3, 4))


@dataclass(frozen=True)
class Closed:
    """A year in the archive."""

    year: int
    kept: str
    until_audit: int
    sha256: str
    size: int
    entries: int
    at: datetime
    by: str


@dataclass(frozen=True)
class Destruction:
    """A list of what may be destroyed: of which year, why, who proposed and who confirmed it."""

    id: int
    year: int
    reason: str
    state: str
    proposed_at: datetime
    proposed_by: str
    closed_at: datetime | None
    closed_by: str
    alone: bool


def closed_years(connection: Connection) -> dict[int, Closed]:
    """By year, what is in the archive."""
    rows = connection.execute(
        select(archived_year, person.c.name).join(person, person.c.id == archived_year.c.person_id)
    )
    return {
        r.year: Closed(r.year, r.kept, r.until_audit, r.sha256, r.size, r.entries, r.at, r.name or "")
        for r in rows
    }


def years(connection: Connection) -> dict[int, dict[str, int]]:
    """Year → how many reports came in, wait for a decision, and were returned and not sent again."""
    newer = revision.alias("newer_one")
    newest = (
        ~select(newer.c.id)
        .where(
            newer.c.report_id == revision.c.report_id,
            newer.c.number > revision.c.number,
            newer.c.submitted_at.is_not(None),
        )
        .exists()
    )
    rows = connection.execute(
        select(
            func.substr(report.c.quarter, 1, 4).label("year"), revision.c.state, func.count().label("count")
        )
        .join(revision, revision.c.report_id == report.c.id)
        .where(revision.c.submitted_at.is_not(None), newest)
        .group_by(func.substr(report.c.quarter, 1, 4), revision.c.state)
    )
    found: dict[int, dict[str, int]] = {}
    for row in rows:
        found.setdefault(int(row.year), {})[row.state] = row[2]
    return found


def last_audit(connection: Connection) -> int:
    """The number of the newest row of the trail."""
    return int(connection.execute(select(func.coalesce(func.max(audit_row.c.id), 0))).scalar_one())


def _of_year(year: int) -> ColumnElement[bool]:
    return report.c.quarter.in_(quarters(year))


def _subjects(year: int) -> Any:
    """What rows about the year's reports are about."""
    return (
        select(literal("revision:") + cast(revision.c.id, String))
        .join(report, report.c.id == revision.c.report_id)
        .where(_of_year(year))
    )


def _changed_since(connection: Connection, year: int, until: int) -> bool:
    """Whether anything was done to the year's reports after that row of the trail."""
    query = select(audit_row.c.id).where(audit_row.c.id > until, audit_row.c.subject.in_(_subjects(year)))
    return connection.execute(query.limit(1)).first() is not None


def close(
    connection: Connection,
    year: int,
    kept: str,
    until_audit: int,
    sha256: str,
    size: int,
    entries: int,
    by: int,
    now: datetime,
) -> None:
    """Put a year into the archive, as its package was just made.

    Raises:
        VersionConflict: it is there already, a report waits for a decision, or one changed since.
    """
    if years(connection).get(year, {}).get("submitted") or _changed_since(connection, year, until_audit):
        raise VersionConflict
    values = {"year": year, "kept": kept, "until_audit": until_audit, "sha256": sha256, "size": size}
    made = connection.execute(
        insert_new(connection, archived_year).returning(archived_year.c.year),
        {**values, "entries": entries, "at": now, "person_id": by},
    ).first()
    if made is None:
        raise VersionConflict
    for quarter in quarters(year):
        decisions.end_quarter(connection, quarter, by, now)
    audit.record(connection, now, by, "archive.close", f"year:{year}", kept=kept, sha256=sha256)


def reopen(connection: Connection, year: int, reason: str, by: int, now: datetime) -> None:
    """Take a year out of the archive again, with a reason; its package is none any more.

    Raises:
        BadReasons: no reason is given.
        VersionConflict: it is not there, or a list to destroy it was begun.
    """
    words = " ".join(reason.split())
    if not words:
        raise BadReasons
    if any(one.year == year and one.state != "withdrawn" for one in destructions(connection)):
        raise VersionConflict
    connection.execute(delete(destruction).where(destruction.c.year == year))
    gone = connection.execute(
        delete(archived_year).where(archived_year.c.year == year).returning(archived_year.c.sha256)
    ).first()
    if gone is None:
        raise VersionConflict
    audit.record(connection, now, by, "archive.reopen", f"year:{year}", reason=words, sha256=gone.sha256)


def destructions(connection: Connection) -> list[Destruction]:
    """Every list, newest first."""
    proposer, closer = person.alias("proposer"), person.alias("closer")
    rows = connection.execute(
        select(destruction, proposer.c.name.label("proposer"), closer.c.name.label("closer"))
        .join(proposer, proposer.c.id == destruction.c.proposed_by)
        .outerjoin(closer, closer.c.id == destruction.c.closed_by)
        .order_by(destruction.c.id.desc())
    )
    return [
        Destruction(
            r.id,
            r.year,
            r.reason,
            r.state,
            r.proposed_at,
            r.proposer or "",
            r.closed_at,
            r.closer or "",
            bool(r.alone),
        )
        for r in rows
    ]


def propose(connection: Connection, year: int, reason: str, by: int, now: datetime) -> None:
    """Propose to destroy a year's material whose time is over.

    Raises:
        BadReasons: no reason is given.
        VersionConflict: the year is not in the archive, is kept longer, or a list stands already.
    """
    words = " ".join(reason.split())
    if not words:
        raise BadReasons
    held = closed_years(connection).get(year)
    if held is None or not is_due(held, now.date()):
        raise VersionConflict
    if any(one.year == year and one.state != "withdrawn" for one in destructions(connection)):
        raise VersionConflict
    values = {"year": year, "reason": words, "state": "open", "proposed_at": now, "proposed_by": by}
    connection.execute(insert(destruction).values(**values, alone=False))
    audit.record(connection, now, by, "archive.propose", f"year:{year}", reason=words)


def is_due(held: Closed, today: date) -> bool:
    """Whether the time that a year is kept for is over: counted from the year after it."""
    return held.kept != "forever" and today.year > held.year + int(held.kept)


def settle(connection: Connection, number: int, confirmed: bool, by: int, now: datetime) -> None:
    """Confirm a list, or withdraw it; one's own only where one is alone in the office.

    Raises:
        OwnEntry: it is one's own, and somebody else could confirm it.
        VersionConflict: it is not open any more.
    """
    row = connection.execute(
        select(destruction.c.year, destruction.c.proposed_by)
        .where(destruction.c.id == number, destruction.c.state == "open")
        .with_for_update()
    ).first()
    if row is None:
        raise VersionConflict
    own = row.proposed_by == by
    if confirmed and own and people.office_members(connection) > 1:
        raise decisions.OwnEntry
    state = "confirmed" if confirmed else "withdrawn"
    connection.execute(
        update(destruction)
        .where(destruction.c.id == number)
        .values(state=state, closed_at=now, closed_by=by, alone=confirmed and own)
    )
    detail = {"own": True} if confirmed and own else {}
    action = "archive.confirmed" if confirmed else "archive.withdrawn"
    audit.record(connection, now, by, action, f"year:{row.year}", **detail)


# What a package holds. Everything is given in an order that does not change.


def revisions(connection: Connection, year: int) -> Iterator[Any]:
    """Every submitted revision: institution, quarter, number, state, times, names, reasons."""
    sender, decider = person.alias("sender"), person.alias("decider")
    return iter(
        connection.execute(
            select(
                revision.c.id,
                institution.c.id.label("institution_id"),
                institution.c.name,
                institution.c.district,
                report.c.quarter,
                revision.c.number,
                revision.c.state,
                revision.c.receipt,
                revision.c.nothing_to_report,
                revision.c.filled_by,
                revision.c.reason,
                revision.c.submitted_at,
                sender.c.name.label("sender"),
                revision.c.decided_at,
                decider.c.name.label("decider"),
                on_behalf.c.source,
                on_behalf.c.received_at,
                reopening.c.reason.label("reopened"),
            )
            .select_from(revision)
            .join(report, report.c.id == revision.c.report_id)
            .join(institution, institution.c.id == report.c.institution_id)
            .outerjoin(sender, sender.c.id == revision.c.submitted_by)
            .outerjoin(decider, decider.c.id == revision.c.decided_by)
            .outerjoin(on_behalf, on_behalf.c.revision_id == revision.c.id)
            .outerjoin(reopening, reopening.c.revision_id == revision.c.id)
            .where(_of_year(year), revision.c.submitted_at.is_not(None))
            .order_by(report.c.quarter, institution.c.id, revision.c.number)
        ).all()
    )


def _ids(year: int) -> Any:
    return (
        select(revision.c.id)
        .join(report, report.c.id == revision.c.report_id)
        .where(_of_year(year), revision.c.submitted_at.is_not(None))
    )


def returned(connection: Connection, year: int) -> list[Any]:
    """Every reason for a return: revision, occupation, measure, words."""
    cells = select(returned_cell).where(returned_cell.c.revision_id.in_(_ids(year)))
    order = (returned_cell.c.revision_id, returned_cell.c.occupation, returned_cell.c.measure)
    return list(connection.execute(cells.order_by(*order)))


def pages(connection: Connection, year: int) -> list[Any]:
    """Every separate page that was written: revision, kind, words."""
    written = select(page).where(page.c.revision_id.in_(_ids(year)))
    return list(connection.execute(written.order_by(page.c.revision_id, page.c.kind)))


def files(connection: Connection, year: int) -> list[Any]:
    """Every file of a submitted revision: revision, kind, hash, name, media, size."""
    held = select(attachment).where(attachment.c.revision_id.in_(_ids(year)))
    order = (attachment.c.revision_id, attachment.c.kind, attachment.c.at, attachment.c.hash)
    return list(connection.execute(held.order_by(*order)))


def filed(connection: Connection, year: int, until: datetime) -> list[Any]:
    """Every filing made in the year, with its course and institution."""
    first, last = _span(year)
    return list(
        connection.execute(
            select(
                class_filing,
                course.c.name.label("course"),
                course.c.occupation,
                course.c.level,
                institution.c.id.label("institution_id"),
                institution.c.name,
            )
            .join(course, course.c.id == class_filing.c.course_id)
            .join(institution, institution.c.id == course.c.institution_id)
            .where(class_filing.c.filed_at >= first, class_filing.c.filed_at < min(last, until))
            .order_by(class_filing.c.id)
        )
    )


def filed_files(connection: Connection, filing_ids: list[int]) -> list[Any]:
    """The files of filings."""
    if not filing_ids:
        return []
    held = select(class_file).where(class_file.c.filing_id.in_(filing_ids))
    order = (class_file.c.filing_id, class_file.c.material, class_file.c.at, class_file.c.hash)
    return list(connection.execute(held.order_by(*order)))


def _span(year: int) -> tuple[datetime, datetime]:
    return datetime(year, 1, 1, tzinfo=CHINA), datetime(year + 1, 1, 1, tzinfo=CHINA)


def trail(connection: Connection, year: int, until: int) -> Iterator[Any]:
    """Rows of the trail up to a number: of the year itself, or about its reports."""
    first, last = _span(year)
    of_year = or_(
        and_(audit_row.c.at >= first, audit_row.c.at < last),
        audit_row.c.subject.in_(_subjects(year)),
    )
    return iter(
        connection.execute(
            select(audit_row, person.c.name)
            .outerjoin(person, person.c.id == audit_row.c.person_id)
            .where(audit_row.c.id <= until, of_year)
            .order_by(audit_row.c.id)
        )
    )


def published(connection: Connection, year: int, until: datetime) -> list[Any]:
    """What the office published and what was in force on some day of the year."""
    first, last = _span(year)
    return list(
        connection.execute(
            select(publication)
            .where(
                publication.c.published_at < min(last, until),
                publication.c.valid_from < last.date(),
                or_(publication.c.valid_until.is_(None), publication.c.valid_until >= first.date()),
                or_(publication.c.withdrawn_at.is_(None), publication.c.withdrawn_at >= first),
            )
            .order_by(publication.c.id)
        )
    )


def answers(connection: Connection, year: int, until: datetime) -> tuple[int, dict[str, Any]]:
    """The office's version of the answers at the year's end, and its layer; (0, {}) without one."""
    _, last = _span(year)
    row = connection.execute(
        select(knowledge_version.c.version, knowledge_version.c.layer)
        .where(knowledge_version.c.at < min(last, until))
        .order_by(knowledge_version.c.version.desc())
        .limit(1)
    ).first()
    return (int(row.version), dict(row.layer)) if row else (0, {})
