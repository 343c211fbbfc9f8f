"""Parts of the tests that talk over WeChat: people posting signed messages to the real application."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from sqlalchemy import func, select

from bot import server
from bot.app import App, open_app
from bot.channels import delivery
from bot.channels.tencent.crypto import Sealer, signature
from bot.channels.wechat import transport as wechat_transport
from bot.core.messages import Choice, Outgoing
from bot.settings import Settings
from policy.calendar.quarters import SHANGHAI
from storage.address import Address
from storage.connections import database
from storage.connections.database import transaction
from storage.conversations import messages
from storage.schema.core import outbox
from tests.support.corpus import CORPUS
from tests.support.wechat_server import SECONDS, SECRET, WeChatServer

APPID, TOKEN, KEY = "wx0123456789abcdef", "token0123456789", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
ORIGINAL = "gh_0123456789ab"  # the account's own name on the platform
PUBLIC = "https://weihai.example"

_LINK = re.compile(r'<a href="weixin://bizmsgmenu\?msgmenucontent=([^"&]*)&msgmenuid=([^"]*)">([^<]*)</a>')
_FILE = re.compile(r'<a href="(https?://[^"]*)">([^<]*)</a>')
_numbers = itertools.count(7_000_000_000_000_000)


@dataclass
class Clock:
    """A clock that goes on a little with every look."""

    at: datetime = datetime(2026, 11, 24, 10, 0, tzinfo=SHANGHAI)

    def __call__(self) -> datetime:
        self.at += timedelta(milliseconds=1)
        return self.at

    def forward(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass(frozen=True)
class Answer:
    """What the platform got. `text` is None when there was nothing to say to the person."""

    status: int
    body: bytes
    text: str | None = None


@dataclass
class Phone:
    """A person on WeChat. What they do returns the answer; `seen` is everything they were shown."""

    openid: str
    client: httpx.AsyncClient
    clock: Clock
    api: WeChatServer | None = None
    sealer: Sealer | None = None
    compatible: bool = False
    seen: list[str] = field(default_factory=list)

    async def says(self, text: str, **more: Any) -> Answer:
        """Type something."""
        return await self.posts(MsgType="text", Content=text, **more)

    async def chat(self, *texts: str) -> str:
        """Type each; what was said to the last."""
        for text in texts:
            answer = await self.says(text)
        assert answer.text is not None
        return answer.text

    async def taps(self, label: str, **more: Any) -> Answer:
        """Tap the newest link whose label begins so."""
        said, menu_id = self.link(label)
        return await self.posts(MsgType="text", Content=said, bizmsgmenuid=menu_id, **more)

    def link(self, label: str) -> tuple[str, str]:
        for text in reversed(self.everything):
            for said, menu_id, shown in _LINK.findall(text):
                if re.sub(r"^\d+\. ", "", shown).startswith(label):
                    return said, menu_id
        raise AssertionError(f"no link {label!r} in {self.everything[-3:]}")

    @property
    def everything(self) -> list[str]:
        return [*self.seen, *(self.api.to(self.openid) if self.api else [])]

    def files(self) -> list[tuple[str, str]]:
        """Address and name of every file offered."""
        return [found for text in self.everything for found in _FILE.findall(text)]

    async def event(self, event: str, key: str = "", **more: Any) -> Answer:
        number = {"MsgId": None}
        return await self.posts(MsgType="event", Event=event, EventKey=key, **{**number, **more})

    def post(self, **fields: Any) -> dict[str, Any]:
        """A message as the platform makes it; it can be posted again."""
        made = {
            "ToUserName": ORIGINAL,
            "FromUserName": self.openid,
            "CreateTime": int(self.clock().timestamp()),
            "MsgId": next(_numbers),
            **fields,
        }
        return {name: value for name, value in made.items() if value is not None}

    async def posts(self, **fields: Any) -> Answer:
        return await self.sends(self.post(**fields))

    async def sends(self, post: dict[str, Any]) -> Answer:
        """Post a message, perhaps one posted before."""
        body = envelope(post)
        query = self.query()
        if self.sealer:
            sealed = self.sealer.seal(body.encode())
            query["encrypt_type"] = "aes"
            query["msg_signature"] = self.sealer.sign(sealed, query["timestamp"], query["nonce"])
            body = envelope({**(post if self.compatible else {"ToUserName": ORIGINAL}), "Encrypt": sealed})
        answer = await self.client.post("/wechat", params=query, content=body.encode())
        found = Answer(answer.status_code, answer.content, self._text(answer))
        if found.text is not None:
            self.seen.append(found.text)
        return found

    def query(self, **more: str) -> dict[str, str]:
        stamp, nonce = str(int(self.clock().timestamp())), str(next(_numbers))
        made = {"timestamp": stamp, "nonce": nonce, "openid": self.openid}
        return {**made, "signature": signature(TOKEN, stamp, nonce), **more}

    def _text(self, answer: httpx.Response) -> str | None:
        if answer.status_code != 200 or answer.content == b"success":
            return None
        root = ElementTree.fromstring(answer.content)
        if self.sealer:
            parts = {child.tag: child.text or "" for child in root}
            opened = self.sealer.open(
                parts["Encrypt"], parts["MsgSignature"], parts["TimeStamp"], parts["Nonce"]
            )
            root = ElementTree.fromstring(opened)
        assert root.findtext("ToUserName") == self.openid
        assert root.findtext("FromUserName") == ORIGINAL
        assert root.findtext("MsgType") == "text"
        text = root.findtext("Content")
        assert text and len(text.encode()) < 2048
        return text


def envelope(fields: dict[str, Any]) -> str:
    inside = "".join(
        f"<{name}>{value}</{name}>"
        if isinstance(value, int)
        else f"<{name}>{envelope(value)[5:-6]}</{name}>"
        if isinstance(value, dict)
        else f"<{name}><![CDATA[{value}]]></{name}>"
        for name, value in fields.items()
    )
    return f"<xml>{inside}</xml>"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(server, "now", made)
    return made


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries follow each other at once, a locked database is noticed at once."""
    monkeypatch.setattr(delivery, "FIRST_WAIT", 0.02)
    monkeypatch.setattr(delivery, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(wechat_transport, "AGAIN_SECONDS", 0.02)
    monkeypatch.setattr(wechat_transport, "HOLD_SECONDS", 0.2)
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)


