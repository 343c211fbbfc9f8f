"""Bad input, and what it gets."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot import router
from bot.app import App
from bot.core.messages import IncomingFile
from storage.address import Address
from storage.connections.database import transaction
from storage.conversations import history
from storage.institutions import roster
from storage.people import people
from storage.privacy import retention
from storage.schema.core import audit, conversation, outbox, turn
from tests.conftest import contact_code, office_code
from tests.support.talk import NOON, Person

Talk = Callable[..., Person]


def said_by(app: App, name: str) -> list[str | None]:
    with transaction(app.engine, read_only=True) as connection:
        return list(connection.execute(select(turn.c.said).where(turn.c.sender == name)).scalars())


@pytest.mark.parametrize("text", ["问" * 10_000, "a\x00b", "坏\ud800字", "", "   \n"])
def test_refused_at_the_door_before_anything_is_stored(talk: Talk, app: App, text: str) -> None:
    li = talk()
    li.says(text)
    assert li.text
    assert said_by(app, "li") == []


@pytest.mark.parametrize(
    "text",
    [
        "😀😀😀",
        "\u202e倒过来\u202c",
        "<script>alert(1)</script>",
        "**粗体** _x_",
        "{{ 7*7 }}",
        "{% for %}",
        "\ue000菜单\ue001m\ue002",
    ],
)
def test_shown_literally_or_refused_never_interpreted(contact: Person, app: App, text: str) -> None:
    contact.says("填报", "2026Q4", "大数据 1 5 10 5 5 5000")  # a free text is asked for
    contact.says(text + "说明文字")
    assert "49" not in contact.text
    assert "菜单" not in contact.labels
    contact.says("修改", "填表人")
    contact.says(text + "王")
    assert "49" not in contact.text


def test_a_file_not_asked_for_gets_a_kind_sentence(talk: Talk) -> None:
    li = talk()
    li.sends(IncomingFile("身份证.jpg", "x", 10))
    assert "身份证.jpg" in li.text
    assert "没有保存" in li.text


@pytest.mark.parametrize(
    "number",
    ["370602199001011234", "37060219900101123X", "6222021234567890123", "13812345678", "138 1234 5678"],
)
def test_private_numbers_are_masked_before_storing(talk: Talk, app: App, number: str) -> None:
    li = talk()
    li.says(f"我的号是{number}能报名吗")
    assert "不需要身份证号" in li.text
    assert all(number not in (said or "") for said in said_by(app, "li"))


def test_wrong_codes_tried_often_are_slowed_down(talk: Talk, app: App) -> None:
    li = talk()
    code = contact_code(app)
    for _ in range(5):
        li.says("绑定 AAAAA-BBBBB")
        assert "没有这个邀请码" in li.text
    li.says(f"绑定 {code}")  # even the right one, now
    assert "后再试" in li.text
    li.now += timedelta(minutes=16)
    li.says(f"绑定 {code}")
    assert "绑定成功" in li.text


def test_a_code_works_once(talk: Talk, app: App) -> None:
    code = contact_code(app)
    first, second = talk("a"), talk("b")
    first.says(code)  # the bare code will do
    assert "绑定成功" in first.text
    second.says(f"/start {code}")
    assert "已经用过" in second.text


def test_office_commands_without_the_right_are_refused_and_recorded(contact: Person, app: App) -> None:
    for text in ["新建机构 某某学校", "邀请码 威海数字培训学校", "汇总 2026Q4", "进度", "机构"]:
        contact.says(text)
        assert "没有这个权限" in contact.text
    contact.presses_token("of:export")
    contact.presses_token("inv:1")
    with transaction(app.engine, read_only=True) as connection:
        denied = connection.execute(select(audit).where(audit.c.action == "office.denied")).all()
    assert len(denied) == 5  # the three typed with a name are one command, recorded once an hour


def test_staff_cannot_make_codes_for_colleagues(talk: Talk, app: App) -> None:
    staff = talk("qian")
    staff.says(f"绑定 {office_code(app, 'staff')}")
    staff.says("邀请同事")
    assert "没有这个权限" in staff.text


def test_the_office_makes_an_institution_and_its_contact_binds(officer: Person, talk: Talk) -> None:
    officer.says("新建机构 威海蓝海职业培训学校")
    code = officer.text.split("邀请码：")[1].split()[0]
    wang = talk("w")
    wang.says(f"绑定 {code}")
    assert "威海蓝海职业培训学校" in wang.text
    officer.says("新建机构")
    officer.says("文登数字学校")
    assert "邀请码：" in officer.text


def listed(app: App) -> list[str]:
    with transaction(app.engine, read_only=True) as connection:
        return [name for _, name in roster.names(connection)]


def test_a_typo_in_the_name_makes_no_institution(officer: Person, contact: Person, app: App) -> None:
    officer.says("邀请码 威海数字培训学院")
    assert "邀请码：" not in officer.text
    assert "威海数字培训学校" in officer.text  # the one that is meant
    officer.says("邀请码 " + "长" * 70)
    assert "邀请码：" not in officer.text
    assert "60" in officer.text
    officer.says("新建机构 " + "长" * 70)
    assert "60" in officer.text
    assert listed(app) == ["威海数字培训学校"]
    officer.says("邀请码 威海　数字培训学校")  # only a blank more: the same one
    assert "邀请码：" in officer.text
    assert listed(app) == ["威海数字培训学校"]


def test_a_name_spelled_with_other_blanks_and_brackets_is_not_made_twice(
    officer: Person, contact: Person, app: App
) -> None:
    officer.says("新建机构 威海 数字培训学校")
    assert "威海数字培训学校" in officer.text
    assert "邀请码：" not in officer.text
    officer.says("新建机构 威海（南海）ＡＢ学校")
    officer.says("新建机构 威海(南海)AB 学校")
    assert listed(app) == ["威海数字培训学校", "威海（南海）AB学校"]
    officer.presses("生成联系人邀请码")
    assert "邀请码：" in officer.text


def test_a_closed_institution_gets_no_code(officer: Person, contact: Person, app: App) -> None:
    with transaction(app.engine) as connection:
        roster.close(connection, 1, "2026Q3", 1, NOON)
    for text in ("邀请码 威海数字培训学校", "新建机构 威海数字培训学校"):
        officer.says(text)
        assert "邀请码：" not in officer.text
        assert "停用" in officer.text
    officer.presses_token("of:code:1")
    assert "邀请码：" not in officer.text
    assert listed(app) == ["威海数字培训学校"]


def test_touching_a_name_in_the_list_asks_before_it_makes_a_code(officer: Person, contact: Person) -> None:
    officer.says("机构")
    officer.presses("威海数字培训学校")
    assert "邀请码：" not in officer.text
    officer.presses("生成")
    assert "邀请码：" in officer.text
    officer.presses_token("of:code:99")
    officer.presses_token("of:code:x")
    assert "邀请码：" not in officer.text


def test_a_fault_of_ours_gives_an_incident_number_and_blocks_nobody(
    talk: Talk, app: App, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    li = talk()
    li.says("我能不能参加培训", "没有退休")
    monkeypatch.setattr(router, "respond", lambda turn: 1 / 0)
    with caplog.at_level(logging.ERROR):
        li.says("我的电话13812345678", id="poison")
    assert "事件编号" in li.text
    number = li.text.split("事件编号 ")[1].split()[0]
    assert number in caplog.text
    assert "13812345678" not in caplog.text
    monkeypatch.undo()
    again = li.says("我的电话13812345678", id="poison")  # redelivered: the same words, applied never
    assert number in again[0].text
    li.says("是")
    assert "目前的工作" in li.text  # nothing entered before is lost


def test_the_same_message_again_is_applied_once_and_answered_alike(talk: Talk, app: App) -> None:
    li = talk()
    first = li.says("我能不能参加培训", id="m1")
    li.says("没有退休", id="m2")
    assert li.says("我能不能参加培训", id="m1") == first
    second = li.says("没有退休", id="m2")
    assert li.says("没有退休", id="m2") == second
    li.says("是", id="m3")
    assert "目前的工作" in li.text
    with transaction(app.engine, read_only=True) as connection:
        assert len(connection.execute(select(turn)).all()) == 3
        assert len(connection.execute(select(outbox)).all()) == 3


def test_the_same_id_from_another_person_is_another_message(talk: Talk) -> None:
    a, b = talk("a"), talk("b")
    a.says("啥时候发的", id="m1")
    b.says("我能不能参加培训", id="m1")
    assert "退休" in b.text


def test_old_turns_are_forgotten_not_young_ones(talk: Talk, app: App) -> None:
    li = talk()
    li.says("啥时候发的")
    li.now += timedelta(days=31)
    li.says("补贴多少钱")
    assert retention.forget_messages(app.engine, li.now - timedelta(days=30)).turns == 1
    with transaction(app.engine) as connection:
        assert len(history.last_lines(connection, Address("terminal", "test", "li"))) == 2
        assert len(connection.execute(select(conversation)).all()) == 1


def test_history_shows_both_sides_in_order(talk: Talk, app: App) -> None:
    li = talk()
    li.says("我能不能参加培训", "没有退休")
    with transaction(app.engine, read_only=True) as connection:
        lines = history.last_lines(connection, Address("terminal", "test", "li"))
    assert [line.said for line in lines if line.said] == ["我能不能参加培训", "没有退休"]
    assert [bool(line.body) for line in lines] == [False, True, False, True]


def test_the_first_heads_code_is_revoked_by_a_restart(talk: Talk, app: App) -> None:
    def start() -> str | None:
        with transaction(app.engine) as connection:
            return people.first_head_code(connection, app.keys.codes, talk().now)

    first, second = start(), start()
    assert first
    assert second
    li = talk()
    li.says(f"绑定 {first}")
    assert "已经作废" in li.text
    li.says(f"绑定 {second}")
    assert "负责人" in li.text
    assert start() is None  # the office has somebody
