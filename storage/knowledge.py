"""What the office changes in the answers: changes under way, and every published version, whole.

A version is never changed; going back publishes an old layer as a new version.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select, update

from storage import audit
from storage.connections.statement import affected, insert_new
from storage.schema.core import person
from storage.schema.knowledge import knowledge_change as change
from storage.schema.knowledge import knowledge_version as version
from storage.schema.questions import feedback

Layer = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """A change under way. `edition` counts its savings, `base` is the version it was written over."""

    id: int
    entry: str
    kind: str
    content: dict[str, Any]
    why: str
    base: int
    edition: int
    at: datetime
    person_id: int
    person: str | None


@dataclass(frozen=True)
class Version:
    """A published version without its layer; who wrote it and who approved it, by name."""

    version: int
    kind: str
    entry: str | None
    restored: int | None
    why: str
    alone: bool
    at: datetime
    author: str | None
    approver: str | None


def latest(connection: Connection) -> tuple[int, Layer]:
    """Return the number of what is published and its layer; (0, {}) before the first."""
    row = connection.execute(
        select(version.c.version, version.c.layer).order_by(version.c.version.desc()).limit(1)
    ).first()
    return (int(row.version), row.layer) if row else (0, {})


def layer_of(connection: Connection, wanted: int) -> Layer | None:
    """Return the layer of a version; that of 0 is empty; None where there is no such version."""
    if wanted == 0:
        return {}
    row = connection.execute(select(version.c.layer).where(version.c.version == wanted)).first()
    return None if row is None else dict(row.layer)


def versions(connection: Connection, limit: int = 200) -> list[Version]:
    """Return what was published, newest first."""
    author, approver = person.alias(), person.alias()
    c = version.c
    query: Select[Any] = (
        select(c.version, c.kind, c.entry, c.restored, c.why, c.alone, c.at)
        .add_columns(author.c.name.label("author"), approver.c.name.label("approver"))
        .join(author, author.c.id == c.author_id)
        .join(approver, approver.c.id == c.approver_id)
        .order_by(c.version.desc())
        .limit(limit)
    )
    return [Version(*row) for row in connection.execute(query)]


_CHANGES: Select[Any] = select(
    change.c.id,
    change.c.entry,
    change.c.kind,
    change.c.content,
    change.c.why,
    change.c.base,
    change.c.edition,
    change.c.at,
    change.c.person_id,
    person.c.name,
).join(person, person.c.id == change.c.person_id)


def open_changes(connection: Connection) -> list[Change]:
    """Return the changes under way, oldest first."""
    rows = connection.execute(_CHANGES.where(change.c.state == "open").order_by(change.c.id))
    return [Change(*row) for row in rows]


def open_change(connection: Connection, entry: str) -> Change | None:
    """Return the change under way for an entry."""
    row = connection.execute(_CHANGES.where(change.c.entry == entry, change.c.state == "open")).first()
    return Change(*row) if row else None


def save(
    connection: Connection,
    entry: str,
    kind: str,
    content: dict[str, Any],
    why: str,
    base: int,
    edition: int,
    by: int,
    now: datetime,
) -> bool:
    """Keep a change under way; False when somebody saved another since `edition` (0: none) was shown."""
    values = {"kind": kind, "content": content, "why": why, "base": base, "at": now, "person_id": by}
    if edition == 0:
        fresh = {"entry": entry, "edition": 1, "state": "open", **values}
        made = connection.execute(insert_new(connection, change).returning(change.c.id), fresh).first()
        done = made is not None
    else:
        mine = (change.c.entry == entry) & (change.c.state == "open") & (change.c.edition == edition)
        done = affected(connection, update(change).where(mine).values(edition=edition + 1, **values)) == 1
    if done:
        audit.record(connection, now, by, "knowledge.save", f"knowledge:{entry}", kind=kind)
    return done


def close(
    connection: Connection, entry: str, edition: int, state: str, by: int, now: datetime
) -> Change | None:
    """End a change as it was shown, `published` or `withdrawn`; None when it is another by now."""
    found = open_change(connection, entry)
    mine = (change.c.entry == entry) & (change.c.state == "open") & (change.c.edition == edition)
    if found is None or affected(connection, update(change).where(mine).values(state=state)) != 1:
        return None
    if state == "withdrawn":
        audit.record(connection, now, by, "knowledge.withdraw", f"knowledge:{entry}")
    return found


def publish(
    connection: Connection,
    after: int,
    layer: Layer,
    kind: str,
    why: str,
    author: int,
    approver: int,
    now: datetime,
    alone: bool = False,
    entry: str | None = None,
    restored: int | None = None,
) -> bool:
    """Publish a layer as the version next to `after`; False when somebody published meanwhile."""
    if latest(connection)[0] != after:
        return False
    values = {
        "version": after + 1,
        "layer": layer,
        "kind": kind,
        "entry": entry,
        "restored": restored,
        "why": why,
        "alone": alone,
        "at": now,
        "author_id": author,
        "approver_id": approver,
    }
    statement = insert_new(connection, version).returning(version.c.version)
    if connection.execute(statement, values).first() is None:
        return False
    detail = {"kind": kind, "version": after + 1, "alone": alone, "restored": restored}
    audit.record(connection, now, approver, "knowledge.publish", f"knowledge:{entry or ''}", **detail)
    return True


def judged(connection: Connection) -> dict[str, tuple[int, int]]:
    """Return entry → how many said 👍 and 👎."""
    rows = connection.execute(
        select(feedback.c.entry, feedback.c.value, func.count())
        .where(feedback.c.value.in_(("up", "down")))
        .group_by(feedback.c.entry, feedback.c.value)
    )
    found: dict[str, tuple[int, int]] = {}
    for entry, value, count in rows:
        up, down = found.get(entry, (0, 0))
        found[entry] = (up + int(count), down) if value == "up" else (up, down + int(count))
    return found


def asked(connection: Connection, entry: str, limit: int = 20) -> list[tuple[str, str, int]]:
    """Return (question, masked; what was thought of the answer; how often) that led to an entry."""
    times = func.count()
    rows = connection.execute(
        select(func.min(feedback.c.text), feedback.c.value, times)
        .where(feedback.c.entry == entry)
        .group_by(feedback.c.same, feedback.c.value)
        .order_by(times.desc(), feedback.c.same)
        .limit(limit)
    )
    return [(str(text), str(value), int(count)) for text, value, count in rows]
