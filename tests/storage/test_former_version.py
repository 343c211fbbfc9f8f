"""A database that the version before left in the middle of conversations goes on after `upgrade`."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.app import App
from storage.connections import database
from storage.connections.database import SchemaTooOld, transaction
from storage.reports import reports
from storage.schema.core import turn as turns
from tests.conftest import make_app
from tests.support.talk import NOON, Person

FORMER = Path(__file__).parent / "former"
BUTTONS: dict[str, dict[str, str]] = json.loads((FORMER / "conversations.json").read_text(encoding="utf-8"))
OF_A_STEP = re.compile(r"s[0-9]+:")


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The former database, brought to the present schema."""
    path = tmp_path_factory.mktemp("former") / "bot.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.executescript((FORMER / "conversations.sql").read_text(encoding="utf-8"))
    connection.close()
    url = f"sqlite:///{path}"
    with pytest.raises(SchemaTooOld):
        database.open_database(url)
    engine = database.connect(url)
    database.upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture
def app(upgraded: Path, tmp_path: Path) -> Iterator[App]:
    with sqlite3.connect(upgraded) as source, sqlite3.connect(tmp_path / "bot.sqlite3") as copy:
        source.backup(copy)
    made = make_app(f"sqlite:///{tmp_path}/bot.sqlite3", tmp_path)
    yield made
    made.engine.dispose()


def returned(app: App, name: str) -> Person:
    """Somebody of before, an hour later."""
    return Person(app.assistant, name, now=NOON.replace(hour=13))


def test_a_report_goes_on_at_the_cell_that_was_asked(app: App) -> None:
    wang = returned(app, "wang")
    wang.says("80")
    assert "report/messages.noted" in wang.templates and "report/cell.j2" in wang.templates
    wang.says("60", "90000", "区块链 1 1 30 20 10 15000", "提交")
    assert "report/confirm.j2" in wang.templates
    wang.presses("确认提交")
    assert "report/receipt.j2" in wang.templates
    with transaction(app.engine, read_only=True) as connection:
        report = reports.snapshot(connection, 2, "2026Q4")
    assert report.rows["大数据"] == {
        "classes": 3,
        "subsidised_classes": 2,
        "trained": 120,
        "certified": 80,
        "subsidised": 60,
        "amount": 9_000_000,
    }
    assert report.latest is not None and report.latest.state == "submitted"


def test_the_buttons_under_the_last_question_still_answer_it(app: App) -> None:
    wang = returned(app, "wang")
    wang.presses_token(BUTTONS["wang"]["不掌握"])
    assert "report/messages.noted" in wang.templates
    li = returned(app, "li")
    li.presses_token(BUTTONS["li"]["是，在威海或打算来"])
    assert "problem/messages.stale" not in li.templates
    assert li.templates[0].startswith("check/")


def test_a_check_goes_on_with_what_was_told(app: App) -> None:
    li = returned(app, "li")
    li.says("是，在威海或打算来")
    li.says("修改")
    assert "没有退休" in "".join(li.labels) + li.text


def test_the_buttons_of_a_step_before_are_over(app: App) -> None:
    wang = returned(app, "wang")
    wang.presses_token(BUTTONS["wang"]["云计算"])
    assert wang.templates[0] == "problem/messages.stale"


@pytest.mark.parametrize("who", BUTTONS)
def test_the_standing_buttons_still_do_what_they_say(app: App, who: str) -> None:
    person, over = returned(app, who), []
    for label, token in BUTTONS[who].items():
        if OF_A_STEP.match(token):
            continue
        person.presses_token(token)
        if not person.templates or {"problem/messages.stale", "problem/messages.incident"} & set(
            person.templates
        ):
            over.append((label, token))
    assert over == []


def test_what_was_submitted_is_decided_on(app: App) -> None:
    zhang = returned(app, "zhang")
    zhang.says("待审")
    assert BUTTONS["zhang"]["威海第二培训学校 2026Q4（12月30日报）"] == "rv:o:1"
    zhang.presses_token("rv:o:1")
    zhang.presses("审核通过")
    with transaction(app.engine, read_only=True) as connection:
        report = reports.snapshot(connection, 1, "2026Q4")
    assert report.latest is not None and report.latest.state == "accepted"


def test_a_message_answered_before_is_answered_the_same_and_changes_nothing(app: App) -> None:
    with transaction(app.engine, read_only=True) as connection:
        how_many = select(func.count()).select_from(turns)
        before = connection.execute(how_many).scalar_one()
    li = returned(app, "li")
    said = [m.text for m in li.says("没有退休", id="former-24")]
    assert said and said == [m.text for m in li.says("没有退休", id="former-24")]
    with transaction(app.engine, read_only=True) as connection:
        assert connection.execute(how_many).scalar_one() == before
