"""How well the index answers people it has not learnt from: by author held out, never at random."""

from __future__ import annotations

import math
import os
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

from policy.answers.entries import Answers, Entry
from policy.answers.groups import Composed
from policy.answers.unwritten import Unwritten
from policy.index.index import Index
from policy.index.training import fit, fit_gates, fit_weights, sounds
from policy.index.training_data import HOUSE, Author, Material, house_folds, material_of
from policy.index.understanding import QuestionReader

# What is counted, in the order it is printed: (key, words, target or None).
MEASURES: list[tuple[str, str, float | None]] = [
    ("addressed", "who saw the notice only: right clause, and exact just where it is written", 0.93),
    ("exact", "  of points that an entry holds: exact", 0.85),
    ("held_back", "  of points that are not written: near or refused", 0.90),
    ("denied", "  of points that an entry holds: called unwritten (unwanted)", None),
    ("topic", "  right clause, near answers too", None),
    ("first", "top-1: right entry ranked first", 0.90),
    ("answered", "  answered outright, and right", None),
    ("clause", "right clause in the answer (refused or only offered = wrong)", 0.95),
    ("precise", "  of the answers given, right clause", None),
    ("three", "right entry among the first three", 0.97),
    ("kept", "own questions answered or offered", 0.97),
    ("offered", "  of these only offered (three choices)", None),
    ("doubled", "single questions taken for two (unwanted)", None),
    ("refused", "foreign questions refused", 0.97),
    ("neighbour", "  neighbouring topics", 0.93),
    ("far", "  anything else", None),
    ("sent_on", "  refused neighbours told apart as neighbours", None),
    ("traditional", "top-1 in traditional characters", None),
    ("typo", "top-1 with one homophone typo", None),
    ("typo_answered", "  answered outright, and right, with one homophone typo", None),
    ("typo_kept", "  answered or offered with one homophone typo", None),
    ("distracted", "top-1 right after an unrelated answer", None),
    ("refused_after", "foreign refused right after an answer", None),
    ("double", "two questions at once: both answered", None),
    ("double_half", "  at least one of them answered or offered", None),
    ("followup", "follow-ups: right entry answered", None),
    ("followup_three", "  answered or offered", None),
    ("smalltalk", "small talk recognised (held out by quarters of the house's)", None),
]


class Source(Protocol):
    """What is learnt from and judged by: the corpus."""

    @property
    def answers(self) -> Answers:
        """The entries."""

    @property
    def composed(self) -> Composed:
        """The groups and steps."""

    @property
    def unwritten(self) -> Unwritten:
        """The points not written."""

    @property
    def training_inputs(self) -> dict[str, Any]:
        """All that training reads."""


def wilson(right: int, total: int, z: float = 1.96) -> tuple[float, float]:
    """The 95 % confidence interval of a share."""
    if not total:
        return 0.0, 1.0
    share = right / total
    middle = share + z * z / (2 * total)
    half = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return (middle - half) / (1 + z * z / total), (middle + half) / (1 + z * z / total)


@dataclass
class Tally:
    """Counts per measure, and confusions (wanted, got)."""

    right: Counter[str] = field(default_factory=Counter)
    total: Counter[str] = field(default_factory=Counter)
    confusions: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: list[tuple[str, str, str]] = field(default_factory=list)  # (measure, text, what happened)

    def count(self, measure: str, good: bool) -> None:
        """Count one case."""
        self.total[measure] += 1
        self.right[measure] += int(good)

    def add(self, other: Tally) -> None:
        """Add another tally's counts."""
        self.right.update(other.right)
        self.total.update(other.total)
        self.confusions.update(other.confusions)
        self.examples += other.examples

    def share(self, measure: str) -> float:
        """The share of `measure`, 0 when nothing was counted."""
        return self.right[measure] / max(1, self.total[measure])


@lru_cache(maxsize=1)
def _to_traditional() -> Callable[[str], str]:
    import opencc

    convert: Callable[[str], str] = opencc.OpenCC("s2t").convert
    return convert


def with_typo(text: str) -> str | None:
    """`text` with one Chinese character replaced by another of the same sound; the same every time.

    None when no character has a homophone.
    """
    seed = sum(ord(c) * (i + 1) for i, c in enumerate(text))
    places = [i for i, c in enumerate(text) if unicodedata.category(c) == "Lo"]
    for step in range(len(places)):
        place = places[(seed + step) % len(places)]
        group = next((g for g in sounds() if text[place] in g), "")
        others = group.replace(text[place], "")
        if others:
            return text[:place] + others[seed % len(others)] + text[place + 1 :]
    return None


