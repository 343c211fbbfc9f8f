"""`python -m bot move --to URL`: everything into another database, counted and compared."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("--to", required=True, metavar="URL", help="sqlite:///… or postgresql://…")


def run(options: argparse.Namespace) -> int:
    """Move, and say what to set next."""
    from pydantic import ValidationError

    from bot.cli.opening import opened
    from bot.core.render import words
    from bot.operation.moving import move
    from bot.settings import Settings, bad
    from storage.connections.database import shown

    try:
        target = Settings(database_url=options.to).database_url
    except ValidationError:
        raise bad("--to", "database") from None
    app = opened()
    moved = move(app.engine, target)
    print(words("cli/messages.moved", {"moved": moved, "database": shown(target)}))
    return 0
