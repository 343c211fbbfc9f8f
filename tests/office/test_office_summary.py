"""The quarter added up in the browser: every number is what was sent in, and opens to who sent it."""

from __future__ import annotations

import csv
import html
import io
import re
import zipfile
from datetime import timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import openpyxl
import pytest
from sqlalchemy import select

from bot.app import App
from bot.documents import export
from bot.office.figures import summary as summary_pages
from bot.office.figures import summary_downloads
from policy.calendar.quarters import Quarter
from storage.connections.database import transaction
from storage.reports import prior_figures
from storage.schema.core import audit
from storage.schema.core import institution as institution_table
from tests.conftest import contact_code, office_code
from tests.support.office_browser import Browser, at
from tests.support.office_scene import OFFICER, accepted, head, placed, reader, reports_, school
from tests.support.talk import NOON, Person

Q3, Q4 = "2026Q3", "2026Q4"
PAGE = f"/office/summary?quarter={Q4}"
MEASURES = ("classes", "subsidised_classes", "trained", "certified", "subsidised", "amount")


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, NOON)


def filled(app: App) -> Person:
    """Three institutions, two quarters; one accepted this quarter; the head of the office."""
    officer = head(app)
    first = school(app, "威海数字培训学校", "环翠区")
    reports_(first, Q3, "大数据 2 1 100 60 50 80000")
    reports_(first, Q4, "大数据 3 2 120 80 60 90000\n区块链 1 1 30 28 28 42000.50")
    second = school(app, "荣成职校", "荣成市")
    reports_(second, Q4, "大数据 1 0 20 10 不掌握 5000")
    third = school(app, "文登<技师>学院")
    reports_(third, Q4, "物联网 2 2 50 40 30 30000")
    contact_code(app, "乳山职校")
    accepted(app, "威海数字培训学校", Q3)
    accepted(app, "威海数字培训学校", Q4)
    return officer


def row(page: str, table: str, name: str) -> list[str]:
    """The numbers of a row, as shown."""
    inside = page.split(f'id="{table}"')[1].split("</table>")[0]
    for one in re.findall(r"<tr>.*?</tr>", inside, re.S):
        if re.search(rf"<th[^>]*>(<a[^>]*>)?{re.escape(name)}<", one):
            return re.findall(r'<a class="number[^>]*>([^<]*)</a>', one)
    raise AssertionError(name)


def links(page: str) -> dict[str, str]:
    """Every number that opens: address → as shown."""
    found = re.findall(r'<a class="number[^"]*" href="([^"]*)">([^<]*)</a>', page)
    return {html.unescape(address): shown for address, shown in found}


def listed(page: str) -> float:
    """What the listed origins add up to."""
    return sum(
        float(v.replace(",", "")) for v in re.findall(r'<td class="right"><b>([\d,.]*)</b>', page)[:-1]
    )


