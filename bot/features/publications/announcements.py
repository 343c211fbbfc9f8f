"""有班通知我: tells who asked when a class is published, once a class."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Engine

from bot.core.published import as_publication
from bot.core.render import render
from policy.answers.publications import wanted_by
from policy.calendar.quarters import local
from storage.connections.database import transaction
from storage.conversations import messages
from storage.desk import publications


def announce(connection: Connection, now: datetime) -> int:
    """Push every open class that holds now and was not announced yet; how many messages."""
    sent = 0
    wishes = None
    for one in publications.to_announce(connection, local(now).date(), now):
        wishes = publications.subscriptions(connection) if wishes is None else wishes
        told: set[int] = set()
        for wish in wishes:
            if wish.account_id in told or not wanted_by(one.values["occupation"], wish.occupation):
                continue
            told.add(wish.account_id)  # one message, however many of their wishes it meets
            message = render("subscribe/push.j2", one=as_publication(one), subscription=wish.id)
            messages.enqueue(connection, wish.address, [message.body()], now)
            sent += 1
    return sent


def send_due(engine: Engine, now: datetime) -> int:
    """Announce classes whose day came after they were published."""
    with transaction(engine, read_only=True) as connection:
        if not publications.any_to_announce(connection):
            return 0
    with transaction(engine, alone=True) as connection:
        return announce(connection, now)
