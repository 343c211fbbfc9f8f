"""A real `python -m bot`, killed while WeChat posts to it; the platform asks again for what got no answer."""
# Fixtures are imported by name.
# ruff: noqa: F401, F811

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from policy.calendar.quarters import SHANGHAI
from tests.channels.test_telegram_killed import free_port
from tests.support.wechat_app import APPID, TOKEN, Answer, Clock, Phone, api, quick
from tests.support.wechat_server import SECONDS, SECRET, WeChatServer


@asynccontextmanager
async def process(api: WeChatServer, folder: Path, port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("BOT_")},
        "BOT_WECHAT_APPID": APPID,
        "BOT_WECHAT_TOKEN": TOKEN,
        "BOT_WECHAT_SECRET": SECRET,
        "BOT_WECHAT_BASE_URL": api.base_url,
        "BOT_LISTEN": f"127.0.0.1:{port}",
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


class Insisting(Phone):
    """The platform, asking again until there is an answer."""

    async def sends(self, post: dict[str, Any]) -> Answer:
        async with asyncio.timeout(4 * SECONDS):
            while True:
                try:
                    answer = await super().sends(post)
                    if answer.status == 200:
                        return answer
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.1)  # it is starting


async def test_killed_again_and_again_nothing_is_lost_and_nothing_applied_twice(
    api: WeChatServer, tmp_path: Path
) -> None:
    said = ["我能不能参加培训", "没有退休", "是", "在做别的工作，有意愿从事", "退休了能报吗", "帮助"]
    port = free_port()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=5) as client:
        clock = Clock(datetime.now(SHANGHAI))
        phones = [Insisting(f"o{n}", client, clock, api) for n in range(8)]

        async def talk(phone: Phone) -> None:
            for text in said:
                await phone.says(text)

        talking = [asyncio.create_task(talk(phone)) for phone in phones]
        for after in (6, 20):
            async with process(api, tmp_path, port) as running:
                async with asyncio.timeout(4 * SECONDS):
                    while sum(len(p.seen) for p in phones) < after:  # noqa: ASYNC110
                        await asyncio.sleep(0.001)
                running.kill()
                await running.wait()
            assert not all(task.done() for task in talking)
        async with process(api, tmp_path, port) as running:
            await asyncio.gather(*talking)
            menus = [await phone.says("菜单") for phone in phones]
            running.terminate()
            assert await running.wait() in (0, -signal.SIGTERM)
    stored = sqlite3.connect(tmp_path / "weihai-bot.sqlite3")
    assert stored.execute("SELECT count(*) FROM turn").fetchone() == ((len(said) + 1) * len(phones),)
    stored.close()
    for phone, menu in zip(phones, menus, strict=True):
        verdict, answer = phone.seen[3], phone.seen[4]
        assert "可以参加" in verdict
        assert "（三）" in answer
        assert "怎么用" in phone.seen[5]
        assert menu.text and "常见问题" in menu.text
    log = (tmp_path / "log").read_text(encoding="utf-8")
    assert "微信公众号已接入" in log
    for secret in (TOKEN, SECRET, *(f'"{phone.openid}"' for phone in phones)):
        assert secret not in log
