"""The material the question index learns from and is judged by: entries, and authors' questions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from policy.files import PolicyError
from policy.index.index import inputs_hash
from policy.reading.text import normalise

HOUSE = "house"  # the author whose phrasings are always in training and never counted


@dataclass
class Author:
    """What one author wrote, as it stands in the file."""

    name: str
    phrasings: list[tuple[str, str]]  # (text, entry)
    neighbour: list[str] = field(default_factory=list)
    far: list[str] = field(default_factory=list)
    double: list[tuple[str, tuple[str, str]]] = field(default_factory=list)
    followup: list[tuple[str, str, str]] = field(default_factory=list)  # (after, text, entry)
    # (text, entry): on the entry's topic, but with another point than its own
    near: list[tuple[str, str]] = field(default_factory=list)

    @property
    def foreign(self) -> list[str]:
        """All that is none of ours."""
        return self.neighbour + self.far

    def keep(self, wanted: Callable[[str], bool]) -> Author:
        """The same with only the phrasings and foreign questions that are wanted."""
        return replace(
            self,
            phrasings=[(t, e) for t, e in self.phrasings if wanted(t)],
            neighbour=[t for t in self.neighbour if wanted(t)],
            far=[t for t in self.far if wanted(t)],
            near=[(t, e) for t, e in self.near if wanted(t)],
        )


@dataclass
class Material:
    """Entries (id → title, answer, related …) and authors."""

    entries: dict[str, list[Any]]
    authors: dict[str, Author]
    hash: str = ""
    composed: list[tuple[str, str]] = field(default_factory=list)  # groups × steps, made by code
    unwritten_lines: list[tuple[str, str]] = field(default_factory=list)  # points × topics, likewise

    def unwritten(self, entry: str) -> bool:
        """Whether the entry's point is one that the notice does not write."""
        return bool(self.entries[entry][5])

    def without(self, name: str) -> Material:
        """The same without one author, nor any line of the house that this author wrote too."""
        gone = self.authors[name]
        same = {normalise(t) for t, _ in gone.phrasings + gone.near} | {normalise(t) for t in gone.foreign}
        authors = {n: a for n, a in self.authors.items() if n != name}
        if HOUSE in authors and name != HOUSE:
            authors[HOUSE] = authors[HOUSE].keep(lambda text: normalise(text) not in same)
        return replace(self, authors=authors)

    @property
    def guests(self) -> list[str]:
        """Authors that can be held out."""
        return [n for n in self.authors if n != HOUSE]


def material_of(inputs: Mapping[str, Any]) -> Material:
    """Return the training material from all that training reads.

    Raises:
        PolicyError: a phrasing names an entry that does not exist.

    """
    authors = {}
    for name, data in inputs["phrasings"].items():
        phrasings = data.get("phrasings") or {}
        near = data.get("near") or {}
        for entry in (*phrasings, *near):
            if entry not in inputs["entries"]:
                raise PolicyError(f"phrasings/{name}: 没有条目 {entry}")
        foreign = data.get("foreign") or {}
        author = Author(
            name=data["author"],
            phrasings=[(str(t), e) for e, texts in phrasings.items() for t in texts],
            neighbour=[str(t) for t in foreign.get("neighbour", ())],
            far=[str(t) for t in foreign.get("far", ())],
            double=[(d["text"], tuple(d["entries"])) for d in data.get("double") or ()],
            followup=[(f["after"], f["text"], f["entry"]) for f in data.get("followup") or ()],
            near=[(str(t), e) for e, texts in near.items() for t in texts],
        )
        authors[author.name] = author
    lines = [(text, entry) for text, entry in inputs["composed"]]
    beside = [(text, entry) for text, entry in inputs["unwritten"]]
    return Material(inputs["entries"], authors, inputs_hash(inputs), lines, beside)


def house_folds(material: Material, folds: int = 4) -> Iterator[tuple[Material, Author]]:
    """The house's small talk and foreign questions, held out by quarters: nobody else writes small talk."""
    house = material.authors.get(HOUSE)
    if house is None:
        return
    chat = [t for t, e in house.phrasings if material.entries[e][4]]
    near = [t for t, _ in house.near]
    for fold in range(folds):
        held = set(chat[fold::folds] + house.foreign[fold::folds] + near[fold::folds])
        rest = house.keep(lambda text, held=held: text not in held)  # type: ignore[misc]
        yield (
            replace(material, authors={**material.authors, HOUSE: rest}),
            house.keep(lambda text, held=held: text in held),  # type: ignore[misc]
        )
