"""One entry's change: saved, tried, published by a colleague, or withdrawn."""

from __future__ import annotations

import re
import secrets
from typing import Any

from bot.core import input_limits
from bot.office.desk import quoting
from bot.office.desk.questions import carried
from bot.office.knowledge import entries
from bot.office.knowledge.drafts import Draft, content_of, rehearse_open
from bot.office.visit import Answer, Goto, Visit
from policy.answers.layering import of_entry, sources_of
from policy.calendar.quarters import local
from policy.reading.digits import whole_number
from policy.reading.text import normalise
from storage import knowledge
from storage.desk import questions
from storage.people import people

__all__ = ["publish", "rehearse_open", "save", "withdraw"]

LONGEST = {"title": 40, "answer": 400, "quote": 400}
SHORTEST = 2
MOST_PHRASINGS, LONGEST_PHRASING = 60, 60
LONGEST_WHY = 200
_APART = re.compile(r"[\s、，,；;]+")


def save(visit: Visit) -> Answer:
    """Keep a change: `entry` ("" for a new one), `kind`, the fields, `why`; `edition`, `base` as shown."""
    form = visit.form
    wanted, kind = form.get("entry", ""), form.get("kind", "")
    known = visit.corpus.answers.entries
    if not wanted and kind == "add":
        wanted = f"office-{secrets.token_hex(4)}"
    elif kind == "add":
        change = knowledge.open_change(visit.connection, wanted)
        if change is None or change.kind != "add":
            return entries.index(visit, 409, "changed")
    elif wanted not in known or kind not in ("edit", "retire"):
        return entries.index(visit, 422, "entry")
    content, masked = _content(visit, kind, wanted)
    problems = _problems(content, form.get("why", ""), kind)
    if kind != "retire" and (reason := _cite(visit, wanted, content)):
        problems["cited"] = reason
    if problems:
        return entries.page(visit, wanted, 422, problems, content)
    version, layer = knowledge.latest(visit.connection)
    base, edition = _number(form.get("base", "")), _number(form.get("edition", ""))
    over = knowledge.layer_of(visit.connection, min(base, version)) or {}
    if of_entry(over, wanted) != of_entry(layer, wanted):
        return entries.page(visit, wanted, 409, {"page": "published"}, content)
    why = _clean(visit, form["why"])[0]
    by = visit.officer.person_id
    if not knowledge.save(visit.connection, wanted, kind, content, why, version, edition, by, visit.now):
        return entries.page(visit, wanted, 409, {"page": "other"}, content)
    _note_questions(visit, wanted, kind, content)
    return Goto(f"{entries.PATH}/{wanted}", "knowledge_masked" if masked else "knowledge_saved")


def _note_questions(visit: Visit, wanted: str, kind: str, content: dict[str, Any]) -> None:
    """Remember which of the questions that wait a change takes up."""
    lines = {normalise(line) for line in content.get("phrasings", ())}
    for number, text in carried(visit).items():
        about = questions.get(visit.connection, number)
        if about is None or normalise(text) not in lines:
            continue
        new = {"title": content["title"], "answer": content["answer"]} if kind == "add" else {"entry": wanted}
        questions.propose(
            visit.connection, "entry" if kind == "add" else "phrasing", about,
            visit.officer.person_id, visit.now, **new,
        )  # fmt: skip


def publish(visit: Visit) -> Answer:
    """Publish the change as it was shown, if it is sound and somebody else approves it."""
    wanted, draft = visit.params["entry"], visit.found
    edition, shown = _number(visit.form.get("edition", "")), _number(visit.form.get("version", ""))
    if not isinstance(draft, Draft) or draft.change.edition != edition or draft.version != shown:
        return entries.page(visit, wanted, 409, {"page": "changed"})
    if draft.overtaken:
        return entries.page(visit, wanted, 409, {"page": "published"})
    if not draft.rehearsal.sound:
        return entries.page(visit, wanted, 409, {"page": "unsound"})
    author, by = draft.change.person_id, visit.officer.person_id
    alone = people.office_members(visit.connection) <= 1
    if author == by and not alone:
        return entries.page(visit, wanted, 409, {"page": "own"})
    change = knowledge.close(visit.connection, wanted, edition, "published", by, visit.now)
    if change is None or not knowledge.publish(
        visit.connection,
        draft.version,
        draft.layer,
        change.kind,
        change.why,
        author,
        by,
        visit.now,
        alone=author == by,
        entry=wanted,
    ):
        return entries.page(visit, wanted, 409, {"page": "changed"})
    return Goto(entries.PATH + "/versions", "knowledge_alone" if author == by else "knowledge_published")


