"""Conversations over WeChat: signed posts to the real application, answered in the same response."""
# Fixtures are imported by name.
# ruff: noqa: F401, F811

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.app import App
from bot.assistant import Attempt, Prepared
from bot.channels.tencent.crypto import Sealer, signature
from bot.channels.wechat import transport as wechat_transport
from bot.core.messages import Outgoing
from bot.settings import BadSetting, load_settings
from storage.connections.database import transaction
from storage.people import contacts
from storage.schema.contact import received_file
from storage.schema.core import conversation, figure, outbox, turn
from tests.conftest import contact_code
from tests.support.wechat_app import (
    APPID,
    KEY,
    PUBLIC,
    TOKEN,
    Clock,
    Meet,
    Phone,
    api,
    clock,
    count,
    envelope,
    meet,
    open_wechat_app,
    push,
    quick,
    serving_app,
    unseen,
    until,
    wechat_app,
)
from tests.support.wechat_server import SECRET, WeChatServer

JPEG = b"\xff\xd8\xff\xe0" + b"picture" * 50


async def test_the_console_verifies_the_address(meet: Meet) -> None:
    li = meet()
    found = await li.client.get("/wechat", params=li.query(echostr="<5836>&word"))
    assert (found.status_code, found.text) == (200, "<5836>&word")
    assert found.headers["content-type"].startswith("text/plain")
    for wrong in ({"signature": "0" * 40}, {"signature": ""}, {"nonce": "x"}, {"timestamp": "1"}):
        refused = await li.client.get("/wechat", params=li.query(echostr="word", **wrong))
        assert (refused.status_code, refused.text) == (403, "")


async def test_only_the_platform_is_heard(meet: Meet, wechat_app: App, clock: Clock) -> None:
    li = meet()
    body = envelope(li.post(MsgType="text", Content="退休了能报吗"))

    async def status(**changed: str) -> int:
        return (await li.client.post("/wechat", params=li.query(**changed), content=body)).status_code

    for changed in ({"signature": "0" * 40}, {"nonce": "1"}, {"timestamp": "-1"}, {"timestamp": "９" * 10}):
        assert await status(**changed) == 403
    for seconds in (-301, 301):
        stamp = str(int(clock().timestamp()) + seconds)
        assert await status(timestamp=stamp, nonce="n", signature=signature(TOKEN, stamp, "n")) == 403
    assert (await li.client.post("/wechat", content=body)).status_code == 403
    assert count(wechat_app, turn) == 0
    assert await status() == 200


async def test_what_is_no_message_is_refused_and_changes_nothing(meet: Meet, wechat_app: App) -> None:
    li = meet()

    async def status(body: bytes | str) -> int:
        return (await li.client.post("/wechat", params=li.query(), content=body)).status_code

    good = li.post(MsgType="text", Content="退休了能报吗")
    bomb = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
    for body in ("", "{}", "<xml>", bomb + envelope({**good, "Content": "&b;"}), "<xml/>"):
        assert await status(body) == 400
    xxe = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><xml><Content>&f;</Content></xml>'
    assert await status(xxe) == 400
    for missing in ("FromUserName", "CreateTime", "MsgId", "MsgType"):
        assert await status(envelope({k: v for k, v in good.items() if k != missing})) == 400
    for wrong in ({"CreateTime": "soon"}, {"MsgId": "9" * 40}, {"FromUserName": "o" * 129}):
        assert await status(envelope({**good, **wrong})) == 400
    assert await status(envelope({**good, "FromUserName": "人"})) == 400
    assert await status(envelope({**good, "Content": "长" * 100_000})) == 413
    assert count(wechat_app, turn) == 0


async def test_a_worker_checks_by_tapping_and_by_typing_numbers(meet: Meet) -> None:
    li, wang = meet("oLi"), meet("oWang")
    await li.says("我能不能参加培训")
    for label in ("没有退休", "是，在威海", "在做别的工作"):
        answer = await li.taps(label)
    for text in ("我能不能参加培训", "2", "1", "2"):
        typed = await wang.says(text)
    for said in (answer.text, typed.text):
        assert said and "可以参加" in said and "（三）" in said
    assert "不可以" in await li.chat("退休了能报吗")
    wide = await li.says("４")  # a number as a phone types it presses what is shown under it
    assert wide.text and "退休" in wide.text


