"""期初数: what happened before the first quarter reported here, entered once and counted once."""

from __future__ import annotations

import csv
import io
import random

import openpyxl
import pytest

from bot.app import App
from bot.documents import export
from policy.calendar.quarters import Quarter
from storage.connections.database import transaction
from storage.institutions import institutions
from storage.reports import decisions, drafts, prior_figures, reports
from storage.reports.reports import VersionConflict
from storage.totals import aggregates, summary
from storage.totals.summary import Wanted
from tests.conftest import contact_code
from tests.support.corpus import CORPUS
from tests.support.office_browser import Browser, at
from tests.support.office_scene import accepted, head, reader, reports_, school
from tests.support.talk import NOON, Person

Q3, Q4 = "2026Q3", "2026Q4"
NAME = "威海数字培训学校"
BEFORE = {
    "classes": 10,
    "subsidised_classes": 4,
    "trained": 300,
    "certified": 200,
    "subsidised": 100,
    "amount": 100_000_00,
}


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, NOON)


def number_of(app: App, name: str = NAME) -> int:
    with transaction(app.engine, read_only=True) as connection:
        found = institutions.find(connection, name)
    assert found is not None
    return found.id


def kept(app: App, name: str = NAME) -> list[prior_figures.Opening]:
    with transaction(app.engine, read_only=True) as connection:
        return prior_figures.openings_kept(connection, number_of(app, name))


def keep(app: App, through: str = "2026Q2", name: str = NAME, source: str = "历次纸质报表") -> None:
    with transaction(app.engine) as connection:
        found = institutions.find(connection, name)
        assert found is not None
        rows = {"大数据": dict(BEFORE)}
        prior_figures.keep_opening(connection, found.id, through, source, rows, 1, NOON)  # type: ignore[arg-type]


def trained(app: App, quarter: str, accepted_only: bool = False) -> dict[str, int]:
    """People trained since the start by occupation, as the sums say; the summary has to say the same."""
    with transaction(app.engine, read_only=True) as connection:
        found = aggregates.totals(connection, "2023Q1", quarter, accepted_only, since_start=True)
        sums = {one.occupation: one.sums["trained"] for one in found}
        wanted = Wanted("2023Q1", quarter, accepted_only, since_start=True)
        sliced: dict[str, int] = {}
        for one in summary.slices(connection, wanted):
            if not one.covered:
                sliced[one.occupation] = sliced.get(one.occupation, 0) + one.sums["trained"]
    assert sums == sliced
    return sums


