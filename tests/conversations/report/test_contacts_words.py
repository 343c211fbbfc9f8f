"""Figures and words as hurried contacts write them: what goes where, and what is no figure at all."""

from __future__ import annotations

import pytest

from bot.app import App
from storage.connections.database import transaction
from storage.reports import reports
from tests.support.form_files import send, sheet
from tests.support.talk import Person

Q3, Q4 = "2026Q3", "2026Q4"
LINE = "大数据 3 2 120 80 60 90000"
FULL = [3, 2, 120, 80, 60, 9_000_000]
HEADS = (
    "名称\t已培训班次（个）\t\t已培训人数（人）\t\t\t\n"
    "\t\t纳入职业培训补贴班次（个）\t\t取得证书人数（人）\t领取培训补贴人数（人）\t发放培训补贴金额\n"
)


@pytest.fixture
def wang(contact: Person) -> Person:
    contact.says(f"填报 {Q4}")
    return contact


def rows(app: App, quarter: str = Q4) -> dict[str, list[reports.Cell]]:
    with transaction(app.engine, read_only=True) as connection:
        found = reports.snapshot(connection, 1, quarter).rows
    return {name: list(row.values()) for name, row in found.items()}


def said(app: App) -> list[str]:
    """The explanations kept with the draft."""
    with transaction(app.engine, read_only=True) as connection:
        return [str(one) for one in reports.snapshot(connection, 1, Q4).explanations.values()]


# -- tables


def test_the_official_head_on_two_lines_is_read_by_its_columns(wang: Person, app: App) -> None:
    wang.says(
        HEADS + "大数据\t3\t2\t120\t80\t60\t90000\n区块链\t-\t-\t-\t-\t-\t-\n....\t\t\t\t\t\t\n填表人：王芳"
    )
    assert rows(app) == {"大数据": FULL}  # a row of dashes is not a row of zeros
    assert wang.text.count("✗") == 1
    assert "✗ 区块链：都是横线" in wang.text


def test_a_whole_sheet_pasted_is_read_without_its_title_and_foot(wang: Person, app: App) -> None:
    above = (
        "数字技术工程师培育项目开展情况表\n填报单位（盖章）：威海数字培训学校\t\t\t填报时间：2026年12月30日\n"
    )
    below = "合计\t3\t2\t120\t80\t60\t90000\n填表人：\t\t\t联系电话：\n备注：本表格应在每季度末前报送"
    wang.says(above + HEADS + "大数据\t3\t2\t120\t80\t60\t90000\n智能制造\t\t\t\t\t\t\n" + below)
    assert rows(app) == {"大数据": FULL}
    assert "✗" not in wang.text


@pytest.mark.parametrize("between", ["\t", " "])
def test_running_numbers_shift_nothing(wang: Person, app: App, between: str) -> None:
    table = "序号 名称 班次 补贴班次 人数 取证 领补 金额\n1 大数据 3 2 120 80 60 90000"
    wang.says(table.replace(" ", between))
    assert rows(app) == {"大数据": FULL}


def test_a_head_in_ten_thousand_yuan_is_converted_and_said(wang: Person, app: App) -> None:
    heads = ["名称", "班次", "补贴班次", "人数", "取证", "领补", "金额（万元）"]
    wang.says("\t".join(heads) + "\n大数据\t3\t2\t120\t80\t60\t9")
    assert rows(app) == {"大数据": FULL}
    assert "万元" in wang.text
    send(
        wang,
        app,
        "表.xlsx",
        sheet(heads, ["区块链", 3, 2, 120, 80, 60, 9], ["物联网", 3, 2, 120, 80, 60, "9万"]),
    )
    assert rows(app) == dict.fromkeys(("大数据", "区块链", "物联网"), FULL)
    assert "万元" in wang.text


def test_one_occupation_on_two_lines_is_in_neither_and_the_sum_is_offered(wang: Person, app: App) -> None:
    wang.says(f"{LINE}\n大数据 1 1 20 10 5 8000")
    assert rows(app) == {}
    assert "大数据 4 3 140 90 65 98000" in wang.text
    wang.says("大数据 4 3 140 90 65 98000")
    assert rows(app)["大数据"][2] == 140


