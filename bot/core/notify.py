"""Telling an institution's people what the office or their lead decided, by outbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from bot.core.messages import Outgoing
from bot.core.reach import reachable
from bot.core.render import render, words
from policy.calendar.quarters import Quarter
from policy.form.form import Form
from storage.conversations import messages
from storage.desk.filings import Filing
from storage.institutions import institutions
from storage.people import contacts, people
from storage.reports import returned_cells
from storage.reports.decisions import Decided
from storage.reports.lead_review import Review


@dataclass(frozen=True)
class Told:
    """How many people a message is for, and to how many of them it goes out by itself."""

    people: int
    pushed: int

    def words(self) -> str:
        """Who hears of it, and who has to be called, in the office's words."""
        return words("review/heard.j2", {"told": self})


def _tell(connection: Connection, institution_id: int, message: Outgoing, now: datetime) -> Told:
    speaking = [c.person_id for c in contacts.of_institution(connection, institution_id)]
    return tell_people(connection, speaking, message, now)


def tell_people(connection: Connection, person_ids: list[int], message: Outgoing, now: datetime) -> Told:
    """Write to people on every channel they use; what cannot be pushed waits for what they say next."""
    pushed = 0
    for person_id in dict.fromkeys(person_ids):
        addresses = people.addresses(connection, person_id)
        pushed += bool(reachable(connection, addresses, now))
        for address in addresses:
            messages.enqueue(connection, address, [message.body()], now)
    return Told(len(set(person_ids)), pushed)


def tell_reviewed(connection: Connection, review: Review, by: int, now: datetime) -> Told:
    """The lead looked at a draft: everybody else who speaks for the institution hears what was said."""
    name = institutions.get(connection, review.institution_id).name
    others = [c.person_id for c in contacts.of_institution(connection, review.institution_id)]
    message = render("lead/told.j2", review=review, institution=name)
    return tell_people(connection, [p for p in others if p != by], message, now)


def _tell_of(connection: Connection, decided: Decided, kind: str, now: datetime, **data: Any) -> Told:
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


def tell_accepted(connection: Connection, decided: Decided, now: datetime) -> Told:
    """The report was accepted; who hears of it."""
    return _tell_of(connection, decided, "accepted", now)


def tell_returned(connection: Connection, form: Form, decided: Decided, now: datetime) -> Told:
    """The report was returned, with the office's words; who hears of it."""
    places = form.places(returned_cells.cells(connection, decided.revision_id))
    return _tell_of(connection, decided, "returned", now, places=places)


def tell_reopened(connection: Connection, decided: Decided, reason: str, now: datetime) -> Told:
    """The accepted report may be corrected again; who hears of it."""
    return _tell_of(connection, decided, "reopened", now, reason=reason)


def tell_extended(
    connection: Connection,
    institution_id: int,
    quarter: Quarter,
    until: datetime | None,
    due: datetime,
    now: datetime,
) -> Told:
    """The institution may report later, or (None) until the usual time again."""
    name = institutions.get(connection, institution_id).name
    place = f"{institution_id}:{quarter}"
    last = until - timedelta(seconds=1) if until else None  # people name the last day, not the midnight after
    message = render(
        "review/messages.extended", institution=name, quarter=quarter, last=last, due=due, place=place
    )
    return _tell(connection, institution_id, message, now)


def tell_entered(
    connection: Connection, institution_id: int, quarter: Quarter, source: str, now: datetime
) -> Told:
    """The office typed the report in for the institution; who hears of it."""
    name = institutions.get(connection, institution_id).name
    place = f"{institution_id}:{quarter}"
    message = render("review/messages.entered", institution=name, quarter=quarter, source=source, place=place)
    return _tell(connection, institution_id, message, now)


def tell_filing(
    connection: Connection, institution_id: int, name: str, filing: Filing, now: datetime
) -> Told:
    """The office took a class's filing in hand, returned it or agreed to it; who hears of it."""
    if filing.state == "agreed":
        message = render(
            "filing/messages.told_agreed",
            name=name,
            office_number=filing.office_number,
            agreed_on=filing.agreed_on,
        )
    elif filing.state == "returned":
        message = render("filing/messages.told_returned", name=name, reason=filing.reason, number=filing.id)
    else:
        message = render("filing/messages.told_received", name=name)
    return _tell(connection, institution_id, message, now)
