"""What the question index has learnt: a table of character grams, packed into five small files.

`index.json` is the header (entries, gates, hash of the training inputs), `grams.txt` holds one gram
a line, `sounds.txt` characters of one sound a line, `weights.bin` the numbers, little-endian: 32-bit
floats `idf` and `scale` per gram, signed bytes of the linear classifiers (one row a gram, one column
an output), and for every gram how many entries BM25 knows it of, each with its number and weight as
bytes. `lines.bin` holds the lines learnt from as 16-bit numbers of their grams, a line after its
length, those of one label together: `lines` in the header says how many each label has.
"""

from __future__ import annotations

import json
import math
import sys
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from itertools import repeat
from operator import mul
from pathlib import Path
from typing import Any

from policy.files import PolicyError
from policy.index.marks import units

FORMAT = 5
TALK, OWN = 1, 2  # who uses a gram
# The linear outputs behind the entries' own: is it ours at all, a neighbouring office's, small talk, a
# point that the notice does not write.
EXTRA = ("ours", "neighbour", "chat", "near")
# How well a homophone must fit to replace a character, or one that no phrasing has at all; a pair of
# characters counts up to 9. A text may have one odd character, and one more in so many.
REPAIR_ABOVE, REPAIR_UNKNOWN_ABOVE, ODD_EVERY = 5.0, 2.0, 4


@dataclass(frozen=True)
class Scores:
    """How one text scores. `linear` and `bm25` by entry: ordinary ones first, then small talk."""

    linear: list[float]
    bm25: list[float]
    ours: float
    neighbour: float
    chat: float
    near: float
    beside: list[float]  # the same by clause, in the order of `Weights.beside`
    grams: list[tuple[str, int, float]]  # (gram, its row or -1, its weight)


Lines = dict[str, list[Any]]  # label (an entry, or ~ and a clause) → the grams of each line
NEAREST = 3  # so many lines of a label say how like it a text is