async def test_the_same_message_three_times_is_answered_alike_and_applied_once(
    meet: Meet, wechat_app: App
) -> None:
    li = meet()
    await li.says("我能不能参加培训")
    said, menu_id = li.link("没有退休")
    post = li.post(MsgType="text", Content=said, bizmsgmenuid=menu_id)
    answers = [await li.sends(post) for _ in range(3)]
    assert len({a.text for a in answers}) == 1
    assert "工作" in (answers[0].text or "")
    assert count(wechat_app, turn) == 2
    assert unseen(wechat_app) == 0


async def test_tries_at_the_same_moment_are_one_message(
    api: WeChatServer, clock: Clock, tmp_path: Path, database_url: str
) -> None:
    """Also when two processes get them."""
    houses = [open_wechat_app(tmp_path, api, database_url) for _ in range(2)]
    async with serving_app(houses[0]) as first, serving_app(houses[1]) as second:
        phones = [Phone("oLi", client, clock, api) for client in (first, second)]
        await phones[0].says("我能不能参加培训")
        post = phones[0].post(MsgType="text", Content="没有退休")
        answers = await asyncio.gather(*(phone.sends(post) for phone in [*phones, *phones]))
        assert len({a.text for a in answers}) == 1
        assert "工作" in (answers[0].text or "")
        assert count(houses[0], turn) == 2
        assert (await phones[1].taps("是，在威海")).text
    for app in houses:
        app.engine.dispose()


async def test_a_contact_reports_a_quarter(
    api: WeChatServer, clock: Clock, tmp_path: Path, database_url: str
) -> None:
    app = open_wechat_app(tmp_path, api, database_url)
    clock.forward(days=36)  # 30 December
    async with serving_app(app) as client:
        wang = Phone("oWang", client, clock, api)
        await wang.chat(f"绑定 {contact_code(app)}", "王芳", "跳过")
        await wang.says("填报")
        assert "大数据" in ((await wang.taps("2026年第4季度")).text or "")
        asked = await wang.chat("大数据")
        assert "bizmsgmenu" in asked
        assert ">1. " not in asked, "at a number question a digit is the figure, so none is offered"
        for figure_typed in ("3", "2", "120", "80", "60", "9万"):
            await wang.says(figure_typed)
        await wang.taps("提交")
        receipt = await wang.taps("确认")
        assert receipt.text and "系统已收到" in receipt.text
        with transaction(app.engine, read_only=True) as connection:
            row = connection.execute(select(figure)).one()
        assert (row.classes, row.subsidised_classes, row.trained, row.amount) == (3, 2, 120, 9_000_000)
        ((address, name),) = set(wang.files())
        assert name.endswith(".xlsx")
        given = await client.get(address)
        assert (given.status_code, given.content[:2]) == (200, b"PK")
        assert "attachment" in given.headers["content-disposition"]
    app.engine.dispose()


