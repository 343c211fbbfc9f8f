"""What the office published, and who wants to be told of a new class."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, bindparam, delete, false, or_, select, update

from storage import audit
from storage.address import Address
from storage.connections.statement import Statement, affected, insert_new
from storage.schema.core import account, person
from storage.schema.questions import publication, subscription

FIELDS = (
    "kind",
    "text",
    "occupation",
    "level",
    "institution",
    "starts_on",
    "ends_on",
    "source",
    "valid_from",
    "valid_until",
)


@dataclass(frozen=True)
class Published:
    """A stored publication: its columns by name in `values`."""

    id: int
    values: dict[str, Any]
    published_at: datetime


@dataclass(frozen=True)
class Subscription:
    """Somebody's wish to be told; `occupation` "" is any."""

    id: int
    occupation: str
    account_id: int
    address: Address


_PUBLISHED = select(publication.c.id, *(publication.c[f] for f in FIELDS), publication.c.published_at)
_SUBSCRIPTIONS = select(
    subscription.c.id,
    subscription.c.occupation,
    subscription.c.account_id,
    account.c.channel,
    account.c.bot,
    account.c.sender,
).join(account, account.c.id == subscription.c.account_id)


def _published(row: Any) -> Published:
    return Published(row.id, {f: getattr(row, f) for f in FIELDS}, row.published_at)


def _same(values: dict[str, Any]) -> str:
    content = json.dumps([values[f] for f in FIELDS], ensure_ascii=False, default=str)
    return hashlib.sha256(content.encode()).hexdigest()


def publish(
    connection: Connection, values: dict[str, Any], by: int, now: datetime, clause_id: int | None = None
) -> int | None:
    """Publish (all of FIELDS); the new id, or None when the very same stands published already.

    `clause_id`: the clause of another document that it quotes.
    """
    row = {**{f: values[f] for f in FIELDS}, "same": _same(values), "published_at": now, "published_by": by}
    row["clause_id"] = clause_id
    statement = insert_new(connection, publication).returning(publication.c.id)
    made = connection.execute(statement, row).scalar()
    if made is None:
        return None
    audit.record(connection, now, by, "publication.create", f"publication:{made}", kind=values["kind"])
    return int(made)


def withdraw(connection: Connection, publication_id: int, by: int, now: datetime) -> bool:
    """Withdraw; False when it does not exist or was withdrawn before."""
    done = affected(
        connection,
        update(publication)
        .where(publication.c.id == publication_id, publication.c.withdrawn_at.is_(None))
        .values(withdrawn_at=now, withdrawn_by=by),
    )
    if done:
        audit.record(connection, now, by, "publication.withdraw", f"publication:{publication_id}")
    return bool(done)


def end_before(connection: Connection, publication_id: int, day: date, by: int, now: datetime) -> bool:
    """Let one hold until the day before another takes its place; False when it ends by then anyway."""
    last = day - timedelta(days=1)
    c = publication.c
    open_then = or_(c.valid_until.is_(None), c.valid_until > last)
    wanted = (c.id == publication_id) & c.withdrawn_at.is_(None) & (c.valid_from <= last) & open_then
    done = affected(connection, update(publication).where(wanted).values(valid_until=last))
    if done:
        audit.record(connection, now, by, "publication.end", f"publication:{publication_id}")
    return bool(done)


def in_force(connection: Connection, kinds: Collection[str], on: date) -> list[Published]:
    """What holds on that day of those kinds: classes by their beginning, the rest newest first."""
    rows = _in_force(tuple(sorted(kinds))).all(connection, {"day": on})
    return [_published(row) for row in rows]


@lru_cache(64)
def _in_force(kinds: tuple[str, ...]) -> Statement:
    """The statement for some kinds, built once: it runs with every answer that may be of one."""
    day = bindparam("day", type_=publication.c.valid_from.type)
    return Statement(
        _PUBLISHED.where(
            or_(false(), *(publication.c.kind == kind for kind in kinds)),
            publication.c.withdrawn_at.is_(None),
            publication.c.valid_from <= day,
            or_(publication.c.valid_until.is_(None), publication.c.valid_until >= day),
        ).order_by(publication.c.starts_on, publication.c.id.desc())
    )


def not_over(connection: Connection, on: date) -> list[Published]:
    """What holds on that day or will later, newest first."""
    rows = connection.execute(
        _PUBLISHED.where(
            publication.c.withdrawn_at.is_(None),
            or_(publication.c.valid_until.is_(None), publication.c.valid_until >= on),
        ).order_by(publication.c.id.desc())
    )
    return [_published(row) for row in rows]


