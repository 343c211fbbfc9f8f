"""The material the question index learns from and is judged by: entries, and authors' questions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from policy.files import PolicyError
from policy.index.index import inputs_hash
from policy.reading.text import normalise

# What `policy evaluate --without` can leave out: groups × steps, points × topics, kinds of questions,
# near misses, authors who saw the notice only.
PARTS = ("composition", "points", "marks", "near", "readers")
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
    marks: bool = True  # whether kinds of questions are looked at beside the grams
    near: bool = True  # whether near misses are learnt from
    reads: bool = True  # whether authors who saw the notice only are learnt from

    def unwritten(self, entry: str) -> bool:
        """Whether the entry's point is one that the notice does not write."""
        return bool(self.entries[entry][5])

    def without(self, *names: str) -> Material:
        """The same without some authors, nor any line of the house that one of these wrote too."""
        gone = [self.authors[name] for name in names]
        same = {normalise(t) for a in gone for t, _ in a.phrasings + a.near}
        same |= {normalise(t) for a in gone for t in a.foreign}
        authors = {n: a for n, a in self.authors.items() if n not in names}
        if HOUSE in authors:
            authors[HOUSE] = authors[HOUSE].keep(lambda text: normalise(text) not in same)
        return replace(self, authors=authors)

    def lacking(self, part: str) -> Material:
        """The same without one part of what is learnt from, to see what it is worth.

        Raises:
            PolicyError: there is no such part.

        """
        if part == "composition":
            return replace(self, composed=[])
        if part == "points":
            return replace(self, unwritten_lines=[])
        if part == "marks":
            return replace(self, marks=False)
        if part == "near":
            return replace(self, near=False)
        if part == "readers":
            return replace(self, reads=False)
        raise PolicyError(f"--without {part}: {', '.join(PARTS)}")

    @property
    def teachers(self) -> list[Author]:
        """The authors learnt from."""
        readers = () if self.reads else self.readers
        return [a if self.near else replace(a, near=[]) for n, a in self.authors.items() if n not in readers]

    @property
    def guests(self) -> list[str]:
        """Authors that can be held out."""
        return [n for n in self.authors if n != HOUSE]

    @property
    def readers(self) -> list[str]:
        """Authors who saw the notice and nothing else, so that some of their points are not in it."""
        return [n for n in self.guests if self.authors[n].near]


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


def house_folds(material: Material, folds: int = 2) -> Iterator[tuple[Material, Author]]:
    """The house's small talk and foreign questions, held out in turns: nobody else writes small talk."""
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
