"""Learning the question index from entries and phrasings (development only: needs scikit-learn)."""

from __future__ import annotations

import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from policy.files import PolicyError
from policy.index import marks
from policy.index.index import CHAT_COVERED, Index
from policy.index.model_file import EXTRA, FORMAT, Lines, Weights
from policy.index.signals import chat_signals, combined, exact_signals, follow_signals, gate, signals
from policy.index.training_data import HOUSE, Author, Material, house_folds
from policy.reading.text import normalise, unified

MODEL = Path(__file__).parent / "model"

_INSTALL = "请安装开发依赖：pip install '.[dev]'"

MADE = 0.2  # what a composed line counts, where a text is told from foreign ones
TITLE_TIMES = 3  # an entry's title counts as so many phrasings; its answer text teaches the topic
K1, B = 1.2, 0.75


def _learners() -> tuple[Any, Any]:
    """LinearSVC and LogisticRegression.

    Raises:
        PolicyError: scikit-learn is not installed.

    """
    try:
        from sklearn.linear_model import LogisticRegression
        from sklearn.svm import LinearSVC
    except ImportError as error:
        raise PolicyError(f"训练和评测需要 scikit-learn，{_INSTALL}") from error
    return LinearSVC, LogisticRegression


# ---------------------------------------------------------------------------- the table of grams


# The same lines are learnt from fold after fold; only here are texts kept.
units = lru_cache(maxsize=1 << 15)(marks.units)


@lru_cache(maxsize=1)
def sounds() -> list[str]:
    """The 6,763 common characters (GB 2312), those of one sound together, tones aside.

    Raises:
        PolicyError: pypinyin is not installed.

    """
    try:
        from pypinyin import lazy_pinyin
    except ImportError as error:
        raise PolicyError(f"训练和评测需要 pypinyin，{_INSTALL}") from error
    groups: dict[str, list[str]] = defaultdict(list)
    for code in range(0x4E00, 0x9FA6):
        character = chr(code)
        try:
            character.encode("gb2312")
        except UnicodeEncodeError:
            continue
        groups[lazy_pinyin(character)[0]].append(character)
    return ["".join(groups[reading]) for reading in sorted(groups) if len(groups[reading]) > 1]


def _matrix(texts: Sequence[str], row: dict[str, int], idf: Sequence[float], marked: bool) -> Any:
    """Length-one tf-idf vectors, exactly as `Weights.scores` makes them."""
    from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

    data, indices, starts = [], [], [0]
    for text in texts:
        found = [
            (row[g], (1.0 + math.log(n)) * idf[row[g]])
            for g, n in Counter(units(text, marked)).items()
            if g in row
        ]
        norm = math.sqrt(sum(v * v for _, v in found)) or 1.0
        for r, v in sorted(found):
            indices.append(r)
            data.append(v / norm)
        starts.append(len(indices))
    return csr_matrix((data, indices, starts), shape=(len(texts), len(row)))


def _bm25(own: list[tuple[str, str]], row: dict[str, int], entries: list[str], marked: bool) -> Any:
    """BM25 weight of every gram for every entry, one document an entry: an array, a row a gram."""
    import numpy

    documents: dict[str, Counter[str]] = defaultdict(Counter)
    for text, entry in own:
        documents[entry].update(g for g in units(text, marked) if g in row)
    lengths = {e: sum(documents[e].values()) for e in entries}
    average = sum(lengths.values()) / len(entries)
    frequency = Counter(g for e in entries for g in documents[e])
    table = numpy.zeros((len(row), len(entries)))
    for column, entry in enumerate(entries):
        base = K1 * (1 - B + B * lengths[entry] / average)
        for gram, times in documents[entry].items():
            rarity = math.log(1 + (len(entries) - frequency[gram] + 0.5) / (frequency[gram] + 0.5))
            table[row[gram], column] = rarity * times * (K1 + 1) / (times + base)
    return table


def _clause(material: Material, entry: str) -> str:
    """The clause that an entry first rests on."""
    return str((material.entries[entry][6] or [""])[0])


