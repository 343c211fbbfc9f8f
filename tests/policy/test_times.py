"""When a report is due and when a quarter closes: the setting, the office's word, 31 March at midnight."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.app import App, open_app
from bot.features.reminders import send as reminder_sender
from bot.settings import BadSetting, Settings, load_settings
from policy.calendar.quarters import SHANGHAI, Quarter, Times
from storage.connections.database import transaction
from storage.reports import board, decisions
from storage.schema.core import report
from tests.conftest import contact_code, office_code
from tests.support.corpus import CORPUS
from tests.support.office_browser import Browser, at
from tests.support.talk import Person

Q1 = Quarter(2026, 1)
MIDNIGHT = datetime(2026, 4, 1, tzinfo=SHANGHAI)
SECOND = timedelta(seconds=1)


@pytest.fixture
def run_with(tmp_path: Path, database_url: str) -> Iterator[Callable[..., App]]:
    """A app with its own times."""
    made: list[App] = []

    def run(**settings: object) -> App:
        given = {"database_url": database_url, "data_dir": tmp_path / "data", "secret_key": "k" * 32}
        made.append(open_app(Settings(_env_file=None, **given, **settings), CORPUS))  # type: ignore[arg-type]
        return made[-1]

    yield run
    for app in made:
        app.engine.dispose()


def contact(app: App, name: str = "甲学校", channel: str = "terminal") -> Person:
    wang = Person(app.assistant, f"of {name}", channel)
    wang.says(f"绑定 {contact_code(app, name)}", "王芳", "跳过")
    return wang


def submits(wang: Person, moment: datetime) -> bool:
    """Submit the first quarter so that it is applied at that moment; whether the receipt says late."""
    wang.now = moment - 9 * SECOND
    wang.says("填报 2026Q1", "大数据 3 2 120 80 60 90000", "提交")
    wang.now = moment - SECOND
    wang.presses("确认提交")
    assert "编号" in wang.text
    return "迟报" in wang.text


def late_on_board(app: App) -> int:
    with transaction(app.engine, read_only=True) as connection:
        return len(board.lines(connection, str(Q1), app.settings.times.due(Q1), late=True))


@pytest.mark.parametrize(
    ("due", "moment", "late"),
    [
        ("24:00", MIDNIGHT - SECOND, False),
        ("24:00", MIDNIGHT, True),
        ("24:00", datetime.fromisoformat("2026-03-31T15:59:59+00:00"), False),
        ("24:00", datetime.fromisoformat("2026-03-31T16:00:00+00:00"), True),
        ("17:30", datetime(2026, 3, 31, 17, 29, 59, tzinfo=SHANGHAI), False),
        ("17:30", datetime(2026, 3, 31, 17, 30, tzinfo=SHANGHAI), True),
    ],
)
def test_late_begins_at_the_due_time_everywhere(
    run_with: Callable[..., App], due: str, moment: datetime, late: bool
) -> None:
    app = run_with(report_due=due)
    assert submits(contact(app), moment) is late
    assert late_on_board(app) == int(late)
    officer = Person(app.assistant, "zhang", now=moment)
    officer.says(f"绑定 {office_code(app)}", "进度 2026Q1")
    assert ("迟报" in officer.text) is late


def test_late_is_not_locked_and_the_first_time_never_moves(run_with: Callable[..., App]) -> None:
    app = run_with()
    wang = contact(app)
    assert not submits(wang, MIDNIGHT - SECOND)
    wang.now = MIDNIGHT + timedelta(days=40)
    wang.says("填报 2026Q1")
    wang.presses("更正")
    wang.says("少报一个班", "大数据 4 2 120 80 60 90000", "提交")
    wang.presses("确认提交")
    with transaction(app.engine, read_only=True) as connection:
        assert connection.execute(select(report.c.first_submitted_at)).scalar_one() == MIDNIGHT - SECOND
    assert late_on_board(app) == 0


class TestClosing:
    def test_by_default_never(self, run_with: Callable[..., App]) -> None:
        assert submits(contact(run_with()), MIDNIGHT + timedelta(days=300))

    def test_after_so_many_days(self, run_with: Callable[..., App]) -> None:
        app = run_with(report_closes=15)
        wang, xu = contact(app), contact(app, "乙学校")
        assert submits(wang, MIDNIGHT + timedelta(days=15) - SECOND)
        xu.now = MIDNIGHT + timedelta(days=15)
        xu.says("填报 2026Q1")
        assert "4月15日24:00" in xu.text
        with transaction(app.engine, read_only=True) as connection:
            assert board.lines(connection, str(Q1), MIDNIGHT, states=("missing",))[0].name == "乙学校"

    def test_a_draft_open_at_the_closing_stays_and_is_not_submitted(
        self, run_with: Callable[..., App]
    ) -> None:
        app = run_with(report_closes=0)
        wang = contact(app)
        wang.now = MIDNIGHT - 30 * SECOND
        wang.says("填报 2026Q1", "大数据 3 2 120 80 60 90000", "提交")
        wang.now = MIDNIGHT
        wang.presses("确认提交")
        assert "编号" not in wang.text
        with transaction(app.engine, read_only=True) as connection:
            assert board.lines(connection, str(Q1), MIDNIGHT, states=("draft",))

    @pytest.mark.parametrize("days", [-5, 30])
    def test_the_offices_own_word_stands_before_the_setting(
        self, run_with: Callable[..., App], days: int
    ) -> None:
        app = run_with(report_closes=15)
        wang = contact(app)
        head = Person(app.assistant, "zhang")
        head.says(f"绑定 {office_code(app)}")
        with transaction(app.engine) as connection:
            decisions.close_quarter(connection, str(Q1), MIDNIGHT + timedelta(days=days), 1, MIDNIGHT)
        wang.now = MIDNIGHT + timedelta(days=20)
        wang.says("填报 2026Q1")
        assert ("截止" in wang.text) is (days < 20)

    def test_nobody_is_reminded_of_what_is_not_taken_any_more(self, run_with: Callable[..., App]) -> None:
        app = run_with(report_closes=0)
        contact(app, channel="telegram")  # where a reminder reaches
        morning = datetime(2026, 4, 1, 10, tzinfo=SHANGHAI)
        assert reminder_sender.send_due(app.engine, CORPUS.holidays, morning, times=app.settings.times) == (
            0,
            [],
        )
        assert reminder_sender.send_due(app.engine, CORPUS.holidays, morning, times=Times())[0] == 1

    def test_an_extension_runs_on_after_the_closing_and_is_not_called_late(
        self, run_with: Callable[..., App]
    ) -> None:
        app = run_with(report_closes=0)
        wang = contact(app)
        with transaction(app.engine) as connection:
            decisions.extend(
                connection, 1, str(Q1), MIDNIGHT + timedelta(days=5), "住院", 1, MIDNIGHT, MIDNIGHT
            )
        morning = datetime(2026, 4, 1, 10, tzinfo=SHANGHAI)
        assert reminder_sender.send_due(app.engine, CORPUS.holidays, morning, times=app.settings.times) == (
            0,
            [],
        )
        assert submits(wang, MIDNIGHT + timedelta(days=4)) is False


async def test_the_office_closes_a_quarter_in_the_browser(
    app: App, contact: Person, officer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, officer.now)
    browser = await Browser(app).enters(officer)
    await browser.opens("/office?quarter=2026Q3")
    await browser.submits("/office/closing/2026Q3", day="2026-13-01")
    assert browser.status == 422
    await browser.submits("/office/closing/2026Q3", day="2026-12-01")
    assert browser.status == 200
    contact.says("填报 2026Q3")
    assert "12月1日24:00" in contact.text
    await browser.submits("/office/closing/2026Q3", day="")
    contact.says("填报 2026Q3")
    assert "哪些职业" in contact.text


@pytest.mark.parametrize("value", ["25:00", "00:00", "17.30", "下午五点"])
def test_a_bad_time_stops_the_start(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_REPORT_DUE", value)
    with pytest.raises(BadSetting, match="BOT_REPORT_DUE"):
        load_settings()


class TestEveryWayInMeetsTheClosing:
    """A quarter that is closed says so, whichever way figures and files come."""

    @pytest.fixture
    def wang(self, run_with: Callable[..., App]) -> Person:
        app = run_with(report_closes=0)
        wang = contact(app)
        wang.now = MIDNIGHT + timedelta(days=2)
        return wang

    def test_a_line_of_figures_alone(self, wang: Person) -> None:
        wang.says("大数据 3 2 120 80 60 90000")
        assert "截止" in wang.text or "2026Q2" in wang.text
        assert "事件编号" not in wang.text

    def test_a_page_from_an_old_button(self, wang: Person) -> None:
        for token in (
            "pg:1:2026Q1",
            "pgt:1:2026Q1:practice",
            "pre:1:2026Q1",
            "fix:1:2026Q1",
            "fill:1:2026Q1",
        ):
            wang.presses_token(token)
            wang.says("好经验：线上线下结合")
            assert "编号" not in wang.text, token

    def test_words_to_add_an_occupation(self, wang: Person) -> None:
        wang.says("填报 2026Q1", "大数据", "本季度无培训", "提交")
        assert "编号" not in wang.text
