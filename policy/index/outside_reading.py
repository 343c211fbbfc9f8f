"""What a reader outside the index, a language model, may say of a question: ids, and nothing else.

It is asked only where the index is unsure. It never grants anything: a word that opens an answer (会, 可以)
is not said on its reading, and an entry is told as the point that was asked only where the index ranks
that entry first too. What does not fit is dropped, and the index's own reading stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from policy.answers.entries import Entry
from policy.answers.groups import ENROL, Named
from policy.index.index import Found
from policy.index.parts import Part, Topic, Understood
from policy.index.relevance import perhaps_ours
from policy.index.understanding import QuestionReader

NONE = "none"
DEPTHS = ("exact", "near")
LONGEST = 200  # characters of a question that is given away; who writes more tells a story


@dataclass(frozen=True)
class OutsideReading:
    """One question as it was read outside; "" for what was not found in it.

    `text` is the question that was given away, `exact` whether the entry's own point was asked.
    """

    text: str
    entry: str = ""
    exact: bool = False
    point: str = ""
    group: str = ""
    job: str = ""


# Reads a question outside; None where that could not be done, or not in time.
Ask = Callable[[str], OutsideReading | None]


@dataclass(frozen=True)
class Catalogue:
    """Every id that a reading may hold, with the words by which it is explained to the reader."""

    entries: Mapping[str, str]
    points: Mapping[str, str]
    groups: Mapping[str, str]
    jobs: Mapping[str, str]

    def schema(self) -> dict[str, Any]:
        """The JSON schema of a reading; it is the same for every question."""
        fields: dict[str, Any] = {
            "entry": {"type": "string", "enum": [*self.entries, NONE]},
            "depth": {"type": "string", "enum": list(DEPTHS)},
            "point": {"type": "string", "enum": [*self.points, NONE]},
            "group": {"type": "string", "enum": [*self.groups, NONE]},
            "job": {"type": "string", "enum": [*self.jobs, NONE]},
        }
        return {
            "type": "object",
            "properties": fields,
            "required": list(fields),
            "additionalProperties": False,
        }

    def reading(self, text: str, said: object) -> OutsideReading | None:
        """What was said of a question; None when it is no such object, or names an entry there is not."""
        if not isinstance(said, dict):
            return None
        entry = said.get("entry")
        if entry != NONE and (not isinstance(entry, str) or entry not in self.entries):
            return None
        return OutsideReading(
            text,
            "" if entry == NONE else entry,
            said.get("depth") == "exact",
            _known(said.get("point"), self.points),
            _known(said.get("group"), self.groups),
            _known(said.get("job"), self.jobs),
        )


def _known(value: object, ids: Mapping[str, str]) -> str:
    return value if isinstance(value, str) and value in ids else ""


def catalogue_of(reader: QuestionReader, jobs: Mapping[str, str]) -> Catalogue:
    """The ids of the entries, points and groups that a reader of questions knows; `jobs`: id → name."""
    entries = reader.answers.entries.values()
    return Catalogue(
        {e.id: e.title for e in entries if e.clauses and not e.smalltalk and not e.replaces},
        {p.id: p.name for p in reader.unwritten.points.values()},
        {g.id: g.name or g.spellings[0] for g in reader.composed.groups.values()},
        dict(jobs),
    )


def is_unsure(reader: QuestionReader, text: str, understood: Understood) -> bool:
    """Whether one question was read, and its topic or its point was not recognised."""
    found, parts = understood.found, understood.parts
    if not text.strip() or len(text) > LONGEST or found.left:
        return False
    if found.kind == "choose":
        return True
    if found.kind == "refuse":
        return perhaps_ours(text, found, reader.index)
    return len(parts) == 1 and parts[0].kind == "unsure"


def read_outside(reader: QuestionReader, ask: Ask, text: str, last: str | None) -> OutsideReading | None:
    """Ask outside where the index is unsure of a question; `last` is what the conversation is about."""
    understood = reader.understand(text, Topic.unpack(last))
    return ask(text) if is_unsure(reader, text, understood) else None


def applied(
    reader: QuestionReader, understood: Understood, reading: OutsideReading | None, last: str | None = None
) -> Understood:
    """The question as understood with the reading's help; as it was where that does not fit."""
    if reading is None or not is_unsure(reader, reading.text, understood):
        return understood
    entry = reader.answers.entries.get(reading.entry)
    if entry is None or not entry.clauses:
        return understood
    part = _part(reader, entry, reading, last)
    found = understood.found
    near = tuple(e for e in (*found.entries, *found.near) if e != part.entry)[:3]
    return replace(understood, found=Found("answer", (part.entry,), near), parts=(part,))


def _part(reader: QuestionReader, entry: Entry, reading: OutsideReading, last: str | None) -> Part:
    """How the entry is told."""
    group, step = reader.composed.groups.get(reading.group), reader.composed.step_of(entry.id)
    if group is not None and step is not None and step.id != ENROL and group.only in ("", step.id):
        named = [Named(group, group.name or group.spellings[0], (0, 0))]
        barred = ("三",) if group.bars else ()
        told = reader.answers.entries[step.entry] if entry.unwritten else entry
        says = reader.composed.sentence(named, step)
        return Part(told.id, "group", sentence=says, clauses=(*barred, step.clause), group=group.id)
    point = reader.unwritten.points.get(reading.point)
    if point is not None and entry.id not in point.exempt:
        said = point.id in entry.points
        if said or point.unwritten_on(entry.clauses):
            return Part(entry.id, "unwritten", missing="" if said else point.name)
    topic = Topic.unpack(last)
    first, _ = reader.index.rank(reading.text, topic.entry if topic else None)[0]
    return Part(entry.id, "exact" if reading.exact and first == entry.id else "unsure")
