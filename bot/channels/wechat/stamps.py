"""Which message a timestamp and nonce came with: in plain mode nothing else ties the two together."""

from __future__ import annotations

import hashlib
from collections import OrderedDict

MOST = 50_000  # kept at once; the oldest go


class UsedStamps:
    """The (timestamp, nonce) pairs of the last `seconds`, each bound to the body it first came with."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._seen: OrderedDict[tuple[str, str], tuple[bytes, float]] = OrderedDict()

    def is_of(self, given: tuple[str, str], body: bytes, now: float) -> bool:
        """Whether the pair came with this body before, or never."""
        digest = hashlib.sha256(body).digest()
        while self._seen and next(iter(self._seen.values()))[1] < now - 2 * self._seconds:
            self._seen.popitem(last=False)
        first, _ = self._seen.setdefault(given, (digest, now))
        if len(self._seen) > MOST:
            self._seen.popitem(last=False)
        return first == digest
