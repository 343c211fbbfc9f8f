"""Years whose package was made: their reports are only read."""

from __future__ import annotations

from sqlalchemy import Connection, select

from storage.reports.reports import VersionConflict
from storage.schema.archive import archived_year
from storage.schema.core import report, revision


class YearClosed(VersionConflict):
    """The year is in the archive: nothing of it changes any more."""


def is_closed(connection: Connection, quarter: str) -> bool:
    """Whether the quarter's year is in the archive."""
    found = select(archived_year.c.year).where(archived_year.c.year == int(quarter[:4]))
    return connection.execute(found).first() is not None


def guard(connection: Connection, quarter: str) -> None:
    """Let nothing of a closed year be changed.

    Raises:
        YearClosed: the quarter is of one.
    """
    if is_closed(connection, quarter):
        raise YearClosed


def guard_revision(connection: Connection, revision_id: int) -> None:
    """The same for the report that a revision is of.

    Raises:
        YearClosed: it is of such a year.
    """
    of_report = select(report.c.quarter).join(revision, revision.c.report_id == report.c.id)
    quarter = connection.execute(of_report.where(revision.c.id == revision_id)).scalar()
    if quarter is not None:
        guard(connection, quarter)
