"""Our messages as the outbox keeps them: one-time codes and links that let somebody in are sealed in it.

A backup, or a look into the database, gives nobody a way in. What people see is the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.core.messages import Outgoing
from bot.core.security.keys import Keys
from storage.conversations.messages import SEALED_HERE

HIDDEN = "sealed"  # in a stored body: what stood where the marks are, in order
_SECRET = re.compile(
    r"(?<![A-Z0-9-])[A-HJ-NP-Z2-9]{5}-[A-HJ-NP-Z2-9]{5}(?![A-Z0-9-])"  # a one-time code
    r"|(?<=/office/enter/)[A-Za-z0-9_-]{20,}"  # what a link to the desk is worth
)


def to_body(message: Outgoing, keys: Keys) -> dict[str, Any]:
    """Return a message as it is stored."""
    body = message.body()
    found: list[str] = []

    def seal(secret: re.Match[str]) -> str:
        found.append(keys.seal(secret[0]))
        return SEALED_HERE

    text = _SECRET.sub(seal, message.text)
    return {**body, "text": text, HIDDEN: found} if found else body


def from_body(body: Mapping[str, Any], keys: Keys) -> Outgoing:
    """Return a stored message as it is said.

    Raises:
        KeyError, TypeError, ValueError: it is none.
    """
    message = Outgoing.from_body(body)
    hidden = iter(body.get(HIDDEN, ()))
    if HIDDEN not in body:
        return message
    pieces = message.text.split(SEALED_HERE)
    text = pieces[0] + "".join(keys.read(next(hidden, None)) + piece for piece in pieces[1:])
    return replace(message, text=text)
