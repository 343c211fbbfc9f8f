"""One fact, one home: what was once written in many places stands in one, and stays there."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.measure import ROOT, sources

DIGITS = "policy/reading/digits.py"
# Text out of files, looked through for private numbers of any script: missing one is worse.
EVERY_SCRIPT = "bot/documents/media_type.py"


def trees() -> Iterator[tuple[str, ast.Module]]:
    """Every module of ours: its path and its syntax tree."""
    for path in sources(ROOT):
        yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def own_checks(tree: ast.Module) -> list[int]:
    """Lines that ask Python what a digit is."""
    asked = ("isdigit", "isdecimal", "isnumeric")
    return [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr in asked]


def wide_patterns(tree: ast.Module) -> list[int]:
    r"""Lines whose text holds \d or \D, which take every script's digits."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and ("\\d" in node.value or "\\D" in node.value)
    ]


def test_what_a_digit_is_is_told_in_one_module() -> None:
    assert [(path, line) for path, tree in trees() if path != DIGITS for line in own_checks(tree)] == []


def test_patterns_name_the_digits_they_take() -> None:
    found = [(path, line) for path, tree in trees() if path != EVERY_SCRIPT for line in wide_patterns(tree)]
    assert found == []


def test_such_a_line_would_be_found() -> None:
    assert own_checks(ast.parse("a = text.isdigit()\nb = 1\nc = text.isdecimal()")) == [1, 3]
    assert wide_patterns(ast.parse('a = re.compile(r"x\\d")\nb = "[0-9]"\nc = f"\\\\D{a}"')) == [1, 3]


def aliases(tree: ast.Module) -> Iterator[str]:
    """The names of types at a module's top, with what they stand for: `Name = list[X] | None`."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.BinOp | ast.Subscript):
            (target,) = node.targets
            of_a_type = isinstance(target, ast.Name) and target.id.istitle()
            if of_a_type and not any(isinstance(n, ast.Call) for n in ast.walk(node.value)):
                yield ast.unparse(node)


def test_a_type_is_named_in_one_module() -> None:
    count = Counter(alias for _, tree in trees() for alias in aliases(tree))
    # storage and policy know nothing of one another, and both hold cells.
    count['Cell = int | Literal["not_known"] | None'.replace('"', "'")] -= 1
    assert [alias for alias, times in count.items() if times > 1] == []


def test_a_list_is_cut_into_pages_in_one_module() -> None:
    """`[page * SIZE : …]` written anywhere in the bot but in the pager."""
    found = [
        (path, node.lineno)
        for path, tree in trees()
        if path.startswith("bot/") and path != "bot/core/paging.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.Slice)
        and isinstance(node.lower, ast.BinOp)
        and isinstance(node.lower.op, ast.Mult)
    ]
    assert found == []


def test_the_modules_are_there() -> None:
    assert (Path(ROOT) / DIGITS).exists()