class TestTheNumbers:
    async def test_what_was_sent_in_is_what_is_shown(self, either_app: App) -> None:
        browser = await Browser(either_app).enters(filled(either_app))
        await browser.opens(PAGE)
        assert row(browser.page, "by-occupation", "大数据") == ["4", "2", "140", "90", "60", "95,000"]
        assert row(browser.page, "by-occupation", "区块链") == ["1", "1", "30", "28", "28", "42,000.50"]
        assert row(browser.page, "by-occupation", "合计") == ["7", "5", "220", "158", "118", "167,000.50"]
        assert row(browser.page, "by-district", "荣成市")[2] == "20"
        assert row(browser.page, "by-district", "未填区市")[2] == "50"
        assert row(browser.page, "by-district", "合计")[2] == "220"
        assert row(browser.page, "by-quarter", "2026年第3季度") == ["2", "1", "100", "60", "50", "80,000"]
        assert "3/4 家" in browser.text
        assert "不掌握 1 处" in browser.text

    async def test_accepted_only_says_so_and_counts_less(self, either_app: App) -> None:
        browser = await Browser(either_app).enters(filled(either_app))
        await browser.opens(PAGE + "&accepted=1")
        assert "计入 1/4 家" in browser.text
        assert row(browser.page, "by-occupation", "合计")[2] == "150"
        await browser.opens("/office/summary?quarter=2026Q4&basis=year&accepted=1")
        assert row(browser.page, "by-occupation", "大数据") == ["5", "3", "220", "140", "110", "170,000"]

    @pytest.mark.parametrize("accepted_only", [False, True])
    async def test_the_page_and_the_workbook_add_alike(self, either_app: App, accepted_only: bool) -> None:
        browser = await Browser(either_app).enters(filled(either_app))
        with transaction(either_app.engine, read_only=True) as connection:
            by_basis = export.totals_by_basis(connection, Quarter.parse(Q4), accepted_only)
        for basis in export.BASES:
            await browser.opens(f"{PAGE}&basis={basis}&accepted={int(accepted_only)}")
            for name, total in by_basis[basis].items():
                shown = [float(n.replace(",", "")) for n in row(browser.page, "by-occupation", name)]
                sums = [total.sums[m] / (100 if m == "amount" else 1) for m in MEASURES]
                assert shown == sums, (basis, name)

    async def test_an_empty_quarter_is_said_to_be_empty(self, app: App) -> None:
        browser = await Browser(app).enters(head(app))
        await browser.opens(PAGE)
        assert browser.status == 200
        assert "<svg" not in browser.page
        assert "<table" in browser.page  # the quarter itself, with zeros

    async def test_an_address_that_names_nothing(self, officer: Person, app: App) -> None:
        browser = await Browser(app).enters(officer)
        for address in (
            "/office/summary?quarter=2026Q9",
            "/office/summary/origins?quarter=2026Q4",
            "/office/summary/origins?quarter=2026Q4&measure=id",
            "/office/summary/chart/district/amount?quarter=2026Q4",
            "/office/summary/file/1",
        ):
            assert (await browser.opens(address)).status == 404, address
        await browser.opens("/office/summary?quarter=2026Q4&basis=%3Ci%3E&district=%3Ci%3E")
        assert browser.status == 200
        assert "<i>" not in browser.page


class TestTheParagraph:
    async def test_it_says_the_figures_and_the_basis(self, either_app: App) -> None:
        browser = await Browser(either_app).enters(filled(either_app))
        await browser.opens(PAGE)
        said = re.search(r'id="words">(.*?)</p>', browser.page, re.S)[1]  # type: ignore[index]
        assert "\n" not in said.strip()
        assert "机构4家" in said
        assert "已报送3家（已审核1家、待审核2家）" in said
        assert "未报送1家" in said
        assert "培训7个班次" in said
        assert "培训220人" in said
        assert "发放培训补贴16.70005万元" in said
        assert "含未审核" in said
        assert "只比两个季度都计入的1家：威海数字培训学校；本季度另有2家不可比，未列入" in said
        assert "培训人数增加50人（增长50.0%）" in said  # 150 after 100, not 220 after 100
        assert "发放补贴金额增加5.20005万元" in said
        await browser.opens(PAGE + "&accepted=1")
        said = re.search(r'id="words">(.*?)</p>', browser.page, re.S)[1]  # type: ignore[index]
        assert "审核通过的报表" in said
        assert "培训150人" in said
        assert "发放培训补贴13.20005万元" in said

    async def test_no_institution_in_both_quarters_is_no_comparison(self, app: App) -> None:
        officer = head(app)
        reports_(school(app, "威海数字培训学校"), Q3, "大数据 2 1 100 60 50 80000")
        reports_(school(app, "荣成职校"), Q4, "大数据 1 0 20 10 5 5000")
        browser = await Browser(app).enters(officer)
        await browser.opens(PAGE)
        assert "没有相同的机构，不作比较" in browser.text
        assert "%" not in re.search(r'id="words">(.*?)</p>', browser.page, re.S)[1]  # type: ignore[index]

    async def test_accepted_ones_are_compared_with_accepted_ones(self, app: App) -> None:
        officer = head(app)
        for name in ("威海数字培训学校", "荣成职校"):
            one = school(app, name)
            reports_(one, Q3, "大数据 2 1 100 60 50 80000")
            accepted(app, name, Q3)
            reports_(one, Q4, "大数据 2 1 100 60 不掌握 90000")
        accepted(app, "荣成职校", Q4)
        browser = await Browser(app).enters(officer)
        await browser.opens(PAGE + "&accepted=1")
        assert "只比两个季度都计入的1家：荣成职校" in browser.text
        assert "培训人数持平" in browser.text
        assert "金额增加1万元（增长12.5%）" in browser.text

    async def test_money_is_written_one_way_and_exactly(self, app: App) -> None:
        officer = head(app)
        one = school(app, "荣成职校")
        reports_(one, Q4, "大数据 3 2 120 80 60 90100")
        browser = await Browser(app).enters(officer)
        await browser.opens(PAGE)
        assert "发放培训补贴9.01万元" in browser.text


