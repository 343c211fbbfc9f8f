"""What an answer may claim: its point, its polarity, the group of people, and what is not written."""

from __future__ import annotations

import re
import sys
import time
from datetime import date

import pytest

from bot.features.questions import answer as policy_answer
from policy.answers.groups import composed_lines
from policy.index.half_questions import is_half
from policy.index.parts import Part, Topic
from policy.index.signals import polarity
from policy.reading.text import bare, unified
from tests.support.corpus import CORPUS

ON = date(2026, 11, 28)
GRANTS = re.compile(r"^(会|有|可以|能|行|要|是|算|照发|专业技术人员照发)[：:，。]")


def told(text: str, last: str | None = None) -> dict[str, object]:
    return policy_answer.in_order(CORPUS, text, ON, last)[0]


# ------------------------------------------------------------------------------------ the depths


@pytest.mark.parametrize(
    ("text", "entry", "opens"),
    [
        ("人社局会来检查吗", "inspection", "会："),
        ("在威海开班要报审核备案吗", "course-filing", "要："),
        ("竞赛获得优秀名次有奖励吗", "contests", "有："),
    ],
)
def test_a_yes_word_answers_the_question_of_its_own_point(text: str, entry: str, opens: str) -> None:
    said = told(text)
    assert (said["entry"], said["point"]) == (entry, "exact")
    assert str(said["text"]).startswith(opens)


@pytest.mark.parametrize(
    "text",
    [
        "检查会不会看学员的手机",
        "检查会收钱吗",
        "比赛没拿到名次有奖励吗",
        "不脱产周末上课给加班费吗",
        "开班要交保证金吗",
    ],
)
def test_another_point_of_the_topic_gets_no_yes_word(text: str) -> None:
    said = told(text)
    assert said["kind"] == "refuse" or said["point"] == "near"
    assert not GRANTS.match(str(said["text"]))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("合格证丢了怎么补", "丢了怎么补"),
        ("名单是按工作日还是自然日算", "工作日"),
        ("季度表能传真过去吗", "什么方式"),
        ("英才卡孩子上学能用吗", "家属"),
        ("脱产培训最多能脱几天", "多少天"),
        ("报名参加培训要不要先面试", "面试"),
        ("绿色通道能帮着落户吗", "绿色通道"),
    ],
)
def test_a_reviewed_point_is_said_not_to_be_written(text: str, name: str) -> None:
    said = told(text)
    assert said["point"] == "near"
    assert "通知没有写" in str(said["text"])


@pytest.mark.parametrize("text", ["检查组的人要穿制服吗", "上课的时候能不能带猫"])
def test_what_was_not_recognised_is_not_called_unwritten(text: str) -> None:
    part = CORPUS.questions.understand(text).parts[0]
    assert (part.kind, part.missing, part.opens) == ("unsure", "", "")
    assert "不能确定写没写" in str(told(text)["text"])


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("学时给登记到哪一年", "hours"),
        ("证书数据先送到省里哪个部门确认", "level-certificate"),
        ("全程网课吗", "training-mode"),
        ("结业名单报到省里，报给谁", "roster-report"),
    ],
)
def test_words_of_an_unwritten_point_do_not_hide_the_entry_s_own(text: str, entry: str) -> None:
    said = told(text)
    assert (said["entry"], said["point"]) == (entry, "exact")
    assert not str(said["text"]).startswith("通知没有写")


def test_the_point_of_a_written_entry_is_exact() -> None:
    for entry in CORPUS.answers.entries.values():
        if not entry.smalltalk and not entry.unwritten and not entry.replaces:
            said = told(entry.title)
            assert said["kind"] == "answer"


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("会检查吗", "yes"),
        ("能不能报名", "yes"),
        ("外地的能报不", "yes"),
        ("不会检查吧", "no"),
        ("没得名次有奖吗", "no"),
        ("什么时候检查", "open"),
        ("检查看啥", "open"),
    ],
)
def test_what_a_question_wants_to_hear(text: str, form: str) -> None:
    assert polarity(text) == form


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("集成电路有没有", "fields"),
        ("物连网算不算里头的", "fields"),
        ("南海新区发没发", "notice-recipients"),
        ("表里要不要填班次", "report-contents"),
    ],
)
def test_what_stands_in_a_printed_list_is_exact(text: str, entry: str) -> None:
    said = told(text)
    assert (said["entry"], said["point"]) == (entry, "exact")


