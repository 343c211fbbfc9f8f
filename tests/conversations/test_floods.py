"""What somebody, or everybody together, can leave behind for others to read is bounded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot.app import App
from bot.core.security import flood
from bot.core.security.flood import Limit, Tally, is_told
from bot.server import forget_old
from storage.connections.database import transaction
from storage.data_kinds import kept_for
from storage.people import people
from storage.schema.core import account, audit, code_attempt, conversation, person
from storage.schema.questions import complaint, question
from tests.conftest import contact_code
from tests.storage.test_retention import days_pass
from tests.support.talk import NOON, Person

Talk = Callable[..., Person]
UNANSWERED = "老师爱喝咖啡吗"
SIGNS = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥"


def count(app: App, table: object, *where: object) -> int:
    with transaction(app.engine, read_only=True) as connection:
        query = select(func.count()).select_from(table).where(*where)  # type: ignore[arg-type]
        return int(connection.execute(query).scalar_one())


def complain(who: Person) -> None:
    who.says("写一条投诉线索")
    if "complaint/messages.full" not in who.templates:
        who.says("乱收费，还不开发票", "跳过", "匿名", "确认")


def test_one_visitor_fills_the_queue_only_so_far(talk: Talk, app: App) -> None:
    li = talk()
    for sign in (SIGNS * 2)[: flood.QUEUED.each + 5]:
        li.says(f"工程师{sign * 4}帽子发吗{sign}")
    assert count(app, question) <= flood.QUEUED.each
    talk("wang").says(UNANSWERED)
    assert count(app, question, question.c.text == UNANSWERED) == 1


def test_who_asks_for_a_person_too_often_is_told(
    talk: Talk, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.features.questions.queue.HANDED", replace(flood.HANDED, each=2, all=3))
    li, wang, zhao = talk("li"), talk("wang"), talk("zhao")
    for who, said in ((li, "甲事怎么办"), (li, "乙事怎么办"), (wang, "丙事怎么办")):
        who.says(said, "转人工")
        assert "feedback/handed.j2" in who.templates
    for who in (li, zhao):  # their own share, and everybody's
        who.says("丁事怎么办", "转人工")
        assert "feedback/messages.full" in who.templates
    assert count(app, question, question.c.why == "handed") == 3
    li.now += timedelta(days=1)
    li.says("丁事怎么办", "转人工")
    assert "feedback/handed.j2" in li.templates


def test_complaints_are_bounded_for_each_and_for_all(talk: Talk, app: App) -> None:
    li = talk()
    for _ in range(flood.COMPLAINTS.each + 2):
        complain(li)
    assert "complaint/messages.full" in li.templates
    assert count(app, complaint) == flood.COMPLAINTS.each
    complain(talk("wang"))
    assert count(app, complaint) == flood.COMPLAINTS.each + 1


def test_the_same_refusal_again_is_counted_and_no_row_each(talk: Talk, app: App) -> None:
    li = talk()
    for _ in range(25):
        li.presses_token("desk.list:0")
        assert "office/messages.denied" in li.templates
    with transaction(app.engine, read_only=True) as connection:
        rows = connection.execute(select(audit.c.detail).where(audit.c.action == "office.denied")).all()
    assert [row.detail.get("times", 1) for row in rows] == [1, 10]


def test_wrong_codes_of_everybody_are_kept_only_so_far_and_right_ones_work(
    talk: Talk, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "ATTEMPTS_OF_ALL", 6)
    for number in range(10):
        visitor = talk(f"v{number}")
        visitor.says("绑定 AAAAA-AAAAA")
        assert "bind/refused.j2" in visitor.templates
    assert count(app, code_attempt) == 6
    assert count(app, audit, audit.c.action == "invite.refused") == 6
    wang = talk("wang")
    wang.says(f"绑定 {contact_code(app)}")
    assert "bind/contact.j2" in wang.templates


def test_the_desk_drops_all_that_reads_alike(talk: Talk, app: App, officer: Person) -> None:
    for number in range(6):
        talk(f"v{number}").says(f"老师爱喝咖啡吗{number}")
    talk("wang").says("转人工", "老师爱喝咖啡吗九")
    talk("zhao").says("转人工", "盖章件寄到哪里去")
    officer.says("待答问题")
    officer.presses("老师爱喝咖啡吗0")
    officer.presses("相似的都不处理")
    assert "6 个" in officer.text
    officer.presses("确定，都不处理")
    assert "desk/messages.dropped_alike" in officer.templates
    with transaction(app.engine, read_only=True) as connection:
        left = connection.execute(select(question.c.text).where(question.c.state == "open")).scalars().all()
    assert sorted(left) == ["盖章件寄到哪里去", "老师爱喝咖啡吗九"]
    officer.presses_token(f"desk.alike:{1}")
    assert "desk/messages.gone" in officer.templates


def test_a_visitor_who_left_nothing_is_forgotten(either_app: App) -> None:
    app = either_app

    def talk(name: str) -> Person:
        return Person(app.assistant, name)

    talk("nobody").says("补贴多少钱")
    talk("checks").says("我能不能参加培训", "没有退休")
    talk("subscriber").says("有班通知我", "任何职业", "同意")
    talk("asks").says("转人工", "甲事怎么办")
    talk("wang").says(f"绑定 {contact_code(app)}", "跳过", "跳过")
    later = NOON + kept_for("visitors") + timedelta(days=1)
    young = talk("young")
    young.now = later - timedelta(days=1)
    young.says("补贴多少钱")
    people_before = count(app, person)
    days_pass(app, later)
    forget_old(app, later)
    with transaction(app.engine, read_only=True) as connection:
        left = set(connection.execute(select(account.c.sender)).scalars())
    assert left == {"checks", "subscriber", "asks", "wang", "young"}
    assert count(app, conversation) == len(left)
    assert count(app, person) == people_before - 1
    back = talk("nobody")  # comes again, as somebody new
    back.now = later
    back.says("补贴多少钱")
    assert count(app, account, account.c.sender == "nobody") == 1


def test_a_tally_forgets_the_oldest_and_counts_each_window_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flood, "MOST_KEPT", 3)
    tally, limit = Tally(), Limit("x", 1, 10, timedelta(hours=1))
    assert tally.take(limit, 1, NOON)
    assert not tally.take(limit, 1, NOON)
    assert tally.take(limit, 1, NOON + timedelta(hours=1))
    for who in range(10):
        tally.count("y", who, limit.span, NOON)
    assert len(tally._counts) <= 3
    assert [n for n in range(1, 101) if is_told(n)] == [1, 10, 100]
