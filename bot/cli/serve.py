"""`python -m bot`: serves until it is stopped."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes: nothing, all is set in the environment."""


def run(options: argparse.Namespace) -> int:
    """Serve; 1 where the address cannot be listened on."""
    from bot import server
    from bot.cli.opening import opened
    from bot.cli.version import version

    return server.run(opened(makes=True, serves=True), version())
