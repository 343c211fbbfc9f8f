"""What the form doubts about a row: slips are found, and each is asked about once."""

from __future__ import annotations

import pytest

from tests.support.corpus import CORPUS

MEASURES = [m.id for m in CORPUS.form.measures]
LAST = (3, 2, 120, 80, 60, 9_000_000)


def doubts(row: tuple[int, ...], last: tuple[int, ...] | None = None) -> list[str]:
    before = dict(zip(MEASURES, last, strict=True)) if last else None
    return [d.rule for d in CORPUS.form.doubts(dict(zip(MEASURES, row, strict=True)), before)]


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ((2, 1, 35_000, 80, 60, 9_000_000), "people-per-class"),
        ((30, 2, 12, 8, 6, 900_000), "people-per-class"),
        ((0, 2, 120, 80, 60, 9_000_000), "subsidised-classes-over-classes"),
        ((3, 2, 12, 80, 60, 9_000_000), "certified-over-trained"),
        ((3, 2, 120, 800, 60, 9_000_000), "certified-over-trained"),
        ((3, 2, 120, 80, 60_000, 9_000_000), "subsidised-over-certified"),
        ((3, 2, 120, 80, 60, 900), "amount-per-head"),
        ((3, 2, 120, 80, 60, 90_000_000_0), "amount-per-head"),
        ((3, 2, 120, 80, 0, 9_000_000), "amount-without-people"),
        ((30, 20, 1200, 800, 600, 90_000_000), "ten-times"),
    ],
)
def test_one_slip_is_asked_about_once(row: tuple[int, ...], rule: str) -> None:
    assert doubts(row, LAST) == [rule]


def test_two_causes_are_two_questions() -> None:
    assert doubts((3, 2, 120, 130, 140, 9_000_000)) == ["certified-over-trained", "subsidised-over-certified"]
    assert doubts((1, 2, 120, 130, 60, 9_000_000)) == [
        "subsidised-classes-over-classes",
        "certified-over-trained",
    ]


@pytest.mark.parametrize("now", [(12, 1, 12, 12, 12, 1_800_000), (1, 1, 20, 20, 20, 3_000_000)])
def test_a_small_institution_that_grows_is_not_doubted(now: tuple[int, ...]) -> None:
    assert "ten-times" not in doubts(now, (1, 1, 1, 1, 1, 2_000_00))


def test_ten_times_names_every_cell_in_one_sentence() -> None:
    row = dict(zip(MEASURES, (30, 20, 1200, 800, 600, 90_000_000), strict=True))
    (doubt,) = CORPUS.form.doubts(row, dict(zip(MEASURES, LAST, strict=True)))
    assert "已培训班次 30（上季度 3）" in doubt.text
    assert "发放补贴金额 900,000（上季度 90,000）" in doubt.text
    assert doubt.measures == ("classes", "trained", "certified", "subsidised", "amount")
