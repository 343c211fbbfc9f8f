"""JSON lines on standard input and output: the same bot for scripts and acceptance checks."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.assistant import Assistant
from bot.core.messages import Incoming, Outgoing
from bot.core.refusals import refused
from bot.core.render import words
from bot.core.security import at_rest
from bot.documents.store import FileGone, FileStore, drop_incoming, store_incoming
from policy.calendar.quarters import FIRST_YEAR, LAST_YEAR, read_moment
from storage.address import Address
from storage.connections.database import StorageUnavailable, transaction
from storage.conversations import messages

CHANNEL, BOT = "terminal", "terminal"


class BadLine(Exception):
    """A line that is not the agreed JSON; the message says what is missing."""


def parse(line: str, clock: Callable[[], datetime], data_dir: Path) -> Incoming:
    """One line as a message.

    Raises:
        BadLine: not JSON, a field missing or of the wrong type, no such file.
    """
    try:
        raw = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadLine("not JSON") from error
    if not isinstance(raw, dict):
        raise BadLine("not an object")
    for field in ("user", "id"):
        if not isinstance(raw.get(field), str) or not raw[field]:
            raise BadLine(f'"{field}" must be a non-empty string')
    for field in ("text", "choice", "file", "now"):
        if field in raw and not isinstance(raw[field], str):
            raise BadLine(f'"{field}" must be a string')
    if not any(field in raw for field in ("text", "choice", "file")):
        raise BadLine('one of "text", "choice", "file" is needed')
    try:
        now = read_moment(raw["now"]) if "now" in raw else clock()
    except ValueError as error:
        raise BadLine(f'"now" must be an ISO 8601 time of {FIRST_YEAR} to {LAST_YEAR}') from error
    file = None
    if "file" in raw:
        source = Path(raw["file"])
        try:
            content = source.read_bytes()
        except (OSError, ValueError) as error:  # ValueError: NUL in the path
            raise BadLine('"file": no such file') from error
        file = store_incoming(source.name, content, data_dir)
    return Incoming(
        Address(CHANNEL, BOT, raw["user"]),
        raw["id"],
        now,
        raw.get("text", ""),
        raw.get("choice"),
        file,
        numbered=True,
    )


def written(message: Outgoing, store: FileStore) -> list[Path]:
    """The message's files, made; one that is not there any more is left out."""
    paths = []
    for ref in message.files:
        with contextlib.suppress(FileGone):
            paths.append(store.write(ref))
    return paths


def _show(message: Outgoing, store: FileStore) -> dict[str, Any]:
    return {
        "text": message.text,
        "choices": [{"label": c.label, "token": c.token} for c in message.choices],
        "files": [str(path) for path in written(message, store)],
    }


def run(
    lines: Iterable[str], assistant: Assistant, store: FileStore, clock: Callable[[], datetime]
) -> Iterator[str]:
    """A JSON line for each line in; pushes to a person follow with `"id": null`."""
    for line in lines:
        if not line.strip():
            continue
        try:
            incoming = parse(line, clock, store.data_dir)
        except BadLine as error:
            yield _dump({"error": str(error)})
            continue
        try:
            said = assistant.handle(incoming)
            pushed = take_pushes(assistant, incoming)
        except StorageUnavailable as error:
            refused(CHANNEL, error)
            said, pushed = [Outgoing(words("problem/unavailable.j2"))], []
        finally:
            drop_incoming(incoming.file)
        user = incoming.address.sender
        yield _dump({"user": user, "id": incoming.id, "replies": [_show(m, store) for m in said]})
        for message in pushed:
            yield _dump({"user": user, "id": None, "replies": [_show(message, store)]})


def take_pushes(assistant: Assistant, incoming: Incoming) -> list[Outgoing]:
    """Messages that waited for this person; handed over once."""
    with transaction(assistant.engine, read_only=True) as connection:
        rows = messages.pushes_waiting(connection, incoming.address)
    if not rows:
        return []
    with transaction(assistant.engine) as connection:
        for row in rows:
            messages.mark_sent(connection, row.id, incoming.now)
    return [at_rest.from_body(r.body, assistant.keys) for r in rows]


def _dump(value: dict[str, Any]) -> str:
    # A lone surrogate that came in as \udXXX must not break the output: it goes back the same way.
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        text = json.dumps(value)
    return text
