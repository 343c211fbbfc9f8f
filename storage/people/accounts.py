"""One person on several channels: one-time codes that join an account to a person, and leaving again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select, update

from storage import audit
from storage.people import people
from storage.schema.contact import account_link
from storage.schema.core import account, invite, person

LINK_LIVES = timedelta(minutes=15)  # long enough to pick up the other telephone, no longer


@dataclass(frozen=True)
class Account:
    """One channel on which a person talks to us."""

    id: int
    channel: str
    created_at: datetime


def role_by_code(
    connection: Connection, key: people.CodeKeys, person_id: int, code: str
) -> tuple[int | None, str] | None:
    """(institution or None, role) that this person once got by this very code; None of any other code."""
    used = people.is_code(invite.c.code_hash, code, key) & (invite.c.used_by == person_id)
    row = connection.execute(select(invite.c.institution_id, invite.c.role).where(used)).first()
    return (row.institution_id, row.role) if row else None


def of_person(connection: Connection, person_id: int) -> list[Account]:
    """Every account of a person, oldest first."""
    rows = connection.execute(
        select(account.c.id, account.c.channel, account.c.created_at)
        .where(account.c.person_id == person_id)
        .order_by(account.c.id)
    )
    return [Account(*row) for row in rows]


def create_link(
    connection: Connection, key: people.CodeKeys, person_id: int, now: datetime
) -> tuple[str, datetime]:
    """A one-time code that joins another account to this person; the one before no longer works."""
    _void_links(connection, person_id, now)
    code, hashed = people.new_code(key)
    expires = now + LINK_LIVES
    connection.execute(
        insert(account_link).values(code_hash=hashed, person_id=person_id, created_at=now, expires_at=expires)
    )
    audit.record(connection, now, person_id, "account.code", f"person:{person_id}")
    return code, expires


def _void_links(connection: Connection, person_id: int, now: datetime) -> None:
    connection.execute(
        update(account_link)
        .where(account_link.c.person_id == person_id, account_link.c.used_at.is_(None))
        .values(used_at=now)
    )


def use_link(
    connection: Connection, key: people.CodeKeys, now: datetime, account_id: int, person_id: int, code: str
) -> int | people.CodeRefused | None:
    """Join the account to the person whose code this is; that person's id, None when it is no such code.

    Only the account moves, and only that of somebody without a role: whoever made the code gains nothing
    by it. Refused: used, expired, own (made by the same person), role (the user has one).
    """
    row = connection.execute(
        select(account_link).where(people.is_code(account_link.c.code_hash, code, key)).with_for_update()
    ).first()
    if row is None:
        return None
    if row.used_at is not None or row.expires_at < now:
        reason = "used" if row.used_at is not None else "expired"
        return people.refuse_code(connection, account_id, person_id, now, reason)
    if row.person_id == person_id:  # still good for the other channel
        return people.CodeRefused("own")
    if people.has_role(connection, person_id):  # no guess at a code, so it is not counted as one
        audit.record(connection, now, person_id, "invite.refused", f"account:{account_id}", reason="role")
        return people.CodeRefused("role")
    connection.execute(update(account_link).where(account_link.c.id == row.id).values(used_at=now))
    connection.execute(update(account).where(account.c.id == account_id).values(person_id=row.person_id))
    audit.record(connection, now, row.person_id, "account.join", f"account:{account_id}", before=person_id)
    return int(row.person_id)


def leave(connection: Connection, person_id: int, account_id: int, now: datetime) -> bool:
    """Part an account from its person, who keeps the others; False for the last one or another's.

    A code made before may be known there: it no longer works, else it would be a way back.
    """
    mine = [a.id for a in of_person(connection, person_id)]
    if account_id not in mine or len(mine) < 2:
        return False
    _void_links(connection, person_id, now)
    blank = connection.execute(insert(person).values(created_at=now).returning(person.c.id)).scalar_one()
    connection.execute(update(account).where(account.c.id == account_id).values(person_id=blank))
    audit.record(connection, now, person_id, "account.leave", f"account:{account_id}")
    return True
