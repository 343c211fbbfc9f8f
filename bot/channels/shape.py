"""What each channel can do, and how a message is made to fit it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.messages import Choice, Outgoing


@dataclass(frozen=True)
class Channel:
    """A channel's abilities. `longest` is one message's length in `unit`.

    `pushes`: we send; a reply stays in the outbox until the platform took it. Without it the
    person's own request carries the reply back.
    """

    name: str
    buttons: bool
    documents: bool
    pushes: bool
    longest: int
    unit: Literal["characters", "bytes"] = "characters"


CHANNELS = {
    channel.name: channel
    for channel in (
        Channel("terminal", buttons=False, documents=True, pushes=False, longest=100_000),
        Channel("web", buttons=True, documents=True, pushes=False, longest=100_000),
        Channel("telegram", buttons=True, documents=True, pushes=True, longest=4096),
        # WeChat Official Account: passive replies below 2,048 bytes; its adapter goes beside the others.
        Channel("wechat", buttons=False, documents=False, pushes=False, longest=2000, unit="bytes"),
    )
}


def channel_of(name: str) -> Channel:
    """The channel's abilities. Raises KeyError for one that does not exist."""
    return CHANNELS[name]


def _size(text: str, channel: Channel) -> int:
    return len(text.encode()) if channel.unit == "bytes" else len(text)


def split(text: str, channel: Channel) -> list[str]:
    """The text in pieces that fit, cut at line ends where possible."""
    pieces: list[str] = []
    piece = ""
    for line in text.splitlines(keepends=True):
        while _size(line, channel) > channel.longest:
            head = line
            while _size(head, channel) > channel.longest:
                head = head[: max(1, len(head) * 3 // 4)]
            if piece:
                pieces.append(piece)
                piece = ""
            pieces.append(head)
            line = line[len(head) :]
        if _size(piece + line, channel) > channel.longest:
            pieces.append(piece)
            piece = ""
        piece += line
    pieces.append(piece)
    return [p.strip() for p in pieces if p.strip()] or [""]


def fit(message: Outgoing, channel: Channel) -> list[Outgoing]:
    """The message in as many as the channel needs; buttons and files go with the last."""
    pieces = split(message.text, channel)
    *before, last = pieces
    return [*(Outgoing(text) for text in before), Outgoing(last, message.choices, message.files)]


def numbered(choices: tuple[Choice, ...]) -> str:
    """Choices as a numbered list, for channels without buttons."""
    return "\n".join(f"{i}. {choice.label}" for i, choice in enumerate(choices, 1))
