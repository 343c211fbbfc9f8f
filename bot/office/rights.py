"""The table of rights, printed for the documentation: `python -m bot.office.rights > docs/rights.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass

from bot.core.permissions import REACHES, ROLES, Right
from bot.core.render import words
from bot.office.routes import table


@dataclass(frozen=True)
class Granted:
    """A line: the page or action by name, where or how it is reached, and who may."""

    name: str
    where: str
    right: Right


def pages() -> list[Granted]:
    """Return a line for every address of the office."""
    return [Granted(row.name, f"{row.method} {row.path}", row.right) for row in table()]


def printed(chat: Iterable[Granted] = ()) -> str:
    """Return the table as Markdown: the office's pages, and the chat's actions when they are given."""
    data = {"pages": pages(), "chat": list(chat), "roles": ROLES, "reaches": REACHES}
    return words("office/rights.j2", data) + "\n"


if __name__ == "__main__":
    sys.stdout.write(printed())
