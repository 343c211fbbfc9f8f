"""Sends the reminders that are due to the contacts of institutions that have not reported."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from bot.channels.shape import CHANNELS
from bot.render import render
from policy.reminders import due_now
from storage import institutions, people, reports, turns
from storage.database import transaction


def send_due(engine: Engine, now: datetime) -> tuple[int, list[str]]:
    """Put what is due into the outbox, each once whoever runs it; how many, and whom to call.

    The second value names the institutions that no channel can push to.
    """
    with transaction(engine) as connection:
        turns.release_due(connection, now)
    due = due_now(now)
    if due is None:
        return 0, []
    sent, calls = 0, []
    with transaction(engine) as connection:
        quarter = str(due.quarter)
        states = reports.states_of_quarter(connection, quarter)
        for institution in institutions.expected(connection, quarter):
            state, submitted = states.get(institution.id, ("", None))
            if submitted is not None and state != "returned":
                continue
            reachable = False
            for contact in people.contacts(connection, institution.id):
                addresses = [
                    a for a in people.addresses(connection, contact.person_id) if CHANNELS[a.channel].buttons
                ]
                reachable = reachable or bool(addresses)
                if not addresses or not people.claim_reminder(
                    connection, institution.id, quarter, due.kind, contact.person_id, now
                ):
                    continue
                message = render("reminder.j2", due=due, institution=institution, draft=state == "draft")
                for address in addresses:
                    turns.enqueue(connection, address, [message.body()], now)
                sent += 1
            if not reachable:
                calls.append(institution.name)
    return sent, calls
