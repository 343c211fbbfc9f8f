"""A draft notice tried out before it is published: which clauses, answers, rules and lines it changes."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from policy.answers.entries import Entry
from policy.checks.dated import leaves, rests
from policy.consistency import phrasings, unprinted
from policy.corpus import Corpus
from policy.files import PolicyError
from policy.notice.clauses import Clause, bare
from policy.notice.cutting import PREFACE, Cut

DRAFT = "draft"  # the draft's id in the layer that is tried
ALIKE = 0.5  # the share of pairs of characters from which two clauses are one, amended
EXAMPLES = 3
KEPT = "keep"  # a clause of the draft that amends none of the notice's


@dataclass(frozen=True)
class Draft:
    """A draft notice as it is typed: its number and day, and its clauses."""

    name: str
    number: str
    valid_from: date
    clauses: tuple[Cut, ...]


@dataclass(frozen=True)
class Matched:
    """A clause of the draft beside the notice's that it would replace, None for none.

    `diff`: (kind, words) of the change, kind being equal, delete or insert.
    """

    cut: Cut
    clause: Clause | None
    diff: tuple[tuple[str, str], ...] = ()

    @property
    def changes(self) -> bool:
        """Whether the words would be others, white space aside."""
        return self.clause is not None and bare(self.cut.text) != bare(self.clause.text)


@dataclass(frozen=True)
class Touched:
    """An answer that rests on a changed clause: how many kept questions lead to it, and some of them.

    `lost`: the sentence it quotes would stand there no more.
    """

    entry: Entry
    clauses: tuple[str, ...]
    lost: bool
    kept: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Effects:
    """What a draft changes. `rules`: (check, condition, clause) that would decide nothing any more.

    `numbers`: (check, what is asked, before, after) that the checks read from a clause.
    """

    matched: tuple[Matched, ...]
    answers: tuple[Touched, ...] = ()
    rules: tuple[tuple[str, str, str], ...] = ()
    numbers: tuple[tuple[str, str, int, int], ...] = ()
    form_lines: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def asked(self) -> int:
        """How many kept questions would be answered otherwise, or from another text."""
        return sum(one.kept for one in self.answers)


def rehearse_amendment(corpus: Corpus, draft: Draft, chosen: Mapping[str, str]) -> Effects:
    """Return what the draft would change from its day on.

    `chosen`: the draft's label → the clause it amends, or `KEPT` for none; the rest is matched by its words.
    """
    day = draft.valid_from
    matched = tuple(_matched(corpus, draft.clauses, chosen, day))
    changed = [one for one in matched if one.changes and one.clause is not None]
    if not changed:
        return Effects(matched)
    try:
        after = corpus.amended(_notice(corpus, draft, changed))
        checks = after.checks_on(day)
    except PolicyError as error:
        return Effects(matched, problems=(str(error),))
    ids = {one.clause.id for one in changed if one.clause}
    titles = {check.id: check.title for check in checks.values()}
    rules = [
        (titles[check.id], leaf.words, leaf.clause)
        for check in checks.values()
        for leaf in leaves(check.rule)
        if leaf.clause in ids and not rests(leaf, after.notices, day)
    ]
    before = corpus.checks_on(day)
    numbers = [
        (titles[name], fact.short, before[name].facts[key].years, fact.years)
        for name, check in checks.items()
        for key, fact in check.facts.items()
        if name in before and key in before[name].facts and before[name].facts[key].years != fact.years
    ]
    form = after.on(day).form
    lines = unprinted(form, after.notices, day) if form.clause in ids else []
    return Effects(
        matched,
        tuple(_answers(corpus, after, ids, day)),
        tuple(dict.fromkeys(rules)),
        tuple(numbers),
        tuple(lines),
    )


def _notice(corpus: Corpus, draft: Draft, changed: Sequence[Matched]) -> dict[str, Any]:
    """The draft as a notice that amends the one there is."""
    base = corpus.notices.base
    clauses = [
        {"id": one.clause.id, "title": one.clause.title, "text": one.cut.text}
        for one in changed
        if one.clause
    ]
    return {
        "id": DRAFT,
        "name": draft.name,
        "number": draft.number,
        "issuer": base.issuer,
        "contact": base.contact,
        "dated": draft.valid_from,
        "valid_from": draft.valid_from,
        "source": draft.name,
        "amends": base.id,
        "clauses": clauses,
    }


def _matched(corpus: Corpus, cuts: Sequence[Cut], chosen: Mapping[str, str], day: date) -> list[Matched]:
    """Each clause of the draft with the notice's that it amends: as chosen, the most alike, of its number."""
    held = {i: corpus.notices.clause(i, day) for i in corpus.notices.ids()}
    taken: dict[str, str] = {label: i for label, i in chosen.items() if i in held or i == KEPT}
    used = {i for i in taken.values() if i != KEPT}
    shapes = {i: _pairs(clause.text) for i, clause in held.items()}
    likely = sorted(
        (
            (_alike(_pairs(one.text), shape), one.label, i)
            for one in cuts
            for i, shape in shapes.items()
            if one.label not in taken and one.label != PREFACE  # the letterhead is always another
        ),
        key=lambda found: -found[0],
    )
    for alike, label, clause_id in likely:
        if alike >= ALIKE and label not in taken and clause_id not in used:
            taken[label] = clause_id
            used.add(clause_id)
    found = []
    for one in cuts:
        clause_id = taken.get(one.label, one.label if one.label not in used else KEPT)
        clause = held.get(clause_id) if one.label != PREFACE or one.label in chosen else None
        if clause is not None and one.label not in taken:
            used.add(clause.id)
        found.append(Matched(one, clause, _diff(clause.text, one.text) if clause else ()))
    return found


def _pairs(text: str) -> frozenset[str]:
    plain = bare(text)
    return frozenset(plain[i : i + 2] for i in range(max(1, len(plain) - 1)))


def _alike(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other)


def _diff(before: str, after: str) -> tuple[tuple[str, str], ...]:
    """What stays, goes and comes, in order; white space aside."""
    old, new = bare(before), bare(after)
    parts: list[tuple[str, str]] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            parts.append(("equal", old[a:b]))
            continue
        if b > a:
            parts.append(("delete", old[a:b]))
        if d > c:
            parts.append(("insert", new[c:d]))
    return tuple(parts)


def _answers(corpus: Corpus, after: Corpus, ids: set[str], day: date) -> list[Touched]:
    """The answers that hold on that day and rest on a changed clause; those to be rewritten first."""
    kept = phrasings(corpus.phrasings)
    found = []
    for entry in corpus.answers.entries.values():
        if corpus.answers.get(entry.replaces or entry.id, day) is not entry or not ids & set(entry.clauses):
            continue
        lost = bool(entry.quote) and not any(
            after.notices.clause(c, day).contains(entry.quote) for c in entry.clauses
        )
        texts = kept.get(entry.replaces or entry.id, [])
        on = tuple(c for c in entry.clauses if c in ids)
        found.append(Touched(entry, on, lost, len(texts), tuple(texts[:EXAMPLES])))
    return sorted(found, key=lambda one: (not one.lost, -one.kept))
