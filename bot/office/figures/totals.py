"""Adding slices up: by occupation, district or quarter, on each basis. Plain numbers, no words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from bot.documents.export import BASES
from policy.calendar.quarters import Quarter
from storage.totals.summary import OPENING, Slice

STATES = (OPENING, "accepted", "submitted")  # in the order they are drawn
Key = Callable[[Slice], Any]


@dataclass
class Line:
    """One line of a table: measure → sum in stored units, → cells of 不掌握; and the sums by state."""

    sums: dict[str, int] = field(default_factory=dict)
    not_known: dict[str, int] = field(default_factory=dict)
    by_state: dict[tuple[str, str], int] = field(default_factory=dict)  # (measure, state)

    def add(self, one: Slice) -> None:
        """Add a slice."""
        for measure, value in one.sums.items():
            self.sums[measure] = self.sums.get(measure, 0) + value
            place = (measure, one.state)
            self.by_state[place] = self.by_state.get(place, 0) + value
        for measure, count in one.not_known.items():
            self.not_known[measure] = self.not_known.get(measure, 0) + count

    def of(self, measure: str) -> int:
        """The sum of a measure; 0 where nothing was reported."""
        return self.sums.get(measure, 0)

    def shares(self, measure: str) -> tuple[int, ...]:
        """The sum by state, in the order of STATES."""
        return tuple(self.by_state.get((measure, state), 0) for state in STATES)


def belongs(one: Slice, quarter: Quarter, basis: str) -> bool:
    """Whether a slice is added on a basis of that quarter."""
    if basis == "total":
        return not one.covered and one.quarter <= str(quarter)
    first = str(quarter) if basis == "quarter" else f"{quarter.year}Q1"
    return one.state != OPENING and first <= one.quarter <= str(quarter)


def lines(found: Iterable[Slice], quarter: Quarter, basis: str, key: Key) -> dict[Any, Line]:
    """The slices of a basis added up by a key."""
    made: dict[Any, Line] = {}
    for one in found:
        if belongs(one, quarter, basis):
            made.setdefault(key(one), Line()).add(one)
    return made


def whole(found: Iterable[Slice], quarter: Quarter, basis: str) -> Line:
    """Everything of a basis in one line."""
    return lines(found, quarter, basis, lambda _: None).get(None, Line())


def every_basis(found: list[Slice], quarter: Quarter) -> dict[str, Line]:
    """The whole on each basis."""
    return {basis: whole(found, quarter, basis) for basis in BASES}
