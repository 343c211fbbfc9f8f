"""Everything kept about one person as a file of their own."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.core.messages import FileRef
from bot.core.render import words
from bot.core.security.keys import Keys, is_sealed
from policy.calendar.quarters import local
from storage import data_kinds
from storage.privacy import personal_data

MY_DATA = "my-data"  # the kind of file
# What belongs to a kind beside the rows of its own name.
_BESIDE = {
    "accounts": ("links", "refused_codes"),
    "reminders": ("notices",),
    "roles": ("used_codes", "reminded"),
    "reports": ("attachments",),
}


def my_data_ref(person_id: int) -> FileRef:
    """Return the reference to a person's own data; it is read when the file is handed over."""
    return FileRef(MY_DATA, f"{words('privacy/messages.file_name')}.json", {"person": person_id})


def as_json(connection: Connection, person_id: int, keys: Keys) -> bytes:
    """Return all that is kept about a person, by kind, each with its basis and how long it is kept."""
    kept = personal_data.collect(connection, person_id)
    listed = [
        {
            "kind": kind.name,
            "title": words("privacy/title.j2", {"kind": kind.name}),
            "basis": words("privacy/messages.basis", {"basis": kind.basis}),
            "kept": words("privacy/kept.j2", {"kind": kind}),
            "items": {name: kept[name] for name in (kind.name, *_BESIDE.get(kind.name, ()))},
        }
        for kind in data_kinds.KINDS
        if kind.name in kept
    ]
    return json.dumps(_plain(listed, keys), ensure_ascii=False, indent=1).encode()


def _plain(value: Any, keys: Keys) -> Any:
    """The value as JSON holds it: moments in local time, what is encrypted opened."""
    if isinstance(value, dict):
        return {name: _plain(item, keys) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, keys) for item in value]
    if isinstance(value, datetime):
        return local(value).isoformat(timespec="seconds")
    if isinstance(value, str) and is_sealed(value):
        return keys.read(value)
    return value
