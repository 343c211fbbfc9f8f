"""`python -m bot remind`: sends what is due and names whom it cannot reach."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("--now", help="ISO 8601")


def run(options: argparse.Namespace) -> int:
    """Send the announcements and reminders that are due, and print whom to call."""
    from bot.cli.clock import clock
    from bot.cli.opening import opened
    from bot.core.render import words
    from bot.features.publications import announcements
    from bot.features.reminders import send as reminder_sender
    from policy.calendar.quarters import reporting_quarter
    from policy.calendar.reminders import due_now, sending_hours
    from storage.connections.database import transaction
    from storage.monitoring import heartbeats

    app, now = opened(), clock(options.now)()
    announcements.send_due(app.engine, now)
    times, holidays = app.settings.times, app.corpus.holidays
    with transaction(app.engine) as connection:
        heartbeats.beat(connection, heartbeats.REMINDERS, now)
    sent, _ = reminder_sender.send_due(app.engine, holidays, now, times)
    calls = reminder_sender.unreachable(app.engine, holidays, now, times)
    due = due_now(now, holidays)
    data = {
        "sent": sent,
        "calls": calls,
        "due": due is not None,
        "hours": sending_hours(now, holidays),
        "quarter": due.quarter if due else reporting_quarter(now),
    }
    print(words("cli/messages.reminded", data))
    return 0
