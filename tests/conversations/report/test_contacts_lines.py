"""Figures as hurried people send them: one line, many, pasted with heads and totals."""

from __future__ import annotations

import pytest

from bot.app import App
from storage.connections.database import transaction
from storage.reports import reports
from tests.conftest import contact_code
from tests.support.talk import Person

Q4 = "2026Q4"
FULL = {
    "classes": 3,
    "subsidised_classes": 2,
    "trained": 120,
    "certified": 80,
    "subsidised": 60,
    "amount": 9_000_000,
}


@pytest.fixture
def wang(either_app: App) -> Person:
    person = Person(either_app.assistant, "wang")
    person.says(f"绑定 {contact_code(either_app)}", "王芳", "跳过", f"填报 {Q4}")
    return person


def rows(app: App) -> reports.Rows:
    with transaction(app.engine, read_only=True) as connection:
        return reports.snapshot(connection, 1, Q4).rows


@pytest.mark.parametrize(
    "typed",
    [
        "大数据 3 2 120 80 60 90000",
        "大数据：3 2 120 80 60 90000",
        "大数据,3,2,120,80,60,90000",
        "大数据，3，2，120，80，60，90000",
        "大数据 3个 2个 120人 80人 60人 9万元",
        "大数据 3 2 120 80 60 90,000 元",
        "大数据　３　２　１２０　８０　６０　９００００",
        "大数据 三 二 一百二十 八十 六十 九万",
        "1. 大数据 3 2 120 80 60 90000",
        "数据 3 2 120 80 60 9万",
        "大数据工程师 3 2 120 80 60 90000",
        "大数据 班次3 补贴班次2 人数120 取证80 领补60 金额9万",
        "大数据 人数 120 班次 3 补贴班次 2 取证 80 领补 60 金额 90000",
        "大数据\t3\t2\t120\t80\t60\t90000\t备注无",
    ],
)
def test_one_line_as_people_write_it(wang: Person, either_app: App, typed: str) -> None:
    wang.says(typed)
    assert rows(either_app) == {"大数据": FULL}
    assert "请核对" in wang.text


def test_a_paste_with_head_and_total(wang: Person, either_app: App) -> None:
    wang.says(
        "名称\t已培训班次（个）\t其中补贴\t人数\t取证\t领补\t金额\n"
        "智造\t１\t１\t３０\t２０\t２０\t20,000元\n"
        "大数据\t3\t2\t120\t80\t60\t9万\n"
        "合计\t4\t3\t150\t100\t80\t110000"
    )
    found = rows(either_app)
    assert set(found) == {"智能制造", "大数据"}
    assert found["大数据"] == FULL
    assert found["智能制造"]["amount"] == 2_000_000
    assert "✗" not in wang.text
    assert "！" not in wang.text


def test_a_total_that_does_not_add_up_is_told(wang: Person, either_app: App) -> None:
    wang.says("大数据 3 2 120 80 60 90000\n区块链 1 1 30 20 20 20000\n总计 4 3 160 100 80 110000")
    assert set(rows(either_app)) == {"大数据", "区块链"}
    assert "已培训人数" in wang.text.split("请核对")[0]
    assert "160" in wang.text
    assert "150" in wang.text


def test_columns_in_another_order_go_where_their_heads_say(wang: Person, either_app: App) -> None:
    wang.says(
        "职业\t人数\t班次\t补贴班次\t金额\t领取补贴人数\t取得证书人数\n大数据\t120\t3\t2\t90000\t60\t80"
    )
    assert rows(either_app) == {"大数据": FULL}


def test_an_empty_cell_of_a_spreadsheet_stays_open_and_is_asked(wang: Person, either_app: App) -> None:
    wang.says("大数据\t3\t2\t120\t\t60\t90000")
    assert rows(either_app)["大数据"] == FULL | {"certified": None}
    assert "【大数据 4/6】" in wang.text


@pytest.mark.parametrize("typed", ["大数据 3 2 120", "大数据 3 2 120 80 60 90000 7"])
def test_too_few_or_too_many_say_so_and_write_nothing(wang: Person, either_app: App, typed: str) -> None:
    wang.says(typed)
    assert rows(either_app) == {}
    short = wang.text.split("\n")[0]
    assert "大数据" in short
    assert ("还缺：取得证书人数、领取补贴人数、发放补贴金额" in short) == (typed == "大数据 3 2 120")


