"""`python -m bot events`: security events, for people and for a syslog."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("--since", metavar="TIME", help="a day, an ISO 8601 time, or 30d: days back")
    parser.add_argument("--after", type=int, default=0, metavar="ID", help="written after this one")
    parser.add_argument("--kind", action="append", default=[], help="login, rights, …; may be given again")
    parser.add_argument("--json", action="store_true", help="a JSON object a line")


def run(options: argparse.Namespace) -> int:
    """Print the events in the order they were written, a line each."""
    import json
    from datetime import datetime

    from bot.cli.opening import opened
    from bot.cli.problems import problem
    from policy.calendar.quarters import SHANGHAI
    from storage import events
    from storage.connections.database import transaction

    if unknown := [kind for kind in options.kind if kind not in events.KINDS]:
        raise problem("event_kind", unknown[0], " ".join(events.KINDS))
    since = _moment(options.since, datetime.now(SHANGHAI)) if options.since else None
    with transaction(opened().engine, read_only=True) as connection:
        for one in events.read(connection, since, options.after, options.kind):
            line = {
                "id": one.id,
                "at": one.at.astimezone(SHANGHAI).isoformat(),
                "kind": one.kind,
                "action": one.action,
                "person": one.person_id,
                "subject": one.subject,
                "detail": one.detail,
            }
            if options.json:
                print(json.dumps(line, ensure_ascii=False))
                continue
            detail = " ".join(f"{name}={value}" for name, value in one.detail.items())
            who = f"person:{one.person_id}" if one.person_id else "-"
            print(f"{one.id} {line['at']} {one.kind} {one.action} {who} {one.subject} {detail}".rstrip())
    return 0


def _moment(given: str, now: datetime) -> datetime:
    """Read a day, a moment, or so many days back.

    Raises:
        Failed: it is none of them.
    """
    from datetime import timedelta

    from bot.cli.problems import problem
    from policy.calendar.quarters import read_moment
    from policy.reading.digits import whole_number

    days = whole_number(given.removesuffix("d"), longest=4)
    if given.endswith("d") and days is not None:
        return now - timedelta(days=days)
    try:
        return read_moment(given)
    except ValueError:
        raise problem("since", given, f"{now.date()} 30d") from None
