"""One institution's report of a quarter: its figures beside the last quarter's, and what is decided."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bot.core import notify
from bot.core.notify import Told
from bot.documents.explanations import explained
from bot.documents.revision_history import versions
from bot.office.visit import Answer, Goto, NotFound, Page, Visit
from policy.calendar.quarters import SHANGHAI, Quarter, first_extension, local
from policy.form.form import Form
from policy.reading.digits import whole_number
from storage.desk import filings, paper
from storage.institutions.roster import Listed
from storage.people import contacts, people
from storage.reports import (
    attachments,
    closed_years,
    decisions,
    lateness,
    reports,
    returned_cells,
    revision_history,
)
from storage.reports.decisions import BadReasons, Decided, OwnEntry
from storage.reports.reports import Rows, VersionConflict
from storage.reports.revision_history import Past
from storage.reports.separate_pages import STAMPED

WITH_TELEPHONE = (STAMPED, "source")  # scans of the whole form: not for a district's reader
REASON = 500  # characters


def place(visit: Visit) -> tuple[Listed, Quarter]:
    """The institution and quarter of the address, if this officer may see them.

    Raises:
        NotFound: there is none such, or it is another district's.
    """
    return visit.institution(visit.number("institution")), visit.quarter()


def show(visit: Visit) -> Answer:
    """The report: its newest submission, or the one `revision` names; `mode=return` asks for reasons."""
    return _page(visit)


def _page(visit: Visit, problem: str = "", status: int = 200, typed: dict[str, str] | None = None) -> Page:
    institution, quarter = place(visit)
    connection, chart = visit.connection, visit.corpus.form_of(quarter)
    pasts = revision_history.of(connection, institution.id, str(quarter))
    past = _chosen(visit, pasts)
    snapshot = reports.snapshot(connection, institution.id, str(quarter))
    before = quarter.previous()
    last = reports.latest_rows(connection, institution.id, str(before)) if before else {}
    year_ago = reports.latest_rows(connection, institution.id, f"{quarter.year - 1}Q{quarter.number}")
    told = {v.past.id: v for v in versions(pasts, chart)}
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
        "year_ago": year_ago,
        "told": told,
        "people": revision_history.who(connection, [p.id for p in pasts]),
        "contacts": _contacts(visit, institution.id),
        "extended": returned_cells.extended_until(connection, institution.id, str(quarter)),
        "due": visit.times.due(quarter),
        "first_extension": first_extension(visit.times.due(quarter), visit.now),
        "waiting": decisions.next_waiting(connection, str(quarter), institution.id)
        if visit.office
        else (0, None),
        "closes": returned_cells.closes_at(connection, str(quarter), visit.times.closes(quarter)),
        "mode": visit.query.get("mode", ""),
        "archived": closed_years.is_closed(connection, str(quarter)),
        "problem": problem,
        "typed": typed or {},
        "unsent": _unsent(chart, typed or {}) if problem == "changed" else [],
    }
    latest = snapshot.latest
    scan = latest is not None and bool(attachments.stamped(connection, [latest.id]))
    number = latest.number if latest else 0
    data["paper"] = paper.of(connection, institution.id, str(quarter), number, scan)
    data["paper_wrong"] = visit.query.get("paper", "")
    data["today"] = local(visit.now).date()
    if past is not None:
        data |= _of_revision(visit, past, pasts, last)
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
    read = visit.app.keys.read if visit.office else lambda _: ""
    return [(c.name or "", c.role, read(c.telephone)) for c in found]


def _of_revision(visit: Visit, past: Past, pasts: list[Past], last: Rows) -> dict[str, Any]:
    connection = visit.connection
    one = reports.submitted_revision(connection, past.id)
    if one is None:
        raise LookupError("a submitted revision is gone")
    pages = attachments.of(connection, past.id)
    typed_in = revision_history.typed_in_from(connection, past.id)
    chart = visit.corpus.form_of(one.quarter)
    telephone = visit.app.keys.read(one.revision.signer_telephone) if visit.office else ""
    said = explained(one, chart)
    odd = odd_cells(chart, one.rows, last)
    told = {(e.occupation, e.fact) for e in said}
    return {
        "one": one,
        "explained": said,
        "odd": odd,
        "unfiled": _unfiled(visit, one.institution_id, Quarter.parse(one.quarter), one.rows),
        "unexplained": [p for p in dict.fromkeys((o, w) for (o, _), w in odd.items()) if p not in told],
        "order": chart.occupation_order(list(one.rows)),
        "changed": _changed(chart, past, pasts),
        "answered": _answered(visit, chart, past, pasts),
        "absent": chart.occupation_order(last.keys() - one.rows.keys()),
        "said": chart.places(returned_cells.cells(connection, past.id)),
        "reopened": returned_cells.reopened(connection, past.id),
        "pages": pages,
        "stamps": [f for f in pages.files if visit.office and f.kind == STAMPED],
        "files": [f for f in pages.files if visit.office or f.kind not in WITH_TELEPHONE],
        "telephone": telephone,
        "typed_in": typed_in,
        "sent_at": typed_in.received_at if typed_in else past.submitted_at,
        "own": visit.office and decisions.entered_by(connection, past.id, visit.officer.person_id),
        "alone": visit.office and people.office_members(connection) <= 1,
    }


def odd_cells(chart: Form, rows: Rows, last: Rows) -> dict[tuple[str, str], str]:
    """(occupation, measure) → what is unlikely about the cell, by the form's rules."""
    found: dict[tuple[str, str], str] = {}
    for name, row in rows.items():
        for doubt in chart.doubts(row, last.get(name)):
            for measure in doubt.measures:
                found.setdefault((name, measure), doubt.text.rstrip("。"))
    return found