def measure_points(reader: QuestionReader, author: Author, tally: Tally) -> None:
    """Count how deep the questions of somebody who saw the notice only are answered."""
    library = reader.answers.entries
    cases = [(t, e, not library[e].unwritten) for t, e in author.phrasings]
    for text, gold, written in [*cases, *((t, e, False) for t, e in author.near)]:
        parts = reader.understand(text).parts
        near = any(p.near(library[p.entry]) for p in parts)
        clauses = {c for p in parts for c in (*p.clauses, *library[p.entry].clauses)}
        clauses |= {library[p.also].clauses[0] for p in parts if p.also}
        topic = library[gold].clauses[0] in clauses
        tally.count("topic", topic)
        tally.count("addressed", topic and near != written)
        if written:
            tally.count("exact", bool(parts) and topic and not near)
            tally.count("denied", any(p.missing for p in parts))
        else:
            tally.count("held_back", near or not parts)
        if not topic or near == written:
            told = ", ".join(f"{p.entry} {p.kind}" for p in parts)
            tally.examples.append(("addressed", text, f"{'' if written else '~'}{gold}: {told}"))


def measure(tried: Index, author: Author, library: Mapping[str, Entry]) -> Tally:
    """What `tried`, which has not seen `author`, makes of the author's questions."""
    tally = Tally()
    ids = [e for e in tried.weights.entries if not library[e].smalltalk]
    for number, (text, gold) in enumerate(author.phrasings):
        found = tried.ask(text)
        ranked = [e for e, _ in tried.rank(text)[:3]]
        tally.count("first", ranked[0] == gold)
        if ranked[0] != gold:
            tally.confusions[gold, ranked[0]] += 1
            tally.examples.append(("first", text, f"{gold} < {ranked[0]} {found.kind}"))
        tally.count("three", gold in ranked)
        answered = found.kind == "answer"
        tally.count("answered", answered and gold in found.entries)
        clauses = {c for e in found.entries for c in library[e].clauses} if answered else set()
        tally.count("clause", library[gold].clauses[0] in clauses)
        if answered:
            tally.count("precise", library[gold].clauses[0] in clauses)
        tally.count("kept", found.kind != "refuse")
        if found.kind == "refuse":
            tally.examples.append(("kept", text, gold))
        else:
            tally.count("offered", found.kind == "choose")
        tally.count("doubled", answered and len(found.entries) == 2)
        if answered and len(found.entries) == 2:
            tally.examples.append(("doubled", text, f"{gold}: {found.entries}"))
        tally.count("traditional", tried.rank(_to_traditional()(text))[0][0] == gold)
        typo = with_typo(text)
        if typo is not None:
            tally.count("typo", tried.rank(typo)[0][0] == gold)
            found = tried.ask(typo)
            tally.count("typo_answered", found.kind == "answer" and gold in found.entries)
            tally.count("typo_kept", found.kind != "refuse")
            if found.kind == "refuse":
                tally.examples.append(("typo_kept", typo, gold))
        last = ids[(number * 31 + 7) % len(ids)]
        tally.count("distracted", tried.rank(text, last)[0][0] == gold)
    for kind, texts in (("neighbour", author.neighbour), ("far", author.far)):
        for number, text in enumerate(texts):
            found = tried.ask(text)
            for key in ("refused", kind):
                tally.count(key, found.kind == "refuse")
            if found.kind != "refuse":
                tally.examples.append(("refused", text, f"{found.kind} {found.entries}"))
            elif kind == "neighbour":
                tally.count("sent_on", found.neighbour)
            after = tried.ask(text, ids[(number * 31 + 7) % len(ids)])
            tally.count("refused_after", after.kind == "refuse")
    for text, both in author.double:
        found = tried.ask(text)
        tally.count("double", found.kind == "answer" and set(found.entries) == set(both))
        tally.count("double_half", bool(set(found.entries) & set(both)))
        if found.kind != "answer" or set(found.entries) != set(both):
            tally.examples.append(("double", text, f"{both}: {found.kind} {found.entries}"))
    for last, text, gold in author.followup:
        found = tried.ask(text, last)
        right = found.kind == "answer" and found.entries[0] == gold
        tally.count("followup", right)
        tally.count("followup_three", gold in found.entries)
        if not right:
            tally.examples.append(("followup", f"{last} → {text}", f"{gold}: {found.kind} {found.entries}"))
    return tally


