"""A change under way, worked out before the transaction that shows or publishes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from bot.app import App
from bot.core.knowledge import laid_over
from bot.core.messages import Outgoing
from bot.core.render import words
from bot.features.questions import answer
from bot.office.desk import quoting
from policy.answers.entries import Answers
from policy.answers.layering import FIELDS, changed, of_entry, sources_of
from policy.calendar.quarters import local
from policy.files import PolicyError
from policy.rehearsal import Rehearsal, rehearse
from storage import knowledge
from storage.connections.database import transaction
from storage.knowledge import Change


@dataclass(frozen=True)
class Draft:
    """A change, the published version it was tried over, the layer it makes, and how it looks."""

    change: Change
    version: int
    layer: dict[str, Any]
    rehearsal: Rehearsal
    preview: Outgoing | None = None
    overtaken: bool = False  # the entry was published otherwise since the change was written


def rehearse_open(app: App, params: Mapping[str, str], now: datetime) -> Draft | None:
    """Return the change under way for the entry of the address, tried over what is published."""
    entry_id = params["entry"]
    with transaction(app.engine, read_only=True) as connection:
        change = knowledge.open_change(connection, entry_id)
        version, layer = knowledge.latest(connection)
        unquotable = _unquotable(connection, change, local(now).date()) if change else ""
        written_over = knowledge.layer_of(connection, change.base) if change else None
    held, on = app.assistant.knowledge, local(now).date()
    _ = held.corpus.phrasings  # read now, not within a transaction
    if change is None:
        return None
    overtaken = of_entry(written_over or {}, entry_id) != of_entry(layer, entry_id)
    made = changed(layer, held.base.answers, entry_id, change.kind, change.content, on)  # type: ignore[arg-type]
    try:
        after = laid_over(held.base, made)
        found = rehearse(held.corpus, after, [entry_id], on)
    except PolicyError as error:
        return Draft(change, version, made, Rehearsal(problems=(str(error),)), overtaken=overtaken)
    if unquotable:
        found = replace(found, problems=(*found.problems, unquotable))
    entry = after.answers.get(entry_id, on)
    shown = entry is not None and set(entry.clauses) <= set(after.notices.ids())
    preview = answer.tell(after, (entry,), on) if entry is not None and shown else None
    return Draft(change, version, made, found, preview, overtaken)


def _unquotable(connection: Connection, change: Change, on: date) -> str:
    """Why the clause of another document that a change quotes can be quoted no more, in words; else ""."""
    cited = change.content.get("cited")
    if not cited or change.kind == "retire":
        return ""
    found = quoting.read(connection, str(cited["clause"]), cited["quote"], on)
    return words("office/messages.unquotable", {"reason": found}) if isinstance(found, str) else ""


def content_of(answers: Answers, layer: Mapping[str, Any], entry_id: str) -> dict[str, Any]:
    """Return an entry as it stands, as a change holds it."""
    entry = answers.entries[entry_id]
    fields = {name: getattr(entry, name) for name in FIELDS}
    lines = of_entry(layer, entry_id)[1]
    return {**fields, "clauses": list(entry.clauses), "phrasings": lines, "sources": sources_of(entry)}
