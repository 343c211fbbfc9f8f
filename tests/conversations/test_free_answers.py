"""Answers in one's own words: taken and said back, asked in one tap, or asked back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from bot.cli.reading import read
from tests.support.corpus import CORPUS
from tests.support.talk import Person

Talk = Callable[..., Person]
CERTIFIED = "已取得专业技术等级证书"


def test_one_sentence_answers_several_questions(talk: Talk) -> None:
    li = talk()
    li.says("我能不能参加培训", "没退休，在荣成上班，做大数据开发的")
    assert "可以参加" in li.text
    assert "没有退休" in li.text
    assert {"没有退休 ✎", "是，在威海工作 ✎", "正在从事数字技术工作 ✎"} <= set(li.labels)
    li.presses("没有退休 ✎")
    li.says("已退休")
    assert "应届" in li.text


def test_what_was_taken_in_free_words_is_said_back(talk: Talk) -> None:
    li = talk()
    li.says("我能不能参加培训", "俺还没退呢")
    assert "已记录：没有退休" in li.text
    assert "没有退休 ✎" in li.labels


def test_about_to_retire_is_asked_and_stays_to_be_verified(talk: Talk) -> None:
    li = talk()
    li.says("我能不能参加培训", "下个月就退了")
    assert li.labels[0] == "是，快要退休了"
    assert "已退休" in li.labels
    li.says("是", "是", "程序员", "不是")
    assert "待核实" in li.text
    assert "可以参加：" not in li.text.partition("核实后可能是")[0]


def test_no_to_what_was_probably_meant_asks_again(talk: Talk) -> None:
    li = talk()
    li.says("我能不能参加培训", "应该是没退吧", "不是")
    assert "目前" not in li.text
    assert {"已退休", "没有退休"} <= set(li.labels)


def test_a_question_in_between_ends_the_offer(talk: Talk) -> None:
    li = talk()
    li.says("我能不能参加培训", "应该是没退吧", "补贴多少钱", "是")
    assert "应届" in li.text  # 是 answers the question as it stands: retired


def test_somebody_else_named_within_a_check_is_offered_that_very_check(talk: Talk) -> None:
    li = talk()
    li.says("我能不能参加培训", "我妈退休了")
    li.presses("替别人查")
    li.presses("家人")
    li.says("我妈退休了", "不是")
    assert "不符合" in li.text  # of enrolment, without the rest of the route
    assert "who:enrolment" in li.token("替别人查")


@pytest.mark.parametrize("typed", ["我妈退休了", "我老公退了", "我同事退休了"])
def test_somebody_else_s_answer_is_not_taken(talk: Talk, typed: str) -> None:
    li = talk()
    li.says("我能不能参加培训", typed)
    assert "替别人查" in li.labels
    assert "已退休" in li.labels


def test_asked_for_family_their_answer_is(talk: Talk) -> None:
    li = talk()
    li.says("替别人查")
    li.presses("家人")
    li.says("我妈退休了")
    assert "已记录：已退休" in li.text


@pytest.mark.parametrize("typed", ["公务员", "开出租的"])
def test_another_trade_is_asked_for_its_will(talk: Talk, typed: str) -> None:
    li = talk()
    li.says("我能不能参加培训", "没有退休", "是", typed)
    assert "有没有意愿" in li.text


@pytest.mark.parametrize(
    ("fact", "text", "value"),
    [
        ("graduate", "是应届但不是相关专业", "no"),
        ("stage", "两个证都有", "certified"),
        ("catalogue", "在目录里", "yes"),
        ("place", "南海新区", "yes"),
        ("place", "石岛", "yes"),
        ("place", "刘公岛", "yes"),
        ("place", "人在北京，准备去威海找工作", "planning"),
        ("work", "程序员", "digital"),
        ("retired", "還沒退休", "no"),
        ("retired", "没推休", "no"),
        ("level", "初极", "junior"),
    ],
)
def test_taken(fact: str, text: str, value: str) -> None:
    assert read(CORPUS, fact, text, date(2026, 11, 28))["value"] == value


@pytest.mark.parametrize(
    ("fact", "text", "likely"),
    [
        ("retired", "还差两年", "soon"),
        ("retired", "我妈退休了", None),
        ("work", "开数控车床的想学智能制造", "willing"),
        ("place", "远程办公", None),
        ("stage", "证拿到了，高级的没过", None),
        ("level", "不是高级", None),
        ("level", "中级，不对，是高级", "senior"),
        ("claimed_on", "有的领过有的没领过", None),
        ("claimed_on", "没领过，不对，领过", None),
    ],
)
def test_asked(fact: str, text: str, likely: str | None) -> None:
    found = read(CORPUS, fact, text, date(2026, 11, 28))
    assert (found["kind"], found["likely"]) == ("ask", likely)


def test_what_else_was_told_stands_beside() -> None:
    found = read(CORPUS, "retired", "没退休，在荣成上班", date(2026, 11, 28))
    assert found == {"kind": "value", "value": "no", "also": {"place": "yes"}}


@pytest.mark.parametrize("text", ["是", "不在", "没有", "准备去考试", "想学", "符合", "不去"])
def test_a_bare_word_tells_nothing_else(text: str) -> None:
    assert "also" not in read(CORPUS, "retired", text, date(2026, 11, 28))


@pytest.mark.parametrize("fact", sorted(CORPUS.facts))
def test_every_option_is_read_back_as_itself(fact: str) -> None:
    for option in CORPUS.facts[fact].options:
        found = read(CORPUS, fact, option.label, date(2026, 11, 28))
        assert found.get("value") == option.id


def test_not_knowing_one_thing_is_no_answer_to_another(talk: Talk) -> None:
    li = talk()
    li.says("我能不能报考等级证书", "培训合格了，条件没看过")
    assert "申报条件" in li.text
    li.says("条件没看过")
    assert "待核实" in li.text


def test_a_bare_no_is_asked_where_two_options_say_no(talk: Talk) -> None:
    li = talk()
    li.says("我能不能参加培训", "没有退休", "不是")
    assert {"是，只在外地", "现在外地，打算来威海"} <= set(li.labels)
