"""内部复核: the institution's lead looks at a draft as it stood at one version.

A review speaks of that version only: when the draft has moved on, an open one is withdrawn and a
confirmed one no longer counts. Submitting never waits for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from storage import audit
from storage.connections.statement import affected
from storage.reports.reports import Revision, VersionConflict
from storage.schema.contact import lead_review
from storage.schema.core import membership, person, report, revision


@dataclass(frozen=True)
class Review:
    """One review: open, confirmed, sent_back or withdrawn; `current` while the draft is as it was.

    `asked_by` and `closed_by` are names, None when they gave none.
    """

    id: int
    revision_id: int
    institution_id: int
    quarter: str
    state: str
    current: bool
    asked_by_id: int
    asked_by: str | None
    asked_at: datetime
    closed_by: str | None
    closed_at: datetime | None
    words: str | None


_asker, _closer = person.alias("asker"), person.alias("closer")
_REVIEWS = (
    select(
        lead_review.c.id,
        lead_review.c.revision_id,
        report.c.institution_id,
        report.c.quarter,
        lead_review.c.state,
        ((revision.c.version == lead_review.c.version) & (revision.c.state == "draft")).label("current"),
        lead_review.c.asked_by,
        _asker.c.name.label("asker"),
        lead_review.c.asked_at,
        _closer.c.name.label("closer"),
        lead_review.c.closed_at,
        lead_review.c.words,
    )
    .join(revision, revision.c.id == lead_review.c.revision_id)
    .join(report, report.c.id == revision.c.report_id)
    .join(_asker, _asker.c.id == lead_review.c.asked_by)
    .outerjoin(_closer, _closer.c.id == lead_review.c.closed_by)
    .order_by(lead_review.c.id.desc())
)


def leads(connection: Connection, institution_id: int) -> list[int]:
    """The person ids of the institution's leads."""
    rows = connection.execute(
        select(membership.c.person_id).where(
            membership.c.institution_id == institution_id,
            membership.c.role == "lead",
            membership.c.revoked_at.is_(None),
        )
    )
    return [row.person_id for row in rows]


def latest(connection: Connection, revision_id: int) -> Review | None:
    """The newest review of a draft."""
    row = connection.execute(_REVIEWS.where(lead_review.c.revision_id == revision_id).limit(1)).first()
    return Review(*row) if row else None


def get(connection: Connection, review_id: int) -> Review | None:
    """One review."""
    row = connection.execute(_REVIEWS.where(lead_review.c.id == review_id)).first()
    return Review(*row) if row else None


def waiting(connection: Connection, institution_ids: list[int]) -> list[Review]:
    """Open reviews of drafts that are as they were, newest first."""
    rows = connection.execute(
        _REVIEWS.where(lead_review.c.state == "open", report.c.institution_id.in_(institution_ids))
    )
    return [review for review in (Review(*row) for row in rows) if review.current]


def ask(connection: Connection, draft: Revision, by: int, now: datetime) -> int:
    """Ask for a review of the draft as it stands; an open one is withdrawn. Its id."""
    withdraw(connection, draft.id, by, now)
    made = connection.execute(
        insert(lead_review)
        .values(revision_id=draft.id, version=draft.version, asked_at=now, asked_by=by, state="open")
        .returning(lead_review.c.id)
    ).scalar_one()
    audit.record(connection, now, by, "lead.ask", f"revision:{draft.id}", version=draft.version)
    return int(made)


def withdraw(connection: Connection, revision_id: int, by: int, now: datetime) -> bool:
    """Withdraw the open review of a draft; whether there was one."""
    done = affected(
        connection,
        update(lead_review)
        .where(lead_review.c.revision_id == revision_id, lead_review.c.state == "open")
        .values(state="withdrawn", closed_at=now, closed_by=by),
    )
    if done:
        audit.record(connection, now, by, "lead.withdraw", f"revision:{revision_id}")
    return bool(done)


def close(connection: Connection, review_id: int, words: str | None, by: int, now: datetime) -> Review:
    """Confirm (no `words`), or send back with them.

    Raises:
        VersionConflict: the draft changed or was submitted since, or it was closed already.
    """
    seen = connection.execute(
        select(lead_review.c.revision_id, lead_review.c.version).where(lead_review.c.id == review_id)
    ).first()
    held = (
        connection.execute(
            select(revision.c.version, revision.c.state)
            .where(revision.c.id == seen.revision_id)
            .with_for_update()
        ).one()
        if seen
        else None
    )
    if seen is None or held is None or held.state != "draft" or held.version != seen.version:
        raise VersionConflict
    state = "confirmed" if words is None else "sent_back"
    done = affected(
        connection,
        update(lead_review)
        .where(lead_review.c.id == review_id, lead_review.c.state == "open")
        .values(state=state, words=words, closed_at=now, closed_by=by),
    )
    if done != 1:
        raise VersionConflict
    audit.record(connection, now, by, f"lead.{state}", f"revision:{seen.revision_id}")
    found = get(connection, review_id)
    if found is None:
        raise LookupError("it is gone")
    return found
