"""Telling an institution's people what the office or their lead decided, by outbox."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from bot.channels.shape import CHANNELS
from bot.dialogs.returned import said_lines
from bot.messages import Outgoing
from bot.render import render
from policy.form import form
from policy.quarters import Quarter
from storage import contacts, institutions, people, returns, turns
from storage.decisions import Decided
from storage.lead_review import Review


def _tell(connection: Connection, institution_id: int, message: Outgoing, now: datetime) -> int:
    addresses = contacts.addresses(connection, institution_id)
    for address in addresses:
        turns.enqueue(connection, address, [message.body()], now)
    return len(addresses)


def tell_people(connection: Connection, person_ids: list[int], message: Outgoing, now: datetime) -> int:
    """Write to people on every channel they use; to how many channels that push."""
    pushed = 0
    for person_id in person_ids:
        for address in people.addresses(connection, person_id):
            turns.enqueue(connection, address, [message.body()], now)
            pushed += CHANNELS[address.channel].pushes
    return pushed


def tell_reviewed(connection: Connection, review: Review, by: int, now: datetime) -> int:
    """The lead looked at a draft: everybody else who speaks for the institution hears what was said."""
    name = institutions.get(connection, review.institution_id).name
    others = [c.person_id for c in contacts.of_institution(connection, review.institution_id)]
    message = render("lead/told.j2", review=review, institution=name)
    return tell_people(connection, [p for p in others if p != by], message, now)


def _tell_of(connection: Connection, decided: Decided, kind: str, now: datetime, **data: Any) -> int:
    message = render(
        "review/told.j2",
        kind=kind,
        institution=institutions.get(connection, decided.institution_id).name,
        quarter=Quarter.parse(decided.quarter),
        number=decided.number,
        place=f"{decided.institution_id}:{decided.quarter}",
        places=data.get("places", []),
        reason=data.get("reason", ""),
    )
    return _tell(connection, decided.institution_id, message, now)


def tell_accepted(connection: Connection, decided: Decided, now: datetime) -> int:
    """The report was accepted; how many accounts hear of it."""
    return _tell_of(connection, decided, "accepted", now)


def tell_returned(connection: Connection, decided: Decided, now: datetime) -> int:
    """The report was returned, with the office's words; how many accounts hear of it."""
    places = said_lines(form(), returns.cells(connection, decided.revision_id))
    return _tell_of(connection, decided, "returned", now, places=places)


def tell_reopened(connection: Connection, decided: Decided, reason: str, now: datetime) -> int:
    """The accepted report may be corrected again; how many accounts hear of it."""
    return _tell_of(connection, decided, "reopened", now, reason=reason)


def tell_extended(
    connection: Connection,
    institution_id: int,
    quarter: Quarter,
    until: datetime | None,
    due: datetime,
    now: datetime,
) -> int:
    """The institution may report later, or (None) until the usual time again."""
    name = institutions.get(connection, institution_id).name
    place = f"{institution_id}:{quarter}"
    last = until - timedelta(seconds=1) if until else None  # people name the last day, not the midnight after
    message = render("review/extended.j2", institution=name, quarter=quarter, last=last, due=due, place=place)
    return _tell(connection, institution_id, message, now)


def tell_entered(
    connection: Connection, institution_id: int, quarter: Quarter, source: str, now: datetime
) -> int:
    """The office typed the report in for the institution; how many accounts hear of it."""
    name = institutions.get(connection, institution_id).name
    place = f"{institution_id}:{quarter}"
    message = render("review/entered.j2", institution=name, quarter=quarter, source=source, place=place)
    return _tell(connection, institution_id, message, now)
