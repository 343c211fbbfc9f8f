"""Which drafts stand open."""

from __future__ import annotations

from sqlalchemy import Connection, select

from storage.schema import report, revision


def open_of(connection: Connection, institution_ids: list[int]) -> list[tuple[int, str]]:
    """(institution, quarter) of every open draft of these institutions, newest quarter first."""
    rows = connection.execute(
        select(report.c.institution_id, report.c.quarter)
        .join(revision, revision.c.report_id == report.c.id)
        .where(report.c.institution_id.in_(institution_ids), revision.c.state == "draft")
        .order_by(report.c.quarter.desc(), report.c.institution_id)
    )
    return [(row.institution_id, row.quarter) for row in rows]
