"""Smaller turns of a contact's way: leaving and coming back, corrections, closing, asking what was sent."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

import pytest

from bot.app import App
from policy.calendar.quarters import SHANGHAI
from storage.connections.database import transaction
from storage.reports import decisions, reports
from storage.schema.core import membership
from tests.conftest import contact_code
from tests.support.talk import NOON, Person

Talk = Callable[..., Person]
Q4 = "2026Q4"
LINE = "大数据 3 2 120 80 60 90000"


def snapshot(app: App) -> reports.Snapshot:
    with transaction(app.engine, read_only=True) as connection:
        return reports.snapshot(connection, 1, Q4)


def returns(officer: Person, *places: tuple[str, str]) -> None:
    officer.says("待审")
    officer.presses("威海数字培训学校")
    officer.presses("退回")
    for i, (place, why) in enumerate(places):
        if i:
            officer.presses("还有")
        officer.says(place, why)
    officer.presses("确认退回")


class TestReviewAndConfirmation:
    def test_who_left_at_the_confirmation_comes_back_to_the_table(self, contact: Person) -> None:
        contact.says(f"填报 {Q4}", LINE, "提交", "取消", "填报")
        assert "请核对" in contact.text
        contact.says("提交", "提交")
        assert "系统已收到" in contact.text

    def test_the_confirmation_says_the_sums_and_that_the_quarter_runs(self, contact: Person) -> None:
        contact.now = datetime(2026, 12, 10, 10, tzinfo=SHANGHAI)  # weeks before the quarter's end
        contact.says(f"填报 {Q4}", LINE, "区块链 1 5 30 20 20 20000", "往季班次本季纳入", "提交")
        for said in ("班次 4", "150", "100", "110,000", "1 条说明", "12月31日"):
            assert said in contact.text
        contact.now = datetime(2027, 1, 3, 10, tzinfo=SHANGHAI)
        contact.says("取消", "填报", "提交")
        assert "才结束" not in contact.text

    def test_a_leads_objection_is_not_forgotten(self, contact: Person, app: App, talk: Talk) -> None:
        contact.says("联系人")
        contact.presses("邀请复核人")
        code = re.search(r"绑定 (\S+)", contact.text)
        assert code
        lead = talk("lead")
        lead.says(f"绑定 {code[1]}", "刘主任", "跳过")
        contact.says(f"填报 {Q4}", LINE)
        contact.presses("请复核人看")
        lead.says("待复核")
        lead.presses("退回并写意见")
        lead.says("取证人数再核一下")
        contact.says("填报", "提交")
        assert "取证人数再核一下" in contact.text

    def test_explanations_are_read_again_and_changed(self, contact: Person, app: App) -> None:
        contact.says(f"填报 {Q4}", "大数据 1 5 10 5 5 5000", "往季班次")
        assert "说明（大数据）：往季班次" in contact.text
        contact.presses("改说明")
        assert "往季班次" in contact.text
        contact.says("三季度开的班，本季度才纳入")
        assert list(snapshot(app).explanations.values()) == ["三季度开的班，本季度才纳入"]
        assert "请核对" in contact.text


class TestReturned:
    def test_back_goes_only_to_what_was_returned(self, contact: Person, officer: Person, app: App) -> None:
        contact.says(f"填报 {Q4}", LINE, "区块链 1 1 30 20 20 20000", "提交", "提交")
        returns(officer, ("大数据 班次", "少了"), ("区块链 人数", "多了"))
        contact.says(f"填报 {Q4}", "开始改", "4")
        assert "【区块链 3/6】" in contact.text
        contact.says("上一步")
        assert "【大数据 1/6】" in contact.text
        contact.says("上一步")
        assert "【大数据 1/6】" in contact.text  # nothing before it
        contact.says("5", "28", "上一步")
        assert "【区块链 3/6】" in contact.text
        assert snapshot(app).rows["大数据"]["classes"] == 5

    def test_a_figure_that_is_right_is_explained_instead(
        self, contact: Person, officer: Person, app: App
    ) -> None:
        contact.says(f"填报 {Q4}", LINE, "提交", "提交")
        returns(officer, ("大数据 人数", "和名册差 10 人"))
        contact.says(f"填报 {Q4}", "开始改")
        contact.presses("数字没错")
        assert "和名册差 10 人" in contact.text
        contact.says("差的人补录在第二份名册")
        assert "请核对" in contact.text
        contact.says("提交", "提交")
        assert "系统已收到" in contact.text
        officer.says("待审")
        officer.presses("威海数字培训学校")
        assert "差的人补录在第二份名册" in officer.text

    def test_another_figure_needs_no_word(self, contact: Person, officer: Person) -> None:
        contact.says(f"填报 {Q4}", LINE, "提交", "提交")
        returns(officer, ("大数据 人数", "和名册差 10 人"))
        contact.says(f"填报 {Q4}", "开始改", "130")
        assert "请核对" in contact.text

    def test_a_report_returned_as_a_whole_says_why_in_the_review(
        self, contact: Person, officer: Person
    ) -> None:
        contact.says(f"填报 {Q4}", LINE, "提交", "提交")
        returns(officer, ("整份报表", "少报了一个职业"))
        contact.says(f"填报 {Q4}", "开始改")
        assert "请核对" in contact.text
        assert "少报了一个职业" in contact.text


class TestTooLate:
    """What came after the closing, or from somebody removed, is not silently gone."""

    @pytest.fixture
    def closed(self, contact: Person, app: App) -> Person:
        contact.says(f"填报 {Q4}", "大数据", "3")
        with transaction(app.engine) as connection:
            decisions.close_quarter(connection, Q4, NOON.replace(hour=13), 1, NOON)
        contact.now = NOON.replace(hour=13)
        return contact

    @pytest.mark.parametrize("said", ["2", "120", "不掌握", "大数据 3 2 120 80 60 90000"])
    def test_a_figure_at_the_closing(self, closed: Person, app: App, said: str) -> None:
        closed.says(said)
        assert "截止" in closed.text
        assert "没有记" in closed.text
        assert snapshot(app).rows["大数据"]["subsidised_classes"] is None
        closed.says("菜单")
        assert "您好" in closed.text or closed.labels

    def test_a_button_at_the_closing(self, closed: Person) -> None:
        closed.presses("0")
        assert "没有记" in closed.text

    def test_a_question_after_the_closing_is_just_answered(self, closed: Person) -> None:
        closed.says("退休了能报吗")
        assert "没有记" not in closed.text
        assert "依据" in closed.text

    def test_a_draft_that_is_closed_is_not_offered_first(self, closed: Person) -> None:
        closed.says("填报")
        assert "截止" in closed.text
        assert "接着填" not in closed.text
        closed.says("填报")
        assert "哪个季度" in closed.text

    def test_a_confirmation_at_the_closing(self, contact: Person, app: App) -> None:
        contact.says(f"填报 {Q4}", LINE, "提交")
        with transaction(app.engine) as connection:
            decisions.close_quarter(connection, Q4, contact.now, 1, NOON)
        contact.says("提交")
        assert "没有提交" in contact.text
        assert snapshot(app).draft is not None

    def test_somebody_removed_meanwhile(self, contact: Person, app: App) -> None:
        contact.says(f"填报 {Q4}", "大数据", "3")
        with transaction(app.engine) as connection:
            connection.execute(membership.update().values(revoked_at=contact.now))
        contact.says("2")
        assert "已不是威海数字培训学校的联系人" in contact.text
        assert "没有记" in contact.text
        contact.says("2")
        assert "联系人" not in contact.text  # once


class TestAskingAboutOnesReport:
    @pytest.fixture
    def sent(self, contact: Person) -> Person:
        contact.says(f"填报 {Q4}", LINE, "提交", "提交")
        return contact

    @pytest.mark.parametrize(
        "said",
        ["交了吗", "我交了没？", "报上了吗", "报了吗", "查一下我报的数", "我报的数", "回执", "下载", "撤回"],
    )
    def test_where_it_stands(self, sent: Person, said: str) -> None:
        sent.says(said)
        assert "2026Q4-0001-01" in sent.text
        assert "按时" in sent.text
        assert "盖章扫描件待补" in sent.text
        assert sent.labels == ["更正", "打印盖章用表", "看历次"]

    @pytest.mark.parametrize("said", ["打印", "打印表", "盖章"])
    def test_printing(self, sent: Person, said: str) -> None:
        sent.says(said)
        assert [f.kind for f in sent.files] == ["form-docx"]

    @pytest.mark.parametrize("said", ["更正", "我要更正"])
    def test_correcting(self, sent: Person, app: App, said: str) -> None:
        sent.says(said, "人数报错", "大数据 已培训人数 130", "提交", "提交")
        latest = snapshot(app).latest
        assert latest is not None
        assert (latest.number, latest.reason) == (2, "人数报错")

    def test_what_the_office_decided(self, sent: Person, officer: Person) -> None:
        returns(officer, ("大数据 人数", "和名册差 10 人"))
        sent.says("报上了吗")
        assert "被退回" in sent.text
        assert "和名册差 10 人" in sent.text
        sent.presses("去改")
        assert "开始改" in sent.labels

    def test_nothing_sent_yet(self, contact: Person) -> None:
        contact.says("交了吗")
        assert "还没开始填" in contact.text
        contact.presses("现在填报")
        assert "哪些职业" in contact.text

    def test_others_hear_what_comes_first(self, talk: Talk) -> None:
        li = talk("li")
        li.says("打印")
        assert "绑定" in li.text

    def test_where_a_text_is_asked_for_it_is_the_answer(self, sent: Person, app: App) -> None:
        sent.says("更正", "更正", "大数据 已培训人数 130", "提交", "提交")
        latest = snapshot(app).latest
        assert latest is not None
        assert latest.reason == "更正"


def test_two_institutions_are_told_of_both(contact: Person, app: App) -> None:
    contact.says(f"填报 {Q4}", LINE, "提交", "提交", f"绑定 {contact_code(app, '荣成技校')}")
    contact.says("交了吗")
    assert "2026Q4-0001-01" in contact.text
    assert "荣成技校" in contact.text
    contact.presses("更正 威海数字培训学校")
    assert "为什么更正" in contact.text
