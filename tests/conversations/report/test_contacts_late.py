"""In time or late: the receipt, the chat, the greeting and the board say the same of a report."""

from __future__ import annotations

import io
from datetime import datetime

import openpyxl
import pytest
from sqlalchemy import insert

from bot.app import App
from bot.documents import export
from policy.calendar.quarters import SHANGHAI, Quarter
from storage.connections.database import transaction
from storage.reports import board, decisions
from storage.schema.office import extension
from tests.conftest import contact_code, office_code
from tests.support.corpus import CORPUS
from tests.support.talk import NOON, Person

Q4 = Quarter(2026, 4)
LINE = "大数据 3 2 120 80 60 90000"
MIDNIGHT = datetime(2027, 1, 1, tzinfo=SHANGHAI)


def day(month: int, number: int) -> datetime:
    return datetime(2027, month, number, 10, tzinfo=SHANGHAI)


@pytest.fixture
def wang(either_app: App) -> Person:
    person = Person(either_app.assistant, "wang")
    person.says(f"绑定 {contact_code(either_app)}", "王芳", "跳过")
    return person


@pytest.fixture
def officer(either_app: App) -> Person:
    person = Person(either_app.assistant, "zhang")
    person.says(f"绑定 {office_code(either_app)}")
    return person


def extend(app: App, until: datetime) -> None:
    with transaction(app.engine) as connection:
        values = {"institution_id": 1, "quarter": str(Q4), "until": until, "reason": "系统迁移"}
        connection.execute(insert(extension).values(**values, at=NOON, person_id=1))


def late_on_board(app: App) -> bool:
    with transaction(app.engine, read_only=True) as connection:
        (line,) = board.lines(connection, str(Q4), MIDNIGHT)
    return line.late


def state_in_export(app: App) -> str:
    with transaction(app.engine, read_only=True) as connection:
        content = export.aggregate(connection, CORPUS.form, str(Q4), False, "quarter", app.keys)
    heads, *rows = openpyxl.load_workbook(io.BytesIO(content))["报送名单"].iter_rows(values_only=True)
    column = heads.index("是否迟报")
    return next(str(row[column]) for row in rows if row[0] == "威海数字培训学校")


def submits(wang: Person) -> str:
    wang.says(f"填报 {Q4}", LINE, "提交", "提交")
    assert "系统已收到" in wang.text
    return wang.text


def test_within_an_extension_is_in_time_everywhere(wang: Person, officer: Person, either_app: App) -> None:
    extend(either_app, day(1, 16))
    wang.now = day(1, 12)
    wang.says("菜单")
    assert "已过截止日" not in wang.text
    assert "1月16日" in wang.text
    assert "迟报" not in submits(wang)
    officer.says("待审")
    officer.presses("威海数字培训学校")
    assert "迟报" not in officer.text
    assert not late_on_board(either_app)
    assert "迟报" not in state_in_export(either_app)


def test_past_the_extension_is_late_everywhere(wang: Person, officer: Person, either_app: App) -> None:
    extend(either_app, day(1, 10))
    wang.now = day(1, 12)
    wang.says("菜单")
    assert "已过截止日" in wang.text
    assert "迟报" in submits(wang)
    officer.says("待审")
    officer.presses("威海数字培训学校")
    assert "迟报" in officer.text
    assert late_on_board(either_app)
    assert "迟报" in state_in_export(either_app)


def test_an_extension_that_ends_before_the_due_time_takes_nothing_away(wang: Person, either_app: App) -> None:
    extend(either_app, datetime(2026, 12, 31, tzinfo=SHANGHAI))
    wang.now = datetime(2026, 12, 31, 20, tzinfo=SHANGHAI)
    assert "迟报" not in submits(wang)
    assert not late_on_board(either_app)


def test_sent_again_after_a_return_is_as_timely_as_it_first_was(
    wang: Person, officer: Person, either_app: App
) -> None:
    assert "按时" in submits(wang)
    officer.says("待审")
    officer.presses("威海数字培训学校")
    officer.presses("退回")
    officer.says("大数据 已培训人数", "和名册差 10 人")
    officer.presses("确认退回")
    wang.now = day(1, 2)
    wang.says(f"填报 {Q4}", "开始改", "130", "提交", "提交")
    assert "系统已收到" in wang.text
    assert "迟报" not in wang.text
    assert "按时" in wang.text
    assert "退回后重报" in wang.text
    officer.says("待审")
    officer.presses("威海数字培训学校")
    assert "迟报" not in officer.text
    assert not late_on_board(either_app)
    assert "迟报" not in state_in_export(either_app)


class TestGreeting:
    """A contact who comes by hears what is missing, whatever was left half-done."""

    def left_half_way(self, wang: Person) -> None:
        wang.says("我能不能参加培训")
        assert wang.labels

    @pytest.mark.parametrize("word", ["你好", "在吗", "菜单"])
    def test_a_check_left_half_way_hides_nothing(self, wang: Person, word: str) -> None:
        wang.now = datetime(2026, 12, 10, 9, tzinfo=SHANGHAI)
        self.left_half_way(wang)
        wang.now = datetime(2026, 12, 28, 9, tzinfo=SHANGHAI)
        wang.says(word)
        assert "还没开始填" in wang.text
        assert "现在填报" in wang.labels

    def test_an_answer_to_what_was_asked_is_not_talked_over(self, wang: Person) -> None:
        self.left_half_way(wang)
        wang.now += (day(1, 2) - NOON) / 2
        wang.presses(wang.labels[0])
        assert "还没开始填" not in wang.text

    def test_last_quarters_is_mentioned_a_month_later(self, wang: Person) -> None:
        wang.now = day(2, 1)
        wang.says("你好")
        assert "2026年第4季度" in wang.text
        assert "已过截止日 32 天" in wang.text
        wang.presses("现在填报")
        wang.says(LINE, "提交", "提交")
        assert "2026Q4-0001-01" in wang.text

    def test_what_is_closed_is_not_asked_for(self, wang: Person, either_app: App) -> None:
        with transaction(either_app.engine) as connection:
            decisions.close_quarter(connection, str(Q4), day(1, 20), 1, NOON)
        wang.now = day(2, 1)
        wang.says("你好")
        assert "还没开始填" not in wang.text
