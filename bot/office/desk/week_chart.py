"""Questions by week as stacked columns: what was answered, what is not written, what got no answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, TOP, TALL, LABELS, GAP = 640, 66, 150, 24, 8
FEW = 5  # counts under it are not told apart, in words and in height


@dataclass(frozen=True)
class Segment:
    """A part of a column: which of the parts, and where."""

    part: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Column:
    """One column: its label, its sum, where it is written, and its parts from below."""

    label: str
    total: int
    x: float
    y: float
    segments: tuple[Segment, ...]


@dataclass(frozen=True)
class WeekChart:
    """A drawing; `base` is where the columns stand."""

    width: float
    height: float
    base: float
    columns: tuple[Column, ...]


def seen(count: int) -> int:
    """Return a count as high as it may be drawn."""
    return FEW - 1 if 0 < count < FEW else count


def drawn(rows: Sequence[tuple[str, Sequence[int]]]) -> WeekChart:
    """Return a column a row: (label, its parts from below)."""
    base = TOP + TALL
    most = max((sum(map(seen, parts)) for _, parts in rows), default=0) or 1
    step = (WIDTH - 2 * GAP) / max(len(rows), 1)
    wide = min(step * 0.6, 48)
    columns = []
    for number, (label, parts) in enumerate(rows):
        middle, y = GAP + (number + 0.5) * step, float(base)
        segments = []
        for part, count in enumerate(parts):
            tall = seen(count) * TALL / most
            if tall:
                y -= tall
                segments.append(
                    Segment(part, round(middle - wide / 2, 2), round(y, 2), round(wide, 2), round(tall, 2))
                )
        columns.append(Column(label, sum(parts), round(middle, 2), round(y - GAP / 2, 2), tuple(segments)))
    return WeekChart(WIDTH, base + LABELS, base, tuple(columns))
