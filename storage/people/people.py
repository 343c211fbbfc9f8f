"""Persons, their memberships, and the one-time codes that make them."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    bindparam,
    delete,
    func,
    insert,
    select,
    text,
    update,
)

from storage import audit
from storage.address import Address
from storage.connections.statement import Statement, insert_new
from storage.people import proofs
from storage.people.membership import OFFICE_ROLES as OFFICE_ROLES
from storage.people.membership import Membership as Membership
from storage.schema.core import (
    Moment,
    account,
    code_attempt,
    institution,
    invite,
    membership,
    person,
    reminder,
)

CODE_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # nothing that reads like something else
CODE_LENGTH = 10  # 50 bits
CODE_DAYS = 120  # a code given out in one quarter still works at the end of the next
ATTEMPTS = 5  # wrong codes within WINDOW, then refused until the oldest is older than that
WINDOW = timedelta(minutes=15)
ATTEMPTS_OF_ALL = 300  # wrong codes of everybody within WINDOW that are kept, a row each


@dataclass(frozen=True)
class Profile:
    """What the form prints of a person: 填表人 and (encrypted) 联系电话."""

    name: str | None
    telephone: str | None


class CodeRefused(Exception):
    """The code is not taken.

    reason: unknown, used, expired, revoked, closed (the institution), slow (too many wrong ones);
    of a code that joins accounts also own and role (`accounts.use_link`).
    """

    def __init__(self, reason: str, until: datetime | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.until = until


_MEMBERSHIPS = (
    select(
        membership.c.id,
        membership.c.person_id,
        membership.c.role,
        membership.c.institution_id,
        institution.c.name.label("institution"),
        membership.c.district,
    )
    .outerjoin(institution, institution.c.id == membership.c.institution_id)
    .where(membership.c.revoked_at.is_(None), institution.c.closed_at.is_(None))
    .order_by(membership.c.id)
)


_MEMBERSHIPS_OF = Statement(_MEMBERSHIPS.where(membership.c.person_id == bindparam("person")))


def memberships(connection: Connection, person_id: int) -> list[Membership]:
    """The person's roles in force; those of closed institutions left out."""
    return [Membership(*row) for row in _MEMBERSHIPS_OF.all(connection, {"person": person_id})]


def roles_at(connection: Connection, address: Address) -> list[Membership]:
    """The roles in force of whoever writes from an address; none for somebody we never heard of."""
    mine = (account.c.channel == address.channel) & (account.c.bot == address.bot)
    joined = _MEMBERSHIPS.join(account, account.c.person_id == membership.c.person_id)
    rows = connection.execute(joined.where(mine, account.c.sender == address.sender))
    return [Membership(*row) for row in rows]


def has_role(connection: Connection, person_id: int) -> bool:
    """Whether the person has any role, also one that sleeps while its institution is closed."""
    held = (membership.c.person_id == person_id) & membership.c.revoked_at.is_(None)
    return connection.execute(select(membership.c.id).where(held).limit(1)).first() is not None


def contacts(connection: Connection, institution_id: int) -> list[Membership]:
    """Who speaks for an institution now."""
    rows = connection.execute(_MEMBERSHIPS.where(membership.c.institution_id == institution_id))
    return [Membership(*row) for row in rows]


def addresses(connection: Connection, person_id: int) -> list[Address]:
    """Every channel on which the person can be written to."""
    rows = connection.execute(
        select(account.c.channel, account.c.bot, account.c.sender).where(account.c.person_id == person_id)
    )
    return [Address(*row) for row in rows]


def profile(connection: Connection, person_id: int) -> Profile:
    """Name and (encrypted) telephone as last given."""
    row = connection.execute(select(person.c.name, person.c.telephone).where(person.c.id == person_id)).one()
    return Profile(row.name, row.telephone)


def set_profile(connection: Connection, person_id: int, **fields: str) -> None:
    """Store `name` or `telephone` (already encrypted)."""
    connection.execute(update(person).where(person.c.id == person_id).values(**fields))


def drop_telephone(connection: Connection, person_id: int) -> None:
    """Keep no telephone number of the person any more."""
    connection.execute(update(person).where(person.c.id == person_id).values(telephone=None))


