"""What was not quite answered is counted for the office: by topic and week, never what was said."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from bot.app import App
from storage.connections.database import transaction
from storage.desk import unmet
from storage.schema.unmet import unmet as table
from tests.support.talk import Person

Talk = Callable[..., Person]


GUESSED = "来个提醒呗到时候"  # 开班通知, as far as one can tell


def counted(app: App) -> dict[tuple[str, str], int]:
    with transaction(app.engine, read_only=True) as connection:
        return {(kind, topic): n for _, kind, topic, n in connection.execute(select(table)).all()}


def test_answers_that_are_near_are_counted_by_topic(talk: Talk, app: App) -> None:
    li, wu = talk("li"), talk("wu")
    li.says("合格证丢了怎么补")
    wu.says("合格证丢了咋补办")
    li.says("检查组的人要穿制服吗")
    li.says("退休了能参加吗")  # right to the point: not counted
    found = counted(app)
    assert found["unwritten", "completion-certificate"] == 2
    assert found["unsure", "inspection"] == 1
    assert ("unwritten", "retirees") not in found


def test_a_job_that_was_only_guessed_is_counted(talk: Talk, app: App) -> None:
    li = talk()
    li.says(GUESSED)
    assert "jobs/offer.j2" in li.templates
    assert [kind for kind, _ in counted(app)] == ["job"]


def test_the_same_message_again_is_counted_once(talk: Talk, app: App) -> None:
    li = talk()
    li.says("合格证丢了怎么补", id="m1")
    li.says("合格证丢了怎么补", id="m1")
    assert counted(app)["unwritten", "completion-certificate"] == 1


def test_the_office_reads_the_counts_and_no_words(talk: Talk, officer: Person) -> None:
    talk("li").says("合格证丢了怎么补，我叫王小明")
    officer.says("问答统计")
    assert officer.templates == ["desk/counted.j2"]
    assert "结业考核和培训合格证书" in officer.text
    assert "王小明" not in officer.text
    officer.says("待答问题")
    officer.presses("问答统计")
    assert officer.templates == ["desk/counted.j2"]


def test_nobody_else_reads_them(talk: Talk) -> None:
    li = talk()
    li.says("问答统计")
    assert "desk/counted.j2" not in li.templates


def test_weeks_go_and_are_forgotten(app: App, talk: Talk) -> None:
    now = talk().now
    with transaction(app.engine) as connection:
        unmet.count(connection, now - timedelta(weeks=6), "unsure", "who")
        unmet.count(connection, now, "unsure", "who")
        unmet.count(connection, now, "unsure", "who")
        assert unmet.most(connection, now, 4, 5) == [unmet.Unmet("unsure", "who", 2)]
        assert unmet.most(connection, now, 8, 5) == [unmet.Unmet("unsure", "who", 3)]
        unmet.count(connection, now + timedelta(weeks=unmet.WEEKS_KEPT), "unsure", "who")
        assert unmet.most(connection, now, unmet.WEEKS_KEPT, 5) == [unmet.Unmet("unsure", "who", 3)]
