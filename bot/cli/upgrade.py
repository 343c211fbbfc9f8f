"""`python -m bot upgrade`: brings the database to the current schema."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes: nothing."""


def run(options: argparse.Namespace) -> int:
    """Apply the migrations that are missing and print the schema's number."""
    from bot.core.render import words
    from bot.settings import load_settings
    from storage.database import connect, schema_state, upgrade

    engine = connect(load_settings().database_url)
    schema_state(engine)
    upgrade(engine)
    print(words("cli/upgraded.j2", {"number": schema_state(engine)}))
    return 0
