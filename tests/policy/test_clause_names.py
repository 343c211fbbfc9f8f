"""A message that names a clause gets that clause, and nothing else does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from bot.features.questions import answer as policy_answer
from policy.index.training_data import material_of
from policy.notice.clause_names import clauses_named
from tests.support.corpus import CORPUS
from tests.support.talk import Person

ON = date(2026, 11, 20)


@pytest.mark.parametrize("clause_id", CORPUS.notices.ids())
@pytest.mark.parametrize("form", ["{}", "{}原文", " {} "])
def test_every_clause_is_shown_by_the_id_that_answers_print(clause_id: str, form: str) -> None:
    said = policy_answer.as_json(CORPUS, form.format(clause_id), ON)
    assert (said["kind"], said["clauses"], said["entry"]) == ("answer", [clause_id], "")
    assert CORPUS.notices.clause(clause_id).text in said["text"]
    assert said["title"] == f"{clause_id} {CORPUS.notices.clause(clause_id).title}"
    assert set(said["alternatives"]) <= set(CORPUS.answers.entries)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("五（三）是啥", ["五（三）"]),
        ("五(三)", ["五（三）"]),
        ("5(3)", ["五（三）"]),
        ("第五条第三款", ["五（三）"]),
        ("第五条第（三）款说的什么？", ["五（三）"]),
        ("請看第四條第三款", ["四（三）"]),
        ("通知五（三）里写了啥", ["五（三）"]),
        ("第三条讲的啥", ["三"]),
        ("附件写了什么", ["附件"]),
        ("五（二）和五（三）", ["五（二）", "五（三）"]),
        ("第五条", ["五（一）", "五（二）", "五（三）", "五（四）"]),
        ("五、政策保障", ["五（一）", "五（二）", "五（三）", "五（四）"]),
    ],
)
def test_people_name_clauses_in_many_ways(text: str, ids: list[str]) -> None:
    assert list(clauses_named(text, CORPUS.notices)) == ids


@pytest.mark.parametrize(
    "text",
    "五（五） 七（一） 第九条 3 12 5.3.1 三条 一年 三个等级 一个人能报几个职业 五（三）补贴多少 附件怎么填 "
    "通知是啥 二维码 五险一金 ？ 第".split(),
)
def test_anything_else_names_none(text: str) -> None:
    assert clauses_named(text, CORPUS.notices) == ()
    assert clauses_named(text * 20, CORPUS.notices) == ()


def test_no_question_anybody_wrote_is_taken_for_a_clause() -> None:
    for author in material_of(CORPUS.training_inputs).authors.values():
        for text in [t for t, _ in author.phrasings] + author.foreign:
            assert clauses_named(text, CORPUS.notices) == (), text


def test_in_chat_the_clause_comes_with_what_people_ask_about_it(talk: Callable[..., Person]) -> None:
    li = talk()
    li.says("五（三）是啥")
    assert "同一职业(工种)同一等级一年内不可重复享受" in li.text
    assert any("补贴" in label for label in li.labels)


def test_in_chat_a_why_after_an_answer_shows_what_it_rests_on(talk: Callable[..., Person]) -> None:
    li = talk()
    li.says("退休了能报吗", "为啥")
    assert "▶" in li.text
    assert "不包含已退休人员" in li.text


def test_in_chat_the_fourth_question_of_a_message_is_named(
    talk: Callable[..., Person],
) -> None:
    li = talk()
    li.says("退休了能报吗？补贴多少？职称怎么认定？去哪报名")
    assert "您还问了“去哪报名”，请单独再问" in li.text
