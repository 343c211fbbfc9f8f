"""The documents say what is so: links lead somewhere, the worked example works."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes import ROOT

DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LONGEST_README = 8 * 1024  # bytes


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_of_a_document_leads_somewhere(document: Path) -> None:
    text = re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.S)
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)[^)]*\)", text):
        assert (document.parent / target).exists(), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_path_a_document_names_exists(document: Path) -> None:
    if document.name == "mutation.md":  # what was measured then
        return
    text = re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.S)
    for named in re.findall(r"`((?:bot|policy|storage|tests|docs)/[^`*<{ ]*)", text):
        if "deadline" not in named:  # the worked example
            assert (ROOT / named.partition("::")[0]).exists(), named


def test_the_readme_is_a_front_door() -> None:
    assert len((ROOT / "README.md").read_bytes()) <= LONGEST_README


def test_the_worked_example_works_as_it_is_written(tmp_path: Path) -> None:
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for room in ("bot", "policy", "storage", "tests"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    files = re.findall(r"^`([^`\n]+/[^`\n]+)` [^\n]+\n\n```\w+\n(.*?)```", guide, flags=re.S | re.M)
    written = {name: block for name, block in files if "deadline" in name}
    assert len(written) == 3
    for name, block in written.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(block, encoding="utf-8")
    registry = tmp_path / "bot" / "registry.py"
    table = registry.read_text(encoding="utf-8")
    table = table.replace("    questions,\n", "    deadline,\n    questions,\n", 1)
    table = table.replace("    questions.feature,\n", "    deadline.feature,\n    questions.feature,\n", 1)
    registry.write_text(table, encoding="utf-8")
    done = subprocess.run(
        # Its own folder: a run beside this one would shut the data folder of PostgreSQL to its user.
        [
            *(sys.executable, "-m", "pytest", "-n", "0", f"--basetemp={tmp_path / 'run'}"),
            "tests/conversations/test_deadline.py",
        ],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "2 passed" in done.stdout, done.stdout[-3000:] + done.stderr[-1000:]
