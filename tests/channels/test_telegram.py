"""Talking over Telegram, with the real library against a loopback Bot API."""
# Fixtures are imported by name.
# ruff: noqa: F401, F811

from __future__ import annotations

import asyncio
import io
import sqlite3
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import select

from bot import router
from bot.app import App
from bot.assistant import Attempt, Prepared
from bot.channels.telegram import fetch, intake, transport
from bot.channels.telegram.transport import Telegram
from bot.core.messages import Outgoing
from bot.core.reach import reachable
from policy.calendar.quarters import reporting_quarter
from storage.address import Address
from storage.connections.database import transaction
from storage.institutions import institutions
from storage.people import people
from storage.reports import attachments
from storage.schema.core import download, figure, turn
from tests.support.corpus import CORPUS
from tests.support.telegram_app import (
    LI,
    NOW,
    WANG,
    api,
    count,
    quick,
    served,
    serving,
    settled,
    telegram_app,
    until,
)
from tests.support.telegram_server import BOT, BotApi, Sent

JPG = b"\xff\xd8\xff a photograph"

# -- talking


async def test_a_question_is_answered_with_its_clauses_and_buttons(api: BotApi, served: Telegram) -> None:
    await api.say(LI, "退休了能报吗")
    answer = await api.expect(LI)
    assert "（三）" in answer.text
    assert "看原文" in answer.labels
    assert "parse_mode" not in answer.raw
    assert answer.raw["link_preview_options"] == {"is_disabled": True}


async def test_pressing_a_button_shows_the_original_and_ends_the_spinner(
    api: BotApi, served: Telegram
) -> None:
    await api.say(LI, "退休了能报吗")
    await api.expect(LI)
    pressed = await api.press(LI, "看原文")
    assert "不包含已退休人员" in (await api.expect(LI)).text
    query = pressed["callback_query"]["id"]
    await api.until(lambda: [c["callback_query_id"] for c in api.called("answerCallbackQuery")] == [query])


async def test_the_enrolment_check_by_pressing_labels(api: BotApi, served: Telegram) -> None:
    await api.say(LI, "/start")
    await api.expect(LI)
    await api.press(LI, "我能不能参加培训")
    for label in ("没有退休", "是", "在做别的工作"):
        (await api.expect(LI)).token(label)  # it is there
        await api.press(LI, label)
    assert "可以参加" in (await api.expect(LI)).text


async def test_an_old_button_is_refused_with_the_present_step(api: BotApi, served: Telegram) -> None:
    await api.say(LI, "我能不能参加培训")
    first = await api.expect(LI)
    await api.press(LI, "没有退休")
    second = await api.expect(LI)
    await api.press_token(LI, first.token("已退休"))
    refused = await api.expect(LI)
    assert "该按钮已失效" in refused.text
    assert refused.labels == second.labels


async def test_a_failing_spinner_changes_nothing(api: BotApi, served: Telegram) -> None:
    await api.say(LI, "菜单")
    await api.expect(LI)
    api.fail("answerCallbackQuery", status=400, description="Bad Request: query is too old")
    await api.press(LI, "帮助")
    await api.expect(LI)
    await api.say(LI, "菜单")
    await api.expect(LI)


async def bound(api: BotApi, app: App, user: int = LI) -> None:
    """A contact, who may send files."""
    with transaction(app.engine) as connection:
        school = institutions.create(connection, f"威海第{user}学校", "2026Q1", NOW, None)
        code, _ = people.create_invite(connection, app.keys.codes, NOW, "contact", school.id, None)
    for line in (f"/start {code}", "李梅", "跳过"):
        await api.say(user, line)
        await api.expect(user)
    await api.say(user, "菜单")  # today's greeting comes with it
    await api.expect(user)
    await api.expect(user)


