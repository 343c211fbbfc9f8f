"""The policy data and the pure parts under it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar

import cn2an
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy import consistency
from policy.answers.entries import Answers, Entry
from policy.calendar.quarters import SHANGHAI, Quarter, Times, local, reporting_quarter
from policy.calendar.reminders import due_now, moment_for, parse_holidays, working_day
from policy.checks.conditions import UNSURE, AllOf, AnyOf, Condition, Leaf, Truth, evaluate, open_facts
from policy.checks.rules import Check, parse_check, parse_facts
from policy.files import PolicyError
from policy.form.form import fact_of, parse_form
from policy.form.rows import read_lines
from policy.notice.clauses import Notices, parse_notice
from policy.reading.numbers import NotAFigure, looks_like_figure, read_figure
from tests.support.corpus import CORPUS


def amendment(text: str = "补贴标准另行规定。", **changes: object) -> dict[str, object]:
    """A made-up notice that amends one clause; it exists in tests only."""
    return {
        "id": "made-up",
        "name": "补充通知",
        "number": "测试〔2027〕1号",
        "issuer": "x",
        "contact": "x",
        "dated": date(2027, 1, 1),
        "valid_from": date(2027, 3, 1),
        "source": "test",
        "amends": "weihai-2023-25",
        "clauses": [{"id": "五（三）", "title": "补贴", "text": text}],
        **changes,
    }


class TestNotice:
    def test_it_stands_whole(self) -> None:
        assert consistency.notice_problems(CORPUS.notices) == []

    def test_one_changed_character_is_found(self) -> None:
        base = CORPUS.notices.base
        broken = parse_notice(
            "x",
            {
                **vars(base),
                "clauses": [
                    {
                        "id": c.id,
                        "title": c.title,
                        "text": c.text.replace("均可", "都可"),
                        "section": c.section,
                    }
                    for c in base.clauses
                ],
            },
        )
        assert consistency.notice_problems(Notices([broken]))

    def test_the_marked_sentence_is_the_quoted_one(self) -> None:
        for entry in CORPUS.answers.entries.values():
            if entry.quote:
                marks = [CORPUS.notices.clause(c).marked(entry.quote) for c in entry.clauses]
                assert any(middle for _, middle, _ in marks), entry.id
                texts = [CORPUS.notices.clause(c).text for c in entry.clauses]
                assert ["".join(m) for m in marks] == texts

    def test_an_amendment_holds_from_its_day(self) -> None:
        both = Notices([CORPUS.notices.base, parse_notice("x", amendment())])
        assert "一年内" in both.clause("五（三）", date(2027, 2, 28)).text
        assert both.clause("五（三）", date(2027, 3, 1)).text == "补贴标准另行规定。"
        assert both.clause("五（三）").number == "威人社函〔2023〕25号"

    def test_an_amendment_of_nothing_is_refused(self) -> None:
        with pytest.raises(PolicyError, match="七"):
            Notices(
                [
                    CORPUS.notices.base,
                    parse_notice("x", amendment(clauses=[{"id": "七", "title": "x", "text": "x"}])),
                ]
            )

    def test_an_answer_may_be_replaced_from_a_day(self) -> None:
        old = CORPUS.answers.entries["subsidy-amount"]
        new = Entry(
            "subsidy-amount-2027",
            old.topic,
            old.title,
            "新标准",
            ("五（三）",),
            replaces=old.id,
            valid_from=date(2027, 3, 1),
        )
        library = Answers([old, new])
        assert library.get(old.id, date(2027, 2, 28)) is old
        assert library.get(old.id, date(2027, 3, 1)) is new


class TestConsistency:
    def test_the_packaged_data_agree(self) -> None:
        assert consistency.report(CORPUS).problems == []

    @pytest.mark.parametrize(
        ("change", "told"),
        [
            ({"clauses": ("九",)}, "九"),
            ({"quote": "人人都可以参加"}, "不是原文"),
            ({"related": ("nothing",)}, "nothing"),
            ({"check": "nothing"}, "nothing"),
            ({"clauses": ()}, "依据"),
            ({"valid_from": date(2020, 1, 1)}, "早于"),
        ],
    )
    def test_what_is_wrong_with_an_answer_is_told(self, change: dict[str, object], told: str) -> None:
        good = CORPUS.answers.entries["who"]
        library = Answers([Entry(**{**vars(good), **change})])
        problems = consistency.answer_problems(library, CORPUS.notices, CORPUS.checks)
        assert any(told in p and "answers/who" in p for p in problems)

    def test_a_clause_without_an_answer_is_told(self) -> None:
        library = Answers([e for e in CORPUS.answers.entries.values() if "五（一）" not in e.clauses])
        problems = consistency.answer_problems(library, CORPUS.notices, CORPUS.checks)
        assert any("五（一）" in p for p in problems)

    def test_a_rule_with_a_wrong_quotation_is_told(self) -> None:
        facts = parse_facts({"f": {"ask": "?", "short": "f", "clause": "三", "options": {"yes": "是"}}})
        raw = {
            "id": "c",
            "title": "t",
            "clause": "三",
            "intro": "",
            "whom": "",
            "undecided": {"title": "?"},
            "met": [],
            "failed": [],
            "rule": {"fact": "f", "words": "w", "clause": "三", "quote": "编的", "met": ["yes"]},
        }
        assert consistency.rule_problems({"c": parse_check("c", raw, facts)}, CORPUS.notices)
        raw["rule"]["fact"] = "g"  # type: ignore[index]
        with pytest.raises(PolicyError, match="g"):
            parse_check("c", raw, facts)

    def test_every_topic_of_the_notice_is_asked_for(self) -> None:
        lines = consistency.phrasings(CORPUS.phrasings)
        for clause in CORPUS.notices.ids():
            entries = [e for e in CORPUS.answers.entries.values() if clause in e.clauses]
            assert sum(len(lines[e.id]) for e in entries) >= 40, clause


class TestConditions:
    yes = Leaf("a", "a", "三", frozenset({"yes"}), frozenset({"no"}))
    other = Leaf("b", "b", "三", frozenset({"yes"}), frozenset({"no"}))
    never_fails = Leaf("c", "c", "三", frozenset({"yes"}))
    options: ClassVar = dict.fromkeys("abc", ("yes", "no", UNSURE))

    def test_an_unknown_leaf_stays_unknown(self) -> None:
        assert evaluate(self.yes, {}).truth == Truth.UNKNOWN
        assert evaluate(self.yes, {"a": UNSURE}).truth == Truth.UNKNOWN
        assert evaluate(AllOf("", (self.yes, self.other)), {"a": UNSURE, "b": "no"}).truth == Truth.NOT_MET
        assert evaluate(AnyOf("", (self.yes, self.other)), {"a": UNSURE, "b": "yes"}).truth == Truth.MET

    def test_only_what_can_change_the_result_is_asked(self) -> None:
        both = AllOf("", (self.yes, self.never_fails))
        assert open_facts(both, {}, self.options) == ["a", "c"]
        assert open_facts(both, {"a": "no"}, self.options) == []
        assert open_facts(both, {"a": UNSURE}, self.options) == []  # c cannot fail: nothing left to decide
        either = AnyOf("", (self.yes, self.other))
        assert open_facts(either, {"a": UNSURE}, self.options) == ["b"]
        assert open_facts(either, {"a": "yes"}, self.options) == []

    @pytest.mark.parametrize("check", CORPUS.checks.values(), ids=list(CORPUS.checks))
    def test_the_next_question_can_always_change_the_verdict(self, check: Check) -> None:
        known: dict[frozenset[tuple[str, str]], frozenset[str]] = {}

        def reachable(facts: dict[str, str]) -> frozenset[str]:
            """Every verdict that can still come of these facts."""
            key = frozenset(facts.items())
            if key not in known:
                fact = check.next_fact(facts)
                if fact is None:
                    known[key] = frozenset({check.verdict(facts).outcome})
                else:
                    after = [reachable({**facts, fact.id: o}) for o in (*fact.decided, UNSURE)]
                    known[key] = frozenset().union(*after)
                    assert len(known[key]) > 1, ("a moot question", check.id, facts, fact.id)
            return known[key]

        assert len(reachable({})) > 2


class TestQuarters:
    def test_the_midnight_of_31_march(self) -> None:
        q1 = Quarter(2026, 1)
        assert datetime(2026, 3, 31, 23, 59, 59, tzinfo=SHANGHAI) < Times().due(q1)
        assert datetime(2026, 4, 1, 0, 0, tzinfo=SHANGHAI) >= Times().due(q1)
        assert datetime.fromisoformat("2026-03-31T15:59:59+00:00") < Times().due(q1)
        assert datetime.fromisoformat("2026-03-31T16:00:00+00:00") >= Times().due(q1)
        assert local(datetime(2026, 3, 31, 23, 59)) < Times().due(q1)  # naive: taken to be in Shanghai

    @pytest.mark.parametrize(
        "text",
        [
            "2026Q4",
            "2026q4",
            "2026年第4季度",
            "2026年四季度",
            "26Q4",
            "2026 年 第 四 季度",
            "２０２６Q４",
            "四季度",
            "本季度",
            "Q4",
        ],
    )
    def test_the_ways_to_write_one(self, text: str) -> None:
        assert Quarter.parse(text, datetime(2026, 11, 1)) == Quarter(2026, 4)

    @pytest.mark.parametrize("text", ["", "2026", "2026Q5", "第五季度", "1999Q1", "x"])
    def test_what_is_none(self, text: str) -> None:
        with pytest.raises(ValueError, match=r".*"):
            Quarter.parse(text, datetime(2026, 11, 1))

    def test_last_days(self) -> None:
        assert [str(Quarter(2028, n).last_day) for n in (1, 2, 3, 4)] == [
            "2028-03-31",
            "2028-06-30",
            "2028-09-30",
            "2028-12-31",
        ]
        assert Quarter(2026, 4).next() == Quarter(2027, 1)
        assert Quarter(2023, 1).previous() is None

    def test_early_in_a_quarter_the_one_before_is_meant(self) -> None:
        assert reporting_quarter(datetime(2027, 1, 10)) == Quarter(2026, 4)
        assert reporting_quarter(datetime(2027, 1, 20)) == Quarter(2027, 1)


class TestReminders:
    def test_a_day_on_a_weekend_moves_earlier(self) -> None:
        assert moment_for(Quarter(2026, 4), "d14") == date(2026, 12, 17)
        assert moment_for(Quarter(2026, 2), "d3") == date(2026, 6, 26)  # 27 June 2026 is a Saturday
        assert moment_for(Quarter(2026, 2), "d3", {date(2026, 6, 26): False}) == date(2026, 6, 25)

    def test_a_weekend_day_that_is_worked_counts(self) -> None:
        assert moment_for(Quarter(2026, 2), "d3", {date(2026, 6, 27): True}) == date(2026, 6, 27)

    def test_a_holiday_needs_its_source(self) -> None:
        with pytest.raises(PolicyError, match="来源"):
            parse_holidays({"days": [{"day": date(2027, 1, 1), "working": False}]})

    @pytest.mark.parametrize(
        ("day", "works"),
        [
            (date(2026, 10, 1), False),  # National Day
            (date(2026, 10, 7), False),  # a Wednesday, for which Saturday the 10th is worked
            (date(2026, 10, 10), True),
            (date(2026, 10, 11), False),
            (date(2030, 10, 1), False),  # statutory, whatever will be announced
        ],
    )
    def test_holidays_as_announced(self, day: date, works: bool) -> None:
        assert working_day(day) is works

    def test_nobody_is_written_to_on_a_holiday(self) -> None:
        assert due_now(datetime(2026, 10, 1, 10, 0)) is None
        due = due_now(datetime(2026, 10, 8, 10, 0))  # the first day after it
        assert due is not None
        assert (str(due.quarter), due.kind) == ("2026Q3", "overdue")

    def test_moved_before_a_holiday(self) -> None:
        assert moment_for(Quarter(2026, 2), "d14") == date(2026, 6, 16)
        assert moment_for(Quarter(2026, 3), "d3") == date(2026, 9, 24)  # 25–27 September: mid-autumn

    def test_only_in_working_hours(self) -> None:
        assert due_now(datetime(2026, 12, 31, 8, 59)) is None
        due = due_now(datetime(2026, 12, 31, 9, 0))
        assert due is not None
        assert (str(due.quarter), due.kind) == ("2026Q4", "d0")
        assert due_now(datetime(2026, 12, 31, 18, 0)) is None

    def test_caught_up_after_a_silence(self) -> None:
        due = due_now(datetime(2026, 12, 25, 10, 0))
        assert due is not None
        assert due.kind == "d7"

    def test_overdue_for_two_weeks(self) -> None:
        due = due_now(datetime(2027, 1, 4, 10, 0))
        assert due is not None
        assert (str(due.quarter), due.kind) == ("2026Q4", "overdue")
        assert due_now(datetime(2027, 1, 20, 10, 0)) is None


REASONS = ("empty", "negative", "several", "about", "doubt", "other")


class TestFigures:
    @given(st.integers(0, 10**9))
    def test_a_number_is_read_however_grouped(self, number: int) -> None:
        assert read_figure(f"{number:,}") == number
        assert read_figure(f" {number} 人 ") == number

    @given(st.text(max_size=50))
    def test_any_text_is_a_figure_or_refused(self, text: str) -> None:
        try:
            assert read_figure(text) >= 0
        except NotAFigure as refused:
            assert refused.reason in REASONS

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("12.5元", "12.5"),
            ("3.5万", "35000"),
            ("¥1,200.50", "1200.5"),
            ("二十三人", "23"),
            ("12个班", "12"),
            ("九万块", "90000"),
        ],
    )
    def test_forms_people_use(self, text: str, value: str) -> None:
        assert read_figure(text) == Decimal(value)

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("两", 2),
            ("廿三", 23),
            ("一百一", 110),
            ("一百十五", 115),
            ("一千零一十", 1010),
            ("三千五", 3500),
            ("3千5百", 3500),
            ("1.5千", 1500),
            ("十五万三", 153_000),
            ("三十万零五百", 300_500),
            ("12万3456", 123_456),
            ("1.2345678万", 12_345.678),
            ("壹佰贰拾", 120),
            ("一亿二千万", 120_000_000),
            ("三亿五", 350_000_000),
            ("3亿5", 350_000_000),
            ("⼗⼆", 12),  # radicals, as copied out of a PDF
        ],
    )
    def test_chinese_numerals(self, text: str, value: float) -> None:
        assert read_figure(text) == Decimal(str(value))

    @pytest.mark.parametrize(
        "text",
        "两三个 一两个 七八个 三五个 三两个 十七八 二三十 三四百 一两万 三五百人 "
        "一百二三十 三万五六 百八十 百十个 十几 几十 几个 好几 好几个 二十几 30几个 "
        "三十好几 几百几十 十几二十个 十几万元 数十人 数百 一百来 十来个 一百来号人 "
        "十多个人 三万多块钱 20余人 百余 百 千把人 成百 成百上千 成千上万 上千 上百人 "
        "近百人 若干 一些 大概十来个 至少120 不到一百 一百出头 两三个人".split(),
    )
    def test_an_approximate_count_is_no_figure(self, text: str) -> None:
        assert looks_like_figure(text)  # so it is refused as a value, never taken for a question
        with pytest.raises(NotAFigure) as refused:
            read_figure(text)
        assert refused.value.reason == "about"

    @pytest.mark.parametrize(
        "text",
        "一二三 一二三四 二〇二五 零五 1二 一百二十0 一百零二十 一百两 3.5万5 3万05 "
        "3万0 1万2万 一亿二千 12² ² ½ ①② ㈡ ٣ 𝟏 万 12abc".split(),
    )
    def test_what_only_resembles_a_number_is_none(self, text: str) -> None:
        assert looks_like_figure(text)
        with pytest.raises(NotAFigure) as refused:
            read_figure(text)
        assert refused.value.reason == "other"

    @given(st.integers(0, 10**8 - 1))
    def test_a_number_written_in_chinese_is_read_back(self, number: int) -> None:
        assert read_figure(cn2an.an2cn(str(number))) == number

    @given(st.text("0123.,一二两三五零〇十百千万亿廿几多来余数近成上个好", max_size=45))
    def test_any_run_of_numerals_is_a_figure_or_refused(self, text: str) -> None:
        try:
            assert read_figure(text) >= 0
        except NotAFigure as refused:
            assert refused.reason in REASONS


class TestForm:
    def test_the_line_follows_the_forms_order(self) -> None:
        [parsed] = read_lines(CORPUS.form, "大数据 3 2 120 80 60 90000", [])
        assert [m.id for m in CORPUS.form.measures] == [
            "classes",
            "subsidised_classes",
            "trained",
            "certified",
            "subsidised",
            "amount",
        ]
        assert parsed.occupation is not None
        assert parsed.occupation.name == "大数据"
        assert list(parsed.cells.values()) == ["3", "2", "120", "80", "60", "90000"]
        assert list(parsed.cells) == [m.id for m in CORPUS.form.measures]

    @pytest.mark.parametrize(
        ("row", "rule"),
        [
            ({"classes": 1, "subsidised_classes": 2}, "subsidised-classes-over-classes"),
            ({"classes": 0, "trained": 5}, "trained-without-class"),
            ({"trained": 5, "certified": 6}, "certified-over-trained"),
            ({"certified": 5, "subsidised": 6}, "subsidised-over-certified"),
            ({"subsidised": 0, "amount": 1}, "amount-without-people"),
            ({"subsidised": 1, "amount": 0}, "people-without-amount"),
            ({"subsidised": 10, "amount": 100}, "amount-per-head"),
            ({**dict.fromkeys((m.id for m in CORPUS.form.measures), 0), "trained": "not_known"}, "not-known"),
        ],
    )
    def test_what_is_unlikely(self, row: dict[str, int], rule: str) -> None:
        assert rule in [d.rule for d in CORPUS.form.doubts(row)]

    def test_compared_with_the_quarter_before(self) -> None:
        row = {
            "classes": 2,
            "subsidised_classes": 1,
            "trained": 40,
            "certified": 30,
            "subsidised": 20,
            "amount": 2_000_000,
        }
        assert CORPUS.form.doubts(row) == []
        assert [d.rule for d in CORPUS.form.doubts(row, dict(row))] == ["same-as-last"]
        assert [d.rule for d in CORPUS.form.doubts(row, {**row, "trained": 4})] == ["ten-times"]

    def test_a_rule_on_an_unknown_measure_is_refused(self) -> None:
        from policy.files import packaged_file

        raw = packaged_file("form/form.yaml")
        with pytest.raises(PolicyError, match="nothing"):
            parse_form({**raw, "unlikely": [{"id": "x", "greater": ["classes", "nothing"], "text": ""}]})

    def test_what_is_unlikely_and_what_is_asked_are_two_things(self) -> None:
        from policy.files import packaged_file

        raw = packaged_file("form/form.yaml")
        with pytest.raises(PolicyError, match="ask"):
            parse_form({**raw, "unlikely": [{"id": "x", "not_known": True, "text": "不掌握，请说明。"}]})

    @pytest.mark.parametrize(
        ("stored", "fact"),
        [
            (
                "领取补贴 5 人但发放金额为 0。如补贴尚未到账，请写一句说明；否则请改数。",
                "领取补贴 5 人但发放金额为 0",
            ),
            (
                "人均补贴 2.50 元，明显偏离常见范围，请核对单位是否为“元”。无误请写一句说明；否则请改数。",
                "人均补贴 2.50 元，明显偏离常见范围",
            ),
            ("“取得证书人数”填了不掌握，请写一句说明（原因、预计何时能补）。", "“取得证书人数”填了不掌握"),
            (
                "已培训人数 5,000，是上季度（20）的10倍以上或十分之一以下。",
                "已培训人数 5,000，是上季度（20）的10倍以上或十分之一以下",
            ),
        ],
    )
    def test_of_a_doubt_stored_with_its_prompt_the_fact_is_left(self, stored: str, fact: str) -> None:
        assert fact_of(stored) == fact


def test_conditions_are_a_type() -> None:
    assert isinstance(TestConditions.yes, Condition)
