"""What a copy of the database, or a look into its folder, gives away."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.app import App
from bot.channels.jsonl import take_pushes
from bot.core.messages import Incoming, Outgoing
from bot.core.security import at_rest
from storage.address import Address
from storage.connections.database import transaction
from storage.conversations import messages, outbox
from storage.schema.whole import all_tables
from tests.conftest import contact_code, office_code
from tests.support.processes import bot
from tests.support.talk import NOON, Person
from tests.support.web_visitor import Visitor

CODE = re.compile(r"[A-HJ-NP-Z2-9]{5}-[A-HJ-NP-Z2-9]{5}")
Talk = Callable[..., Person]


def whole(app: App) -> str:
    """Everything that the database holds, as text."""
    with transaction(app.engine, read_only=True) as connection:
        names = [table.name for table in all_tables().sorted_tables]
        return "\n".join(
            str(tuple(row)) for name in names for row in connection.execute(text(f"SELECT * FROM {name}"))
        )


def test_codes_that_we_give_and_codes_that_people_send_are_nowhere_in_clear(talk: Talk, app: App) -> None:
    given = [office_code(app), contact_code(app)]
    zhang, wang = talk("zhang"), talk("wang")
    zhang.says(f"绑定 {given[0]}", "机构和邀请码")
    wang.says(given[1].lower().replace("-", " "), "王芳", "跳过", "联系人")
    wang.presses("邀请同事")
    given += CODE.findall(wang.text)
    wang.says("换个渠道")
    given += CODE.findall(wang.text)
    zhang.says("绑定 AAAAA-BBBBB")
    assert len(given) == 4
    kept = whole(app)
    for code in [*given, "AAAAA-BBBBB"]:
        assert code not in kept
        assert code.replace("-", "") not in kept.upper().replace(" ", "")


def test_a_code_that_waits_to_be_confirmed_is_sealed_and_works(talk: Talk, app: App) -> None:
    li = talk("li")
    li.says("换个渠道")
    joined = talk("li2", channel="web")
    joined.says(CODE.findall(li.text)[0])
    code = contact_code(app)
    joined.says(f"绑定 {code}")
    assert "bind/shared.j2" in joined.templates
    assert code.replace("-", "") not in whole(app)
    joined.presses("都是我本人的")
    assert "bind/contact.j2" in joined.templates


def test_a_link_to_the_desk_is_sealed_and_given_again_to_the_same_message(officer: Person, app: App) -> None:
    officer.says("工作台", id="m1")
    (token,) = re.findall(r"/office/enter/(\S+)", officer.text)
    assert token not in whole(app)
    said = officer.text
    officer.says("工作台", id="m1")
    assert officer.text == said


async def test_the_web_shows_the_code_to_whom_it_was_given(app: App) -> None:
    wang = Visitor(app)
    await wang.opens()
    await wang.says(f"绑定 {contact_code(app)}", "王芳", "跳过", "换个渠道")
    assert CODE.search(wang.ours[-1])
    await wang.opens()
    assert CODE.search(wang.ours[-1])
    assert not any(CODE.search(said) for said in wang.said)


def test_what_waits_to_be_sent_is_opened_when_it_is(app: App) -> None:
    message = Outgoing("绑定 ABCDE-FGHJK\n只能用一次。绑定 KKKKK-22222")
    body = at_rest.to_body(message, app.keys)
    assert not CODE.search(body["text"])
    assert at_rest.from_body(body, app.keys) == message
    address = Address("terminal", "test", "li")
    with transaction(app.engine) as connection:
        messages.enqueue(connection, address, [body], NOON)
        assert outbox.waiting(connection, address)
    (shown,) = take_pushes(app.assistant, Incoming(address, "m", NOON))
    assert shown == message


def test_my_data_holds_no_code(talk: Talk, app: App) -> None:
    li = talk()
    li.says("换个渠道", "我的数据")
    content = app.files.content(li.files[0]).decode()
    assert "绑定 ●●●●●" in content
    assert not CODE.search(content)


@pytest.mark.parametrize("before", [False, True])
def test_the_database_and_the_data_are_readable_to_the_service_only(tmp_path: Path, before: bool) -> None:
    if before:  # an earlier version left it open
        assert bot(tmp_path, "invite", "--office").returncode == 0
        (tmp_path / "bot.sqlite3").chmod(0o644)
        (tmp_path / "data").chmod(0o755)
    old = os.umask(0o022)
    try:
        assert bot(tmp_path, "invite", "--office").returncode == 0
    finally:
        os.umask(old)
    for path in [tmp_path / "bot.sqlite3", *(tmp_path / "data").rglob("*"), tmp_path / "data"]:
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path
