"""What a reader outside the index gains and harms, on questions of authors the index has not learnt from."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from policy.index.index import Index
from policy.index.outside_reading import Ask, OutsideReading, applied, is_unsure
from policy.index.parts import Understood
from policy.index.training import fit_weights
from policy.index.training_data import Author, material_of
from policy.index.understanding import QuestionReader

KINDS = {
    "own": "questions of an entry's point: its clause is answered",
    "exact": "  and told as the point that was asked",
    "near": "other points on a topic: its clause, and not told as the point",
    "foreign": "foreign questions: refused",
}


@dataclass(frozen=True)
class Case:
    """A question that the index is unsure of; `entry` is its topic, "" for a foreign one.

    `kind`: own (the entry's point is asked), near (another point on its topic), foreign.
    """

    reader: QuestionReader
    text: str
    entry: str
    kind: str
    before: Understood

    def right(self, kind: str, understood: Understood) -> bool:
        """Whether it was understood as its author meant it."""
        library = self.reader.answers.entries
        if kind == "foreign":
            return understood.found.kind == "refuse"
        told = [(part, library[part.entry]) for part in understood.parts]
        clauses = {c for part, entry in told for c in (part.clauses or entry.clauses)}
        near = any(part.near(entry) for part, entry in told)
        hit = bool(told) and library[self.entry].clauses[0] in clauses
        return hit and {"own": True, "exact": not near, "near": near}[kind]


@dataclass
class Gain:
    """Counts of one kind: cases, those that were read outside, and how they were understood."""

    cases: int = 0
    read: int = 0
    before: int = 0
    after: int = 0
    gained: int = 0
    harmed: int = 0


@dataclass
class Outcome:
    """Gains by kind, of how many questions asked how many were unsure, and the seconds each call took."""

    gains: dict[str, Gain] = field(default_factory=lambda: {kind: Gain() for kind in KINDS})
    asked: int = 0
    unsure: int = 0
    seconds: list[float] = field(default_factory=list)


def _questions(author: Author, smalltalk: Callable[[str], bool]) -> Iterator[tuple[str, str, str]]:
    yield from ((text, entry, "own") for text, entry in author.phrasings if not smalltalk(entry))
    yield from ((text, entry, "near") for text, entry in author.near)
    yield from ((text, "", "foreign") for text in author.foreign)


def unsure_cases(reader: QuestionReader, inputs: Mapping[str, Any], outcome: Outcome) -> Iterator[Case]:
    """Every question of which an index that has not seen its author is unsure.

    The gates are those in use, learnt on held-out authors too.

    Raises:
        PolicyError: scikit-learn is not installed.
    """
    material = material_of(inputs)
    for name in material.guests:
        weights = fit_weights(material.without(name))
        weights.header.update({k: v for k, v in reader.index.header.items() if k not in weights.header})
        tried = replace(reader, index=Index(weights))
        for text, entry, kind in _questions(
            material.authors[name], lambda e: reader.answers.entries[e].smalltalk
        ):
            outcome.asked += 1
            understood = tried.understand(text)
            if is_unsure(tried, text, understood):
                outcome.unsure += 1
                yield Case(tried, text, entry, kind, understood)


def weigh(cases: Sequence[Case], ask: Ask, most: int, outcome: Outcome) -> Outcome:
    """Ask outside about `most` of the cases, spread over all of them."""
    step = max(1, len(cases) // max(1, most))
    for case in cases[::step][:most]:
        began = time.perf_counter()
        reading = ask(case.text)
        outcome.seconds.append(time.perf_counter() - began)
        _count(outcome.gains, case, reading)
    return outcome


def evaluate_outside(reader: QuestionReader, inputs: Mapping[str, Any], ask: Ask, most: int) -> Outcome:
    """Ask outside about `most` of the questions that the index is unsure of.

    Raises:
        PolicyError: scikit-learn is not installed.
    """
    outcome = Outcome()
    return weigh(list(unsure_cases(reader, inputs, outcome)), ask, most, outcome)


def _count(gains: Mapping[str, Gain], case: Case, reading: OutsideReading | None) -> None:
    after = applied(case.reader, case.before, reading)
    for kind in (case.kind, "exact") if case.kind == "own" else (case.kind,):
        gain = gains[kind]
        was, now = case.right(kind, case.before), case.right(kind, after)
        gain.cases += 1
        gain.read += reading is not None
        gain.before += was
        gain.after += now
        gain.gained += now and not was
        gain.harmed += was and not now


def lines(outcome: Outcome) -> Iterator[str]:
    """The outcome, a line of print each."""
    yield f"{outcome.unsure} of {outcome.asked} questions by authors not learnt from are unsure."
    yield f"{'':66}{'cases':>7}{'read':>6}{'before':>8}{'after':>7}{'gain':>6}{'harm':>6}"
    for kind, title in KINDS.items():
        gain = outcome.gains[kind]
        if gain.cases:
            shares = f"{gain.before / gain.cases:8.3f}{gain.after / gain.cases:7.3f}"
            yield f"{title:66}{gain.cases:7}{gain.read:6}{shares}{gain.gained:6}{gain.harmed:6}"
    if outcome.seconds:
        ordered = sorted(outcome.seconds)
        middle, late = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.95)]
        yield f"seconds a call: median {middle:.2f}, 95 % below {late:.2f}"
