"""The form belongs to a quarter: what is changed from a day on leaves the quarters before it alone."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import openpyxl
import pytest

from bot.app import App
from bot.core.messages import FileRef
from policy.calendar.quarters import SHANGHAI, Quarter
from policy.corpus import build_corpus
from storage.connections.database import transaction
from storage.institutions import institutions
from storage.reports import reports
from tests.conftest import make_app
from tests.support.corpus import CORPUS
from tests.support.form_files import Document, edit, find, send
from tests.support.office_browser import Browser, at
from tests.support.office_scene import head, reports_, school
from tests.support.talk import Person

OLD, NEW = "2026Q4", "2027Q1"
WAS, NOW = "已培训人数", "已结业人数"
PRINTED_WAS, PRINTED_NOW = f"{WAS}（人）", f"{NOW}（人）"
LATE = datetime(2027, 1, 5, 12, tzinfo=SHANGHAI)  # the old quarter's latecomers still come
SPRING = datetime(2027, 3, 20, 12, tzinfo=SHANGHAI)
LINE = "大数据 3 2 120 80 60 90000"

# A made-up notice's form: from 2027 on a measure is called otherwise and takes less, a row is added.
CHANGED = build_corpus(
    {
        "form": {
            "later": [
                {
                    "notice": "made-up",
                    "valid_from": date(2027, 1, 1),
                    "title": "测试情况表",
                    "measures": [{"id": "trained", "title": NOW, "printed": PRINTED_NOW, "limit": 500}],
                    "occupations": [{"name": "元宇宙", "full": "元宇宙工程技术人员", "remark": "测试"}],
                }
            ]
        }
    }
)


@pytest.fixture
def changed(sqlite_url: str, tmp_path: Path) -> Iterator[App]:
    """An app whose form changes with the year."""
    made = make_app(sqlite_url, tmp_path, CHANGED)
    yield made
    made.engine.dispose()


def filled(app: App) -> Person:
    """Reports both quarters of 甲校, and returns the office's head."""
    contact = school(app, "甲校", "环翠区")
    reports_(contact, OLD, LINE)
    contact.now = SPRING
    reports_(contact, NEW, "大数据 3 2 110 70 60 90000")
    return head(app)


def of(app: App, quarter: str) -> tuple[int, int]:
    """Return the ids of 甲校 and of its revision."""
    with transaction(app.engine, read_only=True) as connection:
        found = institutions.find(connection, "甲校")
        assert found is not None
        latest = reports.snapshot(connection, found.id, quarter).latest
    assert latest is not None
    return found.id, latest.id


