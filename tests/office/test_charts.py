"""Charts: what is drawn is what was counted, and it can be read without colour, sight or scripts."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.app import App
from bot.office import html
from bot.office.figures import charts
from bot.office.figures.charts import Chart
from policy.calendar.quarters import Quarter
from tests.support.corpus import CORPUS
from tests.support.office_browser import Browser, at
from tests.support.office_scene import head, reports_, school
from tests.support.talk import NOON

SVG = "{http://www.w3.org/2000/svg}"
Q4 = Quarter(2026, 4)
PEOPLE, MONEY = CORPUS.form.measure("trained"), CORPUS.form.measure("amount")
NAMES = [o.name for o in CORPUS.form.occupations]


def drawn(chart: Chart) -> ElementTree.Element:
    values = {"quarter": Q4, "basis": "total", "accepted": False, "district": None}
    made = html.environment().get_template("chart.svg").render(chart=chart, id="x", **values)
    return ElementTree.fromstring(made.strip())


def texts(root: ElementTree.Element) -> list[str]:
    return [t.text or "" for t in root.iter(f"{SVG}text")]


shares = st.tuples(*(st.integers(0, 10**11) for _ in range(3)))


@given(st.lists(shares, max_size=10), st.sampled_from([PEOPLE, MONEY]))
def test_bars_are_as_long_as_their_values_and_stay_inside(
    rows: list[tuple[int, ...]], measure: object
) -> None:
    chart = charts.bars(measure, list(zip(NAMES, rows, strict=False)))  # type: ignore[arg-type]
    most = max((sum(r) for r in rows), default=0)
    longest = max((sum(s.width for s in m.segments) for m in chart.marks), default=0)
    for mark, row in zip(chart.marks, rows, strict=True):
        assert mark.value == sum(row)
        long = sum(s.width for s in mark.segments)
        assert abs(long - (longest * sum(row) / most if most else 0)) < 0.2
        assert mark.x + charts.text_width(chart.written(mark.value)) <= chart.width
        assert charts.text_width(mark.label) <= chart.base
        for before, after in zip(mark.segments, mark.segments[1:], strict=False):
            assert abs(before.x + before.width - after.x) < 0.05


@given(st.lists(shares, min_size=1, max_size=8))
def test_columns_stand_on_one_line_and_their_values_above_them(rows: list[tuple[int, ...]]) -> None:
    quarters = [Quarter(2025 + i // 4, i % 4 + 1) for i in range(len(rows))]
    chart = charts.columns(PEOPLE, list(zip(quarters, rows, strict=True)))
    for mark in chart.marks:
        for s in mark.segments:
            assert s.y + s.height <= chart.base + 0.05
            assert mark.y <= s.y
        assert mark.y - charts.FONT >= charts.TOP - charts.FONT
        assert mark.label_y + 16 <= chart.height


@pytest.mark.parametrize(
    ("fen", "written", "wan"),
    [(0, "0", False), (999_900, "9,999", False), (1_000_000, "1", True), (12_345_678_900, "12,345.68", True)],
)
def test_money_is_written_in_ten_thousands_when_there_is_much(fen: int, written: str, wan: bool) -> None:
    chart = charts.bars(MONEY, [("大数据", (0, fen, 0))])
    assert (chart.written(fen), chart.wan) == (written, wan)
    title = drawn(chart).find(f"{SVG}title")
    assert title is not None and title.text is not None
    assert ("万元" in title.text) == wan


def test_a_chart_is_read_out() -> None:
    root = drawn(charts.bars(PEOPLE, [("大数据", (0, 120, 20)), ("区块链", (0, 0, 30))]))
    said = (root.find(f"{SVG}desc") or ElementTree.Element("")).text or "".join(
        d.text or "" for d in root.iter(f"{SVG}desc")
    )
    assert "大数据 140" in said
    assert "区块链 30" in said
    ids = {e.get("id") for e in root.iter() if e.get("id")}
    assert set((root.get("aria-labelledby") or "").split()) <= ids


def test_states_are_told_apart_by_pattern_with_a_legend() -> None:
    root = drawn(charts.bars(PEOPLE, [("大数据", (40, 120, 20))]))
    fills = {r.get("fill") for r in root.iter(f"{SVG}rect")}
    assert {"url(#x-dots)", "url(#x-lines)"} <= fills
    assert {"期初数", "已审", "待审"} <= set(texts(root))
    alone = drawn(charts.bars(PEOPLE, [("大数据", (0, 120, 0))]))
    assert "待审" not in texts(alone)


def test_a_name_is_drawn_not_run() -> None:
    root = drawn(charts.bars(PEOPLE, [('<script>"x"&', (0, 1, 0))]))
    assert not list(root.iter(f"{SVG}script"))
    assert '<script>"x"&' in texts(root)


def test_nothing_at_all_can_be_drawn() -> None:
    assert drawn(charts.bars(PEOPLE, [])).tag == f"{SVG}svg"
    assert drawn(charts.columns(MONEY, [(Q4, (0, 0, 0))])).tag == f"{SVG}svg"


async def test_on_the_page_nothing_needs_a_style_or_a_script(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, NOON)
    officer = head(app)
    reports_(school(app, "荣成职校"), "2026Q4", "大数据 3 2 120 80 60 90000")
    browser = await Browser(app).enters(officer)
    await browser.opens("/office/summary?quarter=2026Q4")
    assert browser.page.count("<svg") == 8
    assert " style=" not in browser.page
    assert "<style" not in browser.page
    ids = re.findall(r' id="([^"]*)"', browser.page)
    assert len(ids) == len(set(ids))
    for target in re.findall(r"url\(#([^)]*)\)|href=\"#([^\"]*)\"", browser.page):
        assert (target[0] or target[1]) in ids, target
