"""Where the bars of a chart stand: plain numbers for the template that draws it.

Bars and columns of one measure, each with its value written at it, so that nothing has to be read
off an axis or told by colour: a black-and-white print says the same. A bar's segments are the
states its value comes from.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from policy.form.form import Measure

WIDTH = 440  # of the drawing; it is scaled to the place it is shown in
TOP = 50  # title and a line under it
LEGEND = 22  # height of the line that explains the segments
FONT = 13
BAR, ROW = 18, 28  # height of a bar, and from one to the next
COLUMN = 180  # height of the tallest column
LABELS = 40  # under the columns, two lines
GAP = 8
WAN = 10_000


@dataclass(frozen=True)
class Segment:
    """A part of a bar: which of the states, and where."""

    state: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Mark:
    """One bar with its label (an occupation or a quarter) and its value in stored units."""

    label: Any
    value: int
    x: float  # where the value is written
    y: float
    label_x: float
    label_y: float
    segments: tuple[Segment, ...]


@dataclass(frozen=True)
class Chart:
    """A drawing. `wan`: its values are written in units of 10,000. `states`: those that occur."""

    kind: str  # bars or columns
    measure: Measure
    width: float
    height: float
    base: float  # where bars begin (x) or columns stand (y)
    wan: bool
    states: tuple[int, ...]
    marks: tuple[Mark, ...]

    def written(self, value: int) -> str:
        """A value as written at its bar: money in yuan or 万元 with two decimals at most."""
        if self.measure.kind != "money":
            return f"{value:,}"
        yuan = value / 100 / (WAN if self.wan else 1)
        return f"{yuan:,.2f}".rstrip("0").rstrip(".")


def text_width(text: str, size: float = FONT) -> float:
    """About how wide a text is drawn, in the drawing's units: Chinese characters are square."""
    return sum(size if unicodedata.east_asian_width(c) in "WF" else size * 0.6 for c in text)


def _of(kind: str, measure: Measure, shares: Sequence[tuple[int, ...]]) -> Chart:
    most = max((sum(one) for one in shares), default=0)
    wan = measure.kind == "money" and most >= WAN * 100
    states = tuple(i for i in range(max(map(len, shares), default=0)) if any(one[i] for one in shares))
    return Chart(kind, measure, WIDTH, 0, 0, wan, states, ())


def _top(chart: Chart) -> float:
    return TOP + (LEGEND if len(chart.states) > 1 else 0)


def bars(measure: Measure, rows: Sequence[tuple[str, tuple[int, ...]]]) -> Chart:
    """Horizontal bars, one a row: (label, its value by state)."""
    plain = _of("bars", measure, [shares for _, shares in rows])
    top = _top(plain)
    values = [sum(shares) for _, shares in rows]
    base = GAP + max((text_width(label) for label, _ in rows), default=0)
    room = max((text_width(plain.written(v)) for v in values), default=0) + GAP
    scale = (WIDTH - base - room) / (max(values, default=0) or 1)
    marks = []
    for number, (label, shares) in enumerate(rows):
        y, x = top + number * ROW + (ROW - BAR) / 2, base
        segments = []
        for state, value in enumerate(shares):
            if value > 0:
                segments.append(Segment(state, round(x, 2), y, round(value * scale, 2), BAR))
                x += value * scale
        middle = y + BAR / 2
        marks.append(
            Mark(label, sum(shares), round(x + GAP / 2, 2), middle, base - GAP / 2, middle, tuple(segments))
        )
    height = top + len(rows) * ROW + GAP
    return Chart("bars", measure, WIDTH, height, round(base, 2), plain.wan, plain.states, tuple(marks))


def columns(measure: Measure, rows: Sequence[tuple[Any, tuple[int, ...]]]) -> Chart:
    """Columns from left to right, one a quarter: (quarter, its value by state)."""
    plain = _of("columns", measure, [shares for _, shares in rows])
    top = _top(plain) + FONT + GAP / 2  # the tallest column's value is written above it
    values = [sum(shares) for _, shares in rows]
    base = top + COLUMN
    scale = COLUMN / (max(values, default=0) or 1)
    step = (WIDTH - 2 * GAP) / max(len(rows), 1)
    wide = min(step * 0.6, 44)
    marks = []
    for number, (label, shares) in enumerate(rows):
        middle, y = GAP + (number + 0.5) * step, base
        segments = []
        for state, value in enumerate(shares):
            if value > 0:
                tall = value * scale
                y -= tall
                segments.append(
                    Segment(state, round(middle - wide / 2, 2), round(y, 2), round(wide, 2), round(tall, 2))
                )
        x = round(middle, 2)
        marks.append(Mark(label, sum(shares), x, round(y - GAP / 2, 2), x, base + FONT + 3, tuple(segments)))
    height = base + LABELS
    return Chart("columns", measure, WIDTH, height, base, plain.wan, plain.states, tuple(marks))
