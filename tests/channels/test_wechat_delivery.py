"""What an answer cannot carry: sent by ourselves within WeChat's limits, else kept and handed over later."""
# Fixtures are imported by name.
# ruff: noqa: F401, F811

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from bot.app import App
from bot.channels import delivery
from bot.channels.tencent import calls as wechat_api
from bot.channels.tencent import xml
from bot.channels.tencent.calls import NotTaken, Unreachable
from bot.channels.wechat import carrier, intake, pages, platform, transport
from bot.channels.wechat.api import Api
from bot.core.channel_limits import channel_of, split
from bot.core.messages import Choice, FileRef, Outgoing
from bot.core.reach import reachable
from bot.features.reminders import send as reminder_sender
from storage.address import Address
from storage.connections.database import transaction
from storage.conversations import reach
from storage.schema.core import outbox, turn
from tests.conftest import contact_code
from tests.support.corpus import CORPUS
from tests.support.wechat_app import (
    APPID,
    Clock,
    Meet,
    Phone,
    api,
    clock,
    count,
    meet,
    meet_silent,
    open_wechat_app,
    push,
    quick,
    quiet,
    serving_app,
    unseen,
    until,
    wechat_app,
)
from tests.support.wechat_server import SECRET, WeChatServer

PARTS = [f"第{n}段" + "情" * 590 + "。\n" for n in range(1, 8)]  # each nearly fills a message


def in_order(texts: list[str]) -> list[str]:
    """The parts of the long message as they were seen, each once."""
    return list(dict.fromkeys(found for text in texts for found in re.findall(r"第\d段", text)))


def parts(count: int) -> list[str]:
    return [f"第{n}段" for n in range(1, count + 1)]


async def test_what_does_not_fit_follows_by_itself(meet: Meet, wechat_app: App, api: WeChatServer) -> None:
    li = meet()
    await li.says("你好")
    push(wechat_app, "oLi", "".join(PARTS[:3]), li.clock(), "菜单")
    await api.until(lambda: len(api.sent) == 3)
    assert in_order(api.to("oLi")) == parts(3)
    assert (await li.taps("菜单")).text
    await quiet()
    assert (len(api.sent), unseen(wechat_app)) == (3, 0)


