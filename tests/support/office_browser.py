"""An officer at a browser without scripts: opens the link from the chat, reads pages, sends their forms."""

from __future__ import annotations

import html
import re
from datetime import datetime
from typing import Any

import httpx

from bot.app import App
from bot.server import application
from tests.support.talk import Person
from tests.support.web_visitor import plain


class Browser:
    """`page` is what it last showed. `clock` is what the server takes for now."""

    def __init__(self, app: App, **headers: str) -> None:
        transport = httpx.ASGITransport(application(app), raise_app_exceptions=False)
        self.client = httpx.AsyncClient(
            transport=transport, base_url="http://bot.test", headers=headers, follow_redirects=True
        )
        self.response = httpx.Response(0)

    @property
    def page(self) -> str:
        return self.response.text

    @property
    def text(self) -> str:
        """The words of the page's main part."""
        return re.sub(r"\s+", " ", plain(self.page[self.page.index("<main") :]))

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def path(self) -> str:
        return self.response.url.path

    async def opens(self, path: str) -> Browser:
        self.response = await self.client.get(path)
        return self

    async def enters(self, person: Person) -> Browser:
        """Ask for a link in the chat, open it, press its button."""
        await self.opens(link(person))
        return await self.submits("/office/enter/")

    async def submits(self, action: str, files: Any = None, **fields: str) -> Browser:
        """Send the form whose action begins so, with its own values and these."""
        path, given = self.form(action)
        self.response = await self.client.post(path, data={**given, **fields}, files=files)
        return self

    async def posts(self, path: str, **fields: str) -> Browser:
        """Send a form that is not on the page."""
        self.response = await self.client.post(path, data=fields)
        return self

    def form(self, action: str) -> tuple[str, dict[str, str]]:
        """(action, fields with their values) of a form on the page."""
        for found in re.findall(r"<form.*?</form>", self.page, re.S):
            target = html.unescape((re.search(r'action="([^"]*)"', found) or ["", ""])[1])
            if target.startswith(action):
                return target, _values(found)
        raise AssertionError(f"no form {action!r} on {self.path}: {self.text[:300]}")

    @property
    def forms(self) -> list[str]:
        """The actions of the forms on the page."""
        return re.findall(r'<form[^>]*action="([^"]*)"', self.page)


def _values(form: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        given = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if given.get("type") in ("checkbox", "radio") and " checked" not in tag:
            continue
        if "name" in given and given.get("type") != "file":
            values[html.unescape(given["name"])] = html.unescape(given.get("value", ""))
    for name, inside in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', form, re.S):
        values[html.unescape(name)] = html.unescape(inside)
    for name, inside in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.S):
        options = re.findall(r"<option([^>]*)>([^<]*)", inside)
        chosen = [o for o in options if " selected" in o[0]] or options[:1]
        for attributes, label in chosen:
            value = re.search(r'value="([^"]*)"', attributes)
            values[html.unescape(name)] = html.unescape(value[1] if value else label)
    return values


def link(person: Person) -> str:
    """The path of a fresh link to the board, asked for in the chat."""
    person.says("工作台")
    return re.search(r"/office/enter/[\w-]+", person.text)[0]  # type: ignore[index]


def at(monkeypatch: Any, moment: datetime) -> None:
    """The server's clock stands there."""
    monkeypatch.setattr("bot.server.now", lambda: moment)
