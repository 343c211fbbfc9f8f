"""What has to fit together before anything is said: the key, the data folder, who else serves.

The database remembers a fingerprint of the key and the id of the data folder. What disagrees does not
start: a telephone number that nobody can read, a file that is not there and a code that nobody knows
would only be noticed when somebody needs them.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine

from bot.core.render import words
from bot.core.security.keys import Keys, load_keys, make_key
from storage import audit
from storage.connections.database import transaction
from storage.connections.serving_lock import ServingLock
from storage.monitoring import installation

ID_FILE = "folder.id"  # in the data folder


class NotStarted(Exception):
    """What was found disagrees with what the database remembers; the message says what to do, in Chinese.

    `kind` names the template's case.
    """

    def __init__(self, kind: str, **data: object) -> None:
        super().__init__(words("cli/not_started.j2", {"kind": kind, **data}))
        self.kind = kind


def check_keys(
    engine: Engine, lock: ServingLock, secret: str | None, older: str | None, suite: str, folder: Path
) -> Keys:
    """Return the keys, made in the data folder where a new database has none yet.

    Raises:
        NotStarted: they are not those that the database goes with.
        OSError: the data folder cannot be used.
    """
    keys = load_keys(secret, older, suite, folder)
    with transaction(engine, read_only=True) as connection:
        held = installation.read(connection)
        needed = _is_key_needed(connection)
        sealed = installation.sealed_values(connection) if installation.KEY not in held else []
    if keys is None:
        if needed:
            raise NotStarted("key_lost", folder=folder)
        keys = Keys(make_key(folder), (), suite)
    if sealed and not any(keys.open(value) is not None for value in sealed):
        raise NotStarted("key_other")
    if installation.KEY not in held:
        with transaction(engine) as connection:
            held[installation.KEY] = installation.claim(connection, installation.KEY, keys.fingerprint)
    if not keys.is_mine(held[installation.KEY]):
        _adopt(engine, lock, keys, held[installation.KEY], needed)
    missing = [one for one in _before(held) if not keys.has_older(one) and not keys.is_mine(one)]
    if missing:
        raise NotStarted("key_before")
    return keys


def _is_key_needed(connection: Connection) -> bool:
    sealed = installation.sealed_values(connection, 1)
    return bool(sealed) or installation.has_open_codes(connection, datetime.now(UTC))


def _before(held: dict[str, str]) -> list[str]:
    return held.get(installation.KEYS_BEFORE, "").split()


def _adopt(engine: Engine, lock: ServingLock, keys: Keys, recorded: str, needed: bool) -> None:
    """Go over to another key: one that still reads what there is, or where there is nothing to read."""
    known = keys.has_older(recorded)
    if needed and not known:
        raise NotStarted("key_other")
    if not lock.alone():
        raise NotStarted("key_busy")
    with transaction(engine) as connection:
        held = installation.read(connection)
        before = dict.fromkeys([*_before(held), *([recorded] if known else [])])
        installation.put(connection, installation.KEY, keys.fingerprint)
        installation.put(connection, installation.KEYS_BEFORE, " ".join(before) or None)
        audit.record(connection, datetime.now(UTC), None, "key.change", "installation:key")


def check_folder(engine: Engine, lock: ServingLock, folder: Path) -> None:
    """Make sure the data folder is the one whose files the database names; a new one gets its id.

    Raises:
        NotStarted: it is another one.
        OSError: it cannot be used.
    """
    with transaction(engine, read_only=True) as connection:
        wanted = installation.read(connection).get(installation.FOLDER)
        files = installation.has_attachments(connection)
    found = read_id(folder)
    if wanted is None:
        mine = found or write_id(folder, secrets.token_hex(16))
        with transaction(engine) as connection:
            wanted = installation.claim(connection, installation.FOLDER, mine)
        found = mine
    if found == wanted:
        return
    if files or not lock.alone():
        raise NotStarted("folder", folder=folder.absolute(), wanted=wanted, file=ID_FILE)
    mine = found or write_id(folder, secrets.token_hex(16))
    with transaction(engine) as connection:
        installation.put(connection, installation.FOLDER, mine)


def read_id(folder: Path) -> str | None:
    """Return the id of a data folder; None of one that has none."""
    try:
        return (folder / ID_FILE).read_text(encoding="ascii").strip() or None
    except FileNotFoundError:
        return None


def write_id(folder: Path, value: str) -> str:
    """Give the folder an id unless it has one by now; the one that holds."""
    fresh = folder / f"{ID_FILE}.{os.getpid()}"
    fresh.write_text(value + "\n", encoding="ascii")
    with contextlib.suppress(FileExistsError):
        os.link(fresh, folder / ID_FILE)  # atomic, as with the key
    fresh.unlink()
    return read_id(folder) or value
