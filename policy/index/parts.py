"""What understanding a message comes to: its questions, how deep each is answered, what it was about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from policy.answers.entries import Entry
from policy.index.index import Found

Kind = Literal["exact", "unwritten", "unsure", "group", "covered"]


@dataclass(frozen=True)
class Topic:
    """What a conversation is about: the entry answered last, and the group it was answered for."""

    entry: str
    group: str = ""

    @classmethod
    def unpack(cls, stored: str | None) -> Topic | None:
        """From how a conversation keeps it."""
        entry, _, group = (stored or "").partition(" ")
        return cls(entry, group) if entry else None

    def pack(self) -> str:
        """As a conversation keeps it."""
        return f"{self.entry} {self.group}".rstrip()


@dataclass(frozen=True)
class Part:
    """One question and how it is answered.

    A group is `covered` where the clause's own words, 各类从业人员, take it in.
    `missing` names the point that is not written, when the entry's own answer does not say so;
    `opens` is the word that grants what was asked; `sentence` is what the notice says of the group;
    `why` asks for the words of the notice behind the answer before. `also` is another entry that may
    be the topic just as well, where the point was not recognised.
    """

    entry: str
    kind: Kind
    missing: str = ""
    opens: str = ""
    sentence: str = ""
    clauses: tuple[str, ...] = ()
    group: str = ""
    why: bool = False
    also: str = ""

    def near(self, told: Entry) -> bool:
        """Whether the notice does not write the point, or it was not recognised; `told` is the entry."""
        return self.kind != "covered" and (self.kind != "exact" or told.unwritten)


@dataclass(frozen=True)
class Understood:
    """A message as understood: the index's decision, and its questions one by one."""

    found: Found
    parts: tuple[Part, ...] = ()

    @property
    def topic(self) -> Topic | None:
        """What the conversation is about afterwards."""
        if not self.parts:
            return None
        return Topic(self.parts[-1].entry, self.parts[-1].group)


def each_once(parts: Iterable[Part]) -> tuple[Part, ...]:
    """The parts without those that say the same again; what was recognised rather than what was not."""
    kept: dict[tuple[str, str], Part] = {}
    for part in parts:
        key = (part.entry, part.sentence)
        if key not in kept or kept[key].kind == "unsure":
            kept[key] = part
    return tuple(kept.values())