async def test_a_long_answer_begins_in_the_response_and_goes_on_by_itself(
    meet: Meet, wechat_app: App, api: WeChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    li = meet()
    long_answers(monkeypatch)
    first = await li.says("退休了能报吗")
    assert first.text and in_order([first.text]) == parts(1)
    assert "msgmenuid=more" not in first.text
    await api.until(lambda: len(api.sent) == 2)
    assert in_order([first.text, *api.to("oLi")]) == parts(3)


def long_answers(monkeypatch: pytest.MonkeyPatch, count: int = 3) -> None:
    """Every reply is preceded by a long text."""
    from bot import router

    respond = router.respond

    def longer(*turned: object) -> list[Outgoing]:
        return [Outgoing("".join(PARTS[:count])), *respond(*turned)]  # type: ignore[arg-type]

    monkeypatch.setattr(router, "respond", longer)


async def test_a_long_answer_asked_for_twice_at_once_has_each_part_once(
    api: WeChatServer, clock: Clock, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when two processes get the tries."""
    houses = [open_wechat_app(tmp_path, None, database_url) for _ in range(2)]
    long_answers(monkeypatch)
    async with serving_app(houses[0]) as first, serving_app(houses[1]) as second:
        phones = [Phone("oLi", client, clock) for client in (first, second, first, second)]
        await phones[0].says("你好")
        for _ in range(5):
            post = phones[0].post(MsgType="text", Content="退休了能报吗")
            before = count(houses[0], outbox)
            answers = await asyncio.gather(*(phone.sends(post) for phone in phones))
            assert len({a.text for a in answers}) == 1
            assert count(houses[0], outbox) - before == 4, "three parts and the reply itself"
            more = phones[0].post(MsgType="text", Content="继续")
            answers = await asyncio.gather(*(phone.sends(more) for phone in phones))
            assert len({a.text for a in answers}) == 1
            assert in_order([answers[0].text or ""]) == ["第2段"]
    for app in houses:
        app.engine.dispose()


async def test_without_a_secret_more_is_asked_for(meet_silent: Meet, monkeypatch: pytest.MonkeyPatch) -> None:
    li = meet_silent()
    long_answers(monkeypatch)
    first = await li.says("我能不能参加培训")
    assert first.text and "msgmenuid=more" in first.text
    post = li.post(MsgType="text", Content="继续。")
    second, again = await li.sends(post), await li.sends(post)
    assert second.text == again.text and in_order([second.text or ""]) == ["第2段"]
    third = await li.taps("继续")
    assert in_order(li.seen) == parts(3)
    while third.text and "msgmenuid=more" in third.text:
        third = await li.taps("继续")
    assert (await li.taps("没有退休")).text, "the question stood at the end"
    monkeypatch.undo()


async def test_with_nothing_more_it_says_so_and_the_question_stands(meet_silent: Meet, clock: Clock) -> None:
    li = meet_silent()
    await li.says("我能不能参加培训")
    post = li.post(MsgType="text", Content="继续")
    first, again = await li.sends(post), await li.sends(post)
    assert first.text == again.text and "继续教育" not in (first.text or "")
    assert "在威海" in ((await li.says("2")).text or "")


async def test_what_waits_survives_a_restart(
    quick: None, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    seen = []
    for text in ("退休了能报吗", "继续", "继续"):
        app = open_wechat_app(tmp_path, None, database_url)
        with monkeypatch.context() as patch:
            long_answers(patch)
            async with serving_app(app) as client:
                seen.append((await Phone("oLi", client, clock).says(text)).text or "")
        app.engine.dispose()
    assert in_order(seen) == parts(3)


async def test_another_question_is_answered_before_what_waits(
    meet_silent: Meet, monkeypatch: pytest.MonkeyPatch
) -> None:
    li = meet_silent()
    with monkeypatch.context() as patch:
        long_answers(patch)
        await li.says("我能不能参加培训")
    answered = await li.says("帮助")
    assert answered.text and "怎么用" in answered.text
    assert "msgmenuid=more" in answered.text
    await li.taps("继续")
    assert in_order(li.seen) == parts(2)


async def test_numbers_are_shown_only_where_typing_them_presses(
    meet_silent: Meet, monkeypatch: pytest.MonkeyPatch
) -> None:
    li = meet_silent()
    with monkeypatch.context() as patch:
        long_answers(patch)
        await li.says("我能不能参加培训")
    await li.says("菜单")
    for _ in range(9):
        if "msgmenuid=more" not in li.seen[-1]:
            break
        await li.taps("继续")
    old = li.seen[-1]
    assert "没有退休" in old and ">2. 没有退休" not in old


async def test_a_push_arrives_within_the_window_and_waits_after_it(
    meet: Meet, wechat_app: App, api: WeChatServer, clock: Clock
) -> None:
    li = meet()
    await li.says("你好")
    clock.forward(hours=47)
    push(wechat_app, "oLi", "回复一", clock(), "菜单")
    await api.until(lambda: len(api.sent) == 1)
    clock.forward(hours=1)
    push(wechat_app, "oLi", "回复二", clock(), "菜单")
    await quiet()
    assert (len(api.sent), unseen(wechat_app)) == (1, 1)
    post = li.post(MsgType="text", Content="退休了能报吗")
    answered, again = await li.sends(post), await li.sends(post)
    assert answered.text and answered.text.index("不可以") < answered.text.index("回复二")
    assert again.text == answered.text
    await quiet()
    assert (len(api.sent), unseen(wechat_app)) == (1, 0)


async def test_somebody_who_never_wrote_is_not_written_to(
    meet: Meet, wechat_app: App, api: WeChatServer, clock: Clock
) -> None:
    push(wechat_app, "oNew", "回复", clock())
    await quiet()
    assert api.calls == []


async def test_at_most_five_and_the_rest_waits(meet: Meet, wechat_app: App, api: WeChatServer) -> None:
    li = meet()
    await li.says("你好")
    push(wechat_app, "oLi", "".join(PARTS), li.clock())
    await api.until(lambda: len(api.sent) == 5)
    await quiet()
    assert (len(api.sent), unseen(wechat_app)) == (5, 2)
    answered = await li.says("退休了能报吗")
    await api.until(lambda: len(api.sent) >= 6)
    await quiet()
    assert in_order([*api.to("oLi")[:5], answered.text or "", *api.to("oLi")[5:]]) == parts(7)
    assert unseen(wechat_app) == 0


@pytest.mark.parametrize("code", [45015, 45047, 43004, 50002, 99999])
async def test_what_the_platform_will_not_take_now_is_shown_with_the_next_thing_said(
    meet: Meet, wechat_app: App, api: WeChatServer, code: int
) -> None:
    li = meet()
    await li.says("你好")
    api.fail("send", errcode=code)
    push(wechat_app, "oLi", "回复一", li.clock())
    await until(lambda: "send" in api.calls)
    push(wechat_app, "oLi", "回复二", li.clock())
    await quiet()
    assert (api.calls.count("send"), unseen(wechat_app)) == (1, 2)
    answered = await li.says("退休了能报吗")
    assert answered.text and "回复一" in answered.text and "回复二" in answered.text
    await quiet()
    assert (api.sent, unseen(wechat_app)) == ([], 0)


@pytest.mark.parametrize("fault", [{"errcode": -1}, {"errcode": 45011}, {"status": 502}, {"drop": True}])
async def test_a_busy_platform_is_asked_again(
    meet: Meet, wechat_app: App, api: WeChatServer, fault: dict[str, int]
) -> None:
    li = meet()
    await li.says("你好")
    api.fail("send", times=3, **fault)
    push(wechat_app, "oLi", "回复", li.clock())
    await api.until(lambda: len(api.sent) == 1)
    await until(lambda: unseen(wechat_app) == 0)


async def test_a_lost_acknowledgement_sends_again_rather_than_never(
    meet: Meet, wechat_app: App, api: WeChatServer
) -> None:
    li = meet()
    await li.says("你好")
    api.fail("send", drop=True, taken=True)
    push(wechat_app, "oLi", "回复", li.clock())
    await until(lambda: unseen(wechat_app) == 0)
    assert api.to("oLi") == ["回复", "回复"]


async def test_a_platform_that_says_nothing_is_given_up_and_asked_again(
    meet: Meet, wechat_app: App, api: WeChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wechat_api, "TRY_SECONDS", 0.1)
    app = open_wechat_app(wechat_app.settings.data_dir.parent / "other", api)
    async with serving_app(app) as client:
        li = Phone("oLi", client, meet().clock, api)
        await li.says("你好")
        api.fail("send", seconds=0.5)
        push(app, "oLi", "回复", li.clock())
        await api.until(lambda: api.calls.count("send") >= 2 and api.sent)
        await until(lambda: unseen(app) == 0)
    app.engine.dispose()


async def test_content_that_is_refused_does_not_stop_the_rest(
    meet: Meet, wechat_app: App, api: WeChatServer
) -> None:
    li = meet()
    await li.says("你好")
    api.fail("send", errcode=45002)
    push(wechat_app, "oLi", "一" * 600, li.clock())
    push(wechat_app, "oLi", "二" * 600, li.clock())
    await api.until(lambda: len(api.sent) == 1)
    await until(lambda: unseen(wechat_app) == 0)
    assert count(wechat_app, outbox, outbox.c.failed == "refused: 45002") == 1


@pytest.mark.parametrize("code", [48001, 40164, 40125])
async def test_an_account_that_may_not_write_still_answers(
    meet: Meet, wechat_app: App, api: WeChatServer, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    li = meet()
    await li.says("你好")
    api.fail("send" if code == 48001 else "stable_token", times=9, errcode=code)
    push(wechat_app, "oLi", "回复", li.clock())
    await until(lambda: api.calls)
    await quiet()
    tried = len(api.calls)
    long_answers(monkeypatch)
    first = await li.says("退休了能报吗")
    assert first.text and "msgmenuid=more" in first.text, "it does not follow by itself"
    await quiet()
    assert len(api.calls) == tried


async def test_an_account_that_may_not_write_reaches_nobody_until_it_may(
    meet: Meet, wechat_app: App, api: WeChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "PAUSE_SECONDS", 0.2)
    li = meet()
    await li.says("你好")
    address = Address("wechat", APPID, "oLi")

    def reached() -> bool:
        with transaction(wechat_app.engine, read_only=True) as connection:
            return address in reachable(connection, [address], li.clock())

    assert reached()
    api.fail("send", errcode=48001)
    push(wechat_app, "oLi", "回复一", li.clock())
    await until(lambda: not reached())
    await until(lambda: unseen(wechat_app) == 0)  # ten minutes later it is taken
    await until(reached)


async def test_a_message_its_answer_and_the_mark_need_no_transaction_of_the_channels_own(
    meet: Meet, wechat_app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    li = meet()
    await li.says("你好")
    begun: list[bool] = []

    def noted(*given: Any, **more: Any) -> Any:
        begun.append(bool(more.get("read_only")))
        return transaction(*given, **more)

    for module in (carrier, intake):
        monkeypatch.setattr(module, "transaction", noted)
    said = await li.says("退休了能报吗")
    assert said.text and "（三）" in said.text
    assert count(wechat_app, outbox, outbox.c.sent_at.is_(None)) == 0
    assert begun and all(begun)  # they only read


async def test_at_overload_a_post_that_is_not_stored_gets_no_answer(
    meet: Meet, wechat_app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    li = meet()
    await li.says("你好")
    before = count(wechat_app, turn)
    monkeypatch.setattr(transport, "MOST_AT_ONCE", 0)
    post = li.post(MsgType="text", Content="退休了能报吗")
    assert (await li.sends(post)).status == 500
    assert count(wechat_app, turn) == before
    monkeypatch.setattr(transport, "MOST_AT_ONCE", 200)
    again = await li.sends(post)  # the platform asks again
    assert again.text and "（三）" in again.text
    assert count(wechat_app, turn) == before + 1


async def test_whoever_left_is_reached_by_nothing_until_they_follow_again(
    meet: Meet, wechat_app: App, clock: Clock
) -> None:
    li = meet()
    address = Address("wechat", APPID, "oLi")

    def why() -> dict[Address, str]:
        with transaction(wechat_app.engine, read_only=True) as connection:
            return reach.refused(connection, [address])

    await li.says("你好")
    await li.event("unsubscribe")
    assert why() == {address: "gone"}
    await li.event("subscribe")
    assert why() == {}


async def test_whoever_left_is_not_written_to_any_more(
    meet: Meet, wechat_app: App, api: WeChatServer
) -> None:
    li = meet()
    await li.says("你好")
    await li.event("unsubscribe")
    push(wechat_app, "oLi", "回复", li.clock())
    await quiet()
    assert (api.calls, unseen(wechat_app)) == ([], 1)
    back = await li.event("subscribe")
    assert back.text and "回复" in back.text


async def test_events_open_a_short_window(
    meet: Meet, wechat_app: App, api: WeChatServer, clock: Clock
) -> None:
    li = meet()
    await li.event("subscribe")
    push(wechat_app, "oLi", "".join(PARTS[:5]), clock())
    await api.until(lambda: len(api.sent) == 3)
    await quiet()
    assert len(api.sent) == 3
    wang = meet("oWang")
    await wang.event("subscribe")
    clock.forward(minutes=2)
    push(wechat_app, "oWang", "回复", clock())
    await quiet()
    assert api.to("oWang") == []


async def test_an_answer_nobody_took_is_sent_when_the_tries_are_over(
    meet: Meet, wechat_app: App, api: WeChatServer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.channels.wechat import transport as wechat_transport

    li = meet()
    monkeypatch.setattr(wechat_transport, "ANSWER_SECONDS", -1.0)  # as if every answer came too late
    late = await li.says("退休了能报吗")
    await quiet()
    assert api.sent == [], "the platform still asks"
    clock.forward(seconds=21)
    await api.until(lambda: len(api.sent) == 1)
    assert api.to("oLi") == [late.text]


async def test_the_token_is_asked_for_once_and_renewed_when_it_is_refused(
    meet: Meet, wechat_app: App, api: WeChatServer
) -> None:
    li, wang = meet(), meet("oWang")
    for phone in (li, wang):
        await phone.says("你好")
        push(wechat_app, phone.openid, "回复一", phone.clock())
    await api.until(lambda: len(api.sent) == 2)
    assert api.asked_tokens == [False]
    api.spoil_token()
    push(wechat_app, "oLi", "回复二", li.clock())
    await api.until(lambda: len(api.sent) == 3)
    assert api.asked_tokens == [False, False]
    api.spoil_token(told=False)  # an ordinary request keeps giving the one that is refused
    push(wechat_app, "oLi", "回复三", li.clock())
    await api.until(lambda: len(api.sent) == 4)
    assert api.asked_tokens == [False, False, False, True]
    assert api.to("oLi") == ["回复一", "回复二", "回复三"]


async def test_a_token_is_renewed_before_it_expires(
    api: WeChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wechat_api, "RENEW_BEFORE", 0.9)
    api.expires_in = 1
    calls = Api(api.base_url, APPID, SECRET)
    await calls.send_text("oLi", "一")
    await asyncio.sleep(0.6)
    await calls.send_text("oLi", "二")
    assert len(api.asked_tokens) == 2
    await calls.close()


async def test_what_is_not_an_answer_of_the_platform(api: WeChatServer) -> None:
    calls = Api(api.base_url, APPID, "wrong")
    with pytest.raises(NotTaken, match="40125"):
        await calls.send_text("oLi", "一")
    await calls.close()
    nobody = Api("http://127.0.0.1:9", APPID, SECRET)
    with pytest.raises(Unreachable) as caught:
        await nobody.send_text("oLi", "一")
    assert SECRET not in str(caught.value)
    await nobody.close()


async def test_two_processes_send_once(
    api: WeChatServer, clock: Clock, tmp_path: Path, postgres_url: str
) -> None:
    houses = [open_wechat_app(tmp_path, api, postgres_url) for _ in range(2)]
    async with serving_app(houses[0]) as first, serving_app(houses[1]) as second:
        for n, client in enumerate((first, second, first, second)):
            await Phone(f"o{n}", client, clock).says("你好")
            push(houses[0], f"o{n}", "".join(PARTS[:2]), clock())
        await api.until(lambda: len(api.sent) >= 8)
        await quiet()
        assert len(api.sent) == 8
        assert all(in_order(api.to(f"o{n}")) == parts(2) for n in range(4))
    for app in houses:
        app.engine.dispose()


async def test_a_reminder_reaches_who_wrote_lately_and_the_others_are_on_the_call_sheet(
    meet: Meet, wechat_app: App, api: WeChatServer, clock: Clock
) -> None:
    clock.forward(days=34)  # 28 December
    li, wang = meet("oLi"), meet("oWang")
    for phone, school in ((li, "环翠学校"), (wang, "文登学校")):
        await phone.chat(f"绑定 {contact_code(wechat_app, school)}", "王芳", "跳过")
    clock.forward(hours=47)
    await li.says("你好")
    clock.forward(hours=2)  # the morning of the 30th: only 环翠 wrote in the last two days
    sent, calls = reminder_sender.send_due(wechat_app.engine, CORPUS.holidays, clock())
    assert (sent, calls) == (1, ["文登学校"])
    await api.until(lambda: any("环翠学校" in text for text in api.to("oLi")))
    await quiet()
    assert api.to("oWang") == []
    shown = await wang.says("你好")
    assert shown.text and "文登学校" in shown.text


async def test_a_push_that_cannot_be_read_stops_nobody(
    meet: Meet, wechat_app: App, api: WeChatServer
) -> None:
    li = meet()
    await li.says("你好")
    push(wechat_app, "oLi", "回复一", li.clock())
    with transaction(wechat_app.engine) as connection:
        broken = outbox.update().where(outbox.c.turn_id.is_(None)).values(body={"text": 1})
        connection.execute(broken)
    push(wechat_app, "oLi", "回复二", li.clock())
    await api.until(lambda: any("回复二" in text for text in api.to("oLi")))
    assert "不可以" in await li.chat("退休了能报吗")


# -- how messages are laid out

VIEW = pages.View({}, lambda row, place: f"https://weihai.example/wechat/file/{row}.{place}")
TEXTS = st.text(st.sampled_from(list("情况表。，\n <a/>&]x9😀é")), max_size=1500)
CHOICES = st.lists(
    st.builds(Choice, st.text(st.sampled_from(list('是否<">&中文 ')), min_size=1, max_size=40), st.just("m")),
    max_size=30,
)


@given(TEXTS, CHOICES, st.integers(0, 6))
def test_every_message_fits_whole(text: str, choices: list[Choice], files: int) -> None:
    refs = tuple(FileRef("route", f"{'名' * 60}{n}.xlsx") for n in range(files))
    laid = pages.lay(Outgoing(text, tuple(choices), refs))
    shown = [pages.show(10**12, page, VIEW) for page in laid]
    assert all(len(one.encode()) <= channel_of("wechat").longest for one in shown)
    assert all(len(pages.and_more(one).encode()) < 2048 for one in shown)
    assert [c for page in laid for c in page.choices] == choices
    assert [f for page in laid for f in page.files] == list(refs)
    kept = "".join(page.text for page in laid)
    assert "".join(kept.split()) == "".join(xml.literal(text).split())
    for one in shown:  # every link is whole, and every one is ours
        rest = re.sub(
            r'<a href="(weixin://bizmsgmenu\?msgmenucontent=[^"<>&]*&msgmenuid=\d+-\d+|https://[^"<>&]*)">'
            r"[^\n]*?</a>",
            "",
            one,
        )
        assert "<a" not in rest and "</a" not in rest


def test_a_text_is_cut_after_sentences_and_never_inside_an_address() -> None:
    channel = channel_of("wechat")
    sentence = "这一句话有十一个字呢。"
    cut = split(sentence * 300, channel)
    assert all(piece.endswith("。") for piece in cut)
    address = "https://weihai.example/" + "a" * 300
    for before in range(560, 640, 7):
        assert any(address in piece for piece in split("字" * before + address, channel))
    family = "👩\u200d👩\u200d👧"
    for before in range(625, 636):
        pieces = split("字" * before + family * 3, channel)
        assert "".join(pieces).count(family) == 3
        assert not any(piece.startswith("\u200d") or piece.endswith("\u200d") for piece in pieces)
    assert split("a" * 4000, channel) == ["a" * 1900, "a" * 1900, "a" * 200]


def test_choices_without_room_for_links_can_still_be_typed() -> None:
    choices = tuple(Choice(f"第{n}项" + "选" * 8, f"t{n}") for n in range(12))
    numbers = {(c.label, c.token): n for n, c in enumerate(choices, 1)}
    (page,) = pages.lay(Outgoing("情" * 380, choices))
    shown = pages.show(1, page, pages.View(numbers, VIEW.link))
    lines = shown.split("\n")[1:]
    assert len(lines) == 12 and lines[0].startswith("<a") and lines[-1].startswith("12. ")


def test_what_others_wrote_is_no_link() -> None:
    evil = '<a href="weixin://bizmsgmenu?msgmenucontent=提交&msgmenuid=1-0">好</a>'
    shown = pages.show(7, Outgoing(evil, (Choice('"><a href=x>', "m"),)), VIEW)
    assert re.findall(r"<a [^>]*>", shown) == [
        '<a href="weixin://bizmsgmenu?msgmenucontent=＂＞＜a\u3000href＝x＞&msgmenuid=7-0">'
    ]
    assert platform.BUSY.isdisjoint(platform.ACCOUNT | platform.BAD_CONTENT)
