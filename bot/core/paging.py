"""Numbers in buttons, and lists shown a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from policy.reading.digits import whole_number

Item = TypeVar("Item")


def number(text: str) -> int:
    """Return the number that a button names; 0, which nothing has, for anything else."""
    return whole_number(text) or 0


@dataclass(frozen=True)
class ListPage(Generic[Item]):
    """One page of a list: what it shows, which it is (from 0), and whether there is another."""

    shown: Sequence[Item]
    page: int
    more: bool


@dataclass(frozen=True)
class Pager:
    """Where somebody is in a long list: on which page, from 0, of how many rows each."""

    page: int
    size: int

    @property
    def start(self) -> int:
        """How many rows stand before this page."""
        return self.page * self.size

    @property
    def peek(self) -> int:
        """How many rows to read to know whether another page follows."""
        return self.size + 1

    def cut(self, items: Sequence[Item]) -> ListPage[Item]:
        """Cut this page out of the whole list."""
        return self.peeked(items[self.start : self.start + self.peek])

    def peeked(self, items: Sequence[Item]) -> ListPage[Item]:
        """Make a page of the `peek` rows read from `start` on."""
        return ListPage(items[: self.size], self.page, len(items) > self.size)

    def counted(self, items: Sequence[Item], total: int) -> ListPage[Item]:
        """Make a page of its own rows, of so many in all."""
        return ListPage(items, self.page, total > self.start + self.size)
