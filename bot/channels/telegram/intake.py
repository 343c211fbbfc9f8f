"""From a raw Telegram update to `Incoming`, applied once and in order within a chat."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from weakref import WeakValueDictionary

from telegram import Bot, Message, Update
from telegram.constants import ChatType
from telegram.error import TelegramError
from telegram.ext import filters

from bot.app import App
from bot.assistant import Runner
from bot.channels.delivery import waits
from bot.channels.telegram.platform import CHANNEL
from bot.core import input_limits
from bot.core.messages import Incoming, IncomingFile, Outgoing
from bot.core.render import render, words
from bot.documents.store import safe_name
from storage.address import Address
from storage.connections.database import StorageUnavailable, transaction
from storage.conversations import downloads, messages, reach
from storage.people import people

log = logging.getLogger("bot")

FILE_MEGABYTES = 10  # the largest file taken
FILE_BYTES = FILE_MEGABYTES * 1024 * 1024
MOST_WAITING = 10  # files of one person that are still to be fetched
TRIES = 3  # for an update that we fail on


@dataclass(frozen=True)
class Offered:
    """A document or photograph that can be downloaded. `size` in bytes, 0 when not told."""

    file_id: str
    name: str
    size: int

    @classmethod
    def of(cls, message: Message) -> Offered | None:
        """Find what came with the message; of a photograph the largest that may be taken."""
        if document := message.document:
            return cls(document.file_id, document.file_name or "file", document.file_size or 0)
        if not message.photo:
            return None
        sizes = sorted(message.photo, key=lambda p: p.width * p.height)
        fits = [p for p in sizes if (p.file_size or 0) <= FILE_BYTES] or sizes[:1]
        name = words("telegram/messages.photo_name")
        return cls(fits[-1].file_id, f"{name}.jpg", fits[-1].file_size or 0)


@dataclass(frozen=True)
class Heard:
    """What a private chat said: a text, a pressed button or a file."""

    id: str
    sender: str
    text: str = ""
    choice: str | None = None
    file: Offered | None = None
    query: str | None = None  # the callback query to answer


def hear(raw: Any, bot: Bot | None = None) -> Heard | None:
    """Tell what an update says; None for updates that ask nothing of us.

    Groups, edits and service messages ask nothing. A sticker or a voice without caption is a message
    without text. https://core.telegram.org/bots/api#update

    Raises:
        Exception: whatever the parser raises on a malformed update.

    """
    update = Update.de_json(raw, bot)
    if query := update.callback_query:
        if query.message is not None and query.message.chat.type != ChatType.PRIVATE:
            return None
        return Heard(f"c{query.id}", _number(query.from_user.id), choice=query.data or "", query=query.id)
    message = update.message
    if message is None or message.chat.type != ChatType.PRIVATE or message.from_user is None:
        return None
    if filters.StatusUpdate.ALL.check_update(update):
        return None
    text = message.text or message.caption or ""
    if not isinstance(text, str):
        raise TypeError("text")
    sender = _number(message.from_user.id)
    return Heard(f"m{_number(message.message_id)}", sender, text, file=Offered.of(message))


def _number(value: object) -> str:
    if not isinstance(value, int):
        raise TypeError("id")
    return str(value)


def update_id(raw: object) -> int | None:
    """Find the number of an update, malformed or not."""
    found = raw.get("update_id") if isinstance(raw, dict) else None
    return found if isinstance(found, int) else None


class Intake:
    """Applies updates. `applied` is called after every commit, to send the replies.

    Files leave the order of messages: one is noted, acknowledged, and `fetch_later` is told.
    """

    def __init__(
        self,
        app: App,
        runner: Runner,
        bot: Bot,
        account: str,
        now: Callable[[], datetime],
        applied: Callable[[], None],
        fetch_later: Callable[[], None],
    ) -> None:
        self._app = app
        self._runner = runner
        self._bot = bot
        self._account = account
        self._now = now
        self._applied = applied
        self._fetch_later = fetch_later
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._answers: set[asyncio.Task[None]] = set()

    async def take(self, raw: object) -> None:
        """Apply one raw update; when this returns it may be acknowledged.

        A malformed update is logged by its number and passed over; so is, after a few tries, one
        that we fail on.

        Raises:
            StorageUnavailable: nothing was written; it must not be acknowledged.

        """
        number = update_id(raw)
        try:
            heard = hear(raw, self._bot)
        except Exception as error:  # noqa: BLE001 - whatever is sent may be malformed
            log.warning("telegram update %s is malformed: %s", number, type(error).__qualname__)
            return
        if heard is None:
            return
        turn = self._turns.setdefault(heard.sender, asyncio.Lock())
        async with turn:
            for tried, wait in enumerate(waits(), 1):
                try:
                    await self._apply(heard)
                    break
                except StorageUnavailable:
                    raise
                except Exception as error:  # noqa: BLE001 - not even the incident could be recorded
                    log.error("telegram update %s: %s", number, type(error).__qualname__)
                    if tried == TRIES:
                        log.error("telegram update %s is passed over", number)
                        return
                    await asyncio.sleep(wait)
        self._applied()
        if heard.query:
            answer = asyncio.create_task(self._answer(heard.query))
            self._answers.add(answer)
            answer.add_done_callback(self._answers.discard)

    async def close(self) -> None:
        """Give up answers to button presses that are under way; they are a courtesy."""
        for answer in list(self._answers):
            answer.cancel()
        await asyncio.gather(*self._answers, return_exceptions=True)

    async def _answer(self, query: str) -> None:
        try:
            await self._bot.answer_callback_query(query)
        except TelegramError as error:
            log.info("callback query not answered: %s", type(error).__qualname__)

    async def _apply(self, heard: Heard) -> None:
        incoming = Incoming(self._address(heard.sender), heard.id, self._now(), heard.text, heard.choice)
        if heard.file is None:
            await self._say(incoming, None)
        elif not await self._runner.run(lambda: self._may_send(incoming.address)):
            # It is not fetched: nobody would look at it.
            await self._say(replace(incoming, file=IncomingFile(heard.file.name, "", heard.file.size)), None)
        elif heard.file.size > FILE_BYTES:
            await self._say(incoming, "large")
        elif reason := input_limits.text_refusal(heard.text):
            await self._say(incoming, None, render("problem/door.j2", reason=reason))
        elif await self._note(incoming, heard.file):
            self._fetch_later()
        else:
            await self._say(incoming, "many")

    def _address(self, sender: str) -> Address:
        return Address(CHANNEL, self._account, sender)

    def _may_send(self, address: Address) -> bool:
        if not self._app.settings.telegram_personal:
            return False
        with transaction(self._app.engine, read_only=True) as connection:
            return bool(people.roles_at(connection, address))

    async def _note(self, incoming: Incoming, file: Offered) -> bool:
        """Note it with the message, which may be acknowledged then; False when too many wait already."""
        what = (file.file_id, safe_name(file.name), file.size)
        said = self._app.keys.seal(incoming.text) if incoming.text else ""
        at = (incoming.address, incoming.id, what, said, incoming.now, MOST_WAITING)
        return await self._runner.write(lambda connection: downloads.note(connection, *at))

    async def fetched(self, sender: str, message_id: str, text: str, file: IncomingFile | None) -> None:
        """Apply a message whose file was fetched; without one it could not be had, or was too large.

        Raises:
            StorageUnavailable: nothing was written.
        """
        incoming = Incoming(self._address(sender), message_id, self._now(), text, None, file)
        async with self._turns.setdefault(sender, asyncio.Lock()):
            await self._say(incoming, None if file else "lost")
        self._applied()

    async def too_large(self, sender: str, message_id: str) -> None:
        """Say that a file turned out to be too large.

        Raises:
            StorageUnavailable: nothing was written.
        """
        incoming = Incoming(self._address(sender), message_id, self._now())
        await self._say(incoming, "large")
        self._applied()

    async def _say(self, incoming: Incoming, no_file: str | None, refused: Outgoing | None = None) -> None:
        if no_file:
            refused = render("telegram/file.j2", reason=no_file, limit=FILE_MEGABYTES)
        if refused is None and (reason := input_limits.refusal(incoming)):
            refused = render("problem/door.j2", reason=reason)
        if refused is None:
            await self._runner.handle(incoming)
            return
        said = refused
        await self._runner.run(lambda: self._refuse(incoming, said))

    def _refuse(self, incoming: Incoming, said: Outgoing) -> None:
        """Say it once: the door keeps nothing of what it refuses, so only the id is stored."""
        with transaction(self._app.engine) as connection:
            turn_id = messages.begin(connection, incoming.address, incoming.id, None, incoming.now)
            if turn_id is not None:
                messages.enqueue(connection, incoming.address, [said.body()], incoming.now, turn_id)
                reach.heard(connection, incoming.address)
