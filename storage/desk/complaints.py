"""The office's private queue of complaints. Who wrote one is never stored."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from storage import audit
from storage.connections.statement import affected
from storage.people.people import CODE_ALPHABET
from storage.schema.questions import complaint

LETTERS = 8  # of a receipt number
State = Literal["received", "accepted", "answered"]


@dataclass(frozen=True)
class Complaint:
    """A complaint; `contact` is encrypted and only there when its writer gave it.

    `answer` is what whoever holds the receipt number is told.
    """

    id: int
    receipt: str
    text: str
    school: str | None
    anonymous: bool
    contact: str | None
    at: datetime
    accepted_at: datetime | None
    handled_at: datetime | None
    answer: str | None

    @property
    def state(self) -> State:
        """How far it came."""
        if self.handled_at is not None:
            return "answered"
        return "received" if self.accepted_at is None else "accepted"


_COLUMNS = (
    complaint.c.id,
    complaint.c.receipt,
    complaint.c.text,
    complaint.c.school,
    complaint.c.anonymous,
    complaint.c.contact,
    complaint.c.at,
    complaint.c.accepted_at,
    complaint.c.handled_at,
    complaint.c.answer,
)
_IN: dict[str, ColumnElement[bool]] = {
    "received": complaint.c.accepted_at.is_(None) & complaint.c.handled_at.is_(None),
    "accepted": complaint.c.accepted_at.is_not(None) & complaint.c.handled_at.is_(None),
    "answered": complaint.c.handled_at.is_not(None),
}


def _complaint(row: Any) -> Complaint:
    return Complaint(*row)


def create(
    connection: Connection, text: str, school: str | None, contact: str | None, anonymous: bool, now: datetime
) -> str:
    """Keep a complaint; its receipt number, which says nothing of its writer or of how many there are."""
    if anonymous:  # to the minute, it could be matched with the conversation it came from
        now = now.replace(hour=0, minute=0, second=0, microsecond=0)
    receipt = "TS-" + "".join(secrets.choice(CODE_ALPHABET) for _ in range(LETTERS))
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
    return [_complaint(row) for row in rows], int(total)


def in_state(connection: Connection, state: State, offset: int, limit: int) -> list[Complaint]:
    """Complaints that came so far: those that wait oldest first, answered ones newest first."""
    order = complaint.c.handled_at.desc() if state == "answered" else complaint.c.at
    page = select(*_COLUMNS).where(_IN[state]).order_by(order, complaint.c.id).offset(offset).limit(limit)
    return [_complaint(row) for row in connection.execute(page)]


def counts(connection: Connection) -> dict[str, int]:
    """Return state → how many."""
    found = {}
    for state, wanted in _IN.items():
        query = select(func.count()).select_from(complaint).where(wanted)
        found[state] = int(connection.execute(query).scalar_one())
    return found


def by_receipt(connection: Connection, receipt: str) -> Complaint | None:
    """Return the complaint of a receipt number."""
    row = connection.execute(select(*_COLUMNS).where(complaint.c.receipt == receipt)).first()
    return _complaint(row) if row else None


def read(connection: Connection, complaint_id: int, by: int, now: datetime) -> Complaint | None:
    """One complaint; that it was read is recorded."""
    row = connection.execute(select(*_COLUMNS).where(complaint.c.id == complaint_id)).first()
    if row is None:
        return None
    audit.record(connection, now, by, "complaint.read", f"complaint:{complaint_id}")
    return _complaint(row)


def accept(connection: Connection, complaint_id: int, by: int, now: datetime) -> bool:
    """Take it up; False when it does not exist or was taken up or handled before."""
    wanted = (complaint.c.id == complaint_id) & _IN["received"]
    done = affected(connection, update(complaint).where(wanted).values(accepted_at=now, accepted_by=by))
    if done:
        audit.record(connection, now, by, "complaint.accepted", f"complaint:{complaint_id}")
    return bool(done)


def mark_handled(
    connection: Connection, complaint_id: int, by: int, now: datetime, answer: str | None = None
) -> bool:
    """Mark it handled, with what its writer may read; False when it does not exist or was handled before."""
    done = affected(
        connection,
        update(complaint)
        .where(complaint.c.id == complaint_id, complaint.c.handled_at.is_(None))
        .values(handled_at=now, handled_by=by, answer=answer),
    )
    if done:
        audit.record(connection, now, by, "complaint.handled", f"complaint:{complaint_id}")
    return bool(done)
