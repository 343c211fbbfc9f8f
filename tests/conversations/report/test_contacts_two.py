"""Two contacts of one institution in the same report: nothing is overwritten silently."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from bot.app import App
from storage.connections.database import transaction
from storage.reports import reports
from tests.conftest import contact_code
from tests.support.talk import Person

Q4 = "2026Q4"
LINE = "大数据 3 2 120 80 60 90000"


def speaker(app: App, sender: str, name: str) -> Person:
    person = Person(app.assistant, sender)
    person.says(f"绑定 {contact_code(app)}", name, "跳过")
    return person


@pytest.fixture
def wang(either_app: App) -> Person:
    return speaker(either_app, "wang", "王芳")


@pytest.fixture
def zhao(either_app: App) -> Person:
    return speaker(either_app, "zhao", "赵强")


def rows(app: App) -> reports.Rows:
    with transaction(app.engine, read_only=True) as connection:
        return reports.snapshot(connection, 1, Q4).rows


def at_cell(*people: Person) -> None:
    """Everybody is asked for 大数据's 已培训人数."""
    people[0].says(f"填报 {Q4}", "大数据", "3", "2")
    for one in people[1:]:
        one.says(f"填报 {Q4}")
    for one in people:
        assert "【大数据 3/6】" in one.text


def test_the_same_cell_asks_the_second_with_who_old_and_new(
    wang: Person, zhao: Person, either_app: App
) -> None:
    at_cell(wang, zhao)
    wang.says("120")
    zhao.says("150")
    assert rows(either_app)["大数据"]["trained"] == 120
    assert "王芳" in zhao.text
    assert zhao.labels == ["用王芳的 120", "用我的 150"]
    zhao.presses("用我的 150")
    assert rows(either_app)["大数据"]["trained"] == 150
    wang.says("80")  # what she was asked is still free
    assert rows(either_app)["大数据"]["certified"] == 80
    assert "赵强" in wang.text
    assert "120 → 150" in wang.text  # told, with the old value and the new one


def test_the_second_may_keep_the_colleagues_value(wang: Person, zhao: Person, either_app: App) -> None:
    at_cell(wang, zhao)
    wang.says("120")
    zhao.says("150", "用王芳的 120")
    assert rows(either_app)["大数据"]["trained"] == 120
    assert "【大数据 4/6】" in zhao.text


def test_the_very_same_value_is_no_clash(wang: Person, zhao: Person, either_app: App) -> None:
    at_cell(wang, zhao)
    wang.says("120")
    zhao.says("120")
    assert "用我的" not in "".join(zhao.labels)
    assert "【大数据 4/6】" in zhao.text
    zhao.says("80")
    assert rows(either_app)["大数据"]["certified"] == 80


def test_different_cells_are_both_kept_and_told(wang: Person, zhao: Person, either_app: App) -> None:
    at_cell(wang, zhao)
    zhao.says("大数据 金额 90000")
    wang.says("120")
    assert rows(either_app)["大数据"]["trained"] == 120
    assert rows(either_app)["大数据"]["amount"] == 9_000_000
    assert "赵强" in wang.text
    assert "90,000" in wang.text


def test_a_figure_goes_to_the_cell_its_giver_was_asked_for(
    wang: Person, zhao: Person, either_app: App
) -> None:
    at_cell(wang, zhao)
    zhao.says("智能制造 班次 1")  # now the form's first open cell is another row's
    wang.says("120")
    assert rows(either_app)["大数据"]["trained"] == 120
    assert rows(either_app)["智能制造"]["subsidised_classes"] is None


def test_a_whole_line_is_not_written_over_a_colleagues_first_line(
    wang: Person, zhao: Person, either_app: App
) -> None:
    wang.says(f"填报 {Q4}")
    zhao.says(f"填报 {Q4}")
    wang.says(LINE)
    zhao.says("大数据 9 2 99 80 60 90000\n物联网 1 0 10 0 0 0")
    found = rows(either_app)
    assert (found["大数据"]["classes"], found["大数据"]["trained"]) == (3, 120)
    assert found["物联网"]["trained"] == 10  # nobody else's
    assert "用我的 9" in zhao.labels
    zhao.presses("这 2 格都用我的")
    assert rows(either_app)["大数据"]["trained"] == 99
    assert "请核对" in zhao.text


