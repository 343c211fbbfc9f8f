"""The policy data as one value: immutable, with a layer over it, several side by side."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bot.app import App
from bot.features.questions import answer as policy_answer
from policy.calendar.reminders import working_day
from policy.checks.rules import Check
from policy.corpus import Corpus, build_corpus
from policy.files import PolicyError
from tests.conftest import make_app
from tests.support.corpus import CORPUS
from tests.support.talk import Person

ON = date(2026, 11, 24)
ODD = "咱村喂鸡的老李头够格吗"
NEW = {
    "id": "parking",
    "topic": "报名",
    "title": "上课的地方停车方便吗",
    "answer": "只在测试里。",
    "clauses": ["三"],
}
TELEPHONE = {
    "kind": "office-telephone",
    "text": "电话 0631-5200000",
    "source": "测试",
    "valid_from": "2026-01-01",
    "published_at": "2026-01-01T09:00",
}
LAYER: dict[str, Any] = {
    "entries": [{"id": "retirees", "answer": "只在测试里的答案。"}, NEW],
    "phrasings": {"who": [ODD]},
    "publications": [TELEPHONE],
    "holidays": [{"day": "2026-11-24", "working": False, "source": "测试"}],
    "form": {"title": "测试用的表"},
}


def asked(corpus: Corpus, text: str, on: date = ON) -> dict[str, Any]:
    return policy_answer.as_json(corpus, text, on, corpus.published)


def test_two_corpora_side_by_side_answer_differently() -> None:
    other = build_corpus(LAYER)
    for _ in range(2):  # whichever was asked before
        assert asked(other, "退休了能报吗")["text"].startswith("只在测试里的答案。")
        assert asked(other, "退休了能报吗")["entry"] == asked(CORPUS, "退休了能报吗")["entry"] == "retirees"
        assert "只在测试里" not in asked(CORPUS, "退休了能报吗")["text"]
    assert other.form.title == "测试用的表"
    assert CORPUS.form.title != other.form.title
    assert working_day(ON, CORPUS.holidays)
    assert not working_day(ON, other.holidays)


def test_what_the_layer_says_otherwise_leaves_the_rest_as_it_is() -> None:
    other = build_corpus(LAYER)
    changed = other.answers.entries["retirees"]
    assert dataclasses.replace(changed, answer="") == dataclasses.replace(
        CORPUS.answers.entries["retirees"], answer=""
    )
    assert [*other.answers.entries] == [*CORPUS.answers.entries, "parking"]
    assert {**other.answers.entries, "retirees": None, "parking": None} == {
        **CORPUS.answers.entries,
        "retirees": None,
        "parking": None,
    }
    assert list(other.checks) == list(CORPUS.checks)


@pytest.mark.parametrize(("text", "entry"), [(ODD, "who"), (f"{ODD}？", "who"), (NEW["title"], "parking")])
def test_a_phrasing_or_title_of_the_layer_is_answered_at_once(text: str, entry: str) -> None:
    assert asked(build_corpus(LAYER), text)["entry"] == entry
    assert asked(CORPUS, text)["entry"] != entry


def test_a_publication_of_the_layer_stands_before_the_answer_while_it_holds() -> None:
    other = build_corpus(LAYER)
    assert "0631-5200000" in asked(other, "电话多少")["text"]
    assert "0631-5200000" not in asked(other, "电话多少", date(2025, 12, 31))["text"]
    assert "0631-5200000" not in asked(CORPUS, "电话多少")["text"]


@pytest.fixture
def two(sqlite_url: str, tmp_path: Path) -> Iterator[tuple[App, App]]:
    """The packaged policy and another one, in one process and on one database."""
    pair = make_app(sqlite_url, tmp_path), make_app(sqlite_url, tmp_path, build_corpus(LAYER))
    yield pair
    for app in pair:
        app.engine.dispose()


def test_two_assistants_in_one_process_keep_to_their_own_corpus(two: tuple[App, App]) -> None:
    li, wang = Person(two[0].assistant, "li"), Person(two[1].assistant, "wang")
    for _ in range(2):
        li.says("退休了能报吗")
        assert "只在测试里" not in li.text
        wang.says("退休了能报吗")
        assert "只在测试里的答案。" in wang.text
    wang.says("电话多少")
    assert "0631-5200000" in wang.text
    li.says("电话多少")
    assert "0631-5200000" not in li.text


def test_a_standard_of_the_layer_is_asked_about_in_its_dialogs(sqlite_url: str, tmp_path: Path) -> None:
    standard = {
        "occupation": "大数据",
        "level": "junior",
        "source": "测试用标准",
        "any_of": [{"words": "编造的条件甲", "page": 1}],
    }
    other = make_app(sqlite_url, tmp_path, build_corpus({"standards": [standard]}))
    packaged = make_app(sqlite_url, tmp_path)
    fact = "standard-大数据-junior"
    assert fact in other.assistant.registry.dialogs["check-assessment"].facts  # type: ignore[attr-defined]
    assert fact not in packaged.assistant.registry.dialogs["check-assessment"].facts  # type: ignore[attr-defined]
    other.engine.dispose()
    packaged.engine.dispose()


def test_a_corpus_cannot_be_changed() -> None:
    corpus: Any = build_corpus(LAYER)
    with pytest.raises(dataclasses.FrozenInstanceError):
        corpus.form = CORPUS.form
    with pytest.raises(dataclasses.FrozenInstanceError):
        corpus.answers.entries["who"].answer = "x"
    for mapping in (
        corpus.layer,
        corpus.answers.entries,
        corpus.answers.by_topic,
        corpus.facts,
        corpus.checks,
        corpus.holidays,
        corpus.phrasings,
    ):
        with pytest.raises(TypeError):
            mapping["x"] = None
    with pytest.raises(TypeError):
        del corpus.answers.entries["who"]


def test_a_corpus_is_apart_from_the_layer_it_was_built_from() -> None:
    layer: dict[str, Any] = {"entries": [{"id": "who", "answer": "甲"}], "phrasings": {"who": [ODD]}}
    corpus = build_corpus(layer)
    layer["entries"][0]["answer"] = "乙"
    layer["phrasings"]["who"].append("别的")
    assert corpus.answers.entries["who"].answer == "甲"
    assert len(corpus.later_phrasings) == 1


def test_each_part_is_read_once() -> None:
    corpus = build_corpus()
    assert vars(corpus).keys() == {"layer", "told", "faults"}  # nothing is read before it is asked for
    assert corpus.form is corpus.form
    assert corpus.index is corpus.index
    assert "checks" not in vars(corpus)
    checks: dict[str, Check] = dict(corpus.checks)
    assert checks == dict(CORPUS.checks)


@pytest.mark.parametrize(
    ("layer", "told"),
    [
        ({"answer": []}, "answer"),
        ({"entries": [{"id": "x", "title": "x"}]}, "x"),
        ({"entries": [{"id": "who", "reply": "x"}]}, "who"),
        ({"entries": [{"id": "who", "valid_from": "soon"}]}, "soon"),
        ({"entries": [{"title": "x"}]}, "id"),
        ({"entries": "x"}, "entries"),
        ({"phrasings": {"nobody": ["x"]}}, "nobody"),
        ({"phrasings": {"who": ["？？"]}}, "who"),
        ({"phrasings": {"who": [ODD], "retirees": [ODD + "？"]}}, "retirees"),
        ({"phrasings": [ODD]}, "phrasings"),
        ({"publications": [{**TELEPHONE, "kind": "rumour"}]}, "rumour"),
        ({"publications": [{**TELEPHONE, "source": ""}]}, "office-telephone"),
        ({"publications": [{**TELEPHONE, "published_at": ""}]}, "office-telephone"),
        ({"publications": [{"kind": "other"}]}, "publications"),
        ({"holidays": [{"day": "2026-10-01", "working": True}]}, "2026-10-01"),
        ({"notices": [{"id": "x"}]}, "notices"),
        ({"standards": [{"occupation": "大数据", "level": "junior"}]}, "大数据"),
        ({"form": {"measures": []}}, "form"),
    ],
)
def test_a_layer_that_cannot_be_is_refused_when_the_corpus_is_built(layer: dict[str, Any], told: str) -> None:
    with pytest.raises(PolicyError, match=told):
        build_corpus(layer)
