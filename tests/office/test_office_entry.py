"""代录: the office types in what came on paper, with the scan; and takes files away."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.app import App
from storage.connections.database import transaction
from storage.institutions import institutions
from storage.people import contacts
from storage.reports import decisions, reports
from storage.schema.core import audit
from storage.totals import coverage
from tests.conftest import contact_code, office_code
from tests.support.corpus import CORPUS
from tests.support.office_browser import Browser, at
from tests.support.talk import NOON, Person

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 64
ROW = ("3", "2", "120", "80", "60", "90000")
MEASURES = ("classes", "subsidised_classes", "trained", "certified", "subsidised", "amount")


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, NOON)


@pytest.fixture
async def browser(app: App, officer: Person) -> Browser:
    return await Browser(app).enters(officer)


@pytest.fixture
def school(app: App) -> int:
    contact_code(app, "荣成职校")
    with transaction(app.engine, read_only=True) as connection:
        found = institutions.find(connection, "荣成职校")
    assert found is not None
    return found.id


def row(occupation: str, values: tuple[str, ...] = ROW) -> dict[str, str]:
    return {f"cell:{occupation}:{m}": v for m, v in zip(MEASURES, values, strict=True)}


def latest(app: App, school: int) -> reports.Snapshot:
    with transaction(app.engine, read_only=True) as connection:
        return reports.snapshot(connection, school, "2026Q4")


async def opened(browser: Browser, school: int) -> str:
    path = f"/office/entry/{school}/2026Q4"
    await browser.opens(path)
    assert browser.status == 200
    return path


SCAN = {"scan": ("表.png", PNG)}


async def test_figures_from_paper_become_a_submitted_report(browser: Browser, app: App, school: int) -> None:
    path = await opened(browser, school)
    await browser.submits(
        path,
        SCAN,
        source="12月30日收到的纸质表",
        filled_by="宋老师",
        telephone="0631-1234567",
        **row("大数据"),
    )
    assert browser.path == f"/office/report/{school}/2026Q4"
    assert "state submitted" in browser.page
    assert "12月30日收到的纸质表" in browser.text
    assert "0631-1234567" in browser.text
    found = latest(app, school)
    assert found.rows["大数据"]["amount"] == 9_000_000
    with transaction(app.engine, read_only=True) as connection:
        assert coverage.turnout(connection, "2026Q4", accepted_only=False).count == 1


async def test_the_scan_stays_with_the_revision_and_can_be_read(
    browser: Browser, app: App, school: int
) -> None:
    path = await opened(browser, school)
    await browser.submits(path, SCAN, source="纸质表", stamped="1", original="1", **row("大数据"))
    file = next(
        part.split('"')[0] for part in browser.page.split('href="') if part.startswith("/office/file/")
    )
    assert "/stamped/" in file
    await browser.opens(file)
    assert browser.response.content == PNG
    assert browser.response.headers["content-type"] == "image/png"
    await browser.opens("/office?quarter=2026Q4")
    assert re.search("纸质件 12月[0-9]+日已收", browser.text)
    assert (await browser.opens(file.replace("/stamped/", "/source/"))).status == 404


async def test_a_telephone_that_is_none_is_named(browser: Browser, app: App, school: int) -> None:
    path = await opened(browser, school)
    await browser.submits(path, SCAN, source="纸质表", telephone="没有", **row("大数据"))
    assert browser.status == 422
    assert browser.form(path)[1]["telephone"] == "没有"
    assert "0631-5231234" in browser.text


async def test_what_is_wrong_is_named_and_nothing_typed_is_lost(
    browser: Browser, app: App, school: int
) -> None:
    path = await opened(browser, school)
    await browser.submits(path, SCAN, **row("大数据", ("3", "2", "一百二", "-1", "", "90000")))
    assert browser.status == 422
    fields = browser.form(path)[1]
    assert fields["cell:大数据:trained"] == "一百二"
    assert browser.page.count('aria-invalid="true"') == 2  # 一百二 is read as 120
    assert latest(app, school).shown is None  # nothing is kept half
    # the file need not be sent again
    fixed = {"cell:大数据:certified": "80", "cell:大数据:subsidised": "60"}
    await browser.submits(path, source="纸质表", **fixed)
    assert "state submitted" in browser.page
    assert "表.png" in browser.text


async def test_a_call_needs_no_file_and_the_trail_says_nothing_that_was_not(
    browser: Browser, app: App, school: int
) -> None:
    path = await opened(browser, school)
    await browser.submits(path, call="1", source="李老师12月30日来电", **row("大数据"))
    assert "已代录" in browser.text
    await browser.opens("/office/records")
    assert "本季度无培训" not in browser.text
    assert "已培训人数 未填 → 120" in browser.text
    await browser.opens(path)
    await browser.submits(
        path,
        call="1",
        source="李老师再来电",
        reason="多报一个职业",
        **{f"cell:大数据:{m}": "" for m in MEASURES},
        **row("区块链"),
    )
    assert "已代录" in browser.text
    assert list(latest(app, school).rows) == ["区块链"]


async def test_without_source_or_scan_nothing_is_entered(browser: Browser, app: App, school: int) -> None:
    path = await opened(browser, school)
    await browser.submits(path, source="纸质表", **row("大数据"))
    assert browser.status == 422
    await browser.submits(path, SCAN, source="", **row("大数据"))
    assert browser.status == 422
    await browser.submits(path, {"scan": ("x.exe", b"MZ123")}, source="纸质表", **row("大数据"))
    assert browser.status == 422
    assert latest(app, school).shown is None


async def test_unlikely_figures_ask_for_an_explanation(browser: Browser, app: App, school: int) -> None:
    path = await opened(browser, school)
    await browser.submits(
        path, SCAN, source="纸质表", **row("大数据", ("3", "5", "120", "80", "60", "90000"))
    )
    assert browser.status == 422
    asked = [name for name in browser.form(path)[1] if name.startswith("why:")]
    assert asked == ["why:大数据:subsidised-classes-over-classes.subsidised_classes"]
    await browser.submits(path, **{asked[0]: "两个班是三季度开的"})
    assert "两个班是三季度开的" in browser.text


async def test_nothing_took_place(browser: Browser, app: App, school: int) -> None:
    path = await opened(browser, school)
    await browser.submits(path, SCAN, source="电话后补的传真", nothing="1", **row("大数据"))
    assert browser.status == 422
    await browser.submits(path, source="电话后补的传真", nothing="1", **dict.fromkeys(row("大数据"), ""))
    found = latest(app, school)
    assert found.latest is not None
    assert found.latest.nothing_to_report


async def test_a_contacts_draft_is_only_replaced_when_said_so(
    browser: Browser, app: App, contact: Person
) -> None:
    contact.says("填报 2026Q4", "区块链 1 1 30 28 28 42000")
    with transaction(app.engine, read_only=True) as connection:
        found = institutions.find(connection, "威海数字培训学校")
    assert found is not None
    path = await opened(browser, found.id)
    await browser.submits(path, SCAN, source="纸质表", **row("大数据"))
    assert browser.status == 422
    assert "区块链" in latest(app, found.id).rows
    await browser.submits(path, replace="1")
    assert "state submitted" in browser.page
    assert set(latest(app, found.id).rows) == {"大数据"}


async def test_a_correction_says_why_and_begins_with_what_was_reported(
    browser: Browser, app: App, contact: Person
) -> None:
    contact.says("填报 2026Q4", "大数据 3 2 120 80 60 90000", "提交")
    contact.presses("确认提交")
    with transaction(app.engine, read_only=True) as connection:
        found = institutions.find(connection, "威海数字培训学校")
    assert found is not None
    path = await opened(browser, found.id)
    assert browser.form(path)[1]["cell:大数据:amount"] == "90000"
    await browser.submits(path, SCAN, source="更正函", **{"cell:大数据:trained": "118"})
    assert browser.status == 422
    await browser.submits(path, reason="对方来函更正")
    assert "第2版" in browser.text
    assert latest(app, found.id).rows["大数据"]["trained"] == 118


async def test_nobody_accepts_what_they_typed_in(
    browser: Browser, app: App, school: int, talk: Callable[..., Person]
) -> None:
    colleague = talk("liu")
    colleague.says(f"绑定 {office_code(app, 'staff')}")
    path = await opened(browser, school)
    await browser.submits(path, SCAN, source="纸质表", **row("大数据"))
    report = f"/office/report/{school}/2026Q4"
    assert report + "/accept" not in browser.forms
    seen = latest(app, school).latest
    assert seen is not None
    csrf = browser.form("/office/leave")[1]["csrf"]
    await browser.posts(report + "/accept", csrf=csrf, revision=str(seen.id))
    assert browser.status == 409
    other = await Browser(app).enters(colleague)
    await other.opens(report)
    await other.submits(report + "/accept")
    assert "state accepted" in other.page


async def test_a_filled_form_is_read_into_the_fields(browser: Browser, app: App, school: int) -> None:
    from bot.documents import form_files

    with transaction(app.engine, read_only=True) as connection:
        empty = form_files.draft_form(connection, CORPUS, school, "2026Q4", 1, app.keys)
    filled = _fill(empty, "大数据", [3, 2, 120, 80, 60, 90000])
    path = await opened(browser, school)
    await browser.submits(path, {"scan": ("情况表.xlsx", filled)}, source="邮件发来的表")
    assert browser.status == 200  # nothing is wrong
    assert 'role="alert"' not in browser.page
    assert browser.form(path)[1]["cell:大数据:trained"] == "120"
    await browser.submits(path)
    assert latest(app, school).rows["大数据"]["amount"] == 9_000_000


async def test_a_form_of_another_institution_or_quarter_is_not_read(
    browser: Browser, app: App, school: int
) -> None:
    from bot.documents import form_files

    contact_code(app, "文登技师学院")
    with transaction(app.engine, read_only=True) as connection:
        other = institutions.find(connection, "文登技师学院")
        assert other is not None
        theirs = form_files.draft_form(connection, CORPUS, other.id, "2026Q4", 1, app.keys)
        earlier = form_files.draft_form(connection, CORPUS, school, "2026Q3", 1, app.keys)
    path = await opened(browser, school)
    for wrong in (theirs, earlier):
        filled = _fill(wrong, "大数据", [3, 2, 120, 80, 60, 90000])
        await browser.submits(path, {"scan": ("情况表.xlsx", filled)}, source="邮件")
        assert browser.status == 422
        assert browser.form(path)[1]["cell:大数据:trained"] == ""
        assert browser.form(path)[1]["kept"] == ""
        await browser.submits(path, {"scan": ("情况表.xlsx", filled)}, source="邮件", **row("大数据"))
        assert browser.status == 422
        await browser.opens(path)
    assert latest(app, school).shown is None


async def test_what_came_in_in_time_is_not_late_when_it_is_typed_in_later(
    browser: Browser, app: App, school: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    after = NOON + timedelta(days=4)
    at(monkeypatch, after)
    path = f"/office/entry/{school}/2026Q4"
    late = Browser(app)
    zhang = Person(app.assistant, "zhang", now=after)
    await late.enters(zhang)
    await late.opens(path)
    assert late.form(path)[1]["received"] == "2027-01-03"
    for wrong in ("2027-01-04", "", "昨天"):
        await late.submits(path, SCAN, source="纸质表", received=wrong, **row("大数据"))
        assert late.status == 422
    await late.submits(path, received="2026-12-31")
    assert "state submitted" in late.page
    assert "截止后" not in late.text
    await late.opens("/office?quarter=2026Q4&state=late")
    assert late.page.count('<th scope="row">') == 0
    with transaction(app.engine, read_only=True) as connection:
        kept = connection.execute(select(audit.c.at, audit.c.detail).where(audit.c.action == "report.submit"))
        ((moment, detail),) = kept.all()
    assert moment == after
    assert detail["received"].startswith("2026-12-31")


async def test_a_closed_quarter_says_so_before_anything_is_typed(
    browser: Browser, app: App, school: int
) -> None:
    with transaction(app.engine) as connection:
        decisions.close_quarter(connection, "2026Q4", NOON, 1, NOON)
    path = await opened(browser, school)
    assert 'role="alert"' in browser.page
    await browser.submits(path, SCAN, source="纸质表", **row("大数据"))
    assert browser.status == 422
    assert latest(app, school).shown is None


async def test_what_a_lone_officer_typed_in_and_accepted_is_marked(
    browser: Browser, app: App, school: int, officer: Person
) -> None:
    with transaction(app.engine) as connection:
        contacts.rename(connection, 1, "张三", 1, NOON)
    path = await opened(browser, school)
    await browser.submits(path, SCAN, source="纸质表", **row("大数据"))
    assert "代录：张三" in browser.text
    assert "自录自审" not in browser.text
    await browser.submits(f"/office/report/{school}/2026Q4/accept")
    assert "自录自审" in browser.text
    await browser.opens("/office?quarter=2026Q4")
    assert "自录自审" in browser.text


def _fill(content: bytes, occupation: str, values: list[int]) -> bytes:
    import io

    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(content))
    sheet = book.worksheets[0]
    for line in sheet.iter_rows():
        if line[0].value == occupation:
            for cell, value in zip(line[1:], values, strict=False):
                cell.value = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


async def test_the_form_of_a_revision_can_be_taken_away(browser: Browser, app: App, school: int) -> None:
    path = await opened(browser, school)
    await browser.submits(path, SCAN, source="纸质表", **row("大数据"))
    for kind in ("xlsx", "docx"):
        href = next(p.split('"')[0] for p in browser.page.split('href="') if p.split('"')[0].endswith(kind))
        answer = await browser.client.get(href)
        assert answer.status_code == 200
        assert answer.content.startswith(b"PK")


async def test_what_came_in_while_the_form_was_open_is_not_superseded_unseen(
    browser: Browser, app: App, school: int
) -> None:
    wang = Person(app.assistant, "wang")
    wang.says(f"绑定 {contact_code(app, '荣成职校')}", "王芳", "跳过")
    path = await opened(browser, school)
    wang.says("填报 2026Q4", "大数据 3 2 150 80 60 90000", "提交", "提交")
    await browser.submits(path, SCAN, source="纸质表", **row("大数据"))
    assert browser.status == 409
    assert latest(app, school).rows["大数据"]["trained"] == 150
    assert 'value="120"' in browser.page  # what was typed stands there still
    await browser.submits(path, SCAN, reason="以纸质表为准")
    assert latest(app, school).rows["大数据"]["trained"] == 120


async def test_a_draft_that_grew_meanwhile_is_not_discarded_by_an_old_tick(
    browser: Browser, app: App, school: int
) -> None:
    wang = Person(app.assistant, "wang")
    wang.says(f"绑定 {contact_code(app, '荣成职校')}", "王芳", "跳过", "填报 2026Q4", "大数据", "3")
    path = await opened(browser, school)
    wang.says("区块链 1 1 30 28 28 42000")
    await browser.submits(path, SCAN, source="纸质表", replace="1", **row("大数据"))
    assert browser.status == 409
    found = latest(app, school)
    assert found.latest is None
    assert set(found.rows) == {"大数据", "区块链"}