@pytest.fixture
async def api(quick: None) -> AsyncIterator[WeChatServer]:
    """The platform's API."""
    async with WeChatServer(APPID) as started:
        yield started


def open_wechat_app(folder: Path, api: WeChatServer | None, url: str = "", **settings: Any) -> App:
    """A app with the channel on; without `api` there is no secret, so that it only answers."""
    given: dict[str, Any] = {
        "database_url": url or f"sqlite:///{folder}/bot.sqlite3",
        "data_dir": folder / "data",
        "secret_key": "k" * 32,
        "public_url": PUBLIC,
        "wechat_appid": APPID,
        "wechat_token": TOKEN,
        "wechat_base_url": api.base_url if api else "http://127.0.0.1:9",
        "wechat_secret": SECRET if api else None,
        **settings,
    }
    return open_app(Settings(_env_file=None, **given), CORPUS)


@asynccontextmanager
async def serving_app(app: App) -> AsyncIterator[httpx.AsyncClient]:
    """The real application with its background work, and a client posting to it."""
    asgi = server.application(app)
    async with asgi.router.lifespan_context(asgi):
        transport = httpx.ASGITransport(asgi)
        async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as client:
            yield client


Meet = Callable[..., Phone]


@pytest.fixture
def wechat_app(api: WeChatServer, sqlite_url: str, tmp_path: Path) -> Iterator[App]:
    made = open_wechat_app(tmp_path, api, sqlite_url)
    yield made
    made.engine.dispose()


@pytest.fixture
async def meet(wechat_app: App, api: WeChatServer, clock: Clock) -> AsyncIterator[Meet]:
    """People talking to the served app, by openid."""
    async with serving_app(wechat_app) as client:
        yield lambda openid="oLi", **kw: Phone(openid, client, clock, api, **kw)


@pytest.fixture
async def meet_silent(quick: None, sqlite_url: str, tmp_path: Path, clock: Clock) -> AsyncIterator[Meet]:
    """The same on an account without a secret: only answers."""
    made = open_wechat_app(tmp_path, None, sqlite_url)
    async with serving_app(made) as client:
        yield lambda openid="oLi", **kw: Phone(openid, client, clock, **kw)
    made.engine.dispose()


def count(app: App, table: Any, *where: Any) -> int:
    with transaction(app.engine, read_only=True) as connection:
        return connection.execute(select(func.count()).select_from(table).where(*where)).scalar_one()


def push(app: App, openid: str, text: str, at: datetime, *labels: str) -> None:
    """Write something to a person, as a reminder or the desk does."""
    message = Outgoing(text, tuple(Choice(label, "m") for label in labels))
    with transaction(app.engine) as connection:
        messages.enqueue(connection, Address("wechat", APPID, openid), [message.body()], at)


def unseen(app: App) -> int:
    """Messages that were neither handed over nor refused."""
    return count(app, outbox, outbox.c.sent_at.is_(None), outbox.c.failed.is_(None))


async def until(true: Callable[[], object]) -> None:
    """Wait until something holds that nobody tells us of."""
    async with asyncio.timeout(SECONDS):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def quiet(seconds: float = 0.35) -> None:
    """Long enough for the delivery to have looked at the outbox."""
    await asyncio.sleep(seconds)
