"""The office's list of institutions in the browser: adding, changing, closing, contacts, codes, importing."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Callable
from datetime import timedelta

import openpyxl
import pytest
import xlsxwriter
from sqlalchemy import select

from bot.app import App
from bot.office.institutions.importing import VALID
from policy.calendar.quarters import Quarter
from policy.institutions.roster_file import read_roster
from storage.connections.database import transaction
from storage.institutions import institutions, roster
from storage.institutions.roster import Listed, NameTaken, Wanted
from storage.people import contacts, people
from storage.reports import board
from storage.schema.core import audit
from tests.conftest import contact_code, office_code
from tests.support.office_browser import Browser, at, link
from tests.support.talk import NOON, Person

LIST = "/office/institutions"
IMPORT = LIST + "/import"
CODES = r"([^\s<>]+)\t绑定 ([A-Z2-9-]+)$"
HEADS = ("机构名称", "区市", "起报季度", "止报季度")


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, NOON)


@pytest.fixture
def browser(app: App) -> Browser:
    return Browser(app)


def staff(app: App, talk: Callable[..., Person]) -> Person:
    person = talk("liu")
    person.says(f"绑定 {office_code(app, 'staff')}")
    return person


def reader(app: App, talk: Callable[..., Person]) -> Person:
    with transaction(app.engine) as connection:
        code, _ = people.create_invite(
            connection, app.keys.codes, NOON, "district", None, None, district="荣成市"
        )
    person = talk("song")
    person.says(f"绑定 {code}")
    return person


def listed(app: App) -> dict[str, Listed]:
    with transaction(app.engine, read_only=True) as connection:
        return {one.name: one for one in roster.listed(connection, "", 100_000, 0)[0]}


def add(app: App, *wanted: Wanted) -> list[int]:
    with transaction(app.engine) as connection:
        return roster.create(connection, wanted, 1, NOON)


def page_of(app: App, name: str = "威海数字培训学校") -> str:
    return f"{LIST}/{listed(app)[name].id}"


def expecting(app: App) -> list[str]:
    """The quarters around now in which anybody is expected."""
    with transaction(app.engine, read_only=True) as connection:
        quarters = [f"2026Q{n}" for n in (1, 2, 3, 4)]
        found = [q for q in quarters if institutions.expected(connection, q)]
        for q in quarters:
            lines = board.lines(connection, q, NOON)
            assert len(lines) == sum(g.count for g in board.groups(connection, q, NOON)) == (q in found)
        return found


def actions(app: App) -> list[str]:
    with transaction(app.engine, read_only=True) as connection:
        return list(connection.execute(select(audit.c.action).order_by(audit.c.id)).scalars())


def code_on(browser: Browser) -> str:
    found = re.search(r'id="code">([A-Z2-9-]+)<', browser.page)
    assert found, browser.text
    return found[1]


def rows_on(browser: Browser) -> list[str]:
    return re.findall(r'<th scope="row"><a[^>]*>([^<]*)</a>', browser.page)


def workbook(*rows: tuple[object, ...], heads: tuple[str, ...] = HEADS) -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    sheet = book.add_worksheet()
    for number, row in enumerate([heads, *rows]):
        sheet.write_row(number, 0, row)
    book.close()
    return buffer.getvalue()


class TestTheList:
    async def test_adding_one_shows_the_code_for_its_contact(
        self, officer: Person, browser: Browser, app: App, talk: Callable[..., Person]
    ) -> None:
        await browser.enters(officer)
        await browser.opens(LIST)
        await browser.submits(LIST, name=" 荣成  海洋职校 ", district="荣成", since="2026Q4", until="")
        assert browser.status == 200
        made = listed(app)["荣成 海洋职校"]
        assert (made.district, made.expected_from, made.expected_until) == ("荣成市", "2026Q4", None)
        assert browser.path == f"{LIST}/{made.id}"
        assert actions(app)[-2:] == ["institution.create", "invite.create"]
        contact = talk("yu")
        contact.says(f"绑定 {code_on(browser)}")
        await browser.opens(f"{LIST}/{made.id}")
        assert 'id="code"' not in browser.page  # shown once
        assert "已用" in browser.text

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"name": "威"}, "name"),
            ({"name": "威" * 61}, "name"),
            ({"name": "威海 数字培训学校"}, "name"),
            ({"since": "去年"}, "since"),
            ({"until": "2026Q1"}, "until"),
            ({"until": "x"}, "until"),
            ({"district": "很" * 21}, "district"),
        ],
    )
    async def test_what_is_wrong_stands_beside_it_and_the_rest_is_kept(
        self,
        officer: Person,
        contact: Person,
        browser: Browser,
        app: App,
        wrong: dict[str, str],
        field: str,
    ) -> None:
        before = len(listed(app))
        await browser.enters(officer)
        await browser.opens(LIST)
        given = {"name": "荣成海洋职校", "district": "石岛", "since": "2026Q3", "until": "", **wrong}
        await browser.submits(LIST, **given)
        assert browser.status == 422
        assert f'id="wrong-{field}"' in browser.page
        _, kept = browser.form(LIST)
        assert kept["name"] == given["name"]
        assert kept["district"] == given["district"]
        assert len(listed(app)) == before
        assert actions(app)[-1] == "office.enter"

    async def test_a_name_that_differs_only_in_brackets_leads_to_the_one_there_is(
        self, officer: Person, browser: Browser, app: App
    ) -> None:
        (one,) = add(app, Wanted("威海（南海）职校", None, "2026Q1"))
        await browser.enters(officer)
        await browser.opens(LIST)
        await browser.submits(LIST, name="威海(南海) 职校", since="2026Q4")
        assert browser.status == 422
        assert f'href="{LIST}/{one}"' in browser.page

    async def test_finding(self, officer: Person, contact: Person, browser: Browser, app: App) -> None:
        _, gone, _ = add(
            app,
            Wanted("荣成甲校", "荣成市", "2026Q1"),
            Wanted("文登乙校", "文登区", "2026Q1"),
            Wanted("百分%校", None, "2026Q1"),
        )
        with transaction(app.engine) as connection:
            roster.close(connection, gone, "2026Q3", 1, NOON)
        await browser.enters(officer)
        await browser.opens(LIST)
        assert len(rows_on(browser)) == 4
        assert rows_on(browser)[-1] == "文登乙校"  # closed ones last
        for query, found in (
            ("named=荣成", ["荣成甲校"]),
            ("named=%25", ["百分%校"]),
            ("district=荣成市", ["荣成甲校"]),
            ("district=-", ["威海数字培训学校", "百分%校"]),
            ("alone=1", ["百分%校", "荣成甲校"]),
            ("named=没有这家", []),
        ):
            await browser.opens(f"{LIST}?{query}")
            assert sorted(rows_on(browser)) == sorted(found), query

    async def test_a_long_list_comes_in_pages(self, officer: Person, browser: Browser, app: App) -> None:
        add(app, *(Wanted(f"学校{n:03}", "荣成市", "2026Q1") for n in range(205)))
        await browser.enters(officer)
        seen: list[str] = []
        await browser.opens(LIST + "?named=学校&district=荣成市")
        for _ in range(3):
            seen += rows_on(browser)
            following = re.search(r'href="([^"]*)">下一页', browser.page)
            if following:
                await browser.opens(html.unescape(following[1]))
        assert seen == [f"学校{n:03}" for n in range(205)]

    async def test_names_are_shown_not_run(self, officer: Person, browser: Browser, app: App) -> None:
        add(app, Wanted('<script>alert(1)</script>"校', "<b>区", "2026Q1"))
        await browser.enters(officer)
        path = page_of(app, '<script>alert(1)</script>"校')
        for at_path in (LIST, path, "/office/records"):
            await browser.opens(at_path)
            assert "<script>alert" not in browser.page
            assert "<b>区" not in browser.page
            assert "&lt;script&gt;alert(1)" in browser.page

    async def test_a_districts_reader_has_no_business_here(
        self, officer: Person, contact: Person, browser: Browser, app: App, talk: Callable[..., Person]
    ) -> None:
        path = page_of(app)
        await browser.enters(reader(app, talk))
        csrf = browser.form("/office/leave")[1]["csrf"]
        for one in (LIST, path, IMPORT, IMPORT + "/template"):
            assert (await browser.opens(one)).status == 403
        for one in ("/change", "/close", "/reopen", "/invite", "/contacts/1/revoke", "/codes/1/revoke"):
            assert (await browser.posts(path + one, csrf=csrf, role="lead")).status == 403
        for one in (LIST, IMPORT, IMPORT + "/confirm"):
            assert (await browser.posts(one, csrf=csrf, name="新校", since="2026Q4")).status == 403
        assert "office.denied" in actions(app)
        assert list(listed(app)) == ["威海数字培训学校"]

    async def test_a_post_needs_the_sessions_own_token(
        self, officer: Person, contact: Person, browser: Browser, app: App
    ) -> None:
        path = page_of(app)
        await browser.enters(officer)
        before = actions(app)
        for one in (
            LIST,
            IMPORT,
            IMPORT + "/confirm",
            *(path + p for p in ("/change", "/close", "/reopen", "/invite")),
        ):
            await browser.posts(one, csrf="0" * 64, name="新校", since="2026Q4", role="lead", last="2026Q4")
            assert browser.status == 403, one
        # Nothing else, and of the same refusals within the hour a row for the first.
        assert actions(app)[len(before) :] == ["office.forged"]


class TestOne:
    async def test_renaming_and_moving(
        self, officer: Person, contact: Person, browser: Browser, app: App, talk: Callable[..., Person]
    ) -> None:
        path = page_of(app)
        await browser.enters(staff(app, talk))
        await browser.opens(path)
        await browser.submits(
            path + "/change", name="威海数字技术学校", district="高新区", since="2026Q2", until="2027Q4"
        )
        one = listed(app)["威海数字技术学校"]
        assert (one.district, one.expected_from, one.expected_until) == ("高区", "2026Q2", "2027Q4")
        assert actions(app)[-1] == "institution.change"
        await browser.submits(path + "/change", name="", since="2026Q2")
        assert browser.status == 422
        assert listed(app)["威海数字技术学校"] == one

    async def test_anothers_name_is_not_taken(
        self, officer: Person, contact: Person, browser: Browser, app: App
    ) -> None:
        add(app, Wanted("文登技师学院", None, "2026Q1"))
        path = page_of(app)
        await browser.enters(officer)
        await browser.opens(path)
        await browser.submits(path + "/change", name="文登技师学院")
        assert browser.status == 422
        assert browser.form(path + "/change")[1]["name"] == "文登技师学院"
        assert "威海数字培训学校" in listed(app)

    async def test_a_closed_one_is_silent_until_it_is_opened_again(
        self, officer: Person, contact: Person, browser: Browser, app: App, talk: Callable[..., Person]
    ) -> None:
        path = page_of(app)
        unused = contact_code(app)
        await browser.enters(officer)
        await browser.opens(path)
        await browser.submits(path + "/close", last="")
        assert browser.status == 422
        await browser.submits(path + "/close", last="2026Q3")
        assert browser.status == 200
        one = listed(app)["威海数字培训学校"]
        assert one.closed_at is not None and one.expected_until == "2026Q3"
        contact.says("填报")
        assert "2026" not in contact.text
        late = talk("late")
        late.says(f"绑定 {unused}")
        late.says("填报 2026Q4")
        assert "大数据" not in late.text
        with transaction(app.engine, read_only=True) as connection:
            assert institutions.expected(connection, "2026Q4") == []
            assert len(institutions.expected(connection, "2026Q3")) == 1
        csrf = browser.form("/office/leave")[1]["csrf"]
        await browser.posts(path + "/invite", csrf=csrf, role="contact")
        assert browser.status == 409
        await browser.submits(path + "/reopen")
        assert listed(app)["威海数字培训学校"].expected_until is None
        contact.says("填报 2026Q4")
        assert "大数据" in contact.text
        assert [a for a in actions(app) if a.startswith("institution.")][-2:] == [
            "institution.close",
            "institution.reopen",
        ]

    async def test_quarters_that_ended_while_it_was_closed_stay_as_they_were(
        self,
        officer: Person,
        contact: Person,
        browser: Browser,
        app: App,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        path = page_of(app)
        await browser.enters(officer)
        await browser.opens(path)
        await browser.submits(path + "/change", since="2026Q1", until="2027Q4")
        await browser.submits(path + "/close", last="2026Q2")
        assert expecting(app) == ["2026Q1", "2026Q2"]
        await browser.submits(path + "/reopen", again="2025Q4", until="")
        assert browser.status == 422
        await browser.submits(path + "/reopen", again="2026Q4", until="2026Q3")
        assert browser.status == 422
        fields = browser.form(path + "/reopen")[1]
        assert (fields["again"], fields["until"]) == ("2026Q4", "2027Q4")  # as it was before
        await browser.submits(path + "/reopen")
        assert expecting(app) == ["2026Q1", "2026Q2", "2026Q4"]
        one = listed(app)["威海数字培训学校"]
        assert (one.expected_from, one.expected_until) == ("2026Q1", "2027Q4")
        assert list(re.findall(r'/office/report/\d+/(\w+)"', browser.page)) == [
            "2026Q4",
            "2026Q2",
            "2026Q1",
        ]
        await browser.submits(path + "/close", last="2026Q2")  # and once more, for longer
        await browser.submits(path + "/reopen", again="2027Q1", until="")
        assert expecting(app) == ["2026Q1", "2026Q2"]

    async def test_one_that_was_listed_by_mistake_is_expected_nowhere(
        self, officer: Person, browser: Browser, app: App
    ) -> None:
        add(app, Wanted("打错的学校", None, "2026Q1"))
        path = page_of(app, "打错的学校")
        await browser.enters(officer)
        await browser.opens(path)
        await browser.submits(path + "/close", last="never")
        with transaction(app.engine, read_only=True) as connection:
            for quarter in ("2025Q4", "2026Q1", "2026Q4"):
                assert institutions.expected(connection, quarter) == []

    async def test_a_code_for_the_lead(
        self, officer: Person, contact: Person, browser: Browser, app: App, talk: Callable[..., Person]
    ) -> None:
        path = page_of(app)
        await browser.enters(officer)
        await browser.opens(path)
        await browser.submits(path + "/invite", role="lead")
        lead = talk("zhou")
        lead.says(f"绑定 {code_on(browser)}")
        with transaction(app.engine, read_only=True) as connection:
            found = contacts.of_institution(connection, listed(app)["威海数字培训学校"].id)
        assert [c.role for c in found] == ["contact", "lead"]
        await browser.posts(path + "/invite", csrf=browser.form("/office/leave")[1]["csrf"], role="head")
        assert browser.status == 404

    async def test_a_code_is_read_only_by_who_made_it_and_soon(
        self,
        officer: Person,
        contact: Person,
        browser: Browser,
        app: App,
        talk: Callable[..., Person],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        path = page_of(app)
        await browser.enters(officer)
        await browser.opens(path)
        await browser.submits(path + "/invite", role="contact")
        code = code_on(browser)
        address = str(browser.response.url)
        assert code not in address and code.replace("-", "") not in address
        other = await Browser(app).enters(staff(app, talk))
        await other.opens(address)
        assert other.status == 200 and code not in other.page
        at(monkeypatch, NOON + timedelta(minutes=11))
        late = Browser(app)
        late.client.cookies.update(browser.client.cookies)
        await late.opens(address)
        assert late.status == 200 and code not in late.page

    async def test_a_revoked_code_no_longer_works(
        self, officer: Person, contact: Person, browser: Browser, app: App, talk: Callable[..., Person]
    ) -> None:
        path = page_of(app)
        await browser.enters(officer)
        await browser.opens(path)
        await browser.submits(path + "/invite", role="contact")
        code = code_on(browser)
        await browser.submits(path + "/codes/")
        assert browser.status == 200
        assert actions(app)[-1] == "invite.revoke"
        late = talk("late")
        late.says(f"绑定 {code}")
        late.says("填报 2026Q4")
        assert "大数据" not in late.text

    async def test_revoking_a_contact(
        self, officer: Person, contact: Person, browser: Browser, app: App
    ) -> None:
        path = page_of(app)
        await browser.enters(officer)
        await browser.opens(path)
        assert "王芳" in browser.text
        await browser.submits(path + "/contacts/")
        assert "王芳" not in browser.text.split("给出的邀请码")[0]
        assert actions(app)[-1] == "membership.revoke"
        contact.says("填报 2026Q4")
        assert "大数据" not in contact.text

    async def test_nothing_of_another_institution_is_reached_through_this_one(
        self, officer: Person, contact: Person, browser: Browser, app: App
    ) -> None:
        add(app, Wanted("文登技师学院", None, "2026Q1"))
        contact_code(app)
        path, mine = page_of(app, "文登技师学院"), page_of(app)
        await browser.enters(officer)
        await browser.opens(mine)
        targets = [browser.form(mine + kind) for kind in ("/contacts/", "/codes/")]
        before = actions(app)
        for target, fields in targets:
            await browser.posts(target.replace(mine, path), **fields)
            assert browser.status == 409
        assert actions(app) == before
        assert (await browser.opens(LIST + "/999")).status == 404
        assert (await browser.opens(LIST + "/x")).status == 404

    async def test_its_quarters_lead_to_its_reports(
        self, officer: Person, contact: Person, browser: Browser, app: App
    ) -> None:
        contact.says("填报 2026Q4", "大数据 3 2 120 80 60 90000", "提交")
        contact.presses("确认提交")
        await browser.enters(officer)
        await browser.opens(page_of(app))
        found = re.findall(r'href="(/office/report/[^"]+)">[^<]*</a> <span class="state (\w+)"', browser.page)
        assert [state for _, state in found] == ["submitted", "missing", "missing", "missing"]
        assert (await browser.opens(found[0][0])).status == 200

    async def test_the_telephone_is_for_the_office(
        self, officer: Person, browser: Browser, app: App, talk: Callable[..., Person]
    ) -> None:
        talk("yu").says(f"绑定 {contact_code(app)}", "于洋", "13800001111")
        await browser.enters(officer)
        await browser.opens(page_of(app))
        assert "13800001111" in browser.text
        await browser.opens("/office/records")
        assert "13800001111" not in browser.page


class TestImporting:
    async def previewed(self, browser: Browser, content: bytes, name: str = "list.xlsx") -> Browser:
        await browser.opens(IMPORT)
        return await browser.submits(IMPORT, files={"list": (name, content)})

    async def test_the_empty_list_is_filled_in_looked_at_and_entered(
        self, officer: Person, contact: Person, browser: Browser, app: App
    ) -> None:
        await browser.enters(officer)
        await browser.opens(IMPORT + "/template")
        book = openpyxl.load_workbook(io.BytesIO(browser.response.content))
        assert tuple(cell.value for cell in book.active[1]) == HEADS
        book.active.append(["荣成甲校", "荣成", "2026Q4", None])
        book.active.append(["文登乙校", None, None, "2027年第2季度"])
        book.active.append(["威海数字培训学校", "环翠区", "2023Q4", None])
        filled = io.BytesIO()
        book.save(filled)
        before = actions(app)
        await self.previewed(browser, filled.getvalue())
        assert browser.status == 200
        assert list(listed(app)) == ["威海数字培训学校"]  # only looked at
        assert actions(app) == before
        await browser.submits(IMPORT + "/confirm")
        assert (browser.status, browser.path) == (200, LIST + "/codes")
        found = listed(app)
        assert found["荣成甲校"].district == "荣成市"
        assert (found["文登乙校"].expected_from, found["文登乙校"].expected_until) == ("2026Q4", "2027Q2")
        assert found["威海数字培训学校"].expected_from == "2026Q1"  # as it was
        assert actions(app)[len(before) :] == ["institution.create"] * 2

    async def test_what_is_wrong_is_named_by_its_cell_and_the_rest_can_be_entered(
        self, officer: Person, contact: Person, browser: Browser, app: App
    ) -> None:
        await browser.enters(officer)
        await self.previewed(
            browser,
            workbook(
                ("荣成甲校", "荣成", "2026Q4", ""),
                ("x", "", "", ""),
                ("文登乙校", "", "明年", ""),
                ("文登丙校", "", "2026Q4", "2026Q1"),
                ("荣成 甲校", "", "", ""),
                ("威海 数字培训学校", "", "", ""),
                ("", "", "", ""),
                ("", "荣成", "", ""),
                ("<i>丁校</i>", "", "", ""),
            ),
        )
        cells = re.findall(r"第 \d+ 行 ?([A-D]\d+)?</th>", browser.page)
        assert [c for c in cells if c] == ["A3", "C4", "D5", "A6", "A9"]
        assert "第 7 行" in browser.text  # like one in the list
        assert "<i>丁校" not in browser.page
        await browser.submits(IMPORT + "/confirm")
        assert sorted(listed(app)) == sorted(["<i>丁校</i>", "威海数字培训学校", "荣成甲校"])

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("list.csv", "名称,所属区市,止报\n荣成甲校,荣成,2027年2季度\n".encode("gb18030")),
            (
                "list.csv",
                "\ufeff单位名称；x;区市\n".replace("；", ";").encode() + "荣成甲校;;荣成市\n".encode(),
            ),
            (
                "list.xlsx",
                workbook(("1", "荣成甲校", "荣成"), heads=("序号", "机构名称（全称）", "区（市）")),
            ),
            ("list.xlsx", workbook(("荣成甲校",), heads=("培训机构名称（全称）",))),
            ("list.xlsx", workbook(("荣成甲校", "荣成"), heads=("单位名称", "所属区（市）"))),
            (
                "list.xlsx",
                workbook(
                    ("1", "荣成甲校", "荣成"),
                    ("合计", "1", ""),
                    ("填表人：王芳", "", ""),
                    ("", "备注", ""),
                    ("", "联系电话：0631-1234567", ""),
                    ("共1家", "", ""),
                    heads=("序号", "机构名称", "区市"),
                ),
            ),
            ("list.xlsx", workbook(("机构名称*", "起报季度"), ("荣成甲校", "26q4"), heads=("2026年名单",))),
        ],
    )
    async def test_lists_as_people_keep_them(
        self, officer: Person, browser: Browser, app: App, name: str, content: bytes
    ) -> None:
        await browser.enters(officer)
        await self.previewed(browser, content, name)
        await browser.submits(IMPORT + "/confirm")
        assert list(listed(app)) == ["荣成甲校"]

    async def test_what_stands_below_the_list_is_passed_over_and_said(
        self, officer: Person, browser: Browser, app: App
    ) -> None:
        await browser.enters(officer)
        await self.previewed(browser, workbook(("荣成甲校",), ("合 计",), ("制表人：李",), ("注：含分校",)))
        assert "跳过了 3 行" in browser.text
        assert "有问题的行" not in browser.text

    async def test_rows_are_left_out_one_by_one(self, officer: Person, browser: Browser, app: App) -> None:
        await browser.enters(officer)
        await self.previewed(browser, workbook(("荣成甲校",), ("荣成乙校",)))
        assert 'name="leave:3"' in browser.page
        path, fields = browser.form(IMPORT + "/confirm")
        await browser.posts(path, **fields, **{"leave:2": "1", "leave:3": "1"})
        assert browser.status == 422
        await browser.posts(path, **fields, **{"leave:3": "1"})
        assert list(listed(app)) == ["荣成甲校"]
        assert "已导入 1 家" in browser.text

    async def test_a_row_is_listed_once_though_it_is_like_another_name_too(
        self, officer: Person, browser: Browser, app: App
    ) -> None:
        add(app, Wanted("荣成（甲）校", None, "2026Q1"), Wanted("荣成(甲)校", None, "2026Q1"))
        await browser.enters(officer)
        await self.previewed(browser, workbook(("荣成（甲）校",), ("荣成(甲)校",)))
        assert "已经有，不改动" in browser.text
        assert browser.text.count("只差空格或括号写法") <= 1

    async def test_everybody_without_a_contact_gets_a_code_at_once(
        self, officer: Person, contact: Person, browser: Browser, app: App, talk: Callable[..., Person]
    ) -> None:
        await browser.enters(officer)
        await self.previewed(browser, workbook(("荣成甲校",), ("荣成乙校",)))
        await browser.submits(IMPORT + "/confirm")
        await browser.submits(LIST + "/codes", scope="fresh")
        given = dict(re.findall(CODES, browser.page, re.M))
        assert sorted(given) == ["荣成乙校", "荣成甲校"]  # the third has 王芳
        assert actions(app)[-2:] == ["invite.create"] * 2
        talk("yu").says(f"绑定 {given['荣成甲校']}")
        with transaction(app.engine, read_only=True) as connection:
            assert len(contacts.of_institution(connection, listed(app)["荣成甲校"].id)) == 1
            assert roster.alone(connection, NOON, with_code=False) == []
        csrf = browser.form("/office/leave")[1]["csrf"]
        await browser.posts(LIST + "/codes", csrf=csrf, scope="fresh")  # pressed twice
        assert "绑定" not in browser.text
        await browser.posts(LIST + "/codes", csrf=csrf, scope="all")
        assert [name for name, _ in re.findall(CODES, browser.page, re.M)] == ["荣成乙校"]
        other = await Browser(app).enters(reader(app, talk))
        assert (await other.opens(LIST + "/codes")).status == 403

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("list.xlsx", b""),
            ("list.xlsx", b"PK\x03\x04broken"),
            ("list.pdf", b"%PDF-1.4"),
            ("list.xls", bytes.fromhex("d0cf11e0a1b11ae1") + "Workbook".encode("utf-16-le") + b"\0" * 600),
            ("list.xlsx", workbook(("a", "b"), heads=("甲", "乙"))),
            ("list.csv", b"\xff\xfe\x00bad"),
            ("list.csv", "机构名称\n".encode() + b"x" * (2 * 1024 * 1024)),
        ],
    )
    async def test_what_is_no_list_is_refused_with_a_reason(
        self, officer: Person, browser: Browser, app: App, name: str, content: bytes
    ) -> None:
        await browser.enters(officer)
        await self.previewed(browser, content, name)
        assert browser.status == 422
        assert 'role="alert"' in browser.page
        assert not listed(app)

    async def test_only_a_preview_of_ones_own_can_be_confirmed(
        self,
        officer: Person,
        browser: Browser,
        app: App,
        talk: Callable[..., Person],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        other = await Browser(app).enters(staff(app, talk))
        await browser.enters(officer)
        await self.previewed(browser, workbook(("荣成甲校",)))
        path, fields = browser.form(IMPORT + "/confirm")
        theirs = other.form("/office/leave")[1]["csrf"]
        await other.posts(path, csrf=theirs, rows=fields["rows"])
        assert other.status == 422
        for rows in ("", "x", fields["rows"][:-8] + "AAAAAAA=", app.keys.seal("13800001111")):
            await browser.posts(path, csrf=fields["csrf"], rows=rows)
            assert browser.status == 422
        for minutes, status in ((100, 200), (1 + VALID.seconds // 60, 422)):
            at(monkeypatch, NOON + timedelta(minutes=minutes))
            late = Browser(app)
            late.client.cookies.update(browser.client.cookies)
            await (late.opens(LIST) if status == 200 else late.posts(path, **fields))
            assert late.status == status
        assert not listed(app)

    async def test_nothing_is_entered_when_the_list_changed_meanwhile(
        self, officer: Person, browser: Browser, app: App
    ) -> None:
        await browser.enters(officer)
        await self.previewed(browser, workbook(("荣成甲校",), ("荣成乙校",)))
        add(app, Wanted("荣成乙校", "荣成市", "2026Q1"))
        await browser.submits(IMPORT + "/confirm")
        assert browser.status == 409
        assert list(listed(app)) == ["荣成乙校"]
        await browser.submits(IMPORT + "/confirm")  # as the list is now
        assert sorted(listed(app)) == sorted(["荣成甲校", "荣成乙校"])
        assert listed(app)["荣成乙校"].expected_from == "2026Q1"

    async def test_confirming_twice_enters_once(self, officer: Person, browser: Browser, app: App) -> None:
        await browser.enters(officer)
        await self.previewed(browser, workbook(("荣成甲校",)))
        path, fields = browser.form(IMPORT + "/confirm")
        await browser.posts(path, **fields)
        await browser.posts(path, **fields)
        assert browser.status == 409
        assert actions(app).count("institution.create") == 1

    async def test_ten_thousand_rows(self, officer: Person, browser: Browser, app: App) -> None:
        content = workbook(*((f"威海第{n}职业培训学校", "荣成", "2026Q4", "") for n in range(10_000)))
        await browser.enters(officer)
        await self.previewed(browser, content)
        await browser.submits(IMPORT + "/confirm", files={"none": ("", b"")})
        assert browser.status == 200
        assert len(listed(app)) == 10_000


def test_a_name_taken_in_that_very_moment_is_refused_on_either_database(
    either_app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    Person(either_app.assistant, "zhang").says(f"绑定 {office_code(either_app)}")  # who does it
    add(either_app, Wanted("甲校", None, "2026Q1"), Wanted("乙校", None, "2026Q1"))
    monkeypatch.setattr(roster, "known_names", lambda *_: {})  # the look came before the other's write
    with transaction(either_app.engine) as connection:
        with pytest.raises(NameTaken):
            roster.create(
                connection, [Wanted("丙校", None, "2026Q1"), Wanted("甲校", None, "2026Q1")], 1, NOON
            )
        assert [name for _, name in roster.names(connection)] == ["甲校", "乙校"]
        made = roster.create(connection, [Wanted(f"{n}校", None, "2026Q1") for n in range(3000)], 1, NOON)
        assert [roster.get(connection, one).name for one in made[::1000]] == ["0校", "1000校", "2000校"]  # type: ignore[union-attr]


def test_a_heading_alone_is_no_list() -> None:
    assert read_roster([], Quarter(2026, 4), NOON) is None


async def test_the_links_of_the_board_lead_here(officer: Person, browser: Browser, app: App) -> None:
    assert link(officer)
    await browser.enters(officer)
    for path in re.findall(r'<a href="(/office/(?:institutions|people|records))"', browser.page):
        assert (await browser.opens(path)).status == 200
