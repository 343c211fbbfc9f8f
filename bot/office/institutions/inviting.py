"""Codes for many at once: the institutions that nobody speaks for, with what to send to each."""

from __future__ import annotations

from datetime import datetime

from markupsafe import Markup

from bot.core.render import words
from bot.documents import qr
from bot.documents.store import safe_name
from bot.office import html
from bot.office.visit import Answer, Download, Page, Visit
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
    if made and expires and visit.form.get("as") == "letters":
        return _letters(visit, made, expires)
    return Page("codes.html", {**_counts(visit), "made": made, "expires": expires}, keeps=bool(made))


def _letters(visit: Visit, made: list[tuple[str, str]], expires: datetime) -> Download:
    """A letter for each on a page of its own, in one file to print: code, picture, address, first steps."""
    settings = visit.app.settings
    letters = []
    for name, code in made:
        link = qr.invite_link(settings.public_url, settings.telegram_name, code)
        picture = Markup(qr.svg(link)) if link else None  # noqa: S704 - drawn by the library, no text in it
        letters.append({"whose": name, "code": code, "link": link, "picture": picture})
    data = {"letters": letters, "expires": expires, "home": settings.public_url}
    content = html.page("letters_page.html", data, visit).encode()
    return Download(safe_name(words("office/messages.letters_name", {"count": len(made)})), content)
