"""Sends the reminders that are due to the contacts of institutions that have not reported."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from bot.channels.shape import CHANNELS
from bot.render import render
from policy.reminders import Due, due_now, holidays
from storage import institutions, people, reports, turns
from storage.database import transaction
from storage.institutions import Institution
from storage.people import Reach

BATCH = 200  # institutions in one transaction: other people's messages get in between


@dataclass(frozen=True)
class _Missing:
    institution: Institution
    draft: bool
    reach: tuple[Reach, ...]

    @property
    def pushable(self) -> bool:
        """Whether a channel of some contact takes messages at any time."""
        return any(CHANNELS[r.address.channel].pushes for r in self.reach)


def send_due(engine: Engine, now: datetime) -> tuple[int, list[str]]:
    """Put what is due into the outbox, each once whoever runs it; how many, and whom to call.

    The second value names the missing institutions that no channel can push to: for the office's
    call sheet. Their contacts find the reminder when they next come.
    """
    with transaction(engine) as connection:
        turns.release_due(connection, now)
    due = due_now(now, holidays())
    if due is None:
        return 0, []
    missing = _missing(engine, due)
    sent = 0
    for start in range(0, len(missing), BATCH):
        with transaction(engine) as connection:
            for one in missing[start : start + BATCH]:
                body = render("reminder.j2", due=due, institution=one.institution, draft=one.draft).body()
                claimed: dict[int, bool] = {}
                for reach in one.reach:
                    if reach.person_id not in claimed:
                        claimed[reach.person_id] = people.claim_reminder(
                            connection, one.institution.id, str(due.quarter), due.kind, reach.person_id, now
                        )
                    if claimed[reach.person_id]:
                        turns.enqueue(connection, reach.address, [body], now)
                sent += sum(claimed.values())
    return sent, [m.institution.name for m in missing if not m.pushable]


def _missing(engine: Engine, due: Due) -> list[_Missing]:
    """Expected institutions without a submission (or with a returned one), and how to reach them."""
    quarter = str(due.quarter)
    with transaction(engine, read_only=True) as connection:
        states = reports.states_of_quarter(connection, quarter)
        reach = people.reach_of_institutions(connection)
        found = []
        for institution in institutions.expected(connection, quarter):
            state, submitted = states.get(institution.id, ("", None))
            if submitted is None or state == "returned":
                found.append(_Missing(institution, state == "draft", tuple(reach.get(institution.id, ()))))
        return found
