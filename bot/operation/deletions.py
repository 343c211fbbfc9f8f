"""The list of deletions, kept apart from the database: a restored backup repeats them.

A line each, JSON: when, whose, what. No name and no address stands in it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from storage.connections.database import transaction
from storage.privacy.personal_data import Deletion, deletions

FILE = "deletions.jsonl"  # in the data folder, and beside backups
LONGEST = 16 * 1024 * 1024  # bytes of such a list


def note(engine: Engine, folder: Path) -> int:
    """Add what the database knows and the list in the folder does not; how many lines came.

    Raises:
        OSError: the list cannot be written.
        StorageUnavailable: the database cannot be read.
    """
    with transaction(engine, read_only=True) as connection:
        known = deletions(connection)
    return add(folder / FILE, known) if known else 0


def add(path: Path, wanted: Iterable[Deletion]) -> int:
    """Append those that the list does not hold yet, synced; how many.

    Raises:
        OSError: it cannot be written.
    """
    held = set(read(path))
    fresh = [one for one in dict.fromkeys(wanted) if one not in held]
    if not fresh:
        return 0
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.writelines(_line(one) + "\n" for one in fresh)
        file.flush()
        os.fsync(file.fileno())
    return len(fresh)


def read(path: Path) -> list[Deletion]:
    """Return what the list holds; nothing where there is none. A line cut off by a crash is left out."""
    try:
        with path.open("rb") as file:
            lines = file.read(LONGEST).decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return []
    found = []
    for line in lines:
        try:
            raw = json.loads(line)
            at, born = (datetime.fromisoformat(raw[name]) for name in ("at", "created_at"))
            found.append(Deletion(at, int(raw["person"]), born, str(raw["kind"])))
        except (ValueError, KeyError, TypeError):
            continue
    return found


def _line(one: Deletion) -> str:
    moments = {"at": one.at.isoformat(), "created_at": one.created_at.isoformat()}
    return json.dumps({**moments, "person": one.person_id, "kind": one.kind}, sort_keys=True)
