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
from bot.core.paging import Pager
from bot.core.permissions import HEAD, OFFICE, Right
from policy.calendar.quarters import Quarter, Times, local, reporting_quarter
from policy.corpus import Corpus
from policy.reading.digits import whole_number
from storage.institutions import roster
from storage.institutions.roster import Listed
from storage.people.sessions import Officer

NO_DISTRICT = "-"  # in an address: the institutions without one


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
    `arrived` the same looked at and kept before the transaction, for rooms that keep files; `found` what
    the room's reader made of its file before the transaction, or why it could not, and else what
    was worked out ahead of it.
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
    found: object = None

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
        number = whole_number(given)
        if number is None:
            raise NotFound
        return number

    def pager(self, size: int) -> Pager:
        """Where somebody is in a list; addresses count its pages from 1."""
        return Pager((whole_number(self.query.get("page", ""), longest=6) or 1) - 1, size)

    @property
    def heard(self) -> str:
        """Who was told of what was done on the page before, in words; "" when nobody had to be."""
        people, _, pushed = self.query.get("told", "").partition(".")
        told, told_at_once = whole_number(people, longest=5), whole_number(pushed, longest=5)
        if told is None or told_at_once is None:
            return ""
        return Told(told, told_at_once).words()

    @property
    def corpus(self) -> Corpus:
        """What the policy says, with the form of today; a quarter has its own: `form_of`."""
        return self.app.corpus.on(local(self.now).date())

    @property
    def times(self) -> Times:
        """When reports are due and quarters close."""
        return self.app.settings.times

    def may(self, right: Right) -> bool:
        """Whether the officer holds a right beyond the page's own, for a part of what it shows."""
        return right.allows([self.officer])

    def need(self, right: Right) -> None:
        """Let only those pass who hold a right beyond the page's own.

        Raises:
            Denied: the officer does not.
        """
        if not self.may(right):
            raise Denied

    @property
    def office(self) -> bool:
        """Whether the officer serves in the office itself, and reads for no district alone."""
        return self.may(OFFICE)

    @property
    def head(self) -> bool:
        """Whether the officer is the head of the office."""
        return self.may(HEAD)

    def district(self) -> str | None:
        """Return the district a page speaks of: a reader's own, else the one chosen in the address.

        None for all of them, "" for the institutions without one.
        """
        if self.officer.district is not None:
            return self.officer.district
        given = self.query.get("district", "")
        return ("" if given == NO_DISTRICT else given) if given else None

    def institution(self, wanted: int) -> Listed:
        """Return an institution that this officer may see.

        Raises:
            NotFound: there is none such, or it is another district's.
        """
        found = roster.get(self.connection, wanted)
        if found is None or self.officer.district not in (None, found.district):
            raise NotFound
        return found


Room = Callable[[Visit], Answer]