class TestSums:
    def test_they_stand_for_the_quarters_they_include(self, either_app: App) -> None:
        head(either_app)
        one = school(either_app, NAME)
        reports_(one, Q3, "大数据 2 1 100 60 50 80000\n物联网 1 0 9 0 0 0")
        reports_(one, Q4, "大数据 3 2 120 80 60 90000")
        other = school(either_app, "荣成职校")
        reports_(other, Q3, "大数据 1 0 7 7 0 0")
        assert trained(either_app, Q4) == {"大数据": 227, "物联网": 9}
        keep(either_app, "2026Q2")
        assert trained(either_app, Q4) == {"大数据": 527, "物联网": 9}
        keep(either_app, Q3)
        assert trained(either_app, Q4) == {"大数据": 427}
        accepted(either_app, NAME, Q4)
        assert trained(either_app, Q4, accepted_only=True) == {"大数据": 420}
        assert trained(either_app, "2026Q2") == {}  # before they end they say nothing

    def test_the_files_name_them_and_do_not_count_twice(self, either_app: App) -> None:
        head(either_app)
        one = school(either_app, NAME)
        reports_(one, Q3, "大数据 2 1 100 60 50 80000")
        reports_(one, Q4, "大数据 3 2 120 80 60 90000")
        with transaction(either_app.engine, read_only=True) as connection:
            before = export.fingerprint(connection, Q4, False)
        keep(either_app, "2026Q2")
        keep(either_app, Q3, source="=纸质报表")
        with transaction(either_app.engine, read_only=True) as connection:
            assert export.fingerprint(connection, Q4, False) != before
            made = export.aggregate(connection, CORPUS.form, Q4, False, "total", either_app.keys)
            assert made == export.aggregate(connection, CORPUS.form, Q4, False, "total", either_app.keys)
            total = export.totals_by_basis(connection, Quarter.parse(Q4), False)["total"]["大数据"]
            out = io.BytesIO()
            export.write_origins(connection, CORPUS.form, Q4, False, out, "total")
        assert total.sums["trained"] == 420
        book = openpyxl.load_workbook(io.BytesIO(made))
        assert any("含 1 家机构的期初数" in str(c.value) for row in book["汇总"].iter_rows() for c in row)
        assert [[c.value for c in row][2:5] for row in book["期初数"].iter_rows(min_row=2)] == [
            [Q3, 2, "=纸质报表"]
        ]
        lines = list(csv.reader(io.StringIO(out.getvalue().decode("utf-8-sig"))))[1:]
        assert [(line[3], float(line[10])) for line in lines] == [("大数据", 120.0), ("大数据", 300.0)]
        assert lines[1][5] == "2" and Q3 in lines[1][6]

    @pytest.mark.parametrize("seed", range(4))
    def test_every_way_of_adding_up_agrees(self, either_app: App, seed: int) -> None:
        """Sums, slices and the rows behind them, against a model, for any mix of openings and reports."""
        chance = random.Random(seed)
        quarters = ["2025Q4", "2026Q1", "2026Q2", Q3, Q4]
        head(either_app)
        reported_: dict[tuple[int, str], tuple[str, int]] = {}
        opened: dict[int, tuple[str, int]] = {}
        with transaction(either_app.engine) as connection:
            for school_ in range(1, 9):
                name = f"学校{school_}"
                one = institutions.create(connection, name, "2025Q1", NOON, 1).id
                for quarter in chance.sample(quarters, chance.randint(0, 5)):
                    draft = drafts.begin_draft(connection, one, quarter, 1, NOON, None)
                    value = chance.randint(0, 99)
                    row = dict.fromkeys(BEFORE, value)
                    drafts.set_cells(connection, draft, "大数据", row, 1, NOON)  # type: ignore[arg-type]
                    seen = reports.snapshot(connection, one, quarter).draft
                    assert seen
                    done = drafts.submit(
                        connection, seen, seen.version, f"{one}{quarter}", 1, NOON, None, None, None
                    )
                    state = "accepted" if chance.random() < 0.5 else "submitted"
                    if state == "accepted":
                        decisions.accept(connection, done.id, 1, NOON)
                    reported_[one, quarter] = (state, value)
                for _ in range(chance.randint(0, 2)):
                    through, value = chance.choice(quarters), chance.randint(1, 99)
                    rows = {"大数据": dict.fromkeys(BEFORE, value)}
                    prior_figures.keep_opening(connection, one, through, "纸质报表", rows, 1, NOON)  # type: ignore[arg-type]
                    opened[one] = (through, value)
        for last in quarters:
            for accepted_only in (False, True):
                counts = {one: kept_ for one, kept_ in opened.items() if kept_[0] <= last}
                wanted = sum(value for _, value in counts.values()) + sum(
                    value
                    for (one, quarter), (state, value) in reported_.items()
                    if quarter <= last
                    and (state == "accepted" or not accepted_only)
                    and quarter > counts.get(one, ("", 0))[0]
                )
                assert trained(either_app, last, accepted_only).get("大数据", 0) == wanted
                out = io.BytesIO()
                with transaction(either_app.engine, read_only=True) as connection:
                    export.write_origins(connection, CORPUS.form, last, accepted_only, out, "total")
                lines = list(csv.reader(io.StringIO(out.getvalue().decode("utf-8-sig"))))[1:]
                assert sum(float(line[9]) for line in lines) == wanted


LINE = "大数据 10 4 300 200 100 100000"


def ready(person: Person, through: str = "2025Q4") -> Person:
    """At the point where the lines are sent."""
    person.says("期初数", through, "2023年以来历次纸质报表")
    return person