def test_a_row_sent_twice_is_asked_about_and_lines_that_add_up_are_one(wang: Person, app: App) -> None:
    wang.says(f"{LINE}\n{LINE}")  # typed twice, or two batches of one size: that is asked
    assert rows(app) == {}
    assert "大数据 6 4 240 160 120 180000" in wang.text
    wang.says("区块链 班次 3 人数 120\n区块链 补贴班次 2 取证 80")
    assert rows(app)["区块链"] == [3, 2, 120, 80, None, None]


@pytest.mark.parametrize("name", ["大数据（初级）", "大数据初级", "大数据 初级", "大数据(中级)"])
def test_levels_are_to_be_added_up(wang: Person, app: App, name: str) -> None:
    wang.says(f"{name} 3 2 120 80 60 90000")
    assert rows(app) == {}
    assert "不分等级" in wang.text


@pytest.mark.parametrize(
    "typed",
    [
        "大数据3 2 120 80 60 90000",
        "①大数据 3 2 120 80 60 90000",
        "【大数据】3 2 120 80 60 90000",
        "大數據 3 2 120 80 60 90000",
        '"大数据",3,2,120,80,60,90000',
        "大数据 3/2/120/80/60/90000",
        "大数据\n3 2 120 80 60 90000",
        "大数据\n3\n2\n120\n80\n60\n9w",
        "大数据 3 2 120人 80人 60人 9万元。",
    ],
)
def test_a_row_however_it_is_written(wang: Person, app: App, typed: str) -> None:
    wang.says(typed)
    assert rows(app) == {"大数据": FULL}


@pytest.mark.parametrize("between", ["；", " ", "。", "\n\n"])
def test_two_rows_in_one_message(wang: Person, app: App, between: str) -> None:
    wang.says(f"{LINE}{between}区块链 1 1 30 28 28 42000")
    assert rows(app) == {"大数据": FULL, "区块链": [1, 1, 30, 28, 28, 4_200_000]}


def test_what_stands_behind_the_figures_is_named(wang: Person, app: App) -> None:
    wang.says(f"{LINE} 与区块链合办")
    assert rows(app) == {"大数据": FULL}
    assert "与区块链合办" in wang.text


def test_units_of_another_column_are_refused(wang: Person, app: App) -> None:
    wang.says("大数据 120人 80人 3个班 2个班 60人 9万元")
    assert rows(app)["大数据"] == [None, None, None, None, 60, 9_000_000]
    wang.says("20人")
    assert rows(app)["大数据"][0] is None
    wang.says("3个班")
    assert rows(app)["大数据"][0] == 3


def test_six_figures_at_a_cell_are_the_row(wang: Person, app: App) -> None:
    wang.says("大数据", "3", "3 2 120 80 60 90000")
    assert rows(app) == {"大数据": FULL}


def test_large_figures_are_not_taken_for_a_card(wang: Person, app: App) -> None:
    wang.says("大数据 60 50 2500 2000 1500 2250000\n区块链 40 30 1200 1100 1000 1500000")
    assert rows(app) == {
        "大数据": [60, 50, 2500, 2000, 1500, 225_000_000],
        "区块链": [40, 30, 1200, 1100, 1000, 150_000_000],
    }
    assert "不需要身份证号" not in wang.text
    wang.says("卡号 6222 0212 3456 7890 123")
    assert "不需要身份证号" in wang.text


@pytest.mark.parametrize("head", ["2026年第三季度\n", "三季度 ", "2026Q3：", "上季度\n"])
def test_a_quarter_above_the_figures_is_meant(wang: Person, app: App, head: str) -> None:
    wang.says(head + LINE)
    assert rows(app) == {}
    assert rows(app, Q3) == {"大数据": FULL}
    assert "2026年第3季度" in wang.text
    assert "✗" not in wang.text


# -- explanations


DOUBT = "大数据 1 5 120 80 60 90000"


