"""A browser without scripts, for tests of the web chat: it reads pages and sends their forms."""

from __future__ import annotations

import html
import re
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from bot.app import App
from bot.server import application
from storage.connections.database import transaction
from tests.conftest import contact_code
from tests.support.talk import NOON


class Visitor:
    """Somebody with a browser and no scripts. `page` is what it last showed."""

    def __init__(self, app: App, base_url: str = "http://bot.test", **headers: str) -> None:
        transport = httpx.ASGITransport(application(app), raise_app_exceptions=False)
        self.client = httpx.AsyncClient(
            transport=transport, base_url=base_url, headers=headers, follow_redirects=True
        )
        self.response = httpx.Response(0)

    @property
    def page(self) -> str:
        return self.response.text

    @property
    def status(self) -> int:
        return self.response.status_code

    async def opens(self, path: str = "/") -> Visitor:
        self.response = await self.client.get(path)
        return self

    async def posts(self, data: dict[str, str], **more: Any) -> Visitor:
        self.response = await self.client.post("/", data=data, **more)
        return self

    async def says(self, *texts: str) -> Visitor:
        for text in texts:
            await self.posts({**self.composer, "text": text})
        return self

    async def presses(self, label: str) -> Visitor:
        return await self.posts(self.button(label))

    async def sends_file(self, name: str, content: bytes, **fields: str) -> Visitor:
        return await self.posts({**self.composer, **fields}, files={"file": (name, content)})

    @property
    def composer(self) -> dict[str, str]:
        """The hidden fields beside the text field."""
        return self._hidden(self.page[self.page.index('id="composer"') :])

    def button(self, label: str) -> dict[str, str]:
        """What the newest button with that label sends."""
        for form in reversed(re.findall(r"<form.*?</form>", self.page, re.S)):
            for attributes, inside in re.findall(r"<button ([^>]*)>(.*?)</button>", form, re.S):
                given = dict(re.findall(r'(\w+)="([^"]*)"', attributes))
                if plain(inside) == label:
                    return {**self._hidden(form), given["name"]: html.unescape(given["value"])}
        raise AssertionError(f"no button {label!r}")

    @staticmethod
    def _hidden(form: str) -> dict[str, str]:
        found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form.split("</form>")[0])
        return {name: html.unescape(value) for name, value in found}

    def _lines(self, kind: str) -> list[str]:
        articles = re.findall(rf'<article class="line {kind}[^>]*>.*?</article>', self.page, re.S)
        return [plain(re.findall(r'<p class="text">.*?</p>', a, re.S)[0]) for a in articles]

    @property
    def said(self) -> list[str]:
        """This person's lines."""
        return self._lines("said")

    @property
    def ours(self) -> list[str]:
        """The assistant's."""
        return self._lines("ours")

    @property
    def notice(self) -> str:
        """The sentence above the text field."""
        found = re.search(r'role="alert">(.*?)</div>', self.page, re.S)
        return plain(found[1]) if found else ""

    @property
    def typed(self) -> str:
        """What stands in the text field."""
        found = re.search(r"<textarea[^>]*>(.*?)</textarea>", self.page, re.S)
        return html.unescape(found[1]) if found else ""


def plain(fragment: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", fragment)).strip()


def count(app: App, table: Any) -> int:
    with transaction(app.engine, read_only=True) as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's clock stands still, so that these tests pass on any day."""
    monkeypatch.setattr("bot.server.now", lambda: NOON)


@pytest.fixture
def li(app: App) -> Visitor:
    return Visitor(app)


@pytest.fixture
def wang(app: App) -> Visitor:
    return Visitor(app)


async def reported(visitor: Visitor, app: App) -> Visitor:
    """Bound, a quarter filled in and submitted."""
    await visitor.opens()
    await visitor.says(f"绑定 {contact_code(app)}", "王芳", "跳过")
    await visitor.says("填报 2026Q4", "大数据 3 2 120 80 60 90000")
    await visitor.presses("提交")
    return await visitor.presses("确认提交")
