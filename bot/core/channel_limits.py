"""What each channel can do, and how a message is made to fit it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

from bot.core.messages import Choice, Outgoing

_WHOLE = re.compile(r"https?://[!-~]+")  # never cut inside
# Where a long line may be cut: rather after a sentence than after a part of one.
_ENDS = (re.compile(r"[。！？；!?;…]+[”’」』）)]*"), re.compile(r"[\s，、：]+|(?<![0-9])[,:]"))


@dataclass(frozen=True)
class Channel:
    """A channel's abilities. `longest` is one message's length in `unit`.

    `pushes`: we may write to a person at any time. `window`: where we may not, how long after their
    last message we still may, if at all. `cookie`: who talks is known by nothing but one, which whoever
    sits at the machine later may hold too. `shared`: several people read along, so that nothing personal
    is said there.
    """

    name: str
    buttons: bool
    documents: bool
    pushes: bool
    longest: int
    unit: Literal["characters", "bytes"] = "characters"
    window: timedelta | None = None
    cookie: bool = False
    shared: bool = False

    @property
    def tracked(self) -> bool:
        """Whether a message stays in the outbox until it was handed over.

        Else the person's own request carries the reply back, and that is the end of it.
        """
        return self.pushes or self.window is not None


CHANNELS = {
    channel.name: channel
    for channel in (
        Channel("terminal", buttons=False, documents=True, pushes=False, longest=100_000),
        Channel("web", buttons=True, documents=True, pushes=False, longest=100_000, cookie=True),
        Channel("telegram", buttons=True, documents=True, pushes=True, longest=4096),
        Channel("telegram-group", buttons=False, documents=False, pushes=True, longest=4096, shared=True),
        # WeChat Official Account: a text stays below 2,048 bytes, and what is added to it needs room.
        Channel(
            "wechat",
            buttons=False,
            documents=False,
            pushes=False,
            longest=1900,
            unit="bytes",
            window=timedelta(hours=48),
        ),
        # 企业微信: a text has at most 2,048 bytes; members are written to at any time.
        Channel("wecom", buttons=False, documents=True, pushes=True, longest=2000, unit="bytes"),
        # The robot of the office's group: it writes, and nobody writes back.
        Channel("wecom-group", buttons=False, documents=False, pushes=True, longest=2000, unit="bytes"),
    )
}


def channel_of(name: str) -> Channel:
    """The channel's abilities. Raises KeyError for one that does not exist."""
    return CHANNELS[name]


def size(text: str, channel: Channel) -> int:
    """How long a text is in the channel's unit."""
    return len(text.encode()) if channel.unit == "bytes" else len(text)


def split(text: str, channel: Channel) -> list[str]:
    """The text in pieces that fit: cut at line ends, else after a sentence, never inside an address."""
    pieces: list[str] = []
    piece = ""
    for line in text.splitlines(keepends=True):
        while size(line, channel) > channel.longest:
            if piece:
                pieces.append(piece)
                piece = ""
            end = _cut(line, channel)
            pieces.append(line[:end])
            line = line[end:]
        if size(piece + line, channel) > channel.longest:
            pieces.append(piece)
            piece = ""
        piece += line
    pieces.append(piece)
    return [p.strip() for p in pieces if p.strip()] or [""]


def _cut(line: str, channel: Channel) -> int:
    """Where to cut a line that is too long for one message; at least one character is before it."""
    low, most = 1, min(len(line), channel.longest)
    while low < most:  # the longest beginning that fits
        middle = (low + most + 1) // 2
        low, most = (middle, most) if size(line[:middle], channel) <= channel.longest else (low, middle - 1)
    found = ([m.end() for m in ends.finditer(line, most // 2, most)] for ends in _ENDS)
    best = next((places[-1] for places in found if places), most)
    for address in _WHOLE.finditer(line):
        if address.start() < best < address.end() and address.start() > 0:
            best = address.start()
    while best > 1 and best < len(line) and _continues(line, best):
        best -= 1
    return best


def _continues(line: str, at: int) -> bool:
    """Whether the character there belongs to the one before it, as parts of an emoji do."""
    joined = "\u200d\ufe0e\ufe0f"
    return line[at] in joined or line[at - 1] == "\u200d" or unicodedata.combining(line[at]) > 0


def fit(message: Outgoing, channel: Channel) -> list[Outgoing]:
    """The message in as many as the channel needs; buttons and files go with the last."""
    pieces = split(message.text, channel)
    *before, last = pieces
    return [*(Outgoing(text) for text in before), replace(message, text=last)]


def numbered(choices: tuple[Choice, ...]) -> str:
    """Choices as a numbered list, for channels without buttons."""
    return "\n".join(f"{i}. {choice.label}" for i, choice in enumerate(choices, 1))
