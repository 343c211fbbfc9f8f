"""The reviewed list of points that the notice does not write: what its words hit, and what they must not."""

from __future__ import annotations

import re
from collections import defaultdict

import pytest

from policy.answers.groups import without
from policy.answers.unwritten import Point
from policy.index.training_data import material_of
from policy.reading.text import bare, unified
from tests.support.corpus import CORPUS

# Point → the entries at which people's questions hit it: each hit was read against the notice, which
# does not write that point. An entry whose own answer says so (`points`, `unwritten`) needs no line.
REVIEWED = {
    "title-terms": {"title-junior-mid"},
    "briefing": {"publicity"},
    "buy-textbooks": {"standards"},
    "catalogue-terms": {"catalogue-apply"},
    "employment": {"completion-certificate"},
    "equal-pay-detail": {"pay-while-away"},
    "form-of-paper": {"certificate-format"},
    "green-channel": {"yingcai-card"},
    "hours-failed": {"hours"},
    "how-much": {"contests"},
    "inspected-what": {"inspection"},
    "late": {"report-due"},
    "lead-time": {"course-filing"},
    "materials": {"course-filing", "title-scope"},
    "no-place": {"contests"},
    "online-watch": {"training-mode"},
    "outstanding": {"yingcai-card"},
    "penalty": {"teaching-quality", "voluntary"},
    "percentage": {"employer-funds"},
    "prize-share": {"contests"},
    "processing": {"completion-certificate", "level-certificate"},
    "quality-judge": {"teaching-quality"},
    "quota": {"voluntary"},
    "schedule": {"training-mode"},
    "service-term": {"employer-funds"},
    "signature": {"report-contents", "report-foot"},
    "time-taken": {"course-filing", "exam-content"},
    "title-use": {"title-junior-mid", "title-senior", "yingcai-card"},
}


def hit(entry: str, text: str) -> Point | None:
    """The point that a question on an entry's topic is taken to ask for."""
    known = CORPUS.answers.entries[entry]
    plain = bare(unified(text))
    rest = without(plain, CORPUS.composed.groups_in(plain))
    for point in CORPUS.unwritten.asked(rest):
        listed = point.id in known.points or point.unwritten_on(known.clauses)
        if listed and entry not in point.exempt:
            return point
    return None


def test_what_is_written_is_not_called_unwritten() -> None:
    library = CORPUS.answers.entries
    told = defaultdict(list)
    for author in material_of(CORPUS.training_inputs).authors.values():
        for text, entry in author.phrasings:
            if library[entry].unwritten or not library[entry].clauses:
                continue
            point = hit(entry, text)
            known = REVIEWED.get(point.id, set()) | _own(point.id) if point else set()
            if point is not None and entry not in known:
                told[f"{point.id} {entry}"].append(text)
    assert not told


def _own(point: str) -> set[str]:
    return {entry.id for entry in CORPUS.answers.entries.values() if point in entry.points}


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ("hours", "这门课能顶掉专业课学时不"),
        ("training-mode", "我这手机老掉牙了，网课也算吧"),
        ("level-certificate", "证书数据先送到省里哪个部门确认"),
        ("roster-report", "名单报到省里还是市里"),
        ("roster-report", "班主任说要把名单报上去，报到哪儿"),
        ("contests", "比赛拿了前几名，有没有奖励"),
        ("training-mode", "是不是全程网课"),
        ("training-mode", "纯线上吗"),
        ("exam-content", "理论过了实操挂了算过吗"),
        ("who", "小程序员能参加吗"),
        ("catalogues", "名字叫全给我"),
        ("exam-pledge", "告知承诺有没有这个规定"),
    ],
)
def test_words_that_mean_something_else_ask_for_no_point(entry: str, text: str) -> None:
    assert hit(entry, text) is None


@pytest.mark.parametrize(
    ("entry", "text", "point"),
    [
        ("exam-schedule", "聋哑人考试给配手语翻译不", "accessibility"),
        ("fees", "学费能分期付不", "pay-method"),
        ("exam-conditions", "工龄能抵报考条件吗", "years-count"),
        ("completion-certificate", "生孩子能不能休学保留进度", "suspend"),
        ("exam-content", "有事去不了，能缓考不", "exam-postpone"),
        ("training-mode", "网课有没有回放", "online-watch"),
        ("training-mode", "能不能派老师来厂里上课", "onsite"),
        ("hours", "企业内训能折算学时吗", "in-house"),
        ("title-junior-mid", "通知印发前考的证给认不", "older-certificates"),
        ("talent-projects", "要不要单位推荐", "recommended-by"),
        ("title-scope", "跳槽换单位职称还认不认", "employer-change"),
        ("title-junior-mid", "认工程师卡不卡学历", "title-education"),
        ("level-certificate", "证书能邮寄吗", "certificate-collect"),
        ("publicity", "能来我们单位宣讲吗，怎么预约", "briefing"),
        ("standards", "教材去哪买", "buy-textbooks"),
    ],
)
def test_points_are_known_by_what_is_asked(entry: str, text: str, point: str) -> None:
    found = hit(entry, text)
    assert found is not None and found.id == point


@pytest.mark.parametrize(
    ("text", "group"),
    [
        ("在家带娃三年了，能报名不", "at-home"),
        ("刚从部队回来，能学吗", "veteran"),
        ("跑滴滴的能领补贴吗", "courier"),
        ("办了病退的还能学吗", "retired"),
        ("停薪留职的算不算", "unpaid-leave"),
        ("孩子没成年能报吗", "minor"),
        ("跑远洋的船员能学吗", "seafarer"),
        ("打鱼的能报名吗", "fisher"),
        ("随军家属能报名吗", "military-family"),
        ("消防员能参训吗", "firefighter"),
        ("远程给北京公司上班的能报吗", "remote"),
        ("网格员能评职称吗", "community"),
    ],
)
def test_people_are_known_by_how_they_call_themselves(text: str, group: str) -> None:
    assert group in [named.group.id for named in CORPUS.composed.groups_in(bare(unified(text)))]


def test_no_expression_repeats_a_repetition() -> None:
    composed = CORPUS.composed
    words = [p.words for p in CORPUS.unwritten.points.values()] + [g.words for g in composed.groups.values()]
    for pattern in [*words, *(step.words for step in composed.steps.values())]:
        assert not re.search(r"[+*}]\)[+*{]", pattern.pattern), pattern.pattern[:40]
