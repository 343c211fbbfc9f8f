"""What people asked waits by meaning; one reply, one change for many; nobody sees who asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.app import App
from policy.question_groups import grouped, meaning
from storage.connections.database import transaction
from storage.desk import question_groups
from storage.desk.questions import queue_near
from storage.desk.weeks import week_of
from storage.knowledge import open_changes
from storage.schema.questions import asker, question
from tests.conftest import office_code
from tests.conversations.test_desk import pushes
from tests.support.corpus import CORPUS
from tests.support.office_browser import Browser, at
from tests.support.talk import NOON, Person

PATH = "/office/questions"
Talk = Callable[..., Person]


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, NOON + timedelta(minutes=5))


def states(app: App) -> list[str]:
    with transaction(app.engine, read_only=True) as connection:
        return list(connection.execute(select(question.c.state).order_by(question.c.id)).scalars())


def asks(app: App, talk: Talk, **said: str) -> dict[str, Person]:
    """Several people ask; what was near is written."""
    people = {name: talk(name) for name in said}
    for name, text in said.items():
        people[name].says(text)
    app.assistant.counts.write(app.engine, NOON)
    return people


def test_questions_of_one_meaning_are_one_group() -> None:
    texts = [
        "学费多少钱",
        "收不收费",
        "老师爱喝咖啡吗",
        "培训费多少",
        "量子对话 17 号",
        "量子对话 18 号",
        "怎么报名啊",
    ]
    groups = grouped(texts, [meaning(CORPUS, text) for text in texts])
    assert [0, 1, 3] in groups
    assert [4, 5] in groups
    assert len(groups) == 4


async def test_one_reply_reaches_everybody_of_a_group_once(app: App, officer: Person, talk: Talk) -> None:
    people = asks(app, talk, li="老师爱喝咖啡吗", wu="老师爱喝茶吗")
    people["wu"].says("老师爱喝咖啡吗")
    browser = await Browser(app).enters(officer)
    await browser.opens(PATH)
    assert "等 2 种问法" in browser.text
    await browser.opens(f"{PATH}/1")
    await browser.submits(f"{PATH}/", do="reply", reply="请直接问<b>培训机构</b>。")
    assert browser.path == PATH
    assert set(states(app)) == {"answered"}
    assert [len(pushes(app, person)) for person in people.values()] == [1, 1]
    with transaction(app.engine, read_only=True) as connection:
        assert connection.execute(select(asker)).all() == []


async def test_what_is_not_ticked_stays(app: App, officer: Person, talk: Talk) -> None:
    asks(app, talk, li="老师爱喝咖啡吗", wu="老师爱喝茶吗")
    browser = await Browser(app).enters(officer)
    await browser.opens(f"{PATH}/1")
    path, fields = browser.form(f"{PATH}/")
    assert {"q:1", "q:2"} <= fields.keys()
    kept = {name: value for name, value in fields.items() if name != "q:2"}
    await browser.posts(path, **{**kept, "do": "drop"})
    assert states(app) == ["dropped", "open"]
    await browser.posts(path, **{**kept, "do": "drop"})
    assert "同事已经办过" in browser.text


async def test_near_answers_wait_without_anybody(app: App, officer: Person, talk: Talk) -> None:
    asks(app, talk, li="学费多少钱", wu="收不收费", qi="学费多少钱，我电话13812345678")
    browser = await Browser(app).enters(officer)
    await browser.opens(f"{PATH}?why=near")
    assert "通知没有写" in browser.text
    assert "13812345678" not in browser.page
    with transaction(app.engine, read_only=True) as connection:
        assert connection.execute(select(asker)).all() == []
        (one, *_), total = question_groups.waiting(connection, week_of(NOON), 10)
    assert total == 3
    assert one.asked == {week_of(NOON): 1}
    officer.says("待答问题")
    assert "学费" not in officer.text  # in the chat only what got no answer


async def test_a_group_becomes_phrasings_of_an_entry(app: App, officer: Person, talk: Talk) -> None:
    asks(app, talk, li="老师爱喝咖啡吗", wu="老师爱喝茶吗")
    browser = await Browser(app).enters(officer)
    await browser.opens(f"{PATH}/1")
    await browser.submits(f"{PATH}/", do="phrasing", entry="teaching-quality")
    assert browser.path == "/office/knowledge/teaching-quality"
    await browser.submits("/office/knowledge/save", why="有人问")
    with transaction(app.engine, read_only=True) as connection:
        (change,) = open_changes(connection)
    assert change.content["phrasings"] == ["老师爱喝咖啡吗", "老师爱喝茶吗"]
    await browser.opens(f"{PATH}/1")
    assert "已拟为问法" in browser.text
    await browser.submits(f"{PATH}/", do="entry")
    assert browser.form("/office/knowledge/save")[1]["title"] == "老师爱喝咖啡吗"


async def test_nothing_ticked_and_words_too_short_are_said(app: App, officer: Person, talk: Talk) -> None:
    asks(app, talk, li="老师爱喝咖啡吗")
    browser = await Browser(app).enters(officer)
    await browser.opens(f"{PATH}/1")
    csrf = browser.form("/office/leave")[1]["csrf"]
    await browser.posts(f"{PATH}/1", csrf=csrf, do="drop")
    assert browser.status == 422
    await browser.submits(f"{PATH}/", do="reply", reply="")
    assert browser.status == 422
    await browser.submits(f"{PATH}/", do="phrasing", entry="nowhere")
    assert browser.status == 422
    assert states(app) == ["open"]
    await browser.opens(f"{PATH}/99")
    assert browser.status == 404


def test_weeks_are_counted_and_what_was_dropped_stays_so(either_app: App) -> None:
    with transaction(either_app.engine) as connection:
        for back, times in ((1, 4), (0, 2), (0, 1)):
            queue_near(connection, "学费", "学费", "fees", times, NOON - timedelta(weeks=back))
        (one,), _ = question_groups.waiting(connection, week_of(NOON - timedelta(weeks=3)), 10)
        assert one.asked == {week_of(NOON - timedelta(weeks=1)): 4, week_of(NOON): 3}
        officer = Person(either_app.assistant, "zhang")
    officer.says(f"绑定 {office_code(either_app)}")
    with transaction(either_app.engine) as connection:
        question_groups.close(connection, [one.id], 1, NOON, None)
        queue_near(connection, "学费", "学费", "fees", 5, NOON)
        assert question_groups.waiting(connection, week_of(NOON), 10) == ([], 0)
