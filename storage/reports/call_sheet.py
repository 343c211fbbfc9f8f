"""Whom the office telephones: who was reminded already, and who last filled in the form."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, func, select

from storage.schema.core import reminder, report, revision


@dataclass(frozen=True)
class LastForm:
    """Who filled in an institution's newest submission. `telephone` is encrypted."""

    quarter: str
    filled_by: str | None
    telephone: str | None


def reminded(connection: Connection, quarter: str) -> dict[int, tuple[int, datetime]]:
    """Institution id → how many reminders of the quarter reached somebody, and when the newest did.

    One that went to several contacts counts once.
    """
    rows = connection.execute(
        select(reminder.c.institution_id, func.count(reminder.c.kind.distinct()), func.max(reminder.c.at))
        .where(reminder.c.quarter == quarter, reminder.c.reached)
        .group_by(reminder.c.institution_id)
    )
    return {int(r[0]): (int(r[1]), r[2]) for r in rows}


def last_forms(connection: Connection, institution_ids: Collection[int]) -> dict[int, LastForm]:
    """Institution id → its newest submission of any quarter, for those that ever submitted."""
    rows = connection.execute(
        select(
            report.c.institution_id,
            report.c.quarter,
            case((revision.c.withheld, None), else_=revision.c.filled_by).label("filled_by"),
            case((revision.c.withheld, None), else_=revision.c.telephone).label("telephone"),
        )
        .join(revision, revision.c.report_id == report.c.id)
        .where(report.c.institution_id.in_(list(institution_ids)), revision.c.submitted_at.is_not(None))
        .order_by(report.c.quarter, revision.c.number)
    )
    return {int(r.institution_id): LastForm(r.quarter, r.filled_by, r.telephone) for r in rows}
