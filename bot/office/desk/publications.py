"""发布: what the office published and until when; publish, renew, withdraw."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from bot.core import input_limits
from bot.core.published import as_publication, as_values
from bot.core.render import render
from bot.features.publications import announcements
from bot.office.desk import quoting
from bot.office.desk.questions import carried
from bot.office.desk.quoting import Quoted
from bot.office.visit import Answer, Goto, NotFound, Page, Visit
from policy.answers.publications import (
    COLUMNS,
    KINDS,
    LEVELS,
    LONGEST,
    OPEN_CLASS,
    WARNED_DAYS,
    Publication,
    Wrong,
    read_row,
)
from policy.calendar.quarters import local
from policy.reading.digits import whole_number
from storage.desk import publications

PATH = "/office/publications"
OVER_SHOWN = timedelta(days=180)  # how long what is over can be renewed from the list


def index(visit: Visit) -> Answer:
    """What holds, will hold or is over lately, what ends soon first; `kind` in the query."""
    return _list(visit)


def new(visit: Visit) -> Answer:
    """The form: empty, or as the publication `renews` names has it."""
    renewed = _renewed(visit, visit.query.get("renews", ""))
    texts: dict[str, str] = {"kind": _kind(visit.query.get("kind", ""))}
    texts["clause"] = visit.query.get("clause", "")
    if renewed:
        values = {name: getattr(renewed, name) for name in COLUMNS}
        texts = {name: str(value) if value is not None else "" for name, value in values.items()}
        texts |= {"valid_from": str(local(visit.now).date()), "valid_until": ""}
        clause = publications.clause_of(visit.connection, whole_number(visit.query["renews"]) or 0)
        if clause is not None:  # quoted again, and proved again
            texts["clause"] = str(clause)
            texts["text"], texts["quote"] = quoting.parted(visit.connection, texts["clause"], texts["text"])
    return _form(visit, texts)


def save(visit: Visit) -> Answer:
    """Show what was typed as people would see it; with `sure`, publish it in place of what it renews."""
    texts = {name: input_limits.clean(visit.form.get(name, "")).strip() for name in COLUMNS}
    today = local(visit.now).date()
    row: dict[str, Any] = {name: text for name, text in texts.items() if text or name not in ("valid_from",)}
    if visit.form.get("open_ended"):
        row["valid_until"] = "长期"
    texts |= {name: input_limits.clean(visit.form.get(name, "")).strip() for name in ("clause", "quote")}
    quoted = quoting.read(visit.connection, texts["clause"], texts["quote"], today)
    if isinstance(quoted, Quoted):
        row |= quoted.completed(row)
        if visit.form.get("open_ended") and quoted.until:
            row["valid_until"] = str(quoted.until)
    found = read_row(row, 0, today, visit.corpus.form)
    if isinstance(found, list) or isinstance(quoted, str):
        reason = quoted if isinstance(quoted, str) else ""
        return _form(visit, texts, 422, found if isinstance(found, list) else None, quote=reason)
    if quoted and quoted.until and (found.valid_until is None or found.valid_until > quoted.until):
        return _form(visit, texts, 422, quote="until")
    if not visit.form.get("sure"):
        return _form(visit, texts, shown=found)
    by, renews = visit.officer.person_id, whole_number(visit.form.get("renews", "")) or 0
    clause_id = quoted.clause.id if quoted else None
    made = publications.publish(visit.connection, as_values(found), by, visit.now, clause_id)
    if made is None:
        return _form(visit, texts, 409, problem="same")
    if renews and found.valid_from > today:  # till then what it renews holds
        publications.end_before(visit.connection, renews, found.valid_from, by, visit.now)
    elif renews:
        publications.withdraw(visit.connection, renews, by, visit.now)
    announcements.announce(visit.connection, visit.now)
    return Goto(PATH, "published")


def withdraw(visit: Visit) -> Answer:
    """Withdraw one: answers show it no more."""
    done = publications.withdraw(
        visit.connection, visit.number("publication"), visit.officer.person_id, visit.now
    )
    return Goto(PATH, "publication_withdrawn") if done else _list(visit, 409, "gone")


def _list(visit: Visit, status: int = 200, problem: str = "") -> Page:
    on, kind = local(visit.now).date(), _kind(visit.query.get("kind", ""))
    found = publications.overview(visit.connection, on - OVER_SHOWN)
    wanted = [(one, who) for one, who in found if not kind or one.values["kind"] == kind]
    rows = [(as_publication(one), one.id, who) for one, who in wanted]
    rows.sort(key=lambda row: (_stands(row[0], on) == "over", row[0].valid_until or date.max, -row[1]))
    data: dict[str, Any] = {
        "path": PATH,
        "rows": [(one, number, who, _stands(one, on)) for one, number, who in rows],
        "soon": sum(_stands(one, on) == "soon" for one, _, _ in rows),
        "on": on,
        "kinds": KINDS,
        "kind": kind,
        "problem": problem,
        "warned": WARNED_DAYS,
    }
    return Page("publications.html", data, status)


def _stands(one: Publication, on: date) -> str:
    """over, later, soon (it ends within two weeks) or held."""
    if one.valid_until is not None and one.valid_until < on:
        return "over"
    if one.valid_from > on:
        return "later"
    return "soon" if one.ends_soon(on) else "held"


def _form(
    visit: Visit,
    texts: Mapping[str, str],
    status: int = 200,
    wrong: list[Wrong] | None = None,
    shown: Publication | None = None,
    problem: str = "",
    quote: str = "",
) -> Page:
    named = {title: name for name, title in COLUMNS.items()}
    asked = carried(visit)
    preview = render("publish/shown.j2", one=shown, at=local(visit.now)).text if shown else ""
    data: dict[str, Any] = {
        "path": PATH,
        "texts": texts,
        "kinds": KINDS,
        "levels": LEVELS,
        "longest": LONGEST,
        "open_class": OPEN_CLASS,
        "wrong_fields": {named[one.column]: one.reason for one in wrong or ()},
        "preview": preview,
        "shown": shown,
        "problem": problem,
        "asked": list(asked.values()),
        "carried": ".".join(map(str, asked)),
        "renews": visit.form.get("renews") or visit.query.get("renews", ""),
        "quote_wrong": quote,
        "clause": quoting.shown(visit.connection, texts.get("clause", "")),
        "open_ended": bool(visit.form.get("open_ended")),
    }
    return Page("publication_form.html", data, status)


def _renewed(visit: Visit, given: str) -> Publication | None:
    """Return the publication to renew, if the address names one.

    Raises:
        NotFound: it names none that there is.
    """
    number = whole_number(given)
    if not given:
        return None
    found = publications.get(visit.connection, number) if number is not None else None
    if found is None:
        raise NotFound
    return as_publication(found)


def _kind(given: str) -> str:
    return given if given in KINDS else ""