class TestInChat:
    def test_asked_for_again_it_is_asked_once(self, app: App) -> None:
        wang = school(app, NAME)
        wang.says("期初数", "期初数")
        assert wang.text.count("包含到哪个季度") == 1

    @pytest.mark.parametrize("typed", ["确认", "是的", "不知道", "2025", "。。"])
    def test_a_source_names_something(self, app: App, typed: str) -> None:
        wang = school(app, NAME)
        wang.says("期初数", "2025Q4", typed)
        assert "从哪里来" in wang.text
        wang.says("教务台账", LINE)
        wang.presses("确认录入")
        assert [one.source for one in kept(app)] == ["教务台账"]

    def test_figures_typed_too_early_are_kept(self, app: App) -> None:
        wang = school(app, NAME)
        wang.says("期初数", LINE)
        assert "已记入：\n大数据" in wang.text
        assert "哪个季度" in wang.text
        wang.says("2025Q4", "区块链 1 1 30 28 28 42000")
        assert "从哪里来" in wang.text
        wang.says("教务台账")
        wang.presses("确认录入")
        (one,) = kept(app)
        assert (one.rows["大数据"], one.rows["区块链"]["trained"], one.source) == (BEFORE, 30, "教务台账")

    def test_a_contact_enters_them_and_corrects_them(self, either_app: App) -> None:
        wang = school(either_app, NAME)
        ready(wang)
        wang.says(LINE + "\n区块链\t1\t1\t30\t28\t28\t42000")
        assert "区块链" in wang.text and "100,000" in wang.text
        wang.presses("确认录入")
        (first,) = kept(either_app)
        assert (first.number, first.through, first.source) == (1, "2025Q4", "2023年以来历次纸质报表")
        assert first.rows == {
            "大数据": BEFORE,
            "区块链": dict(zip(BEFORE, (1, 1, 30, 28, 28, 42_000_00), strict=True)),
        }
        assert first.person == "王芳"
        wang.says("期初数")
        wang.presses("更正期初数")
        wang.says("2025年底", "盖章的汇总表", LINE.replace("300", "310"))
        old = wang.token("确认录入")
        wang.says("区块链 0 0 0 0 0 0")
        wang.presses_token(old)  # of the table before the last line
        assert len(kept(either_app)) == 1
        wang.presses("确认录入")
        newest, before = kept(either_app)
        assert newest.number == 2 and newest.rows["大数据"]["trained"] == 310
        assert before.rows == first.rows

    def test_what_is_wrong_is_named_and_what_is_right_stays(self, either_app: App) -> None:
        wang = ready(school(either_app, NAME))
        wang.says(f"{LINE}\n木工 1 1 1 1 1 1\n区块链 1 1 30\n物联网 2 1 x 10 9 900")
        assert "“木工”" in wang.text  # nobody's occupation
        assert "收到 3 个" in wang.text
        assert "“x”不是数字" in wang.text
        assert "确认录入" not in wang.labels  # 物联网 lacks a figure
        wang.says("确认")
        assert kept(either_app) == []
        wang.says("物联网 人数 50")
        wang.says("物联网 人数 不掌握")
        assert "不是数字" in wang.text
        wang.presses("确认录入")
        rows = kept(either_app)[0].rows
        assert sorted(rows) == sorted(["大数据", "物联网"]) and rows["物联网"]["trained"] == 50

    @pytest.mark.parametrize("typed", ["两三百", "三百来个", "300左右"])
    def test_an_approximate_count_is_refused(self, app: App, typed: str) -> None:
        wang = school(app, NAME)
        ready(wang).says(f"大数据 10 4 {typed} 200 100 100000")
        assert "约数" in wang.text

    def test_a_quarter_that_has_not_ended(self, either_app: App) -> None:
        wang = school(either_app, NAME)
        wang.says("期初数", Q4)
        assert "还没结束" in wang.text
        wang.says("明年")
        assert "没认出季度" in wang.text
        wang.says(Q3)
        assert "从哪里来" in wang.text
        wang.says("x")
        assert "从哪里来" in wang.text

    @pytest.mark.parametrize("line", ["大数据 3 4 120 80 60 90000", "大数据 0 0 120 80 60 90000"])
    def test_what_cannot_be_is_refused(self, either_app: App, line: str) -> None:
        wang = ready(school(either_app, NAME))
        wang.says(f"{line}\n区块链 1 1 30 28 28 42000")
        assert "不可能" in wang.text and "确认录入" not in wang.labels
        wang.says("大数据 4 4 120 80 60 90000")
        wang.presses("确认录入")
        assert sorted(kept(either_app)[0].rows) == sorted(["大数据", "区块链"])

    def test_with_the_quarters_reported_here_too(self, either_app: App) -> None:
        wang = school(either_app, NAME)
        reports_(wang, Q3, "大数据 0 2 0 0 0 0")  # classes of earlier quarters, subsidised in this one
        ready(wang, "2026Q2")
        wang.says("大数据 3 2 120 80 60 90000")
        assert "2026年第3季度" in wang.text and "确认录入" not in wang.labels
        wang.says("大数据 4 2 120 80 60 90000")
        wang.presses("确认录入")
        assert trained(either_app, Q3) == {"大数据": 120}

    def test_quarters_reported_here_may_be_included(self, either_app: App) -> None:
        wang = school(either_app, NAME)
        reports_(wang, Q3, "大数据 0 2 0 0 0 0")
        ready(wang, Q3)
        wang.says("大数据 3 2 120 80 60 90000")
        assert "2026Q3 在这里报过" in wang.text
        wang.presses("确认录入")
        wang.says(f"填报 {Q4}", "大数据")
        assert "开展以来到上季度共 3" in wang.text

    def test_nothing_typed_is_lost_in_between(self, either_app: App) -> None:
        wang = ready(school(either_app, NAME))
        wang.says(LINE, "取消", "菜单", "期初数")
        assert "大数据" in wang.text and "300" in wang.text
        wang.presses("改季度或来源")
        wang.presses("包含到哪个季度")
        wang.says("2025Q3")
        wang.presses("确认录入")
        assert kept(either_app)[0].through == "2025Q3"

    def test_for_one_of_several_institutions(self, either_app: App) -> None:
        wang = school(either_app, NAME)
        wang.says(f"绑定 {contact_code(either_app, '荣成职校')}", "期初数")
        wang.presses("荣成职校")
        wang.says("2025Q4", "历次纸质报表", LINE)
        wang.presses("确认录入")
        assert kept(either_app) == [] and len(kept(either_app, "荣成职校")) == 1

    def test_a_colleague_was_quicker(self, either_app: App) -> None:
        wang = school(either_app, NAME)
        yu = Person(either_app.assistant, "yu")
        yu.says(f"绑定 {contact_code(either_app, NAME)}", "于洋", "跳过")
        ready(wang).says(LINE)
        ready(yu, "2025Q3").says("区块链 1 1 30 28 28 42000")
        yu.presses("确认录入")
        wang.presses("确认录入")
        assert "区块链" in wang.text  # what there is now, before it is replaced
        wang.presses("更正期初数")
        wang.presses("确认录入")
        assert [sorted(o.rows) for o in kept(either_app)] == [["大数据"], ["区块链"]]

    def test_at_the_very_same_instant_one_is_second(self, either_app: App) -> None:
        head(either_app)
        school(either_app, NAME)
        keep(either_app)
        one = number_of(either_app)
        with pytest.raises(VersionConflict), transaction(either_app.engine) as connection:
            prior_figures.keep_opening(connection, one, Q3, "另一份", {}, 1, NOON, seen=0)
        assert len(kept(either_app)) == 1

    def test_others_have_none(self, app: App) -> None:
        Person(app.assistant, "nobody").says("期初数")
        officer = head(app)
        officer.says("期初数")
        assert "工作台" in officer.labels


