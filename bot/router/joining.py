"""What is said in one reply, joined."""

from __future__ import annotations

from bot.core.messages import Outgoing


def merge(said: list[Outgoing]) -> list[Outgoing]:
    """Join words without buttons or files to the message after them."""
    joined: list[Outgoing] = []
    for message in said:
        if joined and not joined[-1].choices and not joined[-1].files:
            before = joined.pop()
            text, made_of = f"{before.text}\n\n{message.text}", before.templates + message.templates
            message = Outgoing(text, message.choices, message.files, made_of)
        joined.append(message)
    return joined