def tidy_code(text: str) -> str:
    """A code as typed, without blanks and dashes, in capitals."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).upper() if c.isalnum())


class CodeKeys(Protocol):
    """What one-time codes are hashed with."""

    def hash(self, code: str) -> str:
        """Return the hash that is stored, with the name of its algorithm."""

    def known(self, code: str) -> Sequence[str]:
        """Return every hash under which the code may be stored, by older keys and algorithms too."""


def hash_code(code: str, key: CodeKeys) -> str:
    """What is stored of a one-time code."""
    return key.hash(tidy_code(code))


def is_code(column: ColumnElement[str], code: str, key: CodeKeys) -> ColumnElement[bool]:
    """Whether the stored hash is that of the code as typed."""
    return column.in_(key.known(tidy_code(code)))


def new_code(key: CodeKeys) -> tuple[str, str]:
    """A fresh one-time code and its keyed hash, which is all that is stored."""
    raw = "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))
    return f"{raw[:5]}-{raw[5:]}", hash_code(raw, key)


def create_invite(
    connection: Connection,
    key: CodeKeys,
    now: datetime,
    role: str,
    institution_id: int | None,
    by: int | None,
    first_head: bool = False,
    district: str | None = None,
) -> tuple[str, datetime]:
    """A new one-time code and when it expires. Only its keyed hash is stored."""
    code, hashed = new_code(key)
    expires = now + timedelta(days=CODE_DAYS)
    invite_id = connection.execute(
        insert(invite)
        .values(
            code_hash=hashed,
            institution_id=institution_id,
            role=role,
            district=district,
            created_at=now,
            expires_at=expires,
            first_head=first_head,
        )
        .returning(invite.c.id)
    ).scalar_one()
    audit.record(
        connection, now, by, "invite.create", f"invite:{invite_id}", role=role, institution=institution_id
    )
    return code, expires


def first_head_code(connection: Connection, key: CodeKeys, now: datetime) -> str | None:
    """A code for the first head of office, or None once anybody serves in the office.

    A restart revokes the code printed before.
    """
    if connection.execute(select(membership.c.id).where(membership.c.institution_id.is_(None))).first():
        return None
    connection.execute(
        update(invite)
        .where(invite.c.first_head, invite.c.used_at.is_(None), invite.c.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    return create_invite(connection, key, now, "head", None, None, first_head=True)[0]


def slow_until(connection: Connection, account_id: int, now: datetime) -> datetime | None:
    """Until when this account's codes are refused, after too many wrong ones."""
    moments = (
        connection.execute(
            select(code_attempt.c.at)
            .where(code_attempt.c.account_id == account_id, code_attempt.c.at > now - WINDOW)
            .order_by(code_attempt.c.at)
        )
        .scalars()
        .all()
    )
    return moments[-ATTEMPTS] + WINDOW if len(moments) >= ATTEMPTS else None


def refuse_code(
    connection: Connection,
    account_id: int,
    person_id: int,
    now: datetime,
    reason: str,
    always: bool = False,
) -> CodeRefused:
    """Count a wrong code of this account, and say why it was refused.

    In a flood of them no more are kept: right codes still work, and nobody's rows fill the disk. What is
    short enough to be guessed is counted `always`.
    """
    recent = select(code_attempt.c.id).where(code_attempt.c.at > now - WINDOW).limit(ATTEMPTS_OF_ALL)
    if not always and len(connection.execute(recent).all()) >= ATTEMPTS_OF_ALL:
        return CodeRefused(reason)
    connection.execute(insert(code_attempt).values(account_id=account_id, at=now))
    audit.record(connection, now, person_id, "invite.refused", f"account:{account_id}", reason=reason)
    return CodeRefused(reason)


def use_code(
    connection: Connection, key: CodeKeys, now: datetime, account_id: int, person_id: int, code: str
) -> Membership | CodeRefused:
    """Turn a code into a membership of the person.

    A refusal is returned, not raised: the wrong attempt has to be committed to be counted.
    """
    if until := slow_until(connection, account_id, now):
        return CodeRefused("slow", until)
    row = _invite(connection, key, code)
    reason = _why_not(connection, row, now)
    if row is None or reason:
        return refuse_code(connection, account_id, person_id, now, reason or "unknown")
    connection.execute(update(invite).where(invite.c.id == row.id).values(used_at=now, used_by=person_id))
    connection.execute(delete(code_attempt).where(code_attempt.c.account_id == account_id))
    proofs.prove(connection, account_id, now)
    _make_room(connection, person_id, row.institution_id, row.role, now)
    connection.execute(
        insert_new(connection, membership),
        {
            "person_id": person_id,
            "institution_id": row.institution_id,
            "role": row.role,
            "district": row.district,
            "from_at": now,
        },
    )
    audit.record(connection, now, person_id, "invite.use", f"invite:{row.id}", role=row.role)
    return next(m for m in memberships(connection, person_id) if m.institution_id == row.institution_id)