def fit_weights(material: Material) -> Weights:
    """Weights without gates. Ordinary entries come first, then small talk."""
    import numpy

    svc, _ = _learners()
    entries = sorted(material.entries, key=lambda e: bool(material.entries[e][4]))
    number = {e: i for i, e in enumerate(entries)}
    ordinary = sum(not material.entries[e][4] for e in entries)
    authors, marked = material.teachers, material.marks
    own = [(normalise(t), e) for a in authors for t, e in a.phrasings]
    made = [(normalise(t), e) for t, e in material.composed]
    made += [(normalise(t), e) for a in authors for t, e in a.grouped]
    for entry, (title, answer, _, _, small, *_) in material.entries.items():
        if not small:  # what is written on small talk is not what people say
            own += [(normalise(title), entry)] * TITLE_TIMES
            made.append((normalise(answer), entry))  # it also names what is not written
    own = [(t, e) for t, e in own if t]
    neighbour = [normalise(t) for a in authors for t in a.neighbour]
    far = [t for a in authors for t in map(normalise, a.far) if t]
    points = [(normalise(t), e) for a in authors for t, e in a.points]
    beside = points + [(normalise(t), e) for a in authors for t, e in a.near]
    beside += [(normalise(t), e) for t, e in material.unwritten_lines]
    texts = [t for t, _ in own + beside + made] + neighbour + far
    frequency = Counter(g for t in texts for g in set(units(t, marked)))
    talk = {g for t, e in own if number[e] >= ordinary for g in units(t, marked)}
    words = sorted(g for g, n in frequency.items() if n > 1 or g in talk)
    row = {g: r for r, g in enumerate(words)}
    idf = array("f", [math.log((1 + len(texts)) / (1 + frequency[g])) + 1 for g in words])

    x = _matrix(texts, row, idf, marked)
    topics = own + beside + made  # a near miss and a composed line teach the topic, not the point
    classifier = svc(C=1.0, tol=1e-3, random_state=0).fit(x[: len(topics)], [number[e] for _, e in topics])
    outputs, bias = [list(c) for c in classifier.coef_], list(classifier.intercept_)
    kinds = ["chat" if number[e] >= ordinary else "ours" for _, e in topics]
    kinds += ["neighbour"] * len(neighbour) + ["far"] * len(far)
    for extra in EXTRA:
        # Small talk is neither ours nor foreign: the gate of `ours` never sees it.
        chosen = [i for i, k in enumerate(kinds) if extra != "ours" or k != "chat"]
        wanted = [int(kinds[i] == extra) for i in chosen]
        if extra == "near":
            chosen = [i for i in range(len(own) + len(beside)) if number[topics[i][1]] < ordinary]
            wanted = [int(i >= len(own) or material.unwritten(topics[i][1])) for i in chosen]
        binary = svc(C=1.0, tol=1e-3, class_weight="balanced", random_state=0)
        # Composed lines hold so many words of other offices that they would make those ours.
        made_up = range(len(own + beside), len(topics))
        binary.fit(x[chosen], wanted, [MADE if i in made_up else 1.0 for i in chosen])
        outputs.append(list(binary.coef_[0]))
        bias.append(float(binary.intercept_[0]))

    # Points that are not written, clause by clause, against the entries' own points.
    point = [e if not material.unwritten(e) else f"~{_clause(material, e)}" for _, e in own]
    point += [f"~{_clause(material, e)}" for _, e in beside]
    chosen = [i for i in range(len(point)) if number[topics[i][1]] < ordinary]
    by_point = svc(C=1.0, tol=1e-3, random_state=0).fit(x[chosen], [point[i] for i in chosen])
    clauses = [label for label in by_point.classes_ if label.startswith("~")]
    for label in clauses:
        at = list(by_point.classes_).index(label)
        outputs.append(list(by_point.coef_[at]))
        bias.append(float(by_point.intercept_[at]))

    learnt = numpy.array(outputs).T
    steps = numpy.abs(learnt).max(axis=1) / 127
    steps[steps == 0] = 1.0
    linear = numpy.rint(learnt / steps[:, None]).astype(numpy.int8).tobytes()
    table = _bm25(own + points, row, entries, marked)  # what is said of a topic, whatever its point
    step = float(table.max()) / 255
    header = {
        "format": FORMAT,
        "inputs": material.hash,
        "entries": entries,
        "ordinary": ordinary,
        "marks": marked,
        "beside": [label[1:] for label in clauses],
        "titles": {e: normalise(material.entries[e][0]) for e in entries[:ordinary]},
        "clause": {e: _clause(material, e) for e in material.entries},
        "related": {e: [r for r in v[2] if r in number] for e, v in material.entries.items()},
        "bias": [round(float(b), 6) for b in bias],
        "bm25_step": round(step, 8),
        "unseen": round(math.log(1 + len(texts)) + 1, 6),
    }
    bm25 = numpy.rint(table / step).astype(numpy.uint8).tobytes()
    lines: Lines = defaultdict(list)
    for (text, entry), label in zip(own + beside, point, strict=True):
        if number[entry] < ordinary:
            lines[label].append(array("H", sorted({row[g] for g in units(text, marked) if g in row})))
    header["lines"] = {label: len(lines[label]) for label in sorted(lines)}
    ordered = {label: lines[label] for label in sorted(lines)}
    return Weights(header, words, idf, array("f", steps), linear, bm25, sounds(), ordered)


