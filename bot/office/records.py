"""The audit trail as the office reads it: by institution, person, kind and day, newest first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from bot.office.visit import Answer, NotFound, Page, Visit
from policy.calendar.quarters import SHANGHAI, local
from storage import records
from storage.institutions import institutions, roster
from storage.people import contacts
from storage.records import Record, Wanted

PATH = "/office/records"
PAGE = 100  # rows on a page
OFFERED = 8  # institutions or people that a typed name may mean

# kind → actions; every row is of one of them, or is told by its action's name
KINDS: dict[str, tuple[str, ...]] = {
    "reports": (
        "report.submit",
        "report.accept",
        "report.return",
        "report.reopen",
        "report.extend",
        "report.extend_withdraw",
        "quarter.close",
        "draft.on_behalf",
        "lead.ask",
        "lead.withdraw",
        "lead.confirmed",
        "lead.sent_back",
    ),
    "drafts": (
        "draft.begin",
        "draft.add",
        "draft.remove",
        "draft.returned",
        "draft.set",
        "draft.nothing",
        "draft.explain",
        "draft.page",
        "draft.attach",
        "draft.detach",
        "draft.discard",
        "paper.note",
        "report.stamped",
        "report.unstamped",
    ),
    "institutions": (
        "institution.create",
        "institution.change",
        "institution.close",
        "institution.reopen",
        "opening.keep",
        "note.set",
        "note.withdraw",
        "setting.change",
    ),
    "people": (
        "invite.create",
        "invite.use",
        "invite.refused",
        "invite.revoke",
        "membership.revoke",
        "person.rename",
        "account.code",
        "account.join",
        "account.part",
        "account.pin",
        "account.prove",
        "account.recovery",
        "account.leave",
        "data.withdraw",
        "data.erase",
    ),
    "office": (
        "office.link",
        "office.enter",
        "office.refused",
        "office.leave",
        "office.denied",
        "office.forged",
        "export",
        "archive.close",
        "archive.reopen",
        "archive.propose",
        "archive.confirmed",
        "archive.withdrawn",
        "data.purge",
        "service.start",
        "service.stop",
    ),
    "operation": (
        "schema.upgrade",
        "key.change",
        "key.rotate",
        "key.lost",
        "data.backup",
        "data.restore",
        "data.move",
        "data.forget",
    ),
    "courses": (
        "course.create",
        "course.stage",
        "course.withdraw",
        "filing.file",
        "filing.attach",
        "filing.receive",
        "filing.return",
        "filing.agree",
        "filing.inspect",
    ),
    "answers": (
        "group.send",
        "question.answered",
        "question.dropped",
        "proposal.create",
        "knowledge.save",
        "knowledge.publish",
        "knowledge.withdraw",
        "document.create",
        "document.withdraw",
        "publication.create",
        "publication.end",
        "publication.withdraw",
        "subscription.create",
        "subscription.end",
        "complaint.create",
        "complaint.read",
        "complaint.accepted",
        "complaint.handled",
    ),
}


Named = tuple[int, str, str]  # id, name ("" without one), whose


@dataclass(frozen=True)
class Choice:
    """What a filter's id or typed name comes to: one, several it may mean, or none there is."""

    one: Named | None = None
    several: tuple[Named, ...] = ()
    missed: bool = False


def show(visit: Visit) -> Answer:
    """The trail: `institution`, `named`, `person`, `who`, `kind`, `day`, `before` in the query."""
    query = visit.query
    institution = _choose(visit, "institution", "named", _institutions)
    person = _choose(visit, "person", "who", _persons)
    day = _day(query.get("day", ""))
    kind = query.get("kind", "") if query.get("kind") in KINDS else ""
    bad_day = bool(query.get("day")) and day is None
    wanted = Wanted(
        institution.one[0] if institution.one else None,
        person.one[0] if person.one else None,
        KINDS.get(kind, ()),
        day,
        day + timedelta(days=1) if day else None,
        visit.number("before") if query.get("before") else None,
    )
    clear = not (bad_day or any(c.several or c.missed for c in (institution, person)))
    found = records.read(visit.connection, wanted, PAGE + 1) if clear else []
    shown = found[:PAGE]
    kept = {
        "institution": str(institution.one[0]) if institution.one else "",
        "named": institution.one[1] if institution.one else query.get("named", "")[:60],
        "person": str(person.one[0]) if person.one else "",
        "who": person.one[1] if person.one else query.get("who", "")[:60],
        "kind": kind,
        "day": query.get("day", "")[:10],
    }
    data: dict[str, Any] = {
        "days": [(rows[0].at, rows) for _, rows in _by_day(shown)],
        "kept": kept,
        "kinds": list(KINDS),
        "institution": institution,
        "person": person,
        "bad_day": bad_day,
        "older": shown[-1].id if len(found) > PAGE else 0,
        "newest": "before" not in query,
        "clear": clear,
        "path": PATH,
        "link": lambda **change: PATH + "?" + urlencode({k: v for k, v in {**kept, **change}.items() if v}),
    }
    return Page("records.html", data)


def _by_day(rows: list[Record]) -> list[tuple[object, list[Record]]]:
    return [(day, list(of_day)) for day, of_day in groupby(rows, lambda row: local(row.at).date())]


def _day(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=SHANGHAI)
    except ValueError:
        return None


def _choose(visit: Visit, id_field: str, name_field: str, search: Callable[..., list[Named]]) -> Choice:
    """The id of a link counts as long as the name beside it was not typed over."""
    typed = visit.query.get(name_field)
    if visit.query.get(id_field):
        given = search(visit, visit.number(id_field))
        if not given:
            raise NotFound
        if typed is None or typed == given[0][1]:
            return Choice(given[0])
    if not typed:
        return Choice()
    found = search(visit, typed[:60])
    exact = [one for one in found if one[1] == typed]
    if len(exact) == 1 or len(found) == 1:
        return Choice((exact or found)[0])
    return Choice(several=tuple(found[:OFFERED]), missed=not found)


def _institutions(visit: Visit, wanted: int | str) -> list[Named]:
    if isinstance(wanted, int):
        one = roster.get(visit.connection, wanted)
        return [(one.id, one.name, "")] if one else []
    exact = institutions.find(visit.connection, wanted)
    if exact is not None:
        return [(exact.id, exact.name, "")]
    found, _ = roster.listed(visit.connection, wanted, OFFERED, 0)
    return [(one.id, one.name, "") for one in found]


def _persons(visit: Visit, wanted: int | str) -> list[Named]:
    return contacts.people_named(visit.connection, wanted, OFFERED + 1)
