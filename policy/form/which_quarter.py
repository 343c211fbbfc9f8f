"""Which quarter a form in a file belongs to: what its title, sheet, file name and hidden copy say of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from policy.calendar.quarters import Quarter
from policy.form.quarter_words import Told, read_told
from policy.form.sheet import FormFile

Source = Literal["title", "hidden", "sheet", "file"]


@dataclass(frozen=True)
class Claim:
    """What one place of the file says of the quarter, as written."""

    source: Source
    words: str


def _told(sent: FormFile) -> list[tuple[Source, Told]]:
    named = read_told([sent.file]).named
    of_file = Told(tuple(n for n in named if n.number is not None))  # a month or a year may be of its making
    return [("title", sent.said), ("sheet", Told(read_told([sent.sheet]).named)), ("file", of_file)]


def claims(sent: FormFile) -> list[Claim]:
    """Return everything the file says of its quarter."""
    found = [Claim(s, n.words) for s, told in _told(sent) for n in told.named if n.back != 0]
    found += [Claim("title", day.isoformat()) for day in sent.said.days]
    return found + ([Claim("hidden", sent.base.quarter)] if sent.base else [])


def against(sent: FormFile, quarter: Quarter, now: Quarter) -> bool:
    """Return whether anything in the file speaks against a quarter."""
    other = sent.base is not None and sent.base.quarter != str(quarter)
    return other or any(told.against(quarter, now) for _, told in _told(sent))


def names(sent: FormFile, quarter: Quarter, now: Quarter) -> bool:
    """Return whether the file names that quarter, and nothing in it speaks against it."""
    return quarter in quarters(sent, now) and not against(sent, quarter, now)


def quarters(sent: FormFile, now: Quarter) -> list[Quarter]:
    """Return the quarters that the file names, each once."""
    found = [q for _, told in _told(sent) for q in told.quarters(now)]
    return list(dict.fromkeys([*found, *([Quarter.parse(sent.base.quarter)] if sent.base else [])]))


def meant(sent: Sequence[FormFile], opened: Quarter | None, now: Quarter) -> tuple[int, Quarter] | None:
    """Return (which of the forms, its quarter); None when that is to be asked.

    With a report open it is that report's quarter, which one of several forms must name. Without, the
    file has to name one, and nothing else.
    """
    if opened is not None:
        fitting = [i for i, one in enumerate(sent) if not against(one, opened, now)]
        if len(sent) > 1:
            fitting = [i for i in fitting if names(sent[i], opened, now)]
        return (fitting[0], opened) if len(fitting) == 1 else None
    if len(sent) != 1:
        return None
    found = quarters(sent[0], now)
    return (0, found[0]) if len(found) == 1 and not against(sent[0], found[0], now) else None


def choices(
    sent: Sequence[FormFile], opened: Quarter | None, likely: Quarter, now: Quarter
) -> list[tuple[int, Quarter]]:
    """Return what to offer where it is to be asked: (which of the forms, quarter), none still to come."""
    found = []
    for i, one in enumerate(sent):
        named = [q for q in quarters(one, now) if q <= now]
        days = [Quarter(day.year, (day.month + 2) // 3) for day in one.said.days if 2023 < day.year < 2100]
        more = [opened] if opened else [*(q for q in days if q <= now), likely]
        found += [(i, q) for q in dict.fromkeys(named + more if len(sent) == 1 or not named else named)]
    return found
