"""Who speaks for an institution: colleagues, handing over, several channels, several institutions."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.app import App
from storage.connections.database import transaction
from storage.people import people
from storage.reports import reports
from storage.schema.core import institution
from tests.conftest import contact_code, office_code
from tests.support.talk import Person

Q4 = "2026Q4"
LINE = "大数据 3 2 120 80 60 90000"


def code_in(person: Person) -> str:
    found = re.search(r"绑定 (\S+)", person.text)
    assert found is not None
    return found[1]


@pytest.fixture
def wang(either_app: App) -> Person:
    person = Person(either_app.assistant, "wang")
    person.says(f"绑定 {contact_code(either_app)}", "王芳", "跳过")
    return person


def colleague(app: App, wang: Person, sender: str = "zhao", name: str = "赵强") -> Person:
    wang.says("联系人")
    wang.presses("邀请同事")
    person = Person(app.assistant, sender)
    person.says(f"绑定 {code_in(wang)}", name, "跳过")
    return person


def speakers(app: App) -> list[int]:
    with transaction(app.engine, read_only=True) as connection:
        return [m.person_id for m in people.contacts(connection, 1)]


def test_a_contact_hands_over_and_leaves(either_app: App, wang: Person) -> None:
    wang.says(f"填报 {Q4}", "大数据", "3")
    zhao = colleague(either_app, wang)
    assert len(speakers(either_app)) == 2
    zhao.says("填报", Q4)
    assert "大数据 2/6" in zhao.text  # goes on where she was
    wang.says("联系人")
    wang.presses("我不再负责")
    wang.presses("确定退出")
    assert len(speakers(either_app)) == 1
    wang.says("填报")
    assert "绑定" in wang.text
    zhao.says("2")
    with transaction(either_app.engine, read_only=True) as connection:
        assert reports.snapshot(connection, 1, Q4).rows["大数据"]["subsidised_classes"] == 2


def test_the_last_contact_does_not_leave(either_app: App, wang: Person) -> None:
    wang.says("联系人")
    wang.presses("我不再负责")
    assert "唯一" in wang.text
    wang.presses_token("co:leave!:1")
    assert len(speakers(either_app)) == 1


def test_who_came_first_removes_who_came_later_and_not_the_other_way(either_app: App, wang: Person) -> None:
    zhao = colleague(either_app, wang)
    zhao.says("联系人")
    assert not [label for label in zhao.labels if label.startswith("移除")]
    zhao.presses_token("co:out!:1")
    assert len(speakers(either_app)) == 2
    wang.says("联系人")
    wang.presses("移除 赵强")
    assert len(speakers(either_app)) == 2  # asked first
    wang.presses("确定移除")
    assert len(speakers(either_app)) == 1
    zhao.says("填报")
    assert "绑定" in zhao.text


def test_a_code_not_used_yet_is_made_worthless(either_app: App, wang: Person) -> None:
    wang.says("联系人")
    wang.presses("邀请同事")
    code = code_in(wang)
    wang.says("联系人")
    wang.presses("作废没用的邀请码")
    zhao = Person(either_app.assistant, "zhao")
    zhao.says(f"绑定 {code}")
    assert len(speakers(either_app)) == 1


def test_a_stranger_invites_nobody(either_app: App, wang: Person) -> None:
    sun = Person(either_app.assistant, "sun")
    sun.says(f"绑定 {contact_code(either_app, '环翠职业学校')}", "孙", "跳过")
    sun.presses_token("co:contact:1")
    assert "绑定" not in sun.text
    sun.presses_token("co:out!:1")
    assert len(speakers(either_app)) == 1


def test_a_code_of_a_closed_institution_is_refused(either_app: App, wang: Person) -> None:
    code = contact_code(either_app)
    with transaction(either_app.engine) as connection:
        connection.execute(update(institution).values(closed_at=wang.now))
    zhao = Person(either_app.assistant, "zhao")
    zhao.says(f"绑定 {code}")
    assert "停用" in zhao.text


# Several channels


def test_one_person_goes_on_at_another_channel(either_app: App, wang: Person) -> None:
    wang.says(f"填报 {Q4}", "大数据", "3")
    wang.says("换个渠道")
    phone = Person(either_app.assistant, "777", channel="telegram")
    phone.says(f"绑定 {code_in(wang)}")
    phone.says("继续填报")
    assert "大数据 2/6" in phone.text
    phone.says("2", "120")
    wang.says("继续填报")
    assert "大数据 4/6" in wang.text
    assert "同事" not in wang.text  # it was she herself
    assert len(speakers(either_app)) == 1
    wang.says("80", "60", "90000", "提交", "提交")
    assert "系统已收到" in wang.text


def test_an_answer_for_a_step_that_passed_elsewhere_goes_to_its_cell(either_app: App, wang: Person) -> None:
    wang.says(f"填报 {Q4}", "大数据", "3")
    wang.says("换个渠道")
    phone = Person(either_app.assistant, "777", channel="telegram")
    phone.says(f"绑定 {code_in(wang)}", "填报", Q4, "2")
    wang.says("继续填报")
    assert "大数据 3/6" in wang.text


def test_a_link_is_for_once_for_a_quarter_of_an_hour_and_for_the_newest(
    either_app: App, wang: Person
) -> None:
    wang.says("换个渠道")
    old = code_in(wang)
    wang.says("换个渠道")
    new = code_in(wang)
    phone = Person(either_app.assistant, "777", channel="telegram", now=wang.now)
    phone.says(f"绑定 {old}")
    assert "已换成新的" in phone.text
    phone.says(f"绑定 {new}")
    assert "连上了" in phone.text
    third = Person(either_app.assistant, "888", channel="telegram", now=wang.now)
    third.says(f"绑定 {new}")
    assert "连上了" not in third.text
    wang.says("换个渠道")
    third.now += timedelta(minutes=20)
    third.says(f"绑定 {code_in(wang)}")
    assert "连上了" not in third.text
    third.says("填报")
    assert "绑定" in third.text


def test_who_speaks_for_institutions_keeps_them_when_sent_a_colleagues_code(
    either_app: App, wang: Person
) -> None:
    phone = Person(either_app.assistant, "777", channel="telegram")
    phone.says(f"绑定 {contact_code(either_app)}", "赵强", "跳过")
    phone.says(f"绑定 {contact_code(either_app, '环翠职业学校')}")
    wang.says("换个渠道")
    phone.says(f"绑定 {code_in(wang)}")
    assert "环翠职业学校" in phone.text  # what stays here is named
    assert len(speakers(either_app)) == 2
    phone.says("填报")
    assert {"威海数字培训学校", "环翠职业学校"} <= set(phone.labels)


def test_a_channel_is_parted_again(either_app: App, wang: Person) -> None:
    wang.says("换个渠道")
    phone = Person(either_app.assistant, "777", channel="telegram")
    phone.says(f"绑定 {code_in(wang)}")
    wang.says("我的账号")
    wang.presses("断开Telegram")
    phone.says("填报")
    assert "绑定" in phone.text
    wang.says("填报")
    assert "哪个季度" in wang.text
    wang.presses_token("ac:drop:1")  # the one she is on
    wang.says("填报")
    assert "哪个季度" in wang.text


# Several institutions


def test_who_speaks_for_several_is_asked_which(either_app: App, wang: Person) -> None:
    wang.says(f"绑定 {contact_code(either_app, '环翠职业学校')}")
    wang.says("填报")
    assert {"威海数字培训学校", "环翠职业学校"} <= set(wang.labels)
    wang.presses("环翠职业学校")
    wang.says(Q4, LINE, "提交", "提交")
    assert "2026Q4-0002-01" in wang.text
    wang.says("填报", "威海数字培训学校", Q4)
    assert "哪些职业" in wang.text


def test_the_office_code_of_a_head_lifts_staff(either_app: App) -> None:
    zhang = Person(either_app.assistant, "zhang")
    zhang.says(f"绑定 {office_code(either_app, 'staff')}", f"绑定 {office_code(either_app, 'head')}")
    zhang.says("邀请同事")
    assert "绑定" in zhang.text


def test_who_sends_the_own_code_again_is_bound_already(app: App, talk: Callable[..., Person]) -> None:
    wang, code = talk("wang"), contact_code(app)
    wang.says(f"绑定 {code}", "王芳", "跳过")
    for _ in range(8):  # and it is no wrong attempt
        wang.says(f"绑定 {code}")
        assert "已经绑定" in wang.text
    li = talk("li")
    li.says(f"绑定 {code}")
    assert "已经用过" in li.text
