"""One person on several channels: one-time codes that join an account to a person, and leaving again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select, update

from storage import audit
from storage.people import people, proofs
from storage.schema.contact import account_link
from storage.schema.core import account, invite, person

LINK_LIVES = timedelta(minutes=15)  # long enough to pick up the other telephone, no longer
RECOVERY_LIVES = timedelta(days=400)  # on paper; longer than any browser keeps a cookie


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
    connection: Connection,
    key: people.CodeKeys,
    person_id: int,
    now: datetime,
    account_id: int | None = None,
    recovery: bool = False,
) -> tuple[str, datetime]:
    """A one-time code that joins another account to this person; the one before no longer works.

    `account_id` is where it was made: sent elsewhere by the same person, it shows who they are there.
    `recovery`: one to come back with when every account is lost.
    """
    _void_links(connection, person_id, now, recovery)
    code, hashed = people.new_code(key)
    expires = now + (RECOVERY_LIVES if recovery else LINK_LIVES)
    row = {"person_id": person_id, "account_id": account_id, "recovery": recovery}
    connection.execute(
        insert(account_link).values(code_hash=hashed, created_at=now, expires_at=expires, **row)
    )
    action = "account.recovery" if recovery else "account.code"
    audit.record(connection, now, person_id, action, f"person:{person_id}")
    return code, expires


def _void_links(connection: Connection, person_id: int, now: datetime, recovery: bool | None = None) -> None:
    """Void the codes that nobody used: those of one kind, or all."""
    kinds = (False, True) if recovery is None else (recovery,)
    mine = (account_link.c.person_id == person_id) & account_link.c.recovery.in_(kinds)
    connection.execute(update(account_link).where(mine, account_link.c.used_at.is_(None)).values(used_at=now))


def use_link(
    connection: Connection, key: people.CodeKeys, now: datetime, account_id: int, person_id: int, code: str
) -> int | people.CodeRefused | None:
    """Join the account to the person whose code this is; that person's id, None when it is no such code.

    Only the account moves, and only that of somebody without a role: whoever made the code gains nothing
    by it. Their own code, made on another channel, shows who they are: the same id comes back.
    Refused: used, expired, own (made here), role (the user has one).
    """
    row = connection.execute(
        select(account_link).where(people.is_code(account_link.c.code_hash, code, key)).with_for_update()
    ).first()
    if row is None:
        return None
    if row.used_at is not None or row.expires_at < now:
        reason = "used" if row.used_at is not None else "expired"
        return people.refuse_code(connection, account_id, person_id, now, reason)
    if row.person_id == person_id:
        if row.recovery or row.account_id in (None, account_id):  # still good for the other channel
            return people.CodeRefused("own")
        connection.execute(update(account_link).where(account_link.c.id == row.id).values(used_at=now))
        proofs.prove(connection, account_id, now)
        audit.record(connection, now, person_id, "account.prove", f"account:{account_id}")
        return person_id
    if people.has_role(connection, person_id):  # no guess at a code, so it is not counted as one
        audit.record(connection, now, person_id, "invite.refused", f"account:{account_id}", reason="role")
        return people.CodeRefused("role")
    connection.execute(update(account_link).where(account_link.c.id == row.id).values(used_at=now))
    connection.execute(update(account).where(account.c.id == account_id).values(person_id=row.person_id))
    proofs.prove(connection, account_id, now)
    parted = proofs.part_browsers(connection, row.person_id, account_id, now) if row.recovery else 0
    detail = {"before": person_id, **({"recovery": True, "parted": parted} if row.recovery else {})}
    audit.record(connection, now, row.person_id, "account.join", f"account:{account_id}", **detail)
    return int(row.person_id)


def link_of(connection: Connection, key: people.CodeKeys, code: str, now: datetime) -> int | None:
    """Whose person such a code still leads to. Looking does not use it up; None for codes on paper."""
    fresh = account_link.c.used_at.is_(None) & (account_link.c.expires_at > now)
    mine = people.is_code(account_link.c.code_hash, code, key) & fresh & account_link.c.recovery.is_(False)
    return connection.execute(select(account_link.c.person_id).where(mine)).scalar()


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
