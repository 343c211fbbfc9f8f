"""What is typed where a text is asked for and is plainly something else: one tap says which it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.app import App
from storage.connections.database import transaction
from storage.people import people
from storage.reports import reports
from tests.conftest import make_app
from tests.support.talk import Person

Talk = Callable[..., Person]
Q4 = "2026Q4"
DOUBT = "区块链 1 30 25 20 20 30000"
WRITE = "填写说明"


@pytest.fixture
def wang(contact: Person) -> Person:
    contact.says(f"填报 {Q4}", DOUBT)
    assert "纳入补贴班次 30 大于" in contact.text
    return contact


def rows(app: App) -> dict[str, list[reports.Cell]]:
    with transaction(app.engine, read_only=True) as connection:
        found = reports.snapshot(connection, 1, Q4).rows
    return {name: list(row.values()) for name, row in found.items()}


def said(app: App) -> list[str]:
    with transaction(app.engine, read_only=True) as connection:
        return [str(one) for one in reports.snapshot(connection, 1, Q4).explanations.values()]


# -- figures at an explanation


@pytest.mark.parametrize(
    "typed",
    [
        "区块链补贴班次改1",
        "补贴班次改成1",
        "把区块链的补贴班次改为1",
        "区块链补贴班次写错了，应该是1",
        "补贴班次1",
        "区块链补贴班次改1，人数改25",
        "区块链补贴班次改成1，刚才多打了",
        "1 1 25 20 20 30000",
    ],
)
def test_an_edit_of_a_cell_is_no_explanation(wang: Person, app: App, typed: str) -> None:
    wang.says(typed)
    if rows(app)["区块链"][1] != 1:  # what is not certain is asked
        assert wang.labels == ["修改数字", WRITE]
        wang.presses("修改数字")
    assert rows(app)["区块链"] == [1, 1, 25, 20, 20, 3_000_000]
    assert said(app) == []


@pytest.mark.parametrize("typed", ["工业互联网 1,1,25,20,20,30000", "工业互联网1,1,25,20,20,30000"])
def test_a_row_is_no_explanation(wang: Person, app: App, typed: str) -> None:
    wang.says(typed)
    assert rows(app)["工业互联网"] == [1, 1, 25, 20, 20, 3_000_000]
    assert said(app) == []


@pytest.mark.parametrize(
    "typed",
    [
        "因为疫情少开了2个班，人数120",
        "含上季度结转的29个班",
        "补贴班次包括上季度的29个",
        "区块链班次按市里要求合并计算",
    ],
)
def test_an_explanation_that_holds_figures_is_taken(wang: Person, app: App, typed: str) -> None:
    wang.says(typed)
    assert said(app) == [typed]


def test_it_may_be_the_explanation_after_all(wang: Person, app: App) -> None:
    typed = "1 1 25 20 20 30000"
    wang.says(typed)
    wang.presses(WRITE)
    assert said(app) == [typed]
    assert rows(app)["区块链"][1] == 30


@pytest.mark.parametrize(
    ("answer", "kept"), [("说明", True), ("修改", False), ("1", False), ("填写说明", True)]
)
def test_the_choice_may_be_typed(wang: Person, app: App, answer: str, kept: bool) -> None:
    wang.says("1 1 25 20 20 30000", answer)
    assert bool(said(app)) == kept
    assert (rows(app)["区块链"][1] == 1) != kept


def test_only_the_last_text_waits_and_its_buttons_alone_act(wang: Person, app: App) -> None:
    wang.says("1 1 25 20 20 30000")
    old = wang.token("修改数字")
    wang.says("1 2 25 20 20 30000")
    wang.presses_token(old)
    assert rows(app)["区块链"][1] == 30
    assert "该按钮已失效" in wang.text


def test_another_text_is_the_explanation(wang: Person, app: App) -> None:
    wang.says("1 1 25 20 20 30000", "含上季度结转")
    assert said(app) == ["含上季度结转"]


def test_the_text_waits_through_a_restart(wang: Person, app: App, tmp_path: Path) -> None:
    wang.says("补贴标准是多少")
    again = make_app(app.settings.database_url, tmp_path)
    wang.assistant = again.assistant
    wang.presses("填写的内容")
    assert said(app) == ["补贴标准是多少"]


# -- questions, buttons, commands


@pytest.mark.parametrize("typed", ["补贴标准是多少", "补贴标准是多少？", "这个必须填吗"])
def test_a_question_is_no_explanation(wang: Person, app: App, typed: str) -> None:
    wang.says(typed)
    assert wang.labels == ["要问的问题", "填写的内容"]
    assert said(app) == []
    wang.presses("要问的问题")
    assert "纳入补贴班次 30 大于" in wang.text
    assert said(app) == []


def test_a_button_typed_is_pressed(wang: Person, app: App) -> None:
    wang.says(next(label for label in wang.labels if label.startswith("改纳入")))
    assert "现在是 30" in wang.text
    assert said(app) == []


@pytest.mark.parametrize("typed", ["打印", "我报了吗", "我能不能参加培训"])
def test_a_command_of_another_feature_is_asked(wang: Person, app: App, typed: str) -> None:
    wang.says(typed)
    assert len(wang.labels) == 2
    assert said(app) == []
    wang.presses(wang.labels[1])
    assert said(app) == [typed]


@pytest.mark.parametrize("typed", ["刚才那个填错了", "填错了"])
def test_a_slip_is_no_explanation(wang: Person, app: App, typed: str) -> None:
    wang.says(typed)
    assert wang.labels == ["改前面的", WRITE]
    assert said(app) == []


# -- other texts


def test_an_edit_at_the_reason_of_a_correction_waits_for_the_reason(contact: Person, app: App) -> None:
    contact.says(f"填报 {Q4}", "大数据 3 2 120 80 60 90000", "提交", "提交", "更正")
    assert "为什么更正" in contact.text
    contact.says("大数据人数改130")
    contact.presses("修改数字")
    assert rows(app)["大数据"][2] == 120
    contact.says("漏了十个人")
    assert rows(app)["大数据"][2] == 130


def test_a_slip_may_be_the_reason_of_a_correction(contact: Person, app: App) -> None:
    contact.says(f"填报 {Q4}", "大数据 3 2 120 80 60 90000", "提交", "提交", "更正", "填错了")
    assert "为什么更正" not in contact.text


def test_a_question_is_no_name(contact: Person, app: App) -> None:
    contact.says("填表人", "补贴标准是多少")
    contact.presses("要问的问题")
    assert "填表人" in contact.text
    contact.says("王芳芳")
    with transaction(app.engine, read_only=True) as connection:
        assert people.profile(connection, 1).name == "王芳芳"


def test_what_cannot_be_a_telephone_number_is_answered_at_once(contact: Person) -> None:
    contact.says("填表人", "王芳芳", "补贴标准是多少？")
    assert "五（三）" in contact.text


def test_figures_are_no_name(contact: Person, app: App) -> None:
    contact.says("填表人", "大数据人数改130")
    contact.presses("填报数字")
    assert rows(app)["大数据"][2] == 130


def test_what_cannot_be_a_name_is_taken_as_the_row_it_is(contact: Person, app: App) -> None:
    contact.says("填表人", "大数据 3 2 120 80 60 90000")
    assert rows(app)["大数据"][0] == 3


def test_a_question_for_the_desk_is_a_question(talk: Talk) -> None:
    li = talk()
    li.says("转人工", "补贴标准是多少？")
    assert "要问的问题" not in li.labels
