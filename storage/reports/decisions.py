"""What the office decides: accept, return, reopen, extend, close a quarter.

Every decision names the revision its actor saw and is refused when that is not the one to decide
on any more. The state changes and its audit row are one transaction, whatever else is in it: what
is refused is refused before anything is written.

    draft ── submit ──▶ submitted ── accept ──▶ accepted ── (successor accepted) ──▶ superseded
                            │──── return ──▶ returned
                            └──── (successor submitted) ──▶ superseded
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from storage import audit
from storage.connections.statement import affected, insert_new
from storage.people import people
from storage.reports import closed_years, returned_cells
from storage.reports.reports import VersionConflict
from storage.schema.core import MEASURES, figure, institution, report, revision
from storage.schema.core import audit as audit_rows
from storage.schema.office import closing, extension, reopening


class OwnEntry(Exception):
    """Nobody accepts figures they entered or submitted themselves while there is a colleague."""


class BadReasons(ValueError):
    """A return without a reason, or for a place that is not on the form."""


@dataclass(frozen=True)
class Decided:
    """What was decided on. `own` marks a lone officer's acceptance of their own entry."""

    revision_id: int
    report_id: int
    number: int
    institution_id: int
    quarter: str
    own: bool = False


def _seen(connection: Connection, revision_id: int, state: str) -> Decided:
    """The revision the actor saw, locked, if it still is the latest one and in that state."""
    row = connection.execute(
        select(
            revision.c.id, revision.c.report_id, revision.c.number, report.c.institution_id, report.c.quarter
        )
        .join(report, report.c.id == revision.c.report_id)
        .where(revision.c.id == revision_id, revision.c.state == state)
        .with_for_update()
    ).first()
    if row is None:
        raise VersionConflict
    closed_years.guard(connection, row.quarter)
    newer = connection.execute(
        select(revision.c.id).where(
            revision.c.report_id == row.report_id,
            revision.c.number > row.number,
            revision.c.submitted_at.is_not(None),
        )
    ).first()
    if newer is not None:
        raise VersionConflict
    return Decided(*row)


def entered_by(connection: Connection, revision_id: int, person_id: int) -> bool:
    """Whether this person began, edited or submitted the revision."""
    return bool(entered_among(connection, [revision_id], person_id))


def entered_among(connection: Connection, revision_ids: Collection[int], person_id: int) -> set[int]:
    """Those of the revisions that this person began, edited or submitted: two statements."""
    mine = or_(revision.c.started_by == person_id, revision.c.submitted_by == person_id)
    query = select(revision.c.id).where(revision.c.id.in_(list(revision_ids)), mine)
    found = set(connection.execute(query).scalars())
    subjects = {f"revision:{one}": one for one in revision_ids}
    edited = select(audit_rows.c.subject).where(
        audit_rows.c.subject.in_(list(subjects)),
        audit_rows.c.person_id == person_id,
        audit_rows.c.action.like("draft.%"),
        audit_rows.c.action != returned_cells.EMPTIED,  # to return is not to enter
    )
    return found | {subjects[one] for one in connection.execute(edited).scalars()}


def accept(connection: Connection, seen: int, by: int, now: datetime, listed: bool = False) -> Decided:
    """Accept the revision seen; from now on it counts in place of one accepted before.

    `listed`: it was looked at in the list of those without a doubt, among others.

    Raises:
        VersionConflict: it is not the latest submitted one any more.
        OwnEntry: it is the officer's own, and somebody else could decide.
    """
    found = _seen(connection, seen, "submitted")
    own = entered_by(connection, seen, by)
    if own and people.office_members(connection) > 1:
        raise OwnEntry
    connection.execute(
        update(revision)
        .where(revision.c.report_id == found.report_id, revision.c.state == "accepted")
        .values(state="superseded")
    )
    _decide(connection, seen, "accepted", by, now)
    detail = {name: True for name, is_so in (("own", own), ("listed", listed)) if is_so}
    audit.record(connection, now, by, "report.accept", f"revision:{seen}", **detail)
    return Decided(seen, found.report_id, found.number, found.institution_id, found.quarter, own)


def _decide(connection: Connection, revision_id: int, state: str, by: int, now: datetime) -> None:
    connection.execute(
        update(revision)
        .where(revision.c.id == revision_id)
        .values(state=state, decided_at=now, decided_by=by)
    )


def return_(
    connection: Connection, seen: int, reasons: Sequence[tuple[str, str, str]], by: int, now: datetime
) -> Decided:
    """Return the revision seen: (occupation, measure or "", words) for each cell in question.

    An occupation of "" speaks of the report as a whole, a measure of "" of the whole row.

    Raises:
        VersionConflict: it is not the latest submitted one any more.
        BadReasons: no reason, an empty one, the same place twice, or a place not in the report.
    """
    found = _seen(connection, seen, "submitted")
    given = [(o, m, " ".join(words.split())) for o, m, words in reasons]
    places = {(o, m) for o, m, _ in given}
    if not given or len(places) != len(given) or not all(words for _, _, words in given):
        raise BadReasons
    rows = _occupations(connection, seen)
    for occupation, measure in places:
        known = occupation in rows if occupation else measure == returned_cells.WHOLE
        if not known or (measure and measure not in MEASURES):
            raise BadReasons
    returned_cells.keep(connection, seen, given)
    draft = connection.execute(
        update(revision)
        .where(revision.c.report_id == found.report_id, revision.c.state == "draft")
        .values(version=revision.c.version + 1)
        .returning(revision.c.id)
    ).scalar()
    if draft is not None:  # a correction was under way: the same cells are asked for there
        emptied = returned_cells.ask_again(connection, seen, draft)
        audit.record(connection, now, by, returned_cells.EMPTIED, f"revision:{draft}", cells=emptied)
    _decide(connection, seen, "returned", by, now)
    audit.record(
        connection, now, by, "report.return", f"revision:{seen}", reasons=[list(reason) for reason in given]
    )
    return found


