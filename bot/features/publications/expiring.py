"""What the office published and ends within two weeks: the office is told, once each."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Engine

from bot.core.notify import tell_people
from bot.core.published import as_publication
from bot.core.render import render
from policy.answers.publications import WARNED_DAYS
from policy.calendar.quarters import local
from storage.connections.database import transaction
from storage.desk import publications
from storage.people import people


def send_due(engine: Engine, now: datetime) -> int:
    """Tell everybody in the office what ends soon and was not told yet; how many publications."""
    on = local(now).date()
    with transaction(engine, read_only=True) as connection:
        if not publications.ending(connection, on, on + timedelta(days=WARNED_DAYS)):
            return 0
    with transaction(engine, alone=True) as connection:
        claimed = publications.claim_ending(connection, on, on + timedelta(days=WARNED_DAYS), now)
        if claimed:
            message = render("publish/ending.j2", found=[as_publication(one) for one in claimed], on=on)
            tell_people(connection, people.office_people(connection), message, now)
    return len(claimed)
