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

from bot import router
from bot.app import App
from bot.assistant import Attempt, Prepared
from bot.channels.telegram import fetch, intake
from bot.channels.telegram.transport import Telegram
from bot.core.messages import Outgoing
from policy.calendar.quarters import reporting_quarter
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


async def test_groups_edits_and_service_messages_ask_nothing(
    api: BotApi, telegram_app: App, served: Telegram
) -> None:
    group = {"id": -5, "type": "group", "title": "群"}
    await api.update(message=api.message(LI, text="退休了能报吗", chat_object=group))
    await api.update(edited_message=api.message(LI, text="退休了能报吗", edit_date=1_798_600_001))
    await api.update(message=api.message(LI, pinned_message=api.message(BOT, text="…", chat=LI)))
    query = {"id": "1", "from": {"id": LI, "is_bot": False, "first_name": "人"}, "chat_instance": "1"}
    query |= {"data": "m", "message": api.message(BOT, text="…", chat_object=group)}
    await api.update(callback_query=query)
    await api.say(LI, "帮助")
    await api.expect(LI)
    assert len(api.sent) == 1
    assert count(telegram_app, turn) == 1


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
    long = await api.say(LI, "长" * 4001)
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
