"""文件: other official documents, cut into clauses, and which of them answers wait for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from bot.core import input_limits
from bot.office.visit import Answer, Goto, NotFound, Page, Visit
from policy.answers.publications import AWAITED, KINDS, NotADay, read_day
from policy.calendar.quarters import local
from policy.notice.cutting import LONGEST, MOST, Cut, TooLong, cut
from storage.desk import documents, publications
from storage.desk.documents import Document

PATH = "/office/documents"
TEXTS = {"title": 200, "number": 60, "issuer": 100}
LONGEST_ADDRESS, LONGEST_LABEL, LONGEST_TITLE = 300, 40, 60
SCHEMES = ("https://", "http://")


def index(visit: Visit) -> Answer:
    """The documents, and those that answers still wait for."""
    return _list(visit)


def show(visit: Visit) -> Answer:
    """One document, clause by clause."""
    found = documents.get(visit.connection, visit.number("document"))
    if found is None:
        raise NotFound
    data: dict[str, Any] = {
        "path": PATH,
        "one": found,
        "clauses": documents.clauses(visit.connection, found.id),
        "awaited": KINDS.get(found.awaited, ""),
        "on": local(visit.now).date(),
        "quoted": documents.quoted(visit.connection, local(visit.now).date()).get(found.id, 0),
        "notice": visit.corpus.notices.base,
        "answers": [
            e
            for e in visit.corpus.answers.entries.values()
            if any(found.number in source.source for source in e.sources)
        ],
    }
    return Page("document.html", data)


def new(visit: Visit) -> Answer:
    """The form of a document."""
    return _form(visit, {"awaited": _awaited(visit.query.get("awaited", ""))})


def save(visit: Visit) -> Answer:
    """Show how the text is cut; with `sure`, keep it."""
    names = (*TEXTS, "dated", "address", "public", "awaited", "valid_from", "valid_until", "words")
    texts = {name: input_limits.clean(visit.form.get(name, "")).strip() for name in names}
    problems, values = _read(visit, texts)
    clauses: list[Cut] = []
    try:
        clauses = cut(texts["words"])
    except TooLong:
        problems["words"] = "long"
    if not clauses and "words" not in problems:
        problems["words"] = "missing"
    if problems:
        return _form(visit, texts, 422, problems)
    if not visit.form.get("sure"):
        return _form(visit, texts, clauses=clauses)
    kept = [(one.label[:LONGEST_LABEL], one.title[:LONGEST_TITLE], one.text) for one in clauses]
    made = documents.keep(visit.connection, values, kept, visit.officer.person_id, visit.now)
    if made is None:
        return _form(visit, texts, 409, {"number": "same"})
    return Goto(f"{PATH}/{made}", "document_kept")


def withdraw(visit: Visit) -> Answer:
    """Withdraw a document; what quotes it is withdrawn with it."""
    number = visit.number("document")
    gone = documents.withdraw(visit.connection, number, visit.officer.person_id, visit.now)
    if gone is None:
        return _list(visit, 409, "gone")
    return Goto(f"{PATH}?many={gone}", "document_withdrawn")


def _read(visit: Visit, texts: Mapping[str, str]) -> tuple[dict[str, str], dict[str, Any]]:
    """What is wrong, and the columns to keep."""
    today, problems = local(visit.now).date(), {}
    values: dict[str, Any] = {"public": texts["public"] == "1", "awaited": _awaited(texts["awaited"])}
    for name, longest in TEXTS.items():
        values[name] = " ".join(texts[name].split())
        if not 2 <= len(values[name]) <= longest:
            problems[name] = "missing" if len(values[name]) < 2 else "long"
    values["address"] = texts["address"]
    if texts["address"] and not (
        texts["address"].startswith(SCHEMES) and len(texts["address"]) <= LONGEST_ADDRESS
    ):
        problems["address"] = "address"
    for name in ("dated", "valid_from", "valid_until"):
        values[name] = None
        try:
            values[name] = read_day(texts[name], today) if texts[name] else None
        except NotADay:
            problems[name] = "day"
    if values["dated"] is None and "dated" not in problems:
        problems["dated"] = "missing"
    values["valid_from"] = values["valid_from"] or values["dated"]
    until, begins = values["valid_until"], values["valid_from"]
    if until and begins and until < begins:
        problems["valid_until"] = "order"
    return problems, values


def _list(visit: Visit, status: int = 200, problem: str = "") -> Page:
    on = local(visit.now).date()
    found = documents.every(visit.connection)
    held = publications.in_force(visit.connection, AWAITED, on)
    published = {one.values["kind"] for one in held}
    entries = visit.corpus.answers.entries.values()
    awaited = [
        (
            kind,
            KINDS[kind],
            [e for e in entries if kind in e.publishable],
            next((one for one in found if one.awaited == kind and one.holds(on)), None),
            kind in published,
        )
        for kind in AWAITED
    ]
    data: dict[str, Any] = {
        "path": PATH,
        "found": [(one, stands(one, on)) for one in found],
        "awaited": awaited,
        "quoted": documents.quoted(visit.connection, on),
        "problem": problem,
    }
    return Page("documents.html", data, status)


def stands(one: Document, on: date) -> str:
    """later, over or held."""
    if one.valid_from > on:
        return "later"
    return "held" if one.holds(on) else "over"


def _form(
    visit: Visit,
    texts: Mapping[str, str],
    status: int = 200,
    problems: Mapping[str, str] | None = None,
    clauses: list[Cut] | None = None,
) -> Page:
    data: dict[str, Any] = {
        "path": PATH,
        "texts": texts,
        "problems": problems or {},
        "clauses": clauses or [],
        "awaited": {kind: KINDS[kind] for kind in AWAITED},
        "longest": LONGEST,
        "most": MOST,
    }
    return Page("document_form.html", data, status)


def _awaited(given: str) -> str:
    return given if given in AWAITED else ""
