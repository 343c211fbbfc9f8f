"""What people could not be given for a technical reason: a line in the log for each kind, not each try."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable

from bot.core.log import event
from storage.connections.database import StorageUnavailable

EVERY_SECONDS = 60.0  # of one place and reason: a line at once, then one a minute with how many


class Refusals:
    """Counts refusals by (where, reason). Safe on several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.total: Counter[tuple[str, str]] = Counter()  # since the process began, for the metrics
        self._clock = clock
        self._told: dict[tuple[str, str], float] = {}
        self._untold: Counter[tuple[str, str]] = Counter()
        self._guard = threading.Lock()

    def note(self, where: str, reason: str) -> None:
        """Count one, and tell it unless the same was told within the minute."""
        key = (where, reason)
        with self._guard:
            self.total[key] += 1
            self._untold[key] += 1
            now = self._clock()
            if now - self._told.get(key, -EVERY_SECONDS) < EVERY_SECONDS:
                return
            self._told[key] = now
            times = self._untold.pop(key)
        _tell(key, times)

    def flush(self) -> None:
        """Tell what is still untold: the last of an outage are followed by none."""
        with self._guard:
            now = self._clock()
            due = [k for k in self._untold if now - self._told.get(k, -EVERY_SECONDS) >= EVERY_SECONDS]
            told = {key: self._untold.pop(key) for key in due}
            self._told.update(dict.fromkeys(due, now))
        for key, times in told.items():
            _tell(key, times)


def _tell(key: tuple[str, str], times: int) -> None:
    event("refused", logging.ERROR, where=key[0], reason=key[1], times=times)


REFUSALS = Refusals()


def refused(where: str, error: StorageUnavailable) -> None:
    """Note that somebody was told to try again, or a platform was, because storage could not be used."""
    REFUSALS.note(where, error.reason)
