"""Killed processes, arrivals at the same instant, databases that go away."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import func, select

from bot.app import App, open_app
from bot.channels import jsonl
from bot.cli import main
from bot.core.messages import Incoming
from bot.settings import Settings
from storage.address import Address
from storage.connections.database import StorageUnavailable, open_database, transaction
from storage.reports import reports
from storage.schema.core import SCHEMA_NUMBER, account, outbox, person, schema_mark, turn
from tests.conftest import contact_code, make_app, office_code
from tests.support.corpus import CORPUS
from tests.support.processes import JsonChat, environment
from tests.support.talk import NOON, Person

RECORDED = (
    (Path(__file__).parents[1] / "conversations" / "three_jobs.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
)


def prepared(folder: Path, sqlite_ready: Path) -> tuple[App, list[str]]:
    """An app on a fresh database in `folder`, and the recorded conversation with codes of it."""
    folder.mkdir()
    shutil.copy(sqlite_ready, folder / "bot.sqlite3")
    settings = Settings(
        database_url=f"sqlite:///{folder}/bot.sqlite3", data_dir=folder / "data", _env_file=None
    )
    app = open_app(settings, CORPUS)
    office, contact = office_code(app), contact_code(app)
    return app, [line.replace("OFFICE-CODE", office).replace("CONTACT-CODE", contact) for line in RECORDED]


def words(replies: list[dict[str, Any]]) -> list[Any]:
    return [[(m["text"], [c["label"] for c in m["choices"]]) for m in r["replies"]] for r in replies]


@pytest.mark.parametrize("lines_between", [8, pytest.param(1, marks=pytest.mark.long)])
def test_the_recorded_conversation_survives_kills(
    tmp_path: Path, sqlite_ready: Path, monkeypatch: pytest.MonkeyPatch, lines_between: int
) -> None:
    app, lines = prepared(tmp_path / "whole", sqlite_ready)
    expected = [json.loads(line) for line in jsonl.run(lines, app.assistant, app.files, lambda: NOON)]
    app.engine.dispose()
    said = words(expected)
    assert "可以参加" in str(said[13])
    assert "系统已收到" in str(said[-2])
    assert "已报 1 家" in str(said[-1])

    broken = tmp_path / "broken"
    app, lines = prepared(broken, sqlite_ready)
    app.engine.dispose()
    replies = []
    for first in range(0, len(lines), lines_between):
        chat = JsonChat(broken)
        replies += [chat.send(line) for line in lines[first : first + lines_between]]
        chat.kill()
    again = JsonChat(broken)  # every message redelivered: applied once, answered alike
    assert words([again.send(line) for line in lines]) == words(replies)
    again.kill()
    assert words(replies) == said

    for name, value in environment(broken).items():
        monkeypatch.setenv(name, value)
    assert main(["export", "2026Q4", "--to", str(broken / "out.xlsx")]) == 0
    sheet = openpyxl.load_workbook(broken / "out.xlsx")["汇总"]
    values = {row[0].value: [c.value for c in row[1:7]] for row in sheet.iter_rows()}
    assert values["大数据"] == [3, 5, 125, 80, 60, 90000]
    assert values["区块链"] == [1, 1, 20, 18, 18, 27000]


def test_a_kill_in_the_middle_of_a_flood_loses_no_answer(tmp_path: Path, sqlite_ready: Path) -> None:
    app, lines = prepared(tmp_path / "f", sqlite_ready)
    bind = [line for line in lines if '"contact"' in line][:6]
    list(jsonl.run(bind, app.assistant, app.files, lambda: NOON))
    chat = JsonChat(tmp_path / "f")
    acknowledged = 0
    while True:  # until it is killed
        if acknowledged == 5:
            threading.Timer(0.05, chat.process.kill).start()
        number = acknowledged + 1
        text = f"大数据 {number} 0 {number} 0 0 0"
        try:
            chat.send(
                f'{{"user": "contact", "id": "f{number}", "text": "{text}",'
                ' "now": "2026-12-30T10:05:00+08:00"}'
            )
        except (ValueError, OSError):
            break
        acknowledged = number
    chat.kill()
    with transaction(app.engine, read_only=True) as connection:
        row = reports.snapshot(connection, 1, "2026Q4").rows["大数据"]
        turns = connection.execute(
            select(func.count()).select_from(turn).where(turn.c.message_id.like("f%"))
        ).scalar_one()
    assert row["classes"] in (acknowledged, acknowledged + 1)  # one may be committed, its reply on the way
    assert turns == row["classes"]
    app.engine.dispose()


def _at_once(work: Callable[[], Any], times: int) -> list[Any]:
    barrier = threading.Barrier(times)

    def run() -> Any:
        barrier.wait()
        return work()

    with ThreadPoolExecutor(times) as pool:
        return [f.result() for f in [pool.submit(run) for _ in range(times)]]


def test_the_same_id_at_the_same_instant_is_applied_once(either_app: App) -> None:
    app = either_app
    li = Person(app.assistant, "li")
    li.says("我能不能参加培训")
    incoming = Incoming(Address("terminal", "test", "li"), "same", NOON + timedelta(minutes=1), "没有退休")
    replies = _at_once(lambda: app.assistant.handle(incoming), 6)
    assert all(r == replies[0] for r in replies)
    assert "在威海" in replies[0][0].text
    with transaction(app.engine, read_only=True) as connection:
        assert connection.execute(select(func.count()).select_from(turn)).scalar_one() == 2
        assert connection.execute(select(func.count()).select_from(outbox)).scalar_one() == 2


def test_the_first_message_at_the_same_instant_makes_one_person(either_app: App) -> None:
    app = either_app
    incoming = Incoming(Address("terminal", "test", "new"), "first", NOON, "菜单")
    replies = _at_once(lambda: app.assistant.handle(incoming), 6)
    assert all(r == replies[0] for r in replies)
    with transaction(app.engine, read_only=True) as connection:
        assert connection.execute(select(func.count()).select_from(account)).scalar_one() == 1
        assert connection.execute(select(func.count()).select_from(person)).scalar_one() == 1


def test_different_first_messages_at_the_same_instant(either_app: App) -> None:
    app = either_app
    numbers = iter(range(100))
    lock = threading.Lock()

    def work() -> Any:
        with lock:
            number = next(numbers)
        return app.assistant.handle(
            Incoming(Address("terminal", "test", "new"), f"d{number}", NOON, "补贴多少钱")
        )

    assert all("五（三）" in str(r) for r in _at_once(work, 6))
    with transaction(app.engine, read_only=True) as connection:
        assert connection.execute(select(func.count()).select_from(account)).scalar_one() == 1
        assert connection.execute(select(func.count()).select_from(person)).scalar_one() == 1
        assert connection.execute(select(func.count()).select_from(turn)).scalar_one() == 6


def test_two_contacts_at_the_same_instant_make_one_draft(either_app: App) -> None:
    app = either_app
    people = [Person(app.assistant, name) for name in ("a", "b", "c")]
    for one in people:
        one.says(f"绑定 {contact_code(app)}", "跳过", "跳过", "填报", "2026Q4")
    waiting = iter(
        zip(
            people,
            ("大数据 1 1 10 5 5 5000", "区块链 1 1 10 5 5 5000", "物联网 1 1 10 5 5 5000"),
            strict=True,
        )
    )
    lock = threading.Lock()

    def work() -> Any:
        with lock:
            one, line = next(waiting)
        return one.says(line)

    assert all("已记入" in str(r) for r in _at_once(work, 3))
    with transaction(app.engine, read_only=True) as connection:
        found = reports.snapshot(connection, 1, "2026Q4")
    assert sorted(found.rows) == sorted(["大数据", "区块链", "物联网"])
    assert found.draft is not None
    assert found.draft.number == 1


def test_the_whole_conversation_on_postgresql(postgres_url: str, tmp_path: Path) -> None:
    app = make_app(postgres_url, tmp_path)
    wang = Person(app.assistant, "wang")
    wang.says(f"绑定 {contact_code(app)}", "王芳", "0631-5550000")
    wang.says("填报", "2026Q4", "大数据 3 5 120 80 60 90000", "往季班次本季纳入", "提交", "提交")
    assert "2026Q4-0001-01" in wang.text
    assert app.files.content(wang.files[0])[:2] == b"PK"
    wang.says("填报", "2026Q4", "更正", "人数报错", "大数据 已培训人数 121", "提交", "提交")
    assert "2026Q4-0001-02" in wang.text
    app.engine.dispose()


def test_a_locked_database_says_so_and_writes_nothing(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    li = Person(app.assistant, "li")
    li.says("我能不能参加培训")
    with app.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=50")
    blocker = sqlite3.connect(tmp_path / "bot.sqlite3", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    incoming = Incoming(Address("terminal", "test", "li"), "locked", NOON, "没有退休")
    with pytest.raises(StorageUnavailable):
        app.assistant.handle(incoming)
    blocker.execute("ROLLBACK")
    blocker.close()
    assert "在威海" in app.assistant.handle(incoming)[0].text  # the platform's redelivery is applied


def test_postgresql_that_restarts_is_found_again(postgres_url: str, tmp_path: Path) -> None:
    app = make_app(postgres_url, tmp_path)
    li = Person(app.assistant, "li")
    li.says("我能不能参加培训")
    with app.engine.connect() as connection:  # every pooled connection is cut off
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
    try:
        li.says("没有退休", id="r1")
    except StorageUnavailable:
        li.says("没有退休", id="r1")
    assert "在威海" in li.text
    app.engine.dispose()


def test_a_json_chat_without_its_database_says_so(app: App, tmp_path: Path) -> None:
    with app.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=50")

    def send(number: int, text: str) -> str:
        line = json.dumps({"user": "u", "id": str(number), "text": text})
        (answer,) = jsonl.run([line], app.assistant, app.files, lambda: NOON)
        return str(json.loads(answer)["replies"][0]["text"])

    send(1, "我能不能参加培训")
    shutil.rmtree(tmp_path / "data", ignore_errors=True)
    blocker = sqlite3.connect(tmp_path / "bot.sqlite3", isolation_level=None)
    blocker.execute("BEGIN EXCLUSIVE")
    assert "暂时无法保存，请稍后再试" in send(2, "没有退休")
    blocker.execute("ROLLBACK")
    blocker.close()
    assert "在威海" in send(2, "没有退休")


def test_processes_starting_on_an_empty_database_make_one_schema(empty_url: str, tmp_path: Path) -> None:
    def work() -> Any:
        start = [
            sys.executable,
            "-c",
            "import sys; from storage.connections.database import open_database as o; o(sys.argv[1])",
        ]
        return subprocess.run(
            [*start, empty_url], env=environment(tmp_path), capture_output=True, check=False
        )

    assert [(d.returncode, d.stderr) for d in _at_once(work, 5)] == [(0, b"")] * 5
    engine = open_database(empty_url)
    with transaction(engine, read_only=True) as connection:
        marks = connection.execute(select(schema_mark.c.number).order_by(schema_mark.c.number)).scalars()
        assert list(marks) == list(range(1, SCHEMA_NUMBER + 1))
    engine.dispose()
