"""After submitting: corrections, the history as a diff, what was returned, and being greeted."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.app import App
from bot.channels.web import pages
from bot.core.messages import Outgoing
from storage.connections.database import transaction
from storage.conversations.history import Line
from storage.reports import decisions, reports
from tests.conftest import contact_code, office_code
from tests.support.talk import NOON, Person

Q4 = "2026Q4"
LINE = "大数据 3 2 120 80 60 90000"


@pytest.fixture
def wang(either_app: App) -> Person:
    person = Person(either_app.assistant, "wang")
    person.says(f"绑定 {contact_code(either_app)}", "王芳", "跳过")
    return person


@pytest.fixture
def officer(either_app: App) -> Person:
    person = Person(either_app.assistant, "zhang")
    person.says(f"绑定 {office_code(either_app)}")
    return person


def rows(app: App) -> reports.Rows:
    with transaction(app.engine, read_only=True) as connection:
        return reports.snapshot(connection, 1, Q4).rows


# Corrections and history


def test_a_correction_is_a_revision_with_its_reason_and_a_diff(wang: Person) -> None:
    wang.says(f"填报 {Q4}", f"{LINE}\n区块链 1 1 30 20 20 20000", "提交", "提交")
    wang.says("填报", Q4)
    wang.presses("更正")
    wang.says("人数报错", "大数据 已培训人数 140\n物联网 1 0 10 0 0 0", "提交", "提交")
    wang.says("历史")
    assert "人数报错" in wang.text
    assert "120 → 140" in wang.text
    assert "新增 物联网" in wang.text
    assert "区块链 已培训人数" not in wang.text  # only what changed
    assert "2026Q4-0001-01" in wang.text
    assert "2026Q4-0001-02" in wang.text
    assert "王芳" in wang.text


def test_the_reason_cannot_be_left_out(wang: Person, either_app: App) -> None:
    wang.says(f"填报 {Q4}", LINE, "提交", "提交", "填报", Q4)
    wang.presses("更正")
    wang.says("错")
    assert "至少 2 个字" in wang.text
    wang.says("问：退休了能报吗")  # and it is no reason either
    assert "为什么更正" in wang.text
    wang.says("大数据 3 2 140 80 60 90000")  # nor does a line change what stands
    assert rows(either_app)["大数据"]["trained"] == 120


def test_figures_for_what_was_submitted_wait_for_a_reason(wang: Person, either_app: App) -> None:
    wang.says(f"填报 {Q4}", LINE, "提交", "提交", "填报", Q4, "大数据 3 2 140 80 60 90000")
    assert rows(either_app)["大数据"]["trained"] == 120
    assert "为什么更正" in wang.text
    wang.says("漏了二十人")
    assert rows(either_app)["大数据"]["trained"] == 140


def test_a_correction_of_one_quarter_says_nothing_about_another(wang: Person) -> None:
    for quarter in ("2026Q3", Q4):
        wang.says(f"填报 {quarter}", LINE)
        if "请写一句说明" in wang.text:
            wang.says("确实相同")
        wang.says("提交", "提交")
        assert "系统已收到" in wang.text
    wang.says("填报 2026Q3")
    wang.presses("更正")
    wang.says("2026Q4核对时发现", "取消")  # a reason may name a quarter
    wang.says(f"填报 {Q4}")
    assert "要更正吗" in wang.text


def test_a_returned_report_asks_only_for_what_was_returned(
    wang: Person, officer: Person, either_app: App
) -> None:
    wang.says(f"填报 {Q4}", f"{LINE}\n区块链 1 1 30 20 20 20000", "提交", "提交")
    officer.says("待审")
    officer.presses("威海数字培训学校")
    officer.presses("退回")
    officer.says("大数据 已培训人数", "和名册差 10 人")
    officer.presses("确认退回")
    wang.says("填报", Q4)
    assert "和名册差 10 人" in wang.text
    wang.presses("开始改")
    assert "【大数据 3/6】" in wang.text
    assert "和名册差 10 人" in wang.text
    wang.says("130")
    assert "请核对" in wang.text
    assert rows(either_app)["区块链"]["trained"] == 30
    wang.says("提交", "提交")
    assert "2026Q4-0001-02" in wang.text


# The receipt


def test_a_receipt_is_the_same_when_the_message_comes_again(wang: Person, either_app: App) -> None:
    wang.says(f"填报 {Q4}", LINE, "提交")
    token = wang.token("确认提交")
    wang.says("提交", id="once")
    first = wang.text
    wang.says("提交", id="once")
    assert wang.text == first
    wang.presses_token(token)
    assert "系统已收到" not in wang.text
    with transaction(either_app.engine, read_only=True) as connection:
        latest = reports.snapshot(connection, 1, Q4).latest
    assert latest is not None
    assert latest.number == 1


def test_more_than_two_rows_are_a_table_with_a_total(wang: Person) -> None:
    wang.says(f"填报 {Q4}", f"{LINE}\n区块链 1 1 30 20 20 20000\n物联网 1 0 10 0 0 0")
    assert "大数据｜3｜2｜120｜80｜60｜90,000" in wang.text
    assert "合计｜5｜3｜160｜100｜80｜110,000" in wang.text


# Figures before anything is open


def test_a_line_alone_opens_the_report_it_is_for(wang: Person, either_app: App) -> None:
    wang.says(LINE)
    assert rows(either_app)["大数据"]["trained"] == 120
    assert "第4季度" in wang.text
    assert "请核对" in wang.text


def test_a_line_at_the_question_for_the_quarter_is_not_lost(wang: Person, either_app: App) -> None:
    wang.says("填报", LINE)
    assert rows(either_app)["大数据"]["trained"] == 120


def test_a_line_of_somebody_else_opens_nothing(either_app: App) -> None:
    li = Person(either_app.assistant, "li")
    li.says(LINE)
    assert "记入" not in li.text


def test_a_line_after_submitting_changes_nothing(wang: Person, either_app: App) -> None:
    wang.says(LINE, "提交", "提交", "大数据 3 2 140 80 60 90000")
    assert rows(either_app)["大数据"]["trained"] == 120
    assert "为什么更正" in wang.text


# Greeting


def test_the_first_word_of_a_day_near_the_end_says_what_is_missing(wang: Person) -> None:
    wang.now -= timedelta(days=1)
    wang.says("你好")
    assert "还没开始填" in wang.text
    wang.says("你好")
    assert "还没开始填" not in wang.text  # once a day
    wang.says(f"填报 {Q4}", "大数据 区块链", "3", "2", "取消")
    wang.now += timedelta(days=1)
    wang.says("/start")
    assert "大数据 4 格" in wang.text
    assert "区块链 6 格" in wang.text
    wang.presses("继续填报")
    assert "【大数据 3/6】" in wang.text


def test_a_question_is_answered_first(wang: Person) -> None:
    wang.now -= timedelta(days=1)
    wang.says("退休了能报吗")
    assert "依据" in wang.replies[0].text
    assert "还没开始填" in wang.replies[-1].text
    assert "现在填报" in wang.labels


def test_who_has_reported_or_is_far_from_the_end_is_left_in_peace(wang: Person) -> None:
    wang.says(f"填报 {Q4}", LINE, "提交", "提交")
    wang.now += timedelta(days=1)
    wang.says("你好")
    assert "情况表" not in wang.text
    wang.now += timedelta(days=50)
    wang.says("你好")
    assert "情况表" not in wang.text


def test_late_and_returned_are_told_too(wang: Person, officer: Person) -> None:
    wang.now += timedelta(days=5)
    wang.says("菜单")
    assert "已过截止日" in wang.text
    wang.says(f"填报 {Q4}", LINE, "提交", "提交")
    assert "迟报" in wang.text
    officer.says("待审")
    officer.presses("威海数字培训学校")
    officer.presses("退回")
    officer.says("大数据 已培训人数", "和名册差 10 人")
    officer.presses("确认退回")
    wang.now += timedelta(days=1)
    wang.says("你好")
    assert "被退回" in wang.text
    wang.presses("去改")
    assert "和名册差 10 人" in wang.text


def test_a_greeting_never_stands_between_a_question_and_its_answer(wang: Person, either_app: App) -> None:
    wang.says(f"填报 {Q4}", "大数据", "3")
    wang.now += timedelta(days=1)
    wang.says("2")
    assert rows(either_app)["大数据"]["subsidised_classes"] == 2
    assert "截止" not in wang.text


def test_the_menu_begins_with_ones_own_work(wang: Person, officer: Person, either_app: App) -> None:
    wang.says("菜单")
    assert next(label for label in wang.labels if label != "现在填报") == "填报季度情况表"
    officer.says("菜单")
    assert officer.labels[0] == "待审"
    li = Person(either_app.assistant, "li")
    li.says("菜单")
    assert li.labels[0] == "我能不能参加培训"
    assert "填报季度情况表" not in li.labels


def test_a_table_in_the_web_chat_keeps_its_rows_together() -> None:
    text = "请核对：\n名称｜班次｜人数\n大数据｜3｜120\n合计｜3｜120\n\n改｜数"
    assert [len(block) for block in pages.blocks(text)] == [1, 3, 1, 1]
    shown = pages.fragment(pages.bubbles([Line(None, Outgoing(text).body(), 1, NOON)]), 1)
    assert shown.count('role="row"') == 3
    assert '<span class="td" role="rowheader" data-head="名称">大数据</span>' in shown


def test_a_draft_given_up_does_not_make_the_first_report_a_second_one(wang: Person) -> None:
    wang.says(f"填报 {Q4}", LINE, "重新开始")
    wang.presses("确定")
    wang.says(LINE, "提交", "提交", "历史")
    assert "首次报送" in wang.text
    assert "第2版" not in wang.text


def test_a_row_that_came_and_one_that_went_are_one_line_each(wang: Person) -> None:
    wang.says(f"填报 {Q4}", f"{LINE}\n区块链 1 1 30 28 28 42000", "提交", "提交", "更正", "漏报物联网")
    wang.says("物联网 1 0 20 0 0 0", "删掉区块链")
    wang.presses("删掉 区块链")
    wang.says("提交", "提交", "历史")
    told = wang.text.split("漏报物联网")[1]
    assert told.count("区块链") == told.count("物联网") == 1


def test_what_was_returned_is_opened_at_once(wang: Person, either_app: App) -> None:
    wang.says(f"填报 {Q4}", LINE, "提交", "提交")
    with transaction(either_app.engine) as connection:
        latest = reports.snapshot(connection, 1, Q4).latest
        assert latest is not None
        decisions.return_(connection, latest.id, [("大数据", "trained", "和名册差 10 人")], 1, NOON)
    wang.says("填报")
    assert "和名册差 10 人" in wang.text
    assert "开始改" in wang.labels
