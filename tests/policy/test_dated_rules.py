"""A rule belongs to the text of its day: an amendment changes it, or keeps it from deciding anything."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from bot.features.checks.ask_fact import CheckContext
from bot.features.checks.dialog import CheckDialog, check_dialogs
from policy import consistency
from policy.checks.rules import UNDECIDED
from policy.corpus import Corpus, build_corpus
from policy.reading.dates import read_date
from tests.support.corpus import CORPUS

BEFORE, AFTER = date(2026, 11, 28), date(2026, 12, 5)
NUMBER = "测试函〔2026〕1号"
CLAUSE = CORPUS.notices.clause("五（三）").text


def amended(clause: str, text: str, **layer: Any) -> Corpus:
    """The corpus with a clause that reads otherwise from 1 December 2026."""
    base = CORPUS.notices.base
    notice = {
        "id": "amending",
        "name": "测试修订",
        "number": NUMBER,
        "issuer": base.issuer,
        "contact": base.contact,
        "dated": date(2026, 11, 20),
        "valid_from": date(2026, 12, 1),
        "source": "测试",
        "amends": base.id,
        "clauses": [{"id": clause, "title": CORPUS.notices.clause(clause).title, "text": text}],
    }
    return build_corpus({"notices": [notice], **layer})


TWO_YEARS = amended("五（三）", CLAUSE.replace("一年内", "两年内"))
ANOTHER = amended("五（三）", "补贴另行规定。")


def verdict(corpus: Corpus, on: date, claimed: str) -> tuple[str, list[str]]:
    """(outcome, numbers of the notices cited) of somebody certified who claimed then."""
    dialog = check_dialogs(corpus)["check-subsidy"]
    assert isinstance(dialog, CheckDialog)
    told = {"stage": "certified", "catalogue": "yes", "claimed_on": claimed}
    ((_, found),) = dialog.verdicts(told, CheckContext(on, "self", ()))
    return found.outcome, [number for number, _ in corpus.notices.cited(found.clauses, on)]


def test_two_years_count_from_the_day_the_amendment_does() -> None:
    claimed = str(read_date("2025年3月", AFTER))
    assert verdict(TWO_YEARS, BEFORE, claimed) == ("meets", [CORPUS.notices.base.number])
    assert verdict(TWO_YEARS, AFTER, claimed) == ("repeated", [NUMBER])
    assert verdict(TWO_YEARS, AFTER, str(read_date("2023年3月", AFTER))) == ("meets", [NUMBER])


def test_the_rule_says_the_years_of_its_day() -> None:
    def words(on: date) -> str:
        return str(TWO_YEARS.checks_on(on)["subsidy"].verdict({"stage": "certified"}).reason)

    assert "一年内没有领过" in words(BEFORE)
    assert "两年内没有领过" in words(AFTER)


def test_a_rule_on_a_text_that_is_gone_decides_nothing() -> None:
    assert verdict(ANOTHER, BEFORE, "never")[0] == "meets"
    assert verdict(ANOTHER, AFTER, "never")[0] == UNDECIDED
    assert ANOTHER.checks_on(AFTER)["subsidy"].outdated == ("五（三）",)


def test_a_later_definition_takes_its_place() -> None:
    raw = next(data for _, data in CORPUS.definitions if data["id"] == "hours")
    rule = {
        "fact": "stage",
        "words": "参加了培训",
        "clause": "五（一）",
        "met": ["attending"],
        "not_met": ["none", "passed", "certified"],
    }
    corpus = build_corpus({"checks": [{**raw, "valid_from": date(2026, 12, 1), "rule": rule}]})
    assert corpus.checks_on(BEFORE)["hours"].next_fact({"stage": "attending"}) is not None
    assert corpus.checks_on(AFTER)["hours"].next_fact({"stage": "attending"}) is None
    assert corpus.checks_on(AFTER)["hours"].verdict({"stage": "attending"}).outcome == "counts"


def test_what_rests_on_the_old_text_is_told() -> None:
    told = "\n".join(consistency.report(ANOTHER).problems)
    for where in ("checks/subsidy/catalogue", "checks/subsidy/claimed_on", "facts/catalogue", "answers/"):
        assert where in told
    assert NUMBER in told


def test_what_follows_the_text_is_not_told() -> None:
    told = consistency.report(TWO_YEARS).problems
    assert not [problem for problem in told if problem.startswith(("checks/", "facts/"))]


def test_lines_of_the_form_that_are_gone_are_told() -> None:
    annex = CORPUS.notices.clause("附件").text
    told = consistency.report(amended("附件", annex.replace("区块链", "元宇宙"))).problems
    assert [problem for problem in told if "区块链" in problem and NUMBER in problem]


@pytest.mark.parametrize("on", [BEFORE, AFTER])
def test_without_an_amendment_the_rules_are_those_of_the_notice(on: date) -> None:
    assert CORPUS.checks_on(on) is CORPUS.checks
    assert not any(check.outdated for check in CORPUS.checks.values())
