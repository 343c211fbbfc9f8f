"""The questions that wait, grouped by meaning before the transaction that shows them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.app import App
from policy.calendar.quarters import local
from policy.corpus import Corpus
from policy.question_groups import Meaning, grouped, meaning
from policy.reading.text import normalise
from storage.connections.database import transaction
from storage.desk import question_groups
from storage.desk.question_groups import Waiting
from storage.desk.weeks import last_weeks

MOST = 2_000  # questions grouped: what people handed over, then the commonest
WEEKS = 4  # of the trend, this one included
KEPT = 5_000  # meanings remembered, of one version of the answers
FRESH = 300  # questions read for their meaning at once, some milliseconds each; the next look reads further
ORDER = ("handed", "disliked", "refused", "unsure", "near")


@dataclass(frozen=True)
class Group:
    """Questions of one meaning, the commonest first; `weeks`: how often in each, the newest last."""

    asked: tuple[Waiting, ...]
    about: Meaning
    weeks: tuple[int, ...]

    @property
    def id(self) -> int:
        """The first question's number, which stands for the group in an address."""
        return self.asked[0].id

    @property
    def count(self) -> int:
        """How often all of them were asked."""
        return sum(one.count for one in self.asked)

    @property
    def kinds(self) -> dict[str, int]:
        """Why they wait → how many of them."""
        found = {why: sum(one.why == why for one in self.asked) for why in ORDER}
        return {why: many for why, many in found.items() if many}

    @property
    def trend(self) -> str:
        """up, down, or "" for as it was."""
        before, this = self.weeks[-2:]
        return "up" if this > before else "down" if this < before else ""


@dataclass(frozen=True)
class Grouped:
    """All groups, those with somebody who waits for a person first, then the commonest."""

    groups: tuple[Group, ...]
    total: int
    looked_at: int

    def of(self, question_id: int) -> Group | None:
        """Return the group that a question is in."""
        return next((g for g in self.groups if any(one.id == question_id for one in g.asked)), None)


class _Meanings:
    """What questions are about, remembered for the answers in use."""

    def __init__(self) -> None:
        self._corpus: Corpus | None = None
        self._known: OrderedDict[str, Meaning] = OrderedDict()
        self._guard = threading.Lock()

    def of(self, corpus: Corpus, asked: Sequence[Waiting]) -> list[Meaning]:
        """Return what each is about; of those not read yet what was answered, till the next look."""
        fresh, found = 0, []
        for one in asked:
            key = normalise(one.text)
            about = self._get(corpus, key)
            if about is None and fresh < FRESH:
                fresh, about = fresh + 1, meaning(corpus, one.text)
                self._put(corpus, key, about)
            found.append(about or Meaning(one.entry or ""))
        return found

    def _get(self, corpus: Corpus, key: str) -> Meaning | None:
        with self._guard:
            if self._corpus is not corpus:
                self._corpus, self._known = corpus, OrderedDict()
            return self._known.get(key)

    def _put(self, corpus: Corpus, key: str, about: Meaning) -> None:
        with self._guard:
            if self._corpus is corpus:
                self._known[key] = about
                if len(self._known) > KEPT:
                    self._known.popitem(last=False)


_MEANINGS = _Meanings()


def work_out(app: App, params: Mapping[str, str], now: datetime) -> Grouped:
    """Return the questions that wait, in groups."""
    weeks = last_weeks(local(now), WEEKS)
    with transaction(app.engine, read_only=True) as connection:
        waiting, total = question_groups.waiting(connection, weeks[0], MOST)
    corpus = app.corpus
    meanings = _MEANINGS.of(corpus, waiting)
    found = []
    for places in grouped([one.text for one in waiting], meanings):
        asked = tuple(sorted((waiting[i] for i in places), key=lambda one: (-one.count, one.id)))
        trend = tuple(sum(one.asked.get(week, 0) for one in asked) for week in weeks)
        found.append(Group(asked, meanings[places[0]], trend))
    found.sort(key=lambda g: ("handed" not in g.kinds, -g.count, g.id))
    return Grouped(tuple(found), total, len(waiting))
