"""Changed answers tried before they are published: what is wrong, and which kept questions move."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

from policy.consistency import amendment_problems, answer_problems, phrasings
from policy.corpus import Corpus
from policy.reading.text import normalise

LONGEST_ANSWER = 120  # characters: said on a telephone, conclusion first


@dataclass(frozen=True)
class Moved:
    """A kept question whose answer would be another; the answers by title, "" for none."""

    text: str
    before: str
    after: str


@dataclass(frozen=True)
class Rehearsal:
    """What was found.

    `asked`: how many kept questions were asked again; `lost`: those taken from the entry they are kept
    for, and with `problems` what forbids to publish.
    """

    asked: int = 0
    moved: tuple[Moved, ...] = ()
    lost: tuple[Moved, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether it may be published."""
        return not self.problems and not self.lost


def rehearse(before: Corpus, after: Corpus, changed: Collection[str], on: date) -> Rehearsal:
    """Ask the kept questions of both, and prove the entries that changed as `policy check` does.

    Weights are the same in both, so only these can move: questions kept for a changed entry, and those
    that are near a phrasing which only one of the two knows.
    """
    problems = _problems(after, set(changed), on) - _problems(before, set(), on)
    told = list(dict.fromkeys(sorted(problems)))
    retired = {one for one in changed if after.answers.get(one, on) is None}
    moved, lost, asked = [], [], 0
    for text, entry_id in _kept(before, after, set(changed)):
        asked += 1
        was, now = _answered(before, text, on), _answered(after, text, on)
        if was == now:
            continue
        one = Moved(text, _titles(before, was, on), _titles(after, now, on))
        moved.append(one)
        if was[:1] == (entry_id,) and entry_id not in retired and entry_id not in now:
            lost.append(one)
    new = phrasings({"layer": {"phrasings": after.layer.get("phrasings", {})}})
    for entry_id in set(changed) - retired:
        told += [
            f"问法“{text}”答的不是这一条"
            for text in new.get(entry_id, ())
            if _answered(after, text, on)[:1] != (entry_id,)
        ]
    return Rehearsal(asked, tuple(moved), tuple(lost), tuple(told))


def _problems(corpus: Corpus, changed: set[str], on: date) -> set[str]:
    """What the checks find; a clause is answered only by what is not retired."""
    found = {
        *answer_problems(corpus.answers, corpus.notices, corpus.checks),
        *amendment_problems(corpus.answers, corpus.notices),
    }
    for entry_id in changed:
        entry = corpus.answers.get(entry_id, on)
        if entry is not None and len(entry.answer) > LONGEST_ANSWER:
            found.add(f"answers/{entry_id}: 回答超过 {LONGEST_ANSWER} 字")
    held = {c for e in corpus.answers.entries.values() if e.valid_until is None for c in e.clauses}
    found |= {f"notices: 条款“{c}”没有任何答案" for c in corpus.notices.ids() if c not in held}
    return found


def _kept(before: Corpus, after: Corpus, changed: set[str]) -> Iterator[tuple[str, str]]:
    """(question, the entry it is kept for) that a change may move."""
    for entry_id, texts in phrasings(before.phrasings).items():
        for text in texts:
            plain = normalise(text)
            if entry_id in changed or before.index.known_for(plain) != after.index.known_for(plain):
                yield text, entry_id


def _answered(corpus: Corpus, text: str, on: date) -> tuple[str, ...]:
    """The entries that a question by itself is answered with; none for a choice or a refusal."""
    parts = corpus.questions.understand(text).parts
    return tuple(dict.fromkeys(p.entry for p in parts if corpus.answers.get(p.entry, on) is not None))


def _titles(corpus: Corpus, entries: tuple[str, ...], on: date) -> str:
    held = (corpus.answers.get(one, on) for one in entries)
    return "；".join(entry.title for entry in held if entry is not None)
