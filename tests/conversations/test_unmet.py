"""What was not quite answered is counted for the office: by topic and week, never what was said."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.app import App
from storage.connections.database import transaction
from storage.desk.weeks import last_weeks, week_of
from storage.monitoring import counted as counters
from storage.schema.counted import counted as table
from tests.support.talk import NOON, Person

Talk = Callable[..., Person]


GUESSED = "来个提醒呗到时候"  # 开班通知, as far as one can tell


def counted(app: App) -> dict[tuple[str, str], int]:
    app.assistant.counts.write(app.engine, NOON)
    with transaction(app.engine, read_only=True) as connection:
        rows = connection.execute(select(table)).all()
    return {(depth, topic): n for _, _, kind, topic, depth, n in rows if kind in ("question", "job")}


def test_answers_that_are_near_are_counted_by_topic(talk: Talk, app: App) -> None:
    li, wu = talk("li"), talk("wu")
    li.says("合格证丢了怎么补")
    wu.says("合格证丢了咋补办")
    li.says("检查组的人要穿制服吗")
    li.says("退休了能参加吗")  # right to the point: not counted
    found = counted(app)
    assert found["near", "completion-certificate"] == 2
    assert found["unsure", "inspection"] == 1
    assert ("near", "retirees") not in found
    assert found["exact", "retirees"] == 1


def test_a_job_that_was_only_guessed_is_counted(talk: Talk, app: App) -> None:
    li = talk()
    li.says(GUESSED)
    assert "jobs/offer.j2" in li.templates
    assert [depth for depth, _ in counted(app)] == ["guessed"]


def test_the_same_message_again_is_counted_once(talk: Talk, app: App) -> None:
    li = talk()
    li.says("合格证丢了怎么补", id="m1")
    li.says("合格证丢了怎么补", id="m1")
    assert counted(app)["near", "completion-certificate"] == 1


def test_the_office_reads_the_counts_and_no_words(talk: Talk, officer: Person, app: App) -> None:
    talk("li").says("合格证丢了怎么补，我叫王小明")
    app.assistant.counts.write(app.engine, NOON)
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


def test_a_message_that_is_undone_is_not_counted(
    talk: Talk, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("bot.assistant.messages.save_conversation", fails)
    talk().says("合格证丢了怎么补")
    assert counted(app) == {}


def test_how_far_people_come_in_a_check_is_counted(talk: Talk, app: App) -> None:
    li = talk()
    li.says("我能不能参加培训", "没有退休", "上一步", "没有退休")
    app.assistant.counts.write(app.engine, NOON)
    with transaction(app.engine, read_only=True) as connection:
        found = {r.depth: r.count for r in counters.by_topic(connection, [week_of(NOON)], "dialog")}
    assert found["begun"] == found["asked:retired"] == found["told:retired"] == 1
    assert "finished" not in found


def test_weeks_go_and_are_forgotten(either_app: App) -> None:
    def key(back: int) -> counters.Key:
        return (week_of(NOON - timedelta(weeks=back)), "web", "question", "who", "unsure")

    with transaction(either_app.engine) as connection:
        counters.add(connection, {key(6): 1, key(0): 1})
        counters.add(connection, {key(0): 2, key(counters.WEEKS_KEPT + 1): 5})
        for weeks, many in ((4, 3), (8, 4)):
            (one,) = counters.by_topic(connection, last_weeks(NOON, weeks), "question")
            assert (one.topic, one.depth, one.count) == ("who", "unsure", many)
        assert counters.forget_old(connection, NOON) == 1