# ------------------------------------------------------------------------------------ the gates


def _logistic(own: list[list[float]], other: list[list[float]], balanced: bool = True) -> list[float]:
    """A logistic regression that tells `own` from `other`, as `policy.index.gate` takes it."""
    import numpy

    _, regression = _learners()
    data = numpy.array(own + other)
    mean, spread = data.mean(0), data.std(0) + 1e-6
    model = regression(C=0.3, class_weight="balanced" if balanced else None, max_iter=5000)
    model.fit((data - mean) / spread, [1] * len(own) + [0] * len(other))
    slope = model.coef_[0] / spread
    return [round(float(v), 4) for v in [*slope, model.intercept_[0] - float(slope @ mean)]]


def _low(values: list[float], share: float) -> float:
    """The value below which that share of `values` lies."""
    return round(sorted(values)[int(len(values) * share)], 4)


# Shares of questions by authors not seen, on which the thresholds are set.
OWN_REFUSED = 0.018  # our own that are refused
FOREIGN_FOLLOWS = 0.01  # foreign questions that are taken for the second half of an answered one
SINGLE_SPLIT = 0.015  # single questions that are taken for two
WRITTEN_AS_NEAR = 0.045  # questions of an entry's point that are not taken for it
OWN_OFFERED = 0.004  # our own that get three choices, as the likeliest entry is not sure enough


def fit_gates(material: Material) -> dict[str, Any]:
    """Gates and thresholds, from authors held out in turns within `material`."""
    # Of those who knew the entries every other is enough for a few dozen numbers, and less time.
    readers = material.readers
    groups = [readers[i : i + 2] for i in range(0, len(readers), 2)]
    groups += [[n] for n in material.guests if n not in readers][1::2]
    unseen: Unseen = []
    for group in groups:
        tried = Index(fit_weights(material.without(*group)))
        unseen += [(tried, material.authors[n]) for n in group]
    house = [(Index(fit_weights(rest)), held) for rest, held in house_folds(material)]
    # Only who saw just the notice asks both for what it writes and for what it does not; of other
    # authors the gate would learn how they write.
    knowing = [(tried, author) for tried, author in unseen if author.name in readers]
    learnt = _ask_gates(unseen, house) | _exact_gate(material, knowing)
    for tried, _ in unseen:
        tried.header.update(learnt)
        tried.forget()
    return learnt | _pair_gates(unseen)


Unseen = list[tuple[Index, Author]]


def _ask_gates(unseen: Unseen, house: Unseen) -> dict[str, Any]:
    """Is it ours, is the first entry right, is it small talk."""
    own: list[list[float]] = []
    foreign: list[list[float]] = []
    right: list[list[float]] = []
    wrong: list[list[float]] = []
    talk: tuple[list[list[float]], list[list[float]]] = ([], [])
    for tried, author in unseen + house:
        weights, ordinary = tried.weights, tried.header["ordinary"]
        both = [(text, "both") for text, _ in author.double]
        near = author.near if author.name != HOUSE else []
        strangers = [(t, "") for t in author.foreign]
        texts = [*author.phrasings, *author.points, *author.grouped, *near, *both, *strangers]
        for text, entry in [(normalise(t), e) for t, e in texts]:
            if not text:
                continue
            scores = weights.scores(weights.repaired(text))
            total = combined(scores, ordinary)
            chat = entry in weights.entries[ordinary:]
            talking = chat_signals(weights, scores)
            if not chat or talking[0] >= CHAT_COVERED:
                talk[chat].append(talking)
            if chat:
                continue
            values = signals(weights, scores, total)
            if not entry:
                foreign.append(values)
                continue
            own.append(values)
            if entry != "both":
                first = weights.entries[total.index(max(total))]
                (right if first == entry else wrong).append(values)
        for _, text, _ in author.followup:
            scores = weights.scores(weights.repaired(normalise(text)))
            talk[0].append(chat_signals(weights, scores))
    ours = _logistic(own, foreign)
    sure = _logistic(right, wrong, balanced=False)
    learnt = {
        "ours": ours,
        "right": sure,
        "refuse_below": _low([gate(ours, v) for v in own], OWN_REFUSED),
        "choose_below": _low([gate(sure, v) for v in right + wrong], OWN_OFFERED),
        "chat": [-60.0],
        "chat_above": 0.5,
    }
    if talk[1]:
        learnt["chat"] = _logistic(talk[1], talk[0], balanced=False)
    return learnt