def cells(content: bytes) -> set[str]:
    """Return every text in a workbook."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    return {str(c.value) for sheet in book for row in sheet for c in row if c.value is not None}


def test_every_quarter_has_the_form_of_its_last_day() -> None:
    assert CHANGED.form_of(Quarter(2026, 4)) is CHANGED.form
    assert CHANGED.form_of("2027Q1").measure("trained").title == NOW
    in_spring = CHANGED.on(SPRING.date())
    assert in_spring.form is CHANGED.form_of(Quarter(2030, 2))
    assert in_spring.form_of(OLD) is CHANGED.form  # the way back
    assert in_spring.on(date(2026, 12, 31)) is CHANGED
    assert CORPUS.form_of(NEW) is CORPUS.form


async def test_pages_show_each_quarter_in_its_own_words(
    changed: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    officer = filled(changed)
    at(monkeypatch, SPRING)
    officer.now = SPRING
    browser = await Browser(changed).enters(officer)
    for quarter, own, other in ((OLD, WAS, NOW), (NEW, NOW, WAS)):
        institution, _ = of(changed, quarter)
        for path in (
            f"/office/report/{institution}/{quarter}",
            f"/office/entry/{institution}/{quarter}",
            f"/office/summary?quarter={quarter}",
            f"/office/summary/origins?quarter={quarter}&measure=trained",
        ):
            await browser.opens(path)
            assert browser.status == 200, path
            assert own in browser.page, path
            assert other not in browser.page, path
        await browser.opens(f"/office/entry/{institution}/{quarter}")
        assert ("元宇宙" in browser.page) == (quarter == NEW)
        title = CHANGED.form_of(quarter).title
        await browser.opens(f"/office/missing?quarter={quarter}")
        assert f"《{title}》" in browser.page
        await browser.opens(f"/office/clean?quarter={quarter}")
        assert "甲校" in browser.text
        await browser.opens(f"/office?quarter={quarter}")
        assert "甲校" in browser.text
        await browser.opens(f"/office/form/{of(changed, quarter)[1]}/xlsx")
        assert title in unquote(browser.response.headers["content-disposition"])
        assert f"{own}（人）" in cells(browser.response.content)
        await browser.opens(f"/office/summary?quarter={quarter}")
        await browser.submits("/office/summary/download", kind="csv")
        assert f"{own}（人）" in browser.response.content.decode("utf-8-sig").splitlines()[0]


async def test_a_late_report_is_typed_in_by_the_limits_of_its_quarter(
    changed: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    school(changed, "甲校")
    officer = head(changed)
    at(monkeypatch, SPRING)
    officer.now = SPRING
    browser = await Browser(changed).enters(officer)
    with transaction(changed.engine, read_only=True) as connection:
        found = institutions.find(connection, "甲校")
    assert found is not None
    row = dict(
        zip((m.id for m in CHANGED.form.measures), ("20", "2", "600", "80", "60", "90000"), strict=True)
    )
    given = {f"cell:大数据:{measure}": value for measure, value in row.items()}
    for quarter, status, ends in ((NEW, 422, "entry"), (OLD, 200, "report")):
        path = f"/office/entry/{found.id}/{quarter}"
        await browser.opens(path)
        await browser.submits(path, None, source="电话", call="1", received="2027-03-20", **given)
        assert (browser.status, browser.path.split("/")[2]) == (status, ends), quarter


def test_a_latecomer_fills_in_the_form_of_the_quarter(changed: App) -> None:
    contact = school(changed, "甲校")
    contact.now = LATE
    contact.says(f"填报 {OLD}", "大数据 20 2 600 80 60 90000")
    with transaction(changed.engine, read_only=True) as connection:
        found = institutions.find(connection, "甲校")
        assert found is not None
        assert reports.snapshot(connection, found.id, OLD).rows["大数据"]["trained"] == 600
    contact.now = SPRING
    contact.says(f"填报 {NEW}", "大数据 20 2 600 80 60 90000")
    with transaction(changed.engine, read_only=True) as connection:
        assert reports.snapshot(connection, found.id, NEW).rows.get("大数据", {}).get("trained") is None


def test_a_form_taken_away_before_the_change_comes_back_after_it(changed: App) -> None:
    contact = school(changed, "甲校")
    contact.says(f"填报 {OLD}", LINE)
    with transaction(changed.engine, read_only=True) as connection:
        found = institutions.find(connection, "甲校")
    assert found is not None
    args: dict[str, Any] = {"institution": found.id, "quarter": OLD, "person": 1}
    content = changed.files.content(FileRef("form-draft", "x.xlsx", args))
    contact.now = LATE
    send(contact, changed, "表.xlsx", edit(content, **{f"D{find(content, '大数据')[1:]}": 130}))
    assert "report/form_read.j2" in contact.templates
    with transaction(changed.engine, read_only=True) as connection:
        assert reports.snapshot(connection, found.id, OLD).rows["大数据"]["trained"] == 130


def test_a_measure_is_found_by_its_names_of_other_times_unless_they_are_another_s() -> None:
    for quarter in (OLD, NEW):
        for name in (WAS, NOW, PRINTED_WAS, PRINTED_NOW):
            found = CHANGED.form_of(quarter).find_measure(name)
            assert found is not None, (quarter, name)
            assert found.id == "trained"
    others = CORPUS.form.measure("certified").title
    names = {"trained": others, "certified": WAS}
    measures = [{"id": i, "title": name, "printed": name, "aliases": []} for i, name in names.items()]
    change = {"notice": "made-up", "valid_from": date(2027, 1, 1), "measures": measures}
    swapped = build_corpus({"form": {"later": [change]}})
    for quarter, measure in ((OLD, "trained"), (NEW, "certified")):
        found = swapped.form_of(quarter).find_measure(WAS)
        assert found is not None
        assert found.id == measure


def test_files_are_in_the_form_of_their_quarter(changed: App) -> None:
    filled(changed)
    for quarter, own, other in ((OLD, PRINTED_WAS, PRINTED_NOW), (NEW, PRINTED_NOW, PRINTED_WAS)):
        title = CHANGED.form_of(quarter).title
        institution, revision = of(changed, quarter)
        args: dict[str, Any] = {"revision": revision}
        paper = Document(changed.files.content(FileRef("form-docx", "x.docx", args)))
        heads = {text for row in paper.table(1)[:2] for text, _, _ in row}
        assert own in heads
        assert other not in heads
        assert title in paper.paragraphs
        draft = {"institution": institution, "quarter": quarter, "person": 1}
        everything = {"quarter": quarter, "accepted_only": False}
        for ref in (
            FileRef("form", "x.xlsx", args),
            FileRef("form-draft", "x.xlsx", draft),
            FileRef("aggregate", "x.xlsx", everything),
        ):
            texts = cells(changed.files.content(ref))
            assert own in texts, (quarter, ref.kind)
            assert other not in texts, (quarter, ref.kind)
