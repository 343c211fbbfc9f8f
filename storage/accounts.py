"""One person on several channels: one-time codes that join an account to a person, and leaving again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, insert, select, update

from storage import audit, people
from storage.schema import account, invite, membership, person
from storage.schema_contact import account_link

RANKS = {"contact": 0, "lead": 1, "district": 0, "staff": 1, "head": 2}  # within one place
LINK_LIVES = timedelta(minutes=15)  # long enough to pick up the other telephone, no longer


@dataclass(frozen=True)
class Account:
    """One channel on which a person talks to us."""

    id: int
    channel: str
    created_at: datetime


def role_by_code(
    connection: Connection, key: bytes, person_id: int, code: str
) -> tuple[int | None, str] | None:
    """(institution or None, role) that this person once got by this very code; None of any other code."""
    used = (invite.c.code_hash == people.hash_code(code, key)) & (invite.c.used_by == person_id)
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


def create_link(connection: Connection, key: bytes, person_id: int, now: datetime) -> tuple[str, datetime]:
    """A one-time code that joins another account to this person; the one before no longer works."""
    connection.execute(
        update(account_link)
        .where(account_link.c.person_id == person_id, account_link.c.used_at.is_(None))
        .values(used_at=now)
    )
    code, hashed = people.new_code(key)
    expires = now + LINK_LIVES
    connection.execute(
        insert(account_link).values(code_hash=hashed, person_id=person_id, created_at=now, expires_at=expires)
    )
    audit.record(connection, now, person_id, "account.code", f"person:{person_id}")
    return code, expires


def use_link(
    connection: Connection, key: bytes, now: datetime, account_id: int, person_id: int, code: str
) -> int | people.CodeRefused | None:
    """Join the account to the person whose code this is; that person's id, None when it is no such code.

    Roles of the person the account had before come along when it was their last account. A code that
    was one of these once is refused; others are counted by whoever tries this one as an invitation next.
    """
    row = connection.execute(
        select(account_link).where(account_link.c.code_hash == people.hash_code(code, key)).with_for_update()
    ).first()
    if row is None:
        return None
    if row.used_at is not None or row.expires_at < now:
        reason = "used" if row.used_at is not None else "expired"
        return people.refuse_code(connection, account_id, person_id, now, reason)
    connection.execute(update(account_link).where(account_link.c.id == row.id).values(used_at=now))
    if row.person_id != person_id:
        connection.execute(update(account).where(account.c.id == account_id).values(person_id=row.person_id))
        _bring_roles(connection, person_id, row.person_id, now)
    audit.record(connection, now, row.person_id, "account.join", f"account:{account_id}", before=person_id)
    return int(row.person_id)


def _bring_roles(connection: Connection, before: int, after: int, now: datetime) -> None:
    left = select(func.count()).select_from(account).where(account.c.person_id == before)
    if connection.execute(left).scalar_one():
        return
    had = {m.institution_id: m for m in people.memberships(connection, after)}
    for role in people.memberships(connection, before):
        other = had.get(role.institution_id)
        if other is not None:  # in one place the higher role is kept
            lesser = role if RANKS[role.role] <= RANKS[other.role] else other
            connection.execute(update(membership).where(membership.c.id == lesser.id).values(revoked_at=now))
            audit.record(
                connection, now, after, "membership.revoke", f"membership:{lesser.id}", role=lesser.role
            )
            if lesser is role:
                continue
        connection.execute(update(membership).where(membership.c.id == role.id).values(person_id=after))
    names = connection.execute(select(person).where(person.c.id.in_((before, after)))).all()
    old, new = (next(p for p in names if p.id == i) for i in (before, after))
    kept = {k: getattr(old, k) for k in ("name", "telephone") if getattr(old, k) and not getattr(new, k)}
    if kept:
        people.set_profile(connection, after, **kept)


def leave(connection: Connection, person_id: int, account_id: int, now: datetime) -> bool:
    """Part an account from its person, who keeps the others; False for the last one or another's."""
    mine = [a.id for a in of_person(connection, person_id)]
    if account_id not in mine or len(mine) < 2:
        return False
    blank = connection.execute(insert(person).values(created_at=now).returning(person.c.id)).scalar_one()
    connection.execute(update(account).where(account.c.id == account_id).values(person_id=blank))
    audit.record(connection, now, person_id, "account.leave", f"account:{account_id}")
    return True
