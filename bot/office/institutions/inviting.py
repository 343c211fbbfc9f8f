"""Codes for many at once: the institutions that nobody speaks for, with what to send to each."""

from __future__ import annotations

from bot.office.visit import Answer, Page, Visit
from storage.institutions import roster
from storage.people import people

PATH = "/office/institutions/codes"
MOST = 500  # codes in one go: a list that can still be sent out by hand
SCOPES = ("fresh", "all")  # only those without a code that still works, or every one


def show(visit: Visit) -> Answer:
    """How many there are, and the button."""
    return Page("codes.html", _counts(visit))


def _counts(visit: Visit) -> dict[str, object]:
    alone = len(roster.alone(visit.connection, visit.now, with_code=True))
    fresh = len(roster.alone(visit.connection, visit.now, with_code=False))
    return {"alone": alone, "fresh": fresh, "made": [], "expires": None, "most": MOST, "path": PATH}


def make(visit: Visit) -> Answer:
    """A contact's code for each; shown this once."""
    every = visit.form.get("scope") == "all"
    made, expires = [], None
    for institution_id, name in roster.alone(visit.connection, visit.now, with_code=every)[:MOST]:
        code, expires = people.create_invite(
            visit.connection,
            visit.app.keys.codes,
            visit.now,
            "contact",
            institution_id,
            visit.officer.person_id,
        )
        made.append((name, code))
    return Page("codes.html", {**_counts(visit), "made": made, "expires": expires}, keeps=bool(made))
