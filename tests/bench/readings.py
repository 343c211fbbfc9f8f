"""How right the readers are on held-out sets, against the bars they are held to.

    python -m tests.bench.readings [--show] [--seen]

`wrong` was taken for something else, `asked` was clear and is asked back, `right` was read (or rightly
asked about). `--show` names the texts of the halves that readers may be mended with, `--seen` measures
only those.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from bot.cli.reading import read
from tests.support.corpus import CORPUS

SETS = Path(__file__).parents[1] / "policy" / "readings"
ON = date(2026, 11, 28)
HALVES = ("seen", "unseen")
NAMED_ONLY = ("remark", "quarter")  # beside a row that is read whole
KINDS = ("figures", "dates", "answers", "lines", "private")

Case = dict[str, Any]
Result = tuple[str, Any]  # value, ask or refuse, and what was read


@dataclass
class Measured:
    """What became of the cases of one set, by the texts."""

    wrong: list[tuple[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, Any]] = field(default_factory=list)
    right: int = 0
    clear: int = 0
    taken: int = 0

    @property
    def total(self) -> int:
        """How many cases there were."""
        return len(self.wrong) + len(self.asked) + self.right

    def add(self, case: Case, result: Result) -> None:
        """Count one reading; what is not clear is right wherever it is not taken."""
        kind, value = result
        clear = case["is"] not in ("ask", "refuse")
        self.clear += clear
        if kind == "value" and value == case["is"]:
            self.right += 1
            self.taken += clear
        elif kind == "value":
            self.wrong.append((case["text"], value))
        elif clear:
            self.asked.append((case["text"], value))
        else:
            self.right += 1


@dataclass(frozen=True)
class Bar:
    """What a set must reach, as shares of its cases."""

    wrong: float  # at most
    right: float  # at least; of free answers with those rightly asked
    taken: float = 0.0  # at least, of the clear ones


BARS = {
    "figures": Bar(0, 0.97),
    "dates": Bar(0, 0.95),
    "answers": Bar(0.01, 0.90, 0.80),
    "lines": Bar(0, 0.95),
    "private": Bar(0, 1),
}


def _read(name: str, case: Case) -> Result:
    kind = "line" if name == "lines" else case.get("fact") or case.get("kind") or "date"
    found = read(CORPUS, kind, case["text"], ON)
    asked = any(reason not in NAMED_ONLY for _, reason in found.get("left", ()))
    return "ask" if asked else found["kind"], found.get("value", found.get("likely"))


def _masked(case: Case) -> Result:
    """A text is right when every private number is covered, and nothing else in an ordinary text."""
    text, shown = case["text"], read(CORPUS, "mask", case["text"], ON)["value"]
    left = [n for n in case["private"] if not _covered(text, shown, n)]
    spoilt = not case["private"] and shown != text
    return ("value", shown) if left or spoilt else ("ask", None)


def _covered(text: str, shown: str, number: str) -> bool:
    place = text.index(number)
    return set(shown[place : place + len(number)]) == {"*"}


def measure(name: str, halves: tuple[str, ...] = HALVES) -> Measured:
    """Read every case of a set."""
    measured = Measured()
    reader: Callable[[Case], Result] = _masked if name == "private" else lambda case: _read(name, case)
    for half in halves:
        for line in (SETS / f"{name}_fresh_{half}.jsonl").read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            measured.add({"is": "ask", **case}, reader(case))
    return measured


def holds(name: str, measured: Measured) -> bool:
    """Whether a set reaches its bar."""
    bar = BARS[name]
    asked = len(measured.asked) if bar.taken else 0
    return (
        len(measured.wrong) <= bar.wrong * measured.total
        and measured.right + asked >= bar.right * measured.total
        and measured.taken >= bar.taken * measured.clear
    )


def main() -> None:
    """Print a line a set and half."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--seen", action="store_true")
    options = parser.parse_args()
    print(f"{'set':<9}{'half':<8}{'cases':>6}{'wrong':>7}{'asked':>7}{'right':>7}{'taken of clear':>16}  bar")
    for name in KINDS:
        for half in HALVES[:1] if options.seen else HALVES:
            found = measure(name, (half,))
            taken = f"{found.taken}/{found.clear}" if found.clear else "-"
            print(
                f"{name:<9}{half:<8}{found.total:>6}{len(found.wrong):>7}{len(found.asked):>7}{found.right:>7}"
                f"{taken:>16}  {'reached' if holds(name, found) else 'MISSED'}"
            )
            if options.show and half == "seen":
                for title, texts in (("wrong", found.wrong), ("asked", found.asked)):
                    for text, value in texts:
                        print(f"    {title} {text!r}: {value}")


if __name__ == "__main__":
    main()
