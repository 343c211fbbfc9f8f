"""归档: one package a year, the same bytes when made again; a closed year is only read."""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from datetime import timedelta

import pytest

from bot.app import App
from bot.documents.archive import table
from storage import archive
from storage.connections.database import transaction
from storage.desk import paper
from storage.reports import decisions, reports
from storage.reports.closed_years import YearClosed
from storage.schema.core import institution
from tests.conftest import office_code
from tests.support.form_files import PNG, send
from tests.support.office_browser import Browser, at
from tests.support.office_scene import OFFICER, accepted, head, school
from tests.support.talk import NOON, Person

LATER = NOON + timedelta(days=40)  # the year is over
LINE = "大数据 3 2 120 80 60 90000"


def told(app: App) -> tuple[Person, Person]:
    """A head, and a contact whose report was returned, sent again, stamped and accepted."""
    officer, contact = head(app), school(app, "=甲/校")
    contact.says("填报 2026Q4", LINE, "提交")
    contact.presses("确认提交")
    with transaction(app.engine) as connection:
        latest = reports.snapshot(connection, 1, "2026Q4").latest
        assert latest is not None
        decisions.return_(connection, latest.id, [("大数据", "trained", "和名册对不上")], OFFICER, NOON)
    contact.says("填报 2026Q4")
    contact.presses("现在改") if "现在改" in contact.labels else contact.presses("开始改")
    contact.says("118", "提交")
    contact.presses("确认提交")
    send(contact, app, "盖章.png", PNG, "盖章件")
    if any(label.startswith("盖章件") for label in contact.labels):
        contact.presses("盖章件（2026Q4）")
    return officer, contact


async def closed(app: App, officer: Person, monkeypatch: pytest.MonkeyPatch) -> Browser:
    at(monkeypatch, LATER)
    officer.now = LATER
    browser = await Browser(app).enters(officer)
    await browser.opens("/office/archive")
    await browser.submits("/office/archive/2026/close/10")
    assert "已归档" in browser.text
    return browser


async def fetched(browser: Browser) -> bytes:
    await browser.opens("/office/archive/2026/file")
    assert browser.status == 200
    return browser.response.content


async def test_a_year_is_closed_as_a_package_that_can_be_made_again(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    officer, contact = told(app)
    at(monkeypatch, LATER)
    officer.now = LATER
    early = await Browser(app).enters(officer)
    await early.opens("/office/archive")
    assert "/office/archive/2026/close/10" not in early.forms  # a report waits
    accepted(app, "=甲/校", "2026Q4")
    browser = await closed(app, officer, monkeypatch)
    kept = await fetched(browser)
    packed = zipfile.ZipFile(io.BytesIO(kept))
    names = packed.namelist()
    assert "2026年度/1-情况表/2026Q4/=甲_校-第2版.xlsx" in names
    assert any("盖章件" in name and name.endswith(".png") for name in names)
    sums = packed.read("2026年度/SHA256SUMS.txt").decode()
    for line in sums.splitlines():
        digest, _, path = line.partition("  ")
        assert hashlib.sha256(packed.read(f"2026年度/{path}")).hexdigest() == digest
    assert len(sums.splitlines()) == len(names) - 1  # but the list itself
    catalogue = list(csv.reader(io.StringIO(packed.read("2026年度/目录.csv").decode("utf-8-sig"))))
    assert {"题名", "责任者", "文号", "日期", "保管期限"} <= set(catalogue[0])
    assert {row[5] for row in catalogue[1:]} == {"10年"}
    revisions = packed.read("2026年度/2-历次报送/历次报送.csv").decode("utf-8-sig")
    assert "'=甲/校" in revisions  # no formula
    assert "和名册对不上" in packed.read("2026年度/2-历次报送/退回理由.csv").decode("utf-8-sig")
    assert "report.accept" in packed.read("2026年度/5-办理记录/办理记录.csv").decode("utf-8-sig")

    contact.now = LATER + timedelta(days=1)
    contact.says("填报 2027Q1", LINE)  # what goes on elsewhere changes nothing of it
    await browser.opens("/office/archive/2026/again")
    assert "逐字节一致" in browser.text
    (lying,) = (app.settings.data_dir / "archive").iterdir()
    lying.unlink()
    assert await fetched(browser) == kept  # made again


async def test_a_closed_year_is_only_read(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    officer, contact = told(app)
    accepted(app, "=甲/校", "2026Q4")
    browser = await closed(app, officer, monkeypatch)
    await browser.opens("/office/report/1/2026Q4")
    assert browser.forms == ["/office/leave"]
    contact.now = LATER
    contact.says("填报 2026Q4")
    if "更正" in contact.labels:
        contact.presses("更正")
        contact.says("少算一班")
    assert "state" not in contact.text
    with transaction(app.engine) as connection:
        snapshot = reports.snapshot(connection, 1, "2026Q4")
        assert snapshot.draft is None
        assert snapshot.latest is not None
        latest = snapshot.latest.id
    for change in (
        lambda c: decisions.reopen(c, latest, "要改", OFFICER, LATER),
        lambda c: decisions.extend(c, 1, "2026Q4", LATER + timedelta(days=9), "病假", OFFICER, LATER, NOON),
        lambda c: decisions.close_quarter(c, "2026Q4", None, OFFICER, LATER),
        lambda c: paper.note(c, {1: 2}, "2026Q4", "missing", None, OFFICER, LATER),
    ):
        with pytest.raises(YearClosed), transaction(app.engine) as connection:
            change(connection)
    await browser.opens("/office/archive")
    await browser.submits("/office/archive/2026/reopen", reason="漏了一家")
    await browser.opens("/office/report/1/2026Q4")
    assert "/office/report/1/2026Q4/reopen" in browser.forms


async def test_a_list_of_what_may_be_destroyed_is_confirmed_by_another(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    officer, _ = told(app)
    accepted(app, "=甲/校", "2026Q4")
    browser = await closed(app, officer, monkeypatch)
    await browser.opens("/office/archive")
    assert "/office/archive/2026/destroy" not in browser.forms  # it is kept for ten years
    later = NOON.replace(year=2037)
    at(monkeypatch, later)
    colleague = Person(app.assistant, "liu")
    colleague.says(f"绑定 {office_code(app, 'staff')}")
    officer.now = colleague.now = later
    browser = await Browser(app).enters(officer)
    await browser.opens("/office/archive")
    await browser.submits("/office/archive/2026/destroy", reason="保管期满")
    await browser.submits("/office/archive/destroy/1/confirm")
    assert browser.status == 409  # one's own
    other = await Browser(app).enters(colleague)
    await other.opens("/office/archive")
    await other.submits("/office/archive/destroy/1/confirm")
    assert "已确认" in other.text
    with transaction(app.engine, read_only=True) as connection:
        assert archive.destructions(connection)[0].state == "confirmed"
        assert connection.execute(institution.select()).first() is not None  # nothing goes by itself


def test_nothing_in_a_table_is_a_formula() -> None:
    rows = list(
        csv.reader(io.StringIO(table(["x"], [["=1"], ["＝1"], [" =1"], ["\r=1"], ["a=1"], [-1]]).decode()))
    )
    assert [row[0][:1] for row in rows[1:]] == ["'", "'", "'", "'", "a", "'"]


@pytest.mark.parametrize("year", ["0", "1", "9999"])
async def test_a_year_that_no_quarter_has_is_nowhere(app: App, year: str) -> None:
    browser = await Browser(app).enters(head(app))
    csrf = browser.form("/office/leave")[1]
    await browser.posts(f"/office/archive/{year}/close/10", **csrf)
    assert browser.status == 404
