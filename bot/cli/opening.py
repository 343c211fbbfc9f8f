"""The app, opened for a command."""

from __future__ import annotations

import sys

from bot.app import App, open_app
from bot.core.render import words
from bot.settings import load_settings, unknown_settings
from storage.connections.database import BUSY_SECONDS, COMMAND_SECONDS, shown


def opened(makes: bool = False, serves: bool = False) -> App:
    """Return the app, and say on standard error what an operator should know.

    That is: which settings are misspelt, as they would be ignored in silence; with `makes`, which
    database was made; without, which one is used: that command makes none.
    """
    settings = load_settings()  # a file that cannot be read is said first
    if names := unknown_settings():
        print(words("cli/messages.unknown_settings", {"names": names}), file=sys.stderr)
    wait = BUSY_SECONDS if serves else COMMAND_SECONDS
    app = open_app(settings, serves=serves, makes=makes, wait=wait)
    if app.corpus.faults:
        print(words("cli/withheld.j2", {"faults": app.corpus.faults}), file=sys.stderr)
    if app.made or not makes:
        say_database(app.settings.database_url, app.made)
    return app


def say_database(url: str, made: bool = False) -> None:
    """Say on standard error which database is used, or was made."""
    print(words("cli/messages.database", {"database": shown(url), "made": made}), file=sys.stderr)