@pytest.mark.parametrize("typed", ["区块链 1 1 30 28 28 42000", f"{LINE}\n区块链 1 1 30 28 28 42000"])
def test_rows_are_never_the_explanation(wang: Person, app: App, typed: str) -> None:
    wang.says(DOUBT, typed)
    assert rows(app)["区块链"] == [1, 1, 30, 28, 28, 4_200_000]
    assert said(app) == []
    assert (rows(app)["大数据"] == FULL) == (LINE in typed)


@pytest.mark.parametrize(
    "typed",
    ["上季20人本季拿证", "系6月开班2个班本季纳入", "上季度学员60人，本季度取证", "3月开的班", "预计12月能补"],
)
def test_an_explanation_may_hold_a_figure(wang: Person, app: App, typed: str) -> None:
    wang.says(DOUBT, typed)
    assert said(app) == [typed]
    assert rows(app)["大数据"][:2] == [1, 5]


@pytest.mark.parametrize("typed", ["打错了，是1", "改成1", "应该是 1", "补贴班次应该是1", "1", "1个"])
def test_a_correction_said_instead_of_an_explanation(wang: Person, app: App, typed: str) -> None:
    wang.says(DOUBT, typed)
    assert rows(app)["大数据"][:2] == [1, 1]
    assert said(app) == []


@pytest.mark.parametrize("typed", ["不掌握", "是", "没错", "为什么要说明", "无", "不知道", "没啥"])
def test_what_explains_nothing_is_asked_again(wang: Person, app: App, typed: str) -> None:
    wang.says(DOUBT, typed)
    assert said(app) == []
    assert "纳入补贴班次 5 大于" in wang.text


@pytest.mark.parametrize(
    ("typed", "then"),
    [("算了，改一下大数据的人数", "现在是 120"), ("改 大数据", "改哪一项"), ("先不提交", "")],
)
def test_a_change_of_mind_is_no_explanation(wang: Person, app: App, typed: str, then: str) -> None:
    wang.says(DOUBT, typed)
    assert said(app) == []
    assert then in wang.text


# -- corrections


def test_figures_before_the_reason_wait_for_it(wang: Person, app: App) -> None:
    wang.says(LINE, "提交", "提交")
    wang.says(f"填报 {Q4}", "大数据 3 2 121 80 60 90000")
    assert rows(app) == {"大数据": FULL}  # nothing is changed without a reason
    wang.says("130")
    assert rows(app) == {"大数据": FULL}
    wang.says("漏了一个人")
    assert rows(app)["大数据"][2] == 121
    wang.says("提交", "提交")
    wang.says("历史")
    assert "漏了一个人" in wang.text


# -- words in the middle


@pytest.mark.parametrize(
    "typed",
    ["等财务", "还没出来", "等一下，领导来了", "明天报", "N/A", "交了", "是的", "跳过", "OK", "今天好忙"],
)
def test_what_is_no_question_gets_no_policy_answer(wang: Person, app: App, typed: str) -> None:
    wang.says("大数据", "3", typed)
    assert "依据：" not in wang.text
    assert "【大数据 2/6】" in wang.text
    assert rows(app)["大数据"] == [3, None, None, None, None, None]


def test_a_question_in_the_middle_is_answered(wang: Person) -> None:
    wang.says("大数据", "3", "补贴标准是多少？")
    assert "依据：" in wang.text
    assert "【大数据 2/6】" in wang.text


@pytest.mark.parametrize("typed", ["没有", "无", "没", "没人", "0", "零"])
def test_none_is_zero_and_said(wang: Person, app: App, typed: str) -> None:
    wang.says("大数据", "3", typed)
    assert rows(app)["大数据"][:2] == [3, 0]
    assert "纳入补贴班次：0" in wang.text


@pytest.mark.parametrize(
    ("typed", "value"), [("共120人", 120), ("9w", 90_000), ("大概120", None), ("12+", None)]
)
def test_figures_as_they_are_spoken(wang: Person, app: App, typed: str, value: int | None) -> None:
    wang.says("大数据", "3", "2", typed)
    assert rows(app)["大数据"][2] == value
    assert ("约数" in wang.text) == (value is None)