async def reported(api: BotApi, app: App) -> Sent:
    """A contact's way from the code to the receipt; the form that came with it."""
    with transaction(app.engine) as connection:
        school = institutions.create(connection, "威海数字培训学校", "2026Q1", NOW, None)
        code, _ = people.create_invite(connection, app.keys.codes, NOW, "contact", school.id, None)
    figures = "大数据 3 2 120 80 60 90000"
    receipt = None
    for line in (f"/start {code}", "王芳", "跳过", f"填报 {reporting_quarter(NOW)}", figures, "提交", "提交"):
        await api.say(WANG, line)
        receipt = await api.expect(WANG)
    assert receipt is not None
    assert "系统已收到" in receipt.text
    return await api.expect(WANG)


async def test_a_code_comes_with_start_and_the_form_comes_as_a_document(
    api: BotApi, telegram_app: App, served: Telegram
) -> None:
    quarter = reporting_quarter(NOW)
    document = await reported(api, telegram_app)
    assert document.file_name == f"{CORPUS.form.title}-威海数字培训学校-{quarter}.xlsx"
    assert document.keyboard == []
    sheet = openpyxl.load_workbook(io.BytesIO(document.file)).worksheets[0]
    assert any("威海数字培训学校" in str(cell.value) for row in sheet for cell in row)
    assert count(telegram_app, figure) == 1


# -- what is not an ordinary text


GROUP = {"id": -5, "type": "group", "title": "群"}


async def test_service_messages_ask_nothing(api: BotApi, telegram_app: App, served: Telegram) -> None:
    await api.update(message=api.message(LI, pinned_message=api.message(BOT, text="…", chat=LI)))
    await api.say(LI, "帮助")
    await api.expect(LI)
    assert len(api.sent) == 1
    assert count(telegram_app, turn) == 1


async def test_in_a_group_only_what_is_addressed_is_answered_and_nothing_personal(
    api: BotApi, telegram_app: App, served: Telegram
) -> None:
    await bound(api, telegram_app)
    before = len(api.sent)
    for text in ("退休了能报吗", "/report", "找@weihai_test_bot2"):
        await api.update(message=api.message(LI, text=text, chat_object=GROUP))
    await api.update(edited_message=api.message(LI, text="@weihai_test_bot 在吗", chat_object=GROUP))
    await api.update(message=api.message(LI, text="@Weihai_Test_Bot 退休了能报吗", chat_object=GROUP))
    answered = await api.expect(-5)
    assert "（三）" in answered.text
    assert answered.keyboard == []
    ours = api.message(BOT, text="…", chat_object=GROUP)
    for text in ("填报", "我的数据", "ABCDE-FGH23"):
        await api.update(message=api.message(LI, text=text, chat_object=GROUP, reply_to_message=ours))
        assert "请私聊我" in (await api.expect(-5)).text
    assert len(api.sent) == before + 4
    assert not [one for one in api.to(LI)[before:] if one.text]


async def test_every_callback_is_answered(api: BotApi, served: Telegram) -> None:
    query = {"from": {"id": LI, "is_bot": False, "first_name": "人"}, "chat_instance": "1", "data": "m"}
    under = api.message(BOT, text="…", chat_object=GROUP)
    await api.update(callback_query={**query, "id": "1", "message": under})
    await api.update(callback_query={**query, "id": "2", "inline_message_id": "x"})
    await api.until(lambda: {c["callback_query_id"] for c in api.called("answerCallbackQuery")} == {"1", "2"})


async def edits(api: BotApi, said: dict[str, Any], text: str) -> None:
    await api.update(edited_message={**said["message"], "text": text, "edit_date": 1_798_600_100})


async def test_an_edited_question_is_answered_anew(api: BotApi, served: Telegram) -> None:
    said = await api.say(LI, "退休了")
    await api.expect(LI)
    await edits(api, said, "退休了能报吗")
    assert "（三）" in (await api.expect(LI)).text


