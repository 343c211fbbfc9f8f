"""The enrolment check, as people go through it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import pytest

from bot.core.channel_limits import CHANNELS, fit
from bot.core.dialogs.dialog import replay
from bot.core.messages import Outgoing
from bot.core.published import nothing
from bot.core.render import render
from bot.features.checks.ask_fact import AskFact, CheckContext
from bot.features.checks.dialog import CheckDialog, Judged, check_dialogs
from policy.checks.conditions import UNSURE, Leaf
from policy.checks.rules import UNDECIDED
from policy.reading.dates import read_date
from tests.support.corpus import CORPUS
from tests.support.talk import Person

Talk = Callable[..., Person]
ELIGIBLE, NOT_ELIGIBLE = "可以参加", "不符合"


def test_a_worker_who_wants_to_change_may_enrol(talk: Talk) -> None:
    li = talk()
    li.says("我能不能参加培训")
    li.presses("没有退休")
    li.presses("是")
    li.presses("在做别的工作")
    assert ELIGIBLE in li.text
    assert "（三）" in li.text
    assert "不是认定或审批结果" in li.text


def test_a_retiree_may_not_unless_a_graduate(talk: Talk) -> None:
    li = talk()
    li.says("我能不能参加培训", "退休了", "不是")
    assert NOT_ELIGIBLE in li.text


def test_without_a_job_it_has_to_be_verified(talk: Talk) -> None:
    li = talk()
    li.says("我能不能参加培训", "没有退休", "是", "目前没有工作，有意愿从事", "不是")
    assert "待核实" in li.text
    assert "从业人员" in li.text


def test_not_sure_is_an_answer_everywhere(talk: Talk) -> None:
    li = talk()
    li.says("我能不能参加培训")
    while "待核实" not in li.text:
        assert "不确定" in li.labels
        li.says("不确定")
    assert "需要核实" in li.text


def test_a_policy_question_in_between_comes_back_to_the_pending_question(talk: Talk) -> None:
    li = talk()
    li.says("我能不能参加培训", "没有退休")
    pending = li.replies[-1]
    li.says("补贴多少钱")
    assert "五（三）" in li.replies[0].text
    assert [c.label for c in li.replies[-1].choices] == [c.label for c in pending.choices]
    li.presses_token(pending.choices[0].token)  # the step has not passed: its buttons still act
    assert "目前的工作" in li.text


def test_back_keeps_later_answers(talk: Talk) -> None:
    li = talk()
    li.says("我能不能参加培训", "没有退休", "是")
    li.says("上一步", "上一步")
    assert "退休" in li.text
    li.says("没有退休")  # place is still answered: straight on to work
    assert "正在从事数字技术工作" in li.labels


def test_one_answer_is_changed_after_the_verdict(talk: Talk) -> None:
    li = talk()
    li.says("我能不能参加培训", "没有退休", "是", "正在从事数字技术工作")
    assert ELIGIBLE in li.text
    li.presses("改一个回答")
    li.presses("是否退休")
    li.says("已退休")
    assert "应届毕业生" in li.text
    li.says("修改")
    li.presses("是否退休")
    li.says("没有退休")  # the answers after it count again
    assert ELIGIBLE in li.text


def test_an_old_button_is_refused_politely(talk: Talk) -> None:
    li = talk()
    li.says("我能不能参加培训")
    old = li.token("已退休")
    li.presses("没有退休")
    li.presses_token(old)
    assert "该按钮已失效" in li.text
    assert "在威海" in li.text
    assert li.labels[0].startswith("是，在威海")


@pytest.mark.parametrize(
    "token", ["", "x", "s", "s1:v:yes", "s999999:a:restart", "q:nothing", "t:99", "cell:1:2:3", "inv:1"]
)
def test_an_unknown_token_is_refused_with_the_current_step(talk: Talk, token: str) -> None:
    li = talk()
    li.says("我能不能参加培训")
    li.presses_token(token or "：")
    assert li.replies[-1].choices


def test_restart_asks_first(talk: Talk) -> None:
    li = talk()
    li.says("我能不能参加培训", "没有退休", "是", "重新开始")
    li.presses("不，接着来")
    assert "正在从事数字技术工作" in li.labels
    li.says("重新开始")
    li.presses("确定")
    assert "没有退休" in li.labels


def test_cancel_keeps_the_answers_for_later(talk: Talk) -> None:
    li = talk()
    li.says("我能不能参加培训", "没有退休", "取消", "啥时候发的")
    li.says("我能不能参加培训")
    assert "接着上次" in li.text
    assert "是，在威海工作" in li.labels


def test_numbers_press_buttons_where_choices_are_numbered(talk: Talk) -> None:
    li = talk()
    li.says("我能不能参加培训", "2")  # 没有退休
    assert "是，在威海工作" in li.labels


def walk(dialog: CheckDialog, context: CheckContext) -> Iterator[tuple[dict[str, str], Judged]]:
    """Every path through a check: all answers to every question that is really asked."""
    waiting: list[dict[str, str]] = [{}]
    while waiting:
        answers = waiting.pop()
        step = replay(dialog.run, context, answers)
        if step.question is None:
            assert isinstance(step.outcome, Judged)
            yield answers, step.outcome
            continue
        question = step.question
        assert isinstance(question, AskFact)
        ambient = {"question": question, "again": False, "resumed": False, "changing": False, "answered": 0}
        rendered = render(question.template, ambient={**ambient, **question.shown})
        assert [c.token.removeprefix("s0:v:") for c in rendered.choices] == list(question.values)
        assert UNSURE in question.values
        dates = DATES if question.fact.kind == "date" else []
        waiting += [{**answers, question.id: value} for value in [*question.values, *dates]]


TODAY = date(2026, 11, 24)
DATES = [str(read_date(text, TODAY)) for text in ("去年3月", "去年12月", "上个月")]  # over, differs, within
CONTEXT = CheckContext(TODAY, "self", ())


@pytest.mark.parametrize("check_id", sorted(CORPUS.checks))
def test_every_path_ends_in_a_verdict_that_explains_itself(check_id: str) -> None:
    check = CORPUS.checks[check_id]
    dialog = check_dialogs(CORPUS)[f"check-{check_id}"]
    assert isinstance(dialog, CheckDialog)
    seen: set[str] = set()
    paths = 0
    for answers, judged in walk(dialog, CONTEXT):
        paths += 1
        ((_, verdict),) = dialog.verdicts(dict(judged.facts), CONTEXT)
        seen.add(verdict.outcome)
        leaves = [
            (leaf.condition, leaf.answered)
            for leaf in verdict.reason.leaves()
            if isinstance(leaf.condition, Leaf)
        ]
        asked = {condition.fact for condition, answered in leaves if answered is not None}
        assert set(answers) == asked, "a fact was asked that no reason mentions"
        assert all(condition.clause in CORPUS.notices.ids() for condition, _ in leaves)
        assert bool(verdict.verify) == (verdict.outcome == UNDECIDED)
        said = as_said(dialog, judged)
        assert verdict.title in said
        assert all(clause in said for clause in verdict.clauses)
        assert "不是认定或审批结果" in said
        for channel in CHANNELS.values():
            for piece in fit(Outgoing(said), channel):
                assert len(piece.text.encode() if channel.unit == "bytes" else piece.text) <= channel.longest
    assert paths > len(check.facts)
    assert seen == {o.id for o in check.outcomes} | {UNDECIDED}


def as_said(dialog: CheckDialog, judged: Judged) -> str:
    """The verdict as the dialog says it, without a database."""

    class Says:
        corpus = CORPUS

        def say(self, template: str, **data: object) -> Outgoing:
            return render(template, **data)  # type: ignore[arg-type]

        def once(self, key: str, read: object) -> object:
            return nothing

    (message,) = dialog.finish(Says(), CONTEXT, judged)  # type: ignore[arg-type]
    return message.text
