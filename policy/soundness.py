"""A corpus that can be told although some of its entries cannot: those are withheld.

One entry that does not agree with the notice, or stands twice, must not take the others with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from importlib import resources
from typing import Any

from policy.answers.entries import Answers, Entry, overlaid, parse_topic
from policy.answers.layering import Layer
from policy.consistency import report
from policy.corpus import Corpus, build_corpus
from policy.files import PolicyError, packaged_file, read_yaml

_ENTRY = re.compile(r"answers/([^/: ]+): ")
_BROKEN = (PolicyError, KeyError, TypeError, ValueError, AttributeError)


def sound_corpus(layer: Layer | None = None) -> Corpus:
    """Return a corpus whose failing entries are withheld; its `faults` say what is wrong.

    What is wrong elsewhere (a rule, the form) is only told: rules and forms are not left out.
    """
    corpus = build_corpus(layer)
    try:
        problems = report(corpus).problems
    except _BROKEN:
        corpus, problems = _readable(layer)
    if not problems:
        return corpus
    failing = {found[1] for problem in problems if (found := _ENTRY.match(problem))}
    return replace(_without(corpus, failing), faults=tuple(problems))


def _readable(layer: Layer | None) -> tuple[Corpus, list[str]]:
    """What can be read of the entries, each by itself."""
    kept: dict[str, Entry] = {}
    problems: list[str] = []
    for entry, problem in _each(packaged_topics()):
        if problem:
            problems.append(problem)
        elif entry is not None and entry.id in kept:
            problems.append(f"answers/{entry.id}: 条目编号重复")
        elif entry is not None:
            kept[entry.id] = entry
    answers = Answers(overlaid(kept.values(), (layer or {}).get("entries", ())))
    corpus = replace(build_corpus(layer), told=answers)
    try:
        problems += report(corpus).problems
    except _BROKEN as error:
        problems.append(f"{type(error).__name__} {error}")
    return corpus, problems


def packaged_topics() -> list[tuple[str, Any]]:
    """Return every topic file's content by name; an error in place of what cannot be read."""
    found: list[tuple[str, Any]] = []
    folder = resources.files("policy").joinpath("answers/topics")
    for path in sorted(folder.iterdir(), key=lambda p: p.name):
        if path.name.endswith(".yaml"):
            try:
                found.append((path.name, read_yaml(path)))
            except (PolicyError, OSError, UnicodeDecodeError) as error:
                found.append((path.name, error))
    return found


def _each(topics: Iterable[tuple[str, Any]]) -> Iterable[tuple[Entry | None, str]]:
    """Each entry, or what is wrong with it."""
    for name, data in topics:
        if isinstance(data, Exception):
            yield None, f"answers/{name}: {data}"
            continue
        try:
            raws = list(data["entries"])
        except _BROKEN:
            yield None, f"answers/{name}: 读不出条目"
            continue
        for raw in raws:
            try:
                (entry,) = parse_topic(name, {**data, "entries": [raw]})
            except _BROKEN as error:
                entry_id = raw.get("id", "?") if isinstance(raw, dict) else "?"
                yield None, f"answers/{entry_id}: {type(error).__name__} {error}"
            else:
                yield entry, ""


def _without(corpus: Corpus, failing: Iterable[str]) -> Corpus:
    """The corpus with a plain word in place of the failing entries, and of those that are not there."""
    words = packaged_file("answers/withheld.yaml")
    entries = dict(corpus.answers.entries)
    missing = [name for name in corpus.index.weights.entries if name not in entries]
    for entry_id in [*failing, *missing]:
        before = entries.get(entry_id)
        entries[entry_id] = Entry(
            entry_id,
            before.topic if before else "",
            (before.title if before else "") or words["title"],
            words["answer"],
            smalltalk=True,  # it rests on no clause, and no list of questions offers it
            valid_from=before.valid_from if before else None,
            valid_until=before.valid_until if before else None,
            replaces=before.replaces if before else "",
        )
    return replace(corpus, told=Answers(entries.values()))
