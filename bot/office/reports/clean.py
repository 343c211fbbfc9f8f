"""Reports in which nothing stands out: looked through as a list, accepted together, one row each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from bot.core import notify
from bot.office.visit import NO_DISTRICT, Answer, Goto, Page, Visit
from policy.calendar.quarters import Quarter
from policy.form.form import Form, Row
from policy.reading.digits import whole_number
from storage.desk import filings
from storage.reports import attachments, decisions, marks, prior_figures, reports
from storage.reports.decisions import OwnEntry
from storage.reports.marks import Marks, Plain
from storage.reports.reports import VersionConflict

PAGE = 50  # reports that one looks through at once
LOOKED_AT = 200  # candidates whose figures are compared; what is odd among them is left to its own page


@dataclass(frozen=True)
class Clean:
    """One report of the list: its totals and the last quarter's, by measure, as they are shown."""

    plain: Plain
    occupations: tuple[str, ...]
    totals: tuple[str, ...]
    before: tuple[str, ...]  # () when the last quarter had none
    marks: Marks
    stamped: bool


def stands_out(form: Form, rows: Mapping[str, Row], last: Mapping[str, Row]) -> bool:
    """Whether figures ask for a look of their own, set beside the last quarter's."""
    if set(last) - set(rows):  # an occupation is gone, or everything
        return True
    return any(form.doubts(row, last.get(name)) for name, row in rows.items())


def found(visit: Visit, quarter: Quarter, district: str | None) -> tuple[list[Clean], bool]:
    """The list for this officer, those that wait longest first; whether there may be more."""
    connection, form = visit.connection, visit.corpus.form_of(quarter)
    candidates = marks.plain(connection, str(quarter), district, LOOKED_AT, filings.rules(connection).since)
    ids = [one.revision_id for one in candidates]
    own = decisions.entered_among(connection, ids, visit.officer.person_id) if ids else set()
    figures = (
        {one.revision.id: one.rows for one in reports.submitted_revisions(connection, ids)} if ids else {}
    )
    before = quarter.previous()
    houses = [one.institution_id for one in candidates]
    last = prior_figures.rows_of_many(connection, houses, str(before)) if before and houses else {}
    wanted = [
        one
        for one in candidates
        if one.revision_id not in own
        and not stands_out(form, figures.get(one.revision_id, {}), last.get(one.institution_id, {}))
    ]
    shown = wanted[:PAGE]
    seen = [one.revision_id for one in shown]
    with_pages, stamped = marks.of(connection, seen), attachments.stamped(connection, seen)

    def totals(rows: Mapping[str, Row] | None) -> tuple[str, ...]:
        return tuple(m.show(form.total(m, rows)) for m in form.measures) if rows else ()

    listed = [
        Clean(
            one,
            tuple(form.occupation_order(list(figures.get(one.revision_id, {})))),
            totals(figures.get(one.revision_id, {})),
            totals(last.get(one.institution_id)),
            with_pages.get(one.revision_id, Marks()),
            one.revision_id in stamped,
        )
        for one in shown
    ]
    return listed, len(wanted) > PAGE or len(candidates) == LOOKED_AT


def show(visit: Visit) -> Answer:
    """The list: `quarter` and `district` in the query."""
    quarter, district = visit.quarter(), visit.district()
    listed, more = found(visit, quarter, district)
    data: dict[str, Any] = {
        "quarter": quarter,
        "district": district,
        "listed": listed,
        "more": more,
        "left": whole_number(visit.query.get("left", ""), longest=3) or 0,
        "kept": _kept(district),
    }
    return Page("clean.html", data)


def _kept(district: str | None) -> str:
    return "" if district is None else district or NO_DISTRICT


def accept(visit: Visit) -> Answer:
    """Accept those ticked (`accept:REVISION`) that still have no doubt and still wait; an audit row each."""
    quarter = visit.quarter()
    given = visit.form.get("district", "")
    district = "" if given == NO_DISTRICT else given or None
    ticked = {
        number
        for name in visit.form
        if name.startswith("accept:")
        if (number := whole_number(name.removeprefix("accept:"))) is not None
    }
    listed, _ = found(visit, quarter, district)
    done = 0
    for one in listed:
        if one.plain.revision_id not in ticked:
            continue
        try:
            decided = decisions.accept(
                visit.connection, one.plain.revision_id, visit.officer.person_id, visit.now, listed=True
            )
        except (OwnEntry, VersionConflict):  # decided on at this very instant
            continue
        notify.tell_accepted(visit.connection, decided, visit.now)
        done += 1
    query = {"quarter": quarter, "district": given, "count": done, "left": len(ticked) - done}
    kept = urlencode({name: value for name, value in query.items() if value})
    return Goto(f"/office/clean?{kept}", "accepted_listed" if done else "accepted_none")
