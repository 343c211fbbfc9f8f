"""Questions and clauses for other programs: a key, a limit, nothing stored."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.app import App, open_app
from bot.http.ways import ASK, CLAUSES, OPENAPI
from bot.server import application
from bot.settings import BadSetting, Settings, load_settings
from storage.schema.core import metadata
from tests.support.corpus import CORPUS
from tests.support.talk import NOON
from tests.support.web_visitor import Visitor, count

FIRST, SECOND = "first-0123456789abcdef", "second-0123456789abcdef"
EACH = 3  # a minute


@pytest.fixture
def keyed(sqlite_url: str, tmp_path: Path) -> Iterator[App]:
    given: dict[str, Any] = {
        "database_url": sqlite_url,
        "data_dir": tmp_path / "data",
        "secret_key": "k" * 32,
    }
    more: dict[str, Any] = {"api_key": f"{FIRST} {SECOND}", "api_per_minute": EACH}
    made = open_app(Settings(_env_file=None, **given, **more), CORPUS)
    yield made
    made.engine.dispose()


@pytest.fixture
async def client(keyed: App, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    monkeypatch.setattr("bot.server.now", lambda: NOON)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(application(keyed)), base_url="http://bot.test"
    ) as made:
        yield made


def key(value: str = FIRST) -> dict[str, str]:
    return {"Authorization": f"Bearer {value}"}


async def test_a_question_gets_its_answer_and_clauses_and_nothing_is_kept(
    keyed: App, client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    before = {table.name: count(keyed, table) for table in metadata.sorted_tables}
    answer = await client.post("/api/ask", json={"question": "退休了能报名吗 13800001111"}, headers=key())
    told = answer.json()
    assert (answer.status_code, told["kind"]) == (200, "answer")
    clauses = (await client.get("/api/clauses", headers=key())).json()["clauses"]
    cited = [c for c in clauses if c["id"] in told["clauses"]]
    assert any("不包含已退休人员" in c["text"] for c in cited)
    assert {table.name: count(keyed, table) for table in metadata.sorted_tables} == before
    ours = [record for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    assert not any("退休" in record.getMessage() for record in ours)
    assert "set-cookie" not in answer.headers


async def test_the_clauses_are_the_notice_to_the_letter(client: httpx.AsyncClient) -> None:
    told = (await client.get("/api/clauses", headers=key())).json()
    assert told["on"] == str(NOON.date())
    for clause in told["clauses"]:
        held = CORPUS.notices.clause(clause["id"], NOON.date())
        assert (clause["text"], clause["notice"]) == (held.text, held.number)
    assert [c["id"] for c in told["clauses"]] == CORPUS.notices.ids()


@pytest.mark.parametrize(
    "given", ["", "Bearer", "Bearer wrong", f"Bearer {FIRST} {SECOND}", FIRST, "Bearer é"]
)
async def test_without_a_key_nothing_is_answered(client: httpx.AsyncClient, given: str) -> None:
    headers = [(b"authorization", given.encode())]
    for answer in (
        await client.post("/api/ask", json={"question": "退休了能报名吗"}, headers=headers),
        await client.get("/api/clauses", headers=headers),
    ):
        assert (answer.status_code, answer.json()["error"]) == (401, "key")
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_each_key_has_its_own_minute(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def status(who: str) -> int:
        return (await client.get("/api/clauses", headers=key(who))).status_code

    assert [await status(FIRST) for _ in range(EACH + 1)] == [200] * EACH + [429]
    assert await status(SECOND) == 200
    refusal = await client.post("/api/ask", json={"question": "退休了能报名吗"}, headers=key())
    assert (refusal.status_code, refusal.json()["error"]) == (429, "limit")
    assert 1 <= int(refusal.headers["retry-after"]) <= 60


async def test_the_next_minute_is_a_new_one(keyed: App, monkeypatch: pytest.MonkeyPatch) -> None:
    at = NOON
    monkeypatch.setattr("bot.server.now", lambda: at)
    transport = httpx.ASGITransport(application(keyed))
    async with httpx.AsyncClient(transport=transport, base_url="http://bot.test") as client:
        found = [(await client.get("/api/clauses", headers=key())).status_code for _ in range(EACH + 1)]
        at = NOON + timedelta(minutes=1)
        found.append((await client.get("/api/clauses", headers=key())).status_code)
    assert found[-2:] == [429, 200]


@pytest.mark.parametrize(
    ("content", "status", "error"),
    [
        (b"", 400, "body"),
        (b"[" * 60_000, 400, "body"),
        (b'"x"', 400, "body"),
        (b"{}", 400, "body"),
        (b'{"question": " "}', 400, "body"),
        (b'{"question": 1}', 400, "body"),
        (b'{"question": "\\u0000"}', 400, "body"),
        (b'{"question": "\\ud800"}', 400, "body"),
        (b'{"question": "' + b"x" * 4097 + b'"}', 413, "long"),
        (b"x" * 70_000, 413, "long"),
        (b'{"question": "x", "on": "2026-02-30"}', 400, "day"),
        (b'{"question": "x", "on": 20260101}', 400, "day"),
    ],
)
async def test_what_cannot_be_answered_is_said(
    client: httpx.AsyncClient, content: bytes, status: int, error: str
) -> None:
    answer = await client.post("/api/ask", content=content, headers=key())
    assert (answer.status_code, answer.json()["error"]) == (status, error)


async def test_the_document_describes_what_is_served(client: httpx.AsyncClient) -> None:
    told: dict[str, Any] = (await client.get("/api/openapi.json")).json()
    described = {(path, method.upper()) for path, ways in told["paths"].items() for method in ways}
    assert described == {(way.path, way.method) for way in (ASK, CLAUSES)}
    schemas = told["components"]["schemas"]
    asked = (await client.post("/api/ask", json={"question": "退休了能报名吗"}, headers=key())).json()
    assert set(schemas["Answer"]["required"]) <= set(asked) <= set(schemas["Answer"]["properties"])
    clauses = (await client.get("/api/clauses", headers=key())).json()
    assert set(clauses) == set(schemas["Clauses"]["properties"])
    assert set(clauses["clauses"][0]) == set(schemas["Clause"]["properties"])


async def test_without_a_key_in_the_settings_there_is_no_api(app: App) -> None:
    for way in (CLAUSES, OPENAPI):
        assert (await Visitor(app).opens(way.path)).status == 404


def test_a_short_key_does_not_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BOT_API_KEY", f"{FIRST} short")
    with pytest.raises(BadSetting, match="BOT_API_KEY"):
        load_settings()
