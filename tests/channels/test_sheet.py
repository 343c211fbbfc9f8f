"""The sheet: a quarter's cells on one page, by the rules of the dialog."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from bot.app import App
from storage.connections.database import transaction
from storage.reports import reports
from storage.reports.reports import Rows
from tests.conftest import contact_code
from tests.support.web_visitor import Visitor, noon, plain

__all__ = ["noon"]  # a fixture

SHEET = "/sheet/1/2026Q4"
ROW = {"classes": "3", "subsidised_classes": "2", "trained": "120"}
ROW |= {"certified": "80", "subsidised": "60", "amount": "9万"}


def stored(app: App) -> Rows:
    with transaction(app.engine, read_only=True) as connection:
        return reports.snapshot(connection, 1, "2026Q4").rows


def cells(occupation: str, **typed: str) -> dict[str, str]:
    return {f"cell:{occupation}:{measure}": text for measure, text in typed.items()}


class Filler(Visitor):
    """A contact at the sheet."""

    async def bound(self, app: App, name: str = "王芳") -> Filler:
        await self.opens()
        await self.says(f"绑定 {contact_code(app)}", name, "跳过")
        await self.opens(SHEET)
        return self

    @property
    def shown(self) -> dict[str, str]:
        """The page's fields, as they were filled in by the server; a script would send only changes."""
        found = re.findall(r'<input [^>]*?name="([^"]+)" value="([^"]*)"', self.page)
        return {html.unescape(name): html.unescape(value) for name, value in found}

    async def fills(self, _path: str = SHEET, **fields: str) -> Filler:
        return await self.puts(fields, _path)

    async def puts(self, fields: dict[str, str], path: str = SHEET, **more: Any) -> Filler:
        """Send the whole form, these fields changed."""
        self.response = await self.client.post(path, data={**self.shown, **fields}, **more)
        return self

    @property
    def notes(self) -> str:
        return plain(" ".join(re.findall(r'<div class="notes".*?<div class="tools">', self.page, re.S)))


@pytest.fixture
def app(either_app: App) -> App:
    return either_app


@pytest.fixture
async def wang(app: App) -> Filler:
    return await Filler(app).bound(app)


@pytest.fixture
async def zhao(app: App) -> Filler:
    return await Filler(app).bound(app, "赵强")


async def test_filled_without_scripts_and_confirmed_in_the_chat(wang: Filler, app: App) -> None:
    await wang.puts(cells("大数据", **ROW) | {"done": "1"})
    assert stored(app)["大数据"]["amount"] == 9_000_000
    assert "表格里填的，请核对" in wang.ours[-1]
    assert wang.said[-1] == "表格填好了，去核对"  # what follows is the newest, nothing before it
    assert "确认报送" in wang.ours[-1]
    await wang.presses("确认提交")
    assert "系统已收到" in wang.ours[-1]
    await wang.opens(SHEET)
    assert "已经报送" in wang.page
    assert "<form id" not in wang.page


async def test_a_figure_is_said_back_as_it_was_read(wang: Filler, app: App) -> None:
    await wang.puts(cells("大数据", trained="0.1万", certified="95千"), headers={"X-Fragment": "1"})
    assert stored(app)["大数据"]["trained"] == 1000
    assert "“0.1万”记作 已培训人数 1,000 人" in wang.notes


async def test_what_the_dialog_refuses_the_sheet_refuses(wang: Filler, app: App) -> None:
    await wang.puts(cells("大数据", classes="3", trained="约120", certified="120，不对，130"))
    assert {m: c for m, c in stored(app)["大数据"].items() if c is not None} == {"classes": 3}
    assert "约数" in wang.notes
    assert 'data-value="130"' in wang.page  # one tap, never by itself
    assert 'value="约120"' in wang.page


async def test_what_is_unlikely_is_asked_beside_the_row(wang: Filler, app: App) -> None:
    await wang.puts(cells("大数据", **{**ROW, "certified": "130"}))
    assert "取得证书 130 人大于已培训 120 人" in wang.notes
    await wang.puts({"done": "1"})
    assert "取得证书 130 人大于已培训 120 人" in wang.ours[-1]  # the dialog asks it too
    await wang.opens(SHEET)
    asked = next(name for name in wang.shown if name.startswith("why:"))
    await wang.puts({asked: "没错"})
    assert "没错" not in reports_explanations(app).values()
    await wang.puts({asked: "上季学员本季取证", "done": "1"})
    assert list(reports_explanations(app).values()) == ["上季学员本季取证"]
    assert "确认报送" in wang.ours[-1]


def reports_explanations(app: App) -> dict[tuple[str, str], str]:
    with transaction(app.engine, read_only=True) as connection:
        return reports.snapshot(connection, 1, "2026Q4").explanations


@pytest.mark.parametrize("begun", [False, True])
async def test_a_colleagues_figure_is_not_overwritten_unseen(
    wang: Filler, zhao: Filler, app: App, begun: bool
) -> None:
    if begun:
        await wang.puts(cells("大数据", classes="3"))
        await zhao.opens(SHEET)
    await wang.puts(cells("大数据", trained="120"))
    await zhao.puts(cells("大数据", trained="150", certified="80"))  # still as it was shown before
    assert stored(app)["大数据"]["trained"] == 120
    assert stored(app)["大数据"]["certified"] == 80
    assert "王芳在" in zhao.notes
    assert "您填的是 150" in zhao.notes
    await zhao.puts(cells("大数据", trained="150"))  # now they have seen it
    assert stored(app)["大数据"]["trained"] == 150