def withdraw(visit: Visit) -> Answer:
    """Take the change back as it was shown; what is published stays."""
    wanted, edition = visit.params["entry"], _number(visit.form.get("edition", ""))
    by = visit.officer.person_id
    if knowledge.close(visit.connection, wanted, edition, "withdrawn", by, visit.now) is None:
        return entries.page(visit, wanted, 409, {"page": "changed"})
    return Goto(entries.PATH, "knowledge_withdrawn")


def _content(visit: Visit, kind: str, entry_id: str) -> tuple[dict[str, Any], bool]:
    """What was typed, cleaned and masked, and whether something was masked."""
    if kind == "retire":
        _, layer = knowledge.latest(visit.connection)
        return content_of(visit.corpus.answers, layer, entry_id), False
    form, hidden = visit.form, False
    content: dict[str, Any] = {}
    for name in ("title", "answer", "quote"):
        content[name], was = _clean(visit, form.get(name, ""))
        hidden |= was
    lines = []
    for line in form.get("phrasings", "").splitlines()[: MOST_PHRASINGS * 4]:
        text, was = _clean(visit, line)
        hidden |= was
        if text:
            lines.append(text)
    content["phrasings"] = list(dict.fromkeys(lines))
    content["clauses"] = [c for c in _APART.split(form.get("clauses", "")) if c][:12]
    if kind == "add":
        content["topic"] = form.get("topic", "")
    return content, hidden


def _cite(visit: Visit, entry_id: str, content: dict[str, Any]) -> str:
    """Put what the change quotes of another document into it; why it cannot be quoted, "" where it can.

    Nothing chosen leaves what was quoted before, `uncite` takes it away.
    """
    packaged = visit.app.assistant.knowledge.base.answers.entries.get(entry_id)
    beside = sources_of(packaged) if packaged else []
    form, on = visit.form, local(visit.now).date()
    found = quoting.read(visit.connection, form.get("clause", ""), form.get("cited", ""), on)
    if isinstance(found, str):
        return found
    if found is not None:
        content["cited"] = {"clause": found.clause.id, "quote": found.quote}
        content["sources"] = [*beside, found.as_source()]
    elif form.get("uncite"):
        content["sources"] = beside
    else:
        change = knowledge.open_change(visit.connection, entry_id)
        held = visit.corpus.answers.entries.get(entry_id)
        before = change.content if change else {"sources": sources_of(held)} if held else {}
        content |= {name: before[name] for name in ("sources", "cited") if name in before}
    return ""


def _clean(visit: Visit, text: str) -> tuple[str, bool]:
    return input_limits.mask(visit.corpus.form, " ".join(input_limits.clean(text).split()))


def _problems(content: dict[str, Any], why: str, kind: str) -> dict[str, str]:
    found = {}
    if not SHORTEST <= len(why.strip()) <= LONGEST_WHY:
        found["why"] = "length"
    if kind == "retire":
        return found
    for name, most in LONGEST.items():
        if not SHORTEST <= len(content[name]) <= most and (name != "quote" or content[name]):
            found[name] = "length"
    lines = content["phrasings"]
    if len(lines) > MOST_PHRASINGS or any(len(line) > LONGEST_PHRASING for line in lines):
        found["phrasings"] = "length"
    return found


def _number(text: str) -> int:
    return whole_number(text, longest=9) or 0
