"""`python -m bot forget PERSON`: what 删除我的数据 deletes, at the office's command line."""

from __future__ import annotations

import argparse
import sys


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("person", help="number, name, or channel:id (telegram:12345)")
    parser.add_argument("--yes", action="store_true", help="do not ask again")


def run(options: argparse.Namespace) -> int:
    """Say whom it means, ask, delete. 1 where nobody or several are meant, or it was not confirmed."""
    from datetime import UTC, datetime

    from bot.cli.opening import opened
    from bot.cli.problems import problem
    from bot.core.render import words
    from bot.operation import deletions
    from storage.connections.database import transaction
    from storage.people import found
    from storage.privacy import personal_data

    app = opened()
    with transaction(app.engine, read_only=True) as connection:
        known = found.find(connection, options.person.strip())
    if len(known) != 1:
        print(words("cli/forget.j2", {"step": "choose", "known": known, "asked": options.person}))
        return 1
    one = known[0]
    print(words("cli/forget.j2", {"step": "ask", "known": known, "asked": options.person}))
    if not options.yes:
        if not sys.stdin.isatty():
            raise problem("confirm")
        if input().strip() not in ("是", "y", "yes"):
            return 1
    with transaction(app.engine) as connection:
        submitted = personal_data.has_submitted(connection, one.id)
        personal_data.erase(connection, one.id, datetime.now(UTC), by_operator=True)
    deletions.note(app.engine, app.settings.data_dir)
    print(words("cli/forget.j2", {"step": "done", "known": known, "submitted": submitted}))
    return 0