async def test_without_storage_there_is_no_answer_and_the_next_try_is_applied_once(
    meet: Meet, wechat_app: App, tmp_path: Path
) -> None:
    li = meet()
    await li.says("我能不能参加培训")
    other = sqlite3.connect(tmp_path / "bot.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    post = li.post(MsgType="text", Content="没有退休")
    refused = await li.sends(post)
    assert (refused.status, refused.body) == (500, b"")
    other.execute("ROLLBACK")
    other.close()
    assert "工作" in ((await li.sends(post)).text or "")
    assert count(wechat_app, turn) == 2


async def test_storage_that_comes_back_while_the_platform_waits_is_enough(
    meet: Meet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wechat_transport, "HOLD_SECONDS", 3.0)
    li = meet()
    await li.says("你好")
    other = sqlite3.connect(tmp_path / "bot.sqlite3", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    asyncio.get_running_loop().call_later(0.3, other.execute, "ROLLBACK")
    assert "不可以" in await li.chat("退休了能报吗")
    other.close()


async def test_an_answer_that_came_too_late_is_found_by_the_next_try(
    meet: Meet, wechat_app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wechat_transport, "ANSWER_SECONDS", 0.2)
    li = meet()
    answer = wechat_app.assistant.answer

    def slowly(prepared: Prepared, attempt: Attempt) -> list[Outgoing]:
        time.sleep(0.3)
        return answer(prepared, attempt)

    monkeypatch.setattr(wechat_app.assistant, "answer", slowly)
    post = li.post(MsgType="text", Content="退休了能报吗")
    late = await li.sends(post)
    assert unseen(wechat_app) == 1, "nobody heard it"
    monkeypatch.setattr(wechat_transport, "ANSWER_SECONDS", 60.0)  # this time it is heard, however late
    again = await li.sends(post)
    assert again.text == late.text
    assert (unseen(wechat_app), count(wechat_app, turn)) == (0, 1)


async def test_events(meet: Meet, wechat_app: App) -> None:
    li = meet()
    greeting = await li.event("subscribe")
    assert greeting.text and "我能不能参加培训" in greeting.text
    assert (await li.event("subscribe", "qrscene_1001")).text  # a scene of the operator's own
    clicked = await li.event("CLICK", "菜单")
    assert clicked.text and "常见问题" in clicked.text
    scanned = await li.event("SCAN", "1001")  # a poster of the operator's own
    assert scanned.text and "常见问题" in scanned.text
    before = count(wechat_app, turn)
    for ignored in (
        li.event("LOCATION", Latitude="37.5", Longitude="122.1"),
        li.event("VIEW", "https://weihai.example/"),
        li.event("TEMPLATESENDJOBFINISH"),
        li.event(""),
    ):
        answer = await ignored
        assert (answer.status, answer.body) == (200, b"success")
    assert count(wechat_app, turn) == before
    gone = await li.event("unsubscribe")
    assert (gone.status, gone.body) == (200, b"success")


async def test_an_event_is_told_apart_by_its_key(meet: Meet, wechat_app: App) -> None:
    li = meet()
    post = li.post(MsgType="event", Event="CLICK", EventKey="菜单", MsgId=None)
    first, again = await li.sends(post), await li.sends(post)
    assert first.text == again.text
    other = await li.sends({**post, "EventKey": "帮助"})
    assert other.text and "怎么用" in other.text
    assert count(wechat_app, turn) == 2


@pytest.mark.parametrize("way", ["subscribe", "scan", "typed"])
async def test_a_scanned_code_binds(meet: Meet, wechat_app: App, way: str) -> None:
    wang = meet("oWang")
    code = contact_code(wechat_app)
    if way == "subscribe":
        answer = await wang.event("subscribe", f"qrscene_{code}", Ticket="t")
    elif way == "scan":
        answer = await wang.event("SCAN", code, Ticket="t")
    else:
        answer = await wang.says(f"绑定 {code}")
    assert answer.text and "威海数字培训学校" in answer.text


async def test_voice_is_its_text_and_other_kinds_get_a_sentence(meet: Meet, wechat_app: App) -> None:
    li = meet()
    voice = await li.posts(MsgType="voice", MediaId="v", Format="amr", Recognition="退休了能报吗。")
    assert voice.text and "不可以" in voice.text
    said = set()
    for kind in ("voice", "video", "shortvideo", "location", "link", "file", "new-kind"):
        post = li.post(MsgType=kind, MediaId="v", Recognition="")
        first, again = await li.sends(post), await li.sends(post)
        assert first.text and first.text == again.text
        said.add(first.text.split("<a ")[0])  # behind it a link to where files are taken
    assert len(said) == 2  # of voice, and of the others
    assert unseen(wechat_app) == 0


async def test_a_contacts_photograph_is_kept_and_nobody_elses_is_fetched(
    meet: Meet, wechat_app: App, api: WeChatServer
) -> None:
    api.media["m1"] = JPEG
    li, wang = meet("oLi"), meet("oWang")
    stranger = await li.posts(MsgType="image", PicUrl="http://127.0.0.1:9/x", MediaId="m1")
    assert stranger.text and "get" not in api.calls
    await wang.chat(f"绑定 {contact_code(wechat_app)}", "王芳", "跳过")
    post = wang.post(MsgType="image", PicUrl="http://127.0.0.1:9/x", MediaId="m1")
    asked, again = await wang.sends(post), await wang.sends(post)
    assert asked.text == again.text
    assert api.calls.count("get") == 1
    with transaction(wechat_app.engine, read_only=True) as connection:
        kept = connection.execute(select(received_file)).one()
    assert (kept.media, kept.size) == ("jpg", len(JPEG))
    kept_files = list((wechat_app.settings.data_dir / "attachments").iterdir())
    assert [f.read_bytes() for f in kept_files] == [JPEG]
    assert list((wechat_app.settings.data_dir / "incoming").iterdir()) == []


@pytest.mark.parametrize(
    "fault", [{"errcode": 40007}, {"status": 502}, {"drop": True}, {"errcode": 40001}, {"errcode": 42001}]
)
async def test_a_photograph_that_cannot_be_had(
    meet: Meet, wechat_app: App, api: WeChatServer, fault: dict[str, int]
) -> None:
    api.media["m1"] = JPEG
    wang = meet("oWang")
    await wang.chat(f"绑定 {contact_code(wechat_app)}", "王芳", "跳过")
    api.fail("get", **fault)
    answer = await wang.posts(MsgType="image", MediaId="m1")
    renewed = fault.get("errcode") in (40001, 42001)
    assert count(wechat_app, received_file) == (1 if renewed else 0)
    assert answer.text and ("再发一次" in answer.text) is not renewed


async def test_a_photograph_too_large(meet: Meet, wechat_app: App, api: WeChatServer) -> None:
    api.media["m1"] = JPEG + bytes(10 * 1024 * 1024)
    wang = meet("oWang")
    await wang.chat(f"绑定 {contact_code(wechat_app)}", "王芳", "跳过")
    answer = await wang.posts(MsgType="image", MediaId="m1")
    assert answer.text and "10 MB" in answer.text


async def test_a_link_is_what_was_stored_for_this_person(meet: Meet, wechat_app: App) -> None:
    li, wang = meet("oLi"), meet("oWang")
    await li.says("我能不能参加培训")
    _, menu_id = li.link("已退休")
    # The text that comes with it counts for nothing.
    forged = await li.posts(MsgType="text", Content="没有退休", bizmsgmenuid=menu_id)
    assert forged.text and "可以参加" not in forged.text
    await wang.says("我能不能参加培训")
    for theirs in (menu_id, "999999-0", f"{menu_id.split('-')[0]}-99", "0-0"):
        stale = await wang.posts(MsgType="text", Content="已退休", bizmsgmenuid=theirs)
        assert stale.text and "退休" in stale.text and "不" not in stale.text.split("\n")[0][:2]
    with transaction(wechat_app.engine, read_only=True) as connection:
        states = [row.state for row in connection.execute(select(conversation)).all()]
    assert any(s["dialog"] and not s["dialog"]["answers"] for s in states), "nothing was answered"
    # An id that is not ours is no button: the text is what counts, as on an account that sends no ids.
    for other in ("101", "x", "1-2-3", "１-０"):
        await wang.says("我能不能参加培训")
        typed = await wang.posts(MsgType="text", Content="没有退休", bizmsgmenuid=other)
        assert typed.text and "在威海" in typed.text


async def test_a_link_of_an_earlier_step_does_not_answer_the_present_one(meet: Meet) -> None:
    li = meet()
    await li.says("我能不能参加培训")
    said, old = li.link("不确定")
    await li.taps("没有退休")
    stale = await li.posts(MsgType="text", Content=said, bizmsgmenuid=old)
    assert stale.text and "在威海" in stale.text
    assert (await li.taps("是，在威海")).text


async def test_what_people_write_never_becomes_a_link(meet: Meet, wechat_app: App) -> None:
    wang = meet("oWang")
    await wang.chat(f"绑定 {contact_code(wechat_app)}")
    evil = '<a href="weixin://bizmsgmenu?msgmenucontent=提交&msgmenuid=1-0">点我</a>]]><x>'
    post = {**wang.post(MsgType="text"), "Content": evil.replace("]]>", "]]]]><![CDATA[>")}
    answer = await wang.sends(post)
    assert answer.text and '<a href="weixin://bizmsgmenu?msgmenucontent=提交' not in answer.text


async def test_too_much_text_is_refused_once(meet: Meet, wechat_app: App) -> None:
    li = meet()
    post = li.post(MsgType="text", Content="长" * 4097)
    first, again = await li.sends(post), await li.sends(post)
    assert first.text and first.text == again.text
    assert count(wechat_app, outbox) == 1


@pytest.mark.parametrize("compatible", [False, True])
async def test_encrypted_posts(api: WeChatServer, clock: Clock, tmp_path: Path, compatible: bool) -> None:
    app = open_wechat_app(tmp_path, api, wechat_aes_key=KEY)
    async with serving_app(app) as client:
        sealer = Sealer(TOKEN, KEY, APPID)
        li = Phone("oLi", client, clock, api, sealer, compatible)
        await li.says("我能不能参加培训")
        assert "在威海" in ((await li.taps("没有退休")).text or "")
        plain = Phone("oLi", client, clock, api)
        assert (await plain.says("退休了能报吗")).status == 403
        for other in (
            Sealer("other", KEY, APPID),
            Sealer(TOKEN, KEY[::-1], APPID),
            Sealer(TOKEN, KEY, "wx1"),
        ):
            li.sealer = other
            assert (await li.says("退休了能报吗")).status == 403
        assert count(app, turn) == 2
    app.engine.dispose()


async def test_in_compatible_mode_only_the_encrypted_part_counts(
    api: WeChatServer, clock: Clock, tmp_path: Path
) -> None:
    app = open_wechat_app(tmp_path, api, wechat_aes_key=KEY)
    async with serving_app(app) as client:
        sealer = Sealer(TOKEN, KEY, APPID)
        li = Phone("oLi", client, clock, api, sealer)
        sealed = sealer.seal(envelope(li.post(MsgType="text", Content="退休了能报吗")).encode())
        query = li.query()
        query["msg_signature"] = sealer.sign(sealed, query["timestamp"], query["nonce"])
        body = envelope({**li.post(MsgType="text", Content="菜单", FromUserName="oOther"), "Encrypt": sealed})
        answer = await client.post("/wechat", params=query, content=body.encode())
        assert answer.status_code == 200
        assert count(app, turn, turn.c.sender == "oLi", turn.c.said == "退休了能报吗") == 1
    app.engine.dispose()


async def test_compatible_mode_without_a_key_is_read_as_plain(
    meet: Meet, wechat_app: App, clock: Clock
) -> None:
    li = meet()
    post = {**li.post(MsgType="text", Content="退休了能报吗"), "Encrypt": "c2VhbGVk"}
    assert "不可以" in ((await li.sends(post)).text or "")


async def test_a_files_address(meet: Meet, wechat_app: App, clock: Clock) -> None:
    wang = meet("oWang")
    await wang.chat(f"绑定 {contact_code(wechat_app)}", "王芳", "跳过")
    shown = await wang.chat("下载表格")
    assert "24 小时" in shown
    ((address, _),) = wang.files()
    assert address.startswith(f"{PUBLIC}/wechat/file/")
    for secret in (str(wechat_app.settings.data_dir), "oWang", APPID):
        assert secret not in address
    given = await wang.client.get(address)
    assert given.status_code == 200 and given.content[:2] == b"PK"
    assert given.headers["cache-control"] == "no-store"
    head, _, signed = address.rpartition(".")
    row, place, until_then = head.rpartition("/")[2].split(".")
    base = f"{PUBLIC}/wechat/file"
    for wrong in (
        f"{head}.{signed[::-1]}",
        f"{base}/{row}.{int(place) + 1}.{until_then}.{signed}",
        f"{base}/{int(row) - 1}.{place}.{until_then}.{signed}",
        f"{base}/{row}.{place}.{int(until_then) + 9}.{signed}",
        f"{base}/x",
        f"{base}/{'9' * 400}",
    ):
        refused = await wang.client.get(wrong)
        assert refused.status_code == 404 and "公众号" in refused.text
    clock.forward(hours=25)
    assert (await wang.client.get(address)).status_code == 410


async def test_whether_a_file_may_be_had_is_looked_at_again(meet: Meet, wechat_app: App) -> None:
    wang = meet("oWang")
    await wang.chat(f"绑定 {contact_code(wechat_app)}", "王芳", "跳过", "下载表格")
    ((address, _),) = wang.files()
    assert (await wang.client.get(address)).status_code == 200
    with transaction(wechat_app.engine) as connection:
        (one,) = contacts.of_institution(connection, 1)
        contacts.revoke(connection, one.membership_id, one.person_id, wang.clock())
    assert (await wang.client.get(address)).status_code == 403


async def test_without_a_public_address_a_file_is_to_be_had_on_the_web(
    api: WeChatServer, clock: Clock, tmp_path: Path
) -> None:
    app = open_wechat_app(tmp_path, api, public_url=None)
    async with serving_app(app) as client:
        wang = Phone("oWang", client, clock, api)
        await wang.chat(f"绑定 {contact_code(app)}", "王芳", "跳过")
        shown = await wang.chat("下载表格")
        assert wang.files() == [] and "网页对话" in shown and ".xlsx" in shown
    app.engine.dispose()


async def test_logs_name_nobody_and_hold_no_secret(
    meet: Meet, api: WeChatServer, wechat_app: App, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wang = meet("oPENID_of_wang")
    await wang.chat(f"绑定 {contact_code(wechat_app)}", "王芳", "跳过")
    api.fail("send", errcode=45015)
    api.fail("get", errcode=40007)
    await wang.posts(MsgType="image", MediaId="m1")
    push(wechat_app, "oPENID_of_wang", "您的报表已退回", wang.clock())
    await until(lambda: "send" in api.calls)
    said = "\n".join(r.getMessage() + str(r.exc_info or "") for r in caplog.records if r.name != "asyncio")
    for secret in ("oPENID_of_wang", SECRET, TOKEN, api.token, "王芳", "退回", "injected"):
        assert secret not in said, secret


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"APPID": APPID}, "BOT_WECHAT_TOKEN"),
        ({"TOKEN": TOKEN}, "BOT_WECHAT_APPID"),
        ({"SECRET": SECRET}, "BOT_WECHAT_APPID BOT_WECHAT_TOKEN"),
        ({"APPID": APPID, "TOKEN": TOKEN, "AES_KEY": "short"}, "BOT_WECHAT_AES_KEY"),
        ({"APPID": "wx 1", "TOKEN": TOKEN}, "BOT_WECHAT_APPID"),
        ({"APPID": APPID, "TOKEN": "a-b"}, "BOT_WECHAT_TOKEN"),
        ({"APPID": APPID, "TOKEN": TOKEN, "BASE_URL": "ftp://x"}, "BOT_WECHAT_BASE_URL"),
    ],
)
def test_a_setting_that_is_missing_or_wrong_is_named(
    given: dict[str, str], named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(f"BOT_WECHAT_{name}", value)
    with pytest.raises(BadSetting, match=named) as caught:
        load_settings()
    assert not any(value in str(caught.value) for value in given.values() if len(value) > 5)


def test_the_settings_that_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not load_settings().wechat
    monkeypatch.setenv("BOT_WECHAT_APPID", APPID)
    monkeypatch.setenv("BOT_WECHAT_TOKEN", TOKEN)
    assert load_settings().wechat
    monkeypatch.setenv("BOT_WECHAT_SECRET", SECRET)
    monkeypatch.setenv("BOT_WECHAT_AES_KEY", KEY)
    assert load_settings().wechat


async def test_in_plain_mode_a_signature_serves_the_message_it_came_with_and_no_other(
    meet: Meet, wechat_app: App
) -> None:
    li = meet()
    query = li.query()
    first = envelope(li.post(MsgType="text", Content="退休了能报吗"))
    forged = envelope(
        {**li.post(MsgType="text", Content="绑定 ABCDE-FGHJK"), "FromUserName": "somebody-else"}
    )
    for body, status in ((first, 200), (first, 200), (forged, 403), (first, 200)):
        answer = await li.client.post("/wechat", params=query, content=body.encode())
        assert answer.status_code == status
    assert count(wechat_app, turn) == 1


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"MsgType": "text", "Content": "[微笑][握手]"}, "表情"),
        ({"MsgType": "text", "Content": "😀😀"}, "表情"),
        ({"MsgType": "text", "Content": "/::)"}, "表情"),
        ({"MsgType": "text", "Content": "【收到不支持的消息类型，暂无法显示】"}, "看不到"),
        ({"MsgType": "event", "Event": "CLICK", "EventKey": "V1001_VENDOR", "MsgId": None}, "不归本助手"),
    ],
)
async def test_what_says_nothing_gets_a_sentence_and_the_menu(
    meet: Meet, fields: dict[str, Any], said: str
) -> None:
    li = meet()
    answer = await li.posts(**fields)
    assert answer.text and said in answer.text
    shown = await li.taps("菜单")
    assert shown.text and "常见问题" in shown.text


async def test_who_wants_a_person_is_handed_to_the_accounts_own_staff_in_office_hours(
    api: WeChatServer, clock: Clock, sqlite_url: str, tmp_path: Path
) -> None:
    app = open_wechat_app(tmp_path, api, sqlite_url, wechat_service=True)
    async with serving_app(app) as client:
        li = Phone("oLi", client, clock, api)
        await li.says("你好")
        post = li.post(MsgType="text", Content="转人工")
        query = li.query()
        for _ in range(2):  # asked again, handed over again, noted once
            answer = await client.post("/wechat", params=query, content=envelope(post).encode())
            assert b"<![CDATA[transfer_customer_service]]>" in answer.content
        assert count(app, turn) == 2
        clock.forward(hours=12)
        evening = await li.says("转人工")
        assert evening.text
    app.engine.dispose()
