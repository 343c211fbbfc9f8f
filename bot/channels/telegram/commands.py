"""The commands that Telegram offers behind `/`, by what somebody may do."""

from __future__ import annotations

import logging
from collections.abc import Collection

from telegram import Bot, BotCommand, BotCommandScopeAllPrivateChats, BotCommandScopeChat, MenuButtonCommands
from telegram.error import TelegramError

from bot.core.render import words

log = logging.getLogger("bot")

EVERYBODY = ("menu", "help", "back", "cancel")
CONTACT = ("report", *EVERYBODY)
OFFICE = ("workbench", *EVERYBODY)


def named(names: Collection[str]) -> list[BotCommand]:
    """The commands with what they do, as the platform wants them."""
    return [BotCommand(name, words("telegram/messages.command", {"of": name})) for name in names]


class Commands:
    """Sets the commands of everybody once, those of a chat when its roles are others."""

    def __init__(self, bot: Bot, policy_only: bool) -> None:
        self._bot = bot
        self._policy_only = policy_only

    async def for_everybody(self) -> None:
        """https://core.telegram.org/bots/api#setmycommands."""
        names = ("menu", "help") if self._policy_only else CONTACT
        await self._bot.set_my_commands(named(names), BotCommandScopeAllPrivateChats())
        await self._bot.set_chat_menu_button(menu_button=MenuButtonCommands())

    async def for_chat(self, chat: int, *, office: bool, contact: bool) -> None:
        """Set those of a chat; a courtesy: what goes wrong changes nothing."""
        names = [*(OFFICE[:1] if office else ()), *(CONTACT if contact or not office else EVERYBODY)]
        try:
            await self._bot.set_my_commands(named(names), BotCommandScopeChat(chat))
        except TelegramError as error:
            log.info("commands not set: %s", type(error).__qualname__)
