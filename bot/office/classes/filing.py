"""One class through its life: what was filed and decided, the roster, what was seen, its figures."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from bot.core import notify
from bot.core.notify import Told
from bot.documents import attachments as incoming_files
from bot.documents.store import safe_name
from bot.features.courses.filing_dialog import MODES
from bot.office.reports.form_downloads import SHOWN_INLINE
from bot.office.visit import Answer, Download, Goto, NotFound, Page, Visit
from policy.calendar.quarters import SHANGHAI, Quarter, local
from policy.calendar.reminders import ROSTER_DAYS
from policy.checks.standards import LEVELS
from policy.reading.digits import whole_number
from storage.desk import filings
from storage.desk.filings import Filing, Listed
from storage.people import people
from storage.reports import reports
from storage.reports.decisions import BadReasons, OwnEntry
from storage.reports.reports import VersionConflict
from storage.schema.courses import STAGES

LONGEST = {"reason": 500, "number": 60, "words": 1000}


def show(visit: Visit) -> Answer:
    """The page of a course."""
    return _page(visit)


def _one(visit: Visit) -> Listed:
    found = filings.one(visit.connection, visit.number("course"))
    if found is None:
        raise NotFound
    return found


def _page(visit: Visit, problem: str = "", status: int = 200) -> Page:
    one = _one(visit)
    every = filings.of_courses(visit.connection, [one.course.id]).get(one.course.id, [])
    latest = every[0] if every else None
    rules = filings.rules(visit.connection)
    today = local(visit.now).date()
    ended = one.course.dates.get("ended")
    quarter = _quarter_of(ended) if ended else None
    figures: dict[str, Any] = {}
    if quarter is not None:
        rows = reports.latest_rows(visit.connection, one.course.institution_id, str(quarter))
        figures = rows.get(one.course.occupation, {})
    data: dict[str, Any] = {
        "one": one,
        "course": one.course,
        "latest": latest,
        "every": every,
        "rules": rules,
        "missing": latest.missing(rules.materials) if latest else [],
        "early": (latest.details.starts_on - local(latest.filed_at).date()).days if latest else None,
        "levels": LEVELS,
        "modes": MODES,
        "stages": STAGES,
        "roster_due": ended + timedelta(days=ROSTER_DAYS) if ended else None,
        "inspections": filings.inspections(visit.connection, one.course.id),
        "quarter": quarter,
        "figures": figures,
        "today": today,
        "problem": problem,
        "typed": dict(visit.form) if problem else {},
        "path": f"/office/classes/{one.course.id}",
        "alone": people.office_members(visit.connection) <= 1,
    }
    return Page("class.html", data, status)


def _quarter_of(day: date) -> Quarter:
    return Quarter.of(datetime(day.year, day.month, day.day, 12, tzinfo=SHANGHAI))


def _seen(visit: Visit, one: Listed) -> int:
    """The filing that the form was about; it has to be one of this course."""
    number = whole_number(visit.form.get("filing", "")) or 0
    found = filings.get(visit.connection, number)
    if found is None or found.course_id != one.course.id:
        raise NotFound
    return number


def _told(visit: Visit, one: Listed, filing_id: int) -> Told:
    filing: Filing | None = filings.get(visit.connection, filing_id)
    if filing is None:
        raise NotFound
    return notify.tell_filing(visit.connection, one.course.institution_id, one.course.name, filing, visit.now)


def _back(visit: Visit, one: Listed, done: str, seen: int) -> Goto:
    return Goto(f"/office/classes/{one.course.id}", done, _told(visit, one, seen))


def receive(visit: Visit) -> Answer:
    """Take the filing in hand."""
    one = _one(visit)
    seen = _seen(visit, one)
    try:
        filings.receive(visit.connection, seen, visit.officer.person_id, visit.now)
    except VersionConflict:
        return _page(visit, "changed", 409)
    return _back(visit, one, "filing_received", seen)


def return_(visit: Visit) -> Answer:
    """Return the filing with a reason."""
    one = _one(visit)
    seen, reason = _seen(visit, one), visit.form.get("reason", "")[: LONGEST["reason"]]
    try:
        filings.return_(visit.connection, seen, reason, visit.officer.person_id, visit.now)
    except BadReasons:
        return _page(visit, "reason", 422)
    except VersionConflict:
        return _page(visit, "changed", 409)
    return _back(visit, one, "filing_returned", seen)


def agree(visit: Visit) -> Answer:
    """Agree, under the office's own number and date."""
    one = _one(visit)
    seen, number = _seen(visit, one), visit.form.get("number", "")[: LONGEST["number"]]
    try:
        on = date.fromisoformat(visit.form.get("on", ""))
    except ValueError:
        return _page(visit, "on", 422)
    if on > local(visit.now).date():
        return _page(visit, "on", 422)
    try:
        filings.agree(visit.connection, seen, number, on, visit.officer.person_id, visit.now)
    except BadReasons:
        return _page(visit, "number", 422)
    except OwnEntry:
        return _page(visit, "own", 409)
    except VersionConflict:
        return _page(visit, "changed", 409)
    return _back(visit, one, "filing_agreed", seen)


def inspect(visit: Visit) -> Answer:
    """Note what was seen of the class."""
    one = _one(visit)
    kind, words = visit.form.get("kind", ""), visit.form.get("words", "")[: LONGEST["words"]]
    try:
        day = date.fromisoformat(visit.form.get("day", ""))
    except ValueError:
        return _page(visit, "day", 422)
    if day > local(visit.now).date():
        return _page(visit, "day", 422)
    if kind not in filings.INSPECTIONS or len(words) < 2:
        return _page(visit, "words", 422)
    by = visit.officer.person_id
    filings.inspect(visit.connection, one.course.id, day, kind, words, by, visit.now)
    return Goto(f"/office/classes/{one.course.id}", "inspected")


def file(visit: Visit) -> Answer:
    """A file of a filing, by its hash."""
    found = filings.get(visit.connection, visit.number("filing"))
    if found is None:
        raise NotFound
    for one in found.files:
        if one.hash == visit.params["hash"]:
            path = visit.app.settings.data_dir / incoming_files.FOLDER / one.hash
            try:
                content = path.read_bytes()
            except OSError:
                raise NotFound from None
            return Download(safe_name(one.name), content, one.media in SHOWN_INLINE)
    raise NotFound
