"""What a client may take of the server: connections, uploads, time for headers, bodies and answers."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
from types import FrameType
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from bot.core.render import words
from bot.http.bodies import LONGEST_FORM
from policy.reading.digits import whole_number

log = logging.getLogger("bot")

HEADER_SECONDS = 10.0  # for a request to say what it wants, from the connection or the answer before
BODY_SECONDS = 10.0  # for a body to arrive, and as long again …
SLOWEST = 8 * 1024  # … for every so many bytes of it in a second
SILENT_SECONDS = 15.0  # without a byte of a body
STALLED_SECONDS = 60.0  # in which a client takes nothing of its answer
UPLOADS = 8  # bodies longer than a form at once
MOST_CONNECTIONS = 1000
SPARE = 50  # connections beyond, that are told so
OTHER_FILES = 200  # descriptors that are not connections
BACKLOG = 64  # connections that wait to be taken; what a burst may cost in descriptors
LONGEST_HEAD = 16 * 1024  # bytes
GRACE_SECONDS = 3  # for requests under way when we are asked to stop
LAST_SECONDS = 8.0  # after which the process ends whatever still runs


def connections() -> int:
    """How many there may be at once: what the system's limit on open files leaves, raised where it can be."""
    try:
        import resource
    except ImportError:
        return MOST_CONNECTIONS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + 2 * SPARE + BACKLOG + OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
            soft = most
    if soft == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    return max(SPARE, min(MOST_CONNECTIONS, soft - 2 * SPARE - BACKLOG - OTHER_FILES))


class Protocol(H11Protocol):
    """A connection that has to say what it wants in time, and to take what it asked for.

    When there are too many, one that waits for nothing gives way to the newcomer: who holds connections
    open without asking keeps nobody out.
    """

    _late: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None

    @property
    def is_idle(self) -> bool:
        """Whether no request is under way."""
        return self.cycle is None or self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, in place of an idle one when there are too many."""
        super().connection_made(transport)
        most = (self.limit_concurrency or MOST_CONNECTIONS) - SPARE
        if len(self.connections) > most:
            others = (c for c in self.connections if c is not self and getattr(c, "is_idle", False))
            if (one := next(others, None)) is not None:
                self.connections.discard(one)
                one.transport.abort()
            elif len(self.connections) > most + 2 * SPARE:
                transport.abort()
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Read, and watch the time for a request's head."""
        super().data_received(data)
        self._watch()

    def _watch(self) -> None:
        if not self.is_idle:
            self._forget()
        elif self._late is None:
            self._late = self.loop.call_later(HEADER_SECONDS, self.transport.abort)

    def _forget(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def pause_writing(self) -> None:
        """The client does not take what it asked for: look again whether it moves."""
        super().pause_writing()
        self._look_again(self.transport.get_write_buffer_size())

    def _look_again(self, left: int) -> None:
        self._stalled = self.loop.call_later(STALLED_SECONDS, self._cut_unless_moving, left)

    def _cut_unless_moving(self, left: int) -> None:
        now = self.transport.get_write_buffer_size()
        if now >= left:
            self.transport.abort()
        else:
            self._look_again(now)

    def resume_writing(self) -> None:
        """It does."""
        super().resume_writing()
        self._taken()

    def _taken(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def connection_lost(self, exc: Exception | None) -> None:
        """No more deadlines."""
        self._forget()
        self._taken()
        super().connection_lost(exc)


class BoundedBodies:
    """ASGI: a body that comes too slowly is as good as a client that went; few long ones at once."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._uploads = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        length = _length(scope) if scope["type"] == "http" else 0
        if length == 0:
            await self._app(scope, receive, send)
            return
        long = length is None or length > LONGEST_FORM
        if long and self._uploads >= UPLOADS:
            await _busy(send)
            return
        body = _Body(receive)
        self._uploads += long
        try:
            await self._app(scope, body.receive, body.closing(send))
        finally:
            self._uploads -= long


class _Body:
    """A request's body, as it arrives."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._began = asyncio.get_running_loop().time()
        self._got = 0
        self._whole = False

    async def receive(self) -> Message:
        """The next piece; a disconnect when it does not come in time."""
        if self._whole:
            return await self._receive()
        left = self._began + BODY_SECONDS + self._got / SLOWEST - asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(max(0.0, min(left, SILENT_SECONDS))):
                message = await self._receive()
        except TimeoutError:
            return {"type": "http.disconnect"}
        self._got += len(message.get("body", b""))
        self._whole = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    def closing(self, send: Send) -> Send:
        """The same, but what was answered before the body was whole ends the connection."""

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start" and not self._whole:
                message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
            await send(message)

        return answer


def _length(scope: Scope) -> int | None:
    """How long the body is said to be; None when it is not said."""
    given = dict(scope["headers"])
    if b"transfer-encoding" in given:
        return None
    length = given.get(b"content-length", b"0")
    return whole_number(length.decode("latin-1"))


async def _busy(send: Send) -> None:
    sentence = words("web/notice.j2", {"kind": "busy"})
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"retry-after", b"30"),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": sentence.encode()})


class Server(uvicorn.Server):
    """Stops in time: what still runs then was either stored or will come again."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop; the process ends at the latest some seconds on."""
        last = threading.Timer(LAST_SECONDS, _end)
        last.daemon = True
        last.start()
        super().handle_exit(sig, frame)


def _end() -> None:
    log.warning("stop: not everything ended in time")
    os._exit(0)


def server(app: ASGIApp) -> Server:
    """What serves the application within these bounds."""
    config = uvicorn.Config(
        app,
        log_config=None,  # its lines are ours, in our form
        log_level="warning",
        access_log=False,
        http=Protocol,
        ws="none",
        server_header=False,
        backlog=BACKLOG,
        limit_concurrency=connections() + SPARE,
        timeout_graceful_shutdown=GRACE_SECONDS,
        h11_max_incomplete_event_size=LONGEST_HEAD,
    )
    return Server(config)


ONCE_IN = 60.0  # seconds between two lines about the same


class LoopFaults:
    """What the event loop reports: a kind a line, and the same one only once a minute."""

    def __init__(self) -> None:
        self._told: dict[str, float] = {}

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Handle one report of the loop; its own words may hold anything, so they are left out."""
        error = context.get("exception")
        kind = type(error).__qualname__ if error is not None else "no exception"
        if isinstance(error, OSError) and "accept" in str(context.get("message", "")):
            kind = "no connection can be taken, out of files"
        if loop.time() - self._told.get(kind, -ONCE_IN) >= ONCE_IN:
            self._told[kind] = loop.time()
            log.error("event loop: %s", kind)
