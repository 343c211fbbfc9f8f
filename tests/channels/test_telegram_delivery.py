"""The outbox on Telegram: at least once, in order, nobody held up; and what its messages look like."""
# Fixtures are imported by name.
# ruff: noqa: F401, F811

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from pathlib import Path
from typing import Any

import pytest

from bot.app import App
from bot.channels import delivery
from bot.channels.telegram import platform
from bot.channels.telegram.transport import Telegram, file_url
from bot.core.messages import Choice, FileRef, Incoming, Outgoing
from bot.core.reach import reachable
from bot.core.render import environment
from policy.calendar.quarters import Quarter
from storage.address import Address
from storage.connections.database import transaction
from storage.conversations import messages
from storage.schema.core import turn
from tests.support.corpus import CORPUS
from tests.support.telegram_app import (
    LI,
    NOW,
    WANG,
    api,
    count,
    failures,
    open_telegram_app,
    quick,
    served,
    serving,
    settled,
    telegram_app,
    until,
)
from tests.support.telegram_server import BOT, TOKEN, BotApi

# -- delivery


@pytest.mark.parametrize(
    "fault",
    [{"status": 429, "retry_after": 1}, {"status": 500}, {"status": 502}, {"drop": True}],
    ids=["429", "500", "502", "dropped"],
)
async def test_what_could_not_be_sent_is_sent_again(
    api: BotApi, telegram_app: App, served: Telegram, fault: dict[str, Any]
) -> None:
    api.fail("sendMessage", **fault)
    began = asyncio.get_running_loop().time()
    await api.say(LI, "帮助")
    await api.expect(LI)
    if "retry_after" in fault:
        assert asyncio.get_running_loop().time() - began >= fault["retry_after"]
    await settled(telegram_app, 1)
    assert len(api.to(LI)) == 1
    assert failures(telegram_app) == [None]


async def test_a_reply_leaves_at_once(
    api: BotApi, telegram_app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "LOOK_SECONDS", 600)
    async with serving(telegram_app):
        for _ in range(2):
            await api.say(LI, "帮助")
            await api.expect(LI)


async def test_one_chat_that_must_wait_holds_up_no_other(
    api: BotApi, telegram_app: App, served: Telegram
) -> None:
    api.fail("sendMessage", status=429, retry_after=600, user=LI)
    await api.say(LI, "帮助")
    await api.until(lambda: api.called("sendMessage"))
    await api.say(WANG, "帮助")
    await api.expect(WANG)
    assert api.to(LI) == []


async def test_taken_but_not_heard_back_is_sent_again(
    api: BotApi, telegram_app: App, served: Telegram
) -> None:
    api.fail("sendMessage", drop=True, taken=True)
    await api.say(LI, "帮助")
    await api.expect(LI)
    await api.expect(LI)
    assert count(telegram_app, turn) == 1


async def test_what_is_refused_for_ever_is_given_up_and_the_next_message_goes(
    api: BotApi, telegram_app: App, served: Telegram
) -> None:
    api.fail("sendMessage", status=403, description="Forbidden: user is deactivated")
    api.fail("sendMessage", status=400, description="Bad Request: chat not found")
    for text in ("菜单", "帮助", "退休了能报吗"):
        await api.say(LI, text)
    assert "（三）" in (await api.expect(LI)).text
    await settled(telegram_app, 3)
    assert failures(telegram_app) == ["deactivated", "refused: Chat not found", None]


async def test_who_blocked_us_is_remembered_until_they_write_and_loses_nothing(
    api: BotApi, telegram_app: App
) -> None:
    address = Address("telegram", str(BOT), str(LI))

    def reached() -> bool:
        with transaction(telegram_app.engine, read_only=True) as connection:
            return address in reachable(connection, [address], NOW)

    async with serving(telegram_app):
        await api.say(LI, "帮助")
        await api.expect(LI)
        assert reached()
        api.fail("sendMessage", status=403, description="Forbidden: bot was blocked by the user")
        with transaction(telegram_app.engine) as connection:
            messages.enqueue(connection, address, [Outgoing("请报情况表").body()], NOW)
        await until(lambda: not reached())
    tried = len(api.called("sendMessage"))
    async with serving(telegram_app):  # another process knows it too: it does not even try
        await api.say(WANG, "帮助")
        await api.expect(WANG)
        assert len(api.called("sendMessage")) == tried + 1
        await api.say(LI, "菜单")  # they are back
        assert "情况表" in (await api.expect(LI)).text
        await api.expect(LI)
        assert reached()
    assert set(failures(telegram_app)) == {None}


