"""Rows typed where no report is open, and the quarter that stands above them."""

from __future__ import annotations

from bot.core.turn import Turn
from policy.calendar.quarters import Quarter
from policy.form.form import Form
from policy.form.quarter_words import Named
from policy.form.rows import quarter_named, read_lines


def are_whole_rows(form: Form, text: str) -> bool:
    """Whether a text can be nothing but rows of the form, even with no report open."""
    lines = read_lines(form, text, [])
    return any(line.kind == "row" and len(line.cells) == len(form.measures) for line in lines)


def quarter_meant(turn: Turn, text: str) -> Quarter | Named | None:
    """The quarter that stands above or before figures; as it was written where it is none we understand.

    None when they name none. One still to come is a quarter too: whoever asks refuses it.
    """
    named = quarter_named(turn.corpus.form, text, [])
    return (named.quarter(Quarter.of(turn.now)) or named) if named is not None else None
