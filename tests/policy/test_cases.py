"""The table of cases a policy officer can read: tests/cases/*.yaml."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from policy.checks.conditions import UNSURE
from policy.checks.rules import UNDECIDED
from policy.reading.dates import NotADate, Period, read_date, settle
from tests.support.corpus import CORPUS

FOLDER = Path(__file__).parent / "cases"
CASES = [
    (path.stem, case)
    for path in sorted(FOLDER.glob("*.yaml"))
    for case in yaml.safe_load(path.read_text(encoding="utf-8"))
]


def facts_of(case: dict[str, Any]) -> dict[str, str]:
    """The facts as told: dates in the form the dialog stores them."""
    told = {}
    for fact, answer in case["facts"].items():
        dated = fact == "claimed_on" and str(answer)[:1].isdigit()
        told[fact] = str(read_date(str(answer), case["on"])) if dated else str(answer)
    return told


@pytest.mark.parametrize(("check_id", "case"), CASES, ids=[f"{c}: {k['name']}" for c, k in CASES])
def test_case(check_id: str, case: dict[str, Any]) -> None:
    check = CORPUS.checks[check_id]
    facts = settle(facts_of(case), case["on"])
    following = check.next_fact(facts)
    if "asks" in case:
        assert following is not None
        assert following.id == case["asks"]
        return
    assert following is None, f"还会问：{following and following.id}"
    verdict = check.verdict(facts)
    assert verdict.outcome == case["verdict"]
    assert set(verdict.clauses) == set(case["clauses"])
    assert {leaf.fact for leaf in verdict.verify} == set(case.get("missing", []))


def test_the_cases_cover_every_option_of_every_fact_both_ways() -> None:
    assert len(CASES) >= 120
    for check_id, check in CORPUS.checks.items():
        mine = [settle(facts_of(case), case["on"]) for c, case in CASES if c == check_id]
        outcomes = {case.get("verdict") for c, case in CASES if c == check_id}
        assert {o.id for o in check.outcomes} | {UNDECIDED} <= outcomes, check_id
        for fact in check.facts.values():
            used = {facts.get(fact.id) for facts in mine}
            assert {*fact.decided, UNSURE} <= used, (check_id, fact.id)


@pytest.mark.parametrize("check", CORPUS.checks.values(), ids=list(CORPUS.checks))
def test_one_more_fact_changes_only_an_unknown_verdict(check: Any) -> None:
    """Over every set of facts with a final verdict: whatever is learnt besides, it stays."""
    waiting: list[dict[str, str]] = [{}]
    while waiting:
        facts = waiting.pop()
        fact = check.next_fact(facts)
        if fact is not None:
            waiting += [{**facts, fact.id: option} for option in (*fact.decided, UNSURE)]
            continue
        verdict = check.verdict(facts)
        for other in check.facts.values():
            if other.id in facts:
                continue
            for option in (*other.decided, UNSURE):
                assert check.verdict({**facts, other.id: option}).outcome == verdict.outcome


def test_the_order_of_answers_never_changes_the_verdict() -> None:
    """Facts told in any order (from other checks, say) end in the verdict of the rule's own order."""
    check = CORPUS.checks["title"]
    told = {"exam_series": "yes", "project": "no", "level": "junior", "stage": "passed"}
    final: set[str] = set()
    for first in told:
        facts = {first: told[first]}
        while (fact := check.next_fact(facts)) is not None:
            facts[fact.id] = told.get(fact.id, UNSURE)
        final.add(check.verdict(facts).outcome)
    assert final == {"not_yet"}