class Weights:
    """The learnt table. Row r of a matrix belongs to gram r."""

    def __init__(
        self,
        header: dict[str, Any],
        words: list[str],
        idf: array[float],
        scale: array[float],
        linear: bytes,
        bm25: bytes,
        sounds: list[str],
        lines: Lines,
    ) -> None:
        self.header = header
        self.entries: list[str] = header["entries"]
        self.beside: list[str] = header["beside"]  # clauses with outputs for points not written
        self.row = {gram: r for r, gram in enumerate(words)}
        self._words, self._idf, self._scale = words, idf, scale
        self._linear, self._bm25 = linear, bm25
        self._signed = memoryview(linear).cast("b")
        entries, ordinary = len(self.entries), header["ordinary"]
        own, talk = bytes(ordinary), bytes(entries - ordinary)
        self._used = bytes(
            OWN * (bm25[at : at + ordinary] != own) + TALK * (bm25[at + ordinary : at + entries] != talk)
            for at in range(0, len(words) * entries, entries)
        )
        self._sounds = sounds
        self._lines = lines
        self._norms: dict[str, list[float]] = {}
        self._holding: dict[str, dict[int, list[int]]] = {}  # label → gram → the lines that hold it
        # Character → those of the same sound that our own phrasings use.
        self._alike: dict[str, str] = {}
        for group in sounds:
            alike = "".join(c for c in group if self._known(c))
            self._alike.update(dict.fromkeys(group, alike))

    def _known(self, gram: str) -> bool:
        r = self.row.get(gram, -1)
        return r >= 0 and self._used[r] > 0

    def repaired(self, text: str) -> str:
        """A normalised text with a likely homophone typo undone: 报名废 → 报名费.

        Only the odd character out is replaced, one that fits neither neighbour, by one of the same
        sound that our phrasings use next to the one before or after it. Where many characters do
        not fit, the text is simply on something else; then only quite unknown ones are tried.
        """
        padded = f"^{text}$"
        odd = [
            i
            for i in range(1, len(padded) - 1)
            if padded[i - 1 : i + 1] not in self.row and padded[i : i + 2] not in self.row
        ]
        most = 1 + len(text) // ODD_EVERY
        if len(odd) > most:
            odd = [i for i in odd if padded[i] not in self.row]
        if len(odd) > most:
            return text
        for i in odd:
            before, after = padded[i - 1], padded[i + 1]
            best, fit = padded[i], REPAIR_ABOVE if padded[i] in self.row else REPAIR_UNKNOWN_ABOVE
            for other in self._alike.get(best, ""):
                # The rarer the pair, the more its being known says; the ends of a text say little.
                good = sum(
                    self._idf[self.row[pair]] * (0.5 if "^" in pair or "$" in pair else 1.0)
                    for pair in (before + other, other + after)
                    if self._known(pair)
                )
                if good > fit:
                    best, fit = other, good
            padded = padded[:i] + best + padded[i + 1 :]
        return padded[1:-1]

    def scores(self, text: str) -> Scores:
        """The scores of a normalised text."""
        entries = len(self.entries)
        columns = entries + len(EXTRA) + len(self.beside)
        unseen: float = self.header["unseen"]
        found: list[tuple[str, int, float]] = []
        weights = [0.0]
        rows: list[Sequence[int]] = [bytes(columns)]
        plain_rows = [bytes(entries)]
        norm = 0.0
        for gram, times in Counter(units(text, self.header["marks"])).items():
            r = self.row.get(gram, -1)
            if r < 0:
                found.append((gram, r, unseen))
                continue
            rarity = self._idf[r]
            found.append((gram, r, rarity))
            weight = rarity if times == 1 else (1.0 + math.log(times)) * rarity
            norm += weight * weight
            weights.append(weight * self._scale[r])
            rows.append(self._signed[r * columns : (r + 1) * columns])
            if self._used[r]:  # rows of foreign grams are empty
                plain_rows.append(self._bm25[r * entries : (r + 1) * entries])
        length = 1.0 / math.sqrt(norm) if norm else 0.0
        # Column by column: the inner loops then run in C, twice as fast as row by row.
        linear = [
            length * sum(map(mul, weights, column)) + b
            for column, b in zip(zip(*rows, strict=True), self.header["bias"], strict=True)
        ]
        step: float = self.header["bm25_step"]
        bm25 = [step * sum(column) for column in zip(*plain_rows, strict=True)]
        ours, neighbour, chat, near, *beside = linear[entries:]
        return Scores(linear[:entries], bm25, ours, neighbour, chat, near, beside, found)

    def likeness(self, scores: Scores, label: str) -> tuple[float, float]:
        """How like a text is to the lines of a label: the nearest one, and the mean of the nearest few."""
        lines = self._lines.get(label)
        if not lines:
            return 0.0, 0.0
        if label not in self._norms:
            idf = self._idf
            self._norms[label] = [math.sqrt(sum(idf[r] * idf[r] for r in line)) for line in lines]
        squares = {r: weight * weight for _, r, weight in scores.grams if r >= 0}
        length = math.sqrt(sum(weight * weight for _, _, weight in scores.grams)) or 1.0
        get, none = squares.get, repeat(0.0)
        norms = self._norms[label]
        found = [sum(map(get, line, none)) / norm for line, norm in zip(lines, norms, strict=True)]
        nearest = sorted(found, reverse=True)[:NEAREST]
        return nearest[0] / length, sum(nearest) / len(nearest) / length

    def holds_line(self, scores: Scores, label: str, alike: float) -> bool:
        """Whether a text is more like to a line of a label than `alike`: near 1 only few are looked at.

        A line without some grams of a text is at most as like to it as what is left of the text is.
        """
        lines = self._lines.get(label)
        if not lines:
            return False
        if label not in self._holding:
            holding: dict[int, list[int]] = {}
            for at, line in enumerate(lines):
                for r in line:
                    holding.setdefault(r, []).append(at)
            self._holding[label] = holding
        squares = {r: weight * weight for _, r, weight in scores.grams if r >= 0}
        length = sum(weight * weight for _, _, weight in scores.grams)
        least = length * alike * alike * (1.0 - 1e-9)
        telling = max(squares, key=lambda r: squares[r], default=None)
        if telling is None or sum(squares.values()) < least:
            return False
        looked_at: Iterable[int] = range(len(lines))
        if length - squares[telling] < least:
            looked_at = self._holding[label].get(telling, ())
        idf, length = self._idf, math.sqrt(length)
        for at in looked_at:
            line = lines[at]
            norm = math.sqrt(sum(idf[r] * idf[r] for r in line))
            if sum(map(squares.get, line, repeat(0.0))) / norm / length > alike:
                return True
        return False

    def used(self, r: int) -> bool:
        """Whether our own phrasings (small talk aside) use gram r."""
        return self._used[r] >= OWN

    def talked(self, r: int) -> bool:
        """Whether small talk uses gram r."""
        return bool(self._used[r] & TALK)

    def uses(self, r: int, entry: int) -> bool:
        """Whether the phrasings of the entry with that number use gram r."""
        return self._bm25[r * len(self.entries) + entry] > 0

    def write(self, folder: Path) -> None:
        """Write the five files; the same weights give the same bytes."""
        folder.mkdir(parents=True, exist_ok=True)
        floats = array("f", [*self._idf, *self._scale])
        if sys.byteorder == "big":
            floats.byteswap()
        entries = len(self.entries)
        rows = (self._bm25[at : at + entries] for at in range(0, len(self._bm25), entries))
        sparse = b"".join(_sparse(row) for row in rows)
        (folder / "weights.bin").write_bytes(floats.tobytes() + self._linear + sparse)
        numbers = array(
            "H", [n for lines in self._lines.values() for line in lines for n in (len(line), *line)]
        )
        if sys.byteorder == "big":
            numbers.byteswap()
        (folder / "lines.bin").write_bytes(numbers.tobytes())
        (folder / "grams.txt").write_text("\n".join(self._words) + "\n", encoding="utf-8", newline="\n")
        sounds = "\n".join(self._sounds) + "\n"
        (folder / "sounds.txt").write_text(sounds, encoding="utf-8", newline="\n")
        header = json.dumps(self.header, ensure_ascii=False, indent=1, sort_keys=True)
        (folder / "index.json").write_text(header + "\n", encoding="utf-8", newline="\n")


