"""The next quarter's start in one page: who is new, who is gone, when it is due, who is reminded when."""

from __future__ import annotations

import pytest

from bot.app import App
from storage.connections.database import transaction
from storage.institutions import roster
from tests.support.office_browser import Browser, at
from tests.support.office_scene import OFFICER, head, school
from tests.support.talk import NOON


async def test_what_changes_and_what_is_set(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, NOON)  # 30 December 2026
    officer = head(app)
    school(app, "甲校")
    with transaction(app.engine) as connection:
        wanted = [
            roster.Wanted("新校", None, "2027Q1"),
            roster.Wanted("停办的学校", None, "2026Q1", "2026Q4"),
        ]
        roster.create(connection, wanted, OFFICER, NOON)
    browser = await Browser(app).enters(officer)
    await browser.opens("/office/next")
    assert "2027年第1季度" in browser.text
    assert "2 家。比本季新增：新校。不再应报：停办的学校。" in browser.text
    assert "还没有联系人的 1 家，其中 1 家没有能用的邀请码" in browser.text
    assert "3月31日" in browser.text
    assert "当天 2027年3月31日" in browser.text
