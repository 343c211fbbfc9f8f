"""The bot in the terminal, for trying it out."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime

from bot.assistant import Assistant
from bot.channels.jsonl import BOT, CHANNEL, take_pushes, written
from bot.core.channel_limits import numbered
from bot.core.messages import Incoming, Outgoing
from bot.core.refusals import refused
from bot.core.render import words
from bot.documents.store import FileStore
from storage.address import Address
from storage.connections.database import StorageUnavailable


def show(message: Outgoing, store: FileStore) -> str:
    """A message as lines of text, its choices numbered."""
    parts = [message.text]
    if message.choices:
        parts.append(numbered(message.choices))
    parts += [f"📎 {path}" for path in written(message, store)]
    return "\n".join(parts) + "\n"


def run(assistant: Assistant, store: FileStore, user: str, clock: Callable[[], datetime]) -> None:
    """Talk until the input ends."""
    address = Address(CHANNEL, BOT, user)
    print(words("cli/messages.hello"))
    text = "菜单"
    while True:
        incoming = Incoming(address, uuid.uuid4().hex, clock(), text, numbered=True)
        try:
            for message in [*assistant.handle(incoming), *take_pushes(assistant, incoming)]:
                print(show(message, store))
        except StorageUnavailable as error:
            refused(CHANNEL, error)
            print(words("problem/unavailable.j2"))
        try:
            text = input("> ")
        except (EOFError, KeyboardInterrupt):
            print()
            return
