"""/metrics: the right numbers, by channel, and only for who may read them."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot import router, server
from bot.app import App
from bot.http import health
from bot.server import application
from bot.settings import BadSetting, load_settings
from storage.address import Address
from storage.connections.database import transaction
from storage.conversations import messages
from storage.monitoring import heartbeats, installation
from tests.channels.test_web import replace_by_folder
from tests.support.office_browser import Browser
from tests.support.talk import NOON, Person
from tests.support.web_visitor import Visitor

Numbers = dict[tuple[str, str], float]


async def numbers(app: App) -> Numbers:
    """What a collector reads: (name, the value of its first label) → number."""
    browser = await Browser(app).opens("/metrics")
    assert browser.status == 200
    assert browser.response.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = list(text_string_to_metric_families(browser.page))
    assert all(family.type != "unknown" for family in families)
    return {
        (sample.name, next(iter(sample.labels.values()), "")): sample.value
        for family in families
        for sample in family.samples
    }


COUNTED = ("turns", "people", "outbox_waiting", "incidents")


def totals(found: Numbers) -> list[float]:
    return [sum(v for (name, _), v in found.items() if name == f"bot_{wanted}") for wanted in COUNTED]


async def test_the_numbers_are_those_of_the_database(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    assert totals(await numbers(app)) == [0, 0, 0, 0]
    li, wang = Person(app.assistant, "li"), Person(app.assistant, "wang", "telegram")
    li.says("啥时候发的", id="m1")
    li.says("啥时候发的", id="m1")  # the same message again
    li.says("补贴多少钱")
    wang.says("您好")  # its reply waits for Telegram: a reply is none of those that wait to be pushed
    found = await numbers(app)
    assert totals(found) == [3, 2, 0, 0]
    assert (found["bot_turns", "terminal"], found["bot_turns", "telegram"]) == (2, 1)
    with transaction(app.engine) as connection:
        there = Address("telegram", "test", "wang")
        messages.enqueue(connection, there, [{"text": str(n)} for n in range(5)], NOON)
        waiting = messages.pushes_waiting(connection, there)
        messages.mark_sent(connection, waiting[0].id, NOON)
        messages.mark_sent(connection, waiting[1].id, NOON, failed="blocked")

    found = await numbers(app)
    assert totals(found) == [3, 2, 3, 0]
    assert found["bot_outbox_waiting", "telegram"] == 3
    monkeypatch.setattr(router, "respond", lambda turn: 1 / 0)  # a fault of ours
    wang.says("您好")
    assert totals(await numbers(app)) == [4, 2, 3, 1]


async def test_how_long_ago_things_were(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "now", lambda: NOON + timedelta(hours=1))
    with transaction(app.engine) as connection:
        for channel, minutes in (("telegram", 50), ("telegram", 10), ("wechat", 5)):
            at = NOON + timedelta(minutes=60 - minutes)
            messages.enqueue(connection, Address(channel, "test", "wang"), [{"text": "1"}], at)
        installation.put(connection, installation.BACKUP, NOON.isoformat())
        heartbeats.beat(connection, heartbeats.PURGE, NOON - timedelta(days=2))
        heartbeats.beat(connection, heartbeats.PURGE, NOON - timedelta(days=1))  # the last one counts
    server.remind(app, NOON + timedelta(minutes=45))
    found = await numbers(app)
    assert found["bot_outbox_oldest_seconds", "telegram"] == 3000
    assert found["bot_outbox_oldest_seconds", "wechat"] == 300
    assert found["bot_last_seconds", "backup"] == 3600
    assert found["bot_last_seconds", "reminders"] == 900
    assert found["bot_last_seconds", "purge"] == 90_000
    assert found["bot_disk_free_bytes", ""] > 0


async def test_messages_are_counted_with_their_time(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "TRY_SECONDS", 60.0)
    li = Visitor(app)
    await li.opens()
    await li.says("退休了能报吗")
    with monkeypatch.context() as patched:
        patched.setattr(router, "respond", lambda turn: 1 / 0)
        await li.says("您好")
    app.engine.dispose()
    replace_by_folder(Path(app.settings.database_url.removeprefix("sqlite:///")))
    await li.says("补贴多少钱")
    page = (await li.opens("/metrics")).page
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }
    assert found["bot_messages_total", "web", "answered"] == 2  # the greeting becomes one
    assert found["bot_messages_total", "web", "incident"] == 1
    assert found["bot_messages_total", "web", "unavailable"] == 1
    assert found["bot_message_seconds_count", "web"] == 4
    assert found["bot_check_ok", "database"] == 0  # and the numbers of the process are there all the same
    assert found["bot_check_ok", "policy"] == 1
    assert found["bot_refused_total", "unreachable", "web"] >= 1


def client(app: App, host: str = "127.0.0.1", **settings: str) -> httpx.AsyncClient:
    """A collector somewhere, and a server with these settings."""
    changed = app.settings.model_copy(update=settings)
    asgi = application(replace(app, settings=changed))
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(asgi, client=(host, 1)), base_url="http://bot.test"
    )


async def test_without_a_token_only_this_machine_reads_them(app: App) -> None:
    assert (await client(app).get("/metrics")).status_code == 200
    assert (await client(app, "::1").get("/metrics")).status_code == 200
    assert (await client(app, "192.0.2.7").get("/metrics")).status_code == 403
    assert (await client(app, "unix").get("/metrics")).status_code == 403
    for header in ("X-Forwarded-For", "X-Real-IP", "Forwarded"):  # a proxy on this machine
        assert (await client(app).get("/metrics", headers={header: "192.0.2.7"})).status_code == 403


async def test_with_a_token_whoever_has_it_reads_them(app: App) -> None:
    far = client(app, "192.0.2.7", metrics_token="t" * 20)
    assert (await far.get("/metrics")).status_code == 401
    assert (await far.get("/metrics", headers={"Authorization": "Bearer wrong"})).status_code == 401
    assert (await far.get("/metrics", headers={"Authorization": f"Bearer {'t' * 20}"})).status_code == 200


async def test_on_their_own_address_they_are_nowhere_else(app: App) -> None:
    assert (await client(app, metrics_listen="127.0.0.1:0").get("/metrics")).status_code == 404
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    asgi = application(app, "1.2.3", listener)
    async with asgi.router.lifespan_context(asgi), httpx.AsyncClient(base_url=url) as collector:
        page = await collector.get("/metrics")
        assert 'bot_build_info{version="1.2.3"} 1.0' in page.text
        assert (await collector.get("/healthz/ready")).json()["checks"]["database"] == "ok"
        assert (await collector.get("/")).status_code == 404
    assert listener.fileno() == -1  # closed with the service


@pytest.mark.parametrize(
    ("name", "value"),
    [("METRICS_TOKEN", "short"), ("METRICS_LISTEN", "8001"), ("LOG", "xml"), ("LOG", "json text")],
)
def test_a_setting_that_cannot_be_used_is_named(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"BOT_{name}", value)
    with pytest.raises(BadSetting, match=f"BOT_{name}") as found:
        load_settings()
    assert "类型" not in str(found.value)  # a sentence of its own, not the one for any other
