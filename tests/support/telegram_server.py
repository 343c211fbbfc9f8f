"""A loopback HTTP server that behaves as the Telegram Bot API, for tests with the real library."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections import defaultdict, deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartParser

BOT = 123456789
TOKEN = f"{BOT}:" + "A" * 35
SECONDS = 60.0  # how long a test waits for something before it fails: machines are busy


@dataclass(frozen=True)
class Sent:
    """A message of ours that the platform took."""

    chat: int
    text: str
    keyboard: list[list[dict[str, str]]]
    raw: dict[str, Any]
    file_name: str = ""
    file: bytes = b""
    message_id: int = 0
    edited: bool = False  # in place of what it said before

    @property
    def labels(self) -> list[str]:
        return [button["text"] for row in self.keyboard for button in row]

    def token(self, label: str) -> str:
        """Callback data of the button whose label begins so."""
        for row in self.keyboard:
            for button in row:
                if button["text"].startswith(label):
                    return button["callback_data"]
        raise AssertionError(f"no button {label!r} among {self.labels}")


@dataclass(frozen=True)
class Fault:
    """What goes wrong with a call. `drop` closes the connection; `taken` after taking it all the same."""

    status: int = 0
    retry_after: int = 0
    description: str = "injected"
    drop: bool = False
    taken: bool = False
    user: int | None = None


class Refused(Exception):
    def __init__(self, status: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.status, self.description, self.parameters = status, description, parameters


@dataclass
class BotApi:
    """The platform: people say and press, the bot calls. Start it with `async with BotApi() as api`."""

    sent: list[Sent] = field(default_factory=list)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    pending: list[dict[str, Any]] = field(default_factory=list)
    webhook: dict[str, Any] = field(default_factory=dict)
    offset: int = 0  # updates below it were acknowledged
    port: int = 0
    keyboards: dict[tuple[int, int], Any] = field(default_factory=dict)  # chat, message → its keyboard now

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1000)
        self._messages = itertools.count(1)
        self._faults: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._files: dict[str, bytes] = {}
        self._read: defaultdict[int, int] = defaultdict(int)
        self._polls = 0
        self._changed = asyncio.Condition()
        self._open: set[asyncio.Task[Any]] = set()

    # -- for tests

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/bot"

    async def say(self, user: int, text: str, **extra: Any) -> dict[str, Any]:
        """A person writes in a private chat; the update is returned."""
        return await self.update(message=self.message(user, text=text, **extra))

    async def press(self, user: int, label: str) -> dict[str, Any]:
        """A person presses the button with that label on the last keyboard they got."""
        last = next(s for s in reversed(self.sent) if s.chat == user and s.keyboard)
        return await self.press_token(user, last.token(label), last.message_id)

    async def press_token(self, user: int, token: str, message_id: int = 0) -> dict[str, Any]:
        under = self.message(BOT, text="…", chat=user)
        query = {
            "id": str(next(self._numbers)),
            "from": person(user),
            "chat_instance": "1",
            "data": token,
            "message": {**under, "message_id": message_id or under["message_id"]},
        }
        return await self.update(callback_query=query)

    async def send_file(
        self, user: int, name: str, content: bytes, size: int | None = None
    ) -> dict[str, Any]:
        """A person sends a document."""
        file_id = f"file{next(self._numbers)}"
        self._files[file_id] = content
        told = len(content) if size is None else size
        document = {"file_id": file_id, "file_unique_id": file_id, "file_name": name, "file_size": told}
        return await self.update(message=self.message(user, document=document))

    async def send_photo(self, user: int, content: bytes, caption: str = "") -> dict[str, Any]:
        """A person sends a photograph, which the platform offers in two sizes."""
        sizes = []
        for width in (90, 1280):
            file_id = f"photo{next(self._numbers)}"
            self._files[file_id] = content if width > 90 else b"\xff\xd8\xff small"
            size = len(self._files[file_id])
            sizes.append(
                {"file_id": file_id, "file_unique_id": file_id, "width": width, "height": width}
                | {"file_size": size}
            )
        more: dict[str, Any] = {"caption": caption} if caption else {}
        return await self.update(message=self.message(user, photo=sizes, **more))

    def message(self, user: int, chat: int | None = None, **content: Any) -> dict[str, Any]:
        where = content.pop("chat_object", {"id": chat or user, "type": "private", "first_name": "人"})
        return {
            "message_id": next(self._messages),
            "date": 1_798_600_000,
            "chat": where,
            "from": person(user),
            **content,
        }

    async def update(self, **content: Any) -> dict[str, Any]:
        """Any update, also a malformed one."""
        made = {"update_id": next(self._numbers), **content}
        await self.deliver(made)
        return made

    async def deliver(self, *updates: dict[str, Any]) -> None:
        """Put updates into the queue in one go, known ones too."""
        async with self._changed:
            self.pending.extend(updates)
            self._changed.notify_all()

    def fail(self, method: str, times: int = 1, **fault: Any) -> None:
        """Let the next calls of a method go wrong."""
        self._faults[method.lower()].extend([Fault(**fault)] * times)

    def recover(self, method: str) -> None:
        """Let the next calls of a method go well again."""
        self._faults[method.lower()].clear()

    async def expect(self, user: int) -> Sent:
        """The next message to that person."""
        async with self._changed:
            async with asyncio.timeout(SECONDS):
                await self._changed.wait_for(lambda: len(self.to(user)) > self._read[user])
            found = self.to(user)[self._read[user]]
            self._read[user] += 1
            return found

    async def until(self, true: Any) -> None:
        """Wait until something holds of what the server saw."""
        async with self._changed, asyncio.timeout(SECONDS):
            await self._changed.wait_for(true)

    async def acknowledged(self, update: dict[str, Any]) -> None:
        """Wait until an update was acknowledged."""
        await self.until(lambda: self.offset > update["update_id"])

    def to(self, user: int) -> list[Sent]:
        return [s for s in self.sent if s.chat == user]

    def called(self, method: str) -> list[dict[str, Any]]:
        return [asked for name, asked in self.calls if name == method.lower()]

    # -- the server

    async def __aenter__(self) -> BotApi:
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
        headers = Headers(dict(line.split(": ", 1) for line in lines if ": " in line))
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        path = unquote(first.split(" ")[1])
        if path.startswith(f"/file/bot{TOKEN}/"):
            self.calls.append(("file", {}))
            await self._reply(writer, 200, self._files[path.rpartition("/")[2]])
            return True
        prefix = f"/bot{TOKEN}/"
        method = path.removeprefix(prefix).lower()
        asked = await parameters(headers, body)
        self.calls.append((method, asked))
        waiting = self._faults[method]
        fault = Fault()
        if waiting and waiting[0].user in (None, int(asked.get("chat_id", 0))):
            fault = waiting.popleft()
        if fault.drop and not fault.taken:
            return False
        try:
            if not path.startswith(prefix):
                raise Refused(401, "Unauthorized")
            if fault.status:
                told = {"retry_after": fault.retry_after} if fault.retry_after else {}
                raise Refused(fault.status, fault.description, **told)
            handler = getattr(self, f"_{method}", None)
            if handler is None:
                raise Refused(404, "Not Found")
            answer = {"ok": True, "result": await handler(asked)}
            status = 200
        except Refused as refused:
            status = refused.status
            answer = {"ok": False, "error_code": status, "description": refused.description}
            if refused.parameters:
                answer["parameters"] = refused.parameters
        async with self._changed:
            self._changed.notify_all()
        if fault.drop:
            return False
        await self._reply(writer, status, json.dumps(answer).encode())
        return True

    async def _reply(self, writer: asyncio.StreamWriter, status: int, body: bytes) -> None:
        head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()

    # -- methods of the Bot API, lower case

    async def _getme(self, asked: dict[str, Any]) -> Any:
        return {"id": BOT, "is_bot": True, "first_name": "助手", "username": "weihai_test_bot"}

    async def _deletewebhook(self, asked: dict[str, Any]) -> Any:
        self.webhook = {}
        return True

    async def _setwebhook(self, asked: dict[str, Any]) -> Any:
        self.webhook = asked
        return True

    async def _getupdates(self, asked: dict[str, Any]) -> Any:
        if self.webhook:
            raise Refused(409, "Conflict: can't use getUpdates method while webhook is active")
        self._polls += 1
        mine = self._polls
        async with self._changed:
            offset = int(asked.get("offset", 0))
            self.offset = max(self.offset, offset)
            self.pending = [u for u in self.pending if not isinstance(u, dict) or u["update_id"] >= offset]
            self._changed.notify_all()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(int(asked.get("timeout", 0))):
                    await self._changed.wait_for(lambda: self.pending or self._polls > mine)
        if self._polls > mine:
            raise Refused(409, "Conflict: terminated by other getUpdates request")
        return self.pending[:100]

    async def _sendmessage(self, asked: dict[str, Any]) -> Any:
        if not 1 <= len(asked.get("text", "")) <= 4096:
            raise Refused(400, "Bad Request: message text is empty or too long")
        return self._took(asked, text=asked["text"])

    async def _senddocument(self, asked: dict[str, Any]) -> Any:
        name, content = asked.pop("document")
        return self._took(asked, file_name=name, file=content)

    def _took(self, asked: dict[str, Any], **content: Any) -> Any:
        keyboard = asked.get("reply_markup", {}).get("inline_keyboard", [])
        for row in keyboard:
            for button in row:
                if not 1 <= len(button["callback_data"].encode()) <= 64:
                    raise Refused(400, "Bad Request: BUTTON_DATA_INVALID")
        chat = int(asked["chat_id"])
        made = self.message(BOT, chat=chat, text="…")
        number = int(asked.get("message_id", made["message_id"]))
        self.keyboards[chat, number] = keyboard
        shown = Sent(chat, content.pop("text", ""), keyboard, asked, message_id=number, **content)
        self.sent.append(shown)
        return {**made, "message_id": number}

    async def _editmessagetext(self, asked: dict[str, Any]) -> Any:
        """What is edited in counts as sent: people see it."""
        return self._took(asked, text=asked["text"], edited=True)

    async def _editmessagereplymarkup(self, asked: dict[str, Any]) -> Any:
        self.keyboards[int(asked["chat_id"]), int(asked["message_id"])] = []
        return True

    async def _sendchataction(self, asked: dict[str, Any]) -> Any:
        return True

    async def _setmycommands(self, asked: dict[str, Any]) -> Any:
        return True

    async def _setchatmenubutton(self, asked: dict[str, Any]) -> Any:
        return True

    async def _answercallbackquery(self, asked: dict[str, Any]) -> Any:
        return True

    async def _getfile(self, asked: dict[str, Any]) -> Any:
        file_id = asked["file_id"]
        if file_id not in self._files:
            raise Refused(400, "Bad Request: invalid file_id")
        return {
            "file_id": file_id,
            "file_unique_id": file_id,
            "file_size": len(self._files[file_id]),
            "file_path": f"documents/{file_id}",
        }


def person(user: int) -> dict[str, Any]:
    return {"id": user, "is_bot": user == BOT, "first_name": "人"}


async def parameters(headers: Headers, body: bytes) -> dict[str, Any]:
    """Fields of a form or multipart body; JSON ones decoded, files as (name, bytes)."""
    if headers.get("content-type", "").startswith("multipart/"):

        async def stream() -> AsyncGenerator[bytes, None]:
            yield body

        pairs: Any = (await MultiPartParser(headers, stream()).parse()).multi_items()
    else:
        pairs = parse_qsl(body.decode(), keep_blank_values=True)
    asked: dict[str, Any] = {}
    for name, value in pairs:
        if isinstance(value, UploadFile):
            asked[name] = (value.filename, await value.read())
        elif value[:1] in "{[" and name != "text":
            asked[name] = json.loads(value)
        else:
            asked[name] = value
    return asked