async def test_after_a_colleague_submitted_nothing_is_written(wang: Filler, zhao: Filler, app: App) -> None:
    await wang.puts(cells("大数据", **ROW))
    await zhao.opens(SHEET)
    await wang.opens(SHEET)
    await wang.puts({"done": "1"})
    await wang.presses("确认提交")
    await zhao.puts(cells("大数据", trained="150"))
    assert stored(app)["大数据"]["trained"] == 120
    assert zhao.status == 409
    assert "没有记" in zhao.page


async def test_a_row_that_a_colleague_just_changed_is_not_wiped(wang: Filler, zhao: Filler, app: App) -> None:
    await wang.puts(cells("大数据", classes="3"))
    await zhao.opens(SHEET)
    await wang.puts(cells("大数据", trained="120"))
    shown = zhao.shown
    for button in ("drop", "idle"):
        zhao.response = await zhao.client.post(SHEET, data={**shown, button: "大数据"})
        assert stored(app)["大数据"]["trained"] == 120
        assert "同事刚改过这一行" in zhao.notes
    await zhao.puts({"drop": "大数据"})  # now they have seen it
    assert not stored(app)


async def test_the_same_form_twice_is_applied_once(wang: Filler, zhao: Filler, app: App) -> None:
    form = {**wang.shown, **cells("大数据", trained="120")}
    await wang.client.post(SHEET, data=form)
    await zhao.opens(SHEET)
    await zhao.puts(cells("大数据", trained="130"))
    await wang.client.post(SHEET, data=form)
    assert stored(app)["大数据"]["trained"] == 130


async def test_a_row_as_last_quarter_empty_cells_and_a_row_taken_out(wang: Filler, app: App) -> None:
    await wang.opens()
    await wang.says("填报 2026Q3", "大数据 3 2 120 80 60 90000")
    await wang.presses("提交")
    await wang.presses("确认提交")
    await wang.opens(SHEET)
    assert "上季 <br>90,000" in wang.page
    await wang.puts({"same": "大数据", **cells("区块链", classes="1"), "zero": "区块链"})
    assert stored(app)["大数据"]["amount"] == 9_000_000
    assert stored(app)["区块链"] == {**dict.fromkeys(ROW, 0), "classes": 1}
    await wang.puts({"idle": "物联网"})
    assert set(stored(app)["物联网"].values()) == {0}
    await wang.puts({"drop": "区块链"})
    assert list(stored(app)) == ["大数据", "物联网"] or set(stored(app)) == {"大数据", "物联网"}


async def test_the_chat_goes_on_as_it_was(wang: Filler, app: App) -> None:
    await wang.opens()
    await wang.says("填报 2026Q4", "大数据", "3")
    before = wang.ours
    await wang.opens(SHEET)
    await wang.puts(cells("大数据", subsidised_classes="2", trained="120"))
    await wang.opens()
    assert wang.ours == before  # sixty cells leave no sixty lines
    await wang.says("接着填")
    await wang.says("填报")
    assert "【大数据 4/6】" in wang.ours[-1]


@pytest.mark.parametrize(
    ("path", "status"),
    [("/sheet/2/2026Q4", 404), ("/sheet/1/2027Q1", 404), ("/sheet/1/今年", 404), ("/sheet/x/2026Q4", 404)],
)
async def test_only_ones_own_reports_have_one(wang: Filler, app: App, path: str, status: int) -> None:
    contact_code(app, "别家学校")
    form = {**wang.shown, **cells("大数据", trained="120")}
    await wang.opens(path)
    assert wang.status == status
    wang.response = await wang.client.post(path, data=form)
    assert wang.status == status
    stranger = Visitor(app)
    await stranger.opens(SHEET)
    assert stranger.status == 404
    assert not stored(app)


async def test_a_form_from_elsewhere_or_without_end_is_not_taken(wang: Filler, app: App) -> None:
    form = {**wang.shown, **cells("大数据", trained="120")}
    for more, status in (
        ({"data": form, "headers": {"Sec-Fetch-Site": "cross-site"}}, 403),
        ({"data": {**form, "x": "1" * 70_000}}, 413),
        ({"data": form | {f"x{i}": "1" for i in range(400)}}, 400),
        ({"data": form | {"id": "!"}}, 400),
        ({"data": form | {"base": "1.2.3"}}, 400),
        ({"data": form, "files": {"file": ("a", b"1")}}, 400),
    ):
        wang.response = await wang.client.post(SHEET, **more)
        assert wang.status == status
    assert not stored(app)


async def test_whoever_speaks_for_it_no_more_writes_nothing(wang: Filler, app: App) -> None:
    form = {**wang.shown, **cells("大数据", trained="120")}
    await wang.opens()
    await wang.says("联系人")
    with transaction(app.engine) as connection:
        from sqlalchemy import update

        from storage.schema.core import membership

        connection.execute(update(membership).values(revoked_at=membership.c.from_at))
    wang.response = await wang.client.post(SHEET, data=form)
    assert wang.status == 404
    assert not stored(app)