def _unfiled(visit: Visit, institution_id: int, quarter: Quarter, rows: Rows) -> list[tuple[str, int, int]]:
    """(occupation, classes reported, of them filed) where fewer were filed than are reported."""
    since = filings.rules(visit.connection).since
    if since is None or str(quarter) < since:
        return []
    held = filings.held(visit.connection, institution_id, quarter.first_day, quarter.last_day)
    classes = {name: row.get("classes") for name, row in rows.items()}
    return [
        (name, count, held.get(name, 0))
        for name, count in classes.items()
        if isinstance(count, int) and count > held.get(name, 0)
    ]


def _answered(
    visit: Visit, chart: Form, past: Past, pasts: list[Past]
) -> tuple[int, list[tuple[str, str, str, str, str]]]:
    """The return that this revision answers: (number, [occupation, title, words, cell then, cell now]).

    A cell is "" where a whole row or the whole report was meant; number 0: it answers none.
    """
    earlier = [p for p in pasts if p.number < past.number]
    if not earlier or earlier[-1].state != "returned":
        return 0, []
    before = earlier[-1]
    by_title = {m.title: m for m in chart.measures}
    told = []
    for occupation, title, words in chart.places(returned_cells.cells(visit.connection, before.id)):
        measure = by_title.get(title)
        was, now = (p.rows.get(occupation, {}).get(measure.id) if measure else None for p in (before, past))
        shown = (measure.show(was), measure.show(now)) if measure else ("", "")
        told.append((occupation, title, words, *shown))
    return before.number, told


def _changed(chart: Form, past: Past, pasts: list[Past]) -> dict[tuple[str, str], Any]:
    """(occupation, measure) → the cell of the revision submitted before, where it differs."""
    earlier = [p for p in pasts if p.number < past.number]
    if not earlier:
        return {}
    before = earlier[-1].rows
    measures = [m.id for m in chart.measures]
    return {
        (o, m): before.get(o, {}).get(m)
        for o in past.rows
        for m in measures
        if o in before and before.get(o, {}).get(m) != past.rows[o].get(m)
    }


