"""The whole route: facts told once, known everywhere, for oneself or another."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot.app import App
from bot.features.reminders import send as reminder_sender
from policy.checks.rules import UNDECIDED
from policy.checks.standards import parse_standards, with_standards
from policy.files import PolicyError
from storage.address import Address
from storage.connections.database import transaction
from storage.conversations import history, messages
from storage.schema.core import fact, later
from tests.support.corpus import CORPUS
from tests.support.talk import Person

Talk = Callable[..., Person]
CERTIFIED = "已取得专业技术等级证书"


def test_the_route_asks_each_fact_once_and_shows_everything(talk: Talk, app: App) -> None:
    li = talk()
    asked = []
    answers = {
        "退休": "没有退休",
        "威海市行政区域": "是",
        "目前的工作": "想转行",
        "走到哪一步": CERTIFIED,
        "专业技术人员吗": "是",
        "和手里证书上的一样": "不报别的",
        "培育项目取得": "是",
        "评审范围吗": "符合",
        "哪一级": "中级",
        "以考代评": "不是",
        "项目目录吗": "纳入了",
        "什么时候领": "没领过",
    }
    li.says("我的路线")
    while "【我的路线】" not in li.text:
        question = next(k for k in answers if k in li.text)
        asked.append(question)
        li.says(answers[question])
    assert asked == list(answers)  # each once
    for shown in (
        "可以参加",
        "继续教育专业课",
        "工程师",
        "您符合通知列出的条件",
        "✓ 没有退休",
        "问谁：评价机构",
    ):
        assert shown in li.text
    assert "考核合格之后" not in li.text  # it was passed long ago
    (file,) = li.files
    kept = app.files.content(file).decode()
    assert "认定为工程师" in kept
    assert "✓ 初级或中级证书" in kept
    assert "高级证书（五（二））" not in kept  # the way that was not taken is no failure
    assert kept == app.files.content(file).decode()


def test_a_fact_told_in_one_check_is_known_in_the_others(talk: Talk) -> None:
    li = talk()
    li.says("我的证书能对应什么职称", CERTIFIED, "是", "是", "符合", "高级")
    assert "重要参考" in li.text
    li.says("我能不能领培训补贴")
    assert "目录" in li.text  # where they stand is known already
    li.says("纳入了", "没领过")
    assert "按省市资金管理规定审核" in li.text
    assert "沿用上次回答：走到哪一步" in li.text
    li.presses("改一个回答")
    li.presses("走到哪一步")
    li.says("培训合格，还没有等级证书")
    assert "还不能" in li.text


def test_senior_is_a_reference_whatever_the_series(talk: Talk) -> None:
    li = talk()
    li.says("我的证书能对应什么职称", CERTIFIED, "是", "是", "符合", "高级")
    assert "可作为申报高级职称评审的重要参考" in li.text
    assert "没有写可直接认定" in li.text
    assert "不能凭这张证书" not in li.text


def test_for_another_person_the_facts_are_empty_and_apart(talk: Talk, app: App) -> None:
    li = talk()
    li.says("我能不能参加培训", "没有退休", "是", "正在从事数字技术工作")
    assert "可以参加" in li.text
    li.presses("替别人查")
    li.presses("家人")
    assert "替家人查" in li.text
    li.says("退休了", "不是")
    assert "不符合" in li.text
    li.presses("替别人查")
    li.presses("本人")
    assert "可以参加" in li.text  # one's own are still there


def test_a_borrowed_phone_is_left_clean(talk: Talk, app: App) -> None:
    li = talk()
    li.says("我能不能参加培训", "没有退休", "是", "正在从事数字技术工作", "退出并清除")
    assert "已清除" in li.text
    with transaction(app.engine, read_only=True) as connection:
        assert connection.execute(select(func.count()).select_from(fact)).scalar_one() == 0
        lines = history.last_lines(connection, Address("terminal", "test", "li"))
    assert [line.said for line in lines if line.said] == ["退出并清除"]
    li.says("我能不能参加培训")
    assert "退休" in li.text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("没领过", "您符合通知列出的条件"),
        ("前年5月", "您符合通知列出的条件"),
        ("上个月", "一年内不可重复享受"),
        ("去年12月31日", "待核实"),
        ("2025.12.29", "您符合通知列出的条件"),  # the day before yesterday a year ago
        ("不确定", "待核实"),
    ],
)
def test_one_year_by_both_readings(talk: Talk, typed: str, said: str) -> None:
    li = talk()  # it is 30 December 2026
    li.says("我能不能领培训补贴", CERTIFIED, "纳入了", typed)
    assert said in li.text


@pytest.mark.parametrize(
    "typed", ["一两年前", "两三个月前", "三五天前", "一年多了", "大概半年前", "好几年前", "去年12月左右"]
)
def test_a_time_told_roughly_decides_nothing(talk: Talk, typed: str) -> None:
    li = talk()
    li.says("我能不能领培训补贴", CERTIFIED, "纳入了", typed)
    assert "哪年哪月" in li.text
    assert "没领过" in li.labels  # asked again
    li.says("前年5月")
    assert "您符合通知列出的条件" in li.text


def test_both_dates_are_shown_and_a_reminder_comes_on_the_later(talk: Talk, app: App) -> None:
    li = talk()
    li.says("我能不能领培训补贴", CERTIFIED, "纳入了", "2026年3月5日")
    assert "2027-03-06" in li.text
    assert "2027-01-01" in li.text
    li.presses("到时提醒我")
    li.says("我能不能领培训补贴")
    li.presses("到时提醒我")  # twice is once
    with transaction(app.engine, read_only=True) as connection:
        assert connection.execute(select(func.count()).select_from(later)).scalar_one() == 1
    reminder_sender.send_due(app.engine, CORPUS.holidays, li.now + timedelta(days=30))
    with transaction(app.engine, read_only=True) as connection:
        assert messages.pushes_waiting(connection, Address("terminal", "test", "li")) == []
    reminder_sender.send_due(app.engine, CORPUS.holidays, li.now + timedelta(days=90))
    reminder_sender.send_due(app.engine, CORPUS.holidays, li.now + timedelta(days=91))
    with transaction(app.engine, read_only=True) as connection:
        assert len(messages.pushes_waiting(connection, Address("terminal", "test", "li"))) == 1


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("3", "几月"),
        ("明天再说吧2027年5月", "没认出日期"),
        ("2027-05-01", "还没到"),
        ("2024-02-30", "没有这一天"),
    ],
)
def test_a_date_that_is_none_gets_a_sentence(talk: Talk, typed: str, said: str) -> None:
    li = talk()
    li.says("我能不能领培训补贴", CERTIFIED, "纳入了", typed)
    assert said in li.text
    assert "没领过" in li.labels


def test_the_other_conditions_are_shown_after_the_verdict(talk: Talk) -> None:
    li = talk()
    li.says("我的证书能对应什么职称", "正在培训")
    assert "还不能" in li.text
    li.presses("看看其他条件")
    assert "符合我市职称申报评审范围（五（二））" in li.text
    li.presses("回到结论")
    assert "还不能" in li.text


def test_an_undecided_verdict_says_what_can_come_of_it(talk: Talk) -> None:
    li = talk()
    li.says("我的证书能对应什么职称", CERTIFIED, "是", "是", "符合", "初级", "不确定")
    assert "待核实" in li.text
    assert "助理工程师" in li.text
    assert "以考代评的系列（专业）除外" in li.text


MADE_UP = {
    "standards": [
        {
            "occupation": "大数据",
            "level": "junior",
            "source": "测试用标准",
            "any_of": [{"words": "编造的条件甲", "page": 1}, {"words": "编造的条件乙", "page": 2}],
        }
    ]
}


class TestStandards:
    check = with_standards(CORPUS.checks["assessment"], parse_standards(MADE_UP, CORPUS.form), CORPUS.form)
    which = "standard-大数据-junior"

    def verdict(self, **facts: str) -> str:
        """The verdict of complete facts."""
        assert self.check.next_fact(facts) is None, self.check.next_fact(facts)
        return self.check.verdict(facts).outcome

    def test_a_standard_that_was_typed_in_is_used(self) -> None:
        start = {"stage": "passed", "occupation": "大数据", "wanted": "junior"}
        fact = self.check.next_fact(start)
        assert fact is not None
        assert fact.id == self.which
        assert [o.label for o in fact.options][:2] == ["编造的条件甲", "编造的条件乙"]
        assert "测试用标准" in fact.hint
        assert self.verdict(**start, **{self.which: "c2"}) == "can_apply"
        assert self.verdict(**start, **{self.which: "none"}) == "not_eligible"
        assert self.verdict(**start, **{self.which: "unsure"}) == UNDECIDED

    def test_elsewhere_it_stays_with_the_national_standard(self) -> None:
        for occupation, wanted in (("大数据", "senior"), ("区块链", "junior")):
            start = {"stage": "passed", "occupation": occupation, "wanted": wanted}
            fact = self.check.next_fact(start)
            assert fact is not None
            assert fact.id == "conditions"
            assert self.verdict(**start, conditions="no") == "not_eligible"

    @pytest.mark.parametrize(
        "change",
        [
            {"source": ""},
            {"any_of": []},
            {"any_of": [{"words": "x"}]},
            {"level": "expert"},
            {"occupation": "电工"},
        ],
    )
    def test_an_entry_without_source_or_page_is_refused(self, change: dict[str, object]) -> None:
        with pytest.raises(PolicyError, match=r"standards\.yaml"):
            parse_standards({"standards": [{**MADE_UP["standards"][0], **change}]}, CORPUS.form)

    def test_none_is_packaged_yet(self) -> None:
        assert CORPUS.standards == ()
        assert with_standards(CORPUS.checks["assessment"], [], CORPUS.form) is CORPUS.checks["assessment"]


def test_the_diagram_is_drawn_from_the_rule() -> None:
    from policy.checks.conditions import Leaf
    from policy.checks.diagram import mermaid, svg

    for check in CORPUS.checks.values():
        drawn, text = svg(check), mermaid(check)
        assert drawn.startswith("<svg")
        for outcome in check.outcomes:
            assert outcome.title in text
        leaves = [r for r in check.verdict({}).reason.leaves() if isinstance(r.condition, Leaf)]
        assert all(leaf.condition.words in text for leaf in leaves)


def test_who_holds_one_certificate_may_apply_for_another(talk: Talk) -> None:
    li = talk()
    li.says("我能不能报考等级证书", CERTIFIED)
    assert "不用再报" not in li.text  # 初级 in hand, 中级 wanted?
    li.says("想报中级", "培训合格了", "符合")
    assert "可以申报等级考核" in li.text
    assert "四（二）" in li.text


def test_not_knowing_the_day_of_the_last_subsidy_is_no_difference_of_reckoning(talk: Talk) -> None:
    li = talk()
    li.says("我能不能领培训补贴", CERTIFIED, "纳入了", "记不清了")
    assert "待核实" in li.text
    assert "结论不同" not in li.text  # no day was told
    li.presses("改一个回答")
    li.presses("上次领补贴")
    li.says("去年12月31日")
    assert "结论不同" in li.text


def test_the_route_says_why_when_and_what_comes_next(talk: Talk, app: App) -> None:
    li = talk()  # it is 30 December 2026
    li.says(
        "我的路线",
        "没有退休",
        "是",
        "想转行",
        CERTIFIED,
        "是",
        "不报别的",
        "是",
        "不在",
        "纳入了",
        "2026年3月5日",
    )
    while "【我的路线】" not in li.text:
        li.says("不确定")
    for date in ("2027-03-06", "2027-01-01"):
        assert date in li.text
        assert date in app.files.content(li.files[0]).decode()

    wang = talk("wang")
    wang.says("我的路线", "没有退休", "是", "想转行", "正在培训")
    while "【我的路线】" not in wang.text:
        wang.says("不确定")
    assert "考核合格之后" in wang.text
    assert "✗ 培训合格" in wang.text


def test_the_route_names_the_same_doubt_once(talk: Talk) -> None:
    li = talk()
    li.says("我的路线")
    while "【我的路线】" not in li.text:
        li.says("不确定")
    doubts = [
        line.strip() for line in li.text.splitlines() if line.strip().startswith("？") and "同上" not in line
    ]
    assert len(doubts) == len(set(doubts))


def now(text: str) -> str:
    """What the route says is to be done now."""
    return text[text.index("现在要做") : text.index("您的回答")]


def test_a_beginner_hears_how_to_enrol(talk: Talk) -> None:
    li = talk()
    li.says("我的路线", "没有退休", "是", "想转行", "还没参加培训")
    while "【我的路线】" not in li.text:
        li.says("不确定")
    told = now(li.text)
    assert told.index("我能不能参加培训") < told.index("我能不能报考等级证书")
    for words in ("向培训机构报名", "通知没有写", "问谁：培训机构"):
        assert words in told
    assert "职称" not in told


def test_a_holder_hears_the_steps_of_title_and_subsidy(talk: Talk) -> None:
    li = talk()
    li.says("我的路线", "没有退休", "是", "想转行", CERTIFIED)
    answers = {
        "专业技术人员吗": "是",
        "和手里证书上的一样": "不报别的",
        "培育项目取得": "是",
        "评审范围吗": "符合",
        "哪一级": "中级",
        "以考代评": "不是",
        "项目目录吗": "纳入了",
        "什么时候领": "没领过",
    }
    while "【我的路线】" not in li.text:
        li.says(next(answer for question, answer in answers.items() if question in li.text))
    told = now(li.text)
    assert told.index("我的证书能对应什么职称") < told.index("我能不能领培训补贴")
    assert "先问单位人事" in told
    assert "报名" not in told
