"""Groups of people × steps and benefits: who is named, what is wanted, what the clause says of groups."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from policy.answers.unwritten import pattern
from policy.files import PolicyError

ENROL = "enrol"
KIN = "kin"
WORKER = "worker"  # plainly somebody who works: one of 各类从业人员
OTHERS = (KIN, "other")  # who says nothing of what they are: told only where no other group is named
SINGLED_OUT_BY_NOBODY = "worker-kinds"  # the entry on groups that the notice does not single out
# What is left of a spelling when its optional parts and alternatives are taken away: plain words only.
_PLAIN = re.compile(r"[0-9a-z\u4e00-\u9fff]{2,8}")


@dataclass(frozen=True)
class Group:
    """A group of people.

    `enrol` is an entry, `worker` or `unclear`; `bars` what clause 三 says of it; `only` the one step
    at which it matters.
    """

    id: str
    name: str
    enrol: str
    why: str
    bars: str
    only: str
    words: re.Pattern[str]
    never: re.Pattern[str] | None
    spellings: tuple[str, ...]

    def named(self, plain: str) -> re.Match[str] | None:
        """Where bare text names it."""
        found = self.words.search(plain)
        return None if found and self.never is not None and self.never.search(plain) else found

    @property
    def entry(self) -> str:
        """The entry on whether it may take part."""
        return SINGLED_OUT_BY_NOBODY if self.enrol in (WORKER, "unclear") else self.enrol


@dataclass(frozen=True)
class Named:
    """A group that a text names, by which name, and where."""

    group: Group
    name: str
    span: tuple[int, int]


def without(plain: str, named: Sequence[Named]) -> str:
    """Bare text without the names of groups: 没职称的 asks for no title."""
    for start, end in sorted((n.span for n in named), reverse=True):
        plain = plain[:start] + plain[end:]
    return plain


@dataclass(frozen=True)
class Step:
    """A step or benefit, the entries on it, and what its clause says of any group."""

    id: str
    name: str
    clause: str
    entry: str
    entries: tuple[str, ...]
    rank: int
    then: str
    says: str
    words: re.Pattern[str]
    asks: tuple[str, ...]


@dataclass(frozen=True)
class Composed:
    """The groups and steps."""

    groups: Mapping[str, Group]
    steps: Mapping[str, Step]
    bars: Mapping[str, str]
    enrol: Mapping[str, str]
    next: Mapping[str, str]

    def after(self, entry: str) -> str:
        """The entry on what comes after that one's; "" where nothing does."""
        step = self.step_of(entry)
        return self.next.get(entry) or (step.then if step is not None else "")

    def step_of(self, entry: str) -> Step | None:
        """The step that an entry belongs to."""
        return next((s for s in self.steps.values() if entry in s.entries), None)

    def groups_in(self, plain: str) -> list[Named]:
        """The groups that bare text names, in the order of the file; of words inside words the longer."""
        found = [(m.span(), g) for g in self.groups.values() if (m := g.named(plain))]
        kept: list[Named] = []
        for (start, end), group in found:
            others = (f for f in found if f[1] is not group and f[1].id not in OTHERS)
            longer = ((s, e) for (s, e), _ in others if e - s > end - start)
            same = any(n.span == (start, end) for n in kept)
            if not same and not any(s <= start and end <= e for s, e in longer):
                kept.append(Named(group, group.name or plain[start:end], (start, end)))
        known = [n for n in kept if n.group.id not in OTHERS]
        return known or kept[:1]

    def steps_in(self, plain: str) -> list[Step]:
        """The steps that bare text names, highest rank first."""
        found = [s for s in self.steps.values() if s.words.search(plain)]
        return sorted(found, key=lambda s: -s.rank)

    def sentence(self, named: Sequence[Named], step: Step) -> str:
        """What the notice says of these groups at that step; "" where the group's entry says it."""
        groups = [n.group for n in named]
        group = groups[0]
        name = "、".join(n.name for n in named[:2])
        if step.id == ENROL:
            template = self.enrol.get(group.enrol, "")
            return template.format(group=name, why=group.why)
        barred = next((self.bars[g.bars] for g in groups if g.bars), "")
        return barred + step.says.format(group=name)


def _group(raw: dict[str, Any]) -> Group:
    words = pattern(raw["words"])
    if words is None:
        raise PolicyError(f"answers/composed/groups.yaml: {raw['id']}: 没有写叫法")
    plain = tuple(w for w in raw["words"].split() if _PLAIN.fullmatch(w))
    if not plain and not (raw["name"] and words.search(raw["name"])):
        raise PolicyError(f"answers/composed/groups.yaml: {raw['id']}: 至少写一个不带记号的叫法")
    return Group(
        raw["id"],
        raw["name"],
        raw["enrol"],
        raw.get("why", ""),
        raw.get("bars", ""),
        raw.get("only", ""),
        words,
        pattern(raw.get("never", "")),
        tuple(dict.fromkeys(w for w in (raw["name"], *plain[:5]) if w and words.search(w))) or plain[:5],
    )


def _step(raw: dict[str, Any]) -> Step:
    words = pattern(raw["words"])
    if words is None:
        raise PolicyError(f"answers/composed/steps.yaml: {raw['id']}: 没有写叫法")
    return Step(
        raw["id"],
        raw["name"],
        raw["clause"],
        raw["entry"],
        tuple(raw["entries"]),
        raw["rank"],
        raw["then"],
        raw["says"],
        words,
        tuple(raw["asks"]),
    )


def parse_composed(groups: Mapping[str, Any], steps: Mapping[str, Any]) -> Composed:
    """Return the groups and steps of two files.

    Raises:
        PolicyError: a file is incomplete; the message says where.
    """
    return Composed(
        MappingProxyType({raw["id"]: _group(raw) for raw in groups["groups"]}),
        MappingProxyType({raw["id"]: _step(raw) for raw in steps["steps"]}),
        MappingProxyType(steps["bars"]),
        MappingProxyType(steps["enrol"]),
        MappingProxyType(steps["next"]),
    )


def composed_lines(data: Composed) -> Iterator[tuple[str, str]]:
    """(question, entry) for every group at every step, three wordings each, the same every time."""
    for row, group in enumerate(data.groups.values()):
        for column, step in enumerate(data.steps.values()):
            entry = group.entry if step.id == ENROL else step.entry
            if group.only and group.only != step.id:
                continue
            for turn in range(3):
                ask = step.asks[(row + column + turn) % len(step.asks)]
                name = group.spellings[(row + turn) % len(group.spellings)]
                yield ask.format(g=name), entry
