"""Every row of the table, each with its peer in the same run. Run: `python -m tests.bench` (15 minutes at most).

Ratios compare what ran in turn in one process, in interleaved rounds, so that they hold on a busy machine
too; CPU is that of the thread, wall time needs an idle one. A part for which no time is left is named.
`--only NAME` measures one part, `--minutes` sets the limit.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable

from tests.bench import checks, turns


def _module(name: str, *arguments: str) -> Callable[[], None]:
    """What a script of its own prints: it wants a process without what was loaded before it."""

    def run() -> None:
        subprocess.run([sys.executable, "-m", f"tests.bench.{name}", *arguments], check=True)

    return run


# Name, the minutes that it takes at most on two busy cores, what does it.
PARTS: tuple[tuple[str, float, Callable[[], None]], ...] = (
    ("cpu", 1, turns.cpu),
    ("wall", 1, turns.wall),
    ("people", 1, turns.together),
    ("slow-disk", 1, lambda: turns.together(slow=0.25)),
    ("bystander", 2, turns.background),
    ("cold", 1, turns.cold),
    ("memory", 0.5, turns.memory),
    ("checks", 0.5, checks.main),
    ("reports", 2, _module("reports", "--institutions", "1000")),
    ("faults", 4, _module("faults")),
)


def machine() -> str:
    """The machine, and how much it had to do in the last minute."""
    return (
        f"{platform.machine()}, {platform.system()}, Python {platform.python_version()},"
        f" {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    )


def main() -> None:
    """Measure part after part, as long as there is time."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", choices=[name for name, _, _ in PARTS])
    parser.add_argument("--minutes", type=float, default=15.0)
    options = parser.parse_args()
    until = time.monotonic() + options.minutes * 60
    for name, most, measure in PARTS:
        if options.only not in (None, name):
            continue
        if time.monotonic() + most * 60 > until:
            print(f"\n[{name}] not measured: no time left")
            continue
        begun = time.monotonic()
        print(f"\n[{name}] {machine()}", flush=True)
        measure()
        print(f"[{name}] took {time.monotonic() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    main()