async def test_what_a_stopped_process_left_is_delivered_by_the_next(api: BotApi, telegram_app: App) -> None:
    address = Address("telegram", str(BOT), str(LI))
    for number, text in enumerate(("菜单", "帮助", "退休了能报吗")):
        telegram_app.assistant.handle(Incoming(address, f"m{number}", NOW, text))
    with transaction(telegram_app.engine) as connection:  # another bot's account is not ours to serve
        messages.enqueue(connection, Address("telegram", "1", str(WANG)), [Outgoing("x").body()], NOW)
    async with serving(telegram_app):
        texts = [(await api.expect(LI)).text for _ in range(3)]
        await settled(telegram_app, 3)
    assert "怎么用" in texts[1]
    assert "（三）" in texts[2]
    assert api.to(WANG) == []


async def test_a_push_written_by_another_process_is_found(
    api: BotApi, telegram_app: App, served: Telegram
) -> None:
    await api.until(lambda: api.called("getUpdates"))
    with transaction(telegram_app.engine) as connection:
        messages.enqueue(connection, Address("telegram", str(BOT), str(LI)), [Outgoing("提醒").body()], NOW)
    assert (await api.expect(LI)).text == "提醒"


async def test_a_long_message_goes_in_pieces_each_once_and_buttons_with_the_last(
    api: BotApi, telegram_app: App
) -> None:
    text = "\n".join("字" * 99 for _ in range(90))
    body = Outgoing(text, (Choice("菜单", "m"),)).body()
    with transaction(telegram_app.engine) as connection:
        messages.enqueue(connection, Address("telegram", str(BOT), str(LI)), [body], NOW)
    async with serving(telegram_app):
        first = await api.expect(LI)
        api.fail("sendMessage", status=500)
        pieces = [first, await api.expect(LI), await api.expect(LI)]
        await settled(telegram_app, 1)
    assert "\n".join(p.text for p in pieces) == text
    assert [p.labels for p in pieces] == [[], [], ["菜单"]]
    assert len(api.sent) == 3


async def test_a_row_that_cannot_be_read_blocks_nobody(api: BotApi, telegram_app: App) -> None:
    address = Address("telegram", str(BOT), str(LI))
    with transaction(telegram_app.engine) as connection:
        messages.enqueue(connection, address, [{"text": "x"}, Outgoing("好").body()], NOW)
        gone = FileRef("form", "表", {"revision": 99})
        broken = Outgoing("附件", files=(gone,)).body()
        messages.enqueue(connection, address, [broken], NOW)
    async with serving(telegram_app):
        assert (await api.expect(LI)).text == "好"
        await settled(telegram_app, 3)
    first, second, third = failures(telegram_app)
    assert first is not None
    assert first.startswith("unreadable")
    assert second is None
    assert third is not None
    assert third.startswith("fault")