async def test_an_edited_row_of_figures_is_a_correction_and_an_edited_answer_is_told_the_way(
    api: BotApi, telegram_app: App, served: Telegram
) -> None:
    await bound(api, telegram_app)
    quarter = reporting_quarter(NOW)
    await api.say(LI, f"填报 {quarter}")
    await api.expect(LI)
    row = await api.say(LI, "大数据 3 2 120 80 60 90000")
    await api.expect(LI)
    await edits(api, row, "大数据 3 2 130 80 60 90000")
    assert "130" in (await api.expect(LI)).text
    with transaction(telegram_app.engine, read_only=True) as connection:
        assert connection.execute(select(figure.c.trained)).scalars().all() == [130]
    await api.say(LI, "我能不能参加培训")
    await api.expect(LI)
    answer = await api.say(LI, "没有退休")
    asked = await api.expect(LI)
    await edits(api, answer, "已经退休")
    told = await api.expect(LI)
    assert "没有算数" in told.text
    assert told.labels == asked.labels  # nothing has moved


async def test_an_album_is_one_message(api: BotApi, telegram_app: App, served: Telegram) -> None:
    await bound(api, telegram_app)
    sent = []
    for name in ("甲.txt", "乙.txt", "丙.txt"):
        file_id = name.encode().hex()
        api._files[file_id] = b"a"
        document = {"file_id": file_id, "file_unique_id": file_id, "file_name": name, "file_size": 1}
        sent.append(await api.update(message=api.message(LI, document=document, media_group_id="77")))
    said = {(await api.expect(LI)).text, (await api.expect(LI)).text}
    assert any("甲.txt" in text for text in said)
    assert any("一个一个发" in text for text in said)
    await api.deliver({**sent[0], "update_id": sent[0]["update_id"] + 50})  # again, as after a kill
    await api.say(LI, "帮助")
    assert "怎么用" in (await api.expect(LI)).text


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        ("voice", {"file_id": "v", "file_unique_id": "v", "duration": 1}),
        ("sticker", {"file_id": "s", "file_unique_id": "s", "type": "regular", "width": 1, "height": 1}),
        ("location", {"longitude": 122.1, "latitude": 37.5}),
        ("contact", {"phone_number": "1", "first_name": "人"}),
    ],
)
async def test_what_cannot_be_taken_is_named(
    api: BotApi, telegram_app: App, served: Telegram, kind: str, what: dict[str, Any]
) -> None:
    if kind == "sticker":
        what |= {"is_animated": False, "is_video": False}
    await api.update(message={**api.message(LI), kind: what})
    said = await api.expect(LI)
    assert {"voice": "语音", "sticker": "表情", "location": "位置", "contact": "名片"}[kind] in said.text
    assert said.labels == ["菜单"]


async def test_as_many_characters_as_the_platform_takes_are_taken(
    api: BotApi, telegram_app: App, served: Telegram
) -> None:
    await api.say(LI, "退休了能报吗" + "？" * 4090)
    assert "太长" not in (await api.expect(LI)).text


async def test_a_link_to_the_bot_opens_the_report(api: BotApi, telegram_app: App, served: Telegram) -> None:
    await bound(api, telegram_app)
    await api.say(LI, "/start report")
    assert "哪个季度" in (await api.expect(LI)).text


# -- a clean chat


async def test_a_step_is_one_message_edited_in_place(
    api: BotApi, telegram_app: App, served: Telegram
) -> None:
    await api.say(LI, "我能不能参加培训")
    asked = await api.expect(LI)
    await api.press(LI, "没有退休")
    second = await api.expect(LI)
    assert (second.edited, second.message_id) == (True, asked.message_id)
    await api.say(LI, "是")  # typed: the next one is sent, and the keyboard above is gone
    third = await api.expect(LI)
    assert not third.edited
    await api.until(lambda: api.keyboards[LI, second.message_id] == [])
    api.fail("editMessageText", status=400, description="Bad Request: message can't be edited")
    await api.press(LI, third.labels[0])
    assert not (await api.expect(LI)).edited
    await settled(telegram_app, 4)


