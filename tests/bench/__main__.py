"""Every row of the table, each with its peer in the same run. Run: `python -m tests.bench` (15 minutes at most).

Ratios compare what ran in turn in one process, in interleaved rounds, so that they hold on a busy machine
too; CPU is that of the thread, wall time needs an idle one. A part for which no time is left is named.
`--only NAME` measures one part, `--minutes` sets the limit.
"""

from __future__ import annotations

import argparse
import os
import platform
import signal
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


LEAST = 20  # seconds, with less left a part is not begun
# Those that answer most in the least time come first.
PARTS: dict[str, Callable[[], None]] = {
    "cpu": turns.cpu,
    "cold": turns.cold,
    "wall": turns.wall,
    "people": turns.together,
    "slow-disk": lambda: turns.together(slow=0.25),
    "memory": turns.memory,
    "checks": checks.main,
    "bystander": turns.background,
    "reports": _module("reports", "--institutions", "1000"),
    "faults": _module("faults"),
}


def machine() -> str:
    """The machine, and how much it had to do in the last minute."""
    return (
        f"{platform.machine()}, {platform.system()}, Python {platform.python_version()},"
        f" {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    )


def within(seconds: float, name: str) -> None:
    """Measure one part in a process of its own, which is ended with all it started when its time is over."""
    command = [sys.executable, "-m", "tests.bench", "--only", name]
    process = subprocess.Popen(command, start_new_session=True)
    try:
        status = process.wait(seconds)
    except BaseException as error:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if not isinstance(error, subprocess.TimeoutExpired):
            raise
        print(f"[{name}] ended: no time left", flush=True)
    else:
        if status:
            print(f"[{name}] failed with {status}", flush=True)


def main() -> None:
    """Measure part after part, as long as there is time."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", choices=list(PARTS))
    parser.add_argument("--minutes", type=float, default=15.0)
    options = parser.parse_args()
    if options.only:
        begun = time.monotonic()
        print(f"\n[{options.only}] {machine()}", flush=True)
        PARTS[options.only]()
        print(f"[{options.only}] took {time.monotonic() - begun:.0f} s", flush=True)
        return
    until = time.monotonic() + options.minutes * 60
    for name in PARTS:
        if (left := until - time.monotonic()) > LEAST:
            within(left, name)
        else:
            print(f"\n[{name}] not measured: no time left")


if __name__ == "__main__":
    main()
