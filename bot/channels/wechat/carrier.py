"""What is handed to a person next: the answer to a request, what comes after it, what waited for them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import Connection

from bot.app import App
from bot.channels.wechat import pages
from bot.channels.wechat.links import LIVES, FileLinks
from bot.core.messages import Outgoing
from bot.core.reach import window
from bot.core.security import at_rest
from storage.address import Address
from storage.connections.database import transaction
from storage.conversations import messages, outbox, reach
from storage.conversations.outbox import Page

log = logging.getLogger("bot")

TRIES_LAST = timedelta(seconds=20)  # the platform asks three times, five seconds each


@dataclass(frozen=True)
class Parcel:
    """One text for a person, and the outbox rows it holds. `at`: what they are marked with."""

    text: str
    rows: tuple[int, ...]
    at: datetime


@dataclass(frozen=True)
class Later:
    """Nothing can be sent now. `turn`: not before the person wrote again after this one."""

    turn: int | None = None


class Carrier:
    """Reads and marks the outbox of one account. `can_push` tells whether messages of ours go out."""

    def __init__(self, app: App, account: str, links: FileLinks, can_push: Callable[[], bool]) -> None:
        self._engine = app.engine
        self._keys = app.keys
        self._account = account
        self._links = links
        self._can_push = can_push
        self.under_way: set[int] = set()  # rows being sent by this process just now

    def answer(self, address: Address, message_id: str, now: datetime) -> Parcel | None:
        """What answers a message that was applied: the same however often it is asked.

        Raises:
            StorageUnavailable: nothing was changed.
        """
        with transaction(self._engine) as connection:
            return self.answered(connection, address, message_id, now)

    def answered(
        self, connection: Connection, address: Address, message_id: str, now: datetime
    ) -> Parcel | None:
        """The same, in the transaction that applied the message or one of its own."""
        outbox.lock(connection, address)
        asked = outbox.find(connection, address, message_id)
        if asked is None:
            return None
        own = self._laid(connection, outbox.of_turn(connection, address, asked.turn_id))
        behind: list[Page] = []
        if not any(page.sent for page in own):  # else asked again: what it held stays as it was
            waiting = self._laid(connection, outbox.waiting(connection, address))
            behind = [p for p in waiting if p.turn_id != asked.turn_id and p.id not in self.under_way]
        return self._parcel(connection, address, [*own, *behind], asked, now)

    def more(self, address: Address, message_id: str, now: datetime) -> Parcel | None:
        """What comes next, as a turn of its own; None when nothing waits.

        Raises:
            StorageUnavailable: nothing was changed.
        """
        with transaction(self._engine) as connection:
            outbox.lock(connection, address)
            asked = outbox.find(connection, address, message_id)
            if asked is not None:
                own = self._laid(connection, outbox.of_turn(connection, address, asked.turn_id))
                return self._parcel(connection, address, own, asked, now)
            waiting = self._laid(connection, outbox.waiting(connection, address))
            if not waiting:
                return None
            turn_id = messages.begin(connection, address, message_id, None, now)
            if turn_id is None:
                return None
            reach.heard(connection, address)
            begun = outbox.Heard(turn_id, message_id, now)
            return self._parcel(connection, address, waiting, begun, now)

    def _parcel(
        self,
        connection: Connection,
        address: Address,
        found: list[Page],
        asked: outbox.Heard,
        now: datetime,
    ) -> Parcel | None:
        shown = _messages(found)
        if not shown:
            return None
        text, rows = pages.bundle(shown, self._view(connection, address, asked.at))
        outbox.move(connection, rows, asked.turn_id)
        left = [p for p in outbox.waiting(connection, address) if p.id not in rows]
        if left and not (self._can_push() and window.room(connection, address, now) >= len(left)):
            text = pages.and_more(text)
        return Parcel(text, tuple(rows), asked.at)

    def mark(self, parcel: Parcel, connection: Connection) -> None:
        """Note that a parcel was handed over."""
        outbox.mark(connection, parcel.rows, parcel.at)

    def to_send(self, now: datetime, limit: int) -> list[tuple[str, int]]:
        """Senders who perhaps can be written to, with their last turn."""
        with transaction(self._engine, read_only=True) as connection:
            return outbox.to_send(connection, window.NAME, self._account, now - window.LASTS, limit)

    def next(self, address: Address, now: datetime) -> Parcel | Later | None:
        """What we send by ourselves now; None when nothing waits.

        Raises:
            StorageUnavailable: nothing was changed.
        """
        with transaction(self._engine) as connection:
            outbox.lock(connection, address)
            last = outbox.latest(connection, address)
            if last is None or window.room(connection, address, now) <= 0:
                return Later(last.turn_id if last else None)
            own = outbox.of_turn(connection, address, last.turn_id)
            if own and not any(p.sent for p in own) and now - last.at < TRIES_LAST:
                return Later()  # the platform still asks for it
            waiting = self._laid(connection, outbox.waiting(connection, address))
            if not waiting:
                return None
            text, rows = pages.bundle(_messages(waiting), self._view(connection, address, now))
            return Parcel(text, tuple(rows), now)

    def _laid(self, connection: Connection, found: list[Page]) -> list[Page]:
        """The pages, each now short enough for one message."""
        short: list[Page] = []
        for _, together in groupby(self._opened(found), key=lambda page: (page.turn_id, page.at, page.sent)):
            group = [page for page in together if _message(page) or self._unreadable(connection, page)]
            if not group or group[0].sent:
                short += group
                continue
            parts = [part for _, message in _messages(group) for part in pages.lay(message)]
            laid = [at_rest.to_body(part, self._keys) for part in parts]
            short += (
                group if len(laid) == len(group) else self._opened(outbox.arrange(connection, group, laid))
            )
        return short

    def _opened(self, found: list[Page]) -> list[Page]:
        """The pages as they are said; what is none stays as it is."""

        def opened(page: Page) -> Page:
            try:
                return replace(page, body=at_rest.from_body(page.body, self._keys).body())
            except (KeyError, TypeError, ValueError):
                return page

        return [opened(page) for page in found]

    def _unreadable(self, connection: Connection, page: Page) -> bool:
        log.warning("outbox %d is unreadable", page.id)
        outbox.refuse(connection, [page.id], "unreadable")
        return False

    def _view(self, connection: Connection, address: Address, given: datetime) -> pages.View:
        talk = outbox.talk_of(connection, address)
        state = talk.state if talk else {}
        offers = [(label, token) for label, token in state.get("offers", [])]
        numbers = {offer: n for n, offer in reversed(list(enumerate(offers, 1)))}
        return pages.View(
            numbers if state.get("numbers") else {},
            lambda row, place: self._links.address(row, place, given),
            int(LIVES.total_seconds() // 3600),
        )


def _message(page: Page) -> Outgoing | None:
    try:
        return Outgoing.from_body(page.body)
    except (KeyError, TypeError, ValueError):
        return None


def _messages(found: list[Page]) -> list[tuple[int, Outgoing]]:
    return [(page.id, message) for page in found if (message := _message(page))]