def _sparse(row: bytes) -> bytes:
    """One row of BM25 without its zeros: how many there are, then each column and weight."""
    pairs = [value for column, weight in enumerate(row) if weight for value in (column, weight)]
    return bytes([len(pairs) // 2, *pairs])


def _dense(data: bytes, rows: int, entries: int) -> bytes:
    """The rows again.

    Raises:
        ValueError: the data do not hold just so many rows.
    """
    found = bytearray(rows * entries)
    at = 0
    try:
        for start in range(0, rows * entries, entries):
            end = at + 1 + 2 * data[at]
            for column, weight in zip(data[at + 1 : end : 2], data[at + 2 : end : 2], strict=True):
                found[start + column] = weight
            at = end
    except IndexError as error:
        raise ValueError(str(error)) from error
    if at != len(data):
        raise ValueError("too long")
    return bytes(found)


def _read_lines(data: bytes, counts: dict[str, int]) -> Lines:
    """The lines by label.

    Raises:
        ValueError: the data do not hold just so many lines.
    """
    numbers = array("H")
    numbers.frombytes(data)
    if sys.byteorder == "big":
        numbers.byteswap()
    found: Lines = {}
    at = 0
    for label, count in counts.items():
        lines = found[label] = []
        for _ in range(count):
            if at >= len(numbers):
                raise ValueError("too short")
            lines.append(numbers[at + 1 : at + 1 + numbers[at]])
            at += 1 + numbers[at]
    if at != len(numbers):
        raise ValueError("too long")
    return found


def packaged_weights(root: Traversable | None = None) -> Weights:
    """The weights shipped with the package (or those in another folder).

    Raises:
        PolicyError: the files are missing or do not fit together; the message says what to run.

    """
    root = root or resources.files("policy").joinpath("index/model")
    try:
        header = json.loads(root.joinpath("index.json").read_text(encoding="utf-8"))
        words = root.joinpath("grams.txt").read_text(encoding="utf-8").split("\n")[:-1]
        sounds = root.joinpath("sounds.txt").read_text(encoding="utf-8").split("\n")[:-1]
        data = root.joinpath("weights.bin").read_bytes()
        lines = _read_lines(root.joinpath("lines.bin").read_bytes(), header.get("lines", {}))
    except (OSError, ValueError) as error:
        raise PolicyError(f"model/: {error}; run `python -m bot policy train`") from error
    n, entries = len(words), len(header.get("entries", ()))
    columns = entries + len(EXTRA) + len(header.get("beside", ()))
    split = 8 * n + n * columns
    try:
        if header.get("format") != FORMAT or not n:
            raise ValueError("another format")
        bm25 = _dense(data[split:], n, entries)
    except ValueError as error:
        raise PolicyError(
            "model/: the files do not fit together; run `python -m bot policy train`"
        ) from error
    floats = array("f")
    floats.frombytes(data[: 8 * n])
    if sys.byteorder == "big":
        floats.byteswap()
    return Weights(header, words, floats[:n], floats[n:], data[8 * n : split], bm25, sounds, lines)
