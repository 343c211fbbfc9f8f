"""`python -m bot upgrade`: brings the database to the current schema; a copy of before is kept."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes: nothing."""


def run(options: argparse.Namespace) -> int:
    """Keep a copy, apply the migrations that are missing, print from which schema to which."""
    from datetime import UTC, datetime

    from sqlalchemy import make_url

    from bot.cli.opening import say_database
    from bot.cli.problems import problem
    from bot.cli.version import version
    from bot.core.render import words
    from bot.core.security.preconditions import NotStarted
    from bot.operation import archive
    from bot.settings import load_settings
    from storage import audit
    from storage.connections.database import (
        COMMAND_SECONDS,
        NoDatabase,
        connect,
        exists,
        newest_schema,
        schema_state,
        shown,
        transaction,
        upgrade,
    )
    from storage.connections.serving_lock import ServingLock

    settings = load_settings()
    url = settings.database_url
    if not exists(make_url(url)):
        raise NoDatabase(shown(url))
    engine = connect(url, COMMAND_SECONDS)
    before = schema_state(engine)
    if before is None:
        raise NoDatabase(shown(url))
    say_database(url)
    kept = None
    if before < newest_schema():
        lock = ServingLock(engine)
        if not lock.quiet():
            raise NotStarted("not_quiet", database=shown(url))
        now = datetime.now(UTC)
        kept = settings.data_dir / "backups" / f"before-upgrade-{before}-{now:%Y%m%dT%H%M%S}.zip"
        try:
            kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            archive.write(engine, None, kept, version(), now)
        except OSError:
            raise problem("write", str(kept)) from None
        upgrade(engine)
        with transaction(engine) as connection:
            audit.record(connection, now, None, "schema.upgrade", f"schema:{newest_schema()}")
        lock.release()
    data = {"before": before, "number": schema_state(engine), "kept": kept}
    print(words("cli/messages.upgraded", data))
    return 0
