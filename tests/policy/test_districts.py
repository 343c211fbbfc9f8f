"""The districts under which Weihai's institutions are listed, those the notice addresses among them."""

from __future__ import annotations

import pytest

from policy.institutions.district_order import in_order
from policy.institutions.districts import DISTRICTS, find_district


@pytest.mark.parametrize(
    ("text", "name"),
    [("南海新区", "南海新区"), ("威海南海新区", "南海新区"), (" 荣成 ", "荣成市"), ("经开区", "经区")],
)
def test_a_district_by_any_of_its_names(text: str, name: str) -> None:
    assert find_district(text) == name


def test_another_citys_is_none() -> None:
    assert find_district("青岛西海岸新区") is None


def test_the_order_is_the_lists() -> None:
    assert in_order([None, "市直", "南海新区", *reversed(DISTRICTS)]) == [*DISTRICTS, None]