def _back(institution: Listed, quarter: Quarter, done: str, told: Told) -> Goto:
    return Goto(f"/office/report/{institution.id}/{quarter}", done, told)


def _seen(visit: Visit, institution: Listed, quarter: Quarter) -> int:
    """The revision the form was about; it has to be one of this report.

    Raises:
        NotFound: it is another report's.
    """
    given = visit.form.get("revision", "")
    number = whole_number(given) or 0
    one = reports.submitted_revision(visit.connection, number)
    if one is None or (one.institution_id, one.quarter) != (institution.id, str(quarter)):
        raise NotFound
    return number


def accept(visit: Visit) -> Answer:
    """Accept the revision that was seen."""
    institution, quarter = place(visit)
    seen = _seen(visit, institution, quarter)
    try:
        done = decisions.accept(visit.connection, seen, visit.officer.person_id, visit.now)
    except OwnEntry:
        return _page(visit, "own", 409)
    except VersionConflict:
        return _page(visit, "changed", 409)
    told = notify.tell_accepted(visit.connection, done, visit.now)
    return _back(institution, quarter, "accepted_own" if done.own else "accepted", told)


def return_(visit: Visit) -> Answer:
    """Return the revision that was seen: a field `why:OCCUPATION:MEASURE` for each place in question."""
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
        return _asking_again(visit, "changed", 409, typed)
    told = notify.tell_returned(visit.connection, visit.corpus.form_of(quarter), done, visit.now)
    return _back(institution, quarter, "returned", told)


def _unsent(chart: Form, typed: dict[str, str]) -> list[tuple[str, str, str]]:
    """Reasons that were typed and not sent: (occupation, measure's title, words)."""
    titles = {m.id: m.title for m in chart.measures}
    places = [(*name.removeprefix("why:").rpartition(":")[::2], words) for name, words in typed.items()]
    return [(occupation, titles.get(measure, ""), words) for occupation, measure, words in places if words]


def _asking_again(visit: Visit, problem: str, status: int, typed: dict[str, str]) -> Page:
    page = _page(visit, problem, status, typed)
    return Page(page.template, {**page.data, "mode": "return"}, status)


def reopen(visit: Visit) -> Answer:
    """Let an accepted revision be corrected; it counts until its successor is accepted."""
    institution, quarter = place(visit)
    seen = _seen(visit, institution, quarter)
    reason = visit.form.get("reason", "")[:REASON]
    try:
        done: Decided = decisions.reopen(visit.connection, seen, reason, visit.officer.person_id, visit.now)
    except BadReasons:
        return _page(visit, "reopen_reason", 422)
    except VersionConflict:
        return _page(visit, "changed", 409)
    told = notify.tell_reopened(visit.connection, done, reason, visit.now)
    return _back(institution, quarter, "reopened", told)


def extend(visit: Visit) -> Answer:
    """Let the institution report until a day (included), with a reason."""
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
            visit.connection,
            institution.id,
            str(quarter),
            until,
            reason,
            visit.officer.person_id,
            visit.now,
            visit.times.due(quarter),
        )
    except BadReasons:
        return _page(visit, "extend_reason" if not reason else "extend_day", 422, typed)
    except VersionConflict:
        return _page(visit, "archived", 409)
    told = notify.tell_extended(
        visit.connection, institution.id, quarter, until, visit.times.due(quarter), visit.now
    )
    return _back(institution, quarter, "extended", told)


def withdraw_extension(visit: Visit) -> Answer:
    """Take an extension back: the usual time counts again."""
    institution, quarter = place(visit)
    by = visit.officer.person_id
    try:
        gone = decisions.withdraw_extension(visit.connection, institution.id, str(quarter), by, visit.now)
    except VersionConflict:
        return _page(visit, "archived", 409)
    if not gone:
        return _page(visit, "extend_gone", 409)
    told = notify.tell_extended(
        visit.connection, institution.id, quarter, None, visit.times.due(quarter), visit.now
    )
    return _back(institution, quarter, "extend_withdrawn", told)