def _occupations(connection: Connection, revision_id: int) -> set[str]:
    named = select(figure.c.occupation).where(figure.c.revision_id == revision_id)
    return set(connection.execute(named).scalars())


def reopen(connection: Connection, seen: int, reason: str, by: int, now: datetime) -> Decided:
    """Let an accepted report be corrected, also after closing; it counts until its successor does.

    Raises:
        VersionConflict: it is not the latest one any more, not accepted, or open already.
        BadReasons: no reason is given.
    """
    words = " ".join(reason.split())
    if not words:
        raise BadReasons
    found = _seen(connection, seen, "accepted")
    made = connection.execute(
        insert_new(connection, reopening).returning(reopening.c.revision_id),
        {"revision_id": seen, "reason": words, "at": now, "person_id": by},
    ).first()
    if made is None:
        raise VersionConflict
    audit.record(connection, now, by, "report.reopen", f"revision:{seen}", reason=words)
    return found


def extend(
    connection: Connection,
    institution_id: int,
    quarter: str,
    until: datetime,
    reason: str,
    by: int,
    now: datetime,
    due: datetime,
) -> None:
    """Let one institution report a quarter until later; an extension given before is replaced.

    `due` is the first moment that is late without it: nobody is given less time by an extension.

    Raises:
        BadReasons: no reason is given, or the moment has passed or is not after `due`.
        YearClosed: the year is in the archive.
    """
    words = " ".join(reason.split())
    if not words or until <= max(now, due):
        raise BadReasons
    closed_years.guard(connection, quarter)
    # Two officers at once: one after the other.
    connection.execute(select(institution.c.id).where(institution.c.id == institution_id).with_for_update())
    connection.execute(
        delete(extension).where(extension.c.institution_id == institution_id, extension.c.quarter == quarter)
    )
    values = {"institution_id": institution_id, "quarter": quarter, "until": until}
    connection.execute(insert(extension).values(**values, reason=words, at=now, person_id=by))
    audit.record(
        connection,
        now,
        by,
        "report.extend",
        f"institution:{institution_id}",
        quarter=quarter,
        until=until.isoformat(),
        reason=words,
    )


def withdraw_extension(
    connection: Connection, institution_id: int, quarter: str, by: int, now: datetime
) -> bool:
    """Take an extension back, so that the usual time counts again; False when there is none."""
    closed_years.guard(connection, quarter)
    gone = connection.execute(
        delete(extension)
        .where(extension.c.institution_id == institution_id, extension.c.quarter == quarter)
        .returning(extension.c.until)
    ).first()
    if gone is None:
        return False
    audit.record(
        connection,
        now,
        by,
        "report.extend_withdraw",
        f"institution:{institution_id}",
        quarter=quarter,
        until=gone.until.isoformat(),
    )
    return True


def close_quarter(
    connection: Connection, quarter: str, closes_at: datetime | None, by: int, now: datetime
) -> None:
    """Set from when on the quarter takes no more figures; None keeps it open.

    Raises:
        YearClosed: the year is in the archive.
    """
    closed_years.guard(connection, quarter)
    _set_closing(connection, quarter, closes_at, by, now)


def end_quarter(connection: Connection, quarter: str, by: int, now: datetime) -> None:
    """Let the quarter take nothing from now on, as its year goes into the archive."""
    at = connection.execute(select(closing.c.closes_at).where(closing.c.quarter == quarter)).scalar()
    if at is None or at > now:
        _set_closing(connection, quarter, now, by, now)


def _set_closing(
    connection: Connection, quarter: str, closes_at: datetime | None, by: int, now: datetime
) -> None:
    values = {"quarter": quarter, "closes_at": closes_at, "at": now, "person_id": by}
    if closes_at is None:
        connection.execute(delete(closing).where(closing.c.quarter == quarter))
    elif not affected(connection, insert_new(connection, closing), values):  # set before
        connection.execute(update(closing).where(closing.c.quarter == quarter).values(**values))
    at = closes_at.isoformat() if closes_at else None
    audit.record(connection, now, by, "quarter.close", f"quarter:{quarter}", closes_at=at)


def waiting(connection: Connection, quarter: str | None = None) -> list[tuple[int, str, str, datetime]]:
    """Submitted revisions that wait for a decision, oldest first: (id, institution, quarter, when)."""
    query = (
        select(revision.c.id, institution.c.name, report.c.quarter, revision.c.submitted_at)
        .join(report, report.c.id == revision.c.report_id)
        .join(institution, institution.c.id == report.c.institution_id)
        .where(revision.c.state == "submitted")
        .order_by(revision.c.submitted_at, revision.c.id)
    )
    if quarter is not None:
        query = query.where(report.c.quarter == quarter)
    return [(r.id, r.name, r.quarter, r.submitted_at) for r in connection.execute(query)]


def next_waiting(connection: Connection, quarter: str, but: int) -> tuple[int, int | None]:
    """How many other reports of the quarter wait, and whose waits longest: (count, institution id)."""
    others = (
        select(report.c.institution_id)
        .join(revision, revision.c.report_id == report.c.id)
        .where(revision.c.state == "submitted", report.c.quarter == quarter, report.c.institution_id != but)
    )
    count = connection.execute(select(func.count()).select_from(others.subquery())).scalar_one()
    first = connection.execute(others.order_by(revision.c.submitted_at, revision.c.id).limit(1)).scalar()
    return int(count), None if first is None else int(first)
