"""下季度怎么开始: the next quarter's list, due day, holidays, notes and reminders in one page."""

from __future__ import annotations

from typing import Any

from bot.office.visit import Answer, Page, Visit
from policy.calendar import reminders
from policy.calendar.quarters import Quarter
from storage.desk import filings, paper
from storage.institutions import institutions, roster
from storage.reports import prior_figures, returned_cells


def show(visit: Visit) -> Answer:
    """The quarter after today's, and what of it is set; every line leads to where it is changed."""
    now = Quarter.of(visit.now)
    coming = now.next()
    connection, calendar = visit.connection, visit.corpus.holidays
    expected = {one.id: one.name for one in institutions.expected(connection, str(coming))}
    today = {one.id: one.name for one in institutions.expected(connection, str(now))}
    alone = roster.alone(connection, visit.now, with_code=True)
    uncoded = roster.alone(connection, visit.now, with_code=False)
    data: dict[str, Any] = {
        "now_quarter": now,
        "quarter": coming,
        "count": len(expected),
        "added": sorted(expected[one] for one in expected.keys() - today.keys()),
        "gone": sorted(today[one] for one in today.keys() - expected.keys()),
        "alone": sum(one in expected for one, _ in alone),
        "uncoded": sum(one in expected for one, _ in uncoded),
        "due": visit.times.due(coming),
        "closes": returned_cells.closes_at(connection, str(coming), visit.times.closes(coming)),
        "known": reminders.exchanges_known(coming.last_day.year, calendar),
        "days": [(kind, reminders.moment_for(coming, kind, calendar)) for kind in reminders.SCHEDULE],
        "notes": prior_figures.notes(connection, str(coming)),
        "rules": paper.rules(connection),
        "filed": filings.rules(connection),
    }
    return Page("next_quarter.html", data)
