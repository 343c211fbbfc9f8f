"""A browser's cookie is no proof for ever: what it opens, how it is left, and how a lost one is made good."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot.app import App
from bot.server import application
from storage.connections.database import transaction
from storage.people import proofs
from storage.schema.core import account, audit, membership, person, turn
from storage.schema.office import office_link
from tests.conftest import contact_code, office_code
from tests.support.talk import NOON, Person
from tests.support.web_visitor import Visitor, count, noon

__all__ = ["noon"]  # a fixture

WORD = "730518"
LINK = re.compile(r"/office/enter/\S+")
CODE = re.compile(r"[A-HJ-NP-Z2-9]{5}-[A-HJ-NP-Z2-9]{5}")


def later(monkeypatch: pytest.MonkeyPatch, visitor: Visitor, app: App, hours: float) -> None:
    """So many hours after noon, in the same browser."""
    monkeypatch.setattr("bot.server.now", lambda: NOON + timedelta(hours=hours))
    visitor.client._transport.app = application(app)  # type: ignore[attr-defined]


async def head(app: App, word: str = "") -> Visitor:
    zhang = await Visitor(app).opens()
    await zhang.says(f"绑定 {office_code(app)}")
    if word:
        await zhang.says("设口令", word)
    return zhang


def actions(app: App) -> list[str]:
    with transaction(app.engine, read_only=True) as connection:
        return list(connection.execute(select(audit.c.action).order_by(audit.c.id)).scalars())


async def test_a_cookie_just_bound_opens_the_desk(app: App) -> None:
    zhang = await head(app)
    await zhang.says("工作台")
    assert LINK.search(zhang.ours[-1])


async def test_an_old_cookie_opens_nothing_without_the_login_word(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    zhang = await head(app, WORD)
    later(monkeypatch, zhang, app, 12.1)
    await zhang.says("工作台")
    assert not LINK.search(zhang.page)
    assert count(app, office_link) == 0
    await zhang.says("111222")  # a wrong one
    assert not LINK.search(zhang.page)
    await zhang.says("工作台", WORD)
    assert LINK.search(zhang.ours[-1])
    await zhang.says("工作台")  # for a day
    assert count(app, office_link) == 2


async def test_wrong_login_words_are_slowed_down(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    zhang = await head(app, WORD)
    later(monkeypatch, zhang, app, 13)
    for _ in range(5):
        await zhang.says("工作台", "111222")
    await zhang.says("工作台")
    assert "试错太多次" in zhang.ours[-1]
    await zhang.says(WORD)
    assert not LINK.search(zhang.page)
    assert count(app, office_link) == 0


async def test_a_login_word_is_kept_nowhere_in_clear(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    zhang = await head(app)
    await zhang.says("设口令", "123456")
    assert "太好猜" in zhang.page
    await zhang.says(WORD)
    later(monkeypatch, zhang, app, 13)
    await zhang.says("工作台", WORD)
    with transaction(app.engine, read_only=True) as connection:
        said = connection.execute(select(turn.c.said)).scalars().all()
        stored = connection.execute(select(person.c.pin)).scalars().all()
    assert not any(WORD in (text or "") for text in [*said, *stored])
    assert WORD not in zhang.page


async def test_without_a_login_word_a_code_from_another_channel_is_the_proof(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    zhang = await head(app)
    await zhang.says("换个渠道")
    (code,) = CODE.findall(zhang.ours[-1])
    phone = Person(app.assistant, "phone", "telegram")
    phone.says(f"绑定 {code}")
    later(monkeypatch, zhang, app, 13)
    await zhang.says("工作台")
    assert not LINK.search(zhang.page)
    await zhang.says("换个渠道")
    (own,) = CODE.findall(zhang.ours[-1])
    await zhang.says(f"绑定 {own}", "工作台")  # one's own code, made in the same browser, proves nothing
    assert not LINK.search(zhang.page)
    phone.now = NOON + timedelta(hours=13)
    phone.says("换个渠道")
    (fresh,) = CODE.findall(phone.text)
    await zhang.says(f"绑定 {fresh}", "工作台")
    assert LINK.search(zhang.ours[-1])
    assert "account.prove" in actions(app)


async def test_an_old_cookie_sets_no_login_word_and_gets_no_recovery_code(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    zhang = await head(app)
    later(monkeypatch, zhang, app, 13)
    await zhang.says("设口令", WORD)
    assert not any(a == "account.pin" for a in actions(app))
    await zhang.says("恢复码")
    assert not CODE.search(zhang.ours[-1])


def test_in_other_channels_links_stay_as_they_were(app: App, officer: Person) -> None:
    officer.now += timedelta(days=90)
    officer.says("工作台")
    assert LINK.search(officer.text)


async def test_leaving_parts_the_browser_from_the_person(app: App) -> None:
    wang = await Visitor(app).opens()
    await wang.says(f"绑定 {contact_code(app)}", "王芳", "跳过", "退出并清除")
    assert count(app, account) == 1  # asked first
    await wang.presses("确定退出")
    assert "不再认得您" in wang.ours[-1]
    assert count(app, account) == 0
    assert count(app, membership) == 1  # the role stays the person's
    await wang.says("填报")
    assert "绑定" in wang.ours[-1]
    assert "威海数字培训学校" not in wang.page
    assert "account.part" in actions(app)


async def test_who_has_no_role_leaves_at_once_and_nothing_stays(app: App) -> None:
    li = await Visitor(app).opens()
    await li.says("我能不能参加培训", "没有退休", "退出并清除")
    assert "已清除" in li.ours[-1]
    assert count(app, account) == 0


async def test_a_recovery_code_brings_a_lost_browser_back_and_ends_the_old_one(app: App) -> None:
    wang = await Visitor(app).opens()
    await wang.says(f"绑定 {contact_code(app)}", "王芳", "跳过", "填报 2026Q4", "大数据 3 2 120 80 60 90000")
    await wang.says("恢复码")
    (code,) = CODE.findall("".join(wang.ours[-2:]))  # the report under way is asked again after it
    await wang.says("换个渠道")  # does not void it
    fresh = await Visitor(app).opens()
    await fresh.says(f"绑定 {code}", "填报")
    assert "威海数字培训学校" in fresh.page
    await wang.says("填报")
    assert "绑定" in wang.ours[-1]  # whoever found the old cookie is nobody
    again = await Visitor(app).opens()
    await again.says(f"绑定 {code}")
    assert "已经用过" in again.ours[-1]
    with transaction(app.engine, read_only=True) as connection:
        detail = connection.execute(select(audit.c.detail).where(audit.c.action == "account.join")).scalar()
    assert detail is not None
    assert detail["recovery"] is True
    assert detail["parted"] == 1


@pytest.mark.parametrize("by", ["colleague", "office"])
async def test_a_second_contact_or_the_office_lets_a_lost_one_in_again(app: App, by: str) -> None:
    wang = await Visitor(app).opens()
    await wang.says(f"绑定 {contact_code(app)}", "王芳", "跳过", "填报 2026Q4", "大数据 3 2 120 80 60 90000")
    if by == "colleague":
        mate = Person(app.assistant, "mate")
        mate.says(f"绑定 {contact_code(app)}", "赵丽", "跳过", "联系人")
        mate.presses("邀请同事")
        (code,) = CODE.findall(mate.text)
    else:
        code = contact_code(app)
    fresh = await Visitor(app).opens()
    await fresh.says(f"绑定 {code}", "王芳", "跳过", "填报 2026Q4")
    assert "120" in fresh.page  # the draft is the institution's
    assert actions(app).count("invite.use") >= 2


async def test_who_was_in_before_the_upgrade_has_time_to_set_a_login_word(app: App) -> None:
    zhang = await head(app)
    with transaction(app.engine) as connection:
        (mine,) = connection.execute(select(account.c.id)).scalars()
        assert proofs.is_fresh(connection, mine, NOON)
        assert connection.execute(select(func.count()).where(account.c.proved_at.is_(None))).scalar() == 0
    await zhang.says("设口令", WORD)
    assert "account.pin" in actions(app)


def test_leaving_and_coming_back_on_both_kinds_of_database(either_app: App) -> None:
    wang = Person(either_app.assistant, "wang", "web")
    wang.says(f"绑定 {contact_code(either_app)}", "王芳", "跳过", "恢复码")
    (code,) = CODE.findall(wang.text)
    wang.says("退出并清除")
    wang.presses("确定退出")
    assert count(either_app, account) == 0
    assert count(either_app, person) == 1
    fresh = Person(either_app.assistant, "fresh", "web")
    fresh.says(f"绑定 {code}")
    assert "account/joined.j2" in fresh.templates
    fresh.says("联系人")
    assert "王芳" in fresh.text
    nobody = Person(either_app.assistant, "nobody", "web")
    nobody.says("补贴多少钱", "退出并清除")
    assert "messages.cleared" in nobody.templates
    assert count(either_app, account) == 1
