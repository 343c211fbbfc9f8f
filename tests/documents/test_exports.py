"""What the office takes away agrees with what happened: who reported, what is counted, what adds up."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from typing import Any

import openpyxl
import pytest

from bot.app import App
from bot.documents import export
from policy.calendar.quarters import Quarter, Times
from storage.connections.database import transaction
from storage.institutions import institutions, roster
from storage.institutions.roster import Wanted
from storage.reports import decisions, prior_figures, reports
from storage.totals import coverage
from tests.support.corpus import CORPUS
from tests.support.office_browser import Browser, at
from tests.support.office_scene import OFFICER, accepted, head, reports_, school
from tests.support.talk import NOON, Person

Q3, Q4 = "2026Q3", "2026Q4"
FIGURES = "大数据 3 2 120 80 60 90000"
AFTER = NOON + timedelta(days=5)  # 2027-01-04: the quarter is over
PAGE = f"/office/summary?quarter={Q4}"


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, NOON)


def returned(app: App, name: str) -> None:
    with transaction(app.engine) as connection:
        found = institutions.find(connection, name)
        assert found is not None
        latest = reports.snapshot(connection, found.id, Q4).latest
        assert latest is not None
        reasons = [("大数据", "trained", "名册上只有 118 人")]
        decisions.return_(connection, latest.id, reasons, OFFICER, NOON)


def corrected(person: Person, line: str = "大数据 3 2 121 80 60 90000") -> None:
    person.says(f"填报 {Q4}")
    person.presses("更正")
    person.says("少算一人", line, "提交")
    person.presses("确认提交")


def unexpected(app: App, name: str) -> None:
    """Take it off this quarter's list."""
    with transaction(app.engine) as connection:
        found = institutions.find(connection, name)
        assert found is not None
        roster.change(connection, found.id, Wanted(name, found.district, "2027Q1"), OFFICER, NOON)


def extended(app: App, name: str) -> None:
    with transaction(app.engine) as connection:
        found = institutions.find(connection, name)
        assert found is not None
        until, due = AFTER + timedelta(days=5), Quarter.parse(Q4).end()
        decisions.extend(connection, found.id, Q4, until, "联系人住院", OFFICER, NOON, due)


def every_kind(app: App) -> App:
    """One institution of every kind at the end of a quarter."""
    reports_(school(app, "甲待审", "荣成市"), Q4, FIGURES)
    reports_(school(app, "乙已审", "环翠区"), Q4, FIGURES)
    accepted(app, "乙已审", Q4)
    reports_(school(app, "丙退回", "乳山市"), Q4, FIGURES)
    returned(app, "丙退回")
    late = school(app, "丁迟零")
    late.now = AFTER
    late.says(f"填报 {Q4}", "本季度无培训", "提交", "提交")
    longer = school(app, "戊延期")
    extended(app, "戊延期")
    longer.now = AFTER
    reports_(longer, Q4, FIGURES)
    fixed = school(app, "己更正", "荣成市")
    reports_(fixed, Q4, FIGURES)
    accepted(app, "己更正", Q4)
    fixed.now = AFTER
    corrected(fixed)
    school(app, "庚草稿").says(f"填报 {Q4}", "大数据", "3")
    school(app, "辛未始")
    reports_(school(app, "壬名外", "高区"), Q4, FIGURES)
    unexpected(app, "壬名外")
    school(app, "癸名外未报")
    unexpected(app, "癸名外未报")
    return app


@pytest.fixture
def quarter_end(app: App) -> App:
    return every_kind(app)


@pytest.fixture
def either_end(either_app: App) -> App:
    return every_kind(either_app)


def workbook(app: App, accepted_only: bool, basis: str = "quarter") -> Any:
    with transaction(app.engine, read_only=True) as connection:
        made = [
            export.aggregate(connection, CORPUS.form, Q4, accepted_only, basis, app.keys, Times())
            for _ in range(2)
        ]
    assert made[0] == made[1]  # the same bytes
    return openpyxl.load_workbook(io.BytesIO(made[0]))


def table(sheet: Any) -> dict[str, dict[str, Any]]:
    """A list sheet's rows by their first cell: head → value."""
    heads, *rows = [[c.value for c in row] for row in sheet.iter_rows()]
    return {row[0]: dict(zip(heads, row, strict=True)) for row in rows}


