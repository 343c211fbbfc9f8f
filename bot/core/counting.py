"""What is counted of messages, kept in this process until it is written in one go, apart from them.

A message costs no statement more; what a process had not written when it was killed is not counted.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from policy.calendar.quarters import local
from storage.desk.weeks import week_of

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from storage.monitoring.counted import Key

MOST_NEAR = 2_000  # different questions between two writings; further ones are only counted by topic


@dataclass(frozen=True)
class Near:
    """A question that was answered with what stands near it, masked; who asked is not known here."""

    same: str
    text: str
    entry: str


@dataclass
class OfTurn:
    """What one message is counted for; taken over once it is committed."""

    counts: list[tuple[str, str, str]] = field(default_factory=list)  # kind, topic, depth
    near: list[Near] = field(default_factory=list)

    def add(self, kind: str, topic: str, depth: str) -> None:
        """Count one more."""
        self.counts.append((kind, topic[:64], depth[:64]))


class Counts:
    """What is not written yet. Safe across threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._counts: Counter[Key] = Counter()
        self._near: Counter[Near] = Counter()

    def take_over(self, turn: OfTurn, channel: str, now: datetime) -> None:
        """Take over what a message is counted for."""
        if not turn.counts and not turn.near:
            return
        week = week_of(local(now))
        with self._guard:
            self._counts.update((week, channel[:16], *one) for one in turn.counts)
            self._add_near(dict.fromkeys(turn.near, 1).items())

    def write(self, engine: Engine, now: datetime) -> None:
        """Write all of it; kept for the next time when it cannot be.

        Raises:
            StorageUnavailable: it cannot be written now.
        """
        from storage.connections.database import transaction
        from storage.desk import questions
        from storage.monitoring import counted

        with self._guard:
            counts, self._counts = self._counts, Counter()
            near, self._near = self._near, Counter()
        if not counts and not near:
            return
        try:
            with transaction(engine, alone=True) as connection:
                counted.add(connection, counts)
                for one, times in sorted(near.items(), key=lambda pair: pair[0].same):
                    questions.queue_near(connection, one.same, one.text, one.entry, times, local(now))
        except BaseException:
            with self._guard:
                self._counts.update(counts)
                self._add_near(near.items())
            raise

    def _add_near(self, found: Iterable[tuple[Near, int]]) -> None:
        for one, times in found:
            if one in self._near or len(self._near) < MOST_NEAR:
                self._near[one] += times
