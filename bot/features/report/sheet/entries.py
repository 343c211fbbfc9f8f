"""What is put on a sheet, as the lines of one message."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, cast, get_args

from bot.core.input_limits import LONGEST_TEXT

Kind = Literal["cell", "why", "idle", "drop"]
KINDS: tuple[str, ...] = get_args(Kind)
LONGEST = {"cell": 60, "why": 400}  # characters that are looked at; no figure or reason is so long


@dataclass(frozen=True)
class Entry:
    """One thing on a sheet: a cell as typed, why a figure is right, 无业务, or a row taken out.

    `name` is the measure's id, or the doubt's.
    """

    kind: Kind
    occupation: str
    name: str = ""
    typed: str = ""

    @property
    def line(self) -> str:
        """The entry as a line."""
        typed = " ".join(self.typed.split())[: LONGEST.get(self.kind, 0)]
        return "\t".join((self.occupation, self.kind, self.name, typed))


def messages(entries: Iterable[Entry]) -> Iterator[str]:
    """The entries in as few texts as may be sent."""
    text = ""
    for entry in entries:
        if text and len(text) + len(entry.line) + 1 > LONGEST_TEXT:
            yield text
            text = ""
        text = f"{text}\n{entry.line}" if text else entry.line
    if text:
        yield text


def read(text: str) -> list[Entry]:
    """The entries in such a text; what is none is left out."""
    found = []
    for line in text.split("\n"):
        parts = line.split("\t")
        if len(parts) == 4 and parts[1] in KINDS:
            found.append(Entry(cast(Kind, parts[1]), parts[0], parts[2], parts[3]))
    return found