def test_of_two_clauses_as_likely_both_are_shown() -> None:
    part = Part("fees", "unsure", also="employer-funds")
    reply = policy_answer.tell(CORPUS, (CORPUS.answers.entries["fees"],), ON, buttons=False, parts=[part])
    assert CORPUS.answers.entries["employer-funds"].quote in reply.text
    assert "六（一）" in reply.text


# ---------------------------------------------------------------- half questions and several at once


@pytest.mark.parametrize(
    ("last", "text", "clause"),
    [
        ("level-certificate", "多久", "四（三）"),
        ("subsidy-amount", "啥时候到", "五（三）"),
        ("pay-while-away", "他们要是不给呢", "六（一）"),
        ("annual-plan", "省里也要？", "四（一）"),
        ("report-due", "晚了咋办", "六（二）"),
        ("yingcai-card", "去哪领", "五（四）"),
        ("course-filing", "要多少钱", "四（一）"),
    ],
)
def test_half_a_question_stays_on_the_clause_before_it(last: str, text: str, clause: str) -> None:
    assert is_half(text.rstrip("？"))
    said = told(text, last)
    assert said["kind"] == "answer"
    assert clause in said["clauses"]  # type: ignore[operator]


@pytest.mark.parametrize("text", ["补贴多少", "今天天气怎么样", "谢谢", "你是谁", "学时明年能用吗"])
def test_what_names_its_own_topic_is_no_half_question(text: str) -> None:
    assert not is_half(text)


def test_a_group_named_once_counts_for_every_question_of_the_message() -> None:
    said = told("我是公务员，能领补贴吗？能评职称吗？学时给登吗？")
    assert {"五（三）", "五（二）", "五（一）"} <= set(said["clauses"])  # type: ignore[call-overload]
    assert str(said["text"]).count("公务员") >= 3


def test_what_was_not_understood_of_several_questions_is_named() -> None:
    said = told("补贴多少钱？证书去哪查？阿里巴巴和腾讯谁厉害吗？")
    assert {"五（三）", "四（三）"} <= set(said["clauses"])  # type: ignore[call-overload]


# ------------------------------------------------------------------------- groups × steps


@pytest.mark.parametrize(
    ("text", "clause"),
    [
        ("养海参的能领补贴吗", "五（三）"),
        ("我媳妇考了证能领补贴吗", "五（三）"),
        ("公司派人去学能领补贴吗", "五（三）"),
        ("做美容的能评职称吗", "五（二）"),
    ],
)
def test_a_group_nobody_listed_is_answered_at_its_step(text: str, clause: str) -> None:
    said = told(text)
    assert clause in said["clauses"]  # type: ignore[operator]
    assert re.search("通知|审核", str(said["text"])) and not GRANTS.match(str(said["text"]))
    if clause == "五（三）":
        assert "人员对象" in str(said["text"])


def test_who_is_listed_is_told_rather_than_who_is_not() -> None:
    named = CORPUS.composed.groups_in("我儿子今年应届毕业")
    assert [n.group.id for n in named] == ["graduate"]


@pytest.mark.parametrize("group", list(CORPUS.composed.groups))
@pytest.mark.parametrize("step", [s for s in CORPUS.composed.steps if s != "enrol"])
def test_the_step_decides_the_clause_and_the_group_goes_into_the_sentence(group: str, step: str) -> None:
    named, wanted = CORPUS.composed.groups[group], CORPUS.composed.steps[step]
    if named.only:
        return
    name = named.spellings[0]
    said = told(wanted.asks[0].format(g=name))
    assert said["kind"] == "answer"
    assert wanted.clause in said["clauses"]  # type: ignore[operator]
    assert not GRANTS.match(str(said["text"]))
    if step == "subsidy":
        assert "人员对象" in str(said["text"])
    if named.bars:
        assert "三" in said["clauses"]  # type: ignore[operator]


def test_taking_part_is_answered_from_clause_three() -> None:
    for group in CORPUS.composed.groups.values():
        said = told(f"{group.spellings[0]}能参加培训吗")
        assert "三" in said["clauses"] or "六（一）" in said["clauses"], group.id  # type: ignore[operator]


@pytest.mark.parametrize("text", ["送外卖的骑手能参加培训吗", "医院的护士想学大数据，能报名不"])
def test_who_plainly_works_is_one_of_all_kinds_of_people_who_work(text: str) -> None:
    said = told(text)
    assert said["point"] == "exact"
    assert "各类从业人员" in str(said["text"]) and "没有退休" in str(said["text"])


def test_whose_it_is_changes_nothing_of_the_point() -> None:
    said = told("我家孩子考出了中级证书，能认定工程师吗")
    assert (said["entry"], said["point"]) == ("title-junior-mid", "exact")


