"""The web chat as a browser without scripts sees it: conversations, identity, storage."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.app import App, open_app
from bot.core.messages import Outgoing
from bot.core.render import words
from bot.settings import Settings
from storage.address import Address
from storage.connections.database import StorageUnavailable, transaction
from storage.conversations import messages
from storage.data_kinds import KINDS
from storage.schema.core import account, turn
from tests.conftest import make_app
from tests.support.corpus import CORPUS
from tests.support.talk import NOON
from tests.support.web_visitor import Visitor, count, li, noon, plain, wang

__all__ = ["li", "noon", "wang"]  # fixtures


# --- a conversation ---


async def test_greeted_answered_and_shown_the_original(li: Visitor) -> None:
    await li.opens()
    assert li.ours[0].startswith("您好")
    await li.says("退休了能报吗")
    assert str(li.response.url).endswith("/#latest")
    assert li.response.history[0].status_code == 303
    assert li.said == ["退休了能报吗"]
    assert li.ours[0].startswith("您好")
    assert "不包含已退休人员" in li.ours[1]
    await li.presses("看原文")
    assert li.said == ["退休了能报吗", "看原文"]
    marked = re.findall(r"<mark>(.*?)</mark>", li.page)
    assert [plain(m) for m in marked] == ["▶各类从业人员（不包含已退休人员）◀"]
    assert li.page.count('id="latest"') == 1


async def test_the_enrolment_check_by_buttons(li: Visitor) -> None:
    await li.opens()
    await li.presses("我能不能参加培训")
    await li.presses("没有退休")
    await li.presses("是，在威海工作")
    await li.presses("正在从事数字技术工作")
    assert "可以参加" in li.ours[-1]
    assert li.said[-1] == "正在从事数字技术工作"
    assert "按通知文字的初步判断，不是认定或审批结果" in li.ours[-1]


async def test_a_button_of_an_earlier_step_is_refused_politely(li: Visitor) -> None:
    await li.opens()
    await li.presses("我能不能参加培训")
    old = li.button("已退休")
    await li.presses("没有退休")
    await li.posts(old)
    assert "该按钮已失效" in li.ours[-1]


async def test_the_menu_button_beside_the_text_field(li: Visitor) -> None:
    await li.opens()
    await li.presses("我能不能参加培训")
    await li.presses("菜单")
    assert li.said[-1] == "菜单"
    assert "想问什么直接打字" in li.ours[-1]


async def test_history_is_there_after_a_restart(li: Visitor, app: App, tmp_path: Path) -> None:
    await li.opens()
    await li.says("退休了能报吗")
    said, ours = li.said, li.ours
    app.engine.dispose()
    later = Visitor(make_app(str(app.engine.url), tmp_path))
    later.client.cookies = li.client.cookies
    await later.opens()
    assert (later.said, later.ours) == (said, ours)


async def test_two_people_do_not_see_each_other(li: Visitor, wang: Visitor) -> None:
    await li.opens()
    await li.says("退休了能报吗")
    await wang.opens()
    assert wang.said == []


# --- applied once ---


async def test_the_same_form_twice_is_applied_once(li: Visitor, app: App) -> None:
    await li.opens()
    form = {**li.composer, "text": "退休了能报吗"}
    await li.posts(form)
    before, turns_before = (li.said, li.ours), count(app, turn)
    await li.posts(form)
    assert (li.said, li.ours) == before
    assert count(app, turn) == turns_before


async def test_going_back_and_saying_something_else_is_another_message(li: Visitor) -> None:
    await li.opens()
    form = li.composer
    await li.posts({**form, "text": "退休了能报吗"})
    await li.posts({**form, "text": "补贴找谁领"})
    assert li.said == ["退休了能报吗", "补贴找谁领"]


async def test_the_same_words_in_a_fresh_form_are_said_again(li: Visitor) -> None:
    await li.opens()
    await li.says("退休了能报吗", "退休了能报吗")
    assert li.said == ["退休了能报吗"] * 2


async def test_the_greeting_is_stored_once_however_often_its_page_is_used(li: Visitor) -> None:
    await li.opens()
    form = li.composer
    assert form["opening"]
    for text in ("退休了能报吗", "补贴找谁领"):
        await li.posts({**form, "text": text})
    assert sum(line.startswith("您好") for line in li.ours) == 1


async def test_looking_at_the_page_leaves_no_trace(li: Visitor, app: App) -> None:
    await li.opens()
    await li.opens()
    assert count(app, account) == 0


async def test_the_privacy_page_is_linked_and_asks_for_nothing(li: Visitor, app: App) -> None:
    await li.opens()
    assert 'href="/privacy"' in li.page
    await li.opens("/privacy")
    assert li.status == 200
    assert "set-cookie" not in li.response.headers
    for kind in KINDS:
        assert words("privacy/title.j2", {"kind": kind.name}) in plain(li.page)
    assert count(app, account) == 0


# --- who is who ---


async def test_the_cookie_is_kept_and_only_its_hash_is_stored(li: Visitor, app: App) -> None:
    await li.opens()
    set_cookie = li.response.headers["set-cookie"]
    for part in ("HttpOnly", "SameSite=lax", "Path=/", "Max-Age="):
        assert part in set_cookie
    assert "Secure" not in set_cookie
    cookie = li.client.cookies["weihai_chat"]
    assert len(cookie) >= 43
    await li.says("退休了能报吗")
    assert li.client.cookies["weihai_chat"] == cookie
    with transaction(app.engine, read_only=True) as connection:
        senders = connection.execute(select(account.c.sender)).scalars().all()
    assert len(senders) == 1
    assert cookie not in senders[0]


@pytest.mark.parametrize(
    ("public", "base"), [("https://chat.example", "http://bot.test"), (None, "https://bot.test")]
)
async def test_the_cookie_is_secure_behind_https(tmp_path: Path, public: str | None, base: str) -> None:
    settings = Settings(
        database_url=f"sqlite:///{tmp_path}/b.sqlite3", data_dir=tmp_path, public_url=public, _env_file=None
    )
    li = await Visitor(open_app(settings, CORPUS), base).opens()
    assert "Secure" in li.response.headers["set-cookie"]


async def test_a_cookie_of_another_make_counts_as_none(li: Visitor) -> None:
    li.client.cookies.set("weihai_chat", "../../etc/passwd")
    await li.opens()
    assert li.status == 200
    assert len(li.client.cookies.get("weihai_chat", domain="bot.test") or "x" * 43) >= 43


async def test_without_a_cookie_nothing_is_applied_and_the_text_is_kept(li: Visitor, app: App) -> None:
    await li.opens()
    form = {**li.composer, "text": "退休了能报吗"}
    li.client.cookies.clear()
    await li.posts(form)
    assert li.status == 400
    assert "Cookie" in li.notice
    assert li.typed == "退休了能报吗"
    assert count(app, turn) == 0
    await li.says(li.typed)  # the answer brought a cookie
    assert li.said == ["退休了能报吗"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
async def test_a_form_from_another_site_is_refused(li: Visitor, app: App, headers: dict[str, str]) -> None:
    await li.opens()
    await li.posts({**li.composer, "text": "退休了能报吗"}, headers=headers)
    assert li.status == 403
    assert "不是从本页面发出" in li.notice
    assert "set-cookie" not in li.response.headers  # theirs must not replace the person's own
    assert count(app, turn) == 0


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://bot.test"}, {}])
async def test_our_own_forms_are_taken(li: Visitor, headers: dict[str, str]) -> None:
    await li.opens()
    await li.posts({**li.composer, "text": "退休了能报吗"}, headers=headers)
    assert li.said == ["退休了能报吗"]


async def test_behind_a_proxy_the_public_address_is_ours(tmp_path: Path) -> None:
    settings = Settings(
        database_url=f"sqlite:///{tmp_path}/b.sqlite3",
        data_dir=tmp_path,
        public_url="https://chat.example",
        _env_file=None,
    )
    li = Visitor(open_app(settings, CORPUS), "https://10.0.0.7:8000")
    await li.opens()
    await li.posts({**li.composer, "text": "退休了能报吗"}, headers={"Origin": "https://chat.example"})
    assert li.said == ["退休了能报吗"]


# --- the script's requests ---


async def test_the_script_gets_the_new_lines_only(li: Visitor) -> None:
    await li.opens()
    await li.says("退休了能报吗")
    rows = [int(r) for r in re.findall(r'data-row="(\d+)"', li.page)]
    form = {**li.composer, "text": "补贴找谁领", "after": str(max(rows))}
    await li.posts(form, headers={"X-Fragment": "1"})
    assert li.status == 200
    assert "<html" not in li.page
    assert li.said == ["补贴找谁领"]
    assert len(li.ours) == 1


async def test_the_script_gets_a_plain_sentence_when_refused(li: Visitor) -> None:
    await li.opens()
    await li.posts({**li.composer, "text": "问" * 5000}, headers={"X-Fragment": "1"})
    assert li.status == 400
    assert li.page.startswith("这条消息太长了")


async def test_a_reminder_arrives_and_counts_as_delivered(li: Visitor, app: App) -> None:
    await li.opens()
    await li.says("退休了能报吗")
    newest = max(int(r) for r in re.findall(r'data-row="(\d+)"', li.page))
    await li.opens(f"/new?after={newest}")
    assert li.status == 204
    with transaction(app.engine) as connection:
        sender = connection.execute(select(account.c.sender)).scalar_one()
        messages.enqueue(connection, Address("web", "web", sender), [Outgoing("该报送了").body()], NOON)
    await li.opens(f"/new?after={newest}")
    assert li.ours == ["该报送了"]
    with transaction(app.engine, read_only=True) as connection:
        assert messages.pushes_waiting(connection, Address("web", "web", sender)) == []
    await li.opens("/new?after=nonsense")
    assert li.status == 200


async def test_strangers_have_nothing_new(li: Visitor, app: App) -> None:
    await li.opens("/new?after=0")
    assert li.status == 204


# --- storage that is away ---


async def test_storage_away_keeps_what_was_typed_and_then_applies_it_once(
    li: Visitor, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    await li.opens()
    with monkeypatch.context() as broken:

        def away(*_: object, **__: object) -> Any:
            raise StorageUnavailable("away")

        broken.setattr("bot.assistant.transaction", away)
        broken.setattr("bot.channels.web.routes.transaction", away)
        form = li.composer
        await li.says("退休了能报吗")
        assert li.status == 503
        assert li.notice == "暂时无法保存，请稍后再试。"
        assert li.typed == "退休了能报吗"
        assert li.composer == form  # the same message when sent again
        await li.opens("/")
        assert li.status == 503
        await li.opens("/file/1/0")
        assert li.status == 503
        await li.posts({**form, "choice": "t"})
        assert li.status == 503
        assert li.button("再试一次")["choice"] == "t"
        assert li.button("再试一次")["id"] == form["id"]
        await li.posts({**form, "text": "退休了能报吗"}, headers={"X-Fragment": "1"})
        assert (li.status, li.page) == (503, "暂时无法保存，请稍后再试。")
    await li.posts({**form, "text": "退休了能报吗"})
    assert li.status == 200
    assert li.said == ["退休了能报吗"]


def replace_by_folder(database: Path) -> None:
    for path in database.parent.glob(f"{database.name}*"):
        path.unlink()
    database.mkdir()


async def test_a_database_that_cannot_be_opened(li: Visitor, app: App, tmp_path: Path) -> None:
    await li.opens()
    app.engine.dispose()
    replace_by_folder(tmp_path / "bot.sqlite3")
    await li.says("退休了能报吗")
    assert li.status == 503
    assert li.typed == "退休了能报吗"
    for asked in ("/healthz", "/healthz/ready"):
        await li.opens(asked)
        assert li.status == 503
        assert "Traceback" not in li.page


async def test_a_full_disk_for_a_file(li: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    await li.opens()

    def full(*_: object) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("bot.channels.web.routes.store_incoming", full)
    await li.sends_file("a.txt", b"x", text="看看这个")
    assert li.status == 503
    assert li.typed == "看看这个"


async def test_our_own_fault_is_answered_with_its_number(
    li: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await li.opens()
    monkeypatch.setattr("bot.router.respond", lambda turn, registry: 1 / 0)
    await li.says("退休了能报吗")
    assert li.status == 200
    assert "事件编号" in li.ours[-1]


async def test_a_borrowed_phone_shows_nothing_more_and_goes_on_talking(either_app: App) -> None:
    li = await Visitor(either_app).opens()
    await li.says("退休了能报吗", "补贴找谁领", "我有身份证")
    shown = [int(r) for r in re.findall(r'data-row="(\d+)"', li.page)]
    form = {**li.composer, "text": "退出并清除", "after": str(max(shown))}
    await li.posts(form, headers={"X-Fragment": "1"})
    assert li.said == ["退出并清除"]
    assert "已清除" in li.ours[-1]
    oldest = int(re.findall(r'data-oldest="(\d+)"', li.page)[0])
    assert oldest > max(shown)  # every line that was on the screen goes
    rows = [int(r) for r in re.findall(r'data-row="(\d+)"', li.page)]
    for text in ("补贴多少钱", "退出并清除", "啥时候发的"):
        await li.opens()
        await li.posts({**li.composer, "text": text, "after": str(max(rows))}, headers={"X-Fragment": "1"})
        assert li.said == [text]
        assert li.ours
        rows = [int(r) for r in re.findall(r'data-row="(\d+)"', li.page)]
    await li.opens()
    assert li.said == ["退出并清除", "啥时候发的"]


async def test_a_page_older_than_everything_that_is_kept_starts_anew(li: Visitor) -> None:
    await li.opens()
    form = {**li.composer, "text": "退休了能报吗", "after": "5000"}
    await li.posts(form, headers={"X-Fragment": "1"})
    assert li.said == ["退休了能报吗"]
    assert 'data-oldest="5001"' in li.page


async def test_a_reminder_that_was_read_is_forgotten_too(li: Visitor, app: App) -> None:
    await li.opens()
    await li.says("退休了能报吗")
    with transaction(app.engine) as connection:
        sender = connection.execute(select(account.c.sender)).scalar_one()
        address = Address("web", "web", sender)
        messages.enqueue(connection, address, [Outgoing("该填报了").body()], NOON)
    await li.opens()
    assert "该填报了" in li.ours
    await li.says("退出并清除")
    assert "该填报了" not in li.page


async def test_the_office_s_address_with_a_slash_is_the_office_s(li: Visitor) -> None:
    li.client.follow_redirects = False
    await li.opens("/office/")
    assert (li.status, li.response.headers["location"]) == (308, "/office")
