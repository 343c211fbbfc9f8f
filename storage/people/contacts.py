"""Who speaks for the institutions and who serves in the office: lists, revoking, codes given out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from storage import audit
from storage.connections.statement import affected
from storage.people import sessions
from storage.schema.core import audit as audit_row
from storage.schema.core import institution, invite, membership, person


@dataclass(frozen=True)
class Contact:
    """Somebody with a role. `telephone` is encrypted."""

    membership_id: int
    person_id: int
    institution_id: int | None
    role: str
    district: str | None
    name: str | None
    telephone: str | None
    from_at: datetime


@dataclass(frozen=True)
class Code:
    """A one-time code that was given out; the code itself is not known any more."""

    id: int
    role: str
    institution_id: int | None
    institution: str | None
    district: str | None
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None
    used_by: str | None

    def state(self, now: datetime) -> str:
        """used, revoked, expired or open."""
        if self.used_at is not None:
            return "used"
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at <= now else "open"


_PEOPLE = (
    select(
        membership.c.id,
        membership.c.person_id,
        membership.c.institution_id,
        membership.c.role,
        membership.c.district,
        person.c.name,
        person.c.telephone,
        membership.c.from_at,
    )
    .join(person, person.c.id == membership.c.person_id)
    .where(membership.c.revoked_at.is_(None))
    .order_by(membership.c.id)
)


def of_institution(connection: Connection, institution_id: int) -> list[Contact]:
    """Who speaks for the institution now."""
    return [
        Contact(*r) for r in connection.execute(_PEOPLE.where(membership.c.institution_id == institution_id))
    ]


def by_institution(connection: Connection, wanted: Collection[int]) -> dict[int, list[Contact]]:
    """Institution id → who speaks for it, for the institutions wanted: one statement."""
    found: dict[int, list[Contact]] = {}
    for row in connection.execute(_PEOPLE.where(membership.c.institution_id.is_not(None))):
        if row.institution_id in wanted:
            found.setdefault(row.institution_id, []).append(Contact(*row))
    return found


def how_many(connection: Connection, wanted: Collection[int]) -> dict[int, int]:
    """Institution id → how many speak for it."""
    rows = connection.execute(
        select(membership.c.institution_id, func.count())
        .where(membership.c.revoked_at.is_(None), membership.c.institution_id.in_(list(wanted)))
        .group_by(membership.c.institution_id)
    )
    return {int(r[0]): int(r[1]) for r in rows}


def office(connection: Connection) -> list[Contact]:
    """Who serves in the office, and who reads for a district."""
    return [Contact(*r) for r in connection.execute(_PEOPLE.where(membership.c.institution_id.is_(None)))]


def revoke(connection: Connection, membership_id: int, by: int, now: datetime) -> Contact | None:
    """Take a role away at once; None when it is gone already, or the last head's.

    Codes they gave out for that place and nobody used yet go with it: else they would be a way back.
    """
    row = connection.execute(_PEOPLE.where(membership.c.id == membership_id)).first()
    if row is None:
        return None
    found = Contact(*row)
    if found.role == "head":
        heads = select(membership.c.id).where(membership.c.role == "head", membership.c.revoked_at.is_(None))
        # Held, so that two heads cannot take each other's role away at once.
        if len(connection.execute(heads.order_by(membership.c.id).with_for_update()).all()) <= 1:
            return None
    connection.execute(update(membership).where(membership.c.id == membership_id).values(revoked_at=now))
    if found.institution_id is None:
        sessions.end_all(connection, found.person_id, now)
    audit.record(
        connection,
        now,
        by,
        "membership.revoke",
        f"membership:{membership_id}",
        person=found.person_id,
        institution=found.institution_id,
        role=found.role,
        codes=_void_codes(connection, found, now),
    )
    return found


def _void_codes(connection: Connection, of: Contact, now: datetime) -> int:
    """Revoke the unused codes that somebody gave out for their place; how many."""
    mine = select(audit_row.c.subject).where(
        audit_row.c.person_id == of.person_id, audit_row.c.action == "invite.create"
    )
    given = [int(subject.removeprefix("invite:")) for subject in connection.execute(mine).scalars()]
    here = invite.c.institution_id
    return affected(
        connection,
        update(invite)
        .where(
            invite.c.id.in_(given),
            here.is_(None) if of.institution_id is None else here == of.institution_id,
            invite.c.used_at.is_(None),
            invite.c.revoked_at.is_(None),
        )
        .values(revoked_at=now),
    )


def codes(connection: Connection, institution_id: int | None, limit: int = 50) -> list[Code]:
    """Codes given out, newest first: of an institution, or of the office (None)."""
    mine = invite.c.institution_id == institution_id if institution_id else invite.c.institution_id.is_(None)
    rows = connection.execute(
        select(
            invite.c.id,
            invite.c.role,
            invite.c.institution_id,
            institution.c.name.label("institution"),
            invite.c.district,
            invite.c.created_at,
            invite.c.expires_at,
            invite.c.used_at,
            invite.c.revoked_at,
            person.c.name.label("used_by"),
        )
        .outerjoin(institution, institution.c.id == invite.c.institution_id)
        .outerjoin(person, person.c.id == invite.c.used_by)
        .where(mine)
        .order_by(invite.c.id.desc())
        .limit(limit)
    )
    return [Code(*tuple(row)) for row in rows]


def revoke_code(connection: Connection, invite_id: int, by: int, now: datetime) -> bool:
    """Make a code that was not used yet worthless."""
    done = affected(
        connection,
        update(invite)
        .where(invite.c.id == invite_id, invite.c.used_at.is_(None), invite.c.revoked_at.is_(None))
        .values(revoked_at=now),
    )
    if done:
        audit.record(connection, now, by, "invite.revoke", f"invite:{invite_id}")
    return bool(done)


def given_by(connection: Connection, invite_ids: Collection[int]) -> dict[int, str | None]:
    """Code → the name of who gave it out; codes from the command line are left out."""
    subjects = {f"invite:{one}": one for one in invite_ids}
    rows = connection.execute(
        select(audit_row.c.subject, person.c.name)
        .join(person, person.c.id == audit_row.c.person_id)
        .where(audit_row.c.subject.in_(list(subjects)), audit_row.c.action == "invite.create")
    )
    return {subjects[r.subject]: r.name for r in rows}


def rename(connection: Connection, person_id: int, name: str, by: int, now: datetime) -> None:
    """Set a person's name; both names stand in the audit row."""
    before = names(connection, [person_id]).get(person_id)
    if before != name:
        connection.execute(update(person).where(person.c.id == person_id).values(name=name))
        audit.record(connection, now, by, "person.rename", f"person:{person_id}", name=[before, name])


def names(connection: Connection, wanted: Collection[int]) -> dict[int, str]:
    """Person id → name as last given; people without one are left out."""
    rows = connection.execute(
        select(person.c.id, person.c.name).where(person.c.id.in_(list(wanted)), person.c.name.is_not(None))
    )
    return {r.id: r.name for r in rows}


def people_named(connection: Connection, wanted: int | str, limit: int) -> list[tuple[int, str, str]]:
    """(id, name, an institution they speak or spoke for), "" for none: by id, or by a part of the name."""
    whose = (
        select(func.min(institution.c.name))
        .join(membership, membership.c.institution_id == institution.c.id)
        .where(membership.c.person_id == person.c.id)
        .scalar_subquery()
    )
    meant = (
        person.c.id == wanted if isinstance(wanted, int) else person.c.name.contains(wanted, autoescape=True)
    )
    rows = connection.execute(
        select(person.c.id, person.c.name, whose.label("whose"))
        .where(meant)
        .order_by(person.c.id)
        .limit(limit)
    )
    return [(r.id, r.name or "", r.whose or "") for r in rows]
