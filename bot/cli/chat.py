"""`python -m bot chat`: the same bot in the terminal, or as JSON lines."""

from __future__ import annotations

import argparse
import contextlib
import sys


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("--user", default="me")
    parser.add_argument("--now", help="injected clock, ISO 8601")
    parser.add_argument("--json", action="store_true")


def run(options: argparse.Namespace) -> int:
    """Talk until the input ends."""
    from bot.channels import jsonl, terminal
    from bot.cli.clock import clock
    from bot.cli.opening import opened
    from storage.connections.database import StorageUnavailable

    app = opened(makes=True)
    now = clock(options.now)
    try:
        if options.json:
            for line in jsonl.run(sys.stdin, app.assistant, app.files, now):
                print(line, flush=True)
        else:
            terminal.run(app.assistant, app.files, options.user, now)
    finally:
        with contextlib.suppress(StorageUnavailable):
            app.assistant.counts.write(app.engine, now())
    return 0
