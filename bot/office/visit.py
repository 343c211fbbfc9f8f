"""What a room is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from sqlalchemy import Connection

from bot.app import App
from bot.core.messages import Arrived
from bot.core.notify import Told
from policy.calendar.quarters import Quarter, Times, reporting_quarter
from policy.corpus import Corpus
from storage.people.sessions import Officer


@dataclass(frozen=True)
class Page:
    """A template under `office_web/` and its values.

    After a post it asks to correct what was sent, and nothing of it stays done, unless `keeps`.
    """

    template: str
    data: Mapping[str, Any]
    status: int = 200
    keeps: bool = False


@dataclass(frozen=True)
class Goto:
    """After something was done: another page (303), which says `done`, a name in `done.html`.

    `told` is who was told of it.
    """

    path: str
    done: str = ""
    told: Told | None = None

    @property
    def location(self) -> str:
        """The address, path and query quoted."""
        path, _, query = self.path.partition("?")
        said = {"done": self.done} if self.done else {}
        if self.told is not None:
            said["told"] = f"{self.told.people}.{self.told.pushed}"
        more = "&".join(part for part in (query, urlencode(said)) if part)
        return quote(path) + ("?" + more if more else "")


@dataclass(frozen=True)
class Download:
    """A file to keep: its bytes, or where it was written (deleted once it was sent)."""

    name: str
    content: bytes | Path
    inline: bool = False


Answer = Page | Goto | Download


class NotFound(Exception):
    """The address names nothing (or nothing this officer may see)."""


class Denied(Exception):
    """The officer's role does not allow it."""


@dataclass
class Visit:
    """One request of somebody who is in, with the transaction it runs in (read-only for GET).

    `query` and `form` hold cleaned texts; `files` what was uploaded: field → (name, bytes);
    `arrived` the same looked at and kept before the transaction, for rooms that keep files.
    """

    app: App
    connection: Connection
    officer: Officer
    now: datetime
    csrf: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)
    arrived: Mapping[str, Arrived] = field(default_factory=dict)

    def quarter(self) -> Quarter:
        """The quarter in the address, else the one the office works on today.

        Raises:
            NotFound: it names no quarter.
        """
        given = self.params.get("quarter") or self.query.get("quarter")
        if not given:
            return reporting_quarter(self.now)
        try:
            return Quarter.parse(given, self.now)
        except ValueError:
            raise NotFound from None

    def number(self, name: str) -> int:
        """A row's number in the address (path or query).

        Raises:
            NotFound: it is none.
        """
        given = self.params.get(name) or self.query.get(name, "")
        if not (given.isascii() and given.isdigit() and len(given) < 16):
            raise NotFound
        return int(given)

    def page_number(self) -> int:
        """Which page of a list, from 1."""
        given = self.query.get("page", "")
        return max(1, int(given)) if given.isascii() and given.isdigit() and len(given) < 7 else 1

    @property
    def heard(self) -> str:
        """Who was told of what was done on the page before, in words; "" when nobody had to be."""
        people, _, pushed = self.query.get("told", "").partition(".")
        if not all(n.isascii() and n.isdigit() and len(n) < 6 for n in (people, pushed)):
            return ""
        return Told(int(people), int(pushed)).words()

    @property
    def corpus(self) -> Corpus:
        """What the policy says."""
        return self.app.corpus

    @property
    def times(self) -> Times:
        """When reports are due and quarters close."""
        return self.app.settings.times

    @property
    def district(self) -> str | None:
        """The only district this officer may see; None for all of them."""
        return self.officer.district

    def only_office(self) -> None:
        """Let only the office itself pass, not a district's reader.

        Raises:
            Denied: it is a reader.
        """
        if not self.officer.decides:
            raise Denied

    def only_head(self) -> None:
        """Let only the head of the office pass.

        Raises:
            Denied: it is somebody else.
        """
        if self.officer.role != "head":
            raise Denied


Room = Callable[[Visit], Answer]
