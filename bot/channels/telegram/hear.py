"""What a raw Telegram update says: https://core.telegram.org/bots/api#update."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from telegram import Bot, CallbackQuery, ChatMemberUpdated, Message, Update
from telegram.constants import ChatMemberStatus, ChatType
from telegram.ext import filters

from bot.core.render import words

FILE_MEGABYTES = 10  # the largest file taken
FILE_BYTES = FILE_MEGABYTES * 1024 * 1024
WANTED = ["message", "edited_message", "callback_query", "my_chat_member"]

# What cannot be taken, by the field that holds it, in the order in which they are looked for: a moving
# picture is a document too, a venue a location.
_KINDS = (
    *("animation", "audio", "video", "video_note", "voice", "sticker", "contact", "venue", "location"),
    *("poll", "dice", "story", "game", "invoice"),
)
# What stands behind `?start=` of a link to the bot, and the command that it opens; a code is used as ever.
_DEEP = {"report": "/report", "menu": "/menu", "help": "/help", "workbench": "/workbench"}
_STEP = re.compile(r"s[0-9]{1,18}:")  # the token of a button that belongs to one step


@dataclass(frozen=True)
class Offered:
    """A document or photograph that can be downloaded. `size` in bytes, 0 when not told."""

    file_id: str
    name: str
    size: int

    @classmethod
    def of(cls, message: Message) -> Offered | None:
        """Find what came with the message; of a photograph the largest that may be taken."""
        if message.animation is None and (document := message.document):
            return cls(document.file_id, document.file_name or "file", document.file_size or 0)
        if not message.photo:
            return None
        sizes = sorted(message.photo, key=lambda p: p.width * p.height)
        fits = [p for p in sizes if (p.file_size or 0) <= FILE_BYTES] or sizes[:1]
        name = words("telegram/messages.photo_name")
        return cls(fits[-1].file_id, f"{name}.jpg", fits[-1].file_size or 0)


@dataclass(frozen=True)
class Heard:
    """What somebody did: a text, a pressed button, a file, or what cannot be taken (`kind`).

    `sender` is the person, or the group it was said in (`group`). `query` is the callback query to answer,
    `album` what several files that were sent together have in common, `edited` a message of before that was
    altered, `left` whether the person blocked the bot or came back. `silent`: nothing is said.
    """

    id: str
    sender: str
    text: str = ""
    choice: str | None = None
    file: Offered | None = None
    query: str | None = None
    kind: str = ""
    album: str = ""
    edited: bool = False
    group: bool = False
    left: bool | None = None
    silent: bool = False


def hear(raw: Any, bot: Bot | None = None, name: str = "") -> Heard | None:
    """Tell what an update says; None for updates that ask nothing of us.

    In a group only what is addressed to the bot of that `name` asks something. Service messages do not.

    Raises:
        Exception: whatever the parser raises on a malformed update.

    """
    update = Update.de_json(raw, bot)
    if update.callback_query:
        return _pressed(update.callback_query)
    if update.my_chat_member:
        return _member(update.my_chat_member)
    message = update.message or update.edited_message
    if message is None or message.from_user is None or filters.StatusUpdate.ALL.check_update(update):
        return None
    if message.chat.type == ChatType.PRIVATE:
        heard = _said(message, _number(message.from_user.id))
        if update.edited_message is None:
            return heard
        when = int(message.edit_date.timestamp()) if message.edit_date else 0
        return replace(heard, id=f"e{message.message_id}-{when}", edited=True)
    in_group = message.chat.type in (ChatType.GROUP, ChatType.SUPERGROUP)
    if not in_group or update.edited_message is not None or message.from_user.is_bot:
        return None
    return _addressed(message, bot, name)


def _said(message: Message, sender: str) -> Heard:
    text = message.text or message.caption or ""
    if not isinstance(text, str):
        raise TypeError("text")
    if text.startswith("/start "):
        text = _DEEP.get(text[7:].strip(), text)
    file = Offered.of(message)
    kind = "" if file else next((one for one in _KINDS if getattr(message, one, None)), "")
    album = message.media_group_id or ""
    return Heard(f"m{_number(message.message_id)}", sender, text, file=file, kind=kind, album=album)


def _addressed(message: Message, bot: Bot | None, name: str) -> Heard | None:
    """What is said to the bot in a group: with its name, or in answer to it; without files."""
    text = message.text or message.caption or ""
    called = re.compile(rf"@{re.escape(name)}(?![A-Za-z0-9_])", re.I) if name else None
    answers = message.reply_to_message.from_user if message.reply_to_message else None
    to_us = answers is not None and bot is not None and answers.id == bot.id
    if not (called and called.search(text)) and not to_us:
        return None
    plain = called.sub("", text).strip() if called else text.strip()
    return Heard(f"m{_number(message.message_id)}", _number(message.chat.id), plain or "/start", group=True)


def _pressed(query: CallbackQuery) -> Heard:
    """A pressed button; in a group, or of a message that is gone, only the spinner ends."""
    sender, message = _number(query.from_user.id), query.message
    if message is not None and message.chat.type != ChatType.PRIVATE:
        return Heard(f"c{query.id}", sender, query=query.id, silent=True)
    token = query.data or ""
    # The answer to a step's button takes the place of the message that it stands under.
    at = f"-{message.message_id}" if message is not None and _STEP.match(token) else ""
    return Heard(f"c{query.id}{at}", sender, choice=token, query=query.id)


def _member(change: ChatMemberUpdated) -> Heard | None:
    """Whether somebody blocked the bot, or unblocked it."""
    if change.chat.type != ChatType.PRIVATE:
        return None
    gone = change.new_chat_member.status in (ChatMemberStatus.BANNED, ChatMemberStatus.LEFT)
    return Heard("", _number(change.from_user.id), left=gone)


def _number(value: object) -> str:
    if not isinstance(value, int):
        raise TypeError("id")
    return str(value)


def update_id(raw: object) -> int | None:
    """Find the number of an update, malformed or not."""
    found = raw.get("update_id") if isinstance(raw, dict) else None
    return found if isinstance(found, int) else None


def chat_of(raw: object) -> object:
    """Whose update it is, as far as it can be told before parsing: what has one value keeps its order."""
    for kind in WANTED:
        part = raw.get(kind) if isinstance(raw, dict) else None
        if not isinstance(part, dict):
            continue
        chat, person = part.get("chat"), part.get("from")
        if isinstance(chat, dict) and isinstance(chat.get("id"), int):
            return chat["id"]
        if isinstance(person, dict) and isinstance(person.get("id"), int):
            return person["id"]
    return None
