"""`python -m bot doctor`: what is set, what can be reached, what is odd."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes: nothing."""


def run(options: argparse.Namespace) -> int:
    """Print what was found; 1 where something has to be mended."""
    from bot.cli.version import version
    from bot.core.render import words
    from bot.operation.doctor import examine, today
    from bot.settings import load_settings

    found = examine(load_settings(), today())
    print(words("cli/doctor.j2", {"found": found, "version": version()}))
    return 1 if any(one.level == "bad" for one in found) else 0
