"""期初数: what happened before the first quarter reported here, entered once and counted once."""

from __future__ import annotations

import csv
import io

import openpyxl
import pytest

from bot import export
from bot.start import House
from policy.quarters import Quarter
from storage import aggregates, earlier, institutions, summary
from storage.database import transaction
from storage.summary import Wanted
from tests.office_browser import at
from tests.office_scene import accepted, head, reports_, school
from tests.talk import NOON

Q3, Q4 = "2026Q3", "2026Q4"
NAME = "威海数字培训学校"
BEFORE = {
    "classes": 10,
    "subsidised_classes": 4,
    "trained": 300,
    "certified": 200,
    "subsidised": 100,
    "amount": 100_000_00,
}


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, NOON)


def number_of(house: House, name: str = NAME) -> int:
    with transaction(house.engine, read_only=True) as connection:
        found = institutions.find(connection, name)
    assert found is not None
    return found.id


def kept(house: House, name: str = NAME) -> list[earlier.Opening]:
    with transaction(house.engine, read_only=True) as connection:
        return earlier.openings_kept(connection, number_of(house, name))


def keep(house: House, through: str = "2026Q2", name: str = NAME, source: str = "历次纸质报表") -> None:
    with transaction(house.engine) as connection:
        found = institutions.find(connection, name)
        assert found is not None
        rows = {"大数据": dict(BEFORE)}
        earlier.keep_opening(connection, found.id, through, source, rows, 1, NOON)  # type: ignore[arg-type]


def trained(house: House, quarter: str, accepted_only: bool = False) -> dict[str, int]:
    """People trained since the start by occupation, as the sums say; the summary has to say the same."""
    with transaction(house.engine, read_only=True) as connection:
        found = aggregates.totals(connection, "2023Q1", quarter, accepted_only, since_start=True)
        sums = {one.occupation: one.sums["trained"] for one in found}
        wanted = Wanted("2023Q1", quarter, accepted_only, since_start=True)
        sliced: dict[str, int] = {}
        for one in summary.slices(connection, wanted):
            if not one.covered:
                sliced[one.occupation] = sliced.get(one.occupation, 0) + one.sums["trained"]
    assert sums == sliced
    return sums


class TestSums:
    def test_they_stand_for_the_quarters_they_include(self, either_house: House) -> None:
        head(either_house)
        one = school(either_house, NAME)
        reports_(one, Q3, "大数据 2 1 100 60 50 80000\n物联网 1 0 9 0 0 0")
        reports_(one, Q4, "大数据 3 2 120 80 60 90000")
        other = school(either_house, "荣成职校")
        reports_(other, Q3, "大数据 1 0 7 7 0 0")
        assert trained(either_house, Q4) == {"大数据": 227, "物联网": 9}
        keep(either_house, "2026Q2")
        assert trained(either_house, Q4) == {"大数据": 527, "物联网": 9}
        keep(either_house, Q3)
        assert trained(either_house, Q4) == {"大数据": 427}
        accepted(either_house, NAME, Q4)
        assert trained(either_house, Q4, accepted_only=True) == {"大数据": 420}
        assert trained(either_house, "2026Q2") == {}  # before they end they say nothing

    def test_the_files_name_them_and_do_not_count_twice(self, either_house: House) -> None:
        head(either_house)
        one = school(either_house, NAME)
        reports_(one, Q3, "大数据 2 1 100 60 50 80000")
        reports_(one, Q4, "大数据 3 2 120 80 60 90000")
        with transaction(either_house.engine, read_only=True) as connection:
            before = export.fingerprint(connection, Q4, False)
        keep(either_house, "2026Q2")
        keep(either_house, Q3, source="=纸质报表")
        with transaction(either_house.engine, read_only=True) as connection:
            assert export.fingerprint(connection, Q4, False) != before
            made = export.aggregate(connection, Q4, False, "total", either_house.keys)
            assert made == export.aggregate(connection, Q4, False, "total", either_house.keys)
            total = export.totals_by_basis(connection, Quarter.parse(Q4), False)["total"]["大数据"]
            out = io.BytesIO()
            export.write_origins(connection, Q4, False, out, "total")
        assert total.sums["trained"] == 420
        book = openpyxl.load_workbook(io.BytesIO(made))
        assert any("含 1 家机构的期初数" in str(c.value) for row in book["汇总"].iter_rows() for c in row)
        assert [[c.value for c in row][2:5] for row in book["期初数"].iter_rows(min_row=2)] == [
            [Q3, 2, "=纸质报表"]
        ]
        lines = list(csv.reader(io.StringIO(out.getvalue().decode("utf-8-sig"))))[1:]
        assert [(line[2], float(line[9])) for line in lines] == [("大数据", 120.0), ("大数据", 300.0)]
        assert lines[1][4] == "2" and Q3 in lines[1][5]
