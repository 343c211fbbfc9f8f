"""What a message asks of the database, counted: a statement more is noticed here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import bindparam, event, select, update
from sqlalchemy.pool import ConnectionPoolEntry

from bot.app import App
from storage.connections.database import transaction
from storage.connections.statement import Statement, affected
from storage.schema.core import turn
from tests.conftest import contact_code
from tests.support.processes import ROOT
from tests.support.talk import NOON, Person

ANSWER, QUESTION, CELL = 7, 12, 14  # statements, at most
AROUND = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA")

Counted = Callable[[Callable[[], Any]], list[str]]


@pytest.fixture
def counted(app: App) -> Counted:
    """The statements that reach SQLite while something is done, without what begins and ends them."""
    seen: list[str] = []

    def trace(connection: Any, _record: ConnectionPoolEntry) -> None:
        connection.set_trace_callback(seen.append)

    event.listen(app.engine, "connect", trace)
    app.engine.dispose()  # what was opened before is not watched

    def count(work: Callable[[], Any]) -> list[str]:
        seen.clear()
        work()
        return [s for s in seen if not s.startswith(AROUND)]

    return count


def test_an_answer_in_a_dialog(app: App, counted: Counted) -> None:
    li = Person(app.assistant)
    li.says("我能不能参加培训", "没有退休", "上一步")
    for text in ("没有退休", "上一步", "不确定", "上一步"):
        statements = counted(lambda text=text: li.says(text))  # type: ignore[misc]
        assert 0 < len(statements) <= ANSWER, statements


def test_an_answer_told_the_same_day_is_not_written_again(app: App, counted: Counted) -> None:
    li = Person(app.assistant)
    li.says("我能不能参加培训", "没有退休", "上一步")
    again = counted(lambda: li.says("没有退休"))
    assert not [s for s in again if s.startswith("INSERT INTO fact")]
    assert len(again) == 5
    li.says("上一步")
    assert [s for s in counted(lambda: li.says("不确定")) if s.startswith("INSERT INTO fact")]
    li.says("上一步")
    li.now += timedelta(days=1)  # it is known since another day
    assert [s for s in counted(lambda: li.says("不确定")) if s.startswith("INSERT INTO fact")]


def test_a_cell_of_the_report(app: App, counted: Counted) -> None:
    wang = Person(app.assistant, "wang", "web")
    wang.says(f"绑定 {contact_code(app)}", "跳过", "跳过", "填报", "2026Q4", "全部")
    wang.says("大数据 已培训人数 12")
    statements = counted(lambda: wang.says("大数据 已培训人数 120"))
    assert 0 < len(statements) <= CELL, statements
    statements = counted(lambda: wang.says("12"))  # the cell that is asked for
    assert 0 < len(statements) <= CELL, statements


def test_a_question_in_between(app: App, counted: Counted) -> None:
    wang = Person(app.assistant, "wang", "web")
    wang.says(f"绑定 {contact_code(app)}", "跳过", "跳过", "填报", "2026Q4", "全部")
    wang.says("补贴多少钱")
    statements = counted(lambda: wang.says("补贴多少钱"))
    assert 0 < len(statements) <= QUESTION, statements


def test_the_same_message_again_is_read_only_once(app: App, counted: Counted) -> None:
    li = Person(app.assistant)
    li.says("补贴多少钱", id="m1")
    assert len(counted(lambda: li.says("补贴多少钱", id="m1"))) == 2


def test_nobody_ends_a_transaction_that_others_may_share() -> None:
    for room in ("storage", "bot"):
        for path in (ROOT / room).rglob("*.py"):
            if path.name != "group_commit.py":
                text = path.read_text(encoding="utf-8")
                assert "connection.rollback(" not in text and "connection.commit(" not in text, path


def test_no_outcome_rests_on_what_a_driver_counts() -> None:
    for room in ("storage", "bot"):
        for path in (ROOT / room).rglob("*.py"):
            assert ".rowcount" not in path.read_text(encoding="utf-8"), path


def test_rows_written_are_those_given_back(either_app: App) -> None:
    Person(either_app.assistant).says("补贴多少钱", "菜单")
    with transaction(either_app.engine) as connection:
        assert affected(connection, update(turn).values(said=None)) == 2
        assert affected(connection, update(turn).where(turn.c.id < 0).values(said=None)) == 0


def test_a_compiled_statement_gives_what_the_usual_way_gives(either_app: App) -> None:
    Person(either_app.assistant).says("补贴多少钱")
    query = select(turn)
    with transaction(either_app.engine, read_only=True) as connection:
        usual = connection.execute(query).one()
        compiled = Statement(query).first(connection, {})
    assert tuple(compiled) == tuple(usual)
    assert compiled.at == usual.at
    assert compiled.at.tzinfo is not None
    assert compiled.at.date() == NOON.date()


def test_values_of_the_statement_itself_are_written_into_it(app: App, counted: Counted) -> None:
    """A partial index asks for a constant: with a value to bind SQLite plans anew at each execution."""
    wanted = Statement(select(turn.c.id).where(turn.c.said == "它说'?", turn.c.sender == bindparam("who")))
    plain = Statement(select(turn.c.id).where(turn.c.said == "它说'好'", turn.c.sender == bindparam("who")))
    Person(app.assistant, "li").says("它说'?", "它说'好'")
    with transaction(app.engine, read_only=True) as connection:
        for statement, bound in ((wanted, 2), (plain, 1)):
            assert len(statement.all(connection, {"who": "li"})) == 1
            assert statement.all(connection, {"who": "wang"}) == []
            compiled = statement._of(connection)
            assert compiled is not None
            assert len(compiled.binds) == bound


def test_a_list_of_values_is_refused_when_it_is_compiled(app: App) -> None:
    statement = Statement(select(turn.c.id).where(turn.c.id.in_([1, 2])))
    with transaction(app.engine, read_only=True) as connection, pytest.raises(TypeError):
        statement.all(connection, {})
