"""A loopback HTTP server that behaves as WeChat's API: stable_token, customer-service messages, media."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

SECRET = "s" * 32
TEMPLATE = "template-of-reminders"
SECONDS = 60.0  # how long a test waits for something before it fails: machines are busy


@dataclass(frozen=True)
class Fault:
    """What goes wrong with a call: an errcode inside 200, a status, a dropped connection or silence.

    `taken`: the message arrives all the same, only the answer is lost.
    """

    errcode: int = 0
    status: int = 0
    drop: bool = False
    seconds: float = 0
    taken: bool = False


@dataclass
class WeChatServer:
    """The platform's API. Start it with `async with WeChatServer() as api`."""

    appid: str = "wx0123456789abcdef"
    sent: list[tuple[str, str]] = field(default_factory=list)  # openid, text
    notices: list[tuple[str, dict[str, str], str]] = field(default_factory=list)  # openid, fields, url
    calls: list[str] = field(default_factory=list)
    asked_tokens: list[bool] = field(default_factory=list)  # force_refresh of each
    media: dict[str, bytes] = field(default_factory=dict)
    menu: list[dict[str, Any]] = field(default_factory=list)  # as get_current_selfmenu_info tells it
    most: int | None = None  # customer-service messages a person takes before 45047
    expires_in: int = 7200
    port: int = 0

    def __post_init__(self) -> None:
        self._faults: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._changed = asyncio.Condition()
        self._open: set[asyncio.Task[Any]] = set()
        self._number = 1
        self._stable = True

    # -- for tests

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def token(self) -> str:
        return f"TOKEN-{self._number}"

    def spoil_token(self, told: bool = True) -> None:
        """The token in use is no longer valid; `told`: an ordinary request now gets another one."""
        self._stable = told
        self._bad = self.token
        if told:
            self._number += 1

    _bad = ""

    def fail(self, method: str, times: int = 1, **fault: Any) -> None:
        """Let the next calls of stable_token, send or get go wrong."""
        self._faults[method].extend([Fault(**fault)] * times)

    def to(self, openid: str) -> list[str]:
        return [text for to, text in self.sent if to == openid]

    async def until(self, true: Callable[[], object]) -> None:
        """Wait until something holds of what the server saw."""
        async with self._changed, asyncio.timeout(SECONDS):
            await self._changed.wait_for(true)

    # -- the server

    async def __aenter__(self) -> WeChatServer:
        self._server = await asyncio.start_server(self._connection, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            while await self._request(reader, writer):
                pass
        except (asyncio.CancelledError, asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._open.discard(task)
            writer.close()

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        url = urlsplit(first.split(" ")[1])
        query = dict(parse_qsl(url.query))
        method = url.path.rpartition("/")[2]
        self.calls.append(method)
        fault = self._faults[method].popleft() if self._faults[method] else Fault()
        if fault.drop and not fault.taken:
            return False
        if fault.seconds:
            await asyncio.sleep(fault.seconds)
        kind, answer = "application/json; encoding=utf-8", b""
        if fault.status or fault.errcode:
            answer = self._error(fault.errcode or 50000)
        elif url.path == "/cgi-bin/stable_token":
            answer = self._token_asked(json.loads(body))
        elif query.get("access_token") in ("", None, self._bad) or query["access_token"] != self.token:
            answer = self._error(40001)
        elif url.path == "/cgi-bin/message/template/send":
            answer = self._noticed(body)
        elif url.path == "/cgi-bin/message/custom/send":
            answer = self._sent(body)
        elif url.path == "/cgi-bin/get_current_selfmenu_info":
            told = {"is_menu_open": int(bool(self.menu)), "selfmenu_info": {"button": self.menu}}
            answer = json.dumps(told if self.menu else {"is_menu_open": 0}, ensure_ascii=False).encode()
        elif url.path == "/cgi-bin/menu/create":
            answer = self._created(body)
        elif url.path == "/cgi-bin/menu/delete":
            self.menu, answer = [], b'{"errcode":0,"errmsg":"ok"}'
        elif url.path == "/cgi-bin/media/get" and query.get("media_id") in self.media:
            kind, answer = "image/jpeg", self.media[query["media_id"]]
        else:
            answer = self._error(40007)
        async with self._changed:
            self._changed.notify_all()
        if fault.drop:
            return False
        head = f"HTTP/1.1 {fault.status or 200} X\r\nContent-Type: {kind}\r\nContent-Length: {len(answer)}"
        writer.write(f"{head}\r\n\r\n".encode() + answer)
        await writer.drain()
        return True

    def _noticed(self, body: bytes) -> bytes:
        asked = json.loads(body)
        if asked["template_id"] != TEMPLATE:
            return self._error(40037)
        fields = {name: held["value"] for name, held in asked["data"].items()}
        if any(name.startswith("thing") and len(value) > 20 for name, value in fields.items()):
            return self._error(47003)
        self.notices.append((asked["touser"], fields, asked.get("url", "")))
        return json.dumps({"errcode": 0, "errmsg": "ok", "msgid": 1}).encode()

    def _created(self, body: bytes) -> bytes:
        assert b"\\u" not in body, "people would see the escapes"
        buttons = json.loads(body)["button"]
        if not 1 <= len(buttons) <= 3:
            return self._error(40016)
        told = []
        for button in buttons:
            below = button.get("sub_button", [])
            if len(button["name"].encode()) > 16:
                return self._error(40018)
            if len(below) > 5:
                return self._error(40023)
            if any(len(one["name"].encode()) > 60 for one in below):
                return self._error(40025)
            for one in below or [button]:
                needed = {"view": "url", "media_id": "media_id"}.get(one["type"], "key")
                if one["type"] in ("text", "news", "img") or not one.get(needed):
                    return self._error(40020)
            told.append({"name": button["name"], "sub_button": {"list": below}} if below else button)
        self.menu = told
        return b'{"errcode":0,"errmsg":"ok"}'

    @staticmethod
    def _error(code: int) -> bytes:
        return json.dumps({"errcode": code, "errmsg": "injected oPENID-and-token rid: 1"}).encode()

    def _token_asked(self, asked: dict[str, Any]) -> bytes:
        wanted = {"grant_type": "client_credential", "appid": self.appid, "secret": SECRET}
        if {k: asked.get(k) for k in wanted} != wanted:
            return self._error(40125)
        self.asked_tokens.append(asked["force_refresh"])
        if asked["force_refresh"]:
            self._number += 1
        return json.dumps({"access_token": self.token, "expires_in": self.expires_in}).encode()

    def _sent(self, body: bytes) -> bytes:
        asked = json.loads(body)
        assert b"\\u" not in body, "people would see the escapes"
        text = asked["text"]["content"]
        if asked["msgtype"] != "text" or not 0 < len(text.encode()) < 2048:
            return self._error(45002)
        if self.most is not None and len(self.to(asked["touser"])) >= self.most:
            return self._error(45047)
        self.sent.append((asked["touser"], text))
        return json.dumps({"errcode": 0, "errmsg": "ok"}).encode()
