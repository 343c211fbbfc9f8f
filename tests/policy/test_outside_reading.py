"""What a reader outside the index may change of an answer, and what it may not."""

from __future__ import annotations

import pytest

from policy.index.index import Found
from policy.index.outside_evaluation import KINDS, Case, Gain, Outcome, lines, weigh
from policy.index.outside_reading import (
    LONGEST,
    NONE,
    Ask,
    OutsideReading,
    applied,
    catalogue_of,
    is_unsure,
    read_outside,
)
from policy.index.parts import Part, Understood
from tests.support import unsure
from tests.support.corpus import CORPUS

QUESTIONS = CORPUS.questions
REFUSED, FOREIGN = unsure.refused(), unsure.foreign()
CATALOGUE = catalogue_of(QUESTIONS, {"subsidy": "查能不能领补贴"})


def told(text: str, **read: object) -> Understood:
    """The question as understood with what was read outside."""
    return applied(QUESTIONS, QUESTIONS.understand(text), OutsideReading(text, **read))  # type: ignore[arg-type]


def test_what_is_sure_is_never_asked_or_changed() -> None:
    sure = "退休了还能参加吗"
    asked: list[str] = []
    assert read_outside(QUESTIONS, lambda text: asked.append(text), sure, None) is None
    assert asked == []
    assert told(sure, entry="subsidy-how", exact=True) == QUESTIONS.understand(sure)


def test_a_long_text_is_not_asked() -> None:
    text = REFUSED + "，" * LONGEST
    assert not is_unsure(QUESTIONS, text, QUESTIONS.understand(text))


def test_a_refused_question_gets_the_topic_and_not_the_point() -> None:
    said = told(REFUSED, entry="subsidy-how", exact=True)
    (part,) = said.parts
    first, _ = QUESTIONS.index.rank(REFUSED)[0]
    assert (part.entry, part.kind) == ("subsidy-how", "exact" if first == "subsidy-how" else "unsure")
    assert said.found.entries == ("subsidy-how",)


def test_an_entry_that_the_index_ranks_lower_is_never_told_as_the_point() -> None:
    ranked = [entry for entry, _ in QUESTIONS.index.rank(REFUSED)]
    for entry in ranked[1:12]:
        (part,) = told(REFUSED, entry=entry, exact=True).parts
        assert part.kind == "unsure"


def test_the_first_entry_is_told_as_the_point_without_a_word_that_grants() -> None:
    """Whoever says yes on the word of a model would say what nobody reviewed."""
    unsure = Understood(Found("answer", ("fees",)), (Part("fees", "unsure"),))
    for entry in CATALOGUE.entries:
        text = CORPUS.answers.entries[entry].title
        if QUESTIONS.index.rank(text)[0][0] != entry:
            continue
        (part,) = applied(QUESTIONS, unsure, OutsideReading(text, entry, exact=True)).parts
        assert (part.entry, part.kind, part.opens) == (entry, "exact", "")


def test_a_point_is_said_not_to_be_written_only_where_that_was_reviewed() -> None:
    entry = CORPUS.answers.entries["subsidy-how"]
    for point in CORPUS.unwritten.points.values():
        (part,) = told(REFUSED, entry=entry.id, point=point.id).parts
        listed = point.id in entry.points or point.unwritten_on(entry.clauses)
        assert (part.kind == "unwritten") == (listed and entry.id not in point.exempt)


def test_a_group_is_told_by_the_reviewed_sentence() -> None:
    step = next(s for s in CORPUS.composed.steps.values() if s.clause == "五（三）")
    group = next(g.id for g in CORPUS.composed.groups.values() if not g.only)
    (part,) = told(REFUSED, entry=step.entry, group=group).parts
    assert part.kind == "group"
    assert part.sentence
    assert "五（三）" in part.clauses


def test_nothing_of_ours_leaves_a_refusal() -> None:
    for read in ({"entry": ""}, {"entry": "no-such-entry"}, {"entry": "hello"}):
        assert told(FOREIGN, **read).found.kind == "refuse"


@pytest.mark.parametrize(
    "said",
    [None, 7, [], "subsidy-how", {}, {"entry": None}, {"entry": 3}, {"entry": {}}, {"entry": "hello"}],
)
def test_what_is_no_reading_is_none(said: object) -> None:
    assert CATALOGUE.reading(REFUSED, said) is None


def test_values_that_are_no_ids_are_dropped() -> None:
    said = {"entry": "subsidy-how", "depth": ["exact"], "point": "x", "group": 5, "job": "pay", "text": "给"}
    assert CATALOGUE.reading(REFUSED, said) == OutsideReading(REFUSED, "subsidy-how")
    said = {"entry": NONE, "depth": "near", "point": NONE, "group": NONE, "job": "subsidy"}
    assert CATALOGUE.reading(REFUSED, said) == OutsideReading(REFUSED, job="subsidy")


def case(text: str, entry: str, kind: str) -> Case:
    return Case(QUESTIONS, text, entry, kind, QUESTIONS.understand(text))


def test_gain_and_harm_are_told_apart() -> None:
    cases = [
        case(REFUSED, "subsidy-how", "own"),
        case(*unsure.near(), "own"),
        case(*unsure.near(), "near"),
        case(FOREIGN, "", "foreign"),
    ]
    assert all(is_unsure(QUESTIONS, c.text, c.before) for c in cases)
    golden = {c.text: c.entry for c in cases}

    def weighed(ask: Ask) -> dict[str, Gain]:
        return weigh(cases, ask, 9, Outcome()).gains

    knows = weighed(lambda text: OutsideReading(text, golden[text], exact=True))
    assert (knows["own"].cases, knows["own"].gained, knows["own"].harmed) == (2, 1, 0)
    assert (knows["foreign"].before, knows["foreign"].after) == (1, 1)
    errs = weighed(lambda text: OutsideReading(text, "notice-date"))
    assert (errs["own"].gained, errs["own"].harmed) == (0, 1)
    assert (errs["near"].harmed, errs["foreign"].harmed) == (1, 1)
    silent = weighed(lambda text: None)
    assert all(g.gained + g.harmed + g.read == 0 and g.before == g.after for g in silent.values())


def test_the_outcome_is_printed() -> None:
    cases = [case(REFUSED, "subsidy-how", "own"), case(FOREIGN, "", "foreign")]
    outcome = weigh(cases, lambda text: OutsideReading(text, "subsidy-how"), 1, Outcome())
    assert len(outcome.seconds) == 1
    assert [line for line in lines(outcome) if line.startswith(KINDS["own"])]
    assert not [line for line in lines(outcome) if line.startswith(KINDS["foreign"])]
