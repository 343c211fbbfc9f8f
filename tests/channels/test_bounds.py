"""Clients that stall, flood or never end, against a running server."""

from __future__ import annotations

import asyncio
import contextlib
import re
import resource
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from bot.app import App
from bot.http import bounds
from bot.server import application
from storage.schema.core import account, turn
from tests.support.processes import environment
from tests.support.web_visitor import count

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]
HEAD = b"POST / HTTP/1.1\r\nHost: bot\r\nContent-Type: multipart/form-data; boundary=x\r\n"
LONG = b"Content-Length: 9000000\r\n"


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not done():  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)


@asynccontextmanager
async def serving(app: App) -> AsyncIterator[int]:
    """The application on a port of this machine."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = bounds.server(application(app))
    running = asyncio.create_task(server.serve(sockets=[listener]))
    await until(lambda: server.started)
    try:
        yield int(listener.getsockname()[1])
    finally:
        server.should_exit = True
        await running


async def connect(port: int, *sent: bytes) -> Stream:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for piece in sent:
        writer.write(piece)
        await writer.drain()
    return reader, writer


async def ended(stream: Stream) -> bytes:
    """All that is still said until the other side ends the connection."""
    reader, writer = stream
    told = b""
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(30):
            while piece := await reader.read(65_536):
                told += piece
    writer.close()
    return told


async def answered(port: int) -> httpx.Response:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        return await client.get("/")


async def cookie(port: int) -> bytes:
    given = (await answered(port)).headers["set-cookie"].partition(";")[0]
    return b"Cookie: " + given.encode() + b"\r\n"


@pytest.mark.parametrize("sent", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: bot\r\nX: "])
async def test_a_request_that_never_says_what_it_wants_is_cut(
    app: App, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(bounds, "HEADER_SECONDS", 0.2)
    async with serving(app) as port:
        assert await ended(await connect(port, sent)) == b""
        assert (await answered(port)).status_code == 200


async def test_a_second_request_has_the_same_deadline(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "HEADER_SECONDS", 0.2)
    async with serving(app) as port:
        stream = await connect(port, b"GET /privacy HTTP/1.1\r\nHost: bot\r\n\r\nGET /pri")
        assert (await ended(stream)).startswith(b"HTTP/1.1 200")


async def test_headers_beyond_all_measure_are_refused(app: App) -> None:
    async with serving(app) as port:
        stream = await connect(port, b"GET / HTTP/1.1\r\nX: " + b"x" * 100_000)
        told = await ended(stream)
        assert told == b"" or told.startswith(b"HTTP/1.1 4")


async def test_a_body_that_never_comes_is_given_up(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "BODY_SECONDS", 0.3)
    async with serving(app) as port:
        stalled = await connect(port, HEAD, await cookie(port), LONG, b"\r\n", b"--x\r\n")
        assert b" 400 " in (await ended(stalled)).splitlines()[0]
        assert (await answered(port)).status_code == 200
    assert count(app, turn) == 0


async def test_a_body_that_trickles_is_given_up(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "BODY_SECONDS", 0.3)
    async with serving(app) as port:
        reader, writer = await connect(port, HEAD, await cookie(port), LONG, b"\r\n", b"--x\r\n")
        ending = asyncio.create_task(ended((reader, writer)))
        with contextlib.suppress(ConnectionError):
            while not ending.done():
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.02)
        assert b" 400 " in (await ending).splitlines()[0]


async def test_a_file_of_nobody_we_know_is_not_even_read(app: App) -> None:
    async with serving(app) as port:
        told = await ended(await connect(port, HEAD, LONG, b"\r\n"))  # not a byte of the body was sent
        assert b" 400 " in told.splitlines()[0]
        forged = b"Cookie: weihai_chat=" + b"A" * 43 + b"." + b"A" * 22 + b"\r\n"
        told = await ended(await connect(port, HEAD, forged, LONG, b"\r\n"))
        assert b" 400 " in told.splitlines()[0]
        office = HEAD.replace(b"POST /", b"POST /office/institutions/import")
        told = await ended(await connect(port, office, b"Cookie: weihai_office=x\r\n", LONG, b"\r\n"))
        assert b" 401 " in told.splitlines()[0]
    assert count(app, account) == 0


async def test_uploads_beyond_so_many_are_asked_to_come_again(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "UPLOADS", 2)
    async with serving(app) as port:
        stalled = [await connect(port, HEAD, await cookie(port), LONG, b"\r\n", b"--x\r\n") for _ in range(2)]
        await asyncio.sleep(0.1)
        told = await ended(await connect(port, HEAD, await cookie(port), LONG, b"\r\n"))
        assert b" 503 " in told.splitlines()[0]
        assert "再传一次" in told.decode()
        assert (await answered(port)).status_code == 200  # who only reads or writes notices nothing
        for _, writer in stalled:
            writer.transport.abort()


async def test_idle_connections_give_way_to_somebody_who_asks(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "connections", lambda: 20)
    async with serving(app) as port:
        idle = [await connect(port) for _ in range(60)]
        for _ in range(3):
            assert (await answered(port)).status_code == 200
        for _, writer in idle:
            writer.transport.abort()


async def test_a_client_that_takes_nothing_is_cut(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "STALLED_SECONDS", 0.2)

    async def long(scope: object, receive: object, send: Callable[..., object]) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})  # type: ignore[misc]
        for _ in range(1000):
            await send(  # type: ignore[misc]
                {"type": "http.response.body", "body": b"x" * 65_536, "more_body": True}
            )

    listener = socket.create_server(("127.0.0.1", 0))
    server = bounds.server(long)
    server.config.lifespan = "off"
    running = asyncio.create_task(server.serve(sockets=[listener]))
    await until(lambda: server.started)
    with socket.create_connection(listener.getsockname()) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: bot\r\n\r\n")
        await until(lambda: bool(server.server_state.connections))
        await until(lambda: not server.server_state.connections)
    server.should_exit = True
    await running


# A process of its own.


@asynccontextmanager
async def process(folder: Path, most_files: int = 0) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    """A real `python -m bot` and its port; its standard error goes to `log`."""

    def few_files() -> None:
        if most_files:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))

    with (folder / "log").open("wb") as log:
        started = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            cwd=folder,
            env=environment(folder, BOT_LISTEN="127.0.0.1:0"),
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            preexec_fn=few_files,
        )
    try:
        assert started.stdout
        port = 0
        while not port:
            line = (await started.stdout.readline()).decode()
            assert line, (folder / "log").read_text()
            found = re.search(r"127\.0\.0\.1:(\d+)", line)
            port = int(found[1]) if found else 0
        yield started, port
    finally:
        if started.returncode is None:
            started.send_signal(signal.SIGKILL)
        await started.wait()


async def test_it_stops_in_time_whatever_clients_do(tmp_path: Path) -> None:
    async with process(tmp_path) as (started, port):
        held = [await connect(port), await connect(port, b"GET / HT")]
        held += [await connect(port, HEAD, await cookie(port), LONG, b"\r\n", b"--x\r\n") for _ in range(2)]
        await asyncio.sleep(0.2)
        started.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):  # what systemd and docker give before they kill
            await started.wait()
        for _, writer in held:
            writer.transport.abort()


async def test_at_the_limit_of_open_files_it_goes_on_and_the_log_stays_short(tmp_path: Path) -> None:
    async with process(tmp_path, most_files=256) as (_, port):
        assert (await answered(port)).status_code == 200
        held: list[socket.socket] = []
        for _ in range(500):
            one = socket.socket()
            one.setblocking(False)
            held.append(one)
            one.connect_ex(("127.0.0.1", port))
        await asyncio.sleep(0.5)
        assert (await answered(port)).status_code == 200
        for one in held:
            one.close()
    assert len((tmp_path / "log").read_text().splitlines()) < 10
