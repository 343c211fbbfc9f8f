"""看板: counts by week, few ones not told apart, no person and no words."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable

import pytest
from sqlalchemy import text

from bot.app import App
from bot.office.desk.week_chart import drawn
from storage.connections.database import transaction
from storage.desk.weeks import last_weeks
from storage.monitoring import counted
from tests.support.office_browser import Browser, at
from tests.support.office_scene import reports_, school
from tests.support.talk import NOON, Person

PATH = "/office/dashboard"
Talk = Callable[..., Person]


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, NOON)


async def test_the_board_shows_what_is_asked_and_how_deep(app: App, officer: Person, talk: Talk) -> None:
    for number in range(6):
        talk(f"p{number}").says("退休了能参加吗")
    talk("li").says("学费多少钱", "今天天气怎么样")
    reports_(school(app, "海岸学校"), "2026Q4", "大数据 3 2 120 80 60 90000")
    app.assistant.counts.write(app.engine, NOON)
    browser = await Browser(app).enters(officer)
    await browser.opens(PATH)
    assert "8 提问" in browser.text
    assert "6 直接答上" in browser.text
    assert "<5 通知没有写" in browser.text
    assert "<5 不属本助手" in browser.text
    assert "1 按时报" in browser.text
    assert "天气" not in browser.page
    await browser.opens(f"{PATH}?channel=web")
    assert "0 提问" not in browser.text and "8 提问" in browser.text  # no such channel: all of them


async def test_the_table_tells_few_apart_no_more(app: App, officer: Person, talk: Talk) -> None:
    for number in range(6):
        talk(f"p{number}").says("退休了能参加吗")
    talk("li").says("学费多少钱")
    app.assistant.counts.write(app.engine, NOON)
    browser = await Browser(app).enters(officer)
    await browser.opens(f"{PATH}/counters.csv?weeks=4")
    assert browser.response.headers["content-type"].startswith("text/csv")
    rows = list(csv.reader(io.StringIO(browser.response.content.decode("utf-8-sig"))))
    assert {tuple(row[3:5]): row[6] for row in rows if row[2] == "question"} == {
        ("retirees", "exact"): "6",
        ("fees", "near"): "<5",
    }


async def test_a_title_of_the_office_is_no_formula_in_the_table(
    app: App, officer: Person, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk("li").says("学费多少钱")
    app.assistant.counts.write(app.engine, NOON)
    fees = app.corpus.on(NOON.date()).answers.entries["fees"]
    monkeypatch.setitem(fees.__dict__, "title", "＝HYPERLINK(1)")
    browser = await Browser(app).enters(officer)
    await browser.opens(f"{PATH}/counters.csv?weeks=4")
    assert "'＝HYPERLINK(1)" in browser.response.content.decode("utf-8-sig")


def test_few_are_drawn_alike_and_the_tallest_fits() -> None:
    one, three, many = (drawn([("1/1", (n, 0, 0)), ("1/8", (90, 5, 5))]) for n in (1, 3, 50))
    assert one.columns[0].segments == three.columns[0].segments != many.columns[0].segments
    assert all(s.y >= 0 for chart in (one, many) for c in chart.columns for s in c.segments)


def test_three_years_of_counters_cost_about_what_their_sql_does(either_app: App) -> None:
    weeks = last_weeks(NOON, counted.WEEKS_KEPT)
    rows = [
        {"week": week, "channel": channel, "kind": "question", "topic": f"t{topic}", "depth": depth, "n": 9}
        for week in weeks
        for channel in ("web", "wechat")
        for topic in range(20)
        for depth in ("exact", "near", "unsure")
    ]
    with transaction(either_app.engine) as connection:
        connection.execute(
            text("INSERT INTO counted VALUES (:week, :channel, :kind, :topic, :depth, :n)"), rows
        )
    plain = text(
        "SELECT topic, depth, sum(count) FROM counted WHERE kind = 'question' AND week >= :first"
        " GROUP BY topic, depth"
    )
    with transaction(either_app.engine, read_only=True) as connection:
        ours, theirs = [], []
        for _ in range(3):
            began = time.perf_counter()
            found = counted.by_topic(connection, weeks, "question")
            between = time.perf_counter()
            assert len(connection.execute(plain, {"first": weeks[0]}).all()) == len(found) == 60
            ours.append(between - began)
            theirs.append(time.perf_counter() - between)
    assert min(ours) < 4 * min(theirs) + 0.05
