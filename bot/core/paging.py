"""Numbers in buttons, and lists shown a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")
LONGEST_NUMBER = 15  # digits; larger ones name nothing in the database


def number(text: str) -> int:
    """Return the number that a button names; 0, which nothing has, for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else 0


@dataclass(frozen=True)
class ListPage(Generic[Item]):
    """One page of a list: what it shows, of how many, and whether there is another page."""

    shown: Sequence[Item]
    total: int
    page: int
    more: bool


def list_page(items: Sequence[Item], page: int, size: int) -> ListPage[Item]:
    """Cut one page out of a whole list; pages count from 0."""
    return ListPage(items[page * size : (page + 1) * size], len(items), page, len(items) > (page + 1) * size)