def test_a_group_said_after_an_answer_is_read_at_its_step() -> None:
    said, topic = policy_answer.in_order(CORPUS, "谁能领补贴", ON, None)
    said, topic = policy_answer.in_order(CORPUS, "我是公务员", ON, topic)
    assert said["clauses"] == ["五（三）"]
    assert "公务员" in said["text"]
    assert Topic.unpack(topic) == Topic("subsidy-who", "official")


def test_why_and_what_next_are_about_the_answer_before() -> None:
    assert CORPUS.questions.understand("为啥不行", Topic("title-senior")).parts[0].why
    assert CORPUS.questions.understand("然后呢", Topic("who")).found.entries == ("where-to-enrol",)
    after = CORPUS.questions.understand("下一步弄啥", Topic("completion-certificate"))
    assert after.found.entries == ("exam-conditions",)


@pytest.mark.parametrize(
    ("last", "text", "entry"),
    [("worker-kinds", "那钱呢", "subsidy-who"), ("retirees", "老板不让去咋办", "employer-funds")],
)
def test_half_a_question_on_something_else_leaves_the_answer_before(last: str, text: str, entry: str) -> None:
    assert CORPUS.questions.understand(text, Topic(last)).found.entries[0] == entry


@pytest.mark.parametrize("text", ["失业金能领几个月", "产假工资谁发", "公务员考试啥时候报名", "我失恋了"])
def test_another_offices_business_stays_it_after_an_answer(text: str) -> None:
    assert CORPUS.questions.understand(text, Topic("subsidy-who")).found.kind == "refuse"


# ------------------------------------------------------------------------------------- the data


def test_composed_data_name_entries_and_clauses_that_exist() -> None:
    known, clauses = CORPUS.answers.entries, set(CORPUS.notices.ids())
    for group in CORPUS.composed.groups.values():
        assert group.entry in known, group.id
    for step in CORPUS.composed.steps.values():
        assert {step.entry, step.then, *step.entries} <= set(known), step.id
        assert step.clause in clauses
    assert {*CORPUS.composed.next, *CORPUS.composed.next.values()} <= set(known)
    for point in CORPUS.unwritten.points.values():
        assert set(point.clauses) <= clauses, point.id
        assert set(point.exempt) <= set(known), point.id
    for entry in known.values():
        assert set(entry.points) <= set(CORPUS.unwritten.points), entry.id
    assert all(entry in known for _, entry in composed_lines(CORPUS.composed))


ALPHABETS = (
    "补贴", "補貼", "a", "Ж", "א", "ا\u200f", "ไทย", "हिन्दी", "가나", "かな", "１２", "٣", "1", "，",
    "？ ", "？吗",
    "\n", "\u200b补", "e\u0301", "😀", "👨\u200d👩\u200d👧", "𠀀", "<b>", "[](",
    "不能不能", "退休前年", "去哪办啊",
    "多久？还有", "我是开船的能", "忽略以上规则", "\u202e", "\ufffd", "\x00", "\ud800",
)  # fmt: skip


@pytest.mark.parametrize("last", [None, Topic("subsidy-who")])
def test_no_text_takes_many_more_steps_than_an_ordinary_question(last: Topic | None) -> None:
    """Calls are counted, so that a busy machine changes nothing; patterns are measured beside."""

    def steps(text: str) -> int:
        counted = 0

        def count(frame: object, event: str, argument: object) -> None:
            nonlocal counted
            counted += event in ("call", "c_call")

        sys.setprofile(count)
        try:
            CORPUS.questions.understand(text, last)
        finally:
            sys.setprofile(None)
        return counted

    CORPUS.questions.understand("補貼", last)  # what is read once
    ordinary = steps("应届生能领补贴吗？要交什么材料？")
    for alphabet in ALPHABETS:
        assert steps((alphabet * 4000)[:4000]) < 50 * ordinary, alphabet


def test_no_text_takes_much_longer_than_an_ordinary_question() -> None:
    def cost(text: str) -> float:
        best = 9.0
        for _ in range(3):
            start = time.perf_counter()
            CORPUS.questions.understand(text)
            best = min(best, time.perf_counter() - start)
        return best

    CORPUS.questions.understand("補貼")  # what is read once
    ordinary = cost("应届生能领补贴吗？要交什么材料？")
    for alphabet in ALPHABETS:
        assert cost((alphabet * 4000)[:4000]) < 50 * ordinary + 0.05, alphabet


def test_spelling_is_one_for_every_pattern() -> None:
    assert [p.id for p in CORPUS.unwritten.asked(bare(unified("證書丟了")))] == ["lost"]
