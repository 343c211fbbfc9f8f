"""How the house is built and what one message costs in it. Run: `python -m tests.architecture.measure`.

Counts only what is the same on every machine: imports, templates, calls of our own functions, SQL
statements. `--tree DIR` counts the still part of another checkout (the one before a change).
"""

from __future__ import annotations

import argparse
import ast
import os
import platform
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import grimp
from grimp import ImportGraph
from sqlalchemy import event

ROOT = Path(__file__).parents[2]
ROOMS = ("bot", "policy", "storage")
SMALL = 3  # lines: a template so short is an acknowledgement, or a word
NOT_COUNTED = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA")


# What stands still: modules, imports, templates


def graph_of(tree: Path) -> ImportGraph:
    """Return every import between our modules, lazy and type-checking ones included."""
    sys.path.insert(0, str(tree))
    try:
        return grimp.build_graph(*ROOMS, cache_dir=None)
    finally:
        sys.path.remove(str(tree))


def against_layers(graph: ImportGraph, layers: list[str]) -> list[tuple[str, str]]:
    """Return the imports that run up, or between siblings that know nothing of one another."""
    floor = {}
    for number, layer in enumerate(layers):
        for room in layer.replace("|", ":").split(":"):
            floor[room.strip()] = (number, "|" in layer, room.strip())

    def place(module: str) -> tuple[int, bool, str] | None:
        parts = module.split(".")
        prefixes = (".".join(parts[:n]) for n in range(len(parts), 0, -1))
        return next((floor[p] for p in prefixes if p in floor), None)

    found = []
    for importer in graph.modules:
        for imported in graph.find_modules_directly_imported_by(importer):
            above, below = place(importer), place(imported)
            if above is None or below is None or above[2] == below[2]:
                continue
            if above[0] > below[0] or (above[0] == below[0] and above[1]):
                found.append((importer, imported))
    return sorted(found)


def circles(graph: ImportGraph) -> list[set[str]]:
    """Return the sets of modules each of which imports, in some steps, every other."""
    arrows = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    back: dict[str, set[str]] = {module: set() for module in arrows}
    for importer, targets in arrows.items():
        for imported in targets:
            back[imported].add(importer)
    order: list[str] = []
    seen: set[str] = set()
    for start in sorted(arrows):
        stack = [(start, iter(arrows[start]))] if start not in seen else []
        seen.add(start)
        while stack:
            module, targets_left = stack[-1]
            following = next((t for t in targets_left if t not in seen), None)
            if following is None:
                order.append(module)
                stack.pop()
            else:
                seen.add(following)
                stack.append((following, iter(arrows[following])))
    found, placed = [], set()
    for start in reversed(order):
        circle, waiting = set(), [start]
        while waiting:
            module = waiting.pop()
            if module not in placed:
                placed.add(module)
                circle.add(module)
                waiting += back[module]
        if len(circle) > 1:
            found.append(circle)
    return found


def sources(tree: Path) -> Iterator[Path]:
    """Every Python file of the rooms."""
    for room in ROOMS:
        yield from (tree / room).rglob("*.py")


def any_count(tree: Path) -> int:
    """Return how often a type is `Any`."""
    return sum(
        isinstance(node, ast.Name) and node.id == "Any"
        for path in sources(tree)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    )


def largest_folder(tree: Path) -> tuple[int, str]:
    """Return how many modules the fullest folder holds, its `__init__` and migrations aside."""
    count: dict[Path, int] = {}
    for path in sources(tree):
        if path.name != "__init__.py" and "migrations" not in path.parts:
            count[path.parent] = count.get(path.parent, 0) + 1
    folder = max(count, key=lambda f: (count[f], str(f)))
    return count[folder], str(folder.relative_to(tree))


