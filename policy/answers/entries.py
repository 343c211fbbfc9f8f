"""The library of answers: one entry per question people have, each resting on clauses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from types import MappingProxyType
from typing import Any

from policy.files import PolicyError, as_day


@dataclass(frozen=True)
class Source:
    """A fact from outside the notice: never told without where it comes from."""

    fact: str
    source: str
    confidence: str
    date: date | None = None


@dataclass(frozen=True)
class Entry:
    """One answer.

    `title` is the question in people's words (used as a button); `answer` says the conclusion
    first; `quote` is the sentence of the notice that matters, verbatim; `check` names the guided
    check that goes further; `publishable` names the kinds of office publications that complete it;
    `service` names what can be done right there (subscribe, complaint).
    `opens` is the word that grants what was asked (会, 有), said only to a question of just this point
    and polarity, and where `opens_for` lists words, only to one that has one of them.
    `members`: what stands in the list that the notice prints here, as people call it; whether one of
    them does is always the entry's point. `unwritten`: the entry's point is one that the notice does
    not write; `points`: those of the reviewed list of such points that its answer itself says are not
    written.
    """

    id: str
    topic: str
    title: str
    answer: str
    clauses: tuple[str, ...] = ()
    quote: str = ""
    related: tuple[str, ...] = ()
    check: str = ""
    publishable: tuple[str, ...] = ()
    service: str = ""
    opens: str = ""
    opens_for: str = ""
    members: str = ""
    unwritten: bool = False
    points: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    smalltalk: bool = False
    notice: str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    replaces: str = ""

    def holds(self, on: date) -> bool:
        """Whether this answer is the one to give on that day."""
        return (self.valid_from is None or self.valid_from <= on) and (
            self.valid_until is None or on <= self.valid_until
        )


def parse_topic(name: str, data: dict[str, Any]) -> list[Entry]:
    """The entries of one topic file.

    Raises:
        PolicyError: a field is missing or unknown; the message names the file and the entry.
    """
    entries = []
    for raw in data["entries"]:
        try:
            fields = _fields(raw)
            entries.append(Entry(topic=data["topic"], smalltalk=bool(data.get("smalltalk")), **fields))
        except TypeError as error:
            raise PolicyError(f"answers/{name}: {raw.get('id', '?')}: {error}") from error
    return entries


def overlaid(entries: Iterable[Entry], later: Iterable[Mapping[str, Any]]) -> list[Entry]:
    """Return the entries with later ones over them: a known id changes what it names, a new one is added.

    Raises:
        PolicyError: a later one has no id, or a field is missing or unknown.
    """
    found = list(entries)
    places = {entry.id: place for place, entry in enumerate(found)}
    for raw in later:
        entry_id = raw.get("id", "")
        try:
            fields = _fields(raw)
            if entry_id in places:
                found[places[entry_id]] = replace(found[places[entry_id]], **fields)
            else:
                places[entry_id] = len(found)
                found.append(Entry(**fields))
        except TypeError as error:
            raise PolicyError(f"answers/layer: {entry_id or '?'}: {error}") from error
    return found


def _fields(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that a raw entry names, as an `Entry` takes them."""
    fields = dict(raw)
    if "sources" in fields:
        dated = ({**s, "date": as_day(s.get("date"))} for s in fields["sources"])
        fields["sources"] = tuple(Source(**s) for s in dated)
    for key in ("clauses", "related", "publishable", "points"):
        if key in fields:
            fields[key] = tuple(fields[key])
    for key in ("valid_from", "valid_until"):
        if key in fields:
            fields[key] = as_day(fields[key])
    return fields


class Answers:
    """Entries by id, as of a day."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        known: dict[str, Entry] = {}
        self.entries: Mapping[str, Entry] = MappingProxyType(known)
        self._replacing: dict[str, list[Entry]] = {}
        for entry in entries:
            if entry.replaces:
                self._replacing.setdefault(entry.replaces, []).append(entry)
            if entry.id in known:
                raise PolicyError(f"answers/: 条目编号重复 {entry.id}")
            known[entry.id] = entry

    def get(self, entry_id: str, on: date | None = None) -> Entry | None:
        """The entry, or the one that replaces it on that day; None when there is none."""
        if on is not None:
            replacing = [e for e in self._replacing.get(entry_id, ()) if e.holds(on)]
            if replacing:  # the youngest, should two hold
                return max(replacing, key=lambda e: e.valid_from or date.min)
        entry_or_none = self.entries.get(entry_id)
        if entry_or_none is None or (on is not None and not entry_or_none.holds(on)):
            return None
        return entry_or_none

    def related(self, entry: Entry, on: date | None = None) -> list[Entry]:
        """The entries named as related, those that hold on that day."""
        found = (self.get(i, on) for i in entry.related)
        return [e for e in found if e is not None]

    @cached_property
    def by_topic(self) -> Mapping[str, tuple[Entry, ...]]:
        """Topic title → its entries, small talk left out, in file order."""
        topics: dict[str, list[Entry]] = {}
        for entry in self.entries.values():
            if not entry.smalltalk and not entry.replaces:
                topics.setdefault(entry.topic, []).append(entry)
        return MappingProxyType({topic: tuple(entries) for topic, entries in topics.items()})
