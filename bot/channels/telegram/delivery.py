"""Delivers the outbox on Telegram: in order per chat, at least once, none held up by another."""

from __future__ import annotations

import asyncio
import logging
import unicodedata
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta
from itertools import groupby

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.error import BadRequest, ChatMigrated, Forbidden, RetryAfter, TelegramError

from bot.app import App
from bot.assistant import Runner
from bot.core.channel_limits import channel_of, fit
from bot.core.messages import Choice, FileRef
from bot.core.security import at_rest
from bot.documents.store import safe_name
from storage.connections.database import StorageUnavailable, transaction
from storage.conversations import messages, outbox
from storage.conversations.messages import Waiting

log = logging.getLogger("bot")

CHANNEL = "telegram"
TOKEN_BYTES = 64  # callback_data, https://core.telegram.org/bots/api#inlinekeyboardbutton
LABEL_LONGEST = 64  # characters; longer ones are cut in the middle of nowhere by the apps
KEYBOARD_MOST = 100  # buttons; the platform refuses more
ROW_MOST, ROW_WIDTH = 3, 28  # buttons in a row, and their columns (a Chinese character takes two)
AT_ONCE = 20  # requests under way; the platform takes about 30 messages a second
LOOK_SECONDS = 2.0  # how often pushes written by other processes are looked for
FIRST_WAIT, LONGEST_WAIT = 0.5, 60.0  # seconds between tries
GRACE_SECONDS = 3.0  # for requests under way when the process stops

Part = Callable[[], Awaitable[object]]


class _Stopped(Exception):
    """The process stops; what was not delivered stays in the outbox."""


def waits() -> Iterator[float]:
    """Seconds to wait before each further try, doubling up to a minute."""
    wait = FIRST_WAIT
    while True:
        yield wait
        wait = min(wait * 2, LONGEST_WAIT)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _short(label: str) -> str:
    return label if len(label) <= LABEL_LONGEST else label[: LABEL_LONGEST - 1] + "…"


def rows(choices: tuple[Choice, ...]) -> list[list[Choice]]:
    """Choices laid out: two or three short ones in a row, long ones alone.

    Buttons of a row are equally wide, so the widest label counts for each. A token that does not
    fit callback data is left out: sent, it would make the platform refuse the whole message.
    """
    laid: list[list[Choice]] = []
    widest = 0
    for choice in choices[:KEYBOARD_MOST]:
        if not 0 < len(choice.token.encode()) <= TOKEN_BYTES:
            log.error("a button's token is longer than %d bytes", TOKEN_BYTES)
            continue
        shown = Choice(_short(choice.label), choice.token)
        widest = max(widest, _width(shown.label))
        if laid and len(laid[-1]) < ROW_MOST and (len(laid[-1]) + 1) * widest <= ROW_WIDTH:
            laid[-1].append(shown)
        else:
            laid.append([shown])
            widest = _width(shown.label)
    return laid


def _keyboard(choices: tuple[Choice, ...]) -> InlineKeyboardMarkup | None:
    laid = rows(choices)
    if not laid:
        return None
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(c.label, callback_data=c.token) for c in row] for row in laid]
    )


