"""A clean chat: one live message a step, edited in place, and no keyboards of steps that are over.

What is kept here is a courtesy: after a restart a message is sent anew instead of edited, and an old
keyboard stays until it is pressed, which is refused then.
"""

from __future__ import annotations

import logging
import re
from collections import OrderedDict
from typing import TypeVar

from telegram import Bot, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.error import BadRequest, TelegramError

from bot.core.messages import Choice

log = logging.getLogger("bot")

MOST_CHATS = 10_000  # remembered at once; the oldest go
_STEP = re.compile(r"s([0-9]{1,18}):")
_AT = re.compile(r"c[^-]*-([0-9]{1,18})", re.A)  # the id of a pressed button's message, as it is heard

Kept = TypeVar("Kept")


def step_of(choices: tuple[Choice, ...]) -> int | None:
    """The step that some of the buttons belong to; None where all of them work at any time."""
    found = (_STEP.match(choice.token) for choice in choices)
    return next((int(step[1]) for step in found if step), None)


class LiveMessages:
    """Sends texts, each in place of the message whose button it answers where that is the chat's last one."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._live: OrderedDict[int, tuple[int, int]] = OrderedDict()  # chat → message and its step
        self._edited: OrderedDict[int, str] = OrderedDict()  # chat → the press that was answered in place

    async def say(
        self,
        chat: int,
        text: str,
        keyboard: InlineKeyboardMarkup | None,
        *,
        step: int | None,
        serial: int,
        answers: str | None,
    ) -> None:
        """Send it, or edit it in (https://core.telegram.org/bots/api#editmessagetext).

        `step` is that of its own buttons, `serial` the conversation's now; `answers` is what it answers.

        Raises:
            TelegramError: it did not arrive.
        """
        pressed = _AT.fullmatch(answers or "")
        at = int(pressed[1]) if pressed and self._edited.get(chat) != answers else None
        live = self._live.get(chat)
        off = LinkPreviewOptions(is_disabled=True)
        if at is not None and live is not None and live[0] == at:
            try:
                await self._bot.edit_message_text(
                    text, chat, at, reply_markup=keyboard, link_preview_options=off
                )
            except BadRequest as error:
                if "not modified" not in error.message.lower():
                    at = None  # too old, or gone: it is sent
            if at is not None:  # tried again, it is edited again: that changes nothing
                self._keep(self._edited, chat, answers or "")
                self._now(chat, at, step)
                return
        sent = await self._bot.send_message(chat, text, reply_markup=keyboard, link_preview_options=off)
        if at is not None:
            await self._bare(chat, at)
        if live is not None and live[0] != at and (step is not None or live[1] != serial):
            await self._bare(chat, live[0])
            self._live.pop(chat, None)
        if step is not None:
            self._now(chat, sent.message_id, step)

    def _now(self, chat: int, message: int, step: int | None) -> None:
        if step is None:
            self._live.pop(chat, None)
        else:
            self._keep(self._live, chat, (message, step))

    @staticmethod
    def _keep(kept: OrderedDict[int, Kept], chat: int, value: Kept) -> None:
        kept[chat] = value
        kept.move_to_end(chat)
        if len(kept) > MOST_CHATS:
            kept.popitem(last=False)

    async def _bare(self, chat: int, message: int) -> None:
        """Take the keyboard off a message whose step is over."""
        try:
            await self._bot.edit_message_reply_markup(chat, message)
        except TelegramError as error:
            log.info("keyboard not removed: %s", type(error).__qualname__)
