"""The notice, sentence by sentence: each is stated by an entry to the letter, or states nothing to answer."""

from __future__ import annotations

import re
from datetime import date

import pytest

from bot.features.questions import answer as policy_answer
from policy.notice.clauses import bare
from tests.support.corpus import CORPUS

ON = date(2026, 11, 28)
# Headings, the letterhead, and labels of the form that stand in an entry's own words.
NO_STATEMENT = re.compile(
    r"^[（(][一二三四五六][）)].{4,12}。$|^关于印发.*通知$|^现将.*组织实施。$|^威海市.*实施方案$|^填报时间：|^联系电话：$|^\.+$"
)


def sentences() -> list[tuple[str, str]]:
    """(clause, sentence) of the whole notice, white space aside."""
    found = []
    for clause_id in CORPUS.notices.ids():
        text = CORPUS.notices.clause(clause_id).text
        found += [(clause_id, bare(s)) for s in re.split(r"(?<=[。；])|\n", text) if len(bare(s)) > 1]
    return found


def test_every_sentence_is_stated_by_an_entry() -> None:
    quotes = [bare(e.quote) for e in CORPUS.answers.entries.values() if e.quote]
    left = [s for _, s in sentences() if not any(q in s or s in q for q in quotes)]
    assert not [s for s in left if not NO_STATEMENT.search(s)]
    assert len(sentences()) > 50


@pytest.mark.parametrize(("clause", "sentence"), [s for s in sentences() if 14 < len(s[1]) < 120])
def test_a_sentence_put_as_a_question_is_answered_from_its_clause(clause: str, sentence: str) -> None:
    if NO_STATEMENT.search(sentence):
        return
    said = policy_answer.in_order(CORPUS, f"{sentence.rstrip('。')}，是这样吗", ON, None)[0]
    assert said["kind"] == "answer"
    assert clause in said["clauses"]


def test_every_entry_that_holds_a_point_has_near_misses_and_readers() -> None:
    """Who saw the notice only, and what they asked that it does not write, teach every entry."""
    readers = [f for name, f in CORPUS.phrasings.items() if name.startswith("notice-")]
    for entry in CORPUS.answers.entries.values():
        if entry.smalltalk or entry.replaces:
            continue
        asked = sum(len((f.get("phrasings") or {}).get(entry.id, ())) for f in readers)
        assert asked >= 5, entry.id
        if not entry.unwritten:
            near = sum(len((f.get("near") or {}).get(entry.id, ())) for f in CORPUS.phrasings.values())
            assert near >= 6, entry.id
