"""Digits: what a number is made of where a machine wrote it, and what a digit is where people did.

Python's own checks take every script's digits, and marks such as ² too, which are no numbers here.
"""

from __future__ import annotations

from typing import Final

LONGEST: Final = 15  # digits; larger numbers name nothing in the database


def are_digits(text: str) -> bool:
    """Tell whether a text is nothing but the digits 0 to 9, at least one."""
    return text.isascii() and text.isdigit()


def whole_number(text: str, longest: int = LONGEST) -> int | None:
    """Return the number that a text of at most so many digits is; None for any other text."""
    return int(text) if len(text) <= longest and are_digits(text) else None


def holds_digit(text: str) -> bool:
    """Tell whether a digit of any script or form (１, ①) stands in a text that people wrote."""
    return any(character.isdigit() for character in text)
