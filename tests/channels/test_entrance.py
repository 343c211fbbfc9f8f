"""A one-use link from another channel into the web chat, as the same person."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from bot.app import App
from storage.address import Address
from storage.connections.database import transaction
from storage.people import people
from storage.schema.core import account
from tests.conftest import contact_code, office_code
from tests.support.talk import NOON, Person
from tests.support.web_visitor import Visitor, count, noon

__all__ = ["noon"]  # a fixture

SHEET = "/sheet/1/2026Q4"


@pytest.fixture
def wang(app: App) -> Person:
    person = Person(app.assistant, "wang", "wechat")
    person.says(f"绑定 {contact_code(app)}", "王芳", "跳过", "填报 2026Q4")
    return person


def link(person: Person) -> str:
    person.presses_token("sheet:1:2026Q4")
    assert "report/messages.sheet" in person.templates
    found = re.search(r"http://[^/]+(/enter/\S+)", person.text)
    assert found
    return found[1]


class Entering(Visitor):
    """A browser that a link was opened in."""

    async def enters(self, path: str) -> Entering:
        await self.opens(path)
        form = re.search(r"<form.*?</form>", self.page[self.page.index("entrance") :], re.S)
        assert form
        self.response = await self.client.post(path, data=self._hidden(form[0]))
        return self


async def test_the_sheet_opens_as_the_same_person(wang: Person, app: App) -> None:
    path = link(wang)
    li = Entering(app)
    for _ in range(3):  # looking, as the platform's previews do, uses nothing up
        await li.opens(path)
        assert "王芳" in li.page
        assert count(app, account) == 1
    await li.enters(path)
    assert li.response.url.path == SHEET
    assert li.status == 200
    assert "用表格填" in li.page
    await li.opens(path)
    assert li.status == 410
    other = Entering(app)
    await other.opens()
    other.response = await other.client.post(path, data={"id": "x" * 12})
    await other.opens(SHEET)
    assert other.status == 404  # used up: it lets nobody else in


async def test_only_the_newest_link_works_and_only_for_minutes(
    wang: Person, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = link(wang), link(wang)
    li = Entering(app)
    await li.opens(first)
    assert li.status == 410
    await li.opens(second)
    assert li.status == 200
    monkeypatch.setattr("bot.server.now", lambda: NOON + timedelta(minutes=16))
    late = Entering(app)
    await late.opens(second)
    assert late.status == 410


async def test_nobody_with_a_role_becomes_somebody_else(wang: Person, app: App) -> None:
    path = link(wang)
    zhang = Entering(app)
    await zhang.opens()
    await zhang.says(f"绑定 {office_code(app)}")
    await zhang.enters(path)
    await zhang.opens()
    assert "没有连上" in zhang.ours[-1]
    with transaction(app.engine) as connection:
        roles = {m.role for m in people.roles_at(connection, _address(app))}
    assert roles == {"head"}


def _address(app: App) -> Address:
    with transaction(app.engine, read_only=True) as connection:
        row = connection.execute(account.select().where(account.c.channel == "web")).one()
    return Address(row.channel, row.bot, row.sender)


@pytest.mark.parametrize(
    ("headers", "status"), [({"Sec-Fetch-Site": "cross-site"}, 403), ({"Origin": "https://a.cn"}, 403)]
)
async def test_no_other_page_presses_the_button(
    wang: Person, app: App, headers: dict[str, str], status: int
) -> None:
    path = link(wang)
    li = Entering(app)
    await li.opens(path)
    li.response = await li.client.post(path, data={"id": "x" * 12}, headers=headers)
    assert li.status == status
    await li.opens(path)
    assert li.status == 200  # it still works for whose it is


async def test_only_pages_of_ours_are_gone_on_to(wang: Person, app: App) -> None:
    path = link(wang).partition("?")[0]
    li = Entering(app)
    await li.enters(f"{path}?to=https://a.cn/")
    assert str(li.response.url).endswith("/#latest")


async def test_without_a_cookie_nobody_is_let_in(wang: Person, app: App) -> None:
    path = link(wang)
    li = Entering(app)
    li.response = await li.client.post(path, data={"id": "x" * 12})
    assert li.status == 400


async def test_larger_letters_and_back_to_a_page_of_ours_only(app: App) -> None:
    li = Visitor(app)
    for to, back, large in (("big", "/privacy", True), ("usual", "/privacy", False)):
        li.response = await li.client.post("/size", data={"to": to, "back": back})
        assert li.response.url.path == back
        assert ('class="big"' in li.page) is large
    for back in ("https://a.cn", "//a.cn", "/office", "/sheet/1/2026Q4/.."):
        li.response = await li.client.post("/size", data={"to": "big", "back": back})
        assert str(li.response.url) == "http://bot.test/"