def forget_attempts(connection: Connection, before: datetime) -> None:
    """Forget wrong codes from before that moment; the audit keeps that there were some."""
    connection.execute(delete(code_attempt).where(code_attempt.c.at < before))


def is_open(connection: Connection, key: CodeKeys, now: datetime, code: str) -> bool:
    """Whether the code would be taken now."""
    return _why_not(connection, _invite(connection, key, code), now) is None


def _invite(connection: Connection, key: CodeKeys, code: str) -> Row[Any] | None:
    wanted = is_code(invite.c.code_hash, code, key)
    return connection.execute(select(invite).where(wanted).with_for_update()).first()


def _why_not(connection: Connection, row: Row[Any] | None, now: datetime) -> str | None:
    if row is None:
        return "unknown"
    if row.revoked_at is not None:
        return "revoked"
    if row.used_at is not None:
        return "used"
    if row.expires_at < now:
        return "expired"
    if row.institution_id is not None and _closed(connection, row.institution_id):
        return "closed"
    return None


def _closed(connection: Connection, institution_id: int) -> bool:
    closed = select(institution.c.closed_at).where(institution.c.id == institution_id)
    return connection.execute(closed).scalar() is not None


def _make_room(
    connection: Connection, person_id: int, institution_id: int | None, role: str, now: datetime
) -> None:
    """End a lesser role in the same place: a contact becomes its lead, a reader staff, staff head."""
    lesser = {"lead": ["contact"], "staff": ["district"], "head": ["staff", "district"]}.get(role, [])
    here = membership.c.institution_id
    connection.execute(
        update(membership)
        .where(
            membership.c.person_id == person_id,
            here.is_(None) if institution_id is None else here == institution_id,
            membership.c.role.in_(lesser),
            membership.c.revoked_at.is_(None),
        )
        .values(revoked_at=now)
    )


def office_members(connection: Connection) -> int:
    """How many people serve in the office."""
    return int(
        connection.execute(
            select(func.count())
            .select_from(membership)
            .where(membership.c.role.in_(OFFICE_ROLES), membership.c.revoked_at.is_(None))
        ).scalar_one()
    )


def office_people(connection: Connection) -> list[int]:
    """The people who serve in the office."""
    rows = connection.execute(
        select(membership.c.person_id)
        .where(membership.c.role.in_(OFFICE_ROLES), membership.c.revoked_at.is_(None))
        .order_by(membership.c.id)
    )
    return list(dict.fromkeys(rows.scalars()))


# As text: SQLAlchemy caches no compiled ON CONFLICT.
_CLAIM = Statement(
    text(
        "INSERT INTO reminder (institution_id, quarter, kind, person_id, at, reached)"
        " VALUES (:institution, :quarter, :kind, :person, :at, :reached) ON CONFLICT DO NOTHING RETURNING id"
    )
    .bindparams(bindparam("at", type_=Moment()), bindparam("reached", type_=reminder.c.reached.type))
    .columns(reminder.c.id)
)


def claim_reminder(
    connection: Connection,
    institution_id: int,
    quarter: str,
    kind: str,
    person_id: int,
    now: datetime,
    reached: bool = True,
) -> bool:
    """Whether this process is the one to send this reminder: true exactly once.

    `reached`: a message gets to them now; else they see it when they next come.
    """
    values = {
        "institution": institution_id,
        "quarter": quarter,
        "kind": kind,
        "person": person_id,
        "at": now,
        "reached": reached,
    }
    return _CLAIM.first(connection, values) is not None


@dataclass(frozen=True)
class Reach:
    """One way to write to somebody who speaks for an institution."""

    person_id: int
    address: Address


def reach_of_institutions(
    connection: Connection, wanted: Collection[int] | None = None
) -> dict[int, list[Reach]]:
    """Institution id → every account of everybody who speaks for it now; one statement."""
    whose = membership.c.institution_id
    rows = connection.execute(
        select(
            membership.c.institution_id,
            membership.c.person_id,
            account.c.channel,
            account.c.bot,
            account.c.sender,
        )
        .join(account, account.c.person_id == membership.c.person_id)
        .where(
            membership.c.revoked_at.is_(None),
            whose.is_not(None) if wanted is None else whose.in_(list(wanted)),
        )
        .order_by(membership.c.institution_id, account.c.id)
    )
    found: dict[int, list[Reach]] = {}
    for row in rows:
        reach = Reach(row.person_id, Address(row.channel, row.bot, row.sender))
        found.setdefault(row.institution_id, []).append(reach)
    return found
