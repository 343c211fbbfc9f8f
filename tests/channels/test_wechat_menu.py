"""The account's menu: read first, one button more, put back; and what its scanner brings."""

from __future__ import annotations

import asyncio
import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from bot.app import App
from bot.cli import main
from tests.conftest import contact_code
from tests.support.wechat_app import APPID, PUBLIC, Meet, api, clock, meet, quick, wechat_app
from tests.support.wechat_server import SECRET, WeChatServer

__all__ = ["api", "clock", "meet", "quick", "wechat_app"]

NEWS = {"type": "view", "name": "新闻", "url": "https://news.example/"}
GROUP = {"name": "办事", "sub_button": {"list": [NEWS, {"type": "click", "name": "地址", "key": "where"}]}}
IDS = re.compile(r"msgmenuid=[0-9]+")
BY_HAND = {"type": "news", "name": "图文", "value": "m1", "news_info": {"list": []}}


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, api: WeChatServer) -> Path:
    """A machine whose settings name the account."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BOT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("BOT_WECHAT_APPID", APPID)
    monkeypatch.setenv("BOT_WECHAT_TOKEN", "token0123456789")
    monkeypatch.setenv("BOT_WECHAT_SECRET", SECRET)
    monkeypatch.setenv("BOT_WECHAT_BASE_URL", api.base_url)
    return tmp_path / "data" / "wechat-menu"


async def menu(*options: str) -> int:
    """Run the command while the platform answers beside it."""
    return await asyncio.to_thread(main, ["wechat", "menu", *options])


def copies(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text("utf-8"))["told"] for path in sorted(folder.glob("*.json"))]


def modes(folder: Path) -> set[int]:
    return {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


async def test_showing_changes_nothing(
    office: Path, api: WeChatServer, capsys: pytest.CaptureFixture[str]
) -> None:
    api.menu = [GROUP, BY_HAND]
    assert await menu("--show") == 0
    said = capsys.readouterr().out
    assert all(name in said for name in ("办事", "新闻", "地址", "图文"))
    assert api.menu == [GROUP, BY_HAND]
    assert "create" not in api.calls
    assert copies(office) == []


async def test_one_button_is_added_and_taken_away_again(office: Path, api: WeChatServer) -> None:
    api.menu = [GROUP, NEWS]
    assert await menu("--merge") == 0
    assert api.menu[:2] == [GROUP, NEWS]
    (ours,) = api.menu[2:]
    assert [one["type"] for one in ours["sub_button"]["list"]] == ["click", "click", "scancode_waitmsg"]
    assert [told["selfmenu_info"]["button"] for told in copies(office)] == [[GROUP, NEWS]]
    assert modes(office) == {0o600}
    assert api.calls.index("get_current_selfmenu_info") < api.calls.index("create")

    before, calls = api.menu, len(api.calls)
    assert await menu("--merge") == 0  # it is there already
    assert "create" not in api.calls[calls:]
    assert api.menu == before
    assert await menu("--undo") == 0
    assert api.menu == [GROUP, NEWS]
    assert copies(office) == []


async def test_changes_are_taken_back_one_by_one_to_no_menu_at_all(office: Path, api: WeChatServer) -> None:
    assert await menu("--merge", "--link") == 1  # there is no address to open
    assert await menu("--merge") == 0
    merged = api.menu
    assert await menu("--replace") == 0
    assert [one["name"] for one in api.menu] == ["办事菜单", "季度填报", "扫邀请码"]
    assert await menu("--undo") == 0
    assert api.menu == merged
    assert await menu("--undo") == 0
    assert api.menu == []
    assert await menu("--undo") == 1
    assert api.calls.count("delete") == 1


async def test_a_link_for_an_account_that_answers_elsewhere(
    office: Path, api: WeChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOT_PUBLIC_URL", PUBLIC)
    api.menu = [GROUP]
    assert await menu("--merge", "--link") == 0
    assert api.menu == [GROUP, {"type": "view", "name": "培育助手", "url": PUBLIC}]


async def test_a_full_menu_takes_it_in_a_group(
    office: Path, api: WeChatServer, capsys: pytest.CaptureFixture[str]
) -> None:
    api.menu = [GROUP, NEWS, {**NEWS, "url": "https://other.example/"}]
    full = list(api.menu)
    assert await menu("--merge") == 1
    assert await menu("--merge", "--under", "新闻") == 1  # no group
    assert "办事" in capsys.readouterr().err
    assert (api.menu, copies(office)) == (full, [])
    assert await menu("--merge", "--under", "办事") == 0
    assert [one["name"] for one in api.menu[0]["sub_button"]["list"]] == ["新闻", "地址", "培育助手"]
    assert api.menu[1:] == full[1:]


@pytest.mark.parametrize("way", ["--merge", "--replace"])
@pytest.mark.parametrize("place", ["top", "group"])
async def test_a_menu_that_could_not_be_put_back_stays(
    office: Path, api: WeChatServer, capsys: pytest.CaptureFixture[str], way: str, place: str
) -> None:
    api.menu = [BY_HAND if place == "top" else {"name": "更多", "sub_button": {"list": [NEWS, BY_HAND]}}]
    before = list(api.menu)
    assert await menu(way) == 1
    assert "图文" in capsys.readouterr().err
    assert (api.menu, copies(office)) == (before, [])
    assert "create" not in api.calls


@pytest.mark.parametrize("fault", [{"errcode": 48001}, {"status": 502}])
async def test_what_the_platform_refuses_is_told(
    office: Path, api: WeChatServer, capsys: pytest.CaptureFixture[str], fault: dict[str, int]
) -> None:
    api.menu = [NEWS]
    api.fail("create", **fault)
    assert await menu("--merge") == 1
    said = capsys.readouterr().err
    assert ("48001" in said) is ("errcode" in fault)
    assert SECRET not in said
    assert api.token not in said
    assert api.menu == [NEWS]
    assert len(copies(office)) == ("status" in fault)  # perhaps it was changed: the copy stays


async def test_a_stale_token_is_renewed(office: Path, api: WeChatServer) -> None:
    api.menu = [NEWS]
    api.fail("get_current_selfmenu_info", errcode=40001)
    assert await menu("--show") == 0


async def test_without_the_secret_nothing_is_asked(
    office: Path, api: WeChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BOT_WECHAT_SECRET")
    assert await menu("--show") == 1
    assert api.calls == []


def scan(result: str) -> dict[str, Any]:
    return {"ScanCodeInfo": {"ScanType": "qrcode", "ScanResult": result}}


@pytest.mark.parametrize(
    "form", ["{}", "https://weihai.example/#bind={}", "https://t.me/weihai_bot?start={}"]
)
async def test_a_code_that_the_menu_scanned_binds(meet: Meet, wechat_app: App, form: str) -> None:
    wang = meet("oWang")
    code = contact_code(wechat_app)
    answer = await wang.event("scancode_waitmsg", "scan", **scan(form.format(code)))
    assert answer.text and "威海数字培训学校" in answer.text


@pytest.mark.parametrize("result", ["", "CODE_128,6901234567892", "https://evil.example/x", "x" * 3000])
async def test_anything_else_that_was_scanned_gets_a_sentence(meet: Meet, result: str) -> None:
    answer = await meet().event("scancode_waitmsg", "scan", **scan(result))
    assert answer.text and "邀请码" in answer.text


async def test_two_codes_scanned_within_a_second_are_two_messages(meet: Meet, wechat_app: App) -> None:
    wang = meet("oWang")
    at = {"CreateTime": int(wang.clock().timestamp())}
    first = await wang.event("scancode_waitmsg", "scan", **scan("something"), **at)
    second = await wang.event("scancode_waitmsg", "scan", **scan(contact_code(wechat_app)), **at)
    assert first.text != second.text


@pytest.mark.parametrize("scene", ["123", "poster_2026", ""])
async def test_a_poster_of_anybodys_leads_to_the_menu(meet: Meet, scene: str) -> None:
    li = meet()
    said = await li.chat("菜单", "菜单")
    answer = await li.event("SCAN", scene, Ticket="t")
    assert answer.text and IDS.sub("", answer.text) == IDS.sub("", said)
