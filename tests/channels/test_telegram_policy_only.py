"""BOT_TELEGRAM_PERSONAL=no: no file is fetched, nothing is pushed, questions are answered."""
# Fixtures are imported by name.
# ruff: noqa: F401, F811

from __future__ import annotations

from pathlib import Path

from bot.core.messages import Outgoing
from storage.address import Address
from storage.connections.database import transaction
from storage.conversations import messages
from storage.schema.core import turn
from tests.support.telegram_app import (
    LI,
    NOW,
    api,
    count,
    failures,
    open_telegram_app,
    quick,
    serving,
    settled,
)
from tests.support.telegram_server import BOT, BotApi


async def test_only_questions_are_answered(api: BotApi, sqlite_url: str, tmp_path: Path) -> None:
    app = open_telegram_app(api, tmp_path, sqlite_url, telegram_personal=False)
    with transaction(app.engine) as connection:
        messages.enqueue(connection, Address("telegram", str(BOT), str(LI)), [Outgoing("提醒").body()], NOW)
    async with serving(app):
        await api.send_file(LI, "王芳.xlsx", b"x" * 100)
        await settled(app, 2)
        await api.say(LI, "退休了能报吗")
        await settled(app, 3)
    said = [sent.text for sent in api.to(LI)]
    assert len(said) == 2
    assert "网页" in said[0] and "（三）" in said[1]
    assert not api.called("getFile")
    assert failures(app) == ["policy only", None, None]
    assert count(app, turn, turn.c.said.contains("王芳")) == 0
    app.engine.dispose()
