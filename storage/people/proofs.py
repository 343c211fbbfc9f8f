"""When an account last showed who it is, a person's login word, and leaving a browser."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, exists, select, update

from storage import audit
from storage.schema.core import account, person
from storage.schema.whole import all_tables

FRESH = timedelta(hours=12)  # how long a proof lasts: a day at the desk


def prove(connection: Connection, account_id: int, now: datetime) -> None:
    """The account showed just now who it is: by a code, or by the person's login word."""
    connection.execute(update(account).where(account.c.id == account_id).values(proved_at=now))


def is_fresh(connection: Connection, account_id: int, now: datetime) -> bool:
    """Whether that was not too long ago."""
    proved = connection.execute(select(account.c.proved_at).where(account.c.id == account_id)).scalar()
    return proved is not None and proved > now - FRESH


def pin(connection: Connection, person_id: int) -> str | None:
    """What is stored of the person's login word; None when none was set."""
    return connection.execute(select(person.c.pin).where(person.c.id == person_id)).scalar()


def set_pin(connection: Connection, person_id: int, stored: str, now: datetime) -> None:
    """Set the login word, of which only a keyed hash is stored."""
    connection.execute(update(person).where(person.c.id == person_id).values(pin=stored))
    audit.record(connection, now, person_id, "account.pin", f"person:{person_id}")


def part(connection: Connection, person_id: int, account_id: int, now: datetime) -> None:
    """Part an account from its person for good: whoever holds its cookie is somebody new.

    The person keeps roles and other accounts, and is gone only where nothing names them.
    """
    for table in all_tables().sorted_tables:
        for column in table.columns:
            if any(key.column is account.c.id for key in column.foreign_keys):
                connection.execute(delete(table).where(column == account_id))
    connection.execute(delete(account).where(account.c.id == account_id))
    audit.record(connection, now, person_id, "account.part", f"account:{account_id}")
    naming = [
        column
        for table in all_tables().sorted_tables
        for column in table.columns
        if any(key.column is person.c.id for key in column.foreign_keys)
    ]
    unnamed = (~exists().where(column == person.c.id) for column in naming)
    connection.execute(delete(person).where(person.c.id == person_id, *unnamed))


def part_browsers(connection: Connection, person_id: int, but: int, now: datetime) -> int:
    """Part every account of the web from a person but one, after a cookie was lost; how many."""
    lost = select(account.c.id).where(
        account.c.person_id == person_id, account.c.channel == "web", account.c.id != but
    )
    going = list(connection.execute(lost).scalars())
    for account_id in going:
        part(connection, person_id, account_id, now)
    return len(going)