def test_a_text_is_no_explanation_for_figures_its_writer_has_not_seen(
    wang: Person, zhao: Person, either_app: App
) -> None:
    wang.says(f"填报 {Q4}", LINE)
    zhao.says(f"填报 {Q4}", "大数据 纳入补贴班次 9")
    assert "请写一句说明" in zhao.text
    wang.says("人数再核对一下")  # she was looking at the review
    with transaction(either_app.engine, read_only=True) as connection:
        assert reports.snapshot(connection, 1, Q4).explanations == {}
    assert "没有记" in wang.text
    assert "2 → 9" in wang.text
    zhao.says("往季班次本季纳入")
    with transaction(either_app.engine, read_only=True) as connection:
        assert list(reports.snapshot(connection, 1, Q4).explanations.values()) == ["往季班次本季纳入"]


def test_one_submits_while_the_other_types(wang: Person, zhao: Person, either_app: App) -> None:
    wang.says(f"填报 {Q4}", LINE)
    zhao.says(f"填报 {Q4}", "大数据 已培训人数 130")
    wang.says("填报", "提交", "提交")
    assert "系统已收到" in wang.text
    zhao.says("大数据 已培训人数 140")
    assert rows(either_app)["大数据"]["trained"] == 130
    assert "2026Q4-0001-01" in zhao.text
    assert "为什么更正" in zhao.text
    zhao.says("人数报错")
    assert rows(either_app)["大数据"]["trained"] == 140
    zhao.says("提交", "提交")
    assert "2026Q4-0001-02" in zhao.text


def test_one_submits_while_the_other_is_at_a_cell(wang: Person, zhao: Person, either_app: App) -> None:
    at_cell(wang, zhao)
    wang.says(LINE, "提交", "提交")
    zhao.says("77")
    assert rows(either_app)["大数据"]["trained"] == 120
    assert "王芳" in zhao.text
    assert "报送了" in zhao.text


def test_both_confirm_and_only_one_receipt_comes_of_it(wang: Person, zhao: Person, either_app: App) -> None:
    wang.says(f"填报 {Q4}", LINE, "提交")
    zhao.says(f"填报 {Q4}", "提交")
    zhao.presses("确认提交")
    assert "系统已收到" in zhao.text
    wang.presses("确认提交")
    assert "系统已收到" not in wang.text
    assert "赵强" in wang.text
    with transaction(either_app.engine, read_only=True) as connection:
        latest = reports.snapshot(connection, 1, Q4).latest
    assert latest is not None
    assert latest.number == 1


def test_one_discards_while_the_other_types(wang: Person, zhao: Person, either_app: App) -> None:
    at_cell(wang, zhao)
    wang.says("重新开始")
    wang.presses("确定")
    zhao.says("77")
    assert rows(either_app) == {}
    assert "没有记" in zhao.text
    assert "王芳" in zhao.text
    assert "清空" in zhao.text


def test_a_colleagues_new_work_is_not_discarded_unseen(wang: Person, zhao: Person, either_app: App) -> None:
    at_cell(wang, zhao)
    wang.says("重新开始")
    zhao.says("130")
    wang.presses("确定")
    assert rows(either_app)["大数据"]["trained"] == 130
    assert "赵强" in wang.text


def test_after_a_discard_the_new_draft_takes_no_answer_meant_for_the_old(
    wang: Person, zhao: Person, either_app: App
) -> None:
    at_cell(wang, zhao)
    wang.says("重新开始")
    wang.presses("确定")
    wang.says("区块链")
    zhao.says("77")
    assert rows(either_app)["区块链"]["classes"] is None
    assert "没有记" in zhao.text


def test_occupations_chosen_at_the_same_time_are_all_there(
    wang: Person, zhao: Person, either_app: App
) -> None:
    wang.says(f"填报 {Q4}")
    zhao.says(f"填报 {Q4}")
    wang.says("大数据")
    zhao.says("物联网 云计算")
    assert set(rows(either_app)) == {"大数据", "物联网", "云计算"}


def test_nothing_to_report_does_not_wipe_a_colleagues_row(
    wang: Person, zhao: Person, either_app: App
) -> None:
    wang.says(f"填报 {Q4}")
    zhao.says(f"填报 {Q4}", LINE)
    wang.presses("本季度无培训")
    assert rows(either_app)["大数据"]["trained"] == 120
    assert "赵强" in wang.text