class TestDates:
    today = date(2026, 11, 24)

    @pytest.mark.parametrize(
        ("text", "stored"),
        [
            ("2025-12-03", "2025-12-03/2025-12-03"),
            ("2025.12", "2025-12-01/2025-12-31"),
            ("2025年12月", "2025-12-01/2025-12-31"),
            ("去年12月", "2025-12-01/2025-12-31"),
            ("去年三月五号", "2025-03-05/2025-03-05"),
            ("上个月", "2026-10-01/2026-10-31"),
            ("11月3日", "2026-11-03/2026-11-03"),
            ("昨天", "2026-11-23/2026-11-23"),
            ("二〇二五年三月", "2025-03-01/2025-03-31"),
            ("去年", "2025-01-01/2025-12-31"),
            ("今年", "2026-01-01/2026-12-31"),
            ("２０２４．２．２９", "2024-02-29/2024-02-29"),
            ("2025年12月3号领的", "2025-12-03/2025-12-03"),
            ("有，去年3月领过", "2025-03-01/2025-03-31"),
            ("24年3月", "2024-03-01/2024-03-31"),
            ("三个月前", "2026-07-24/2026-09-24"),
            ("半年前", "2026-04-24/2026-06-24"),
            ("两年前领的", "2024-05-24/2025-05-24"),
            ("一年半前", "2024-11-24/2025-11-24"),
            ("二五年三月", "2025-03-01/2025-03-31"),
            ("二十天前", "2026-11-04/2026-11-04"),
            ("上周", "2026-11-16/2026-11-22"),
            ("24年", "2024-01-01/2024-12-31"),
            ("三个月了", "2026-07-24/2026-09-24"),
            ("10天前", "2026-11-14/2026-11-14"),
            ("去年夏天", "2025-06-01/2025-08-31/2025年夏天"),
            ("今年年初", "2026-01-01/2026-03-31/2026年年初"),
            ("去年年底", "2025-10-01/2025-12-31/2025年年底"),
        ],
    )
    def test_dates_as_people_type_them(self, text: str, stored: str) -> None:
        assert str(read_date(text, self.today)) == stored
        assert Period.parse(stored).words
        assert str(Period.parse(stored)) == stored

    @pytest.mark.parametrize(
        "text",
        [
            "3",
            "12",
            "03",
            "三",
            "冬天",
            "去年冬天",
            "好几年了",
            "半个月前",
            "很久以前",
            "98年",
            "32天月",
            "13月",
            "季",
        ],
    )
    def test_what_can_mean_anything_is_asked_back(self, text: str) -> None:
        with pytest.raises(NotADate):
            read_date(text, self.today)

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("去年年底", "2025年年底"),
            ("今年年初", "2026年年初"),
            ("今年", "2026年"),
            ("上个月", "2026年10月"),
            ("上周", "2026年11月16日至22日"),
            ("半年前", "2026年4月24日至6月24日"),
            ("一年前", "2025年5月24日至2026年5月24日"),
        ],
    )
    def test_dates_are_echoed_as_people_say_them(self, text: str, words: str) -> None:
        assert read_date(text, self.today).words == words

    @pytest.mark.parametrize(
        "text",
        "一两年前 两三个月前 三五天前 两三年了 七八年前 十几天前 二三十天前 几年前 "
        "好几年前 数月前 若干年前 前几天 前两天 一年多了 一个多月前 半年多 大半年前 "
        "大概半年前 差不多一年前 快一年了 不到一年 一年以上 一年左右 两到三年前 2-3年前 "
        "去年12月左右 大概去年3月 三四月 去年一二月 十一二月 三月五六号 二三年".split(),
    )
    def test_a_time_told_roughly_is_asked_back(self, text: str) -> None:
        with pytest.raises(NotADate) as refused:
            read_date(text, self.today)
        assert refused.value.reason == "about"

    @pytest.mark.parametrize("text", ["一二三天前", "零三月", "2025年12月³日", "⑫月", "一" * 500])
    def test_what_only_resembles_a_date_is_none(self, text: str) -> None:
        with pytest.raises(NotADate) as refused:
            read_date(text, self.today)
        assert refused.value.reason == "other"

    def test_what_a_year_ago_means_is_wide(self) -> None:
        assert settle({"claimed_on": str(read_date("一年前", self.today))}, self.today) == {
            "claimed_on": "differs"
        }
        assert settle({"claimed_on": str(read_date("半年前", self.today))}, self.today) == {
            "claimed_on": "within"
        }
