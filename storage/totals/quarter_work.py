"""What a quarter's reports took: sendings, doubts explained, returns, and whom reminders reached."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, func, select

from storage.schema.core import explanation, reminder, report, revision
from storage.schema.office import returned_cell


@dataclass(frozen=True)
class QuarterWork:
    """Counts of one quarter: sendings, those with doubts that were explained, those that were returned."""

    sent: int
    explained: int
    returned: int


def of_quarter(connection: Connection, quarter: str) -> QuarterWork:
    """Count what the reports of a quarter took."""
    mine = (
        select(revision.c.id)
        .join(report, report.c.id == revision.c.report_id)
        .where(report.c.quarter == quarter, revision.c.submitted_at.is_not(None))
    )
    sent = select(func.count()).select_from(mine.subquery())
    explained = select(func.count(explanation.c.revision_id.distinct())).where(
        explanation.c.revision_id.in_(mine)
    )
    returned = select(func.count(returned_cell.c.revision_id.distinct())).where(
        returned_cell.c.revision_id.in_(mine)
    )
    counted = (int(connection.execute(query).scalar_one()) for query in (sent, explained, returned))
    return QuarterWork(*counted)


def sent_since(connection: Connection, since: datetime) -> int:
    """How many reports were sent in from that moment on, corrected ones again."""
    query = select(func.count()).select_from(revision).where(revision.c.submitted_at >= since)
    return int(connection.execute(query).scalar_one())


def reminded(connection: Connection, quarter: str) -> tuple[int, int]:
    """How many people reminders of a quarter reached at once, and how many have to come by to see them."""
    r = reminder.c
    reached = func.max(case((r.reached, 1), else_=0)).label("reached")
    people = select(reached).where(r.quarter == quarter).group_by(r.person_id).subquery()
    rows = connection.execute(select(people.c.reached, func.count()).group_by(people.c.reached))
    found = {bool(one): int(many) for one, many in rows}
    return found.get(True, 0), found.get(False, 0)
