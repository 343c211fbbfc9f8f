"""The chat in a frame of another site: allowed there alone, with a cookie of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.routing import Route

from bot.app import App, open_app
from bot.http.ways import WAYS
from bot.server import application
from bot.settings import BadSetting, Settings, load_settings
from storage.schema.core import turn
from tests.support.corpus import CORPUS
from tests.support.web_visitor import Visitor, count, noon

__all__ = ["noon"]

SITE = "https://www.example.gov.cn"
OURS = "https://bot.test"
KEY = "k-0123456789abcdef"


@pytest.fixture
def embedded(sqlite_url: str, tmp_path: Path) -> Iterator[App]:
    given: dict[str, Any] = {
        "database_url": sqlite_url,
        "data_dir": tmp_path / "data",
        "secret_key": "k" * 32,
    }
    more: dict[str, Any] = {
        "public_url": OURS,
        "embed_origins": f"{SITE}, https://m.example.gov.cn:8443",
        "api_key": KEY,
    }
    made = open_app(Settings(_env_file=None, **given, **more), CORPUS)
    yield made
    made.engine.dispose()


class Framed(Visitor):
    """Somebody whose browser shows the frame; its requests say whose page sent them."""

    async def posts(self, data: dict[str, str], **more: Any) -> Visitor:
        self.response = await self.client.post("/embed", data=data, **more)
        return self


@pytest.fixture
def li(embedded: App) -> Framed:
    return Framed(embedded, OURS, **{"Sec-Fetch-Site": "same-origin"})


def ancestors(visitor: Visitor) -> str:
    policy = visitor.response.headers["content-security-policy"]
    return policy.partition("frame-ancestors ")[2]


async def test_a_question_is_asked_and_answered_in_the_frame(li: Framed) -> None:
    await li.opens("/embed")
    assert ancestors(li) == f"{SITE} https://m.example.gov.cn:8443"
    await li.says("退休了能报名吗")
    assert (li.status, li.response.url.path) == (200, "/embed")
    assert li.said == ["退休了能报名吗"]
    assert len(li.ours) == 2
    assert 'action="/"' not in li.page


async def test_only_the_chat_is_shown_in_a_frame(li: Framed) -> None:
    for path in ("/", "/privacy", "/office", "/office/enter/x"):
        await li.opens(path)
        assert ancestors(li) == "'none'", path


async def test_the_cookie_is_sent_into_frames_and_is_not_the_one_of_the_page(li: Framed) -> None:
    await li.opens("/embed")
    (cookie,) = li.response.headers.get_list("set-cookie")
    name, _, bounds = cookie.partition("=")
    assert name == "weihai_embed"
    assert {"Path=/embed", "HttpOnly", "SameSite=None", "Secure", "Partitioned"} <= set(bounds.split("; "))
    await li.says("退休了能报名吗")
    await li.opens("/")
    (cookie,) = li.response.headers.get_list("set-cookie")
    assert cookie.startswith("weihai_chat=")
    assert "SameSite=lax" in cookie
    assert "Partitioned" not in cookie
    assert li.said == []  # somebody else there


@pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": SITE}])
async def test_another_page_cannot_speak_for_who_is_in_the_frame(
    embedded: App, li: Framed, headers: dict[str, str]
) -> None:
    await li.opens("/embed")
    form = li.composer
    before = count(embedded, turn)
    del li.client.headers["Sec-Fetch-Site"]
    li.client.headers.update(headers)
    await li.posts({**form, "text": "退休了能报名吗"})
    assert li.status == 403
    assert "set-cookie" not in li.response.headers
    assert count(embedded, turn) == before


async def test_without_origins_there_is_no_frame(app: App) -> None:
    assert (await Visitor(app).opens("/embed")).status == 404


def test_what_is_served_is_what_the_table_of_rights_names(embedded: App) -> None:
    served = {
        (route.path, method)
        for route in application(embedded).routes
        if isinstance(route, Route)
        and route.path.startswith(("/embed", "/api", "/sheet", "/enter", "/wechat/enter", "/size"))
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert served == {(way.path, way.method) for way in WAYS}


@pytest.mark.parametrize(
    "value",
    ["*", "https://*.example.cn", "https://a.cn/x", "a.cn", "https://a.cn;script-src", "https://a.cn 'self'"],
)
def test_what_is_no_origin_does_not_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BOT_PUBLIC_URL", OURS)
    monkeypatch.setenv("BOT_EMBED_ORIGINS", value)
    with pytest.raises(BadSetting, match="BOT_EMBED_ORIGINS"):
        load_settings()


@pytest.mark.parametrize("public", ["", "http://bot.test"])
def test_a_frame_needs_https(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, public: str) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BOT_PUBLIC_URL", public)
    monkeypatch.setenv("BOT_EMBED_ORIGINS", SITE)
    with pytest.raises(BadSetting, match="BOT_EMBED_ORIGINS"):
        load_settings()
