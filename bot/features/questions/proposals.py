"""What the office proposes, as a change to the data files. Nothing is changed here: a person reviews it.

Written in the folders of the project, so that the folder can be copied over it and compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.core.render import render
from policy.corpus import Corpus
from policy.reading.text import normalise
from storage.desk.questions import Proposal

PHRASINGS = "office.yaml"
ENTRIES = "90-office.yaml"


@dataclass(frozen=True)
class Written:
    """How much was written, and where."""

    phrasings: int
    entries: int
    known: int
    paths: list[str]


def author_of(files: Mapping[str, Any]) -> dict[str, Any]:
    """The office's phrasing file as it stands in the package, or an empty one."""
    who = "Questions that people really asked, assigned to entries by the office."
    return deepcopy(files.get(PHRASINGS)) or {"author": "office", "who": who, "phrasings": {}}


def as_yaml(data: Any) -> str:
    """Return data as the files of the project write it."""
    text: str = yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=10_000)
    return text


def write(proposals: Sequence[Proposal], folder: Path, corpus: Corpus) -> Written:
    """Write the proposals into a folder; phrasings that are in the data already are left out.

    Raises:
        OSError: the folder cannot be written.
    """
    known = {
        normalise(str(text))
        for data in corpus.phrasings.values()
        for texts in (data.get("phrasings") or {}).values()
        for text in texts
    }
    author, paths = author_of(corpus.phrasings), []
    new = left = 0
    for one in proposals:
        if one.kind != "phrasing":
            continue
        if normalise(one.text) in known or one.entry not in corpus.answers.entries:
            left += 1
            continue
        known.add(normalise(one.text))
        author["phrasings"].setdefault(one.entry, []).append(one.text)
        new += 1
    fresh = [one for one in proposals if one.kind == "entry"]
    titles = {e.title for e in corpus.answers.entries.values()}
    entries = [one for one in fresh if one.title not in titles]
    left += len(fresh) - len(entries)
    if new:
        paths.append(put(folder / "policy" / "index" / "phrasings" / PHRASINGS, as_yaml(author)))
    if entries:
        listed: list[dict[str, Any]] = [
            {
                "id": f"office-{one.id}",
                "title": one.title,
                "answer": one.answer,
                "clauses": [],
                "quote": "",
                "related": [],
            }
            for one in entries
        ]
        head = render("cli/proposed_entries.j2", asked=[(f"office-{e.id}", e.text) for e in entries]).text
        body = as_yaml({"topic": "office", "entries": listed})
        paths.append(put(folder / "policy" / "answers" / "topics" / ENTRIES, f"{head}\n{body}"))
    return Written(new, len(entries), left, paths)


def put(path: Path, text: str) -> str:
    """Write a file, its folders too, and return its path.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return str(path)
