"""The material the question index learns from and is judged by: entries, and authors' questions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from policy.answers.entries import Answers
from policy.answers.groups import Composed, composed_lines, without
from policy.answers.unwritten import Unwritten, unwritten_lines
from policy.files import PolicyError
from policy.index.index import inputs_hash
from policy.reading.text import bare, normalise, unified

# What `policy evaluate --without` can leave out: groups × steps, points × topics, kinds of questions,
# near misses, authors who saw the notice only.
PARTS = ("composition", "points", "marks", "near", "readers")
HOUSE = "house"  # the author whose phrasings are always in training and never counted


def training_inputs(
    answers: Answers, phrasings: Mapping[str, Any], composed: Composed, unwritten: Unwritten
) -> dict[str, Any]:
    """All that training reads: entries, phrasing files and made-up lines, in file order.

    `points` are the phrasings that ask for a point the entry's own answer says is not written.
    """
    entries = {
        e.id: [e.title, e.answer, list(e.related), e.topic, e.smalltalk, e.unwritten, e.clauses[:1]]
        for e in answers.entries.values()
        if not e.replaces
    }
    clauses = {e.id: e.clauses for e in answers.entries.values()}
    return {
        "entries": entries,
        "phrasings": dict(phrasings),
        "points": [list(line) for line in _beside_their_entry(answers, phrasings, composed, unwritten)],
        "composed": [list(line) for line in composed_lines(composed)],
        "unwritten": [list(line) for line in unwritten_lines(unwritten, clauses)],
    }


def _beside_their_entry(
    answers: Answers, phrasings: Mapping[str, Any], composed: Composed, unwritten: Unwritten
) -> Iterator[tuple[str, str]]:
    """(text, entry) of phrasings whose point is listed as not written, by who knew the entries.

    Who knew them put 考试题型 to the entry on what is asked, whose answer ends by saying it is not written.
    """
    for data in phrasings.values():
        if data.get("near") and data["author"] != HOUSE:  # labelled by the point
            continue
        for entry in (answers.entries[e] for e in data.get("phrasings") or {} if e in answers.entries):
            if entry.unwritten or not entry.clauses:
                continue
            for text in map(str, data["phrasings"][entry.id]):
                plain = bare(unified(text))
                if unwritten.missing(entry, without(plain, composed.groups_in(plain))):
                    yield text, entry.id


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
    # (text, entry): a group of people at the entry's step: the topic, and no point
    grouped: list[tuple[str, str]] = field(default_factory=list)
    # (text, entry): a point that the entry's answer itself says is not written
    points: list[tuple[str, str]] = field(default_factory=list)

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
            grouped=[(t, e) for t, e in self.grouped if wanted(t)],
            points=[(t, e) for t, e in self.points if wanted(t)],
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
        same = {normalise(t) for a in gone for t, _ in a.phrasings + a.near + a.grouped + a.points}
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
    beside = {(text, entry) for text, entry in inputs["points"]}
    for name, data in inputs["phrasings"].items():
        phrasings = data.get("phrasings") or {}
        near = data.get("near") or {}
        grouped = data.get("grouped") or {}
        for entry in (*phrasings, *near, *grouped):
            if entry not in inputs["entries"]:
                raise PolicyError(f"phrasings/{name}: 没有条目 {entry}")
        foreign = data.get("foreign") or {}
        told = [(str(t), e) for e, texts in phrasings.items() for t in texts]
        labelled = bool(near) and data["author"] != HOUSE
        author = Author(
            name=data["author"],
            phrasings=[line for line in told if labelled or line not in beside],
            points=[line for line in told if not labelled and line in beside],
            neighbour=[str(t) for t in foreign.get("neighbour", ())],
            far=[str(t) for t in foreign.get("far", ())],
            double=[(d["text"], tuple(d["entries"])) for d in data.get("double") or ()],
            followup=[(f["after"], f["text"], f["entry"]) for f in data.get("followup") or ()],
            near=[(str(t), e) for e, texts in near.items() for t in texts],
            grouped=[(str(t), e) for e, texts in grouped.items() for t in texts],
        )
        authors[author.name] = author
    lines = [(text, entry) for text, entry in inputs["composed"]]
    made_up = [(text, entry) for text, entry in inputs["unwritten"]]
    return Material(inputs["entries"], authors, inputs_hash(inputs), lines, made_up)


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
