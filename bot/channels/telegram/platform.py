"""How a message looks on Telegram, and what the platform's refusals mean."""

from __future__ import annotations

import asyncio
import logging
import unicodedata
from datetime import timedelta
from functools import partial

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, RetryAfter, TelegramError

from bot.app import App
from bot.channels.delivery import Parcel, Part, Refusal
from bot.channels.telegram.live import LiveMessages, step_of
from bot.core.channel_limits import channel_of, fit
from bot.core.messages import Choice, FileRef, Outgoing
from bot.core.security import at_rest
from bot.documents.store import safe_name
from storage.address import Address
from storage.connections.database import transaction
from storage.conversations import outbox
from storage.conversations.messages import Waiting

log = logging.getLogger("bot")

CHANNEL, GROUPS = "telegram", "telegram-group"
TOKEN_BYTES = 64  # callback_data, https://core.telegram.org/bots/api#inlinekeyboardbutton
LABEL_LONGEST = 64  # characters; longer ones are cut in the middle of nowhere by the apps
KEYBOARD_MOST = 100  # buttons; the platform refuses more
ROW_MOST, ROW_WIDTH = 3, 28  # buttons in a row, and their columns (a Chinese character takes two)


def seconds_of(error: RetryAfter) -> float:
    """How long the platform asks to wait."""
    told = error.retry_after
    return told.total_seconds() if isinstance(told, timedelta) else float(told)


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


class Platform:
    """One bot account: what waits for whom, how it is sent, what the platform's refusals mean."""

    channel = CHANNEL

    def __init__(self, app: App, bot: Bot, account: str) -> None:
        self.account = account
        self._app = app
        self._bot = bot
        self._live = LiveMessages(bot)

    def waiting(self, busy: frozenset[str]) -> list[str]:
        """Whom something waits for. Where only questions are answered, what is no answer is refused."""
        answers_only = not self._app.settings.telegram_personal  # what is no answer is about somebody
        with transaction(self._app.engine, read_only=True) as connection:
            pushes = answers_only and outbox.has_pushes(connection, self.channel, self.account)
        if pushes:
            with transaction(self._app.engine) as connection:
                outbox.refuse_pushes(connection, self.channel, self.account, "policy only")
        with transaction(self._app.engine, read_only=True) as connection:
            return outbox.senders_waiting(connection, self.channel, self.account, skip=busy)

    def parcels(self, sender: str) -> list[Parcel]:
        """The next messages of a chat, each a parcel of its own."""
        address = Address(self.channel, self.account, sender)
        with transaction(self._app.engine, read_only=True) as connection:
            rows = outbox.next_waiting(connection, address)
            talk = outbox.talk_of(connection, address)
        return [self._parcel(row, talk.serial if talk else 0) for row in rows]

    def _parcel(self, row: Waiting, serial: int) -> Parcel:
        try:
            message = at_rest.from_body(row.body, self._app.keys)
            return Parcel((row.id,), tuple(self._parts(row, message, serial)))
        except (KeyError, TypeError, ValueError) as error:
            return Parcel((row.id,), broken=f"unreadable: {type(error).__qualname__}")

    def means(self, error: Exception) -> Refusal | None:
        """https://core.telegram.org/bots/api#making-requests: errors bear a number and a description."""
        if isinstance(error, RetryAfter):
            return Refusal("again", "RetryAfter", wait=seconds_of(error))
        if isinstance(error, Forbidden):
            # Somebody who deleted the account never comes back; who blocked the bot may.
            gone = "deactivated" in error.message
            return Refusal("never", "deactivated") if gone else Refusal("person", "blocked", 403)
        if isinstance(error, BadRequest | ChatMigrated):
            return Refusal("never", f"refused: {error.message}")
        if isinstance(error, InvalidToken):
            return Refusal("account", "token", 401)
        return Refusal("again", type(error).__qualname__) if isinstance(error, TelegramError) else None

    def _parts(self, row: Waiting, message: Outgoing, serial: int) -> list[Part]:
        """List the requests that deliver a row, in order; buttons go with the last text."""
        chat = int(row.address.sender)
        *before, last = fit(message, channel_of(self.channel))
        said = [piece for piece in (*before, last) if piece.text]
        parts: list[Part] = [
            partial(
                self._live.say,
                chat,
                piece.text,
                _keyboard(piece.choices),
                step=step_of(piece.choices),
                serial=serial,
                answers=row.answers if number == 0 else None,
            )
            for number, piece in enumerate(said)
        ]
        for number, ref in enumerate(last.files, 1):
            alone = not last.text and number == len(last.files)
            parts.append(self._document(chat, ref, last.choices if alone else ()))
        return parts

    def _document(self, chat: int, ref: FileRef, choices: tuple[Choice, ...]) -> Part:
        """sendDocument, multipart: https://core.telegram.org/bots/api#senddocument."""
        markup = _keyboard(choices)

        async def send() -> None:
            content = await asyncio.to_thread(self._app.files.content, ref)
            await self._bot.send_document(chat, content, filename=safe_name(ref.name), reply_markup=markup)

        return send


class Groups(Platform):
    """Groups: answers to what was addressed to the bot, as plain text, without buttons and files."""

    channel = GROUPS

    def _parts(self, row: Waiting, message: Outgoing, serial: int) -> list[Part]:
        """List the requests that deliver the words of a row."""
        off = LinkPreviewOptions(is_disabled=True)
        chat = int(row.address.sender)
        pieces = fit(Outgoing(message.text), channel_of(self.channel))
        return [
            partial(self._bot.send_message, chat, piece.text, link_preview_options=off)
            for piece in pieces
            if piece.text
        ]
