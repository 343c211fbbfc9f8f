"""A real `python -m bot`, killed while messages flow."""
# Fixtures are imported by name.
# ruff: noqa: F401, F811

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.telegram_app import api, quick
from tests.support.telegram_server import TOKEN, BotApi, Sent


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@asynccontextmanager
async def process(api: BotApi, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("BOT_")},
        "BOT_TELEGRAM_TOKEN": TOKEN,
        "BOT_TELEGRAM_BASE_URL": api.base_url,
        "BOT_LOG": "json",
        "BOT_LISTEN": f"127.0.0.1:{free_port()}",
    }
    with (folder / "log").open("ab") as log:
        started = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", cwd=folder, env=environment, stdout=log, stderr=log
        )
    try:
        yield started
    finally:
        if started.returncode is None:
            started.send_signal(signal.SIGKILL)
        await started.wait()


def by_text(sent: list[Sent]) -> list[str]:
    """Texts in the order they first came, repeated deliveries left out."""
    return list(dict.fromkeys(s.text for s in sent))


async def test_killed_again_and_again_nothing_is_lost_and_nothing_applied_twice(
    api: BotApi, tmp_path: Path
) -> None:
    users = range(8001, 8009)
    said = ["我能不能参加培训", "没有退休", "是", "在做别的工作，有意愿从事", "退休了能报吗", "帮助"]
    for text in said:
        for user in users:
            await api.say(user, text)
    for after in (5, 20):  # dies with messages applied but unsent, sent but not noted, and unfetched
        async with process(api, tmp_path) as running:
            await api.until(lambda after=after: len(api.sent) >= after)
            running.kill()
            await running.wait()
        assert len(api.sent) < len(said) * len(users)
    async with process(api, tmp_path) as running:
        last = [await api.say(user, "菜单") for user in users][-1]
        await api.acknowledged(last)
        await api.until(lambda: all(len(by_text(api.to(user))) > len(said) for user in users))
        running.terminate()
        assert await running.wait() in (0, -signal.SIGTERM)
    stored = sqlite3.connect(tmp_path / "weihai-bot.sqlite3")
    assert stored.execute("SELECT count(*) FROM turn").fetchone() == ((len(said) + 1) * len(users),)
    undelivered = "SELECT count(*) FROM outbox WHERE sent_at IS NULL"
    assert stored.execute(undelivered).fetchone() == (0,)
    stored.close()
    for user in users:
        got = by_text(api.to(user))
        assert "可以参加" in got[3]
        assert "（三）" in got[4]
        assert "怎么用" in got[5]
        assert "常见问题" in api.to(user)[-1].labels
    log = (tmp_path / "log").read_text(encoding="utf-8")
    assert TOKEN not in log
    events = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    told = [(e["event"], bool(e["version"])) for e in events if e.get("event") in ("start", "stop")]
    assert told == [("start", True)] * 3 + [("stop", True)]  # two were killed
