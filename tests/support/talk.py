"""Talking to the assistant in tests, so that they read like the conversation."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.assistant import Assistant
from bot.core.messages import FileRef, Incoming, IncomingFile, Outgoing
from policy.calendar.quarters import SHANGHAI
from storage.address import Address

NOON = datetime(2026, 12, 30, 12, 0, tzinfo=SHANGHAI)
_ids = itertools.count(1)


@dataclass
class Person:
    """Somebody on the other end. `says` and `presses` return what was replied."""

    assistant: Assistant
    name: str = "li"
    channel: str = "terminal"
    now: datetime = NOON
    replies: list[Outgoing] = field(default_factory=list)

    def _send(
        self, text: str = "", choice: str | None = None, id: str | None = None, **kw: object
    ) -> list[Outgoing]:
        self.now += timedelta(seconds=1)
        incoming = Incoming(
            Address(self.channel, "test", self.name),
            id or f"{self.name}-{next(_ids)}",
            self.now,
            text,
            choice,
            numbered=self.channel == "terminal",
            **kw,  # type: ignore[arg-type]
        )
        self.replies = self.assistant.handle(incoming)
        return self.replies

    def says(self, *texts: str, id: str | None = None) -> list[Outgoing]:
        """Type each text; the replies to the last."""
        for text in texts:
            self._send(text, id=id)
        return self.replies

    def presses(self, label: str, id: str | None = None) -> list[Outgoing]:
        """Press the button with that label (or whose label begins so) among the last replies."""
        return self._send(choice=self.token(label), id=id)

    def presses_token(self, token: str) -> list[Outgoing]:
        """Press a button remembered from before."""
        return self._send(choice=token)

    def sends(self, file: IncomingFile, caption: str = "") -> list[Outgoing]:
        """Send a file."""
        return self._send(caption, file=file)

    def token(self, label: str) -> str:
        """The token behind a label of the last replies."""
        offered = [c for m in self.replies for c in m.choices]
        for exact in (True, False):
            for choice in offered:
                if choice.label == label or (not exact and choice.label.startswith(label)):
                    return choice.token
        raise AssertionError(f"no button {label!r} among {[c.label for c in offered]}")

    @property
    def text(self) -> str:
        """Everything last said to this person."""
        return "\n".join(m.text for m in self.replies)

    @property
    def templates(self) -> list[str]:
        """The templates of everything last said."""
        return [name for m in self.replies for name in m.templates]

    @property
    def labels(self) -> list[str]:
        """Every button last shown."""
        return [c.label for m in self.replies for c in m.choices]

    @property
    def files(self) -> list[FileRef]:
        """Every file last handed over."""
        return [f for m in self.replies for f in m.files]