def _fold(build: Callable[[], Source], name: str) -> Tally:
    corpus = build()
    material = material_of(corpus.training_inputs)
    tried, author = fit(material.without(name)), material.authors[name]
    tally = measure(tried, author, corpus.answers.entries)
    if author.near:
        reader = QuestionReader(tried, corpus.answers, corpus.composed, corpus.unwritten)
        measure_points(reader, author, tally)
    return tally


def measure_without(corpus: Source, part: str) -> Tally:
    """Count how deep the questions of who saw the notice only are answered, one part left out.

    Two readers are held out at a time; the gates, a few dozen numbers, are learnt once. "" leaves none
    out.

    Raises:
        PolicyError: there is no such part, or scikit-learn is not installed.

    """
    material = material_of(corpus.training_inputs)
    if part:
        material = material.lacking(part)
    gates, tally = fit_gates(material), Tally()
    for at in range(0, len(material.readers), 2):
        held = material.readers[at : at + 2]
        tried = Index(fit_weights(material.without(*held)))
        tried.header.update(gates)
        reader = QuestionReader(tried, corpus.answers, corpus.composed, corpus.unwritten)
        for name in held:
            measure_points(reader, material.authors[name], tally)
    return tally


def _smalltalk(material: Material) -> Tally:
    tally = Tally()
    for rest, held in house_folds(material):
        tried = fit(rest)
        for text, gold in held.phrasings:
            found = tried.ask(text)
            tally.count("smalltalk", found.kind == "answer" and found.entries[0] == gold)
            if found.entries[:1] != (gold,):
                tally.examples.append(("smalltalk", text, f"{gold}: {found.kind} {found.entries}"))
    return tally


def evaluate(build: Callable[[], Source], verbose: bool = False) -> Tally:
    """Train on all authors but one, test on that one, for every author; print and return the sums.

    `build` makes the corpus anew in each process.

    Raises:
        PolicyError: scikit-learn is not installed.

    """
    material = material_of(build().training_inputs)
    total, by_author = Tally(), {}
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        runs = {n: pool.submit(_fold, build, n) for n in material.guests}
        chat = pool.submit(_smalltalk, material) if HOUSE in material.authors else None
        for name, run in runs.items():
            by_author[name] = run.result()
            total.add(by_author[name])
        if chat:
            total.add(chat.result())
    report(total, by_author, verbose)
    return total


def report(total: Tally, by_author: dict[str, Tally], verbose: bool = False) -> None:
    """Print the figures."""
    print("Each author's questions, answered by an index learnt from all the other authors'.\n")
    _print_measures(total)
    for key in ("traditional", "typo", "distracted"):
        if total.total[key]:
            print(f"{'points lost: ' + key:62} {100 * (total.share('first') - total.share(key)):6.1f}")
    keys = ("addressed", "first", "clause", "three", "kept", "refused", "neighbour", "double", "followup")
    print("\n" + f"{'author':16}" + "".join(f"{k:>11}" for k in keys))
    for name, tally in by_author.items():
        print(f"{name:16}" + "".join(f"{tally.share(k):11.3f}" for k in keys))
    print("\nmost frequent confusions (wanted → ranked first):")
    for (gold, got), n in total.confusions.most_common(15):
        print(f"  {n:3} {gold} → {got}")
    if verbose:
        print_examples(total)


def report_without(part: str, lacking: Tally, verbose: bool = False) -> None:
    """Print how deep questions are answered without one part."""
    print(f"Without {part}, readers of the notice held out:\n" if part else "With everything:\n")
    _print_measures(lacking)
    if verbose:
        print_examples(lacking)


def print_examples(total: Tally) -> None:
    """Print every question that went wrong."""
    for kind, text, what in sorted(total.examples):
        print(f"  {kind:10} {text}  [{what}]")


def _print_measures(total: Tally) -> None:
    for key, words, target in MEASURES:
        n = total.total[key]
        if n:
            low, high = wilson(total.right[key], n)
            goal = (
                ""
                if target is None
                else f"  target {target:.2f} " + ("met" if total.share(key) >= target else "MISSED")
            )
            print(f"{words:62} {total.share(key):6.3f}  [{low:.3f}, {high:.3f}]  n={n}{goal}")
