"""What goes in and out of `assistant.handle`, the same for every channel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from policy.corpus import Corpus
from policy.form.sheet import FormFile
from storage.address import Address


@dataclass(frozen=True)
class IncomingFile:
    """A file that was fetched and stored before the message is applied. `size` in bytes."""

    name: str
    path: str
    size: int


@dataclass(frozen=True)
class Incoming:
    """One message of a person: a text, a pressed button (`choice`, its token) or a file.

    `id` is the platform's message id: the same id again is the same message. `numbered` tells
    that the channel shows choices as a numbered list, so that a number can press one; `edited`
    that it is a message of before, altered by its sender.
    """

    address: Address
    id: str
    now: datetime
    text: str = ""
    choice: str | None = None
    file: IncomingFile | None = None
    numbered: bool = False
    edited: bool = False


@dataclass(frozen=True)
class Choice:
    """A button: what it says and the token that comes back when it is pressed (≤ 64 bytes)."""

    label: str
    token: str


@dataclass(frozen=True)
class FileRef:
    """A file to hand over, made when it is delivered from values that do not change."""

    kind: str
    name: str
    args: Mapping[str, Any] = field(default_factory=dict)


FileMaker = Callable[[Corpus, dict[str, Any]], bytes]  # makes a file from a reference's `args` alone


@dataclass(frozen=True)
class Outgoing:
    """One message of ours. `templates` are what it was made of, as long as it was not stored yet."""

    text: str
    choices: tuple[Choice, ...] = ()
    files: tuple[FileRef, ...] = ()
    templates: tuple[str, ...] = field(default=(), compare=False)

    def body(self) -> dict[str, Any]:
        """As stored in the outbox."""
        return {
            "text": self.text,
            "choices": [[c.label, c.token] for c in self.choices],
            "files": [{"kind": f.kind, "name": f.name, "args": dict(f.args)} for f in self.files],
        }

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> Outgoing:
        """From the outbox."""
        return cls(
            body["text"],
            tuple(Choice(label, token) for label, token in body["choices"]),
            tuple(FileRef(f["kind"], f["name"], f["args"]) for f in body["files"]),
        )


Replies = list[Outgoing] | None  # None: it was not for whoever was asked


@dataclass(frozen=True)
class Arrived:
    """A file of somebody who speaks for an institution.

    refused: why it is not taken (large, empty, kind, old, html, text, macro, password, broken, encoding,
    rows, heads, roster, lost, costly), "" when it is. `forms` are the official forms read from it, one a
    sheet.
    """

    name: str
    hash: str = ""
    size: int = 0
    media: str = ""
    refused: str = ""
    forms: tuple[FormFile, ...] = ()

    @property
    def form(self) -> FormFile | None:
        """The form, or the first of several; None when there is none."""
        return self.forms[0] if self.forms else None


@dataclass(frozen=True)
class Table:
    """A small table of somebody of the office, as rows by column; `reason`: why it cannot be read."""

    rows: tuple[dict[str, Any], ...] = ()
    reason: str = ""
    detail: str = ""
