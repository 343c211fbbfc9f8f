"""An official changes a word, a colleague publishes it, the chat says it; and back again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import yaml
from sqlalchemy import select

from bot.app import App
from bot.cli import ask
from bot.core import knowledge as served
from bot.features.questions import exported
from policy.answers.entries import parse_topic
from policy.answers.layering import changed, joined
from policy.corpus import build_corpus
from storage import knowledge
from storage.connections.database import transaction
from storage.schema.core import audit
from tests.conftest import make_app, office_code
from tests.support.corpus import CORPUS
from tests.support.office_browser import Browser, at
from tests.support.talk import NOON, Person

PATH = "/office/knowledge"
GOAL = f"{PATH}/goal"
NEW_WORD = "是培训数字技术人才的项目，简单说就是培训、考核、发证三步。"
ASKS = "这个项目是干什么的"


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, NOON)


@pytest.fixture
def staff(officer: Person, app: App, talk: Callable[..., Person]) -> Person:
    """A colleague of the head's."""
    person = talk("liu")
    person.says(f"绑定 {office_code(app, 'staff')}")
    return person


async def saves(browser: Browser, path: str = GOAL, **fields: str) -> Browser:
    await browser.opens(path)
    await browser.submits(PATH + "/save", **{"why": "说得更短", **fields})
    return browser


async def publishes(browser: Browser, path: str = GOAL) -> Browser:
    await browser.opens(path)
    return await browser.submits(path + "/publish")


def published(app: App) -> int:
    with transaction(app.engine, read_only=True) as connection:
        return knowledge.latest(connection)[0]


async def test_a_word_is_changed_published_told_and_taken_back(
    app: App, officer: Person, staff: Person, talk: Callable[..., Person], capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    li = talk("li")
    li.says(ASKS)
    before = li.text
    author = await Browser(app).enters(officer)
    await saves(author, answer=NEW_WORD)
    assert author.status == 200
    assert NEW_WORD in author.text
    assert GOAL + "/publish" not in author.forms  # a colleague's to do
    li.says(ASKS)
    assert li.text == before

    approver = await publishes(await Browser(app).enters(staff))
    assert approver.path == PATH + "/versions"
    li.says(ASKS)
    assert NEW_WORD in li.text
    assert li.templates == ["policy/answer.j2"]
    monkeypatch.setenv("BOT_DATA_DIR", str(app.settings.data_dir))
    monkeypatch.setenv("BOT_DATABASE_URL", "sqlite:////nowhere/bot.sqlite3")
    corpus = ask._corpus()  # no database
    assert corpus.answers.entries["goal"].answer == NEW_WORD

    await approver.opens(PATH + "/versions")
    await approver.submits(PATH + "/versions/0/restore", why="先不改")
    assert published(app) == 2
    li.says(ASKS)
    assert li.text == before
    with transaction(app.engine, read_only=True) as connection:
        done = connection.execute(
            select(audit.c.action).where(audit.c.action.like("knowledge.%")).order_by(audit.c.id)
        )
        assert list(done.scalars()) == ["knowledge.save", "knowledge.publish", "knowledge.publish"]
        last, first = knowledge.versions(connection)
    assert (last.kind, last.restored, first.why, first.alone) == ("restore", 0, "说得更短", False)


async def test_one_who_is_alone_may_publish_and_it_is_marked(app: App, officer: Person) -> None:
    browser = await Browser(app).enters(officer)
    await saves(browser, answer=NEW_WORD)
    await publishes(browser)
    with transaction(app.engine, read_only=True) as connection:
        (only,) = knowledge.versions(connection)
    assert only.alone


async def test_ones_own_change_is_not_ones_own_to_publish(app: App, officer: Person, staff: Person) -> None:
    browser = await saves(await Browser(app).enters(officer), answer=NEW_WORD)
    csrf = browser.form("/office/leave")[1]["csrf"]
    await browser.posts(GOAL + "/publish", csrf=csrf, edition="1", version="0")
    assert browser.status == 409
    assert published(app) == 0


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"quote": "培训全部免费，包吃包住"}, "引文不是原文"),
        ({"clauses": "九（九）"}, "不存在"),
        ({"answer": "长" * 150}, "回答超过"),
        ({"phrasings": "怎么报名"}, "被抢走"),
    ],
)
async def test_what_is_not_sound_is_not_published(
    app: App, officer: Person, fields: dict[str, str], said: str
) -> None:
    browser = await saves(await Browser(app).enters(officer), **fields)
    assert browser.status == 200
    assert said in browser.text
    csrf = browser.form("/office/leave")[1]["csrf"]
    await browser.posts(GOAL + "/publish", csrf=csrf, edition="1", version="0")
    assert browser.status == 409
    assert published(app) == 0


async def test_two_who_edit_one_entry_see_each_other(app: App, officer: Person, staff: Person) -> None:
    one, other = await Browser(app).enters(officer), await Browser(app).enters(staff)
    await one.opens(GOAL)
    await saves(other, answer=NEW_WORD)
    await one.submits(PATH + "/save", answer="另一种写法", why="也想改")
    assert one.status == 409
    assert NEW_WORD in one.text  # the colleague's
    assert one.form(PATH + "/save")[1]["answer"] == "另一种写法"  # and what was typed
    await one.submits(PATH + "/save", answer="合并的写法", why="合并")
    assert one.status == 200


