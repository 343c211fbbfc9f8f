"""From a post of 企业微信 to `Incoming`, applied once and in order for each member."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from weakref import WeakValueDictionary

from bot.app import App
from bot.assistant import Runner
from bot.channels.tencent.calls import NotTaken, TooLarge, Unreachable
from bot.channels.tencent.scanned import binding, code_of
from bot.channels.wecom.api import Api
from bot.channels.wecom.platform import CHANNEL
from bot.core import input_limits
from bot.core.messages import Incoming, IncomingFile, Outgoing
from bot.core.render import render, words
from bot.documents.store import drop_incoming, store_incoming
from storage.address import Address
from storage.connections.database import StorageUnavailable, transaction
from storage.conversations import messages, outbox, reach
from storage.people import people

FILE_MEGABYTES = 10  # the largest picture taken
FETCH_SECONDS = 10.0  # the platform gives up on a message after three tries of five seconds

_USER = re.compile(r"[A-Za-z0-9_.@-]{1,64}")
_NUMBER = re.compile(r"[0-9]{1,20}", re.A)


class BadPost(Exception):
    """A post without what every message or event has."""


@dataclass(frozen=True)
class Heard:
    """What a member did: a text, a picture, or what cannot be taken (`kind`). `gone`: they left."""

    id: str
    sender: str
    text: str = ""
    media_id: str = ""
    kind: str = ""
    gone: bool = False


def hear(post: Mapping[str, str]) -> Heard | None:
    """Tell what a post says; None for events that ask nothing of us.

    https://developer.work.weixin.qq.com/document/path/90239

    Raises:
        BadPost: sender, time, type or id is missing.
    """
    sender, created, kind = (post.get(name, "") for name in ("FromUserName", "CreateTime", "MsgType"))
    if not _USER.fullmatch(sender) or not _NUMBER.fullmatch(created) or not kind:
        raise BadPost
    sender = sender.lower()  # the platform does not tell the two apart, and answers in small letters
    if kind == "event":
        return _event(post, sender, created)
    number = post.get("MsgId", "")
    if not _NUMBER.fullmatch(number):
        raise BadPost
    heard = Heard(f"m{number}-{created}", sender)
    if kind == "text":
        return replace(heard, text=post.get("Content", ""))
    if kind == "image" and post.get("MediaId"):
        return replace(heard, kind=kind, media_id=post["MediaId"])
    return replace(heard, kind=kind)


def _event(post: Mapping[str, str], sender: str, created: str) -> Heard | None:
    """https://developer.work.weixin.qq.com/document/path/90240."""
    event, key = post.get("Event", "").lower(), post.get("EventKey", "")
    read = post.get("ScanResult", "") if event == "scancode_waitmsg" else ""
    digest = hashlib.sha256((key + read).encode()).hexdigest()[:16]
    heard = Heard(f"e{created}-{event[:32]}-{digest}", sender)
    if event == "unsubscribe":
        return replace(heard, gone=True)
    if event == "subscribe":
        return replace(heard, text="/start")
    if event == "scancode_waitmsg":
        said = binding(code_of(read))
        return replace(heard, text=said) if said else replace(heard, kind="scan")
    if event == "click" and key:
        return replace(heard, text=key)
    return None


class Intake:
    """Applies what is heard by one application."""

    def __init__(self, app: App, runner: Runner, account: str, now: Callable[[], datetime], api: Api) -> None:
        self._app = app
        self._runner = runner
        self._account = account
        self._now = now
        self._api = api
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def take(self, heard: Heard) -> None:
        """Apply what was heard. The same again changes nothing.

        Raises:
            StorageUnavailable: nothing was written.
        """
        address = Address(CHANNEL, self._account, heard.sender)
        async with self._turns.setdefault(heard.sender, asyncio.Lock()):
            if heard.gone:
                now = self._now()
                await self._runner.write(
                    lambda connection: reach.refuse_person(connection, address, "gone", None, now)
                )
            elif not await self._runner.run(lambda: self._known(address, heard.id)):
                await self._apply(address, heard)

    def _known(self, address: Address, message_id: str) -> bool:
        with transaction(self._app.engine, read_only=True) as connection:
            return outbox.find(connection, address, message_id) is not None

    async def _apply(self, address: Address, heard: Heard) -> None:
        incoming = Incoming(address, heard.id, self._now(), heard.text, numbered=True)
        refused: Outgoing | None = None
        if heard.kind:
            found = await self._image(address, heard.media_id) if heard.kind == "image" else heard.kind
            if isinstance(found, IncomingFile):
                incoming = replace(incoming, file=found)
            else:
                url = self._app.settings.public_url
                refused = render("wecom/kind.j2", kind=found, limit=FILE_MEGABYTES, url=url)
        if refused is None and (reason := input_limits.refusal(incoming)):
            refused = render("problem/door.j2", reason=reason)
        try:
            if refused is None:
                await self._runner.handle(incoming)
            else:
                said = refused
                await self._runner.run(lambda: self._refuse(incoming, said))
        finally:  # what is wanted of it was kept elsewhere before the message was applied
            await asyncio.to_thread(drop_incoming, incoming.file)

    def _refuse(self, incoming: Incoming, said: Outgoing) -> None:
        """Say it once: nothing is kept of what is refused, so only the id is stored."""
        with transaction(self._app.engine) as connection:
            turn_id = messages.begin(connection, incoming.address, incoming.id, None, incoming.now)
            if turn_id is not None:
                messages.enqueue(connection, incoming.address, [said.body()], incoming.now, turn_id)
                reach.heard(connection, incoming.address)

    async def _image(self, address: Address, media_id: str) -> IncomingFile | str:
        """Fetch and store a picture of somebody who may send one; else why not (image, large, lost).

        Raises:
            StorageUnavailable: it could not be written.
        """
        if not await self._runner.run(lambda: self._may_send(address)):
            return "image"
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                content = await self._api.media(media_id, FILE_MEGABYTES * 1024 * 1024)
        except TooLarge:
            return "large"
        except (NotTaken, Unreachable, TimeoutError):
            return "lost"
        folder = self._app.settings.data_dir
        try:
            return await asyncio.to_thread(store_incoming, words("wecom/messages.photo"), content, folder)
        except OSError as error:
            raise StorageUnavailable("BOT_DATA_DIR") from error

    def _may_send(self, address: Address) -> bool:
        with transaction(self._app.engine, read_only=True) as connection:
            return any(m.institution_id is not None for m in people.roles_at(connection, address))
