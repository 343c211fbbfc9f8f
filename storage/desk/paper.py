"""The stamped original of a report: not needed, missing, received on a day, or its scan checked.

What is noted is noted for a revision; a later one asks for its own paper.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, delete, exists, insert, select

from storage import audit
from storage.desk import settings
from storage.institutions.institutions import expected_in, there
from storage.reports import closed_years
from storage.reports.counting import IS_NEWEST, QUARTER, newest
from storage.reports.separate_pages import STAMPED
from storage.schema.contact import attachment
from storage.schema.core import institution, person, report
from storage.schema.office import paper

STATES = ("not_needed", "missing", "received", "checked")
SETTING = "paper"


@dataclass(frozen=True)
class Rules:
    """What the head set: whether paper is asked for (None: not said), whether a checked scan is enough."""

    needed: bool | None = None
    scan_counts: bool = False


def rules(connection: Connection) -> Rules:
    """Return what holds."""
    value = settings.get(connection, SETTING)
    return Rules(value.get("needed"), bool(value.get("scan_counts")))


def set_rules(connection: Connection, wanted: Rules, by: int, now: datetime) -> None:
    """Set what holds from now on."""
    value = {"needed": wanted.needed, "scan_counts": wanted.scan_counts}
    settings.put(connection, SETTING, value, by, now)


@dataclass(frozen=True)
class Noted:
    """What an officer noted for one report, when it was at revision `number`; `by` is "" without a name."""

    state: str
    number: int
    day: date | None
    by: str


@dataclass(frozen=True)
class Standing:
    """How a report stands with its paper.

    kind: received, checked, not_needed, missing (asked for), stale (noted for an earlier revision),
    unsaid (nobody said whether it is asked for). `settled`: nothing more is awaited.
    """

    kind: str
    settled: bool
    noted: Noted | None = None
    scan: bool = False  # a scan of the stamped form belongs to the revision


def standing(noted: Noted | None, number: int, scan: bool, held: Rules) -> Standing:
    """Judge what was noted against the newest revision's number (0: none came yet)."""
    if noted is None:
        kind = {True: "missing", False: "not_needed", None: "unsaid"}[held.needed]
    elif noted.state in ("received", "checked") and 0 < noted.number < number:
        kind = "stale"
    else:
        kind = noted.state
    settled = kind in ("not_needed", "received") or (kind == "checked" and held.scan_counts)
    return Standing(kind, settled, noted, scan)


def noted(
    connection: Connection, quarter: str, institution_ids: Collection[int] | None = None
) -> dict[int, Noted]:
    """By institution, what was noted for a quarter."""
    query = (
        select(paper, person.c.name)
        .join(person, person.c.id == paper.c.person_id)
        .where(paper.c.quarter == quarter)
    )
    if institution_ids is not None:
        query = query.where(paper.c.institution_id.in_(list(institution_ids)))
    return {
        r.institution_id: Noted(r.state, r.number, r.day, r.name or "") for r in connection.execute(query)
    }


def of(connection: Connection, institution_id: int, quarter: str, number: int, scan: bool) -> Standing:
    """How one report stands; `number` and `scan` are its newest revision's."""
    found = noted(connection, quarter, [institution_id]).get(institution_id)
    return standing(found, number, scan, rules(connection))


@dataclass(frozen=True)
class Line:
    """One report that came in, and how it stands with its paper."""

    institution_id: int
    name: str
    district: str | None
    number: int
    standing: Standing


def lines(connection: Connection, quarter: str, district: str | None = None) -> list[Line]:
    """Every expected institution whose report came in, by name: three statements."""
    scan = exists().where(attachment.c.revision_id == newest.c.id, attachment.c.kind == STAMPED)
    query = (
        select(
            institution.c.id, institution.c.name, institution.c.district, newest.c.number, scan.label("scan")
        )
        .select_from(institution)
        .join(report, (report.c.institution_id == institution.c.id) & (report.c.quarter == QUARTER))
        .join(newest, IS_NEWEST)
        .where(expected_in(QUARTER), newest.c.state != "returned")
        .order_by(institution.c.name)
    )
    if district is not None:
        query = query.where(there(district))
    held, by_institution = rules(connection), noted(connection, quarter)
    return [
        Line(r.id, r.name, r.district, r.number, standing(by_institution.get(r.id), r.number, r.scan, held))
        for r in connection.execute(query, {"of_quarter": quarter})
    ]


def note(
    connection: Connection,
    wanted: Mapping[int, int],
    quarter: str,
    state: str,
    day: date | None,
    by: int,
    now: datetime,
) -> int:
    """Note it for several institutions (id → the revision's number); how many it changed.

    `day` is given with `received` alone.

    Raises:
        YearClosed: the year is in the archive.
    """
    closed_years.guard(connection, quarter)
    before = noted(connection, quarter, wanted)
    shown_day = day.isoformat() if day else None
    rows: list[dict[str, Any]] = []
    told: list[tuple[str, dict[str, Any]]] = []
    for institution_id, number in wanted.items():
        known = before.get(institution_id)
        if known and (known.state, known.number, known.day) == (state, number, day):
            continue
        values = {"institution_id": institution_id, "quarter": quarter, "state": state, "number": number}
        rows.append({**values, "day": day, "at": now, "person_id": by})
        was = [known.state if known else None, state]
        told.append((f"institution:{institution_id}", {"quarter": quarter, "state": was, "day": shown_day}))
    if rows:
        ids = [row["institution_id"] for row in rows]
        connection.execute(delete(paper).where(paper.c.quarter == quarter, paper.c.institution_id.in_(ids)))
        connection.execute(insert(paper), rows)
        audit.record_many(connection, now, by, "paper.note", told)
    return len(rows)
