"""The office's private queue of complaints. Who wrote one is never stored."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from storage import audit
from storage.connections.statement import affected
from storage.people.people import CODE_ALPHABET
from storage.schema.questions import complaint


@dataclass(frozen=True)
class Complaint:
    """A complaint; `contact` is encrypted and only there when its writer gave it."""

    id: int
    receipt: str
    text: str
    school: str | None
    anonymous: bool
    contact: str | None
    at: datetime
    handled_at: datetime | None


_COLUMNS = (
    complaint.c.id,
    complaint.c.receipt,
    complaint.c.text,
    complaint.c.school,
    complaint.c.anonymous,
    complaint.c.contact,
    complaint.c.at,
    complaint.c.handled_at,
)


def create(
    connection: Connection, text: str, school: str | None, contact: str | None, anonymous: bool, now: datetime
) -> str:
    """Keep a complaint; its receipt number, which says nothing of its writer or of how many there are."""
    if anonymous:  # to the minute, it could be matched with the conversation it came from
        now = now.replace(hour=0, minute=0, second=0, microsecond=0)
    receipt = "TS-" + "".join(secrets.choice(CODE_ALPHABET) for _ in range(8))
    made = connection.execute(
        insert(complaint)
        .values(receipt=receipt, text=text, school=school, contact=contact, anonymous=anonymous, at=now)
        .returning(complaint.c.id)
    ).scalar_one()
    # Nobody's name in the audit either: it would undo the anonymity.
    audit.record(connection, now, None, "complaint.create", f"complaint:{made}", anonymous=anonymous)
    return receipt


def listed(connection: Connection, offset: int = 0, limit: int = 8) -> tuple[list[Complaint], int]:
    """Complaints that were not handled yet, oldest first, and how many there are."""
    wanted = complaint.c.handled_at.is_(None)
    total = connection.execute(select(func.count()).select_from(complaint).where(wanted)).scalar_one()
    page = select(*_COLUMNS).where(wanted).order_by(complaint.c.id).offset(offset).limit(limit)
    rows = connection.execute(page)
    return [Complaint(*row) for row in rows], int(total)


def read(connection: Connection, complaint_id: int, by: int, now: datetime) -> Complaint | None:
    """One complaint; that it was read is recorded."""
    row = connection.execute(select(*_COLUMNS).where(complaint.c.id == complaint_id)).first()
    if row is None:
        return None
    audit.record(connection, now, by, "complaint.read", f"complaint:{complaint_id}")
    return Complaint(*row)


def mark_handled(connection: Connection, complaint_id: int, by: int, now: datetime) -> bool:
    """Mark it handled; False when it does not exist or was handled before."""
    done = affected(
        connection,
        update(complaint)
        .where(complaint.c.id == complaint_id, complaint.c.handled_at.is_(None))
        .values(handled_at=now, handled_by=by),
    )
    if done:
        audit.record(connection, now, by, "complaint.handled", f"complaint:{complaint_id}")
    return bool(done)
