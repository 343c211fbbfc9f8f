"""The browser's way into the office's board: one-time links, then sessions. Only hashes are stored."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, insert, or_, select, update

from storage import audit
from storage.schema.core import membership, person
from storage.schema.office import office_link, office_session

LINK_LIVES = timedelta(minutes=10)
IDLE = timedelta(hours=2)  # a morning's meeting fits
ABSOLUTE = timedelta(hours=12)  # nobody stays in overnight
TOUCH_AFTER = timedelta(minutes=1)  # how exact `seen_at` is kept


@dataclass(frozen=True)
class Officer:
    """Who is at the browser: a role in force, and the session it came by."""

    session_id: int
    person_id: int
    name: str | None
    role: str
    district: str | None
    seen_at: datetime


def _hash(token: str) -> str:
    digest = hashlib.sha256(token.encode()).hexdigest()  # 256 random bits: no key is needed
    return f"sha256:{digest}"


def _is(column: ColumnElement[str], token: str) -> ColumnElement[bool]:
    named = _hash(token)
    return column.in_((named, named.partition(":")[2]))  # before hashes were named there was this one only


def issue_link(connection: Connection, person_id: int, now: datetime) -> tuple[str, datetime]:
    """A new link's token and when it expires; those issued to the person before no longer work."""
    token = secrets.token_urlsafe(32)
    expires = now + LINK_LIVES
    connection.execute(
        update(office_link)
        .where(office_link.c.person_id == person_id, office_link.c.used_at.is_(None))
        .values(used_at=now)
    )
    connection.execute(
        insert(office_link).values(
            token_hash=_hash(token), person_id=person_id, created_at=now, expires_at=expires
        )
    )
    audit.record(connection, now, person_id, "office.link", f"person:{person_id}")
    return token, expires


def link_works(connection: Connection, token: str, now: datetime) -> bool:
    """Whether the link would still let somebody in. Looking does not use it up."""
    return connection.execute(select(office_link.c.id).where(_works(token, now))).first() is not None


def _works(token: str, now: datetime) -> ColumnElement[bool]:
    known = _is(office_link.c.token_hash, token)
    return and_(known, office_link.c.used_at.is_(None), office_link.c.expires_at > now)


def enter(connection: Connection, token: str, now: datetime) -> str | None:
    """Use the link up and begin a session; its token, or None when the link does not work."""
    used = connection.execute(
        update(office_link).where(_works(token, now)).values(used_at=now).returning(office_link.c.person_id)
    ).first()
    if used is None:
        _note_refused(connection, token, now)
        return None
    session = secrets.token_urlsafe(32)
    connection.execute(
        insert(office_session).values(
            token_hash=_hash(session), person_id=used.person_id, created_at=now, seen_at=now
        )
    )
    audit.record(connection, now, used.person_id, "office.enter", f"person:{used.person_id}")
    return session


def _note_refused(connection: Connection, token: str, now: datetime) -> None:
    """Keep that a link which no longer works was tried; of one that never was, nothing is kept."""
    whose = select(office_link.c.person_id).where(_is(office_link.c.token_hash, token))
    if (person_id := connection.execute(whose).scalar()) is not None:
        audit.record(connection, now, None, "office.refused", f"person:{person_id}")


def officer(connection: Connection, token: str, now: datetime) -> Officer | None:
    """Who the session belongs to; None when it ended, idled out, or the role was revoked."""
    row = connection.execute(
        select(
            office_session.c.id,
            office_session.c.person_id,
            person.c.name,
            membership.c.role,
            membership.c.district,
            office_session.c.seen_at,
        )
        .join(person, person.c.id == office_session.c.person_id)
        .join(membership, membership.c.person_id == person.c.id)
        .where(
            _is(office_session.c.token_hash, token),
            office_session.c.ended_at.is_(None),
            office_session.c.seen_at > now - IDLE,
            office_session.c.created_at > now - ABSOLUTE,
            membership.c.institution_id.is_(None),
            membership.c.revoked_at.is_(None),
        )
    ).first()
    return Officer(*row) if row else None


def touch(connection: Connection, session_id: int, now: datetime) -> None:
    """The session was used."""
    connection.execute(
        update(office_session)
        .where(office_session.c.id == session_id, office_session.c.seen_at < now)
        .values(seen_at=now)
    )


def leave(connection: Connection, session_id: int, person_id: int, now: datetime) -> None:
    """Log out."""
    connection.execute(
        update(office_session)
        .where(office_session.c.id == session_id, office_session.c.ended_at.is_(None))
        .values(ended_at=now)
    )
    audit.record(connection, now, person_id, "office.leave", f"person:{person_id}")


def end_all(connection: Connection, person_id: int, now: datetime) -> None:
    """End every session and link of a person whose role was taken away."""
    connection.execute(
        update(office_session)
        .where(office_session.c.person_id == person_id, office_session.c.ended_at.is_(None))
        .values(ended_at=now)
    )
    connection.execute(
        update(office_link)
        .where(office_link.c.person_id == person_id, office_link.c.used_at.is_(None))
        .values(used_at=now)
    )


def forget_old(connection: Connection, before: datetime) -> None:
    """Delete links and sessions that ended long ago."""
    connection.execute(office_link.delete().where(office_link.c.expires_at < before))
    over = or_(office_session.c.seen_at < before, office_session.c.ended_at < before)
    connection.execute(office_session.delete().where(over))