def still(tree: Path) -> Iterator[tuple[str, str]]:
    """Yield what is counted of a tree that is not run."""
    top = {p.stem for p in (tree / "bot").glob("*.py")} - {"__init__"}
    yield "modules at the top of bot/", str(len(top))
    number, folder = largest_folder(tree)
    yield "modules in the fullest folder", f"{number} ({folder})"
    graph = graph_of(tree)
    yield "imports between our modules", str(graph.count_imports())
    project = tomllib.loads((tree / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"].get("importlinter", {}).get("contracts", [])
    layers = next((c["layers"] for c in contracts if c["type"] == "layers"), None)
    if layers:
        yield "imports against the layers", str(len(against_layers(graph, layers)))
    rings = circles(graph)
    yield "circles (modules in them)", f"{len(rings)} ({sum(map(len, rings))})"
    templates = list((tree / "bot" / "templates").rglob("*.j2"))
    short = sum(len(t.read_text(encoding="utf-8").splitlines()) <= SMALL for t in templates)
    yield f"templates (of {SMALL} lines or fewer)", f"{len(templates)} ({short})"
    messages = [t.read_text(encoding="utf-8") for t in templates if t.name == "messages.j2"]
    yield "short messages that are macros", str(sum(text.count("{% macro ") for text in messages))
    yield "Any", str(any_count(tree))


# What moves: one message


@dataclass
class Cost:
    """What one message cost."""

    calls: int = 0
    files: set[str] = field(default_factory=set)
    hops: int = 0  # calls from one file into another
    statements: int = 0

    def __str__(self) -> str:
        return (
            f"{self.calls} calls, {len(self.files)} files, {self.hops} hops from file to file, "
            f"{self.statements} SQL statements"
        )


def cost_of(engine: Any, act: Callable[[], object]) -> Cost:
    """Count our own functions that are called, and what is sent to the database.

    A generator that goes on counts as a call, as the interpreter tells it.
    """
    cost = Cost()
    ours = tuple(str(ROOT / room) + os.sep for room in ROOMS)

    def profiled(frame: FrameType, kind: str, _: object) -> None:
        name = frame.f_code.co_filename
        if kind != "call" or not name.startswith(ours):
            return
        cost.calls += 1
        cost.files.add(name)
        caller = frame.f_back
        while caller is not None and not caller.f_code.co_filename.startswith(ours):
            caller = caller.f_back
        if caller is not None and caller.f_code.co_filename != name:
            cost.hops += 1

    def executed(statement: str) -> None:
        if not statement.lstrip().upper().startswith(NOT_COUNTED):
            cost.statements += 1

    def watch(driver: Any, *_: object) -> None:
        driver.set_trace_callback(executed)  # what reaches SQLite, whoever sends it

    engine.dispose()  # connections that are open already are not watched
    event.listen(engine, "connect", watch)
    sys.setprofile(profiled)
    try:
        act()
    finally:
        sys.setprofile(None)
        event.remove(engine, "connect", watch)
        engine.dispose()
    return cost


def messages() -> Iterator[tuple[str, Cost]]:
    """Yield the cost of one cell, one answer of a check, and one question, each after a first like it."""
    from tests.conftest import make_app
    from tests.support.form_files import bound
    from tests.support.talk import Person

    with tempfile.TemporaryDirectory() as folder:
        app = make_app(f"sqlite:///{folder}/bot.sqlite3", Path(folder))
        wang, li = bound(app), Person(app.assistant, "li")
        wang.says("填报 2026Q4", "大数据", "3", "2")  # what is loaded at its first use is loaded now
        yield "one cell (120 for 已培训人数)", cost_of(app.engine, lambda: wang.says("120"))
        li.says("我能不能参加培训", "没有退休", "上一步")
        yield "one answer of a check (没有退休)", cost_of(app.engine, lambda: li.says("没有退休"))
        zhao = Person(app.assistant, "zhao")
        zhao.says("证书能对应什么职称")
        yield "one question (退休了能报吗)", cost_of(app.engine, lambda: zhao.says("退休了能报吗"))
        app.engine.dispose()


def table(rows: Iterable[tuple[str, object]]) -> str:
    """Return lines of a name and a value."""
    return "\n".join(f"{name:<36}{value}" for name, value in rows)


def main() -> int:
    """Print what was counted, and where."""
    parser = argparse.ArgumentParser(prog="python -m tests.architecture.measure", description=__doc__)
    parser.add_argument("--tree", type=Path, default=ROOT, help="another checkout; its messages are not run")
    tree = parser.parse_args().tree.resolve()
    print(f"{platform.machine()}, Python {platform.python_version()}, {os.cpu_count()} cores\n")
    print(table(still(tree)))
    if tree == ROOT:
        print(table(messages()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
