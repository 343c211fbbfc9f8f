"""The table of rights, printed for the documentation: `python -m bot.office.rights > docs/rights.md`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass

from bot.core.permissions import REACHES, ROLES, Right
from bot.core.render import words
from bot.http.ways import WAYS
from bot.office.routes import table
from bot.registry import Registry, build_registry
from policy.corpus import build_corpus


@dataclass(frozen=True)
class Granted:
    """A line: the page or action by name, where or how it is reached, and who may."""

    name: str
    where: str
    right: Right


def pages() -> list[Granted]:
    """Return a line for every address of the office."""
    return [Granted(row.name, f"{row.method} {row.path}", row.right) for row in table()]


def ways() -> list[Granted]:
    """Return a line for every way in beside the chat's own page and the office."""
    return [Granted(way.name, f"{way.method} {way.path}", way.right) for way in WAYS]


def chat(registry: Registry) -> Mapping[str, list[Granted]]:
    """Return a line for every command, button, reader and job of the chat, by kind."""
    found: dict[str, list[Granted]] = {}
    for kind, name, right in registry.rights():
        one = Granted(name, name, right)
        if kind == "command":
            first, *others = registry.commands[name].words.split()
            one = Granted(first, "、".join(others) or first, right)
        elif kind == "job":
            one = Granted(words("jobs/label.j2", {"job": name}), name, right)
        found.setdefault(kind, []).append(one)
    return found


def printed(registry: Registry) -> str:
    """Return the table as Markdown: the office's pages and the chat's actions."""
    data = {"pages": pages(), "ways": ways(), "chat": chat(registry), "roles": ROLES, "reaches": REACHES}
    return words("office/rights.j2", data) + "\n"


if __name__ == "__main__":
    sys.stdout.write(printed(build_registry(build_corpus())))