class TestOrigins:
    async def test_every_number_opens_to_what_it_adds(self, either_app: App) -> None:
        browser = await Browser(either_app).enters(filled(either_app))
        for query in ("&basis=total", "&basis=year&accepted=1", ""):
            await browser.opens(PAGE + query)
            numbers = links(browser.page)
            assert len(numbers) >= 6 * 7
            for address, shown in numbers.items():
                await browser.opens(address)
                assert browser.status == 200
                assert listed(browser.page) == float(shown.replace(",", "")), address
                assert f"：{shown}" in browser.page.split("<h1>")[1].split("</h1>")[0]

    async def test_a_line_leads_to_its_revision(self, either_app: App) -> None:
        browser = await Browser(either_app).enters(filled(either_app))
        await browser.opens(f"/office/summary/origins?quarter={Q4}&measure=trained&occupation=大数据")
        assert "威海数字培训学校" in browser.text
        assert "物联网" not in browser.text
        for path in re.findall(r'href="(/office/report/[^"]*)"', browser.page):
            assert (await browser.opens(html.unescape(path))).status == 200
            assert "大数据" in browser.text

    async def test_a_long_list_comes_in_pages(self, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(summary_pages, "PAGE", 1)
        browser = await Browser(app).enters(filled(app))
        added = 0.0
        for page in (1, 2, 3):
            await browser.opens(f"/office/summary/origins?quarter={Q4}&measure=trained&page={page}")
            assert "：220人" in browser.page
            added += listed(browser.page)
        assert added == 220
        assert "下一页" not in browser.page

    async def test_names_are_shown_not_run(self, app: App) -> None:
        browser = await Browser(app).enters(filled(app))
        await browser.opens(f"/office/summary/origins?quarter={Q4}&measure=trained")
        assert "文登&lt;技师&gt;学院" in browser.page
        assert "<技师>" not in browser.page

    async def test_opening_figures_stand_for_the_quarters_they_cover(self, either_app: App) -> None:
        officer = filled(either_app)
        cells = {"classes": 10, "subsidised_classes": 4, "trained": 300, "certified": 200, "subsidised": 100}
        with transaction(either_app.engine) as connection:
            one = connection.execute(
                select(institution_table.c.id).where(institution_table.c.name == "威海数字培训学校")
            ).scalar_one()
            rows = {"大数据": {**cells, "amount": 100_000_00}}
            prior_figures.keep_opening(connection, one, Q3, "此前<书面>报表", rows, OFFICER, NOON)  # type: ignore[arg-type]
        browser = await Browser(either_app).enters(officer)
        await browser.opens(PAGE + "&basis=total")
        # 300 until the third quarter instead of the 100 reported for it, and 120 + 20 after it
        assert row(browser.page, "by-occupation", "大数据")[2] == "440"
        assert row(browser.page, "by-district", "环翠区")[2] == "450"
        for address, shown in links(browser.page).items():
            await browser.opens(address)
            assert listed(browser.page) == float(shown.replace(",", "")), address
        await browser.opens(
            f"/office/summary/origins?quarter={Q4}&basis=total&measure=trained&occupation=大数据"
        )
        assert "此前&lt;书面&gt;报表" in browser.page
        assert "1 家机构的期初数" in browser.text
        with transaction(either_app.engine, read_only=True) as connection:
            workbook = export.totals_by_basis(connection, Quarter.parse(Q4), False)["total"]["大数据"]
        assert workbook.sums["trained"] == 440
        await browser.opens(PAGE + "&basis=total")
        await browser.submits("/office/summary/download", kind="csv")
        rows_ = csv.DictReader(io.StringIO(browser.response.content.decode("utf-8-sig")))
        assert sum(int(r["已培训人数（人）"]) for r in rows_ if r["名称"] == "大数据") == 440
        await browser.opens(PAGE + "&basis=year")  # the year's reports are what they are
        assert row(browser.page, "by-occupation", "大数据")[2] == "240"
        await browser.opens("/office/summary?quarter=2026Q2&basis=total")  # before they end they say nothing
        assert "没有录入期初数" in browser.text


class TestReaders:
    async def test_a_district_is_all_there_is(self, either_app: App) -> None:
        filled(either_app)
        browser = await Browser(either_app).enters(reader(either_app, "荣成市"))
        for extra in ("", "&district=", "&district=环翠区", "&district=-"):
            await browser.opens(PAGE + extra)
            assert row(browser.page, "by-occupation", "合计")[2] == "20", extra
            assert "机构1家" in browser.text
            assert "by-district" not in browser.page
            await browser.opens(f"/office/summary/origins?quarter={Q4}&measure=trained{extra}")
            assert "荣成职校" in browser.text
            assert "威海数字培训学校" not in browser.text
            assert listed(browser.page) == 20
        await browser.opens(f"/office/summary/chart/occupation/trained?quarter={Q4}&district=环翠区")
        assert "120" not in browser.page.split("<desc")[1].split("</desc>")[0]

    async def test_they_take_no_files_of_the_city(self, app: App) -> None:
        filled(app)
        browser = await Browser(app).enters(reader(app, "荣成市"))
        await browser.opens(PAGE)
        assert "/office/summary/download" not in browser.forms
        csrf = browser.form("/office/leave")[1]["csrf"]
        await browser.posts("/office/summary/download", csrf=csrf, quarter=Q4, kind="xlsx")
        assert browser.status == 403
        assert (await browser.opens("/office/summary/file/1")).status == 403

    async def test_the_office_may_look_at_one_district(self, either_app: App) -> None:
        browser = await Browser(either_app).enters(filled(either_app))
        await browser.opens(PAGE + "&district=荣成市")
        assert row(browser.page, "by-occupation", "合计")[2] == "20"
        await browser.opens(PAGE + "&district=-")
        assert row(browser.page, "by-occupation", "合计")[2] == "50"


class TestTakingAway:
    async def test_the_workbook_is_the_same_twice_and_recorded(self, either_app: App) -> None:
        browser = await Browser(either_app).enters(filled(either_app))
        taken = []
        for _ in range(2):
            await browser.opens(PAGE + "&basis=year")
            await browser.submits("/office/summary/download", kind="xlsx")
            assert browser.status == 200
            taken.append((browser.response.content, browser.response.headers["content-disposition"]))
        assert taken[0] == taken[1]
        book = openpyxl.load_workbook(io.BytesIO(taken[0][0]))
        values = {r[0].value: [c.value for c in r[1:7]] for r in book["汇总"].iter_rows()}
        assert values["大数据"][2] == 240
        with transaction(either_app.engine, read_only=True) as connection:
            printed = export.fingerprint(connection, Q4, False)
            records = connection.execute(select(audit).where(audit.c.action == "export")).all()
        assert printed in taken[0][1]
        assert any(printed in str(r[0].value) for r in book["汇总"].iter_rows())
        assert [r.subject for r in records] == [f"quarter:{Q4}"] * 2
        assert records[0].detail == {"kind": "xlsx", "basis": "year", "accepted_only": False}

    async def test_the_csv_holds_every_row_and_its_revision(self, app: App) -> None:
        browser = await Browser(app).enters(filled(app))
        await browser.opens(PAGE + "&accepted=1")
        await browser.submits("/office/summary/download", kind="csv")
        rows = list(csv.DictReader(io.StringIO(browser.response.content.decode("utf-8-sig"))))
        assert sorted(r["已培训人数（人）"] for r in rows) == ["120", "30"]
        assert all(r["版次编号"].isdigit() for r in rows)
        assert not any((app.settings.data_dir / summary_downloads.FOLDER).iterdir())  # sent and gone

    async def test_many_institutions_come_in_a_zip(self, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(summary_pages, "MOST_SHEETS", 2)
        monkeypatch.setattr(export, "MOST_SHEETS", 2)
        browser = await Browser(app).enters(filled(app))
        taken = []
        for _ in range(2):
            await browser.opens(PAGE)
            assert 'value="zip"' in browser.page
            await browser.submits("/office/summary/download", kind="zip")
            taken.append(browser.response.content)
        assert taken[0] == taken[1]
        names = zipfile.ZipFile(io.BytesIO(taken[0])).namelist()
        assert names == ["2026Q4-001.xlsx", "2026Q4-002.xlsx"]

    async def test_only_who_ordered_it_fetches_it_and_soon(
        self, app: App, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        officer = filled(app)
        browser = await Browser(app).enters(officer)
        await browser.opens(PAGE)
        await browser.submits("/office/summary/download", kind="csv")
        path = browser.path
        assert (await browser.opens(path)).status == 200
        staff = Person(app.assistant, "liu")
        staff.says(f"绑定 {office_code(app, 'staff')}")
        other = await Browser(app).enters(staff)
        assert (await other.opens(path)).status == 404
        for minutes, status in ((59, 200), (61, 404)):
            at(monkeypatch, NOON + timedelta(minutes=minutes))
            later = Browser(app)
            later.client.cookies.update(browser.client.cookies)
            assert (await later.opens(path)).status == status, minutes

    async def test_an_order_for_nothing(self, officer: Person, app: App) -> None:
        browser = await Browser(app).enters(officer)
        await browser.opens(PAGE)
        for wrong in ({"kind": "exe"}, {"kind": "xlsx", "quarter": "never"}):
            await browser.opens(PAGE)
            await browser.submits("/office/summary/download", **wrong)
            assert browser.status == 404, wrong


async def test_a_chart_is_a_file_that_stands_alone(either_app: App) -> None:
    browser = await Browser(either_app).enters(filled(either_app))
    await browser.opens(PAGE)
    paths = [html.unescape(p) for p in re.findall(r'href="(/office/summary/chart/[^"]*)"', browser.page)]
    assert len(paths) == 8
    for path in paths:
        assert parse_qs(urlsplit(path).query)["quarter"] == [Q4]
        await browser.opens(path)
        assert browser.response.headers["content-type"] == "image/svg+xml"
        assert browser.response.headers["content-disposition"].startswith("attachment")
        assert browser.page.startswith("<svg xmlns=")


async def test_places_without_reports_are_there_too(app: App) -> None:
    officer = filled(app)
    placed(app, "乳山职校", "乳山市")
    browser = await Browser(app).enters(officer)
    await browser.opens(PAGE)
    assert row(browser.page, "by-district", "乳山市") == ["0"] * 6
    assert "0/1 家" in browser.text


async def test_a_charts_name_says_what_it_shows(app: App) -> None:
    browser = await Browser(app).enters(filled(app))
    names = set()
    for query in ("", "&basis=year", "&basis=total", "&accepted=1", "&district=荣成市", "&district=-"):
        await browser.opens(f"/office/summary/chart/occupation/trained?quarter={Q4}{query}")
        names.add(unquote(browser.response.headers["content-disposition"]))
    assert len(names) == 6
    assert any("荣成市" in name for name in names)
    assert any("本年累计" in name for name in names)
    assert any("已审" in name for name in names)
