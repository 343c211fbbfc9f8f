"""/metrics: plain numbers, and the right ones."""

from __future__ import annotations

import re

import pytest

from bot import router
from bot.app import App
from storage import messages
from storage.address import Address
from storage.database import transaction
from tests.support.office_browser import Browser
from tests.support.talk import NOON, Person


async def numbers(app: App) -> dict[str, float]:
    """What a collector reads."""
    browser = await Browser(app).opens("/metrics")
    assert browser.status == 200
    assert browser.response.headers["content-type"].startswith("text/plain")
    return {name: float(value) for name, value in re.findall(r"^bot_(\w+) ([\d.]+)$", browser.page, re.M)}


async def test_the_numbers_are_those_of_the_database(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = ("turns", "people", "outbox_waiting", "incidents")
    assert [(await numbers(app))[name] for name in counted] == [0, 0, 0, 0]
    li, wang = Person(app.assistant, "li"), Person(app.assistant, "wang", "telegram")
    li.says("啥时候发的", id="m1")
    li.says("啥时候发的", id="m1")  # the same message again
    li.says("补贴多少钱")
    wang.says("您好")  # its reply waits for Telegram: a reply is none of those that wait to be pushed
    assert [(await numbers(app))[name] for name in counted] == [3, 2, 0, 0]
    with transaction(app.engine) as connection:
        there = Address("telegram", "test", "wang")
        messages.enqueue(connection, there, [{"text": str(n)} for n in range(5)], NOON)
        waiting = messages.pushes_waiting(connection, there)
        messages.mark_sent(connection, waiting[0].id, NOON)
        messages.mark_sent(connection, waiting[1].id, NOON, failed="blocked")

    assert [(await numbers(app))[name] for name in counted] == [3, 2, 3, 0]
    monkeypatch.setattr(router, "respond", lambda turn: 1 / 0)  # a fault of ours
    wang.says("您好")
    assert [(await numbers(app))[name] for name in counted] == [4, 2, 3, 1]
