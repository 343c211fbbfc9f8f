"""`python -m bot rotate-key`: everything sealed is sealed anew with the key in force."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "--lost", action="store_true", help="the key before cannot be found: what it sealed stays unreadable"
    )


def run(options: argparse.Namespace) -> int:
    """Seal anew; print how much. 1 where something stays that no key opens."""
    from datetime import UTC, datetime

    from bot.cli.key_change import forget_lost_key, wants_new_file_key
    from bot.cli.opening import opened
    from bot.core.render import words
    from bot.core.security.ciphers import SEALERS
    from bot.core.security.keys import change_key, drop_before, is_sealed
    from bot.core.security.preconditions import NotStarted
    from bot.settings import load_settings
    from storage import audit
    from storage.connections.database import shown, transaction
    from storage.monitoring import installation
    from storage.privacy.sealed import reseal

    if options.lost:
        forget_lost_key(load_settings())
    app = opened()
    if wants_new_file_key(app.settings, app.engine, app.settings.data_dir):
        if not app.lock.quiet():
            raise NotStarted("not_quiet", database=shown(app.engine.url))
        change_key(app.settings.data_dir)
        app.lock.release()
        app.engine.dispose()
        app = opened()

    def again(sealed: str) -> str | None:
        if app.keys.is_current(sealed):
            return None
        if (text := app.keys.open(sealed)) is None:
            raise LookupError
        return app.keys.seal(text)

    done = reseal(app.engine, is_sealed, (*(f"{name}:" for name in SEALERS), "gAAAA"), again)
    with transaction(app.engine) as connection:
        installation.put(connection, installation.KEY, app.keys.fingerprint)
        installation.put(connection, installation.KEYS_BEFORE, None)
        now = datetime.now(UTC)
        audit.record(connection, now, None, "key.rotate", "installation:key", values=done.done)
    drop_before(app.settings.data_dir)
    set_before = app.settings.secret_key_old is not None
    print(words("cli/rotated.j2", {"done": done, "set_before": set_before}))
    return 1 if done.unreadable else 0
