"""Words that take an answer back while a question is pending: to the question before, never an answer."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.core.dialogs import vocabulary
from tests.support.talk import Person

Talk = Callable[..., Person]

SLIPS = [
    "不对，我刚才说错了",
    "我刚才说错了",
    "点错了",
    "选错了",
    "上一个不对",
    "上一题错了",
    "不对不对",
    "打错了",
    "填错了",
    "等等刚才那个填错了",
    "不好意思，上一题选错了",
    "哎呀手滑了",
    "不是，我刚才点错了",
    "我打错了",
    "回到上一题",
]


@pytest.mark.parametrize("typed", SLIPS)
def test_the_question_before_is_asked_again(talk: Talk, typed: str) -> None:
    li = talk()
    first = li.says("我能不能参加培训")[-1].choices[0].label
    li.says("已退休", typed)
    assert li.labels[0] == first
    assert "不符合" not in li.text
    li.says("没有退休")
    assert li.labels[0].startswith("是，在威海")


def test_at_the_first_question_there_is_nothing_to_take_back(talk: Talk) -> None:
    li = talk()
    li.says("我能不能参加培训", "我刚才说错了")
    assert "没有退休" in li.labels


@pytest.mark.parametrize("typed", ["不对", "不对。", "不对啊"])
def test_a_bare_not_right_is_asked_back(talk: Talk, typed: str) -> None:
    li = talk()
    li.says("我能不能参加培训", "已退休", typed)
    assert "不符合" not in li.text
    assert li.labels == ["不是", "改前一题"]
    li.presses("改前一题")
    assert "没有退休" in li.labels


def test_a_bare_not_right_may_be_a_plain_no(talk: Talk) -> None:
    li = talk()
    li.says("我能不能参加培训", "已退休", "不对")
    li.presses("不是")
    assert "不符合" in li.text


@pytest.mark.parametrize(
    "typed", ["不对，我没有退休", "说错了，没退休", "不对我没退休", "我刚才选错了，我还没退休"]
)
def test_a_value_of_the_question_before_is_not_taken_but_asked(talk: Talk, typed: str) -> None:
    li = talk()
    li.says("我能不能参加培训", "已退休", typed)
    assert "不符合" not in li.text
    assert "没有退休" in li.labels


@pytest.mark.parametrize("typed", ["不对，我是中级", "错了 我叫王芳", "不对，不是应届毕业生"])
def test_a_value_that_may_be_meant_for_either_is_asked_again(talk: Talk, typed: str) -> None:
    li = talk()
    li.says("我能不能参加培训", "已退休")
    pending = li.labels
    li.says(typed)
    assert li.labels == pending
    assert "不符合" not in li.text


@pytest.mark.parametrize("typed", ["没错", "没有错", "对不对", "专业不对口", "数据标注错误很多", "不错"])
def test_what_takes_nothing_back(typed: str) -> None:
    assert vocabulary.corrected(typed) is None


def test_reading_a_long_text_costs_no_more_than_its_length() -> None:
    assert vocabulary.corrected("刚刚" * 2000 + "不") is None
    assert vocabulary.corrected("刚刚" * 90 + "不") is None


# -- at the figures of a report


@pytest.mark.parametrize("typed", ["我打错了", "刚前那个填错了", "上一题错了", "不对", "不对，刚才说错了"])
def test_at_a_figure_the_one_before_is_asked_again(contact: Person, typed: str) -> None:
    contact.says("填报 2026Q4", "大数据", "3", typed)
    assert "【大数据 1/6】" in contact.text


@pytest.mark.parametrize("typed", ["等一下", "等等", "稍等", "我查一下"])
def test_who_asks_for_a_moment_is_asked_the_same_again(contact: Person, typed: str) -> None:
    contact.says("填报 2026Q4", "大数据", "3", typed)
    assert "【大数据 2/6】" in contact.text


def test_a_moment_is_no_explanation(contact: Person) -> None:
    contact.says("填报 2026Q4", "大数据 1 5 120 80 60 90000", "等一下")
    assert "纳入补贴班次 5 大于" in contact.text


# -- after a verdict, and in the middle of a check with the new value beside it

CERTIFIED = "已取得专业技术等级证书"


def subsidy(li: Person, *typed: str) -> None:
    li.says("我能不能领培训补贴", CERTIFIED, "纳入了", *typed)


def test_after_a_verdict_what_is_put_right_changes_it(talk: Talk) -> None:
    li = talk()  # it is 30 December 2026
    subsidy(li, "没领过")
    assert "您符合" in li.text
    li.says("等等，我其实上个月领过")
    assert "已改" in li.text
    assert "一年内不可重复享受" in li.text
    li.says("改成没领过")
    assert "您符合" in li.text


@pytest.mark.parametrize("typed", ["我刚才说错了", "点错了", "上一个不对"])
def test_after_a_verdict_the_last_question_is_asked_again(talk: Talk, typed: str) -> None:
    li = talk()
    subsidy(li, "没领过", typed)
    assert "什么时候领的" in li.text


def test_the_level_is_changed_in_the_middle(talk: Talk) -> None:
    li = talk()
    li.says("我的证书能对应什么职称", CERTIFIED, "是", "是", "符合", "初级", "改成中级")
    assert "已改" in li.text
    li.says("不是")
    assert "认定为工程师" in li.text


@pytest.mark.parametrize("typed", ["我上面说的都不算", "上面的都不算", "前面全都填错了"])
def test_everything_is_taken_back_only_when_confirmed(talk: Talk, typed: str) -> None:
    li = talk()
    subsidy(li, "没领过", typed)
    assert "确定" in " ".join(li.labels)
    li.presses("确定")
    assert "走到哪一步" in li.text


def test_two_values_are_asked_in_one_tap(talk: Talk) -> None:
    li = talk()
    subsidy(li, "没领过，不对，领过")
    assert "哪年哪月" in li.text
    li.says("没领过")
    assert "您符合" in li.text


def test_another_value_after_a_verdict_is_asked_first(talk: Talk) -> None:
    li = talk()
    li.says("我能不能参加培训", "没有退休", "是", "正在从事数字技术工作", "我退休了")
    assert li.labels[0] == "是，已退休"
    li.says("是")
    assert "应届" in li.text


@pytest.mark.parametrize("said", ["我刚才说错了，其实还在培训", "不对，还没培训完"])
def test_where_only_this_question_can_be_meant_it_is_answered(talk: Talk, said: str) -> None:
    li = talk()
    li.says("我能不能报考等级证书", "还没参加培训", "点错了")
    li.says(said)
    assert "正在培训" in li.text


def test_a_way_that_was_not_asked_about_is_not_to_be_verified(talk: Talk) -> None:
    li = talk()
    li.says("我能不能参加培训", "没有退休", "现在外地，打算来威海", "在做别的工作，有意愿从事")
    assert "打算来威海的，是否算" in li.text
    assert "应届毕业生" not in li.text
