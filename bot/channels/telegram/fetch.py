"""Fetches the files that came over Telegram, beside the messages: nobody waits for another one's file."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from functools import partial

from sqlalchemy import Connection
from telegram import Bot
from telegram.error import BadRequest, RetryAfter, TelegramError

from bot.app import App
from bot.assistant import Runner
from bot.channels.delivery import waits
from bot.channels.telegram.hear import FILE_BYTES
from bot.channels.telegram.intake import Intake
from bot.channels.telegram.platform import CHANNEL, seconds_of
from bot.core.messages import IncomingFile
from bot.documents.store import drop_incoming, store_incoming
from storage.connections.database import StorageUnavailable, transaction
from storage.conversations import downloads
from storage.conversations.downloads import Download

log = logging.getLogger("bot")

AT_ONCE = 4  # files
TRY_SECONDS = 20.0  # for one try
ALL_SECONDS = 60.0  # for all tries at one file
LOOK_SECONDS = 2.0  # how often what another process noted is looked for


class TooLarge(Exception):
    """It is larger than the platform said."""


class Fetcher:
    """Fetches what is noted: a person's files one after the other, a few people's at once."""

    def __init__(
        self, app: App, runner: Runner, bot: Bot, account: str, holds: Callable[[], Awaitable[bool]]
    ) -> None:
        self._app = app
        self._runner = runner
        self._bot = bot
        self._account = account
        self._holds = holds
        self._wake = asyncio.Event()
        self._room = asyncio.Semaphore(AT_ONCE)
        self._people: dict[str, asyncio.Task[None]] = {}

    def wake(self) -> None:
        """Something was noted."""
        self._wake.set()

    async def run(self, intake: Intake) -> None:
        """Fetch for ever what was noted, here, before the start, or by another process that polls nothing.

        Raises:
            StorageUnavailable: the database cannot be read.
        """
        while True:
            self._wake.clear()
            found = await self._runner.run(self._waiting) if await self._holds() else {}
            for sender, waiting in found.items():
                if sender not in self._people:
                    task = asyncio.create_task(self._all_of(waiting, intake))
                    self._people[sender] = task
                    task.add_done_callback(partial(self._over, sender))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._wake.wait()

    def _over(self, sender: str, _: object) -> None:
        self._people.pop(sender, None)
        self._wake.set()  # more may have come meanwhile

    def _waiting(self) -> dict[str, list[Download]]:
        found: dict[str, list[Download]] = {}
        with transaction(self._app.engine, read_only=True) as connection:
            for one in downloads.waiting(connection, CHANNEL, self._account):
                found.setdefault(one.address.sender, []).append(one)
        return found

    async def stop(self) -> None:
        """Give up what is under way; it is noted, so it is fetched after the next start."""
        for task in list(self._people.values()):
            task.cancel()
        await asyncio.gather(*self._people.values(), return_exceptions=True)

    async def _all_of(self, waiting: list[Download], intake: Intake) -> None:
        for one in waiting:
            for wait in waits():
                try:
                    await self._one(one, intake)
                    break
                except StorageUnavailable:
                    log.warning("storage unavailable; a file waits")
                    await asyncio.sleep(wait)
                except Exception as error:  # noqa: BLE001 - no file may block the next
                    log.error("a file is passed over: %s", type(error).__qualname__)
                    await self._runner.write(partial(_done, one))
                    break

    async def _one(self, one: Download, intake: Intake) -> None:
        text = self._app.keys.open(one.said) or ""
        sender, message_id = one.address.sender, one.message_id
        file: IncomingFile | None = None
        try:
            async with self._room:
                file = await self._fetch(one)
            await intake.fetched(sender, message_id, text, file)
        except TooLarge:
            await intake.too_large(sender, message_id)
        finally:  # what is wanted of it was kept elsewhere before the message was applied
            await asyncio.to_thread(drop_incoming, file)
        await self._runner.write(partial(_done, one))

    async def _fetch(self, one: Download) -> IncomingFile | None:
        """Download and store a file (https://core.telegram.org/bots/api#getfile); None when it cannot be had.

        Raises:
            TooLarge: as its name says.
            StorageUnavailable: it could not be written.
        """
        try:
            async with asyncio.timeout(ALL_SECONDS):
                content = await self._tries(one.file_id)
        except (BadRequest, TimeoutError):
            return None
        folder = self._app.settings.data_dir
        try:
            return await asyncio.to_thread(store_incoming, one.name, content, folder)
        except OSError as error:
            raise StorageUnavailable("BOT_DATA_DIR") from error

    async def _tries(self, file_id: str) -> bytes:
        for wait in waits():
            try:
                async with asyncio.timeout(TRY_SECONDS):
                    found = await self._bot.get_file(file_id)
                    if (found.file_size or 0) > FILE_BYTES:
                        raise TooLarge
                    content = bytes(await found.download_as_bytearray())
            except BadRequest:
                raise
            except RetryAfter as error:
                await asyncio.sleep(seconds_of(error))
                continue
            except (TelegramError, TimeoutError):
                await asyncio.sleep(wait)
                continue
            if len(content) > FILE_BYTES:
                raise TooLarge
            return content
        raise AssertionError("waits never end")


def _done(one: Download, connection: Connection) -> None:
    downloads.done(connection, one.id)