def overview(connection: Connection, since: date) -> list[tuple[Published, str | None]]:
    """What was published, not withdrawn and not over before that day, with who published it, newest first."""
    rows = connection.execute(
        _PUBLISHED.add_columns(person.c.name.label("who"))
        .join(person, person.c.id == publication.c.published_by)
        .where(
            publication.c.withdrawn_at.is_(None),
            or_(publication.c.valid_until.is_(None), publication.c.valid_until >= since),
        )
        .order_by(publication.c.id.desc())
    )
    return [(_published(row), row.who) for row in rows]


def ending(connection: Connection, on: date, until: date) -> list[Published]:
    """What holds on that day, ends until another and was not warned of yet."""
    rows = connection.execute(
        _PUBLISHED.where(
            publication.c.withdrawn_at.is_(None),
            publication.c.warned_at.is_(None),
            publication.c.valid_from <= on,
            publication.c.valid_until >= on,
            publication.c.valid_until <= until,
        ).order_by(publication.c.valid_until, publication.c.id)
    )
    return [_published(row) for row in rows]


def claim_ending(connection: Connection, on: date, until: date, now: datetime) -> list[Published]:
    """The same, each claimed here exactly once."""
    return [
        one
        for one in ending(connection, on, until)
        if affected(
            connection,
            update(publication)
            .where(publication.c.id == one.id, publication.c.warned_at.is_(None))
            .values(warned_at=now),
        )
    ]


def get(connection: Connection, publication_id: int) -> Published | None:
    """One publication that was not withdrawn."""
    row = connection.execute(
        _PUBLISHED.where(publication.c.id == publication_id, publication.c.withdrawn_at.is_(None))
    ).first()
    return _published(row) if row else None


def clause_of(connection: Connection, publication_id: int) -> int | None:
    """Return the clause of another document that one quotes."""
    row = connection.execute(
        select(publication.c.clause_id).where(publication.c.id == publication_id)
    ).first()
    return row.clause_id if row else None


def any_to_announce(connection: Connection) -> bool:
    """Whether there is a class that was told to nobody yet, be it for another day."""
    untold = select(publication.c.id).where(
        publication.c.kind == "open-class",
        publication.c.withdrawn_at.is_(None),
        publication.c.announced_at.is_(None),
    )
    return connection.execute(untold.limit(1)).first() is not None


def to_announce(connection: Connection, on: date, now: datetime) -> list[Published]:
    """Open classes that hold now and were told to nobody yet; claimed here, each exactly once."""
    found = [
        one
        for one in in_force(connection, ("open-class",), on)
        if affected(
            connection,
            update(publication)
            .where(publication.c.id == one.id, publication.c.announced_at.is_(None))
            .values(announced_at=now),
        )
    ]
    return found


def subscribe(
    connection: Connection, account_id: int, occupation: str, person_id: int, now: datetime
) -> bool:
    """Keep somebody's consent; False when it was given before."""
    values = {"account_id": account_id, "occupation": occupation, "at": now}
    statement = insert_new(connection, subscription).returning(subscription.c.id)
    made = connection.execute(statement, values).scalar()
    if made is not None:  # which occupation is theirs to wipe, so it is not written down twice
        audit.record(connection, now, person_id, "subscription.create", f"subscription:{made}")
    return made is not None


def unsubscribe(
    connection: Connection, account_id: int, person_id: int, now: datetime, subscription_id: int | None = None
) -> int:
    """Delete one subscription of an account, or all of them; how many went."""
    wanted = subscription.c.account_id == account_id
    if subscription_id is not None:
        wanted &= subscription.c.id == subscription_id
    gone = connection.execute(delete(subscription).where(wanted).returning(subscription.c.id)).scalars().all()
    for one in gone:
        audit.record(connection, now, person_id, "subscription.end", f"subscription:{one}")
    return len(gone)


def subscriptions(connection: Connection, account_id: int | None = None) -> list[Subscription]:
    """An account's subscriptions, or everybody's."""
    statement = _SUBSCRIPTIONS.order_by(subscription.c.id)
    if account_id is not None:
        statement = statement.where(subscription.c.account_id == account_id)
    return [
        Subscription(r.id, r.occupation, r.account_id, Address(r.channel, r.bot, r.sender))
        for r in connection.execute(statement)
    ]
