"""Yuan, or 万元, to whole fen: the one conversion, exact, for every way in which an amount arrives."""

from __future__ import annotations

from decimal import Decimal, localcontext

WAN = 10_000
_MOST_DIGITS = 400  # of a number in a spreadsheet, 1e308 among them


class PartOfFen(ValueError):
    """The amount has more than two decimals of a yuan; it is never rounded."""


def in_yuan(number: Decimal, wan: bool = False) -> Decimal:
    """Return an amount in yuan; `wan` tells that it was given in 万元: 12.345678 is 123456.78."""
    with localcontext() as exact:
        exact.prec = _MOST_DIGITS
        return number * WAN if wan else number


def to_fen(yuan: Decimal) -> int:
    """Return an amount in yuan as whole fen.

    Raises:
        PartOfFen: it has more than two decimals.
    """
    with localcontext() as exact:
        exact.prec = _MOST_DIGITS
        fen = yuan * 100
        if fen != fen.to_integral_value():
            raise PartOfFen
        return int(fen)


def plain_yuan(fen: int) -> str:
    """Return fen as yuan in plain digits, without needless zeros: 123456.78, 3.5, 90000."""
    yuan, rest = divmod(fen, 100)
    return f"{yuan}.{rest:02d}".rstrip("0") if rest else str(yuan)


def spreadsheet_number(value: float) -> Decimal:
    """Return the number that a spreadsheet shows for a cell's binary one: 15 digits, as Excel keeps.

    A sum such as 0.1 + 0.2 is 0.3 there.
    """
    return Decimal(format(value, ".15g"))