@pytest.mark.parametrize("typed", ["120人吧", "应该是120", "男50女70，共120", "O"])
def test_a_figure_doubted_or_put_right_is_confirmed_in_one_tap(wang: Person, app: App, typed: str) -> None:
    wang.says("大数据", "3", "2", typed)
    assert rows(app)["大数据"][2] is None
    likely = "0" if typed == "O" else "120"
    wang.presses(f"是，{likely}")
    assert rows(app)["大数据"][2] == int(likely)


@pytest.mark.parametrize("typed", ["算了", "不填了", "先这样"])
def test_leaving_off_keeps_what_was_filled_in(wang: Person, app: App, typed: str) -> None:
    wang.says("大数据", "3", typed)
    assert "【大数据" not in wang.text
    wang.says("填报")
    assert "【大数据 2/6】" in wang.text


@pytest.mark.parametrize(
    "typed",
    [
        "本季度没有开展培训",
        "这个季度没开班",
        "这季度啥也没干",
        "我们本季度没有培训",
        "本季度无培训",
        "这季度一个班都没开",
    ],
)
def test_nothing_in_the_quarter_as_people_say_it(wang: Person, app: App, typed: str) -> None:
    wang.says(typed)
    assert "零报告" in wang.text
    wang.says("提交", "提交")
    assert "系统已收到" in wang.text
    assert rows(app) == {}


def test_rows_give_way_to_nothing_when_asked(wang: Person, app: App) -> None:
    wang.says(LINE, "本季度无培训")
    assert rows(app) == {"大数据": FULL}
    wang.presses("都去掉")
    assert rows(app) == {}
    assert "零报告" in wang.text


def test_an_old_button_takes_no_newer_rows_away(wang: Person, app: App) -> None:
    wang.says(LINE, "本季度无培训")
    old = wang.token("都去掉")
    wang.says("区块链 1 1 30 28 28 42000")
    wang.presses_token(old)
    assert set(rows(app)) == {"大数据", "区块链"}


@pytest.mark.parametrize("typed", ["删掉区块链", "区块链不要了", "去掉 区块链", "区块链不报了"])
def test_a_row_is_taken_out(wang: Person, app: App, typed: str) -> None:
    wang.says(f"{LINE}\n区块链 1 5 30 28 28 42000", "往季班次本季纳入", typed)
    assert set(rows(app)) == {"大数据", "区块链"}
    wang.presses("删掉 区块链")
    assert rows(app) == {"大数据": FULL}
    assert said(app) == []
    wang.says("提交", "提交")
    assert "系统已收到" in wang.text


def test_a_row_is_taken_out_from_the_list_of_changes(wang: Person, app: App) -> None:
    wang.says(f"{LINE}\n区块链 1 1 30 28 28 42000", "改数")
    wang.presses("区块链")
    wang.presses("删掉这个职业")
    wang.presses("不删")
    assert set(rows(app)) == {"大数据", "区块链"}


@pytest.mark.parametrize(
    ("typed", "then"),
    [
        ("改一下大数据的人数", "已培训人数（人）是多少"),
        ("大数据的人数错了", "已培训人数（人）是多少"),
        ("大数据人数少算了10个", "已培训人数（人）是多少"),
        ("填错了", "改哪个职业"),
    ],
)
def test_a_cell_is_named_as_people_say_it(wang: Person, typed: str, then: str) -> None:
    wang.says(f"{LINE}\n区块链 1 1 30 28 28 42000", typed)
    assert then in wang.text


def test_an_occupation_named_in_the_middle_is_added_and_said(wang: Person, app: App) -> None:
    wang.says("大数据", "3", "区块链")
    assert "区块链" in rows(app)
    assert "已加上：区块链" in wang.text


def test_six_times_not_known_is_explained_once(wang: Person, app: App) -> None:
    wang.says("大数据 不掌握 不掌握 不掌握 不掌握 不掌握 不掌握", "数据在总校，1月10日前能补")
    assert "请核对" in wang.text
    assert said(app) == ["数据在总校，1月10日前能补"]


def test_submitting_while_an_explanation_is_asked_says_what_is_missing(wang: Person) -> None:
    wang.says(DOUBT, "提交")
    assert "还不能提交" in wang.text
    assert "说明" in wang.text
