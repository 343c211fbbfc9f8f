"""Result cards that people asked to keep: the decision as it was said, for the person alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, select

from storage.connections.statement import affected, insert_new
from storage.data_kinds import kept_for
from storage.schema.cards import card

MOST = 20  # cards that one person keeps
_CARDS = select(card.c.number, card.c.subject, card.c.day, card.c.record, card.c.saved_at)


@dataclass(frozen=True)
class Card:
    """A card that was kept. `record` is the decision as plain values."""

    number: str
    subject: str  # a check's id, or route
    day: str  # the day it was decided on, ISO 8601
    record: dict[str, Any]
    saved_at: datetime


def save(connection: Connection, person_id: int, kept: Card) -> bool:
    """Keep a card; the same one again changes nothing. False when the person keeps too many."""
    mine = select(card.c.number).where(card.c.person_id == person_id)
    if connection.execute(mine.where(card.c.number == kept.number)).first() is not None:
        return True
    held = connection.execute(select(func.count()).where(card.c.person_id == person_id)).scalar_one()
    if held >= MOST:
        return False
    values = {
        "person_id": person_id,
        "number": kept.number,
        "subject": kept.subject,
        "day": kept.day,
        "record": kept.record,
        "saved_at": kept.saved_at,
    }
    connection.execute(insert_new(connection, card).values(values))
    return True


def of_person(connection: Connection, person_id: int, now: datetime) -> Sequence[Card]:
    """Return the cards of a person that may still be kept, newest first."""
    since = now - kept_for("cards")
    query = _CARDS.where(card.c.person_id == person_id, card.c.saved_at > since).order_by(card.c.id.desc())
    return [Card(*row) for row in connection.execute(query)]


def find(connection: Connection, person_id: int, number: str) -> Card | None:
    """Return one card of that person; the number alone opens none."""
    row = connection.execute(_CARDS.where(card.c.person_id == person_id, card.c.number == number)).first()
    return Card(*row) if row else None


def drop(connection: Connection, person_id: int, number: str = "") -> int:
    """Delete one card of a person, or all of them; how many went."""
    gone = delete(card).where(card.c.person_id == person_id)
    return affected(connection, gone.where(card.c.number == number) if number else gone)


def forget_old(connection: Connection, before: datetime) -> int:
    """Delete what was kept before that moment; how many went."""
    return affected(connection, delete(card).where(card.c.saved_at <= before))