async def test_what_is_typed_is_text_and_private_numbers_are_masked(app: App, officer: Person) -> None:
    typed = "<script>alert(1)</script>{{ 7 * 7 }} 13812345678 \ue000x\ue001y\ue002"
    browser = await saves(await Browser(app).enters(officer), answer=typed)
    assert "<script>alert" not in browser.page
    await publishes(browser)
    li = Person(app.assistant, "li")
    li.says(ASKS)
    assert "<script>alert(1)</script>{{ 7 * 7 }}" in li.text
    assert "13812345678" not in li.text
    assert "\ue000" not in li.text


async def test_new_phrasings_and_entries_are_found_at_once(app: App, officer: Person) -> None:
    browser = await Browser(app).enters(officer)
    asked = [
        "晚上有没有夜校班",
        "夜校班什么时候上",
        "夜校能不能报",
        "下班以后能上课吗夜校",
        "夜校班怎么上",
        "有夜校吗",
    ]
    await saves(
        browser, PATH + "/new", topic="培训", title="有没有夜校班",
        answer="通知没有写夜校班，请问培训机构。", clauses="四（二）",
        quote="采取“线上+线下”“理论+实操”的方式", phrasings="\n".join(asked),
    )  # fmt: skip
    assert browser.status == 200, browser.text
    await publishes(browser, browser.path)
    assert published(app) == 1, browser.text
    li = Person(app.assistant, "li")
    for text in (asked[0], "晚上有没有夜校班呢"):
        li.says(text)
        assert "夜校班，请问培训机构" in li.text


async def test_a_retired_entry_is_told_no_more(app: App, officer: Person) -> None:
    browser = await Browser(app).enters(officer)
    path = f"{PATH}/how-many"
    await browser.opens(path)
    csrf = browser.form("/office/leave")[1]["csrf"]
    fields = {"csrf": csrf, "entry": "how-many", "kind": "retire", "edition": "0", "base": "0"}
    await browser.posts(PATH + "/save", why="另行规定", **fields)
    assert "换了答案" in browser.text
    await publishes(browser, path)
    entry = app.corpus.answers.get("how-many", NOON.date())
    assert entry is None


async def test_another_process_tells_it_without_a_restart(
    app: App, officer: Person, sqlite_url: str, tmp_path: Path
) -> None:
    other = make_app(sqlite_url, app.settings.data_dir.parent)
    li = Person(other.assistant, "li")
    li.says(ASKS)
    browser = await saves(await Browser(app).enters(officer), answer=NEW_WORD)
    await publishes(browser)
    li.says(ASKS)
    assert NEW_WORD in li.text
    other.engine.dispose()


async def test_a_layer_that_fits_no_more_is_left_out(app: App, officer: Person) -> None:
    with transaction(app.engine) as connection:
        layer = {"entries": [], "phrasings": {"no-such-entry": ["什么"]}}
        knowledge.publish(connection, 0, layer, "edit", "坏的", 1, 1, NOON, entry="goal")
    li = Person(app.assistant, "li")
    li.says(ASKS)
    assert li.templates == ["policy/answer.j2"]
    assert app.assistant.knowledge.version == 1


def test_a_layer_is_written_as_files_of_the_project(tmp_path: Path) -> None:
    layer = {
        "entries": [{"id": "goal", "answer": NEW_WORD}, {"id": "office-1", "topic": "新", "title": "新的"}],
        "phrasings": {"goal": ["项目图个啥"]},
    }
    paths = [Path(path) for path in exported.write(layer, tmp_path)]
    assert [p.name for p in paths] == ["02-goal.yaml", "90-office-1.yaml", "office.yaml"]
    (topic,) = [yaml.safe_load(p.read_text(encoding="utf-8")) for p in paths[:1]]
    entries = [entry for name, data in [("", topic)] for entry in parse_topic(name, data)]
    assert entries[0].answer == NEW_WORD
    assert len(entries) > 3
    assert "项目图个啥" in paths[2].read_text(encoding="utf-8")


def test_a_file_half_written_gives_way_to_the_one_before(app: App) -> None:
    folder = app.settings.data_dir
    served.write(folder, 1, {"entries": [], "phrasings": {}})
    (folder / served.FOLDER / "000002.json").write_text('{"version": 2, "la', encoding="utf-8")
    assert served.read(folder)[0] == 1
    assert json.loads((folder / served.FOLDER / "000001.json").read_text())["version"] == 1


def test_what_stands_as_the_files_have_it_is_not_in_the_layer() -> None:
    goal = CORPUS.answers.entries["goal"]
    same = {"title": goal.title, "answer": goal.answer, "clauses": list(goal.clauses), "quote": goal.quote}
    assert changed({}, CORPUS.answers, "goal", "edit", same, date(2026, 12, 1)) == {
        "entries": [], "phrasings": {}
    }  # fmt: skip
    both = joined({"entries": [{"id": "goal", "title": "一"}]}, {"entries": [{"id": "goal", "answer": "二"}]})
    assert both["entries"] == [{"id": "goal", "title": "一", "answer": "二"}]


def test_near_texts_are_known_and_their_opposites_are_not() -> None:
    corpus = build_corpus({"phrasings": {"goal": ["夜校班周末开不开课"]}})
    assert corpus.index.known_for("夜校班周末开不开课呢") == "goal"
    assert corpus.index.known_for("夜校班周末开课") is None
    assert corpus.index.known_for("完全不相干的话") is None
    assert replace(corpus).index.known_for("夜校班周末开不开课") == "goal"
