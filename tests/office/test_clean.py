"""Reports without a doubt are looked through as a list and accepted together; what is odd is marked."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from bot.app import App
from storage.connections.database import transaction
from storage.institutions import institutions
from storage.schema.core import audit
from tests.support.office_browser import Browser, at
from tests.support.office_scene import accepted, head, reports_, school
from tests.support.talk import NOON


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, NOON)


def ticked(browser: Browser) -> list[str]:
    return re.findall(r'name="(accept:\d+)"', browser.page)


def path_of(app: App, name: str) -> str:
    with transaction(app.engine, read_only=True) as connection:
        found = institutions.find(connection, name)
    assert found is not None
    return f"/office/report/{found.id}/2026Q4"


async def test_only_what_nothing_stands_out_in_is_listed_and_each_leaves_a_row(app: App) -> None:
    officer = head(app)
    for name in ("甲校", "乙校"):
        reports_(school(app, name, "环翠区"), "2026Q4", "大数据 3 2 120 80 60 90000")
    reports_(
        school(app, "有疑点的学校"), "2026Q4", "大数据 3 2 60 80 60 90000"
    )  # more certified than trained
    reports_(school(app, "不掌握的学校"), "2026Q4", "大数据 3 2 120 80 不掌握 90000")
    gone = school(app, "少报的学校")
    reports_(gone, "2026Q3", "物联网 1 0 20 10 0 0")
    accepted(app, "少报的学校", "2026Q3")
    reports_(gone, "2026Q4", "大数据 3 2 120 80 60 90000")

    browser = await Browser(app).enters(officer)
    await browser.opens("/office?quarter=2026Q4")
    for mark, name in (("doubt", "有疑点"), ("unknown", "不掌握")):
        await browser.opens(f"/office?quarter=2026Q4&mark={mark}")
        assert re.findall(r'<th scope="row"><a[^>]*>([^<]*)', browser.page) == [f"{name}的学校"]
    await browser.opens("/office?quarter=2026Q4&order=doubts")
    assert re.findall(r'<th scope="row"><a[^>]*>([^<]*)', browser.page)[0] == "有疑点的学校"

    await browser.opens("/office/clean?quarter=2026Q4")
    assert "以下 2 份未发现疑点" in browser.text
    assert len(ticked(browser)) == 2
    path, fields = browser.form("/office/clean")
    assert fields["csrf"]
    del fields[ticked(browser)[0]]  # one is looked at more closely first
    await browser.posts(path, **fields)
    assert "已审核通过 1 份" in browser.text
    await browser.opens("/office/clean?quarter=2026Q4")
    await browser.submits("/office/clean")
    assert "现在没有这样的报表" in browser.text
    with transaction(app.engine, read_only=True) as connection:
        rows = connection.execute(
            select(audit.c.subject, audit.c.detail).where(audit.c.action == "report.accept")
        )
        assert len({r.subject for r in rows if r.detail.get("listed")}) == 2


async def test_what_was_sent_again_meanwhile_is_not_accepted(app: App) -> None:
    officer, contact = head(app), school(app, "甲校")
    reports_(contact, "2026Q4", "大数据 3 2 120 80 60 90000")
    browser = await Browser(app).enters(officer)
    await browser.opens("/office/clean?quarter=2026Q4")
    path, fields = browser.form("/office/clean")
    contact.says("填报 2026Q4")
    contact.presses("更正")
    contact.says("少算一班", "大数据 4 2 130 80 60 90000", "提交")
    contact.presses("确认提交")
    await browser.posts(path, **fields)
    assert "有 1 份没有办" in browser.text
    await browser.opens(path_of(app, "甲校"))
    assert "state submitted" in browser.page
    await browser.opens("/office?quarter=2026Q4&mark=corrected")
    assert "甲校" in browser.page.split("<tbody>")[1]


async def test_one_does_not_accept_ones_own_from_the_list(app: App) -> None:
    officer = head(app)
    school(app, "甲校")
    browser = await Browser(app).enters(officer)
    path = path_of(app, "甲校").replace("/report/", "/entry/")
    await browser.opens(path)
    file = {"scan": ("扫描.png", b"\x89PNG\r\n\x1a\n" + b"0" * 64, "image/png")}
    fields = {
        f"cell:大数据:{m}": v
        for m, v in zip(
            ("classes", "subsidised_classes", "trained", "certified", "subsidised", "amount"),
            ("3", "2", "120", "80", "60", "90000"),
            strict=True,
        )
    }
    await browser.submits(path, files=file, source="传真", **fields)
    assert "已代录" in browser.text
    await browser.opens("/office/clean?quarter=2026Q4")
    assert not ticked(browser)


async def test_an_odd_cell_is_marked_beside_last_quarter_and_last_year(app: App) -> None:
    officer, contact = head(app), school(app, "甲校")
    for quarter in ("2025Q4", "2026Q3"):
        reports_(contact, quarter, "大数据 3 2 120 80 60 90000")
    reports_(contact, "2026Q4", "大数据 3 2 60 80 60 90000")
    browser = await Browser(app).enters(officer)
    await browser.opens(path_of(app, "甲校"))
    assert browser.page.count('class="odd"') == 2
    assert "上季 120" in browser.text
    assert "上年 120" in browser.text
    assert 'data-key="a"' in browser.page
