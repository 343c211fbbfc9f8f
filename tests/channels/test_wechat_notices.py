"""Notices by template message: with consent, about their own report, one a day, three a quarter."""
# Fixtures are imported by name.
# ruff: noqa: F401, F811

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import httpx
import pytest

from bot.app import App
from bot.channels.wechat import transport
from bot.features.reminders import send as reminder_sender
from policy.calendar.quarters import SHANGHAI
from tests.conftest import contact_code
from tests.support.corpus import CORPUS
from tests.support.wechat_app import (
    PUBLIC,
    Clock,
    Phone,
    api,
    clock,
    open_wechat_app,
    quick,
    quiet,
    serving_app,
    until,
)
from tests.support.wechat_server import TEMPLATE, WeChatServer

SCHOOL = "威海数字培训学校"
DAYS = (17, 24, 28, 30, 31)  # of December: when reminders are due


@dataclass
class Scene:
    """A contact on WeChat, whose window has long been shut when a reminder is due."""

    app: App
    api: WeChatServer
    clock: Clock
    client: httpx.AsyncClient
    wang: Phone

    def on(self, day: int) -> tuple[int, list[str]]:
        """The reminders of a day of December: how many people they reach, and whom to call."""
        self.clock.at = datetime(2026, 12, day, 10, 0, tzinfo=SHANGHAI)
        return reminder_sender.send_due(self.app.engine, CORPUS.holidays, self.clock())


@pytest.fixture
async def scene(
    api: WeChatServer, clock: Clock, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Scene]:
    monkeypatch.setattr(transport, "NOTICE_SECONDS", 0.05)
    fields = "thing1=单位 thing2=事项 time3=截止"
    app = open_wechat_app(tmp_path, api, sqlite_url, wechat_template=TEMPLATE, wechat_template_fields=fields)
    async with serving_app(app) as client:
        wang = Phone("oWang", client, clock, api)
        for text in (f"绑定 {contact_code(app)}", "王芳", "跳过"):
            await wang.says(text)
        yield Scene(app, api, clock, client, wang)
    app.engine.dispose()


def _more(api: WeChatServer, before: int) -> bool:
    return len(api.notices) > before


async def test_nobody_gets_one_who_did_not_agree(scene: Scene) -> None:
    said = await scene.wang.chat("到期通知")
    assert "没有开通" in said
    assert scene.on(30) == (0, [SCHOOL])
    await quiet()
    assert scene.api.notices == []


async def test_who_agreed_is_told_once_a_day_and_three_times_a_quarter(scene: Scene) -> None:
    await scene.wang.says("到期通知")
    await scene.wang.taps("开通")
    told = []
    for day in DAYS:
        before = len(scene.api.notices)
        told.append(scene.on(day))
        if before < 3:
            await until(partial(_more, scene.api, before))
        await quiet(0.2)
    assert told[:3] == [(1, [])] * 3
    assert told[3:] == [(0, [SCHOOL])] * 2  # three were sent: now somebody has to call
    assert len(scene.api.notices) == 3
    openid, fields, url = scene.api.notices[0]
    assert openid == "oWang"
    assert fields["thing1"] == SCHOOL
    assert fields["time3"] == "2026年12月31日 23:59"
    assert url.startswith(f"{PUBLIC}/wechat/stop/")
    shown = await scene.wang.says("菜单")  # what the notice was about waits in the conversation
    assert shown.text and "情况表" in shown.text


async def test_one_tap_stops_them_and_opening_the_page_does_not(scene: Scene) -> None:
    await scene.wang.says("到期通知")
    await scene.wang.taps("开通")
    scene.on(17)
    await until(lambda: scene.api.notices)
    path = scene.api.notices[0][2].removeprefix(PUBLIC)
    assert (await scene.client.get(path)).status_code == 200
    assert (await scene.client.get(path[:-1] + "x")).status_code == 404
    assert scene.on(24) == (1, [])
    await until(lambda: len(scene.api.notices) == 2)
    assert "已停止" in (await scene.client.post(path)).text
    assert scene.on(28) == (0, [SCHOOL])
    await quiet()
    assert len(scene.api.notices) == 2


@pytest.mark.parametrize("way", ["words", "refused", "event"])
async def test_other_ways_to_stop(scene: Scene, way: str) -> None:
    await scene.wang.says("到期通知")
    await scene.wang.taps("开通")
    if way == "words":
        await scene.wang.says("停止通知")
    elif way == "refused":
        scene.api.fail("send", errcode=43101)
    scene.on(17)
    if way == "refused":
        await until(lambda: "send" in scene.api.calls)
    elif way == "event":
        await until(lambda: scene.api.notices)
        await scene.wang.event("TEMPLATESENDJOBFINISH", MsgID=1, Status="failed:user block")
    await quiet()
    before = len(scene.api.notices)
    assert scene.on(24) == (0, [SCHOOL])
    await quiet()
    assert len(scene.api.notices) == before


async def test_a_template_that_the_platform_does_not_know_reaches_nobody(scene: Scene) -> None:
    await scene.wang.says("到期通知")
    await scene.wang.taps("开通")
    scene.api.fail("send", errcode=40037)
    scene.on(17)
    await until(lambda: "send" in scene.api.calls)
    await quiet(0.2)
    assert scene.on(24) == (0, [SCHOOL])
