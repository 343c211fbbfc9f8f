"""Cells and occupations as people type them, shared by every feature that takes figures."""

from __future__ import annotations

import re
from typing import Final, Literal

from bot.core.dialogs import vocabulary
from bot.core.dialogs.dialog import Problem
from policy.form.form import NOT_KNOWN, Cell, Form, Measure, Refused

NO_BUSINESS: Final = "no_business"
TypedCell = Cell | Literal["no_business"]  # at a cell's question: its value, or that of the whole row

MOST_NAMES = 50  # names in one message; the form has a dozen

LONGEST_NAME = 8  # characters of an occupation as people write it

MISTYPED = 0.6  # how like an occupation a name must be to count as a slip


def listed(text: str) -> list[str]:
    """Return the parts of a list as people type one."""
    return [part for part in re.split(r"[\s、，,;；/和及]+", vocabulary.tidy(text)) if part]


def occupations_in(form: Form, text: str) -> list[str]:
    """Names of the occupations a text lists; [] when anything in it is none, or it lists too many."""
    whole = form.find_occupation(vocabulary.tidy(text))
    parts = listed(text)
    if not whole and len(parts) > MOST_NAMES:
        return []
    found = [whole] if whole else [form.find_occupation(part) for part in parts]
    return [] if None in found else list(dict.fromkeys(o.name for o in found if o is not None))


def read_cell(form: Form, measure: Measure, text: str) -> Cell:
    """A cell as typed: a figure, or 不掌握.

    Raises:
        Problem: the figure is refused; says what is expected, or asks whether the likely one is meant.
    """
    if vocabulary.tidy(text) in vocabulary.NOT_KNOWN or text == NOT_KNOWN:
        return NOT_KNOWN
    try:
        return form.read_cell(measure, text)
    except Refused as error:
        data = {"reason": error.reason, "measure": measure, "typed": text.strip()[:20]}
        if error.likely is None:
            raise Problem("problem/figure.j2", **data) from error
        raise Problem("problem/likely_figure.j2", likely=error.likely, **data) from error