def test_what_changed_overnight_is_told_when_it_is_opened_again(wang: Person, zhao: Person) -> None:
    wang.says(f"填报 {Q4}", LINE, "取消")
    zhao.says(f"填报 {Q4}", "大数据 已培训人数 130")
    wang.says("继续填报")
    assert "120 → 130" in wang.text
    wang.says("菜单", "继续填报")
    assert "120 → 130" not in wang.text  # once


def test_a_question_in_between_does_not_count_as_having_seen(
    wang: Person, zhao: Person, either_app: App
) -> None:
    at_cell(wang, zhao)
    wang.says("120")
    zhao.says("问：退休了能报吗")
    assert "赵强" not in zhao.text
    assert "王芳" in zhao.text  # the news comes with the question that is put again
    zhao.says("80")
    assert rows(either_app)["大数据"]["certified"] == 80


def test_two_first_lines_at_the_same_instant(wang: Person, zhao: Person, either_app: App) -> None:
    for quarter in ("2023Q4", "2024Q1", "2024Q2", "2024Q3", "2024Q4", "2025Q1"):
        wang.says(f"填报 {quarter}")
        zhao.says(f"填报 {quarter}")
        start = Barrier(2)

        def send(person: Person, line: str, start: Barrier = start) -> None:
            start.wait()
            person.says(line)

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(send, (wang, zhao), ("大数据 3 2 120 80 60 90000", "大数据 3 2 150 80 60 90000")))
        with transaction(either_app.engine, read_only=True) as connection:
            kept = reports.snapshot(connection, 1, quarter).rows["大数据"]["trained"]
        first, second = (wang, zhao) if kept == 120 else (zhao, wang)
        assert "用我的" not in "".join(first.labels)
        assert any(label.startswith("用我的") for label in second.labels)
        second.presses("用")


def test_the_same_cell_at_the_same_instant(wang: Person, zhao: Person, either_app: App) -> None:
    wang.says(f"填报 {Q4}", LINE)
    zhao.says("填报")
    for i in range(6):
        start = Barrier(2)

        def send(person: Person, figure: int, start: Barrier = start) -> None:
            start.wait()
            person.says(f"大数据 已培训人数 {figure}")

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(send, (wang, zhao), (200 + i, 300 + i)))
        kept = rows(either_app)["大数据"]["trained"]
        second = zhao if kept == 200 + i else wang
        assert any(label.startswith("用我的") for label in second.labels), second.text
        second.presses("用我的")
        (wang if second is zhao else zhao).says("填报")


@pytest.mark.parametrize(
    ("typed", "stands"),
    [
        ("用我的", 150),
        ("我的", 150),
        ("150", 150),
        ("用对方的", 120),
        ("用同事的。", 120),
        ("王芳的", 120),
        ("120", 120),
    ],
)
def test_which_value_stands_may_be_said_in_words(
    wang: Person, zhao: Person, either_app: App, typed: str, stands: int
) -> None:
    at_cell(wang, zhao)
    wang.says("120")
    zhao.says("150", typed)
    assert rows(either_app)["大数据"]["trained"] == stands
    assert "【大数据 4/6】" in zhao.text


def test_for_every_cell_in_words(wang: Person, zhao: Person, either_app: App) -> None:
    wang.says(f"填报 {Q4}")
    zhao.says(f"填报 {Q4}")
    wang.says(LINE)
    zhao.says("大数据 9 2 99 80 60 90000", "都用我的")
    assert rows(either_app)["大数据"]["trained"] == 99


def test_the_same_figures_written_again_are_nothing_to_stop_for(
    wang: Person, zhao: Person, either_app: App
) -> None:
    wang.says(f"填报 {Q4}", LINE)
    zhao.says(f"填报 {Q4}")
    wang.says(LINE)
    zhao.says("提交")
    assert "没有记" not in zhao.text
    assert "确认提交" in zhao.labels
    wang.says(LINE)
    zhao.presses("确认提交")
    assert "系统已收到" in zhao.text


def test_other_figures_still_stop_the_submission(wang: Person, zhao: Person, either_app: App) -> None:
    wang.says(f"填报 {Q4}", LINE)
    zhao.says(f"填报 {Q4}", "提交")
    wang.says("大数据 已培训人数 130", LINE.replace("120", "121"))
    zhao.presses("确认提交")
    assert "系统已收到" not in zhao.text
    assert "120 → 121" in zhao.text
