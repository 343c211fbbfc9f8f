"""填报口径: the office says what counts for a measure, from a quarter on; those who report see it."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from bot.app import App
from policy.calendar.quarters import Quarter
from policy.form.measure_notes import timeline
from storage.connections.database import transaction
from storage.reports import prior_figures
from storage.reports.prior_figures import Set
from storage.schema.core import audit, membership
from tests.support.office_browser import Browser, at
from tests.support.office_scene import head, reader, school
from tests.support.talk import NOON, Person

NAME = "威海数字培训学校"
SAID = "跨季度的班，在结业的季度计"


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, NOON)


def holding(app: App, quarter: str = "2026Q4") -> dict[str, str]:
    with transaction(app.engine, read_only=True) as connection:
        return {m: note.words for m, note in prior_figures.notes(connection, quarter).items()}


def actions(app: App) -> list[str]:
    with transaction(app.engine, read_only=True) as connection:
        return list(connection.execute(select(audit.c.action).order_by(audit.c.id)).scalars())


def sets(officer: Person, words: str = SAID, measure: str = "已培训班次", first: str = "2026Q3") -> None:
    officer.says("口径")
    officer.presses("设定口径")
    officer.presses(measure)
    officer.says(words, first)
    officer.presses("设定")


class TestTimeline:
    @staticmethod
    def made(*spans: tuple[str, str, str | None]) -> list[Set]:
        return [Set(i, "trained", w, f, u, NOON, None) for i, (w, f, u) in enumerate(spans, 1)]

    @pytest.mark.parametrize(
        ("spans", "told"),
        [
            ([], []),
            ([("a", "2026Q1", None)], [("a", "2026Q1", None)]),
            (
                [("a", "2025Q1", None), ("b", "2026Q1", None)],
                [("a", "2025Q1", "2025Q4"), ("b", "2026Q1", None)],
            ),
            (
                [("a", "2025Q1", None), ("b", "2025Q3", "2025Q4")],
                [("a", "2025Q1", "2025Q2"), ("b", "2025Q3", "2025Q4"), ("a", "2026Q1", None)],
            ),
            ([("a", "2025Q1", None), ("", "2026Q1", None)], [("a", "2025Q1", "2025Q4")]),
            ([("a", "2025Q1", "2025Q4"), ("b", "2025Q1", None)], [("b", "2025Q1", None)]),
            ([("", "2025Q1", None), ("b", "2025Q2", "2100Q4")], [("b", "2025Q2", None)]),
        ],
    )
    def test_what_was_set_last_holds(
        self, spans: list[tuple[str, str, str | None]], told: list[tuple[str, str, str | None]]
    ) -> None:
        pieces = timeline(self.made(*spans), "trained")
        assert [(p.words, str(p.first), str(p.last) if p.last else None) for p in pieces] == told
        assert timeline(self.made(*spans), "classes") == []
        if pieces:
            assert pieces[0].holds(pieces[0].first)
            assert not pieces[0].holds(Quarter(2023, 2))


class TestInChat:
    def test_the_office_sets_one_and_contacts_see_it(self, either_app: App) -> None:
        officer, wang = head(either_app), school(either_app, NAME)
        wang.says("口径")
        assert "没有设定" in wang.text
        sets(officer)
        assert holding(either_app) == {"classes": SAID}
        assert holding(either_app, "2026Q2") == {}
        wang.says("填报口径")
        assert SAID in wang.text and "设定口径" not in wang.labels
        wang.says("填报 2026Q4", "大数据")
        assert SAID in wang.text  # beside the question
        wang.says("3")
        assert SAID not in wang.text

    def test_a_later_one_takes_its_place_and_either_may_be_taken_back(self, either_app: App) -> None:
        officer = head(either_app)
        sets(officer)
        sets(officer, "跨季度的班，在开班的季度计", first="2026Q4")
        assert holding(either_app, "2026Q3") == {"classes": SAID}
        assert holding(either_app) == {"classes": "跨季度的班，在开班的季度计"}
        officer.says("口径")
        officer.presses("撤回：已培训班次")
        again = officer.token("确认撤回")
        officer.presses("确认撤回")
        assert holding(either_app) == {}
        assert holding(either_app, "2026Q3") == {"classes": SAID}  # what held before stays as it was
        officer.presses_token(again)
        assert "没有撤回" in officer.text
        assert actions(either_app).count("note.withdraw") == 1

    def test_bad_answers_are_asked_again(self, app: App) -> None:
        officer = head(app)
        officer.says("设定口径", "培训人数", "x")
        assert "太短" in officer.text
        officer.says("字" * 201)
        assert "太长" in officer.text
        officer.says("按结业证书计", "2035Q1")
        assert "之间" in officer.text
        officer.says("xyz")
        assert "没认出季度" in officer.text
        officer.says("2027Q1", "确认")
        assert holding(app, "2027Q1") == {"trained": "按结业证书计"}
        assert holding(app) == {}

    def test_only_the_office_sets_them(self, app: App) -> None:
        officer, wang = head(app), school(app, NAME)
        sets(officer)
        officer.says("口径")
        tokens = [officer.token("撤回：已培训班次"), officer.token("设定口径")]
        for person in (wang, reader(app, "荣成市"), Person(app.assistant, "nobody")):
            before = actions(app).count("office.denied")
            person.says("设定口径")
            for token in tokens:
                person.presses_token(token)
            assert actions(app).count("office.denied") == before + 3
        assert holding(app) == {"classes": SAID}
        stranger = Person(app.assistant, "nobody")
        stranger.says("口径")
        assert SAID not in stranger.text

    def test_who_left_the_office_meanwhile_sets_nothing(self, app: App) -> None:
        officer = head(app)
        officer.says("设定口径", "培训人数", SAID, "2026Q4")
        with transaction(app.engine) as connection:
            connection.execute(update(membership).values(revoked_at=NOON))
        officer.presses("设定")
        assert holding(app) == {} and "office.denied" in actions(app)


class TestInTheBrowser:
    async def test_set_replace_and_take_back(self, either_app: App) -> None:
        officer, wang = head(either_app), school(either_app, NAME)
        browser = await Browser(either_app).enters(officer)
        await browser.opens("/office/institutions")
        assert "/office/notes" in browser.page
        await browser.opens("/office/notes")
        await browser.submits(
            "/office/notes/set", measure="classes", words="<i>按结业计</i>", **{"from": "2026Q1"}
        )
        assert browser.status == 200 and "&lt;i&gt;按结业计" in browser.page
        await browser.submits(
            "/office/notes/set", measure="classes", words=SAID, **{"from": "2026Q3", "until": "2026Q4"}
        )
        assert holding(either_app) == {"classes": SAID}
        assert holding(either_app, "2027Q1") == {"classes": "<i>按结业计</i>"}
        await browser.opens("/office/entry/1/2026Q4")
        assert SAID in browser.text
        wang.says("口径")
        assert SAID in wang.text
        await browser.opens("/office/notes")
        assert browser.page.count('name="key"') == 3  # before, these quarters, after
        await browser.submits("/office/notes/withdraw")
        assert holding(either_app, "2026Q1") == {}
        assert holding(either_app) == {"classes": SAID}
        assert browser.page.count('name="key"') == 2
        assert "撤回（2026Q1 起，到 2026Q2）" in browser.text
        csrf = browser.form("/office/leave")[1]["csrf"]
        await browser.posts("/office/notes/withdraw", csrf=csrf, measure="classes", key="1:2026Q1")
        assert browser.status == 409
        assert actions(either_app).count("note.withdraw") == 1

    async def test_what_is_wrong_stands_beside_it(self, app: App) -> None:
        browser = await Browser(app).enters(head(app))
        await browser.opens("/office/notes")
        await browser.submits("/office/notes/set", words="x", **{"from": "2035Q1", "until": "2026Q1"})
        assert browser.status == 422
        for said in ("请选一项", "2 到 200 个字", "请选一个季度"):
            assert said in browser.text
        await browser.submits(
            "/office/notes/set", measure="trained", words=SAID, **{"from": "2026Q4", "until": "2026Q1"}
        )
        assert browser.status == 422 and "不能早于" in browser.text
        assert browser.form("/office/notes/set")[1]["words"] == SAID
        assert holding(app) == {}

    async def test_only_the_office(self, app: App) -> None:
        browser = await Browser(app).enters(reader(app, "荣成市"))
        csrf = browser.form("/office/leave")[1]["csrf"]
        assert (await browser.opens("/office/notes")).status == 403
        given = {"csrf": csrf, "measure": "trained", "words": SAID, "from": "2026Q4"}
        assert (await browser.posts("/office/notes/set", **given)).status == 403
        assert (await browser.posts("/office/notes/withdraw", **given)).status == 403
        # The same person's refusals within the hour are counted: a row for the first, not one each.
        assert actions(app).count("office.denied") == 1
        assert holding(app) == {}