async def test_an_edit_that_has_to_wait_is_still_an_edit(api: BotApi, served: Telegram) -> None:
    await api.say(LI, "我能不能参加培训")
    asked = await api.expect(LI)
    api.fail("editMessageText", status=502)
    await api.press(LI, "没有退休")
    second = await api.expect(LI)
    assert (second.edited, second.message_id) == (True, asked.message_id)


async def test_buttons_that_work_at_any_time_stay(api: BotApi, served: Telegram) -> None:
    await api.say(LI, "退休了能报吗")
    answer = await api.expect(LI)
    await api.press(LI, "看原文")
    assert not (await api.expect(LI)).edited
    await api.say(LI, "帮助")
    await api.expect(LI)
    assert api.keyboards[LI, answer.message_id]


async def test_commands_are_offered_by_role(api: BotApi, telegram_app: App, served: Telegram) -> None:
    await api.until(lambda: api.called("setMyCommands"))
    await bound(api, telegram_app)
    await api.until(lambda: len(api.called("setMyCommands")) >= 2)
    offered = {
        asked["scope"]["type"]: [one["command"] for one in asked["commands"]]
        for asked in api.called("setMyCommands")
    }
    assert offered["all_private_chats"][0] == offered["chat"][0] == "report"
    assert "workbench" not in offered["chat"]


async def test_what_takes_a_while_is_shown_as_being_typed(
    api: BotApi, telegram_app: App, served: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "QUICK_SECONDS", 0.01)
    handle, slow = served._runner.handle, asyncio.Event()

    async def waiting(incoming: Any) -> Any:
        await slow.wait()
        return await handle(incoming)

    monkeypatch.setattr(served._runner, "handle", waiting)
    await api.say(LI, "帮助")
    await api.until(lambda: api.called("sendChatAction"))
    slow.set()
    await api.expect(LI)


# -- files


async def test_a_picture_gets_one_kind_sentence_and_its_caption_an_answer(
    api: BotApi, telegram_app: App, served: Telegram
) -> None:
    twice = await api.send_photo(LI, JPG)
    assert "现在不需要文件" in (await api.expect(LI)).text
    await api.deliver({**twice, "update_id": twice["update_id"] + 1})
    await api.send_photo(LI, JPG, "退休了能报吗")
    both = (await api.expect(LI)).text
    assert "现在不需要文件" in both
    assert "（三）" in both


async def test_a_photograph_of_the_stamped_form_is_kept_with_the_report(
    api: BotApi, telegram_app: App, served: Telegram
) -> None:
    await reported(api, telegram_app)
    await api.send_photo(WANG, JPG, "盖章件")
    said = await api.expect(WANG)
    assert "已收" in said.text
    with transaction(telegram_app.engine, read_only=True) as connection:
        assert attachments.stamped_in(connection, str(reporting_quarter(NOW)))
    kept = list((telegram_app.settings.data_dir / "attachments").iterdir())
    assert [path.read_bytes() for path in kept] == [JPG]
    await until(lambda: count(telegram_app, download) == 0)
    assert list((telegram_app.settings.data_dir / "incoming").iterdir()) == []


