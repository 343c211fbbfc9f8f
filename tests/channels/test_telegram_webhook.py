"""The webhook: only the platform is heard, and only a committed turn is acknowledged."""
# Fixtures are imported by name.
# ruff: noqa: F401, F811

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from starlette.applications import Starlette

from bot.app import App
from bot.assistant import Runner
from bot.channels.telegram import transport as channel
from bot.channels.telegram.transport import Telegram
from storage.schema.core import turn
from tests.support.telegram_app import (
    LI,
    NOW,
    api,
    count,
    open_telegram_app,
    quick,
    serving,
    settled,
    telegram_app,
)
from tests.support.telegram_server import BotApi

SECRET = "webhook-secret-0123456789"


@asynccontextmanager
async def webhook(api: BotApi, tmp_path: Path) -> AsyncIterator[tuple[App, httpx.AsyncClient]]:
    app = open_telegram_app(
        api, tmp_path, telegram_webhook_secret=SECRET, public_url="https://weihai.example"
    )
    async with serving(app) as telegram:
        transport = httpx.ASGITransport(Starlette(routes=telegram.routes()))
        async with httpx.AsyncClient(transport=transport, base_url="http://bot") as client:
            yield app, client
    app.engine.dispose()


def signed(secret: str = SECRET) -> dict[str, str]:
    return {"X-Telegram-Bot-Api-Secret-Token": secret}


async def test_the_webhook_is_registered_and_applies_once(api: BotApi, tmp_path: Path) -> None:
    async with webhook(api, tmp_path) as (app, client):
        await api.until(lambda: api.webhook)
        assert api.webhook == {
            "url": "https://weihai.example/telegram",
            "secret_token": SECRET,
            "allowed_updates": ["message", "edited_message", "callback_query", "my_chat_member"],
        }
        update = {"update_id": 1, "message": api.message(LI, text="退休了能报吗")}
        for _ in range(2):
            assert (await client.post("/telegram", json=update, headers=signed())).status_code == 200
            assert count(app, turn) == 1  # committed before it was acknowledged
        assert "（三）" in (await api.expect(LI)).text
        await settled(app, 1)
    assert len(api.sent) == 1
    assert api.called("getUpdates") == []


async def test_the_webhook_refuses_what_is_not_the_platforms(api: BotApi, tmp_path: Path) -> None:
    async with webhook(api, tmp_path) as (app, client):
        update = {"update_id": 1, "message": api.message(LI, text="帮助")}
        for headers in ({}, signed("wrong"), signed(SECRET[:-1]), signed("")):
            assert (await client.post("/telegram", json=update, headers=headers)).status_code == 403
        long = b'{"x": "' + b"y" * channel.BODY_LONGEST + b'"}'
        assert (await client.post("/telegram", content=long, headers=signed())).status_code == 413
        assert (await client.post("/telegram", content=b"{", headers=signed())).status_code == 400
        assert (await client.get("/telegram", headers=signed())).status_code == 405
        malformed = {"update_id": 2, "message": {"text": "x"}}
        assert (await client.post("/telegram", json=malformed, headers=signed())).status_code == 200
        assert count(app, turn) == 0


async def test_the_webhook_is_not_acknowledged_while_storage_is_away(api: BotApi, tmp_path: Path) -> None:
    async with webhook(api, tmp_path) as (app, client):
        await api.until(lambda: api.webhook)
        other = sqlite3.connect(tmp_path / "bot.sqlite3", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        update = {"update_id": 1, "message": api.message(LI, text="帮助")}
        assert (await client.post("/telegram", json=update, headers=signed())).status_code == 503
        other.execute("ROLLBACK")
        other.close()
        assert (await client.post("/telegram", json=update, headers=signed())).status_code == 200
        await api.expect(LI)
        assert count(app, turn) == 1


def test_without_a_secret_there_is_no_webhook(telegram_app: App) -> None:
    assert Telegram(telegram_app, Runner(telegram_app.assistant), lambda: NOW).routes() == []