def test_an_unknown_name_gets_suggestions(wang: Person, either_app: App) -> None:
    wang.says("大数椐 3 2 120 80 60 90000\n区块链 1 1 30 20 20 20000")
    assert set(rows(either_app)) == {"区块链"}
    assert "大数椐" in wang.text
    assert "“大数据”" in wang.text


def test_another_occupation_of_a_similar_name_is_not_taken_for_ours(wang: Person, either_app: App) -> None:
    wang.says("人工智能训练师 1 1 10 5 5 5000")
    assert rows(either_app) == {}


def test_an_unknown_name_when_choosing(wang: Person, either_app: App) -> None:
    wang.says("大数椐 物联网")
    assert rows(either_app) == {}
    assert "“大数据”" in wang.text
    wang.says("工业互联 智造")
    assert set(rows(either_app)) == {"工业互联网", "智能制造"}


def test_a_row_without_business_in_a_line(wang: Person, either_app: App) -> None:
    wang.says("大数据 3 2 120 80 60 90000\n物联网 无业务")
    with transaction(either_app.engine, read_only=True) as connection:
        assert reports.snapshot(connection, 1, Q4).no_business == {"物联网"}


@pytest.mark.parametrize("typed", ["物联网 无业务", "区块链 1 1 30 20 20 20000\n物联网 无业务"])
def test_a_row_without_business_wipes_no_figure_out_unasked(
    wang: Person, either_app: App, typed: str
) -> None:
    kept = FULL | {"trained": 118}
    wang.says("物联网 3 2 118 80 60 90000", typed)
    assert "report/messages.idle_over" in wang.templates
    assert "118" in wang.text
    assert rows(either_app)["物联网"] == kept
    wang.presses("不，保留")
    assert rows(either_app)["物联网"] == kept
    wang.says(typed)
    wang.presses("清为 0，无业务")
    assert rows(either_app)["物联网"] == dict.fromkeys(FULL, 0)
    with transaction(either_app.engine, read_only=True) as connection:
        assert reports.snapshot(connection, 1, Q4).no_business == {"物联网"}


def test_no_business_at_a_cell_asks_before_it_wipes_figures_out(wang: Person, either_app: App) -> None:
    wang.says("物联网", "3", "2", "118", "无业务")
    assert "report/messages.idle_over" in wang.templates
    assert rows(either_app)["物联网"]["trained"] == 118
    wang.presses("清为 0，无业务")
    assert rows(either_app)["物联网"] == dict.fromkeys(FULL, 0)


@pytest.mark.parametrize(
    "typed",
    [
        "改 大数据",
        "大数据 已培训人数",
        "修改大数据的人数",
        "大数据人数改成130",
        "把大数据的已培训人数改为 130",
    ],
)
def test_any_cell_is_changed_by_saying_so(wang: Person, either_app: App, typed: str) -> None:
    wang.says("大数据 3 2 120 80 60 90000\n区块链 1 1 30 20 20 20000", typed)
    if typed == "改 大数据":
        wang.presses("已培训人数")
    if "130" not in typed:
        assert "现在是 120" in wang.text
        wang.says("130")
    assert rows(either_app)["大数据"] == FULL | {"trained": 130}
    assert "请核对" in wang.text


@pytest.mark.parametrize(
    "typed", ["菜单", "帮助", "取消", "你好", "问：2023 25 号文说了什么", "原文", "大数据工程师能评职称吗"]
)
def test_a_stray_word_loses_nothing_and_is_no_figure(wang: Person, either_app: App, typed: str) -> None:
    wang.says("大数据", "3", "2")
    before = rows(either_app)
    wang.says(typed)
    assert rows(either_app) == before
    if "大数据 3/6" not in wang.text:
        wang.says("继续填报")
    assert "【大数据 3/6】" in wang.text
    wang.says("120")
    assert rows(either_app)["大数据"]["trained"] == 120


def test_while_an_explanation_is_asked_a_line_replaces_the_row(wang: Person, either_app: App) -> None:
    wang.says("大数据 1 5 120 80 60 90000")
    assert "请写一句说明" in wang.text
    wang.says("大数据\t3\t2\t120\t80\t60\t90000")
    assert rows(either_app)["大数据"] == FULL
    assert "请核对" in wang.text


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (
            "大数据 3 2 0.1万 800 600 95千",
            "大数据 班次 3，补贴班 2，人数 1,000，取证 800，领补 600，金额(元) 95,000",
        ),
        ("大数据人数0.1万", "大数据 人数 1,000"),
    ],
)
def test_a_line_is_said_back_as_it_was_read(wang: Person, typed: str, told: str) -> None:
    wang.says("大数据", typed)
    assert told in wang.text
