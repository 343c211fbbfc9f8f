"""What was learnt about jobs, packed into three small files.

`jobs.json` is the header (outputs and their biases, digest of the data learnt from), `features.txt`
holds one feature a line, `weights.bin` a 32-bit float `scale` a feature, little-endian, then signed
bytes, one row a feature, one column an output.
"""

from __future__ import annotations

import hashlib
import json
import math
import sys
from array import array
from collections.abc import Mapping, Sequence
from importlib import resources
from operator import mul
from pathlib import Path
from typing import Any

from policy.files import PolicyError

FORMAT = 1
NONE = "none"  # the output for what is no request


class Weights:
    """The learnt table. Row r belongs to feature r."""

    def __init__(self, header: dict[str, Any], words: list[str], scale: array[float], rows: bytes) -> None:
        self.header = header
        self.outputs: list[str] = header["outputs"]
        self._row = {word: r for r, word in enumerate(words)}
        self._words, self._scale, self._rows = words, scale, rows
        self._signed = memoryview(rows).cast("b")

    def chances(self, found: Mapping[str, float]) -> dict[str, float]:
        """Return how likely each output is for a text with these features; they add up to one."""
        columns = len(self.outputs)
        weights = [0.0]
        rows: list[Sequence[int]] = [bytes(columns)]
        for name, weight in found.items():
            r = self._row.get(name, -1)
            if r >= 0:
                weights.append(weight * self._scale[r])
                rows.append(self._signed[r * columns : (r + 1) * columns])
        totals = [
            bias + sum(map(mul, weights, column))
            for column, bias in zip(zip(*rows, strict=True), self.header["bias"], strict=True)
        ]
        highest = max(totals)
        powers = [math.exp(total - highest) for total in totals]
        every = sum(powers)
        return {name: power / every for name, power in zip(self.outputs, powers, strict=True)}

    def write(self, folder: Path) -> None:
        """Write the three files; the same weights give the same bytes."""
        folder.mkdir(parents=True, exist_ok=True)
        floats = array("f", self._scale)
        if sys.byteorder == "big":
            floats.byteswap()
        (folder / "weights.bin").write_bytes(floats.tobytes() + self._rows)
        (folder / "features.txt").write_text("\n".join(self._words) + "\n", encoding="utf-8", newline="\n")
        header = json.dumps(self.header, ensure_ascii=False, indent=1, sort_keys=True)
        (folder / "jobs.json").write_text(header + "\n", encoding="utf-8", newline="\n")


def data_digest() -> str:
    """Return the digest of the lexicon and the phrasings: a model made from others is out of date."""
    root = resources.files("policy").joinpath("jobs")
    folder = root.joinpath("phrasings")
    paths = [root.joinpath("lexicon.yaml"), *sorted(folder.iterdir(), key=lambda p: p.name)]
    digest = hashlib.sha256()
    for path in paths:
        if path.name.endswith(".yaml"):
            digest.update(path.name.encode() + b"\0" + path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()


def packaged_weights() -> Weights:
    """Return the packaged weights.

    Raises:
        PolicyError: the files are missing or do not fit together; the message says what to run.
    """
    root = resources.files("policy").joinpath("jobs/model")
    advice = "run `python -m policy.jobs.training train`"
    try:
        header = json.loads(root.joinpath("jobs.json").read_text(encoding="utf-8"))
        words = root.joinpath("features.txt").read_text(encoding="utf-8").split("\n")[:-1]
        data = root.joinpath("weights.bin").read_bytes()
    except (OSError, ValueError) as error:
        raise PolicyError(f"jobs/model/: {error}; {advice}") from error
    n, columns = len(words), len(header.get("outputs", ()))
    if header.get("format") != FORMAT or len(data) != n * (4 + columns):
        raise PolicyError(f"jobs/model/: the files do not fit together; {advice}")
    scale = array("f")
    scale.frombytes(data[: 4 * n])
    if sys.byteorder == "big":
        scale.byteswap()
    return Weights(header, words, scale, data[4 * n :])
