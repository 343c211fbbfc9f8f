"""How often somebody, and everybody together, may do what leaves something behind for others to read.

Counted in memory, a process for itself: nothing is written about who did how much, and a message costs
no statement more. A restart begins anew.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

MOST_KEPT = 20_000  # counts; the oldest go


@dataclass(frozen=True)
class Limit:
    """How often within `span`: each visitor, and all of them together."""

    name: str
    each: int
    all: int
    span: timedelta


DAY = timedelta(days=1)
QUEUED = Limit("queued", 20, 500, DAY)  # questions that the bot puts into the desk's queue by itself
HANDED = Limit("handed", 10, 300, DAY)  # questions that people ask to be handed over
RECEIPTS = Limit("receipts", 30, 2000, DAY)  # complaints asked after by their number
COMPLAINTS = Limit("complaints", 3, 100, DAY)
REFUSED = timedelta(hours=1)  # refusals of the same thing are one record


class Tally:
    """Counts of this process. Safe to use from several threads."""

    def __init__(self) -> None:
        self._counts: OrderedDict[tuple[str, object, int], int] = OrderedDict()
        self._guard = threading.Lock()

    def count(self, name: str, who: object, span: timedelta, now: datetime) -> int:
        """Count once more; how often it was within the span under way."""
        with self._guard:
            return self._add((name, who, _window(span, now)), 1)

    def is_full(self, limit: Limit, who: object, now: datetime) -> bool:
        """Whether the limit was reached, by them or by all."""
        window = _window(limit.span, now)
        with self._guard:
            mine = self._counts.get((limit.name, who, window), 0)
            return mine >= limit.each or self._counts.get((limit.name, None, window), 0) >= limit.all

    def take(self, limit: Limit, who: object, now: datetime) -> bool:
        """Count once more, unless the limit was reached; whether there was room."""
        if self.is_full(limit, who, now):
            return False
        window = _window(limit.span, now)
        with self._guard:
            self._add((limit.name, who, window), 1)
            self._add((limit.name, None, window), 1)
        return True

    def _add(self, key: tuple[str, object, int], more: int) -> int:
        counted = self._counts[key] = self._counts.get(key, 0) + more
        self._counts.move_to_end(key)
        if len(self._counts) > MOST_KEPT:
            self._counts.popitem(last=False)
        return counted


def _window(span: timedelta, now: datetime) -> int:
    return int(now.timestamp() // span.total_seconds())


def is_told(times: int) -> bool:
    """Whether the same thing is worth a record again: the first time, the tenth, the hundredth."""
    while times >= 10 and times % 10 == 0:
        times //= 10
    return times == 1