async def test_a_document_is_stored_before_it_is_applied_and_not_kept_when_nobody_wants_it(
    api: BotApi, telegram_app: App, served: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bound(api, telegram_app)
    seen: list[bytes] = []
    answer = telegram_app.assistant.answer

    def looking(prepared: Prepared, attempt: Attempt) -> list[Outgoing]:
        file = prepared.incoming.file
        seen.append(Path(file.path).read_bytes() if file else b"")
        return answer(prepared, attempt)

    monkeypatch.setattr(telegram_app.assistant, "answer", looking)
    await api.send_file(LI, "情况表.xlsx", b"PK-content")
    assert "情况表.xlsx" in (await api.expect(LI)).text
    assert seen == [b"PK-content"]
    await until(lambda: count(telegram_app, download) == 0)
    assert list((telegram_app.settings.data_dir / "incoming").iterdir()) == []


async def test_a_file_of_somebody_who_may_send_none_is_not_fetched(
    api: BotApi, telegram_app: App, served: Telegram
) -> None:
    await api.send_file(LI, "情况表.xlsx", b"PK-content")
    assert "绑定" in (await api.expect(LI)).text
    assert api.called("getFile") == []
    assert count(telegram_app, download) == 0


@pytest.mark.parametrize(("told", "asked"), [(11_000_000, 0), (1, 1)])
async def test_a_document_over_the_limit_is_refused_and_not_downloaded(
    api: BotApi, telegram_app: App, served: Telegram, told: int, asked: int
) -> None:
    await bound(api, telegram_app)
    await api.send_file(LI, "大.zip", b"x" * 11_000_000, size=told)
    assert "10 MB" in (await api.expect(LI)).text
    assert len(api.called("getFile")) == asked
    assert api.called("file") == []
    assert not (telegram_app.settings.data_dir / "incoming").exists()


async def test_a_document_that_cannot_be_had_blocks_nobody(
    api: BotApi, telegram_app: App, served: Telegram
) -> None:
    await bound(api, telegram_app)
    api.fail("getFile", status=500)  # tried again
    await api.send_file(LI, "甲.txt", b"a")
    assert "甲.txt" in (await api.expect(LI)).text
    api.fail("getFile", status=400, description="Bad Request: wrong file_id")
    await api.send_file(LI, "乙.txt", b"b")
    assert "没能取到" in (await api.expect(LI)).text


async def test_a_download_that_hangs_keeps_nobody_waiting_and_is_given_up(
    api: BotApi, telegram_app: App, served: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bound(api, telegram_app)
    hangs = asyncio.Event()
    monkeypatch.setattr(api, "_getfile", lambda asked: hangs.wait())
    sent = await api.send_file(LI, "甲.pdf", b"%PDF-1.4 a")
    await until(lambda: api.called("getFile"))
    await api.acknowledged(sent)  # it is noted
    await api.say(WANG, "退休了能报吗")
    assert "（三）" in (await api.expect(WANG)).text
    await api.say(LI, "帮助")  # not even who sent it waits
    assert "怎么用" in (await api.expect(LI)).text
    assert count(telegram_app, download) == 1
    hangs.set()


async def test_a_file_has_a_time_altogether(
    api: BotApi, telegram_app: App, served: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bound(api, telegram_app)
    monkeypatch.setattr(fetch, "ALL_SECONDS", 0.2)
    api.fail("getFile", times=1000, status=500)
    await api.send_file(LI, "甲.pdf", b"%PDF-1.4 a")
    assert "没能取到" in (await api.expect(LI)).text
    await until(lambda: count(telegram_app, download) == 0)


async def test_a_file_noted_before_a_stop_is_fetched_after_the_start(api: BotApi, telegram_app: App) -> None:
    async with serving(telegram_app):
        await bound(api, telegram_app)
        api.fail("getFile", times=1000, status=500)
        sent = await api.send_file(LI, "甲.pdf", b"%PDF-1.4 a")
        await api.acknowledged(sent)
    assert count(telegram_app, download) == 1
    api.recover("getFile")
    async with serving(telegram_app):
        assert "甲.pdf" in (await api.expect(LI)).text
        await until(lambda: count(telegram_app, download) == 0)


async def test_only_so_many_files_of_one_person_wait(
    api: BotApi, telegram_app: App, served: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bound(api, telegram_app)
    monkeypatch.setattr(intake, "MOST_WAITING", 2)
    api.fail("getFile", times=1000, status=500)
    for name in ("甲", "乙", "丙"):
        await api.send_file(LI, f"{name}.pdf", b"%PDF-1.4 a")
    assert "没收完" in (await api.expect(LI)).text
    assert count(telegram_app, download) == 2


async def test_a_text_too_long_is_refused_once(api: BotApi, telegram_app: App, served: Telegram) -> None:
    long = await api.say(LI, "长" * 4097)
    await api.deliver(long)
    assert "太长了" in (await api.expect(LI)).text
    await api.say(LI, "帮助")
    assert "怎么用" in (await api.expect(LI)).text


# -- once, in order, and nobody blocked


async def test_the_same_update_again_is_applied_and_answered_once(
    api: BotApi, telegram_app: App, tmp_path: Path
) -> None:
    async with serving(telegram_app):
        first = await api.say(LI, "我能不能参加培训")
        await api.deliver(first, first)
        await api.expect(LI)
        await api.acknowledged(first)
    api.offset = 0
    await api.deliver(first)  # as after a restart before the acknowledgement arrived
    async with serving(telegram_app):
        await api.say(LI, "没有退休")
        await api.expect(LI)
        await settled(telegram_app, 2)
    assert len(api.to(LI)) == 2
    assert count(telegram_app, turn) == 2


async def test_an_acknowledgement_lost_on_the_way_repeats_nothing(api: BotApi, telegram_app: App) -> None:
    async with serving(telegram_app):
        await api.until(lambda: api.called("getUpdates"))
        api.fail("getUpdates", times=3, drop=True)
        lost = await api.say(LI, "帮助")
        await api.expect(LI)
        await api.say(LI, "退休了能报吗")
        await api.expect(LI)
        await api.acknowledged(lost)
    assert len(api.to(LI)) == 2


async def test_malformed_updates_do_not_block_their_batch(
    api: BotApi, telegram_app: App, caplog: pytest.LogCaptureFixture
) -> None:
    good = {"update_id": 1, "message": api.message(LI, text="帮助")}
    bad: list[dict[str, Any]] = [
        {"update_id": 2, "message": {"text": "秘密的话"}},
        {"update_id": 3, "message": "no object"},
        {"update_id": 4, "message": {**api.message(LI), "text": {"not": "text"}}},
        {"update_id": 5, "message": {**api.message(LI, text="x"), "message_id": "7"}},
        {"update_id": 6, "callback_query": {"id": "1"}},
        {"update_id": 7, "message": {**api.message(LI, text="x"), "date": "yesterday"}},
    ]
    last = {"update_id": 8, "message": api.message(WANG, text="帮助")}
    await api.deliver(good, *bad, last)
    async with serving(telegram_app):
        await api.expect(LI)
        await api.expect(WANG)
        await api.acknowledged(last)
    assert count(telegram_app, turn) == 2
    assert caplog.text.count("is malformed") == len(bad)
    assert "秘密" not in caplog.text


async def test_many_messages_of_one_person_at_once_keep_their_order(
    api: BotApi, telegram_app: App, served: Telegram
) -> None:
    said = ["我能不能参加培训", "没有退休", "是", "在做别的工作，有意愿从事", "帮助"]
    await api.deliver(
        *({"update_id": 50 + n, "message": api.message(LI, text=text)} for n, text in enumerate(said))
    )
    got = [(await api.expect(LI)).text for _ in said]
    assert "可以参加" in got[3]
    assert "怎么用" in got[4]


async def test_a_fault_of_ours_answers_and_goes_on(
    api: BotApi, telegram_app: App, served: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    respond = router.respond

    def poisonous(turn: Any, registry: Any) -> list[Outgoing]:
        if turn.text == "毒":
            raise RuntimeError("毒")
        return respond(turn, registry)

    monkeypatch.setattr(router, "respond", poisonous)
    await api.deliver(
        {"update_id": 60, "message": api.message(LI, text="毒")},
        {"update_id": 61, "message": api.message(LI, text="帮助")},
    )
    assert "事件编号" in (await api.expect(LI)).text
    assert "怎么用" in (await api.expect(LI)).text


async def test_even_the_incident_failing_blocks_nobody(
    api: BotApi, telegram_app: App, served: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = telegram_app.assistant.answer

    def poisonous(prepared: Prepared, attempt: Attempt) -> list[Outgoing]:
        if prepared.incoming.text == "毒":
            raise RuntimeError("毒")
        return answer(prepared, attempt)

    monkeypatch.setattr(telegram_app.assistant, "answer", poisonous)
    poison = await api.say(LI, "毒")
    await api.say(LI, "帮助")
    assert "怎么用" in (await api.expect(LI)).text
    await api.acknowledged(poison)


async def test_while_storage_is_away_nothing_is_acknowledged_or_said(
    api: BotApi, telegram_app: App, tmp_path: Path
) -> None:
    async with serving(telegram_app):
        await api.until(lambda: api.called("getUpdates"))
        other = sqlite3.connect(tmp_path / "bot.sqlite3", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        said = await api.say(LI, "我能不能参加培训")
        await asyncio.sleep(0.3)
        assert api.offset <= said["update_id"]
        assert api.sent == []
        other.execute("ROLLBACK")
        other.close()
        await api.expect(LI)
        await api.acknowledged(said)
    assert count(telegram_app, turn) == 1
    assert len(api.to(LI)) == 1


async def test_a_slow_chat_holds_up_no_poll_and_no_acknowledgement_passes_it(
    api: BotApi, telegram_app: App, served: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle, slow = served._runner.handle, asyncio.Event()

    async def waiting(incoming: Any) -> Any:
        if incoming.address.sender == str(LI):
            await slow.wait()
        return await handle(incoming)

    monkeypatch.setattr(served._runner, "handle", waiting)
    held = await api.say(LI, "帮助")
    for _ in range(3):
        last = await api.say(WANG, "帮助")
        await api.expect(WANG)
    assert api.offset <= held["update_id"]
    slow.set()
    await api.expect(LI)
    await api.acknowledged(last)
    assert (len(api.to(LI)), len(api.to(WANG))) == (1, 3)


async def test_what_the_platform_says_of_polling_is_heeded(
    api: BotApi, telegram_app: App, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(transport, "CONFLICT_SECONDS", 0.02)
    api.fail("getUpdates", status=409, description="Conflict: terminated by other getUpdates request")
    api.fail("getUpdates", status=429, retry_after=1)
    began = asyncio.get_running_loop().time()
    async with serving(telegram_app):
        await api.say(LI, "帮助")
        await api.expect(LI)
    assert asyncio.get_running_loop().time() - began >= 1
    assert "another program polls" in caplog.text


async def test_who_blocks_the_bot_is_known_at_once(api: BotApi, telegram_app: App, served: Telegram) -> None:
    address = Address("telegram", str(BOT), str(LI))

    def reached() -> bool:
        with transaction(telegram_app.engine, read_only=True) as connection:
            return address in reachable(connection, [address], NOW)

    def member(status: str) -> dict[str, Any]:
        bot = {"id": BOT, "is_bot": True, "first_name": "助手"}
        chat = {"id": LI, "type": "private", "first_name": "人"}
        change: dict[str, Any] = {"old_chat_member": {"status": "member", "user": bot}}
        change["new_chat_member"] = {"status": status, "user": bot}
        if status == "kicked":
            change["new_chat_member"]["until_date"] = 0
        return {"chat": chat, "from": {"id": LI, "is_bot": False, "first_name": "人"}, "date": 1} | change

    await api.say(LI, "帮助")
    await api.expect(LI)
    assert reached()
    await api.update(my_chat_member=member("kicked"))
    await until(lambda: not reached())
    await api.update(my_chat_member=member("member"))
    await until(reached)