def _exact_gate(material: Material, tried_on: Unseen) -> dict[str, Any]:
    """Is the first entry's point the one that was asked for."""
    exact: list[list[float]] = []
    near: list[list[float]] = []
    for tried, author in tried_on:
        weights, ordinary = tried.weights, tried.header["ordinary"]
        for text, entry in [*author.phrasings, *((t, "") for t, _ in author.near + author.points)]:
            plain = normalise(text)
            if not plain or (entry and (material.unwritten(entry) or material.entries[entry][4])):
                continue
            scores = weights.scores(weights.repaired(plain))
            total = combined(scores, ordinary)
            at = total.index(max(total))
            if material.unwritten(weights.entries[at]):
                continue  # that answer says itself that its point is not written
            values = exact_signals(weights, scores, total, at, plain)
            (exact if weights.entries[at] == entry else near).append(values)
    if not near or not exact:
        return {"exact": [*([0.0] * 19), 60.0], "exact_above": 0.5}
    learnt = _logistic(exact, near)
    return {"exact": learnt, "exact_above": _low([gate(learnt, v) for v in exact], WRITTEN_AS_NEAR)}


def _pair_gates(unseen: Unseen) -> dict[str, Any]:
    """Is it half a question after an answer, is it two questions at once."""
    follows: tuple[list[list[float]], list[list[float]]] = ([], [])
    for tried, author in unseen:
        lasts = list(tried.header["titles"])
        cases = [(t, last, True) for last, t, _ in author.followup]
        for number, text in enumerate(author.foreign):
            cases += [(text, lasts[(number * 31 + step * 17) % len(lasts)], False) for step in range(3)]
        for text, last, wanted in cases:
            alone = tried.judge(normalise(text))
            joint, total = tried.joined(alone, last)
            follows[wanted].append(follow_signals(alone, joint, total))
    learnt: dict[str, Any] = {}
    if follows[1]:
        learnt["follows"] = _logistic(follows[1], follows[0])
        strangers = [gate(learnt["follows"], v) for v in follows[0]]
        learnt["follow_above"] = _low(strangers, 1 - FOREIGN_FOLLOWS)
    two: tuple[list[list[float]], list[list[float]]] = ([], [])
    single: list[list[list[float]]] = []
    for tried, author in unseen:
        tried.header.update(learnt)
        tried.forget()
        for text, _ in author.phrasings:
            plain = unified(text)
            cuts = [cut.signals for cut in tried.cuts(plain, tried.judge(normalise(text)))]
            single.append(cuts)
            two[0].extend(cuts)
        for text in author.foreign:
            two[0].extend(cut.signals for cut in tried.cuts(unified(text), tried.judge(normalise(text))))
        for text, both in [*author.double, *_made_doubles(author, tried)]:
            plain = unified(text)
            for cut in tried.cuts(plain, tried.judge(normalise(text))):
                if set(cut.entries) == set(both):
                    two[1].append(cut.signals)
    if two[1]:
        learnt["two"] = _logistic(two[1], two[0], balanced=False)
        likeliest = [max((gate(learnt["two"], v) for v in cuts), default=0.0) for cuts in single]
        learnt["two_above"] = _low(likeliest, 1 - SINGLE_SPLIT)
    return learnt


def _made_doubles(author: Author, tried: Index, each: int = 40) -> list[tuple[str, tuple[str, str]]]:
    """Two short questions on related entries, one after the other, chosen the same way every time."""
    by: dict[str, list[str]] = defaultdict(list)
    for text, entry in author.phrasings:
        if len(text) <= 14:
            by[entry].append(text.rstrip("？?。"))
    made = []
    for number, (one, texts) in enumerate(sorted(by.items())):
        for near in tried.header["related"].get(one, ())[:1]:
            if by.get(near):
                mark = ("，", "？", "，还有", " ")[number % 4]
                made.append((texts[0] + mark + by[near][-1], (one, near)))
    return made[:each]


def fit(material: Material) -> Index:
    """The whole index: weights and gate."""
    weights = fit_weights(material)
    weights.header.update(fit_gates(material))
    return Index(weights)


def train(material: Material, folder: Path = MODEL) -> Index:
    """Learn from the material and write the model. The same files give the same bytes."""
    trained = fit(material)
    trained.weights.write(folder)
    return trained