ROW = ("10", "4", "300", "200", "100", "100000")


def cells(occupation: str, values: tuple[str, ...] = ROW) -> dict[str, str]:
    return {f"cell:{occupation}:{m}": v for m, v in zip(BEFORE, values, strict=True)}


class TestInTheBrowser:
    async def test_the_office_enters_and_corrects_them(self, either_app: App) -> None:
        officer, wang = head(either_app), school(either_app, NAME)
        browser = await Browser(either_app).enters(officer)
        place = f"/office/institutions/{number_of(either_app)}"
        await browser.opens(place)
        assert f"{place}/opening" in browser.page
        await browser.opens(f"{place}/opening")
        await browser.submits(place, through="2025Q4", source="<b>纸质报表</b>", **cells("大数据"))
        assert browser.status == 200 and "&lt;b&gt;纸质报表" in browser.page
        (first,) = kept(either_app)
        assert first.rows == {"大数据": BEFORE} and first.through == "2025Q4"
        wang.says("期初数")
        assert "第1版" in wang.text and "更正期初数" in wang.labels
        _, given = browser.form(f"{place}/opening")
        assert given["cell:大数据:amount"] == "100000" and given["source"] == ""
        await browser.submits(f"{place}/opening", source="复核", **{"cell:大数据:trained": "310"})
        assert [o.number for o in kept(either_app)] == [2, 1]
        assert "不再计入" in browser.text
        await browser.opens(place)
        assert "第2版" in browser.text
        await browser.opens("/office/records")
        assert "期初数" in browser.text and "100000" not in browser.page

    async def test_what_is_wrong_stands_beside_it_and_nothing_is_lost(self, either_app: App) -> None:
        officer, wang = head(either_app), school(either_app, NAME)
        reports_(wang, Q3, "物联网 0 2 0 0 0 0")
        browser = await Browser(either_app).enters(officer)
        place = f"/office/institutions/{number_of(either_app)}/opening"
        await browser.opens(place)
        await browser.submits(place, **cells("大数据", ("3", "4", "x", "", "不掌握", "9")))
        assert browser.status == 422
        for said in ("没认出季度", "数字从哪里来", "“x”不是数字", "没有收到数字", "每格都要有数"):
            assert said in browser.text, said
        typed = browser.form(place)[1]
        assert typed["cell:大数据:trained"] == "x" and typed["cell:大数据:amount"] == "9"
        await browser.submits(place, through="2026Q2", **cells("大数据", ("3", "4", "5", "5", "5", "9")))
        assert "不可能" in browser.text and "数字从哪里来" in browser.text  # all at once
        right = {"through": "2026Q2", "source": "纸质报表"}
        await browser.submits(place, **right, **cells("大数据", ("3", "4", "5", "5", "5", "9")))
        assert browser.status == 422 and browser.text.count("不可能") == 2  # and 物联网 with its report
        await browser.submits(
            place, **{"cell:大数据:classes": "4"}, **cells("物联网", ("2", "0", "0", "0", "0", "0"))
        )
        assert browser.status == 200, browser.text
        assert sorted(kept(either_app)[0].rows) == sorted(["大数据", "物联网"])
        await browser.submits(place, source="再录", **dict.fromkeys((*cells("大数据"), *cells("物联网")), ""))
        assert browser.status == 422 and "至少填一个职业" in browser.text
        await browser.submits(place, source="再录", through="2026Q4", **cells("大数据"))
        assert browser.status == 422 and "还没结束" in browser.text
        assert len(kept(either_app)) == 1

    async def test_two_at_once(self, app: App) -> None:
        officer, wang = head(app), school(app, NAME)
        browser = await Browser(app).enters(officer)
        place = f"/office/institutions/{number_of(app)}/opening"
        await browser.opens(place)
        ready(wang).says(LINE)
        wang.presses("确认录入")
        mine = cells("区块链")
        await browser.submits(place, through="2025Q4", source="纸质报表", **mine)
        assert browser.status == 409 and "刚刚" in browser.text
        assert len(kept(app)) == 1
        await browser.submits(place)  # having looked
        assert [sorted(o.rows) for o in kept(app)] == [["区块链"], ["大数据"]]

    async def test_only_the_office(self, app: App) -> None:
        school(app, NAME, "荣成市")
        browser = await Browser(app).enters(reader(app, "荣成市"))
        place = f"/office/institutions/{number_of(app)}/opening"
        csrf = browser.form("/office/leave")[1]["csrf"]
        assert (await browser.opens(place)).status == 403
        assert (await browser.posts(place, csrf=csrf, through="2025Q4", source="x")).status == 403
        browser = await Browser(app).enters(head(app))
        assert (await browser.opens("/office/institutions/999/opening")).status == 404
