"""The list of entries, and one of them: clause, quotation, phrasings, what people thought, its change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.office.desk import quoting
from bot.office.desk.questions import carried
from bot.office.knowledge.drafts import Draft, content_of
from bot.office.visit import Answer, NotFound, Page, Visit
from policy.answers.entries import Entry
from policy.calendar.quarters import local
from policy.consistency import phrasings
from storage import knowledge
from storage.people import people

PATH = "/office/knowledge"
SHOWN = 200  # packaged phrasings on a page


def index(visit: Visit, status: int = 200, problem: str = "") -> Answer:
    """Every entry by topic; `q` searches titles, answers and quotations."""
    corpus, on = visit.corpus, local(visit.now).date()
    version, layer = knowledge.latest(visit.connection)
    wanted = visit.query.get("q", "")[:40]
    lines = phrasings({"files": {"phrasings": layer.get("phrasings", {})}})
    changes = {change.entry: change for change in knowledge.open_changes(visit.connection)}
    topics = [
        (topic, found)
        for topic, listed in corpus.answers.by_topic.items()
        if (found := [e for e in listed if _matches(e, wanted)])
    ]
    data: dict[str, Any] = {
        "path": PATH,
        "topics": topics,
        "q": wanted,
        "version": version,
        "changes": changes,
        "fresh": [c for c in changes.values() if c.entry not in corpus.answers.entries],
        "touched": {raw["id"] for raw in layer.get("entries", ())} | set(lines),
        "held": {e.id for e in corpus.answers.entries.values() if corpus.answers.get(e.id, on)},
        "judged": knowledge.judged(visit.connection),
        "problem": problem,
    }
    return Page("knowledge.html", data, status)


def _matches(entry: Entry, wanted: str) -> bool:
    return any(wanted in text for text in (entry.title, entry.answer, entry.quote))


def show(visit: Visit) -> Answer:
    """One entry, with the change under way tried beforehand."""
    return page(visit, visit.params["entry"])


def new(visit: Visit) -> Answer:
    """The form of an entry that does not exist yet."""
    return page(visit, "")


def page(
    visit: Visit,
    entry_id: str,
    status: int = 200,
    problems: Mapping[str, str] | None = None,
    typed: Mapping[str, Any] | None = None,
) -> Page:
    """The page of an entry, "" of a new one; `typed` stands in the form instead of what there is.

    Raises:
        NotFound: there is no such entry, nor a change that would add it.
    """
    corpus, connection, problems = visit.corpus, visit.connection, problems or {}
    entry = corpus.answers.entries.get(entry_id)
    change = knowledge.open_change(connection, entry_id)
    version, layer = knowledge.latest(connection)
    if entry is None and change is None and not (typed or not entry_id):
        raise NotFound
    content = typed or (change.content if change else None)
    content = content or (content_of(corpus.answers, layer, entry_id) if entry else {})
    asked_for = carried(visit)
    if asked_for and not typed:
        content = _with(content, list(asked_for.values()))
    draft = visit.found if isinstance(visit.found, Draft) else None
    base = visit.app.assistant.knowledge.base
    learnt = phrasings(base.phrasings).get(entry.replaces or entry.id, []) if entry else []
    on = local(visit.now).date()
    known = [c for c in (entry.clauses if entry else ()) if c in corpus.notices.ids()]
    clauses = [corpus.notices.clause(c, on) for c in known]
    data: dict[str, Any] = {
        "path": PATH,
        "id": entry_id if entry or change else "",
        "entry": entry,
        "held": entry is not None and corpus.answers.get(entry_id, on) is not None,
        "clauses": [(c, c.marked(entry.quote)) for c in clauses] if entry else [],
        "clause_ids": corpus.notices.ids(),
        "topics": list(corpus.answers.by_topic),
        "learnt": learnt[:SHOWN],
        "more": len(learnt[SHOWN:]),
        "asked": knowledge.asked(connection, entry_id) if entry else [],
        "judged": knowledge.judged(connection).get(entry_id, (0, 0)) if entry else (0, 0),
        "change": change,
        "draft": draft,
        "version": version,
        "alone": people.office_members(connection) <= 1,
        "content": content,
        "why": visit.form.get("why", change.why if change else ""),
        "problems": problems,
        "asked_for": list(asked_for),
        "quotable": quoting.offered(connection, on),
        "cited": {name: visit.form.get(name, "") for name in ("clause", "cited")},
    }
    return Page("knowledge_entry.html", data, status)


def _with(content: Mapping[str, Any], asked: list[str]) -> dict[str, Any]:
    """What the form holds, with questions that wait added to its phrasings; a new entry gets a title too."""
    lines = list(dict.fromkeys([*content.get("phrasings", ()), *asked]))
    return {**content, "title": content.get("title") or asked[0][:40], "phrasings": lines}
