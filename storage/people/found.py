"""A person as an operator names one: by number, by name, by the id on a channel."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, or_, select

from storage.schema.core import account, institution, membership, person

MOST = 20  # that are listed when several are meant


@dataclass(frozen=True)
class Found:
    """Who it is, for telling people apart: roles in force with their institution, channels."""

    id: int
    name: str | None
    created_at: datetime
    roles: tuple[tuple[str, str | None], ...]
    channels: tuple[str, ...]


def find(connection: Connection, asked: str) -> list[Found]:
    """Return whom a number, a name or `channel:id` may mean."""
    wanted = person.c.name == asked
    if re.fullmatch("[0-9]{1,18}", asked):
        wanted = or_(wanted, person.c.id == int(asked))
    channel, colon, sender = asked.partition(":")
    if colon:
        here = account.c.channel == channel, account.c.sender == sender
        wanted = or_(wanted, person.c.id.in_(select(account.c.person_id).where(*here)))
    query = select(person.c.id, person.c.name, person.c.created_at).where(wanted)
    rows = connection.execute(query.order_by(person.c.id).limit(MOST)).all()
    return [Found(*row, _roles(connection, row.id), _channels(connection, row.id)) for row in rows]


def _roles(connection: Connection, person_id: int) -> tuple[tuple[str, str | None], ...]:
    rows = connection.execute(
        select(membership.c.role, institution.c.name)
        .outerjoin(institution, institution.c.id == membership.c.institution_id)
        .where(membership.c.person_id == person_id, membership.c.revoked_at.is_(None))
        .order_by(membership.c.id)
    )
    return tuple((row.role, row.name) for row in rows)


def _channels(connection: Connection, person_id: int) -> tuple[str, ...]:
    query = select(account.c.channel).where(account.c.person_id == person_id).order_by(account.c.id)
    return tuple(connection.execute(query).scalars())
