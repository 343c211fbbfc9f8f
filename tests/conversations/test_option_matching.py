"""Ordinary answers inside the checks: taken as what they say, asked back when they say two things."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.core.dialogs import option_matching
from bot.core.dialogs.dialog import Problem
from bot.features.checks.ask_fact import AskFact, CheckContext
from policy.institutions.districts import DISTRICTS
from tests.support.corpus import CORPUS
from tests.support.talk import NOON, Person

Talk = Callable[..., Person]
CONTEXT = CheckContext(NOON.date(), "self", (), others=tuple(CORPUS.facts.values()))


def heard(fact: str, text: str) -> str | None:
    """The answer taken from a text; None when it is asked back."""
    try:
        return AskFact.of(CORPUS.facts[fact], CONTEXT, "").read(text)
    except Problem:
        return None


@pytest.mark.parametrize(
    ("fact", "text", "answer"),
    [
        ("retired", "没办退休", "no"),
        ("retired", "没有，还在上班", "no"),
        ("retired", "我退休了", "yes"),
        ("retired", "没退呢", "no"),
        ("retired", "还在职", "no"),
        ("retired", "58岁没退", "no"),
        ("retired", "不是退休人员", "no"),
        ("retired", "早就退休了", "yes"),
        ("place", "是，在威海", "yes"),
        ("place", "荣成", "yes"),
        ("place", "威海", "yes"),
        ("place", "是的，在威海", "yes"),
        ("place", "我在文登上班", "yes"),
        ("place", "不在威海", "no"),
        ("work", "在做别的", "willing"),
        ("work", "想转行做大数据", "willing"),
        ("work", "刚失业", "jobless"),
        ("work", "在做别的，不想转行", "neither"),
        ("graduate", "不是应届", "no"),
        ("stage", "已取得", "certified"),
        ("stage", "学完了", "passed"),
        ("stage", "没参加过", "none"),
        ("stage", "还没有参加培训", "none"),
        ("stage", "培训合格了，等级证书没考", "passed"),
        ("level", "中级证书", "middle"),
        ("level", "高级的", "senior"),
        ("level", "初", "junior"),
        ("standard", "符合的", "yes"),
        ("standard", "没看过", "unsure"),
        ("conditions", "不符合的", "no"),
        ("catalogue", "没纳入", "no"),
        ("claimed_on", "没领过呢", "never"),
        ("claimed_on", "从来没有", "never"),
        ("claimed_on", "记不清了", "unsure"),
        ("claimed_on", "忘了", "unsure"),
    ],
)
def test_an_answer_in_other_words_than_the_button_s(fact: str, text: str, answer: str) -> None:
    assert heard(fact, text) == answer


@pytest.mark.parametrize(
    ("fact", "text"),
    [
        ("retired", "应该是没退吧"),
        ("retired", "没退休，后来又退休了"),
        ("retired", "不想上班"),
        ("place", "我是威海户口"),
        ("place", "以前在威海"),
        ("place", "威海和烟台两地跑"),
        ("place", "不在荣成"),
        ("place", "在烟台上班"),  # and plans to come?
        ("graduate", "是应届生"),  # of a related subject?
        ("retired", "快退休了"),
        ("place", "应该算威海吧"),
        ("graduate", "是公务员"),
        ("stage", "拿到证书了"),  # which of the two papers?
        ("stage", "有证书"),
        ("level", "中级和高级都有"),
        ("level", "高级工程师"),
        ("standard", "不太符合"),
        ("standard", "部分符合"),
        ("professional", "是公务员"),
        ("exam_series", "会计"),
        ("exam_series", "是卫生系列"),
        ("graduate", "是会计专业"),
        ("graduate", "不是会计专业"),
        ("claimed_on", "领过"),
        ("claimed_on", "领过两次"),
        ("claimed_on", "没有存折"),
    ],
)
def test_what_says_two_things_or_something_else_is_asked_back(fact: str, text: str) -> None:
    assert heard(fact, text) is None


@pytest.mark.parametrize("name", [n for pair in DISTRICTS.items() for n in (pair[0], *pair[1])])
def test_every_district_of_weihai_is_in_weihai(name: str) -> None:
    if not name.startswith("市"):  # 市直 is no place
        assert heard("place", name) == "yes"
        assert heard("place", f"在{name}上班") == "yes"


@pytest.mark.parametrize("text", ["没办退休", "还在职", "在职的", "等财务", "学时", "退休"])
def test_no_answer_is_taken_for_a_question(talk: Talk, text: str) -> None:
    li = talk()
    li.says("我能不能参加培训", text)
    assert len(li.replies) == 1
    assert "依据" not in li.text


def test_a_question_in_between_is_still_answered(talk: Talk) -> None:
    li = talk()
    for text in ("退休了能报吗", "补贴多少钱", "问：以考代评"):
        li.says("我能不能参加培训", text)
        assert "依据" in li.replies[0].text
        assert "没有退休" in li.replies[-1].choices[1].label


def test_what_is_not_understood_comes_back_with_the_options(talk: Talk) -> None:
    li = talk()
    li.says("我能不能参加培训", "应该是没退吧")
    assert li.labels == ["是，没有退休", "已退休", "没有退休", "快要退休了", "不确定"]
    li.says("这个嘛")
    assert li.labels == ["已退休", "没有退休", "快要退休了", "不确定"]


def test_the_office_names_what_it_publishes_in_a_word(officer: Person) -> None:
    officer.says("发布信息", "电话")
    assert "依据" not in officer.text
    officer.says("0631-5232345")
    assert "来源" in officer.text


def test_only_a_question_with_that_option_points_to_it(officer: Person) -> None:
    officer.says("发布信息", "随便")
    assert "不确定" not in officer.text


def test_options_alone() -> None:
    both = [("a", ("大数据",)), ("b", ("区块链",))]
    assert option_matching.pick("就大数据吧啦", both) is None or option_matching.pick("就大数据", both) == "a"
    assert option_matching.pick("大数据和区块链", both) is None
    assert option_matching.pick("不要大数据", both) is None
    assert option_matching.pick("", both) is None


@pytest.mark.parametrize("series", ["会计", "软考", "我是卫生系列"])
def test_a_series_that_is_named_is_not_judged(talk: Talk, series: str) -> None:
    li = talk()
    li.says("我的证书能对应什么职称", "已取得专业技术等级证书", "是", "是", "符合", "初级", series)
    assert "通知没有列出" in li.text
    assert "依据" not in li.text
    assert li.labels == ["是以考代评", "不是", "不确定"]
    li.says("不确定")
    assert "待核实" in li.text
