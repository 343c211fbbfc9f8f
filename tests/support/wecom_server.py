"""企业微信 as a loopback server: its API, and its ciphertexts by an implementation of their own."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import os
import struct
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

import httpx
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

CORP, AGENT, SECRET = "ww0123456789abcdef", 1000002, "corp-secret-0123456789"
TOKEN, KEY = "callbacktoken", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
ROBOT = "693a91f6-7aoc-4bc4-97a0-0ec2sifa5aaa"
_numbers = itertools.count(5_000_000_000_000_000)


class Envelope:
    """What the platform does on its side: written from its documentation, with nothing of the bot's."""

    def __init__(self, receiver: str = CORP, key: str = KEY, token: str = TOKEN) -> None:
        self.key = base64.b64decode(key + "=")
        self.receiver, self.token = receiver, token

    def cipher(self) -> Cipher[modes.CBC]:
        return Cipher(algorithms.AES256(self.key), modes.CBC(self.key[:16]))

    def seal(self, text: str) -> str:
        content = text.encode()
        plain = os.urandom(16) + struct.pack("!I", len(content)) + content + self.receiver.encode()
        padder = padding.PKCS7(32 * 8).padder()
        padded = padder.update(plain) + padder.finalize()
        encryptor = self.cipher().encryptor()
        return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()

    def sign(self, stamp: str, nonce: str, sealed: str) -> str:
        return hashlib.sha1("".join(sorted((self.token, stamp, nonce, sealed))).encode()).hexdigest()

    def query(self, stamp: str, sealed: str) -> dict[str, str]:
        nonce = str(next(_numbers))
        return {"timestamp": stamp, "nonce": nonce, "msg_signature": self.sign(stamp, nonce, sealed)}


@dataclass
class WeComServer:
    """The API: `app` answers it. What is sent stands in `sent`, in order."""

    sent: list[tuple[str, str, Any]] = field(default_factory=list)  # user, kind, text or (name, bytes)
    group: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    media: dict[str, bytes] = field(default_factory=dict)
    menu: list[dict[str, Any]] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)  # members outside of what the application sees
    token: str = "t1"

    def __post_init__(self) -> None:
        self._faults: defaultdict[str, deque[int]] = defaultdict(deque)
        self._uploaded: dict[str, tuple[str, bytes]] = {}
        self.app = Starlette(routes=[Route("/{path:path}", self._answer, methods=["GET", "POST"])])

    def fail(self, call: str, *codes: int) -> None:
        self._faults[call].extend(codes)

    def to(self, user: str) -> list[Any]:
        return [what for whom, _, what in self.sent if whom == user]

    async def _answer(self, request: Request) -> Response:
        path = "/" + request.path_params["path"]
        call = path.rpartition("/")[2]
        self.calls.append(call)
        if self._faults[call]:
            return self._error(self._faults[call].popleft())
        query = request.query_params
        if path == "/cgi-bin/gettoken":
            if (query.get("corpid"), query.get("corpsecret")) != (CORP, SECRET):
                return self._error(40001)
            return JSONResponse({"errcode": 0, "access_token": self.token, "expires_in": 7200})
        if path == "/cgi-bin/webhook/send":
            return self._robot(query.get("key", ""), await request.body())
        if query.get("access_token") != self.token:
            return self._error(40014)
        if path == "/cgi-bin/media/get":
            found = self.media.get(query.get("media_id", ""))
            return self._error(40007) if found is None else Response(found, media_type="image/jpeg")
        if path == "/cgi-bin/media/upload":
            return await self._upload(request)
        if path == "/cgi-bin/message/send":
            return self._message(await request.body())
        if path.startswith("/cgi-bin/menu/") and query.get("agentid") == str(AGENT):
            return self._menu(call, await request.body())
        return self._error(40058)

    @staticmethod
    def _error(code: int) -> Response:
        return JSONResponse({"errcode": code, "errmsg": "injected wangfang and-token"})

    def _robot(self, key: str, body: bytes) -> Response:
        asked = json.loads(body)
        text = asked["text"]["content"]
        if key != ROBOT:
            return self._error(93000)
        if asked["msgtype"] != "text" or len(text.encode()) > 2048:
            return self._error(40058)
        self.group.append(text)
        return JSONResponse({"errcode": 0, "errmsg": "ok"})

    async def _upload(self, request: Request) -> Response:
        async with request.form() as form:
            file = form["media"]
            assert not isinstance(file, str) and file.filename
            content = await file.read()
            if request.query_params["type"] != "file" or not 5 < len(content) <= 20 * 1024**2:
                return self._error(40006)
            media_id = f"up{next(_numbers)}"
            self._uploaded[media_id] = (file.filename, content)
        return JSONResponse({"errcode": 0, "errmsg": "ok", "type": "file", "media_id": media_id})

    def _message(self, body: bytes) -> Response:
        assert b"\\u" not in body, "people would see the escapes"
        asked = json.loads(body)
        user, kind = asked["touser"], asked["msgtype"]
        if asked["agentid"] != AGENT:
            return self._error(40056)
        if user in self.hidden:
            return self._error(81013)
        if kind == "file":
            self.sent.append((user, kind, self._uploaded[asked["file"]["media_id"]]))
        else:
            text = asked["text"]["content"]
            if not 0 < len(text.encode()) <= 2048:
                return self._error(45002)
            self.sent.append((user, kind, text))
        return JSONResponse({"errcode": 0, "errmsg": "ok", "invaliduser": "", "msgid": "1"})

    def _menu(self, call: str, body: bytes) -> Response:
        if call == "create":
            self.menu = json.loads(body)["button"]
            assert len(self.menu) <= 3
        elif call == "delete":
            self.menu = []
        told = {"button": self.menu} if call == "get" else {}
        return JSONResponse({"errcode": 0, "errmsg": "ok", **told})


@dataclass
class Member:
    """Somebody in the corporation who writes to the application."""

    user: str
    client: httpx.AsyncClient
    stamp: Any  # the clock, as seconds
    envelope: Envelope = field(default_factory=Envelope)

    def post(self, kind: str = "text", **fields: Any) -> dict[str, Any]:
        number = {} if kind == "event" else {"MsgId": next(_numbers)}
        made = {"ToUserName": CORP, "FromUserName": self.user, "CreateTime": int(self.stamp())}
        return {**made, "MsgType": kind, **number, "AgentID": AGENT, **fields}

    async def says(self, text: str) -> httpx.Response:
        return await self.sends(self.post(Content=text))

    async def does(self, event: str, **fields: Any) -> httpx.Response:
        return await self.sends(self.post("event", Event=event, **fields))

    async def sends(self, post: dict[str, Any]) -> httpx.Response:
        sealed = self.envelope.seal(_xml(post))
        body = _xml({"ToUserName": CORP, "Encrypt": sealed, "AgentID": AGENT})
        query = self.envelope.query(str(int(self.stamp())), sealed)
        return await self.client.post("/wecom", params=query, content=body.encode())


def _xml(fields: dict[str, Any]) -> str:
    root = ElementTree.Element("xml")

    def add(parent: ElementTree.Element, held: dict[str, Any]) -> None:
        for name, value in held.items():
            child = ElementTree.SubElement(parent, name)
            if isinstance(value, dict):
                add(child, value)
            else:
                child.text = str(value)

    add(root, fields)
    return ElementTree.tostring(root, encoding="unicode")
