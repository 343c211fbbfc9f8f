"""填报口径 over time: of everything that was set, what holds in which quarters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from policy.calendar.quarters import FIRST_YEAR, Quarter

LONGEST, SHORTEST = 200, 2  # characters of a note
AHEAD = 8  # quarters after the present one from which a note may hold
_LAST = Quarter(2100, 4)


class Said(Protocol):
    """Something that was set for a measure; without `words` it took back what held before."""

    @property
    def id(self) -> int:
        """The later it was set, the higher."""

    @property
    def measure(self) -> str:
        """The measure's id."""

    @property
    def words(self) -> str:
        """What counts."""

    @property
    def from_quarter(self) -> str:
        """The first quarter it was set for."""

    @property
    def until_quarter(self) -> str | None:
        """The last one; None: open."""


@dataclass(frozen=True)
class Piece:
    """Quarters in which one note holds. `last` None: until another is set."""

    note_id: int
    words: str
    first: Quarter
    last: Quarter | None

    def holds(self, quarter: Quarter) -> bool:
        """Whether it holds in a quarter."""
        return self.first <= quarter and (self.last is None or quarter <= self.last)


def timeline(said: Iterable[Said], measure: str) -> list[Piece]:
    """What holds for a measure, oldest quarters first; of several for a quarter the one set last does."""
    spans = [_span(one) for one in sorted(said, key=lambda one: one.id) if one.measure == measure]
    edges = sorted({first for _, first, _ in spans} | {last.next() for _, _, last in spans if last < _LAST})
    found: list[Piece] = []
    for edge, after in zip(edges, [*edges, None][1:], strict=True):
        holding = next((one for one, first, last in reversed(spans) if first <= edge <= last), None)
        if holding is None or not holding.words:
            continue
        last = after.previous() if after else None
        if found and found[-1].note_id == holding.id and found[-1].last == edge.previous():
            found[-1] = Piece(holding.id, holding.words, found[-1].first, last)
        else:
            found.append(Piece(holding.id, holding.words, edge, last))
    return found


def _span(one: Said) -> tuple[Said, Quarter, Quarter]:
    until = Quarter.parse(one.until_quarter) if one.until_quarter else _LAST
    return one, Quarter.parse(one.from_quarter), until


def offered(now: Quarter) -> Sequence[Quarter]:
    """The quarters from which a note may hold, newest first."""
    last = now
    for _ in range(AHEAD):
        last = last.next() if last < _LAST else last
    found = [last]
    while (before := found[-1].previous()) is not None and before >= Quarter(FIRST_YEAR, 2):
        found.append(before)
    return found
