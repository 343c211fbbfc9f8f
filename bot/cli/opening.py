"""The app, opened for a command."""

from __future__ import annotations

import sys

from bot.app import App, open_app
from bot.core.render import words
from bot.settings import load_settings, unknown_settings


def opened() -> App:
    """Return the app; say before which settings are misspelt, as they would be ignored in silence."""
    load_settings()  # a file that cannot be read is said first
    if names := unknown_settings():
        print(words("cli/unknown_settings.j2", {"names": names}), file=sys.stderr)
    return open_app()
