"""A result one keeps: shown with every verdict, kept only where that is asked for, and then one's own."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot.app import App
from bot.assistant import Assistant
from bot.core.messages import FileRef
from bot.documents.store import SAVED_CARD, FileGone
from storage.connections.database import transaction
from storage.data_kinds import kept_for
from storage.people import cards
from storage.schema.cards import card
from storage.schema.core import conversation, fact
from tests.policy.test_dated_rules import TWO_YEARS
from tests.support.talk import NOON, Person

Talk = Callable[..., Person]
ELIGIBLE = ("我能不能参加培训", "没有退休", "是", "正在从事数字技术工作")
CLAIMED = ("我能不能领培训补贴", "已取得专业技术等级证书", "纳入了", "2026年3月5日")


def kept(app: App) -> int:
    with transaction(app.engine, read_only=True) as connection:
        return connection.execute(select(func.count()).select_from(card)).scalar_one()


def number_in(person: Person) -> str:
    found = re.search(r"[A-Z]\d[A-Z]\d-[A-Z]\d[A-Z]\d", person.text)
    assert found is not None
    return found[0]


def saved(person: Person, *asked: str) -> str:
    person.says(*(asked or ELIGIBLE))
    person.presses("结果卡")
    person.presses("保存")
    return number_in(person)


def page(app: App, person: Person) -> str:
    (file,) = person.files
    return app.files.content(file).decode()


def test_every_verdict_has_a_card_and_nothing_is_kept_before_it_is_asked_for(talk: Talk, app: App) -> None:
    li = talk()
    li.says(*ELIGIBLE)
    li.presses("结果卡")
    assert li.templates == ["check/card.j2"]
    number = number_in(li)
    shown = page(app, li)
    for told in (number, "2026-12-30", "威人社函〔2023〕25号", "没有退休", "可以参加", "培训机构报名"):
        assert told in shown
    for where in (
        "<p>自助测算结果，不作为办理任何事项的凭证",
        "<footer>自助测算结果，不作为办理任何事项的凭证",
    ):
        assert where in shown  # the foot is printed on every page
    assert kept(app) == 0
    li.presses("保存")
    assert kept(app) == 1
    assert number_in(li) == number


def test_the_word_keeps_it_too_and_twice_is_once(talk: Talk, app: App) -> None:
    li = talk()
    li.says("保存")
    assert kept(app) == 0  # nothing stands here
    li.says(*ELIGIBLE, "保存结果")
    li.says("保存结果")
    assert kept(app) == 1


def test_a_kept_card_is_opened_by_its_owner_only(talk: Talk, app: App) -> None:
    li, wang = talk(), talk("wang")
    number = saved(li)
    li.says("我的结果")
    assert number in li.labels
    li.presses(number)
    assert li.templates == ["check/card_kept.j2"]
    (file,) = li.files
    assert "可以参加" in app.files.content(file).decode()
    for tried in (f"card.open:{number}", f"card.again:{number}", f"card.drop:{number}"):
        wang.presses_token(tried)
        assert wang.templates == ["check/messages.card_gone"]
    wang.says(number.lower())
    assert wang.templates == ["check/messages.card_gone"]
    assert kept(app) == 1
    li.says(f"编号{number}")
    assert li.templates == ["check/card_kept.j2"]
    owner = int(file.args["person"])
    assert app.files.may_have(owner, file)
    assert not app.files.may_have(owner + 1, file)


def test_the_number_is_no_telephone_number_and_stays_the_same(talk: Talk) -> None:
    li = talk()
    numbers = set()
    for answers in (ELIGIBLE, CLAIMED):
        li.says(*answers)
        li.presses("结果卡")
        numbers.add(number_in(li))
        before = number_in(li)
        li.presses("回到结论")
        li.presses("结果卡")
        assert number_in(li) == before
    assert len(numbers) == 2


def test_a_card_is_deleted_after_a_question(talk: Talk, app: App) -> None:
    li = talk()
    number = saved(li)
    li.presses_token(f"card.open:{number}")
    (file,) = li.files
    li.presses("删除")
    assert kept(app) == 1
    li.presses("确认删除")
    assert li.templates == ["check/messages.card_deleted"]
    assert kept(app) == 0
    with pytest.raises(FileGone):
        app.files.content(FileRef(SAVED_CARD, file.name, file.args))


def test_twelve_months_at_most(talk: Talk, app: App) -> None:
    li = talk()
    number = saved(li)
    li.now = NOON + kept_for("cards") + timedelta(minutes=2)
    li.presses_token(f"card.open:{number}")
    assert li.templates == ["check/messages.card_gone"]  # also where the purge has not run
    with transaction(app.engine) as connection:
        assert cards.forget_old(connection, li.now - kept_for("cards")) == 1


def test_so_many_and_no_more(talk: Talk, app: App) -> None:
    li = talk()
    for day in range(cards.MOST + 1):
        li.now = NOON + timedelta(days=day)
        li.says(*ELIGIBLE)
        li.says("保存")
    assert kept(app) == cards.MOST
    assert "没有保存" in li.text


def test_of_somebody_else_nothing_is_kept(talk: Talk, app: App) -> None:
    li = talk()
    li.presses_token("who:enrolment:family")
    li.says(*ELIGIBLE[1:])
    li.presses("结果卡")
    assert "保存" not in li.labels
    assert "替家人查" in page(app, li)
    li.says("保存")
    with transaction(app.engine, read_only=True) as connection:
        assert kept(app) == 0
        assert connection.execute(select(func.count()).select_from(fact)).scalar_one() == 0
        assert connection.execute(select(conversation.c.state)).scalar_one()["told"].keys() >= {"retired"}
    li.presses_token("who:enrolment:self")
    with transaction(app.engine, read_only=True) as connection:
        assert connection.execute(select(conversation.c.state)).scalar_one()["told"] == {}


def test_what_was_told_about_others_is_not_known_a_month_later(talk: Talk) -> None:
    li = talk()
    li.presses_token("who:enrolment:family")
    li.says("没有退休", "是")
    assert "目前的工作" in li.text
    li.now += kept_for("conversation") + timedelta(days=1)
    li.says("我能不能参加培训")
    assert "退休" in li.text


def test_again_by_the_rules_of_today(talk: Talk) -> None:
    li = talk()
    number = saved(li, *CLAIMED)
    li.presses_token(f"card.again:{number}")
    assert li.templates == ["check/card_again.j2"]
    assert "没有变" in li.text
    li.now = NOON + timedelta(days=120)
    li.presses_token(f"card.again:{number}")
    assert "有变化" in li.text
    assert "规定没改" in li.text
    assert "您符合通知列出的条件" in li.text


def test_again_after_an_amendment(talk: Talk, app: App) -> None:
    li = talk()
    number = saved(li, *CLAIMED[:-1], "2025年3月5日")
    li.assistant = Assistant(app.engine, app.keys, TWO_YEARS)
    li.presses_token(f"card.again:{number}")
    assert "规定改了" in li.text
    assert "两年内不可重复享受" in li.text


def test_the_record_tells_rule_reasons_and_answers(talk: Talk, app: App) -> None:
    li = talk()
    saved(li)
    with transaction(app.engine, read_only=True) as connection:
        stored = connection.execute(select(card.c.record)).scalar_one()
    assert stored["facts"] == {"retired": "no", "place": "yes", "work": "digital"}
    (one,) = stored["decisions"]
    assert (one["check"], one["outcome"]) == ("enrolment", "eligible")
    assert one["rule"]
    worker, graduate = one["reason"]["parts"]
    assert [leaf["answered"] for leaf in worker["parts"]] == ["no", "yes", "digital"]
    assert (worker["told"], graduate["told"]) == (True, False)


def test_answers_of_a_year_ago_are_shown_as_old(talk: Talk) -> None:
    li = talk()
    li.says(*ELIGIBLE)
    assert "check/old.j2" not in li.text
    assert "一年前的回答" not in li.text
    li.now += timedelta(days=370)
    li.says("我能不能参加培训")
    assert "一年前的回答" in li.text
    assert "2026年12月30日" in li.text
    li.presses("目前的工作 ✎")
    li.says("正在从事数字技术工作")
    assert "目前的工作 ✎" not in li.labels


def test_ones_data_tells_of_cards_and_deletes_them(talk: Talk, app: App) -> None:
    li = talk()
    number = saved(li)
    li.says("我的数据")
    assert number in li.text
    li.says("撤回同意")
    assert kept(app) == 0
    saved(li)
    li.says("删除我的数据", "确认删除")
    assert kept(app) == 0
    saved(li)
    li.says("退出并清除")
    assert kept(app) == 0
    assert "保存的结果卡" in li.text
