"""How fast and how right the question index is, beside others on the same held-out questions.

    python tests/bench/answers.py [--chatterbot]

Peers learn the same phrasings; for each author in turn that author's are left out and asked.
ChatterBot is slow: it is asked one author's questions only, and only with `--chatterbot`.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import quantiles

from policy.corpus import build_corpus
from policy.index.evaluation import measure, wilson
from policy.index.training import fit
from policy.index.training_data import Author, Material, material_of
from policy.reading.text import grams, normalise
from tests.support.corpus import CORPUS

Ranker = Callable[[str], list[str]]  # a question → entries, best first


def memory() -> float:
    """Resident memory now, in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def own(material: Material) -> list[tuple[str, str]]:
    """What every contender learns: phrasings, titles and answers of ordinary entries."""
    ordinary = {e: v for e, v in material.entries.items() if not v[4]}
    learnt = [(t, e) for a in material.authors.values() for t, e in a.phrasings if e in ordinary]
    return learnt + [(text, e) for e, v in ordinary.items() for text in v[:2]]


def by_bm25s(material: Material) -> Ranker:
    """bm25s over one document per entry, in the same grams as ours."""
    import bm25s

    documents: dict[str, list[str]] = {}
    for text, entry in own(material):
        documents.setdefault(entry, []).extend(grams(normalise(text)))
    entries, retriever = list(documents), bm25s.BM25()
    retriever.index(list(documents.values()), show_progress=False)
    known = retriever.vocab_dict

    def rank(text: str) -> list[str]:
        asked = [g for g in grams(normalise(text)) if g in known] or [next(iter(known))]
        found, _ = retriever.retrieve([asked], k=3, show_progress=False)
        return [entries[i] for i in found[0]]

    return rank


def by_rapidfuzz(material: Material) -> Ranker:
    """The entries of the most similar phrasings (WRatio)."""
    from rapidfuzz import fuzz, process

    learnt = own(material)
    texts = [normalise(t) for t, _ in learnt]

    def rank(text: str) -> list[str]:
        found = process.extract(normalise(text), texts, scorer=fuzz.WRatio, limit=20)
        return list(dict.fromkeys(learnt[at][1] for _, _, at in found))

    return rank


def by_chatterbot(material: Material) -> Ranker:
    """ChatterBot with its default comparison, trained on phrasing → entry."""
    from chatterbot import ChatBot
    from chatterbot.tagging import LowercaseTagger
    from chatterbot.trainers import ListTrainer

    where = Path(tempfile.mkdtemp()) / "bot.sqlite3"
    # The default tagger wants a downloaded language model; this one does without.
    bot = ChatBot("peer", tagger=LowercaseTagger, database_uri=f"sqlite:///{where}")
    trainer = ListTrainer(bot, show_training_progress=False)
    for text, entry in own(material):
        trainer.train([normalise(text), entry])
    return lambda text: [str(bot.get_response(normalise(text)))]


def line(name: str, first: int, three: int, total: int, times: list[float]) -> None:
    """Print one contender's figures; `times` in seconds."""
    low, high = wilson(first, total)
    cuts = quantiles(times, n=100)
    print(
        f"{name:12} top-1 {first / total:.3f} [{low:.3f}, {high:.3f}]  in three {three / total:.3f}"
        f"  p50 {1000 * cuts[49]:.2f}, p99 {1000 * cuts[98]:.2f} ms  n={total}"
    )


def contend(name: str, make: Callable[[Material], Ranker], material: Material, authors: list[str]) -> None:
    """Let one peer answer held-out authors' questions."""
    first = three = total = 0
    times: list[float] = []
    try:
        for author in authors:
            rank = make(material.without(author))
            for text, gold in material.authors[author].phrasings:
                start = time.perf_counter()
                found = rank(text)[:3]
                times.append(time.perf_counter() - start)
                total += 1
                first += found[:1] == [gold]
                three += gold in found
    except (ImportError, OSError) as error:
        print(f"{name:12} not measured: {error}")
        return
    line(name, first, three, total, times)


def speed(authors: dict[str, Author]) -> None:
    """Load time, time of one answer and memory of the packaged index, in this process."""
    before = memory()
    start = time.perf_counter()
    corpus = build_corpus()
    loaded = corpus.index
    load = time.perf_counter() - start
    loaded.ask("預熱")  # OpenCC's dictionary is read at the first question
    texts = [t for a in authors.values() for t in [*(p for p, _ in a.phrasings), *a.foreign]]
    times = []
    for text in texts:
        start = time.perf_counter()
        corpus.questions.understand(text)
        times.append(1000 * (time.perf_counter() - start))
    cuts = quantiles(times, n=100)
    print(f"load {1000 * load:.0f} ms; extra memory {memory() - before:.1f} MB")
    print(f"one answer: p50 {cuts[49]:.2f}, p99 {cuts[98]:.2f}, longest {max(times):.2f} ms, n={len(times)}")
    try:
        rank = by_bm25s(material_of(CORPUS.training_inputs))
    except ImportError as error:
        print(f"bm25s not measured: {error}")
        return
    ranked = []
    for text in texts:
        start = time.perf_counter()
        rank(text)
        ranked.append(1000 * (time.perf_counter() - start))
    cuts = quantiles(ranked, n=100)
    print(f"bm25s only ranks: p50 {cuts[49]:.2f}, p99 {cuts[98]:.2f}, longest {max(ranked):.2f} ms")


def main() -> None:
    material = material_of(CORPUS.training_inputs)
    speed(material.authors)
    if "--speed" in sys.argv:
        return
    guests = material.guests
    print("\nby author held out:")
    first = three = total = 0
    times: list[float] = []
    for name in guests:
        tried = fit(material.without(name))
        for text, _ in material.authors[name].phrasings:
            start = time.perf_counter()
            tried.rank(text)
            times.append(time.perf_counter() - start)
        tally = measure(tried, material.authors[name], CORPUS.answers.entries)
        first += tally.right["first"]
        three += tally.right["three"]
        total += tally.total["first"]
    line("ours", first, three, total, times)
    contend("bm25s", by_bm25s, material, guests)
    contend("rapidfuzz", by_rapidfuzz, material, guests)
    if "--chatterbot" in sys.argv:
        contend("ChatterBot", by_chatterbot, material, guests[:1])
    else:
        print("ChatterBot   not measured: slow, asked for with --chatterbot")


if __name__ == "__main__":
    main()
