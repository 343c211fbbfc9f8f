"""The policy's data is passed in: no module keeps any of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from tests.support.processes import ROOT

# What is kept for the whole process: tools of libraries that take long to load, no data of ours.
TOOLS = {
    "policy/reading/text.py": {"_converter"},
    "policy/calendar/reminders.py": {"_statutory"},
    "policy/index/training.py": {"sounds"},
    "policy/index/evaluation.py": {"_to_traditional"},
}
# What the last few texts were read as, wherever they are read: the same text always gives the same.
TEXTS = {
    "policy/reading/text.py": {"unified"},
    "policy/reading/numbers.py": {"_tidy", "_figure_in", "unit_of", "looks_like_figure"},
}
READING = {"packaged", "packaged_file", "packaged_weights", "read_yaml", "build_corpus", "Corpus"}
BUILDS = {
    "bot/app.py",
    "bot/cli/ask.py",
    "bot/cli/check.py",
    "bot/cli/policy.py",
    "bot/cli/read.py",
    "bot/office/rights.py",  # the command that prints the table
    "bot/operation/doctor.py",
    "policy/corpus.py",
    "policy/index/training.py",
    "policy/soundness.py",
}
REWRITES = {"bot/features/questions/exported.py"}  # gives the packaged files back with the office's changes


def modules(*rooms: str) -> Iterator[tuple[str, ast.Module]]:
    for room in rooms:
        for path in sorted((ROOT / room).rglob("*.py")):
            yield str(Path(path).relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def name_of(node: ast.expr) -> str:
    """The last part of a name, whatever is called or subscripted: `functools.lru_cache(…)` → lru_cache."""
    if isinstance(node, ast.Call):
        return name_of(node.func)
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def calls_on_import(tree: ast.Module) -> Iterator[str]:
    """The names of what a module calls when it is imported, class bodies and defaults included."""

    def visit(node: ast.AST) -> Iterator[str]:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            for default in (*node.args.defaults, *(d for d in node.args.kw_defaults if d)):
                yield from visit(default)
            return
        if isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'":
            return
        if isinstance(node, ast.Call):
            yield name_of(node)
        for child in ast.iter_child_nodes(node):
            yield from visit(child)

    return visit(tree)


def test_no_module_of_the_policy_keeps_data() -> None:
    for path, tree in modules("policy"):
        kept = {
            node.name
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef)
            and any(name_of(d) in ("lru_cache", "cache") for d in node.decorator_list)
        }
        assert kept <= TOOLS.get(path, set()) | TEXTS.get(path, set()), path
        assert not any(isinstance(node, ast.Global) for node in ast.walk(tree)), path


def test_of_texts_only_the_last_few_are_kept() -> None:
    for path, names in TEXTS.items():
        module = import_module(path.removesuffix(".py").replace("/", "."))
        assert all(0 < getattr(module, name).cache_parameters()["maxsize"] <= 64 for name in names), path


def test_nothing_reads_policy_data_when_it_is_imported() -> None:
    for path, tree in modules("policy", "bot", "storage"):
        assert not READING & set(calls_on_import(tree)), path


def test_a_corpus_is_built_where_a_process_begins() -> None:
    for path, tree in modules("policy", "bot", "storage"):
        called = {name_of(node) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        assert path in BUILDS or not called & {"build_corpus", "Corpus"}, path
    for path, tree in modules("bot", "storage"):
        called = {name_of(node) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        assert path in REWRITES or not called & {"packaged", "packaged_file", "packaged_weights"}, path
