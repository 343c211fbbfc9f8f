"""A code as people pass it on, and who fills the form in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.app import App
from bot.core.security.one_time_code import code_in
from bot.features.people.telephones import NotATelephone, find_telephone
from storage.connections.database import transaction
from storage.people import people
from storage.schema.core import account, invite
from tests.conftest import contact_code
from tests.support.talk import Person

Talk = Callable[..., Person]


@pytest.mark.parametrize(
    "said",
    [
        "绑定 {}",
        "绑定码是 {}",
        "我是威海职业学院的，邀请码 {}",
        "您好！邀请码：{}，谢谢",
        "“{}”",
        "绑定{}",
        "/start {}",
        "bind code: {} 绑定",
    ],
)
@pytest.mark.parametrize(
    "written",
    [
        lambda c: c,
        str.lower,
        lambda c: c.replace("-", " "),
        lambda c: c.replace("-", ""),
        lambda c: c.replace("-", " - "),
        lambda c: c.replace("-", "—"),
        lambda c: "".join(chr(ord(x) + 0xFEE0) for x in c),  # full width
    ],
)
def test_a_code_is_understood_however_it_is_passed_on(
    talk: Talk, app: App, said: str, written: Callable[[str], str]
) -> None:
    li = talk()
    li.says(said.format(written(contact_code(app))))
    assert "绑定成功" in li.text


@pytest.mark.parametrize(
    "said", ["大数据 3 2 120 80 60 90000", "VR 3 2 22 8 6 99", "什么是邀请码", "邀请码 23456 78923", "您好"]
)
def test_what_is_no_code_is_not_taken_for_one(said: str) -> None:
    assert code_in(said) is None


def test_a_code_that_is_over_says_so_and_whom_to_ask(talk: Talk, app: App) -> None:
    used, old, taken_back = (contact_code(app) for _ in range(3))
    talk("wang").says(f"绑定 {used}")
    with transaction(app.engine) as connection:
        connection.execute(
            update(invite)
            .where(invite.c.code_hash == people.hash_code(old, app.keys.codes))
            .values(expires_at=talk("x").now - timedelta(days=1))
        )
        connection.execute(
            update(invite)
            .where(invite.c.code_hash == people.hash_code(taken_back, app.keys.codes))
            .values(revoked_at=talk("x").now)
        )
    li = talk()
    for code, why in ((used, "已经用过"), (old, "已经过期"), (taken_back, "已经作废")):
        li.says(f"绑定 {code}")
        assert why in li.text and "管理科" in li.text
    li.says("绑定 AAAAA-BBBBB")
    assert "没有这个邀请码" in li.text
    li.says("绑定 AAAAA-BBBBB", f"绑定 {contact_code(app)}")
    assert "后再试" in li.text  # what is over counts as wrong too


def test_a_channels_code_that_is_over_says_where_to_get_another(contact: Person, app: App) -> None:
    def code() -> str:
        contact.says("换个渠道")
        return contact.text.split("绑定 ")[1].split()[0]

    first, second = code(), code()
    phone = Person(app.assistant, "777", channel="telegram", now=contact.now)
    phone.says(f"绑定 {first}")
    assert "已换成新的" in phone.text and "换个渠道" in phone.text
    phone.now += timedelta(minutes=20)
    phone.says(f"绑定 {second}")
    assert "已经过期" in phone.text and "换个渠道" in phone.text


NUMBERS = [
    ("13800138000", "13800138000"),
    ("１３８００１３８０００", "13800138000"),
    ("138 0013 8000", "13800138000"),
    ("+86 138-0013-8000", "13800138000"),
    ("张三 13800138000", "13800138000"),
    ("手机：13800138000", "13800138000"),
    ("0631-5231234", "0631-5231234"),
    ("06315231234", "0631-5231234"),
    ("（0631）5231234-801", "0631-5231234转801"),
    ("0631 5231234 转 801", "0631-5231234转801"),
    ("0631-5231234 分机801", "0631-5231234转801"),
    ("+86 631 5231234", "0631-5231234"),
    ("5231234", "5231234"),
    ("400-123-4567", "400-123-4567"),
]


def profile(app: App, name: str) -> tuple[str | None, str | None]:
    with transaction(app.engine, read_only=True) as connection:
        person = connection.execute(account.select().where(account.c.sender == name)).one().person_id
        kept = people.profile(connection, person)
    return kept.name, app.keys.open(kept.telephone)


@pytest.mark.parametrize(("typed", "number"), NUMBERS)
def test_a_telephone_as_people_write_it(talk: Talk, app: App, typed: str, number: str) -> None:
    wang = talk("wang")
    wang.says(f"绑定 {contact_code(app)}", "王芳", typed)
    assert profile(app, "wang") == ("王芳", number)


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("1380013800", "digits"),
        ("370602199001011234", "digits"),
        ("没有", "none"),
        ("13800138000/0631-5231234", "several"),
    ],
)
def test_what_is_no_telephone_gets_a_sentence(talk: Talk, app: App, typed: str, reason: str) -> None:
    with pytest.raises(NotATelephone, match=reason):
        find_telephone(typed)
    wang = talk("wang")
    wang.says(f"绑定 {contact_code(app)}", "王芳", typed)
    assert "联系电话" in wang.text  # asked again
    wang.says("13800138000")
    assert profile(app, "wang") == ("王芳", "13800138000")


def test_name_and_telephone_in_one_message(talk: Talk, app: App) -> None:
    wang = talk("wang")
    wang.says(f"绑定 {contact_code(app)}", "13800138000")
    assert profile(app, "wang") == (None, None)
    wang.says("王芳，电话 13800138000")
    assert profile(app, "wang") == ("王芳", "13800138000")
    assert "联系电话：已填" in wang.text
