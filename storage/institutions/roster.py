"""Changing the list of institutions: name, district, from and until when, closed, many at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, exists, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from storage import audit
from storage.connections.statement import affected
from storage.schema.core import audit as audit_row
from storage.schema.core import institution, invite, membership, report, revision
from storage.schema.office import absence


class NameTaken(Exception):
    """Another institution has that name."""


@dataclass(frozen=True)
class Listed:
    """An institution as the office lists it, closed ones too."""

    id: int
    name: str
    district: str | None
    expected_from: str
    expected_until: str | None
    closed_at: datetime | None


@dataclass(frozen=True)
class Wanted:
    """An institution as it should be listed."""

    name: str
    district: str | None
    expected_from: str
    expected_until: str | None = None


_LISTED = select(
    institution.c.id,
    institution.c.name,
    institution.c.district,
    institution.c.expected_from,
    institution.c.expected_until,
    institution.c.closed_at,
)


def get(connection: Connection, institution_id: int) -> Listed | None:
    """One institution; None when there is none with that id."""
    row = connection.execute(_LISTED.where(institution.c.id == institution_id)).first()
    return Listed(*row) if row else None


def listed(
    connection: Connection,
    named: str,
    limit: int,
    offset: int,
    district: str | None = None,
    alone: bool = False,
) -> tuple[list[Listed], int]:
    """A page of all institutions, open ones first, and how many there are.

    `district` "" means without one; `alone` the open ones that nobody speaks for.
    """
    wanted = []
    if named:
        wanted.append(institution.c.name.contains(named, autoescape=True))
    if district is not None:
        wanted.append(institution.c.district == district if district else institution.c.district.is_(None))
    if alone:
        speaks = exists().where(
            membership.c.institution_id == institution.c.id, membership.c.revoked_at.is_(None)
        )
        wanted += [institution.c.closed_at.is_(None), ~speaks]
    query = (
        _LISTED.where(and_(True, *wanted))
        .order_by(institution.c.closed_at.is_not(None), institution.c.name)
        .limit(limit)
        .offset(offset)
    )
    total = connection.execute(select(func.count()).select_from(institution).where(and_(True, *wanted)))
    return [Listed(*row) for row in connection.execute(query)], int(total.scalar_one())


def districts(connection: Connection) -> list[str | None]:
    """The districts that institutions are listed under; None when some are under none."""
    found = connection.execute(select(institution.c.district).distinct()).scalars()
    return sorted(found, key=lambda name: (name is None, name))


def names(connection: Connection) -> list[tuple[int, str]]:
    """(id, name) of every institution, closed ones too."""
    rows = connection.execute(select(institution.c.id, institution.c.name).order_by(institution.c.id))
    return [(r.id, r.name) for r in rows]


def open_names(connection: Connection) -> dict[int, str]:
    """Id → name of every institution that is not closed."""
    rows = connection.execute(
        select(institution.c.id, institution.c.name).where(institution.c.closed_at.is_(None))
    )
    return {r.id: r.name for r in rows}


def alone(connection: Connection, now: datetime, with_code: bool) -> list[tuple[int, str]]:
    """Open institutions that nobody speaks for: (id, name); those with a code that works if `with_code`."""
    speaks = exists().where(
        membership.c.institution_id == institution.c.id, membership.c.revoked_at.is_(None)
    )
    given = exists().where(
        invite.c.institution_id == institution.c.id,
        invite.c.used_at.is_(None),
        invite.c.revoked_at.is_(None),
        invite.c.expires_at > now,
    )
    wanted = [institution.c.closed_at.is_(None), ~speaks, *([] if with_code else [~given])]
    rows = connection.execute(
        select(institution.c.id, institution.c.name).where(*wanted).order_by(institution.c.name)
    )
    return [(r.id, r.name) for r in rows]


def standing(connection: Connection, institution_id: int) -> dict[str, str]:
    """Quarter → draft, submitted, returned or accepted, for the quarters that have a report."""
    rows = connection.execute(
        select(report.c.quarter, revision.c.state)
        .join(revision, revision.c.report_id == report.c.id)
        .where(
            report.c.institution_id == institution_id,
            revision.c.state.in_(("draft", "submitted", "returned", "accepted")),
        )
        .order_by(report.c.quarter, revision.c.number)
    )
    found: dict[str, str] = {}
    for row in rows:
        if (
            row.state != "draft" or row.quarter not in found
        ):  # what was sent says more than a correction begun
            found[row.quarter] = row.state
    return found


@contextmanager
def _unless_taken(connection: Connection) -> Iterator[None]:
    """Somebody may take the name between the look and the write; the transaction stays usable then."""
    try:
        with connection.begin_nested():
            yield
    except IntegrityError as error:
        raise NameTaken from error


def change(connection: Connection, institution_id: int, wanted: Wanted, by: int, now: datetime) -> bool:
    """Rename, move, change from and until; False when nothing changes.

    Raises:
        NameTaken: the new name is another's.
    """
    before = get(connection, institution_id)
    if before is None:
        return False
    changed = {k: v for k, v in vars(wanted).items() if getattr(before, k) != v}
    if not changed:
        return False
    if "name" in changed:
        taken = select(institution.c.id).where(
            institution.c.name == wanted.name, institution.c.id != institution_id
        )
        if connection.execute(taken).first():
            raise NameTaken
    with _unless_taken(connection):
        connection.execute(update(institution).where(institution.c.id == institution_id).values(**changed))
    detail = {k: [getattr(before, k), v] for k, v in changed.items()}
    audit.record(connection, now, by, "institution.change", f"institution:{institution_id}", changed=detail)
    return True


def close(connection: Connection, institution_id: int, last: str, by: int, now: datetime) -> bool:
    """Close it: nobody speaks for it any more; it stays expected up to and including quarter `last`."""
    before = get(connection, institution_id)
    done = affected(
        connection,
        update(institution)
        .where(institution.c.id == institution_id, institution.c.closed_at.is_(None))
        .values(closed_at=now, expected_until=last),
    )
    if before is None or not done:
        return False
    detail = {"last": last, "until": before.expected_until}
    audit.record(connection, now, by, "institution.close", f"institution:{institution_id}", **detail)
    return True


def reopen(
    connection: Connection, institution_id: int, again: str, until: str | None, by: int, now: datetime
) -> bool:
    """Open a closed one again; its contacts speak for it as before.

    It is expected from quarter `again` on, up to `until` (None: always); the quarters between its last
    one and `again` stay as they were. `until` must not be before `again`.
    """
    before = get(connection, institution_id)
    if before is None or before.closed_at is None:
        return False
    last = before.expected_until
    never = last is not None and last < before.expected_from
    connection.execute(
        update(institution)
        .where(institution.c.id == institution_id)
        .values(
            closed_at=None,
            expected_until=until,
            expected_from=again if never else before.expected_from,
        )
    )
    if last is not None and last < again and not never:
        mine = absence.c.institution_id == institution_id
        within = or_(absence.c.after == last, and_(absence.c.after > last, absence.c.again <= again))
        connection.execute(delete(absence).where(mine, within))
        connection.execute(insert(absence).values(institution_id=institution_id, after=last, again=again))
    detail = {"again": again, "until": until}
    audit.record(connection, now, by, "institution.reopen", f"institution:{institution_id}", **detail)
    return True


def until_before_closing(connection: Connection, institution_id: int) -> str | None:
    """Until when it was expected before it was last closed; None: always, or it never was closed."""
    detail = connection.execute(
        select(audit_row.c.detail)
        .where(
            audit_row.c.subject == f"institution:{institution_id}",
            audit_row.c.action == "institution.close",
        )
        .order_by(audit_row.c.id.desc())
        .limit(1)
    ).scalar()
    found = detail.get("until") if isinstance(detail, dict) else None
    return str(found) if found else None


def absences(connection: Connection, institution_id: int) -> list[tuple[str, str]]:
    """(last quarter before, first quarter after) of the times in which it was not expected."""
    rows = connection.execute(
        select(absence.c.after, absence.c.again)
        .where(absence.c.institution_id == institution_id)
        .order_by(absence.c.after)
    )
    return [(r.after, r.again) for r in rows]


def known_names(connection: Connection, names: Sequence[str]) -> dict[str, int]:
    """Name → id of those that are in the list already."""
    found: dict[str, int] = {}
    for start in range(0, len(names), 500):
        part = names[start : start + 500]
        rows = connection.execute(
            select(institution.c.name, institution.c.id).where(institution.c.name.in_(part))
        )
        found.update({r.name: r.id for r in rows})
    return found


def create(connection: Connection, wanted: Sequence[Wanted], by: int, now: datetime) -> list[int]:
    """Add institutions, all or none; their ids in that order. The names must be free.

    Raises:
        NameTaken: one of them is not.
    """
    if not wanted:
        return []
    if known_names(connection, [w.name for w in wanted]):
        raise NameTaken
    added = insert(institution).returning(institution.c.id, sort_by_parameter_order=True)
    with _unless_taken(connection):
        made = connection.execute(added, [{**vars(one), "created_at": now} for one in wanted])
        ids = [int(one) for one in made.scalars()]
    about: list[tuple[str, dict[str, Any]]] = [
        (f"institution:{new_id}", {"name": one.name}) for new_id, one in zip(ids, wanted, strict=True)
    ]
    audit.record_many(connection, now, by, "institution.create", about)
    return ids
