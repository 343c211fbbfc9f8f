"""How a message looks in 企业微信, and what the platform's refusals mean."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

from bot.app import App
from bot.channels.delivery import Parcel, Part, Refusal
from bot.channels.tencent.calls import NotTaken, Unreachable
from bot.channels.tencent.xml import literal
from bot.channels.wecom.api import Api, NoMember, Robot
from bot.core.channel_limits import channel_of, split
from bot.core.messages import FileRef, Outgoing
from bot.core.reach import group
from bot.core.security import at_rest
from bot.documents.store import safe_name
from storage.address import Address
from storage.connections.database import transaction
from storage.conversations import outbox
from storage.conversations.messages import Waiting

CHANNEL = "wecom"

# https://developer.work.weixin.qq.com/document/path/90313
BUSY = frozenset({-1, 45009, 45033})
BAD_CONTENT = frozenset({40004, 40005, 40006, 40007, 40008, 40058, 44001, 44004, 45001, 45002, 47001})
# Wrong corporation, secret or application, not allowed, address not on the list: nobody can be written to.
ACCOUNT = frozenset({40001, 40013, 40014, 40056, 42001, 48002, 60020, 301002})
BAD_KEY = 93000  # of a group's robot
TOO_OFTEN, A_MINUTE = 45009, 60.0  # the robot writes twenty messages a minute at most


def numbers_of(state: Mapping[str, Any]) -> dict[tuple[str, str], int]:
    """Label and token of the choices offered last → the number that presses it, where numbers do."""
    if not state.get("numbers"):
        return {}
    offers = [(label, token) for label, token in state.get("offers", [])]
    return {offer: n for n, offer in reversed(list(enumerate(offers, 1)))}


def shown(message: Outgoing, numbers: Mapping[tuple[str, str], int]) -> list[str]:
    """A message as texts that fit; the choices stand under it, with their numbers where a number answers."""
    lines = [literal(message.text)] if message.text else []
    for choice in message.choices:
        number = numbers.get((choice.label, choice.token))
        lines.append(f"{number}. {literal(choice.label)}" if number else f"· {literal(choice.label)}")
    return [text for text in split("\n".join(lines), channel_of(CHANNEL)) if text]


class Platform:
    """One application: its members are written to at any time, files too."""

    channel = CHANNEL

    def __init__(self, app: App, account: str, api: Api) -> None:
        self.account = account
        self._app = app
        self._api = api

    def waiting(self, busy: frozenset[str]) -> list[str]:
        """Whom something waits for."""
        with transaction(self._app.engine, read_only=True) as connection:
            return outbox.senders_waiting(connection, CHANNEL, self.account, skip=busy)

    def parcels(self, sender: str) -> list[Parcel]:
        """The next messages of a member, each a parcel of its own."""
        address = Address(CHANNEL, self.account, sender)
        with transaction(self._app.engine, read_only=True) as connection:
            rows = outbox.next_waiting(connection, address)
            talk = outbox.talk_of(connection, address)
        numbers = numbers_of(talk.state if talk else {})
        return [self._parcel(row, numbers) for row in rows]

    def _parcel(self, row: Waiting, numbers: Mapping[tuple[str, str], int]) -> Parcel:
        try:
            message = at_rest.from_body(row.body, self._app.keys)
        except (KeyError, TypeError, ValueError) as error:
            return Parcel((row.id,), broken=f"unreadable: {type(error).__qualname__}")
        user = row.address.sender
        parts: list[Part] = [partial(self._api.send_text, user, text) for text in shown(message, numbers)]
        parts += [partial(self._file, user, ref) for ref in message.files]
        return Parcel((row.id,), tuple(parts))

    async def _file(self, user: str, ref: FileRef) -> None:
        content = await asyncio.to_thread(self._app.files.content, ref)
        await self._api.send_file(user, safe_name(ref.name), content)

    def means(self, error: Exception) -> Refusal | None:
        """What an errcode means, that a member is not ours to write to, or that there was no answer."""
        if isinstance(error, Unreachable):
            return Refusal("again", "no answer")
        if isinstance(error, NoMember):
            return Refusal("person", "gone")
        if not isinstance(error, NotTaken):
            return None
        if error.code in BUSY:
            return Refusal("again", "busy", error.code)
        if error.code in BAD_CONTENT:
            return Refusal("never", f"refused: {error.code}", error.code)
        if error.code in ACCOUNT:
            return Refusal("account", "unable", error.code)
        return Refusal("person", "gone" if error.code in (60111, 81013) else "refused", error.code)


class Group:
    """The group into which the office has the robot write; nobody writes back."""

    channel, account = group.ADDRESS.channel, group.ADDRESS.bot

    def __init__(self, app: App, robot: Robot) -> None:
        self._app = app
        self._robot = robot

    def waiting(self, busy: frozenset[str]) -> list[str]:
        """The group, when something waits for it."""
        with transaction(self._app.engine, read_only=True) as connection:
            return outbox.senders_waiting(connection, self.channel, self.account, skip=busy)

    def parcels(self, sender: str) -> list[Parcel]:
        """The next messages, as plain text."""
        address = Address(self.channel, self.account, sender)
        with transaction(self._app.engine, read_only=True) as connection:
            rows = outbox.next_waiting(connection, address)
        found = []
        for row in rows:
            pieces = split(literal(row.body.get("text", "")), channel_of(self.channel))
            found.append(Parcel((row.id,), tuple(partial(self._robot.send_text, piece) for piece in pieces)))
        return found

    def means(self, error: Exception) -> Refusal | None:
        """What an errcode means; the group itself never refuses."""
        if isinstance(error, Unreachable):
            return Refusal("again", "no answer")
        if not isinstance(error, NotTaken):
            return None
        if error.code in BUSY:
            wait = A_MINUTE if error.code == TOO_OFTEN else None
            return Refusal("again", "busy", error.code, wait)
        if error.code in BAD_CONTENT:
            return Refusal("never", f"refused: {error.code}", error.code)
        return Refusal("account", "key" if error.code == BAD_KEY else "unable", error.code)