class Delivery:
    """Sends what waits in the outbox of one bot account.

    `wake` is set after every turn, so that a reply leaves at once. `holds` tells whether this
    process is the one of several to send.
    """

    def __init__(
        self,
        app: App,
        runner: Runner,
        bot: Bot,
        account: str,
        now: Callable[[], datetime],
        holds: Callable[[], Awaitable[bool]],
    ) -> None:
        self.wake = asyncio.Event()
        self._app = app
        self._runner = runner
        self._bot = bot
        self._account = account
        self._now = now
        self._holds = holds
        self._stopping = asyncio.Event()
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._chats: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Deliver until cancelled. Raises StorageUnavailable when the outbox cannot be read."""
        while True:
            self.wake.clear()
            if await self._holds():
                await self._look()
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self.wake.wait()
            except TimeoutError:
                pass

    async def stop(self) -> None:
        """Let requests under way end, for a few seconds; the rest stays in the outbox."""
        self._stopping.set()
        tasks = list(self._chats.values())
        if tasks:
            await asyncio.wait(tasks, timeout=GRACE_SECONDS)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _look(self) -> None:
        busy = frozenset(self._chats)
        found = await self._runner.run(lambda: self._waiting(busy))
        found.sort(key=lambda row: (row.address.sender, row.id))
        for sender, group in groupby(found, key=lambda row: row.address.sender):
            self._chats[sender] = asyncio.create_task(self._chat(sender, list(group)))

    def _waiting(self, busy: frozenset[str]) -> list[Waiting]:
        answers_only = not self._app.settings.telegram_personal  # what is no answer is about somebody
        with transaction(self._app.engine, read_only=True) as connection:
            pushes = answers_only and outbox.has_pushes(connection, CHANNEL, self._account)
        if pushes:
            with transaction(self._app.engine) as connection:
                outbox.refuse_pushes(connection, CHANNEL, self._account, "policy only")
        with transaction(self._app.engine, read_only=True) as connection:
            return messages.waiting(connection, CHANNEL, self._account, skip=busy)

    async def _chat(self, sender: str, waiting: list[Waiting]) -> None:
        try:
            for row in waiting:
                await self._deliver(row)
        except _Stopped:
            pass
        except Exception as error:  # noqa: BLE001 - no fault may end the loop
            log.error("telegram delivery: %s", type(error).__qualname__)
            await asyncio.sleep(LOOK_SECONDS)  # never spin on a fault of ours
        finally:
            del self._chats[sender]
            self.wake.set()  # more may have come for this chat

    async def _deliver(self, row: Waiting) -> None:
        failed: str | None = None
        try:
            parts = self._parts(row)
        except (KeyError, TypeError, ValueError) as error:
            parts, failed = [], f"unreadable: {type(error).__qualname__}"
        for part in parts:  # each is sent once by this process, however often a later one is tried
            failed = await self._send(row.id, part)
            if failed:
                break
        if failed:
            log.warning("outbox %d not deliverable: %s", row.id, failed.split(":")[0])
        for wait in waits():  # it is sent: only the note may be tried again
            try:
                return await self._runner.run(lambda: self._mark(row.id, failed))
            except StorageUnavailable:
                await self._pause(wait)

    def _mark(self, outbox_id: int, failed: str | None) -> None:
        with transaction(self._app.engine) as connection:
            messages.mark_sent(connection, outbox_id, self._now(), failed[:64] if failed else None)

    async def _send(self, outbox_id: int, part: Part) -> str | None:
        """Send until taken (None) or refused for good (the reason). Waits as long as it takes."""
        for wait in waits():
            try:
                async with self._at_once:
                    await part()
                return None
            except RetryAfter as error:
                told = error.retry_after
                wait = told.total_seconds() if isinstance(told, timedelta) else float(told)
            except Forbidden:
                return "blocked"
            except (BadRequest, ChatMigrated) as error:
                return f"refused: {error.message}"
            except (TelegramError, StorageUnavailable) as error:
                log.warning("outbox %d: %s; trying again", outbox_id, type(error).__qualname__)
            except Exception as error:  # noqa: BLE001 - no fault may end the loop
                return f"fault: {type(error).__qualname__}"
            await self._pause(wait)
        raise AssertionError("waits() never ends")

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return
        raise _Stopped

    def _parts(self, row: Waiting) -> list[Part]:
        """List the requests that deliver a row, in order; buttons go with the last text."""
        chat = int(row.address.sender)
        *before, last = fit(at_rest.from_body(row.body, self._app.keys), channel_of(CHANNEL))
        parts = [self._text(chat, piece.text, ()) for piece in before]
        if last.text:
            parts.append(self._text(chat, last.text, last.choices))
        for number, ref in enumerate(last.files, 1):
            alone = not last.text and number == len(last.files)
            parts.append(self._document(chat, ref, last.choices if alone else ()))
        return parts

    def _text(self, chat: int, text: str, choices: tuple[Choice, ...]) -> Part:
        """sendMessage, plain text: https://core.telegram.org/bots/api#sendmessage."""
        off = LinkPreviewOptions(is_disabled=True)
        markup = _keyboard(choices)
        return lambda: self._bot.send_message(chat, text, reply_markup=markup, link_preview_options=off)

    def _document(self, chat: int, ref: FileRef, choices: tuple[Choice, ...]) -> Part:
        """sendDocument, multipart: https://core.telegram.org/bots/api#senddocument."""
        markup = _keyboard(choices)

        async def send() -> None:
            content = await asyncio.to_thread(self._app.files.content, ref)
            await self._bot.send_document(chat, content, filename=safe_name(ref.name), reply_markup=markup)

        return send
