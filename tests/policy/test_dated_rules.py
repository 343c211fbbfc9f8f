"""A rule belongs to the text of its day: an amendment changes it, or keeps it from deciding anything."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from bot import cli
from bot.cli.reading import read
from bot.features.checks.ask_fact import CheckContext
from bot.features.checks.dialog import CheckDialog, check_dialogs
from policy import consistency
from policy.checks.rules import UNDECIDED
from policy.corpus import Corpus, build_corpus
from policy.form.form import Refused
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


# The form, its limits, the facts and the standards


def changed(**later: Any) -> Corpus:
    """The corpus with an amendment and what it changes from its day on."""
    change = {"notice": "amending", "valid_from": date(2026, 12, 1)}
    return amended("五（三）", CLAUSE, **{name: value(change) for name, value in later.items()})


FORM = changed(
    form=lambda change: {
        "later": [
            {
                **change,
                "measures": [{"id": "trained", "limit": 500}],
                "occupations": [{"name": "元宇宙", "full": "元宇宙工程技术人员", "remark": "测试"}],
            }
        ]
    }
)


def test_the_form_and_its_limits_are_those_of_the_day() -> None:
    before, after = FORM.on(BEFORE).form, FORM.on(AFTER).form
    assert before.find_occupation("元宇宙") is None
    assert after.find_occupation("元宇宙") is not None
    assert before.read_cell(before.measure("trained"), "600") == 600
    with pytest.raises(Refused):
        after.read_cell(after.measure("trained"), "600")
    assert [m.id for m in after.measures] == [m.id for m in before.measures]
    assert FORM.on(BEFORE) is FORM
    assert FORM.on(AFTER) is FORM.on(date(2027, 3, 1))
    assert CORPUS.on(AFTER) is CORPUS
    assert read(FORM, "line", "元宇宙 1 1 30 20 20 30000", AFTER)["kind"] == "value"
    assert read(FORM, "line", "元宇宙 1 1 30 20 20 30000", BEFORE)["kind"] != "value"


def test_what_is_asked_is_asked_in_the_words_of_the_day() -> None:
    retired = dict(CORPUS.facts_data["retired"])

    def facts(change: dict[str, Any]) -> dict[str, Any]:
        options = {"yes": "已退休", "no": "没有退休", "soon": "一年内退休"}
        return {"retired": {**retired, "later": [{**change, "ask": "测试的问法？", "options": options}]}}

    corpus = changed(facts=facts)
    assert corpus.checks_on(BEFORE)["enrolment"].facts["retired"].ask == CORPUS.facts["retired"].ask
    later = corpus.checks_on(AFTER)["enrolment"].facts["retired"]
    assert (later.ask, later.label("soon")) == ("测试的问法？", "一年内退休")
    dialog = check_dialogs(corpus)["check-enrolment"]
    assert dialog.said({"retired": "soon"}, AFTER) == [(later.short, "一年内退休")]


def test_a_standard_holds_for_its_time() -> None:
    def standard(words: str, **span: str) -> dict[str, Any]:
        return {
            "occupation": "大数据",
            "level": "junior",
            "source": "测试",
            "any_of": [{"words": words, "page": 1}],
            **span,
        }

    corpus = build_corpus(
        {"standards": [standard("旧", valid_until="2026-11-30"), standard("新", valid_from="2026-12-01")]}
    )
    assert [s.conditions for s in corpus.standards_on(BEFORE)] == [(("旧", 1),)]
    assert [s.conditions for s in corpus.standards_on(AFTER)] == [(("新", 1),)]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"valid_from": date(2026, 12, 1)}, "notice"),
        ({"notice": "amending", "valid_from": date(2026, 11, 1)}, "早于"),
        ({"notice": "amending"}, "valid_from"),
    ],
)
def test_a_change_belongs_to_a_notice_and_begins_with_it(change: dict[str, Any], told: str) -> None:
    corpus = amended("五（三）", CLAUSE, form={"later": [{**change, "title": "测试"}]})
    assert [problem for problem in consistency.span_problems(corpus) if told in problem]
    assert not consistency.span_problems(FORM)


# `python -m bot check`


def test_a_check_is_decided_as_of_a_day(capsys: pytest.CaptureFixture[str]) -> None:
    given = ["stage=有等级证书", "catalogue=纳入了", "claimed_on=2025-12-10"]
    for on, outcome in ((BEFORE, "undecided"), (date(2026, 12, 20), "meets")):
        assert cli.main(["check", "subsidy", *given, "--on", on.isoformat(), "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert (told["kind"], told["outcome"], told["on"]) == ("verdict", outcome, on.isoformat())
        assert told["notice"] == [CORPUS.notices.base.number]
    assert cli.main(["check", "subsidy", *given[:1], "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["fact"] == "catalogue"
    assert cli.main(["check", "subsidy", *given, "--on", BEFORE.isoformat()]) == 0
    assert "待核实" in capsys.readouterr().out
    assert cli.main(["check", "subsidy", "stage=也许"]) == 1
    assert cli.main(["check", "subsidy", "colour=red"]) == 1
