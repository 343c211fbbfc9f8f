"""From what was heard on Telegram to `Incoming`, applied once and in order within a chat."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any
from weakref import WeakValueDictionary

from sqlalchemy import Connection
from telegram import Bot
from telegram.constants import ChatAction
from telegram.error import TelegramError

from bot.app import App
from bot.assistant import Runner
from bot.channels.delivery import waits
from bot.channels.telegram.commands import Commands
from bot.channels.telegram.hear import FILE_BYTES, FILE_MEGABYTES, Heard, Offered, hear, update_id
from bot.channels.telegram.platform import CHANNEL, GROUPS
from bot.core import input_limits
from bot.core.messages import Incoming, IncomingFile, Outgoing
from bot.core.render import render
from bot.core.security import one_time_code
from bot.documents.store import safe_name
from storage.address import Address
from storage.connections.database import StorageUnavailable, transaction
from storage.conversations import downloads, messages, outbox, reach
from storage.people import people

log = logging.getLogger("bot")

MOST_WAITING = 10  # files of one person that are still to be fetched
TRIES = 3  # for an update that we fail on
QUICK_SECONDS = 0.3  # what takes longer is shown as being typed


class Intake:
    """Applies updates. `applied` is called after every commit, to send the replies.

    Files leave the order of messages: one is noted, acknowledged, and `fetch_later` is told. `name` is the
    bot's own, known once the platform was reached.
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
        commands: Commands,
    ) -> None:
        self._app = app
        self._runner = runner
        self._bot = bot
        self._account = account
        self._now = now
        self._applied = applied
        self._fetch_later = fetch_later
        self._commands = commands
        self._turns: WeakValueDictionary[tuple[str, bool], asyncio.Lock] = WeakValueDictionary()
        self._answers: set[asyncio.Task[None]] = set()
        self.name = ""

    async def take(self, raw: object) -> None:
        """Apply one raw update; when this returns it may be acknowledged.

        A malformed update is logged by its number and passed over; so is, after a few tries, one
        that we fail on.

        Raises:
            StorageUnavailable: nothing was written; it must not be acknowledged.

        """
        number = update_id(raw)
        try:
            heard = hear(raw, self._bot, self.name)
        except Exception as error:  # noqa: BLE001 - whatever is sent may be malformed
            log.warning("telegram update %s is malformed: %s", number, type(error).__qualname__)
            return
        if heard is None:
            return
        typing = self._beside(self._types(heard.sender)) if not heard.silent else None
        try:
            async with self._turn_of(heard.sender, heard.group):
                await self._take(heard, number)
        finally:
            if typing:
                typing.cancel()
        if heard.query:
            self._beside(self._answer(heard.query))

    def _turn_of(self, sender: str, group: bool) -> asyncio.Lock:
        return self._turns.setdefault((sender, group), asyncio.Lock())

    async def _take(self, heard: Heard, number: int | None) -> None:
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

    def _beside(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)
        return task

    async def close(self) -> None:
        """Give up courtesies that are under way: ended spinners, the sign of typing."""
        for answer in list(self._answers):
            answer.cancel()
        await asyncio.gather(*self._answers, return_exceptions=True)

    async def _answer(self, query: str) -> None:
        try:
            await self._bot.answer_callback_query(query)
        except TelegramError as error:
            log.info("callback query not answered: %s", type(error).__qualname__)

    async def _types(self, chat: str) -> None:
        """Show that an answer is being written, once it takes a while."""
        await asyncio.sleep(QUICK_SECONDS)
        try:
            await self._bot.send_chat_action(int(chat), ChatAction.TYPING)
        except TelegramError as error:
            log.info("chat action not shown: %s", type(error).__qualname__)

    async def _apply(self, heard: Heard) -> None:
        if heard.silent:
            return
        address = self._address(heard.sender, heard.group)
        if heard.left is not None:
            await self._runner.write(partial(_left, address, heard.left, self._now()))
            return
        first = partial(_first_of, address, heard.album, heard.id, self._now())
        if heard.file and heard.album and not await self._runner.write(first):
            if await self._runner.run(lambda: self._may_send(address)):  # the others of it are passed over
                await self._say(Incoming(address, f"h{heard.album}"[:128], self._now()), "album")
            return
        known = (heard.id, self._now(), heard.text, heard.choice)
        incoming = Incoming(address, *known, edited=heard.edited)
        if heard.file is None:
            await self._without_file(incoming, heard)
        elif heard.edited:  # it was fetched when it came
            await self._without_file(replace(incoming, text=""), replace(heard, kind="edited"))
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

    async def _without_file(self, incoming: Incoming, heard: Heard) -> None:
        """A text or a button; what is neither is named."""
        if heard.kind and not incoming.text.strip():
            await self._say(incoming, None, render("telegram/kind.j2", kind=heard.kind))
        else:
            await self._say(incoming, None)
            if not heard.group and _is_about_roles(heard):
                self._beside(self._offer(incoming.address))

    async def _offer(self, address: Address) -> None:
        """Offer the commands that go with what the person may do now."""
        try:
            roles = await self._runner.run(lambda: self._roles(address))
        except StorageUnavailable:
            return
        office, contact = any(r.office for r in roles), any(r.institution_id is not None for r in roles)
        await self._commands.for_chat(int(address.sender), office=office, contact=contact)

    def _roles(self, address: Address) -> list[people.Membership]:
        with transaction(self._app.engine, read_only=True) as connection:
            return people.roles_at(connection, address)

    def _address(self, sender: str, group: bool = False) -> Address:
        return Address(GROUPS if group else CHANNEL, self._account, sender)

    def _may_send(self, address: Address) -> bool:
        if not self._app.settings.telegram_personal:
            return False
        return bool(self._roles(address))

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
        async with self._turn_of(sender, False):
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
        await self._runner.write(partial(_refuse, incoming, refused))


def _is_about_roles(heard: Heard) -> bool:
    """Whether the person's roles may be others afterwards."""
    pressed = (heard.choice or "").startswith(("bind.", "mates.", "account."))
    return pressed or one_time_code.code_in(heard.text) is not None


def _refuse(incoming: Incoming, said: Outgoing, connection: Connection) -> None:
    """Say it once: the door keeps nothing of what it refuses, so only the id is stored."""
    turn_id = messages.begin(connection, incoming.address, incoming.id, None, incoming.now)
    if turn_id is not None:
        messages.enqueue(connection, incoming.address, [said.body()], incoming.now, turn_id)
        reach.heard(connection, incoming.address)


def _first_of(address: Address, album: str, message_id: str, now: datetime, connection: Connection) -> bool:
    """Whether a file is the first of those sent together; the same one again is."""
    mark = f"g{album}-"[:64]
    found = outbox.latest(connection, address, (mark,))
    if found is None:
        messages.begin(connection, address, mark + message_id, None, now)
    return found is None or found.message_id == mark + message_id


def _left(address: Address, gone: bool, now: datetime, connection: Connection) -> None:
    if gone:
        reach.refuse_person(connection, address, "blocked", None, now)
    else:
        reach.heard(connection, address)
