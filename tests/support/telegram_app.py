"""Parts of the tests that talk over Telegram: the app behind a bot, and the channel running."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.app import App, open_app
from bot.assistant import Runner
from bot.channels import delivery
from bot.channels.telegram import transport as channel
from bot.channels.telegram.transport import Telegram
from bot.settings import Settings
from policy.calendar.quarters import SHANGHAI
from storage.connections import database
from storage.connections.database import transaction
from storage.schema.core import outbox
from tests.support.corpus import CORPUS
from tests.support.telegram_server import SECONDS, TOKEN, BotApi

NOW = datetime(2026, 12, 30, 12, 0, tzinfo=SHANGHAI)
LI, WANG = 7001, 7002


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Tries follow each other at once, a locked database is noticed at once, loggers come back."""
    monkeypatch.setattr(delivery, "FIRST_WAIT", 0.02)
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    monkeypatch.setattr(channel, "STAND_BY_SECONDS", 0.05)
    monkeypatch.setattr(delivery, "LOOK_SECONDS", 0.1)
    names = ("telegram", "httpx", "httpcore")
    levels = [logging.getLogger(name).level for name in names]
    yield
    for name, level in zip(names, levels, strict=True):
        logging.getLogger(name).setLevel(level)


@pytest.fixture
async def api(quick: None) -> AsyncIterator[BotApi]:
    """The platform, with nobody talking yet."""
    async with BotApi() as started:
        yield started


def open_telegram_app(api: BotApi, folder: Path, url: str = "", **settings: Any) -> App:
    return open_app(
        Settings(
            database_url=url or f"sqlite:///{folder}/bot.sqlite3",
            data_dir=folder / "data",
            secret_key="k" * 32,
            telegram_token=TOKEN,
            telegram_base_url=api.base_url,
            _env_file=None,
            **settings,
        ),
        CORPUS,
    )


@pytest.fixture
def telegram_app(api: BotApi, sqlite_url: str, tmp_path: Path) -> Iterator[App]:
    made = open_telegram_app(api, tmp_path, sqlite_url)
    yield made
    made.engine.dispose()


@asynccontextmanager
async def serving(app: App) -> AsyncIterator[Telegram]:
    """The channel as the serving process runs it."""
    runner = Runner(app.assistant)
    served = Telegram(app, runner, lambda: NOW)
    async with served.running():
        yield served
    runner.close()


@pytest.fixture
async def served(telegram_app: App) -> AsyncIterator[Telegram]:
    async with serving(telegram_app) as running:
        yield running


def count(app: App, table: Any, *where: Any) -> int:
    with transaction(app.engine, read_only=True) as connection:
        return connection.execute(select(func.count()).select_from(table).where(*where)).scalar_one()


def failures(app: App) -> list[str | None]:
    with transaction(app.engine, read_only=True) as connection:
        return list(connection.execute(select(outbox.c.failed).order_by(outbox.c.id)).scalars())


async def until(true: Callable[[], object]) -> None:
    """Wait until something holds that nobody tells us of."""
    async with asyncio.timeout(SECONDS):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def settled(app: App, rows: int) -> None:
    """Wait until that many outbox rows were delivered or given up."""
    done = outbox.c.sent_at.is_not(None) | outbox.c.failed.is_not(None)
    await until(lambda: count(app, outbox, done) >= rows)
