"""Running the real commands as their own processes."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def environment(folder: Path, **extra: str) -> dict[str, str]:
    """The environment of a command whose database and data stand in `folder`."""
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "BOT_DATABASE_URL": f"sqlite:///{folder}/bot.sqlite3",
        "BOT_DATA_DIR": str(folder / "data"),
        **extra,
    }


def bot(
    folder: Path, *arguments: str, stdin: str | None = None, **extra: str
) -> subprocess.CompletedProcess[str]:
    """Run `python -m bot …` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment(folder, **extra),
        timeout=300,
        check=False,
    )


def here(
    folder: Path, *arguments: str, stdin: str | None = None, **extra: str
) -> subprocess.CompletedProcess[str]:
    """Run `python -m bot …` to its end within this process: a second cheaper than `bot`."""
    from bot.cli import main

    said, complained = io.StringIO(), io.StringIO()
    before, mask = sys.stdin, os.umask(0)
    os.umask(mask)
    with pytest.MonkeyPatch.context() as patched, redirect_stdout(said), redirect_stderr(complained):
        patched.chdir(folder)
        for name, value in environment(folder, **extra).items():
            patched.setenv(name, value)
        sys.stdin = io.StringIO(stdin or "")
        try:
            status = main(arguments)
        except SystemExit as end:  # as argparse ends
            status = end.code if isinstance(end.code, int) else int(end.code is not None)
        finally:
            sys.stdin = before
            os.umask(mask)
    return subprocess.CompletedProcess(list(arguments), status, said.getvalue(), complained.getvalue())


def code(folder: Path, *arguments: str) -> str:
    """The one-time code that `invite` prints."""
    done = here(folder, "invite", *arguments)
    found = re.search(r"[A-Z2-9]{5}-[A-Z2-9]{5}", done.stdout)
    assert found, done.stderr
    return found[0]


class JsonChat:
    """A living `chat --json` process."""

    def __init__(self, folder: Path, **extra: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bot", "chat", "--json"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder,
            env=environment(folder, **extra),
        )

    def send(self, line: str) -> dict[str, Any]:
        """One line in, one line out."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(line.strip() + "\n")
        self.process.stdin.flush()
        return dict(json.loads(self.process.stdout.readline()))

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream:
                stream.close()
