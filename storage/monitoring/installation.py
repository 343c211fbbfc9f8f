"""What belongs to the database as a whole, by name; how it came to be so is for others to decide."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, exists, insert, select, update

from storage.connections.statement import insert_new
from storage.schema.contact import account_link, attachment
from storage.schema.core import invite, person, revision
from storage.schema.installation import installation
from storage.schema.questions import complaint

KEY, KEYS_BEFORE = "key", "keys_before"  # fingerprints; of those before, values may still be sealed
FOLDER = "data_folder"
BACKUP = "last_backup"  # ISO 8601
SINCE = 5  # the schema that brought it

# What only the key can open, wherever it is kept for long.
SEALED = (person.c.telephone, revision.c.telephone, complaint.c.contact)


def read(connection: Connection) -> dict[str, str]:
    """Return all of it."""
    rows = connection.execute(select(installation.c.name, installation.c.value))
    return {row.name: row.value for row in rows}


def claim(connection: Connection, name: str, value: str) -> str:
    """Set what nobody has set yet; the value that holds, of several processes the first one's."""
    connection.execute(insert_new(connection, installation), {"name": name, "value": value})
    held = select(installation.c.value).where(installation.c.name == name)
    return str(connection.execute(held).scalar_one())


def put(connection: Connection, name: str, value: str | None) -> None:
    """Set it, whatever it was; None takes it away."""
    connection.execute(delete(installation).where(installation.c.name == name))
    if value is not None:
        connection.execute(insert(installation), {"name": name, "value": value})


def sealed_values(connection: Connection, most: int = 20) -> list[str]:
    """Return some of the sealed values, of each kind up to `most`, the newest first."""
    found: list[str] = []
    for column in SEALED:
        key = column.table.c.id
        some = select(column).where(column.is_not(None), column != "").order_by(key.desc()).limit(most)
        found += connection.execute(some).scalars().all()
    return found


def has_open_codes(connection: Connection, now: datetime) -> bool:
    """Tell whether somebody holds a one-time code that was not used: only the key knows it again.

    The head's first code does not count, a start prints a new one.
    """
    invited = exists().where(
        invite.c.used_at.is_(None),
        invite.c.revoked_at.is_(None),
        invite.c.expires_at > now,
        ~invite.c.first_head,
    )
    linked = exists().where(account_link.c.used_at.is_(None), account_link.c.expires_at > now)
    return bool(connection.execute(select(invited | linked)).scalar())


def has_attachments(connection: Connection) -> bool:
    """Tell whether something refers to a file of the data folder."""
    return connection.execute(select(attachment.c.hash).limit(1)).first() is not None


def revoke_codes(connection: Connection, now: datetime) -> None:
    """Revoke every one-time code that was not used."""
    unused = (invite.c.used_at.is_(None), invite.c.revoked_at.is_(None))
    connection.execute(update(invite).where(*unused).values(revoked_at=now))
    connection.execute(update(account_link).where(account_link.c.used_at.is_(None)).values(used_at=now))
