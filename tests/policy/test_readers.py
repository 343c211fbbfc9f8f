"""What every reader promises: it returns for any text, in time linear in its length, and reads its echo."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cli.reading import facts, kinds, read
from bot.core.input_limits import LONGEST_TEXT, mask
from policy.form.form import Occupation, Refused
from policy.form.rows import read_lines
from policy.reading.dates import NotADate, Period, read_date
from policy.reading.money import PartOfFen, plain_yuan, to_fen
from policy.reading.numbers import NotAFigure, read_figure
from tests.support.corpus import CORPUS

ON = date(2026, 11, 28)
REASONS = {"empty", "negative", "several", "about", "doubt", "other"}
DATE_REASONS = {"other", "future", "bare", "about", "year", "impossible", "several", "doubt"}
FACTS = facts(CORPUS)
MEASURES = {measure.id: measure for measure in CORPUS.form.measures}

_FIGURES = "0123456789.,，０１²①零一二两三五十百千万亿半点块元角毛分共约多个人班不对是吧？ -'"
_DATES = "0123456789.-/年月日号去前今上个周星期季度初底半国庆至到天一二三十廿不对是吧，"
_NUMBERS = "0123456789０１幺三八 .-()（）【】,，、X@E护照手机身份证电话"
_ROWS = "大数据智能制造区块链合计 \t\n,，:;0123456789一二万元人班不掌握-"
ALPHABETS = (_FIGURES, _DATES, _NUMBERS, _ROWS)


def texts(longest: int) -> st.SearchStrategy[str]:
    """Any text, and texts of the signs that the readers look for."""
    return st.one_of(
        st.text(max_size=longest), *(st.text(alphabet, max_size=longest) for alphabet in ALPHABETS)
    )


@given(texts(60))
def test_any_text_is_a_figure_or_refused(text: str) -> None:
    try:
        assert read_figure(text) >= 0
    except NotAFigure as error:
        assert error.reason in REASONS
        assert error.likely is None or error.likely >= 0


@given(texts(60), st.dates(date(2024, 1, 1), date(2028, 12, 31)))
def test_any_text_is_a_date_or_asked_back(text: str, today: date) -> None:
    try:
        found = read_date(text, today)
    except NotADate as error:
        assert error.reason in DATE_REASONS
        found = error.likely or Period(today, today)
    assert found.first <= min(found.last, today)


@given(texts(60), st.sampled_from(sorted(MEASURES)))
def test_any_text_is_a_cell_or_refused(text: str, measure: str) -> None:
    try:
        assert 0 <= CORPUS.form.read_cell(MEASURES[measure], text) <= MEASURES[measure].most()
    except Refused as error:
        assert error.likely is None or 0 <= error.likely <= MEASURES[measure].most()


@given(texts(200), st.sampled_from(kinds(CORPUS)))
def test_any_text_is_read_by_every_kind(text: str, kind: str) -> None:
    found = read(CORPUS, kind, text, ON)
    assert found["kind"] in ("value", "ask", "refuse")
    assert json.loads(json.dumps(found)) == found


@given(texts(200))
def test_masking_keeps_the_length_and_masks_no_further(text: str) -> None:
    masked, was_masked = mask(CORPUS.form, text)
    assert len(masked) == len(text)
    assert was_masked is (masked != text)
    assert all(new in (old, "*") for old, new in zip(text, masked, strict=True))


# A reader's own echo is read as the same value


@given(st.integers(0, 10**10), st.sampled_from(sorted(MEASURES)))
def test_a_cell_is_read_as_it_is_shown(value: int, measure: str) -> None:
    value = min(value, MEASURES[measure].most())
    assert CORPUS.form.read_cell(MEASURES[measure], MEASURES[measure].show(value)) == value


@given(st.integers(0, 10**10))
def test_an_amount_is_read_as_it_is_told(fen: int) -> None:
    assert to_fen(read_figure(plain_yuan(fen))) == fen


@given(texts(40), st.dates(date(2025, 1, 1), date(2028, 12, 31)))
def test_a_date_is_read_as_it_is_told(text: str, today: date) -> None:
    try:
        found = read_date(text, today)
    except NotADate as error:
        if error.likely is None:
            return
        found = error.likely
    assert read_date(found.words, today) == found


@given(st.dates(date(2016, 1, 1), ON), st.integers(0, 700))
def test_days_from_one_to_another_are_read_as_they_are_told(first: date, length: int) -> None:
    period = Period(first, first + timedelta(days=length))
    assert read_date(period.words, ON) == period
    assert Period.parse(str(period)) == period


@given(texts(200))
def test_what_is_masked_stays_as_it_is(text: str) -> None:
    masked = mask(CORPUS.form, text)[0]
    assert mask(CORPUS.form, masked)[0] == masked


@given(st.decimals(0, 10**4, places=6))
def test_wan_become_fen_exactly_or_not_at_all(wan: Decimal) -> None:
    exact = wan * 10_000 * 100
    if exact == exact.to_integral_value():
        assert to_fen(read_figure(f"{wan:f}万元")) == exact
    else:
        with pytest.raises(PartOfFen):
            to_fen(read_figure(f"{wan:f}万元"))


@pytest.mark.parametrize("fact", sorted(FACTS))
def test_an_answer_is_read_as_it_is_shown(fact: str) -> None:
    """Its label, as it stands on the button and in the list of answers."""
    for option in FACTS[fact].options:
        assert read(CORPUS, fact, option.label, ON)["value"] == option.id


@given(st.integers(0, 10**4), st.sampled_from(CORPUS.form.occupations))
def test_a_row_is_read_as_it_is_told(number: int, occupation: Occupation) -> None:
    cells = {m.id: min(number + i, m.most()) for i, m in enumerate(CORPUS.form.measures)}
    ordered = [MEASURES[m.id].show(cells[m.id]).replace(",", "") for m in CORPUS.form.measures]
    found = read_lines(CORPUS.form, " ".join([occupation.name, *ordered]), [])
    assert [line.kind for line in found] == ["row"]
    assert {m: CORPUS.form.read_cell(MEASURES[m], typed) for m, typed in found[0].cells.items()} == cells


# Time: counted in calls, so that a busy machine changes nothing


def calls(action: Callable[[], Any]) -> int:
    """How many functions an action calls, built-in ones included."""
    counted = 0

    def count(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        action()
    finally:
        sys.setprofile(before)
    return counted


def long_texts() -> list[str]:
    """A quarter of the longest message of each alphabet: at random, and of a few signs repeated."""
    size, chance = LONGEST_TEXT // 4, random.Random(7)
    mixed = ["".join(chance.choices(alphabet, k=size)) for alphabet in ALPHABETS]
    pieces = (
        "1",
        "一",
        "1 ",
        "1,",
        "138 6311 2345 ",
        "0631-",
        "E1",
        "a@",
        "三万",
        "去年",
        "大数据 1 ",
        "，不对",
        "\n1\t",
    )
    return mixed + [(piece * size)[:size] for piece in pieces]


@pytest.mark.parametrize("kind", ["count", "money", "date", "mask", "line", "place", "claimed_on"])
@pytest.mark.parametrize("text", long_texts(), ids=lambda text: repr(text[:6]))
def test_the_time_grows_no_faster_than_the_text(kind: str, text: str) -> None:
    read(
        CORPUS, kind, "去年3月，3 万", ON
    )  # what is loaded once is loaded; of a text seen twice some is kept
    once = calls(lambda: read(CORPUS, kind, text, ON))
    four_times = calls(lambda: read(CORPUS, kind, text * 4, ON))
    assert four_times <= 5 * once + 200