class TestWhoReported:
    def test_every_row_is_true_of_its_institution(self, either_end: App) -> None:
        rows = table(workbook(either_end, accepted_only=False)["报送名单"])
        told = {n: (r["状态"], r["是否迟报"], r["零报告"], r["计入的版次"]) for n, r in rows.items()}
        assert told == {
            "甲待审": ("待审", "按时", "否", "第1版"),
            "乙已审": ("已审", "按时", "否", "第1版"),
            "丙退回": ("已退回", "按时", "否", "不计入"),
            "丁迟零": ("待审", "迟报", "是", "第1版"),
            "戊延期": ("待审", "按时", "否", "第1版"),
            "己更正": ("待审", "按时", "否", "第2版"),
            "庚草稿": ("草稿", "", "", ""),
            "辛未始": ("未开始", "", "", ""),
            "壬名外": ("待审", "按时", "否", "第1版"),
        }
        assert rows["己更正"]["首次报送时间"].startswith("2026-12-30")
        assert rows["己更正"]["该版报送时间"].startswith("2027-01-04")
        assert rows["己更正"]["更正原因"] == "少算一人"
        assert rows["甲待审"]["区市"] == "荣成市"
        assert rows["壬名外"]["应报名单"] == "名单外"
        assert rows["甲待审"]["应报名单"] == "名单内"

    def test_of_accepted_ones_only_those_that_wait_are_still_known_to_have_reported(
        self, quarter_end: App
    ) -> None:
        rows = table(workbook(quarter_end, accepted_only=True)["报送名单"])
        assert (rows["甲待审"]["状态"], rows["甲待审"]["计入的版次"]) == ("待审", "不计入")
        assert (rows["己更正"]["状态"], rows["己更正"]["计入的版次"]) == ("待审", "第1版")
        assert rows["己更正"]["编号"].endswith("-01")

    def test_it_is_there_however_many_institutions_there_are(
        self, quarter_end: App, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(export, "MOST_SHEETS", 2)
        book = workbook(quarter_end, accepted_only=False)
        assert len(table(book["报送名单"])) == 9
        assert len(table(book["按区市"])) == 6
        assert "甲待审" not in book.sheetnames


class TestWhatCounts:
    def test_those_off_the_list_never_raise_the_ratio(self, either_end: App) -> None:
        with transaction(either_end.engine, read_only=True) as connection:
            every = coverage.turnout(connection, Q4, accepted_only=False)
            only = coverage.turnout(connection, Q4, accepted_only=True)
        assert (every.listed, every.expected, every.others, every.count) == (5, 8, 1, 6)
        assert (every.accepted, every.zero, every.older) == (1, 1, 0)
        assert (only.listed, only.others, only.older) == (2, 0, 1)  # 己更正 by its first version

    def test_a_returned_version_leaves_the_accepted_one_before_it_counting(self, app: App) -> None:
        one = school(app, "荣成职校")
        reports_(one, Q4, FIGURES)
        accepted(app, "荣成职校", Q4)
        corrected(one)
        returned(app, "荣成职校")
        with transaction(app.engine, read_only=True) as connection:
            found = coverage.turnout(connection, Q4, accepted_only=False)
        assert (found.listed, found.accepted, found.older) == (1, 1, 1)

    async def test_every_place_says_the_same(self, quarter_end: App) -> None:
        said = "计入 6 家：应报名单内 5/8 家，名单外 1 家"
        officer = head(quarter_end)
        officer.says(f"汇总 {Q4}")
        assert said in officer.text
        printed = [str(r[0].value) for r in workbook(quarter_end, False)["汇总"].iter_rows()]
        assert any(said in line for line in printed)
        browser = await Browser(quarter_end).enters(officer)
        await browser.opens(PAGE)
        assert said in browser.text
        assert "计入 0/0 家，名单外 1 家" in browser.text  # 高区 alone
        await browser.opens(PAGE + "&accepted=1")
        assert "计入 2/8 家" in browser.text
        assert "1 家的新版待审" in browser.text
        words = re.search(r'id="words">(.*?)</p>', browser.page, re.S)[1]  # type: ignore[index]
        assert "已审核1家" in words  # where reports stand
        assert "计入2家" in words  # what is added up, and why it is more
        assert "1家的新版待审" in words


class TestWhatAddsUp:
    @pytest.fixture
    def year(self, quarter_end: App) -> App:
        with transaction(quarter_end.engine) as connection:
            found = institutions.find(connection, "乙已审")
            assert found is not None
            row = {"classes": 9, "subsidised_classes": 0, "trained": 300, "certified": 0, "subsidised": 0}
            rows = {"大数据": {**row, "amount": 1_000_050}}
            prior_figures.keep_opening(connection, found.id, "2026Q2", "纸质报表", rows, OFFICER, NOON)  # type: ignore[arg-type]
        before = Person(quarter_end.assistant, "of 乙已审")
        reports_(before, "2026Q2", "大数据 1 0 7 5 5 500")  # the opening figures include it
        reports_(before, Q3, "物联网 2 1 50 40 30 30000.50")
        reports_(Person(quarter_end.assistant, "of 甲待审"), Q3, "大数据 1 1 10 5 5 58800")
        return quarter_end

    @pytest.mark.parametrize("basis", export.BASES)
    def test_the_rows_and_the_districts_add_up_to_the_printed_total(self, year: App, basis: str) -> None:
        book = workbook(year, False, basis)
        totals = next([c.value for c in r[1:7]] for r in book["汇总"].iter_rows() if r[0].value == "合计")
        rows = [[c.value for c in row] for row in book["合计来源"].iter_rows(min_row=2)]
        assert [round(sum(row[8 + i] for row in rows), 2) for i in range(6)] == totals
        *districts, last = [[c.value for c in row] for row in book["按区市"].iter_rows(min_row=2)]
        assert last[4:] == totals
        assert [round(sum(row[4 + i] for row in districts), 2) for i in range(6)] == totals
        assert [d[0] for d in districts] == ["环翠区", "荣成市", "乳山市", "高区", "未填区市"]
        with transaction(year.engine, read_only=True) as connection:
            out = io.BytesIO()
            export.write_origins(connection, CORPUS.form, Q4, False, out, basis)
        lines = list(csv.DictReader(io.StringIO(out.getvalue().decode("utf-8-sig"))))
        assert [line["季度"] for line in lines] == [row[2] for row in rows]
        amount = [line["发放培训补贴金额（元）"] for line in lines]
        assert round(sum(map(float, amount)), 2) == totals[5]
        assert not any(one.endswith(".0") for one in amount)
        if basis == "year":
            assert {"58800", "30000.50"} <= set(amount)
            assert {Q3, Q4} <= {line["季度"] for line in lines}

    def test_each_district_says_whose_reports_count(self, year: App) -> None:
        rows = table(workbook(year, False)["按区市"])
        told = {
            n: (r["计入家数（应报名单内）"], r["应报家数"], r["计入家数（名单外）"]) for n, r in rows.items()
        }
        assert told["荣成市"] == (2, 2, 0)
        assert told["乳山市"] == (0, 1, 0)
        assert told["高区"] == (0, 0, 1)
        assert told["合计"] == (5, 8, 1)

    async def test_a_paragraph_on_last_year_names_that_year(
        self, year: App, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        at(monkeypatch, AFTER)
        officer = head(year)
        officer.now = AFTER
        browser = await Browser(year).enters(officer)
        await browser.opens(PAGE + "&basis=year")
        words = re.search(r'id="words">(.*?)</p>', browser.page, re.S)[1]  # type: ignore[index]
        assert "2026年以来" in words
        assert "今年" not in words
        assert not re.search(r"\d元", words)  # one way to write money
        assert "万元" in words
        assert "家数只数2026年第4季度" in browser.text


class TestInChat:
    def test_the_sums_stand_in_the_message_and_accepted_ones_alone_can_be_had(self, quarter_end: App) -> None:
        officer = head(quarter_end)
        officer.says(f"汇总 {Q4}")
        assert "已培训人数 601 人" in officer.text
        assert "发放补贴金额 450,000 元" in officer.text
        officer.says(f"汇总 {Q4} 已审")
        assert "计入 2/8 家" in officer.text
        assert "已培训人数 240 人" in officer.text
        (file,) = officer.files
        book = openpyxl.load_workbook(io.BytesIO(quarter_end.files.content(file)))
        assert table(book["报送名单"])["甲待审"]["计入的版次"] == "不计入"

    def test_a_quarter_may_stand_behind_the_lists(self, app: App) -> None:
        one = school(app, "荣成职校")
        reports_(one, Q3, FIGURES)
        officer = head(app)
        officer.says(f"待审 {Q4}")
        assert "荣成职校" not in " ".join(officer.labels)
        officer.says(f"待审 {Q3}")
        assert officer.labels[0].startswith("荣成职校")
        officer.says(f"报送提示 {Q4}")
        assert "荣成职校" in officer.text
        officer.says(f"催报名单 {Q3}")
        assert "荣成职校" not in officer.text
        officer.says("催报名单 随便")
        assert "应报" not in officer.text

    def test_pages_of_a_quarters_waiting_list_stay_in_that_quarter(self, app: App) -> None:
        for number in range(10):
            reports_(school(app, f"学校{number}"), Q3 if number else Q4, FIGURES)
        officer = head(app)
        officer.says(f"待审 {Q3}")
        assert "待审 9 份" in officer.text
        officer.presses("下一页")
        assert [label for label in officer.labels if "学校" in label] == ["学校9 2026Q3（12月30日报）"]

    def test_contacts_get_no_list(self, contact: Person) -> None:
        contact.says(f"催报名单 {Q4}")
        assert "应报" not in contact.text
        contact.says(f"汇总 {Q4} 已审")
        assert not contact.files
