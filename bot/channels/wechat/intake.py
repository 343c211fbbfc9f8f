"""From a WeChat post to `Incoming`, applied once and in order for each person."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from weakref import WeakValueDictionary

from sqlalchemy import Connection

from bot.app import App
from bot.assistant import Runner, Then
from bot.channels.tencent.calls import NotTaken, TooLarge, Unreachable
from bot.channels.tencent.scanned import binding, code_of
from bot.channels.wechat import pages, wordless
from bot.channels.wechat.api import Api
from bot.channels.wechat.carrier import Carrier, Parcel
from bot.core import input_limits
from bot.core.dialogs import vocabulary
from bot.core.messages import Incoming, IncomingFile, Outgoing
from bot.core.reach import window
from bot.core.render import render, words
from bot.documents.store import drop_incoming, store_incoming
from policy.calendar.reminders import sending_hours
from storage.address import Address
from storage.connections.database import StorageUnavailable, transaction
from storage.conversations import messages, outbox, reach
from storage.people import people

FILE_MEGABYTES = 10  # the largest image taken; the platform takes no larger ones
FETCH_SECONDS = 10.0  # the platform gives up on a message after three tries of five seconds
HUMAN = "handover"  # the command by which a person is asked for
STALE = "gone"  # a button that exists no longer

_OPENID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_NUMBER = re.compile(r"[0-9]{1,20}", re.A)
_SCENE = "qrscene_"


class BadPost(Exception):
    """A post without what every message or event has."""


@dataclass(frozen=True)
class Heard:
    """What a person did: a text, a tapped link (`menu_id`), an image, or what cannot be taken (`kind`).

    `silent`: it is noted, and nothing is said. `account` is our own name on the platform.
    """

    id: str
    sender: str
    account: str = ""
    text: str = ""
    menu_id: str = ""
    media_id: str = ""
    kind: str = ""
    silent: bool = False
    key: bool = False  # the text is the key of a menu's button
    blocks_notices: bool = False  # told by the platform, nothing that they did


def hear(post: Mapping[str, str]) -> Heard | None:
    """Tell what a post says; None for events that ask nothing of us.

    https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Receiving_standard_messages.html

    Raises:
        BadPost: sender, time, type or id is missing.
    """
    sender, created, kind = (post.get(name, "") for name in ("FromUserName", "CreateTime", "MsgType"))
    if not _OPENID.fullmatch(sender) or not _NUMBER.fullmatch(created) or not kind:
        raise BadPost
    if kind == "event":
        return _event(post, sender, created)
    number = post.get("MsgId", "")
    if not _NUMBER.fullmatch(number):
        raise BadPost
    menu_id = post.get("bizmsgmenuid", "")
    ours = bool(menu_id) and (menu_id == pages.MORE or pages.tapped(menu_id) is not None)
    begins = window.TAPPED if menu_id else window.WRITTEN
    heard = Heard(f"{begins}{number}-{created}", sender, post.get("ToUserName", ""))
    if kind == "text":
        said = post.get("Content", "")
        return replace(heard, text=said, menu_id=menu_id if ours else "", kind=wordless.kind_of(said))
    if kind == "voice" and (said := post.get("Recognition", "").strip()):
        return replace(heard, text=said)
    if kind == "image" and post.get("MediaId"):
        return replace(heard, kind=kind, media_id=post["MediaId"])
    return replace(heard, kind=kind)


def _event(post: Mapping[str, str], sender: str, created: str) -> Heard | None:
    """https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Receiving_event_pushes.html."""
    event, key = post.get("Event", "").lower(), post.get("EventKey", "")
    read = post.get("ScanResult", "") if event == "scancode_waitmsg" else ""
    named = f"{created}-{event[:32]}-{hashlib.sha256((key + read).encode()).hexdigest()[:16]}"
    heard = Heard(f"{window.EVENT}{named}", sender, post.get("ToUserName", ""))
    if event == "templatesendjobfinish":
        blocked = "user block" in post.get("Status", "")
        return replace(heard, blocks_notices=True) if blocked else None
    if event == "unsubscribe":
        return replace(heard, id=f"{window.GONE}{named}", silent=True)
    if event == "subscribe":
        return replace(heard, text=binding(key.removeprefix(_SCENE)) or "/start")
    if event == "scan":  # a poster of anybody's: who scanned it looks for something
        return replace(heard, text=binding(key) or words("wechat/messages.menu_word"))
    if event == "scancode_waitmsg":
        said = binding(code_of(read))
        return replace(heard, text=said) if said else replace(heard, kind="scan")
    if event == "click" and key:
        return replace(heard, text=key, key=True)
    return None


class Intake:
    """Applies what is heard on one account, and finds the answer."""

    def __init__(
        self,
        app: App,
        runner: Runner,
        account: str,
        now: Callable[[], datetime],
        carrier: Carrier,
        api: Api | None,
    ) -> None:
        self._app = app
        self._runner = runner
        self._account = account
        self._now = now
        self._carrier = carrier
        self._api = api
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def take(self, heard: Heard) -> Parcel | None:
        """Apply what was heard; the answer. Asked again, the same answer, and nothing is changed.

        Raises:
            StorageUnavailable: nothing was written; there is no answer.
        """
        address = Address(window.NAME, self._account, heard.sender)
        turn = self._turns.setdefault(heard.sender, asyncio.Lock())
        async with turn:  # asked again while the first try is under way: it waits here
            return await self._take(address, heard)

    async def _take(self, address: Address, heard: Heard) -> Parcel | None:
        now = self._now()
        if heard.silent:
            await self._runner.run(lambda: self._note(address, heard.id, now))
            return None
        if heard.menu_id == pages.MORE or (not heard.kind and pages.wants_more(heard.text)):
            parcel = await self._runner.run(lambda: self._carrier.more(address, heard.id, now))
            if parcel is not None:
                return parcel
            nothing = Incoming(address, heard.id, now)
            await self._runner.write(partial(_refuse, nothing, render("wechat/messages.no_more"), None))
        if await self._runner.run(lambda: self._known(address, heard.id)):
            return await self._runner.run(lambda: self._carrier.answer(address, heard.id, now))
        return await self._apply(address, heard, now)

    def _known(self, address: Address, message_id: str) -> bool:
        with transaction(self._app.engine, read_only=True) as connection:
            return outbox.find(connection, address, message_id) is not None

    async def _apply(self, address: Address, heard: Heard, now: datetime) -> Parcel | None:
        """Apply it; the answer, made in the same transaction."""
        incoming = Incoming(address, heard.id, now, heard.text, numbered=True)
        if place := pages.tapped(heard.menu_id):
            said, token = await self._runner.run(lambda: self._choice(address, *place))
            incoming = replace(incoming, text=said, choice=token)
        refused: Outgoing | None = None
        if heard.key and not self._is_known(heard.text):
            heard = replace(heard, kind="key")
        if heard.kind == "image":
            found = await self._image(address, heard.media_id)
            if isinstance(found, IncomingFile):
                incoming = replace(incoming, file=found)
            else:
                refused = render("wechat/kind.j2", kind=found, limit=FILE_MEGABYTES)
        elif heard.kind:
            refused = render("wechat/kind.j2", kind=heard.kind, limit=FILE_MEGABYTES)
        if refused is None and (reason := input_limits.refusal(incoming)):
            refused = render("problem/door.j2", reason=reason)
        answer: list[Parcel | None] = [None]  # of the attempt that was committed

        def then(connection: Connection) -> None:
            answer[0] = self._carrier.answered(connection, address, heard.id, now)

        try:
            if refused is None:
                await self._runner.handle(incoming, then)
            else:
                await self._runner.write(partial(_refuse, incoming, refused, then))
            return answer[0]
        finally:  # what is wanted of it was kept elsewhere before the message was applied
            await asyncio.to_thread(drop_incoming, incoming.file)

    def _is_known(self, key: str) -> bool:
        """Whether a menu's key is a word of ours: others have buttons in the same menu."""
        word, registry = vocabulary.command_word(key), self._app.assistant.registry
        return word in vocabulary.ON_DIALOG or registry.command(key) is not None

    def asks_for_staff(self, heard: Heard) -> bool:
        """Whether somebody writes that they want a person, and the account's own staff may be there."""
        settings, now = self._app.settings, self._now()
        written = heard.id.startswith(window.WRITTEN) and not heard.kind  # events are not to be handed over
        if not settings.wechat_service or not written or not sending_hours(now, self._app.corpus.holidays):
            return False
        command = self._app.assistant.registry.command(heard.text)
        return command is not None and command.name == HUMAN

    async def hand_over(self, heard: Heard) -> None:
        """Note that a message goes to the account's own staff; the same again changes nothing.

        Raises:
            StorageUnavailable: nothing was written.
        """
        address, now = Address(window.NAME, self._account, heard.sender), self._now()
        await self._runner.write(
            lambda connection: messages.begin(connection, address, heard.id, heard.text, now)
        )

    def _choice(self, address: Address, row: int, place: int) -> tuple[str, str]:
        """Label and token of a tapped choice, from the message that was stored for this person."""
        with transaction(self._app.engine, read_only=True) as connection:
            body = messages.body_of(connection, address, row)
        choices = Outgoing.from_body(body).choices if body is not None else ()
        return (choices[place].label, choices[place].token) if place < len(choices) else ("", STALE)

    def _note(self, address: Address, message_id: str, now: datetime) -> None:
        with transaction(self._app.engine) as connection:
            messages.begin(connection, address, message_id, None, now)
            if message_id.startswith(window.GONE):
                reach.refuse_person(connection, address, "gone", None, now)

    async def _image(self, address: Address, media_id: str) -> IncomingFile | str:
        """Fetch and store an image of somebody who may send one; else why not (image, large, lost).

        Raises:
            StorageUnavailable: it could not be written.
        """
        if self._api is None or not await self._runner.run(lambda: self._may_send(address)):
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
            return await asyncio.to_thread(store_incoming, words("wechat/messages.photo"), content, folder)
        except OSError as error:
            raise StorageUnavailable("BOT_DATA_DIR") from error

    def _may_send(self, address: Address) -> bool:
        with transaction(self._app.engine, read_only=True) as connection:
            return any(m.institution_id is not None for m in people.roles_at(connection, address))


def _refuse(incoming: Incoming, said: Outgoing, then: Then | None, connection: Connection) -> None:
    """Say it once: nothing is kept of what is refused, so only the id is stored."""
    turn_id = messages.begin(connection, incoming.address, incoming.id, None, incoming.now)
    if turn_id is not None:
        messages.enqueue(connection, incoming.address, [said.body()], incoming.now, turn_id)
        reach.heard(connection, incoming.address)
    if then:
        then(connection)
