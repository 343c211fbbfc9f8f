"""One institution's report of a quarter: its figures beside the last quarter's, and what is decided."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bot import telling
from bot.dialogs.returned import said_lines
from bot.explained import explained
from bot.history import versions
from bot.office_web.visit import Answer, Goto, NotFound, Page, Visit
from policy.form import form
from policy.quarters import SHANGHAI, Quarter
from storage import attachments, contacts, decisions, lateness, people, reports, returns, revisions, roster
from storage.decisions import BadReasons, Decided, OwnEntry
from storage.reports import VersionConflict
from storage.revisions import Past
from storage.roster import Listed

REASON = 500  # characters


def place(visit: Visit) -> tuple[Listed, Quarter]:
    """The institution and quarter of the address, if this officer may see them.

    Raises:
        NotFound: there is none such, or it is another district's.
    """
    found = roster.get(visit.connection, visit.number("institution"))
    if found is None or (visit.district is not None and found.district != visit.district):
        raise NotFound
    return found, visit.quarter()


def show(visit: Visit) -> Answer:
    """The report: its newest submission, or the one `revision` names; `mode=return` asks for reasons."""
    return _page(visit)


def _page(visit: Visit, problem: str = "", status: int = 200, typed: dict[str, str] | None = None) -> Page:
    institution, quarter = place(visit)
    connection = visit.connection
    pasts = revisions.of(connection, institution.id, str(quarter))
    past = _chosen(visit, pasts)
    snapshot = reports.snapshot(connection, institution.id, str(quarter))
    before = quarter.previous()
    last = reports.latest_rows(connection, institution.id, str(before)) if before else {}
    told = {v.past.id: v for v in versions(pasts, form())}
    data: dict[str, Any] = {
        "institution": institution,
        "quarter": quarter,
        "timely": lateness.of(connection, institution.id, str(quarter), visit.times.due(quarter)),
        "path": f"/office/report/{institution.id}/{quarter}",
        "pasts": pasts,
        "past": past,
        "newest": pasts[-1] if pasts else None,
        "drafting": snapshot.draft,
        "last": last,
        "told": told,
        "people": revisions.who(connection, [p.id for p in pasts]),
        "contacts": _contacts(visit, institution.id),
        "extended": returns.extended_until(connection, institution.id, str(quarter)),
        "waiting": decisions.next_waiting(connection, str(quarter), institution.id)
        if visit.officer.decides
        else (0, None),
        "closes": returns.closes_at(connection, str(quarter), visit.times.closes(quarter)),
        "mode": visit.query.get("mode", ""),
        "problem": problem,
        "typed": typed or {},
    }
    if past is not None:
        data |= _of_revision(visit, past, pasts)
    return Page("report.html", data, status)


def _chosen(visit: Visit, pasts: list[Past]) -> Past | None:
    if not visit.query.get("revision"):
        return pasts[-1] if pasts else None
    wanted = visit.number("revision")
    for past in pasts:
        if past.id == wanted:
            return past
    raise NotFound


def _contacts(visit: Visit, institution_id: int) -> list[tuple[str, str, str]]:
    """(name, role, telephone) of who speaks for the institution; readers see no telephone."""
    found = contacts.of_institution(visit.connection, institution_id)
    open_ = visit.house.keys.open if visit.officer.decides else lambda _: ""
    return [(c.name or "", c.role, open_(c.telephone) or "") for c in found]


def _of_revision(visit: Visit, past: Past, pasts: list[Past]) -> dict[str, Any]:
    connection = visit.connection
    one = reports.submitted_revision(connection, past.id)
    assert one is not None  # a submitted revision is never deleted
    pages = attachments.of(connection, past.id)
    telephone = visit.house.keys.open(one.revision.telephone) if visit.officer.decides else None
    chart = form()
    return {
        "one": one,
        "explained": explained(one),
        "order": chart.occupation_order(list(one.rows)),
        "changed": _changed(past, pasts),
        "said": said_lines(chart, returns.cells(connection, past.id)),
        "reopened": returns.reopened(connection, past.id),
        "pages": pages,
        "telephone": telephone or "",
        "source": revisions.source_of(connection, past.id),
        "own": visit.officer.decides and decisions.entered_by(connection, past.id, visit.officer.person_id),
        "alone": visit.officer.decides and people.office_members(connection) <= 1,
    }


def _changed(past: Past, pasts: list[Past]) -> dict[tuple[str, str], Any]:
    """(occupation, measure) → the cell of the revision submitted before, where it differs."""
    earlier = [p for p in pasts if p.number < past.number]
    if not earlier:
        return {}
    before = earlier[-1].rows
    measures = [m.id for m in form().measures]
    return {
        (o, m): before.get(o, {}).get(m)
        for o in past.rows
        for m in measures
        if before.get(o, {}).get(m) != past.rows[o].get(m)
    }


def _back(institution: Listed, quarter: Quarter, done: str) -> Goto:
    return Goto(f"/office/report/{institution.id}/{quarter}", done)


def _seen(visit: Visit, institution: Listed, quarter: Quarter) -> int:
    """The revision the form was about; it has to be one of this report.

    Raises:
        NotFound: it is another report's.
    """
    given = visit.form.get("revision", "")
    number = int(given) if given.isascii() and given.isdigit() and len(given) < 16 else 0
    one = reports.submitted_revision(visit.connection, number)
    if one is None or (one.institution_id, one.quarter) != (institution.id, str(quarter)):
        raise NotFound
    return number


def accept(visit: Visit) -> Answer:
    """Accept the revision that was seen."""
    visit.only_office()
    institution, quarter = place(visit)
    seen = _seen(visit, institution, quarter)
    try:
        done = decisions.accept(visit.connection, seen, visit.officer.person_id, visit.now)
    except OwnEntry:
        return _page(visit, "own", 409)
    except VersionConflict:
        return _page(visit, "changed", 409)
    telling.tell_accepted(visit.connection, done, visit.now)
    return _back(institution, quarter, "accepted_own" if done.own else "accepted")


def return_(visit: Visit) -> Answer:
    """Return the revision that was seen: a field `why:OCCUPATION:MEASURE` for each place in question."""
    visit.only_office()
    institution, quarter = place(visit)
    seen = _seen(visit, institution, quarter)
    reasons = [
        (occupation, measure, words[:REASON])
        for name, words in visit.form.items()
        if name.startswith("why:") and words
        for occupation, _, measure in [name.removeprefix("why:").rpartition(":")]
    ]
    typed = {k: v for k, v in visit.form.items() if k.startswith("why:")}
    try:
        done = decisions.return_(visit.connection, seen, reasons, visit.officer.person_id, visit.now)
    except BadReasons:
        return _asking_again(visit, "reasons", 422, typed)
    except VersionConflict:
        return _page(visit, "changed", 409, typed)
    telling.tell_returned(visit.connection, done, visit.now)
    return _back(institution, quarter, "returned")


def _asking_again(visit: Visit, problem: str, status: int, typed: dict[str, str]) -> Page:
    page = _page(visit, problem, status, typed)
    return Page(page.template, {**page.data, "mode": "return"}, status)


def reopen(visit: Visit) -> Answer:
    """Let an accepted revision be corrected; it counts until its successor is accepted."""
    visit.only_office()
    institution, quarter = place(visit)
    seen = _seen(visit, institution, quarter)
    reason = visit.form.get("reason", "")[:REASON]
    try:
        done: Decided = decisions.reopen(visit.connection, seen, reason, visit.officer.person_id, visit.now)
    except BadReasons:
        return _page(visit, "reopen_reason", 422)
    except VersionConflict:
        return _page(visit, "changed", 409)
    telling.tell_reopened(visit.connection, done, reason, visit.now)
    return _back(institution, quarter, "reopened")


def extend(visit: Visit) -> Answer:
    """Let the institution report until a day (included), with a reason."""
    visit.only_office()
    institution, quarter = place(visit)
    reason = visit.form.get("reason", "")[:REASON]
    typed = {"until": visit.form.get("until", ""), "extend_reason": reason}
    try:
        day = datetime.strptime(visit.form.get("until", ""), "%Y-%m-%d").replace(tzinfo=SHANGHAI)
        until = day + timedelta(days=1)  # the first moment that is late
    except (ValueError, OverflowError):
        return _page(visit, "extend_day", 422, typed)
    try:
        decisions.extend(
            visit.connection, institution.id, str(quarter), until, reason, visit.officer.person_id, visit.now
        )
    except BadReasons:
        return _page(visit, "extend_reason" if not reason else "extend_day", 422, typed)
    telling.tell_extended(visit.connection, institution.id, quarter, until, visit.now)
    return _back(institution, quarter, "extended")
