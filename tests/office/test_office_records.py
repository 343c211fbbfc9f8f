"""What was done, by whom, told in sentences: filters, pages, nothing that does not belong there."""

from __future__ import annotations

import ast
import html
import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, insert, select, text

from bot.app import App
from bot.office.records import KINDS
from policy.calendar.quarters import SHANGHAI
from storage import audit, records
from storage.connections.database import transaction
from storage.institutions import roster
from storage.people import people
from storage.records import Wanted
from storage.reports import decisions, prior_figures
from storage.schema.core import audit as audit_table
from storage.schema.courses import course
from tests.conftest import contact_code, office_code
from tests.support.office_browser import Browser, at
from tests.support.processes import ROOT
from tests.support.talk import NOON, Person

RECORDS = "/office/records"


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, NOON)


@pytest.fixture
def browser(app: App) -> Browser:
    return Browser(app)


def lines(browser: Browser) -> list[str]:
    found = re.findall(r'<li value="\d+">(.*?)</li>', browser.page, re.S)
    return [re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", "", one))).strip() for one in found]


def known_actions() -> set[str]:
    """Every action that the code writes down; of those made up at run time, the part that is fixed."""
    found: set[str] = set()
    for folder in ("storage", "bot"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func) in (
                    "audit.record",
                    "audit.record_many",
                ):
                    action = node.args[3]
                    if isinstance(action, ast.Constant) and isinstance(action.value, str):
                        found.add(action.value)
    return found


class TestWhatIsTold:
    async def test_the_story_of_a_report(
        self, officer: Person, contact: Person, browser: Browser, app: App
    ) -> None:
        contact.says("填报 2026Q4", "大数据 3 2 120 80 60 90000", "提交")
        contact.presses("确认提交")
        await browser.enters(officer)
        await browser.opens("/office/report/1/2026Q4?mode=return")
        await browser.submits("/office/report/1/2026Q4/return", **{"why:大数据:trained": "应为 118 人"})
        await browser.opens(RECORDS)
        told = lines(browser)
        assert "退回了威海数字培训学校 2026Q4 第1版，1 处要改" in told[0]
        assert any("王芳 报送了威海数字培训学校 2026Q4 第1版" in one for one in told)
        for figure in ("118", "120", "90000", "90,000"):
            assert figure not in " ".join(told)

    async def test_no_secret_and_no_telephone(
        self, officer: Person, browser: Browser, app: App, talk: Callable[..., Person]
    ) -> None:
        code = contact_code(app)
        talk("yu").says(f"绑定 {code}", "于洋", "13800001111")
        talk("x").says("绑定 ABCDE-FGHJK")
        await browser.enters(officer)
        await browser.opens("/office/institutions/1")
        await browser.submits("/office/institutions/1/invite", role="lead")
        fresh = re.search(r'id="code">([^<]*)<', browser.page)
        assert fresh
        await browser.opens(RECORDS)
        assert len(lines(browser)) > 6
        for secret in (code, "ABCDE", "13800001111", fresh[1]):
            assert secret not in browser.page

    async def test_every_action_has_its_sentence_and_an_unknown_one_its_name(
        self, officer: Person, contact: Person, browser: Browser, app: App
    ) -> None:
        contact.says("填报 2026Q4", "大数据 3 2 120 80 60 90000")
        subjects = {
            "report": "revision:1",
            "draft": "revision:1",
            "lead": "revision:1",
            "institution": "institution:1",
            "opening": "institution:1",
            "paper": "institution:1",
            "setting": "setting:paper",
            "invite": "invite:1",
            "membership": "membership:1",
            "course": "course:1",
            "archive": "year:2026",
            "filing": "course:1",
            "export": "quarter:2026Q4",
            "quarter": "quarter:2026Q4",
        }
        every = sorted(known_actions() | {one for kind in KINDS.values() for one in kind})
        contact.says("课程登记")
        with transaction(app.engine) as connection:
            made = {"institution_id": 1, "name": "大数据班", "occupation": "大数据", "level": "junior"}
            connection.execute(insert(course).values(**made, created_at=NOON))
            for action in every:
                subject = subjects.get(action.partition(".")[0], "person:1")
                audit.record(
                    connection,
                    NOON,
                    1,
                    action,
                    "institution:1" if action.startswith("report.extend") else subject,
                )
            audit.record(connection, NOON, 1, "brand.new", "thing:1", name="<img src=x>", amount=90000)
            audit.record(connection, NOON, None, "report.accept", "revision:999")
        await browser.enters(officer)
        await browser.opens(RECORDS)
        told = lines(browser)
        for action in every:
            assert not any(action in one for one in told if "命令行" not in one), action
        assert any("brand.new" in one for one in told)
        assert "<img src=x" not in browser.page and "90000" not in browser.page

    def test_every_action_is_of_some_kind(self) -> None:
        assert known_actions() <= {one for kind in KINDS.values() for one in kind}


class TestFinding:
    async def test_by_institution_person_kind_and_day(
        self,
        officer: Person,
        contact: Person,
        app: App,
        talk: Callable[..., Person],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        other = talk("xu")
        other.says(f"绑定 {contact_code(app, '文登技师学院')}", "徐丽", "跳过")
        contact.says("填报 2026Q4", "大数据 3 2 120 80 60 90000")
        tomorrow = NOON + timedelta(days=1)
        officer.now = tomorrow
        at(monkeypatch, tomorrow + timedelta(minutes=1))
        browser = await Browser(app).enters(officer)

        async def told(query: str) -> list[str]:
            await browser.opens(f"{RECORDS}?{query}")
            assert browser.status == 200
            return lines(browser)

        everything = await told("")
        mine = await told("named=威海数字")
        assert 0 < len(mine) < len(everything)
        assert not any("文登" in one or "工作台" in one for one in mine)
        assert await told("institution=1") == mine
        assert all("徐丽" in one for one in await told("who=徐丽"))
        assert {one.split()[0] for one in await told("kind=office")} <= {"12:00", "12:01"}
        assert len(await told("kind=drafts&who=王芳")) == len(await told("kind=drafts")) > 0
        assert not await told("kind=drafts&who=徐丽")
        assert all("工作台" in one for one in await told("day=2026-12-31"))
        assert len(await told("day=2026-12-30")) + len(await told("day=2026-12-31")) == len(everything)
        assert not await told("day=2020-01-01")

    async def test_a_name_that_may_be_several_or_nobody_is_asked_about(
        self, officer: Person, contact: Person, browser: Browser, app: App, talk: Callable[..., Person]
    ) -> None:
        contact_code(app, "威海数字工程学院")
        talk("w2").says(f"绑定 {contact_code(app, '文登技师学院')}", "王芳", "跳过")
        await browser.enters(officer)
        await browser.opens(RECORDS + "?named=威海数字")
        assert not lines(browser)
        (first, _) = re.findall(r'href="([^"]*institution=\d+[^"]*)"', browser.page)
        await browser.opens(html.unescape(first))
        assert lines(browser)
        await browser.opens(RECORDS + "?who=王芳")
        assert "文登技师学院" in browser.text and not lines(browser)
        for query in ("named=没有这家", "who=无名氏", "day=昨天"):
            await browser.opens(f"{RECORDS}?{query}")
            assert 'role="alert"' in browser.page, query
        assert (await browser.opens(RECORDS + "?institution=999")).status == 404
        # Typing over the name of a link asks for the one typed.
        await browser.opens(RECORDS + "?institution=1&named=文登技师学院")
        assert lines(browser) and all("威海数字" not in one for one in lines(browser))

    async def test_what_was_set_closed_and_denied_is_told(
        self, officer: Person, contact: Person, browser: Browser, app: App
    ) -> None:
        with transaction(app.engine) as connection:
            closes = datetime(2027, 1, 16, tzinfo=SHANGHAI)
            decisions.close_quarter(connection, "2026Q4", closes, 1, NOON)
            prior_figures.keep_note(connection, "trained", "按结业人数计", "2026Q4", None, 1, NOON)
        contact.says("待审")
        await browser.enters(officer)
        await browser.opens(RECORDS)
        told = " ".join(lines(browser))
        assert "1月15日24:00" in told
        assert "已培训人数" in told and "按结业人数计" in told
        assert "review" in told

    async def test_pages_go_on_where_the_last_one_ended(
        self, officer: Person, browser: Browser, app: App
    ) -> None:
        with transaction(app.engine) as connection:
            about = [(f"institution:{n}", {"name": "x"}) for n in range(1, 251)]
            audit.record_many(connection, NOON, 1, "test.many", about)
        await browser.enters(officer)
        await browser.opens(RECORDS + "?person=1")
        seen = re.findall(r'<li value="(\d+)"', browser.page)
        while older := re.search(r'href="([^"]*before=\d+)"', browser.page):
            await browser.opens(html.unescape(older[1]))
            seen += re.findall(r'<li value="(\d+)"', browser.page)
        numbers = [int(one) for one in seen]
        assert len(numbers) > 250
        assert numbers == sorted(set(numbers), reverse=True)

    async def test_it_is_for_the_office_alone(
        self, officer: Person, contact: Person, app: App, talk: Callable[..., Person]
    ) -> None:
        with transaction(app.engine) as connection:
            code, _ = people.create_invite(
                connection, app.keys.codes, NOON, "district", None, None, district="荣成市"
            )
        for name, code_, status in (("song", code, 403), ("liu", office_code(app, "staff"), 200)):
            person = talk(name)
            person.says(f"绑定 {code_}")
            browser = await Browser(app).enters(person)
            assert (await browser.opens(RECORDS)).status == status


def test_reading_is_alike_on_either_database(either_app: App) -> None:
    Person(either_app.assistant, "zhang").says(f"绑定 {office_code(either_app)}")
    wang = Person(either_app.assistant, "wang")
    wang.says(f"绑定 {contact_code(either_app)}", "王芳", "跳过")
    wang.says("填报 2026Q4", "大数据 3 2 120 80 60 90000")
    with transaction(either_app.engine) as connection:
        (other,) = roster.create(connection, [roster.Wanted("乙校", None, "2026Q1")], 1, NOON)
        found = records.read(connection, Wanted(institution_id=1), 50)
        assert {r.about.institution for r in found} == {"威海数字培训学校"}
        assert {r.subject.partition(":")[0] for r in found} == {"institution", "invite", "revision"}
        assert [r.subject for r in records.read(connection, Wanted(institution_id=other), 50)] == [
            f"institution:{other}"
        ]
        day = NOON.replace(hour=0)
        within = Wanted(since=day, until=day + timedelta(days=1))
        assert len(records.read(connection, within, 500)) == len(records.read(connection, Wanted(), 500))
        assert not records.read(connection, Wanted(since=day - timedelta(days=1), until=day), 5)
        first = records.read(connection, Wanted(), 3)
        assert [r.id for r in first] == sorted((r.id for r in first), reverse=True)
        following = records.read(connection, Wanted(before=first[-1].id), 1)
        assert following[0].id == first[-1].id - 1


def test_no_filter_reads_the_whole_trail(app: App) -> None:
    Person(app.assistant, "zhang").says(f"绑定 {office_code(app)}")
    with transaction(app.engine) as connection:
        row = audit_table.c
        walks = [
            select(row.id).where(condition).order_by(row.id.desc()).limit(5)
            for condition in (row.person_id == 1, row.action == "x", row.subject == "x")
        ]
        for query in (*walks, select(func.min(row.id), func.max(row.id)).where(row.at >= NOON)):
            compiled = query.compile(connection, compile_kwargs={"literal_binds": True})
            plan = connection.execute(text(f"EXPLAIN QUERY PLAN {compiled}")).all()
            assert any("INDEX ix_audit_" in one.detail for one in plan), plan
            assert not any("TEMP B-TREE" in one.detail for one in plan), plan
