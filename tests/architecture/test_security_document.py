"""The threat model names tests that exist, and every room has some."""

from __future__ import annotations

import ast
import re

import pytest

from tests.support.processes import ROOT

DOCUMENT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", DOCUMENT)
ROW = re.compile(r"^\| (?!威胁|保护的|-)(.+?) \| ([STRIDE ]+) \| (.+?) \| `(tests/.+?)` \|$", re.M)


@pytest.mark.parametrize(("file", "name"), sorted(set(NAMED)))
def test_a_named_test_exists(file: str, name: str) -> None:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    assert name in {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_threat_names_its_test_and_every_kind_of_threat_is_met() -> None:
    rows = ROW.findall(DOCUMENT)
    threats = [line for line in DOCUMENT.splitlines() if re.match(r"\| .+ \| [STRIDE ]+ \| ", line)]
    assert len(rows) == len(threats) == len(NAMED) > 40
    assert {letter for _, kinds, _, _ in rows for letter in kinds.split()} == set("STRIDE")
