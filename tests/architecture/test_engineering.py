"""The shape of the app, the wheel, the migrations, the front door."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine

from storage.connections.database import open_database
from storage.schema.core import SCHEMA_NUMBER, metadata
from tests.support.processes import ROOT

MOST_AT_THE_TOP = 9
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_policy_has_no_clock() -> None:
    for path in (ROOT / "policy").rglob("*.py"):
        assert not re.search(r"datetime\.now|date\.today|time\.time\(", path.read_text(encoding="utf-8")), (
            path
        )


def test_bot_writes_no_sql() -> None:
    for path in (ROOT / "bot").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"from sqlalchemy import .*\b(select|insert|update|delete|text)\b", text), path


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_migrations_make_exactly_the_schema(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = (
        f"sqlite:///{tmp_path}/m.sqlite3"
        if kind == "sqlite"
        else str(request.getfixturevalue("postgres_url"))
    )
    engine: Engine = open_database(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        differences = [
            d
            for d in compare_metadata(context, metadata)
            # SQLite cannot reflect an index on an expression, so it seems to be missing
            if not (d[0] == "add_index" and d[1].name == "uq_membership_live")
        ]
    assert differences == []
    engine.dispose()


def test_every_migration_is_numbered() -> None:
    versions = sorted((ROOT / "storage" / "migrations" / "versions").glob("v*.py"))
    assert len(versions) == SCHEMA_NUMBER
    assert [int(v.name[1:5]) for v in versions] == list(range(1, SCHEMA_NUMBER + 1))


def test_the_wheel_runs_outside_the_checkout(tmp_path: Path) -> None:
    left = ROOT / "build" / "lib" / "policy" / "answers" / "topics" / "00-left.yaml"
    left.parent.mkdir(parents=True, exist_ok=True)
    left.write_text("topic: left by an earlier build\nentries: []\n", encoding="utf-8")
    built = subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "-q",
            "--no-deps",
            "--no-build-isolation",
            "-w",
            str(tmp_path),
            str(ROOT),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    installed = tmp_path / "installed"
    zipfile.ZipFile(wheel).extractall(installed)
    assert not (installed / left.relative_to(ROOT / "build" / "lib")).exists()
    names = {p.relative_to(installed).parts[0] for p in installed.iterdir()}
    assert {"bot", "policy", "storage"} <= names
    assert "tests" not in names
    environment = {**os.environ, "PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"}

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "bot", *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            input='{"user": "u", "id": "1", "text": "我能不能参加培训"}\n',
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "三" in run("ask", "退休了能报吗")
    assert "✓" in run("policy", "check")
    assert "退休" in run("chat", "--json")
    run("export", "2026Q4", "--to", "x.xlsx")
    where = subprocess.run(
        [
            sys.executable,
            "-c",
            "import bot, policy, storage; print(bot.__file__, policy.__file__, storage.__file__)",
        ],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert str(ROOT) not in where.stdout


def test_the_front_door_names_the_lines_that_are_run() -> None:
    lines = re.findall(r"<!-- (run|test) line -->\n```bash\n(.+)\n```", README)
    assert [name for name, _ in lines] == ["run", "test"]
    assert lines[1][1].endswith("-m pytest -q -n auto --dist loadfile")  # nothing is forced on a single test
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "addopts" not in project["tool"]["pytest"]["ini_options"]
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "<!-- test line -->" in script  # it runs the README's line itself
    for tool in ("ruff check", "ruff format", "lint-imports", "mypy"):
        assert f"check {tool}" in script


def test_the_top_of_the_bot_stays_small() -> None:
    assert len(list((ROOT / "bot").glob("*.py"))) <= MOST_AT_THE_TOP


def test_constraints_pin_every_dependency_and_name_no_host() -> None:
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert "://" not in text
    assert "/" not in text
    pinned = {re.split(r"==", line)[0].lower().replace("_", "-") for line in text.split() if "==" in line}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["dev"]
    names = {re.split(r"[\[>=<]", d)[0].strip().lower().replace("_", "-") for d in wanted}
    assert names <= pinned, names - pinned