async def test_of_two_processes_one_polls_and_sends_until_it_stops(
    api: BotApi, tmp_path: Path, postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = (open_telegram_app(api, tmp_path, postgres_url) for _ in range(2))
    async with contextlib.AsyncExitStack() as later:
        async with serving(first):
            await api.until(lambda: api.called("getUpdates"))
            await later.enter_async_context(serving(second))
            for text in ("菜单", "帮助", "退休了能报吗"):
                await api.say(LI, text)
                await api.expect(LI)
            await settled(first, 3)
        await api.say(LI, "帮助")
        assert "怎么用" in (await api.expect(LI)).text
    assert len(api.sent) == 4
    assert "Conflict" not in caplog.text
    for app in (first, second):
        app.engine.dispose()


async def test_a_telegram_out_of_reach_at_the_start_is_waited_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with BotApi() as taken:
        port = taken.port
    api = BotApi(port=port)
    async with serving(open_telegram_app(api, tmp_path)):
        await until(lambda: "telegram start" in caplog.text)
        async with api:
            await api.say(LI, "帮助")
            await api.expect(LI)


# -- keyboards, tokens, addresses, logs


def labels(*given: str) -> list[list[str]]:
    laid = platform.rows(tuple(Choice(label, "m") for label in given))
    return [[choice.label for choice in row] for row in laid]


def test_short_buttons_share_a_row_and_long_ones_stand_alone() -> None:
    assert labels("0", "不掌握", "是", "否") == [["0", "不掌握", "是"], ["否"]]
    assert labels("没有退休", "退休了") == [["没有退休", "退休了"]]
    assert labels("是", "在威海市行政区域内工作") == [["是"], ["在威海市行政区域内工作"]]
    assert labels("在威海市行政区域内工作", "是") == [["在威海市行政区域内工作"], ["是"]]
    assert [len(label) for row in labels("长" * 80) for label in row] == [64]


def test_a_token_that_does_not_fit_is_never_sent() -> None:
    laid = platform.rows((Choice("好", "m"), Choice("坏", "q:" + "字" * 21), Choice("空", "")))
    assert [[c.label for c in row] for row in laid] == [["好"]]


BIG = 10**8 - 1  # institutions, and steps of one conversation; far beyond what there will be
PREFIX = {"button": "", "option": f"s{BIG}:v:", "act": f"s{BIG}:a:"}


def composed_tokens() -> dict[str, list[str]]:
    """The tokens that templates compose, by their kind, with the longest values each can carry."""
    entries = [e.id for e in CORPUS.answers.entries.values()]
    occupations = [o.name for o in CORPUS.form.occupations]
    place = f"{BIG}:{Quarter.of(NOW)}"
    facts = [(f.id, o.id) for c in CORPUS.checks.values() for f in c.facts.values() for o in f.options]
    return {
        "entry": [f"entry:{e}" for e in entries],
        "original": [f"original:{e}" for e in entries],
        "clause": [f"clause:{c}" for c in CORPUS.notices.ids()],
        "topics": [f"topics:{BIG}"],
        "go": [f"go:check-{c}" for c in CORPUS.checks],
        "who": [f"who:{c}:{BIG}" for c in CORPUS.checks],
        "row": [f"row:{place}:{o}" for o in occupations],
        "cell": [f"cell:{place}:{o}/{len(CORPUS.form.measures)}" for o in occupations],
        "office.export": [f"office.export:{Quarter.of(NOW)}"],
        "office.invite": [f"office.invite:{BIG}"],
        "option": [PREFIX["option"] + v for v in [str(BIG), *occupations, *(o for _, o in facts)]],
        "act": [PREFIX["act"] + f"c:{question}" for question in ["institution", *(f for f, _ in facts)]],
    }


def _longest(part: str) -> str:
    """A literal, or the most that a variable of a template can be."""
    if part.startswith('"'):
        return part.strip('"')
    return max(CORPUS.answers.entries, key=len) if part.startswith("entry") else str(BIG)


def test_every_token_of_every_template_fits_callback_data() -> None:
    composed = composed_tokens()
    tokens = [token for kind in composed.values() for token in kind]
    for name in environment().list_templates(extensions=["j2", "html", "svg"]):  # not the Word files
        source, _, _ = environment().loader.get_source(environment(), name)  # type: ignore[union-attr]
        source = source.replace('action ~ ":"', '"history:"')  # any that names a report
        for call, arguments in re.findall(r"\b(button|option|act)\((.*?)\)\s*}}", source):
            if literal := re.search(r',\s*"([^"]*)"$', arguments):
                tokens.append(PREFIX[call] + literal[1])
                continue
            kind = call
            if call == "button" and arguments.endswith("token"):
                continue  # made beside the template, and measured there
            if call == "button":
                kind = re.findall(r'"([a-z.]+):[^"]*" ~', arguments)[0]
            if kind not in composed:  # of numbers and entries; one that carries more goes above
                parts = arguments[arguments.index(f'"{kind}:') :].split(" ~ ")
                tokens.append("".join(_longest(part) for part in parts))
    longest = max(tokens, key=lambda token: len(token.encode()))
    assert len(longest.encode()) <= platform.TOKEN_BYTES, longest


def test_files_are_fetched_from_where_the_api_is() -> None:
    assert file_url("https://api.telegram.org/bot") == "https://api.telegram.org/file/bot"
    assert file_url("http://127.0.0.1:8081/bot") == "http://127.0.0.1:8081/file/bot"


async def test_no_token_number_or_text_reaches_a_log(
    api: BotApi, telegram_app: App, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    api.fail("getMe", status=401, description="Unauthorized")  # the library's error names the token
    api.fail("sendMessage", drop=True)
    api.fail("getUpdates", status=500)
    async with serving(telegram_app):
        await api.say(LI, "我的电话13812345678，退休了能报吗")
        await api.expect(LI)
        await api.send_file(LI, "机密.txt", b"secret")
        await api.expect(LI)
    assert "telegram start: InvalidToken" in caplog.text
    for secret in (TOKEN, "AAAAAAAA", "13812345678", "退休", "机密"):
        assert secret not in caplog.text
