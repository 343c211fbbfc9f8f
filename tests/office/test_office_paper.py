"""The stamped originals: noted for one and for many, told on the receipt and in the list for the group."""

from __future__ import annotations

import re

import pytest

from bot.app import App
from storage.connections.database import transaction
from storage.institutions import institutions
from tests.support.office_browser import Browser, at
from tests.support.office_scene import head, reports_, school
from tests.support.talk import NOON, Person

LINE = "大数据 3 2 120 80 60 90000"


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, NOON)


def path_of(app: App, name: str) -> str:
    with transaction(app.engine, read_only=True) as connection:
        found = institutions.find(connection, name)
    assert found is not None
    return f"/office/report/{found.id}/2026Q4"


def corrects(contact: Person) -> None:
    contact.says("填报 2026Q4")
    contact.presses("更正")
    contact.says("少算一班", "大数据 4 2 130 80 60 90000", "提交")
    contact.presses("确认提交")


async def test_nobody_is_asked_for_paper_before_the_office_says_so(app: App) -> None:
    officer, contact = head(app), school(app, "甲校")
    reports_(contact, "2026Q4", LINE)
    assert "以专业技术人员管理科要求为准" in contact.text
    browser = await Browser(app).enters(officer)
    await browser.opens("/office/missing?quarter=2026Q4")
    assert "纸质盖章件尚未收到" not in browser.text
    await browser.opens("/office/paper?quarter=2026Q4")
    await browser.submits("/office/paper/rules", needed="yes")
    await browser.opens("/office/missing?quarter=2026Q4")
    assert "纸质盖章件尚未收到或还未核对，请按管理科要求报送： 1. 甲校" in browser.text
    contact.says("交了吗")
    assert "未收到" in contact.text


async def test_many_are_noted_at_once_and_a_correction_asks_for_its_own_paper(app: App) -> None:
    officer = head(app)
    schools = {name: school(app, name) for name in ("甲校", "乙校", "丙校")}
    for contact in schools.values():
        reports_(contact, "2026Q4", LINE)
    browser = await Browser(app).enters(officer)
    await browser.opens("/office/paper?quarter=2026Q4")
    await browser.submits("/office/paper/rules", needed="yes")
    boxes = re.findall(r'<label><input type="checkbox" name="(one:\d+)" value="1"> (.)校', browser.page)
    ticked = {box: "1" for box, name in boxes if name in "甲乙"}
    for wrong in ({}, {"state": "received", "day": "2099-01-01"}, {"state": "lost"}):
        await browser.submits("/office/paper?", **ticked, **wrong)
        assert browser.status == 422
    await browser.submits("/office/paper?", **ticked, state="received", day="2026-12-29")
    assert "已登记 2 家" in browser.text
    assert browser.page.count("纸质件 12月29日已收") == 2
    schools["甲校"].says("交了吗")
    assert "12月29日已收到" in schools["甲校"].text

    corrects(schools["甲校"])
    assert "收到的是第1版" in schools["甲校"].text
    await browser.opens("/office/missing?quarter=2026Q4")
    assert "1. 丙校 2. 甲校" in browser.text
    await browser.opens("/office/records?kind=drafts")
    assert "未登记 → 已收（2026-12-29收到）" in browser.text


async def test_a_photograph_is_not_the_original_unless_the_head_says_so(app: App) -> None:
    officer, contact = head(app), school(app, "甲校")
    reports_(contact, "2026Q4", LINE)
    browser = await Browser(app).enters(officer)
    await browser.opens("/office/paper?quarter=2026Q4")
    await browser.submits("/office/paper/rules", needed="yes")
    path = path_of(app, "甲校")
    await browser.opens(path)
    await browser.submits(path + "/paper", state="checked")
    assert "没有可核对的" in browser.text  # there is no scan

    stamped(app, "甲校")
    await browser.opens(path)
    assert re.search(r'<img src="/office/file/\d+/stamped/', browser.page)  # beside the figures
    await browser.submits(path + "/paper", state="checked")
    assert "扫描件已核对" in browser.text
    await browser.opens("/office/missing?quarter=2026Q4")
    assert "1. 甲校" in browser.text
    await browser.opens("/office/paper?quarter=2026Q4")
    await browser.submits("/office/paper/rules", needed="yes", scan_counts="1")
    await browser.opens("/office/missing?quarter=2026Q4")
    assert "1. 甲校" not in browser.text


def stamped(app: App, name: str) -> None:
    """A scan of the stamped form came in."""
    from storage.reports import attachments, reports

    with transaction(app.engine) as connection:
        found = institutions.find(connection, name)
        assert found is not None
        latest = reports.snapshot(connection, found.id, "2026Q4").latest
        assert latest is not None
        file = attachments.receive(connection, 1, "盖章.png", "a" * 64, "png", 9, NOON)
        attachments.attach(connection, latest, file, "stamped", 1, NOON)
