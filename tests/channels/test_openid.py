"""Who opens the web chat inside WeChat is known there: OAuth with `snsapi_base`."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import select

from bot.app import App, open_app
from bot.core.messages import Incoming
from bot.settings import BadSetting, Settings, load_settings
from storage.address import Address
from storage.connections.database import transaction
from storage.schema.core import account
from tests.conftest import contact_code, office_code
from tests.support.corpus import CORPUS
from tests.support.talk import NOON
from tests.support.web_visitor import Visitor, noon

__all__ = ["noon"]  # a fixture

INSIDE = {"User-Agent": "Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 MicroMessenger/8.0.44 Language/zh_CN"}
APPID, SECRET = "wx0123456789abcdef", "s" * 32


@pytest.fixture
def app(sqlite_ready: Path, tmp_path: Path) -> App:
    shutil.copy(sqlite_ready, tmp_path / "bot.sqlite3")
    return open_app(
        Settings(
            database_url=f"sqlite:///{tmp_path / 'bot.sqlite3'}",
            data_dir=tmp_path / "data",
            secret_key="k" * 32,
            public_url="http://bot.test",
            wechat_appid=APPID,
            wechat_token="token",
            wechat_secret=SECRET,
            wechat_oauth=True,
        ),
        CORPUS,
    )


class Platform:
    """What the platform tells for a code."""

    def __init__(self) -> None:
        self.told: dict[str, Any] = {"openid": "oWang"}
        self.asked: list[dict[str, str]] = []

    async def answer(self, request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/sns/oauth2/access_token"
        self.asked.append(dict(request.url.params))
        return httpx.Response(200, json=self.told)


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Platform:
    made, plain = Platform(), httpx.AsyncClient

    def client(**given: Any) -> httpx.AsyncClient:
        given.setdefault("transport", httpx.MockTransport(made.answer))
        return plain(**given)

    monkeypatch.setattr("bot.channels.web.openid.httpx.AsyncClient", client)
    return made


@pytest.fixture(autouse=True)
def wang(app: App) -> None:
    """A contact who talks to the Official Account."""
    for n, said in enumerate((f"绑定 {contact_code(app)}", "王芳", "跳过")):
        app.assistant.handle(Incoming(Address("wechat", APPID, "oWang"), f"m{n}", NOON, said))


async def asks(li: Visitor) -> dict[str, str]:
    """Open the menu's address; what the platform is given."""
    response = await li.client.get("/wechat/enter", follow_redirects=False)
    assert response.status_code == 302
    where = urlsplit(response.headers["location"])
    assert (where.netloc, where.fragment) == ("open.weixin.qq.com", "wechat_redirect")
    return {name: values[0] for name, values in parse_qs(where.query).items()}


def people_of(app: App) -> set[int]:
    with transaction(app.engine, read_only=True) as connection:
        return set(connection.execute(select(account.c.person_id)).scalars())


async def test_from_the_menu_it_is_the_same_person(app: App, platform: Platform) -> None:
    li = Visitor(app, **INSIDE)
    given = await asks(li)
    assert given["scope"] == "snsapi_base"
    assert given["redirect_uri"] == "http://bot.test/wechat/entered"
    assert given["state"].isalnum()
    assert len(given["state"]) <= 128
    li.response = await li.client.get("/wechat/entered", params={"code": "0c1" * 10, "state": given["state"]})
    assert "连上了" in li.ours[-1]
    assert platform.asked == [
        {"appid": APPID, "secret": SECRET, "code": "0c1" * 10, "grant_type": "authorization_code"}
    ]
    assert len(people_of(app)) == 1
    given = await asks(li)  # again from the menu: nothing is said about it
    li.response = await li.client.get("/wechat/entered", params={"code": "0c2" * 10, "state": given["state"]})
    assert len(li.ours) == 1


@pytest.mark.parametrize("wrong", ["state", "others", "late", "code", "preview", "refused", "stranger"])
async def test_whatever_goes_wrong_the_chat_opens_as_for_anybody(
    app: App, platform: Platform, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    li = Visitor(app, **INSIDE)
    state, code = (await asks(li))["state"], "0c1" * 10
    if wrong == "others":  # brought to a browser that did not ask
        li = Visitor(app, **INSIDE)
        await asks(li)
    if wrong == "late":
        monkeypatch.setattr("bot.server.now", lambda: NOON + timedelta(minutes=11))
        cookies = li.client.cookies
        li = Visitor(app, **INSIDE)
        li.client.cookies = cookies
    told: dict[str, dict[str, Any]] = {
        "preview": {"openid": "oWang", "is_snapshotuser": 1},
        "refused": {"errcode": 40029, "errmsg": "invalid code"},
        "stranger": {"openid": "oNobody"},
    }
    platform.told = told.get(wrong, platform.told)
    given = {
        "code": "?" if wrong == "code" else code,
        "state": "1x" + "0" * 40 if wrong == "state" else state,
    }
    li.response = await li.client.get("/wechat/entered", params=given)
    assert li.status == 200
    assert li.said == []
    assert len(people_of(app)) == 1


async def test_somebody_with_a_role_in_this_browser_stays_who_they_are(app: App, platform: Platform) -> None:
    zhang = Visitor(app, **INSIDE)
    await zhang.opens()
    await zhang.says(f"绑定 {office_code(app)}")
    said = len(zhang.ours)
    given = await asks(zhang)
    zhang.response = await zhang.client.get(
        "/wechat/entered", params={"code": "0c1" * 10, "state": given["state"]}
    )
    assert len(zhang.ours) == said
    assert len(people_of(app)) == 2


async def test_outside_of_wechat_it_is_the_chat(app: App, platform: Platform) -> None:
    li = Visitor(app)
    await li.opens("/wechat/enter")
    assert str(li.response.url).endswith("/#latest")


def test_it_needs_a_secret_and_an_address(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in (("OAUTH", "yes"), ("APPID", APPID), ("TOKEN", "token")):
        monkeypatch.setenv(f"BOT_WECHAT_{name}", value)
    with pytest.raises(BadSetting, match="BOT_WECHAT_OAUTH"):
        load_settings()
