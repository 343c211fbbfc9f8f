"""`python -m bot upgrade`: brings the database to the current schema."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes: nothing."""


def run(options: argparse.Namespace) -> int:
    """Apply the migrations that are missing and print the schema's number."""
    from datetime import datetime

    from sqlalchemy import make_url

    from bot.cli.opening import say_database
    from bot.core.render import words
    from bot.settings import load_settings
    from policy.calendar.quarters import SHANGHAI
    from storage import audit
    from storage.database import NoDatabase, connect, exists, schema_state, shown, transaction, upgrade

    url = load_settings().database_url
    if not exists(make_url(url)):
        raise NoDatabase(shown(url))
    engine = connect(url)
    before = schema_state(engine)
    if before is None:
        raise NoDatabase(shown(url))
    say_database(url)
    upgrade(engine)
    number = schema_state(engine)
    if number != before:
        with transaction(engine) as connection:
            audit.record(connection, datetime.now(SHANGHAI), None, "schema.upgrade", f"schema:{number}")
    print(words("cli/messages.upgraded", {"before": before, "number": number}))
    return 0
