"""Every version published: who, when, why; any of them can be brought back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.app import App
from bot.core.knowledge import laid_over
from bot.office.visit import Answer, Goto, Page, Visit
from policy.files import PolicyError
from policy.reading.digits import whole_number
from storage import knowledge
from storage.connections.database import transaction

PATH = "/office/knowledge/versions"
SHORTEST, LONGEST = 2, 200  # of the reason


@dataclass(frozen=True)
class Proved:
    """A layer that was published before, and whether it still fits; `after`: what is published now."""

    after: int
    layer: dict[str, Any]
    fits: bool


def show(visit: Visit) -> Answer:
    """The versions, newest first."""
    return _page(visit)


def prove(app: App, params: Mapping[str, str], now: datetime) -> Proved | None:
    """Return the layer of the version in the address, built once to see whether it fits."""
    wanted = whole_number(params["version"], longest=9)
    with transaction(app.engine, read_only=True) as connection:
        after, _ = knowledge.latest(connection)
        layer = knowledge.layer_of(connection, wanted) if wanted is not None else None
    if layer is None or wanted == after:
        return None
    try:
        laid_over(app.assistant.knowledge.base, layer)
    except (PolicyError, KeyError, TypeError, ValueError, AttributeError):
        return Proved(after, layer, False)
    return Proved(after, layer, True)


def restore(visit: Visit) -> Answer:
    """Publish what a version held as the newest one: `why`, and `version`, the newest that was shown."""
    proved, why = visit.found, " ".join(visit.form.get("why", "").split())
    if not isinstance(proved, Proved) or str(proved.after) != visit.form.get("version"):
        return _page(visit, 409, "changed")
    if not proved.fits:
        return _page(visit, 409, "unfit")
    if not SHORTEST <= len(why) <= LONGEST:
        return _page(visit, 422, "why")
    by = visit.officer.person_id
    restored = visit.number("version")
    if not knowledge.publish(
        visit.connection, proved.after, proved.layer, "restore", why, by, by, visit.now, restored=restored
    ):
        return _page(visit, 409, "changed")
    return Goto(PATH, "knowledge_restored")


def _page(visit: Visit, status: int = 200, problem: str = "") -> Page:
    found = knowledge.versions(visit.connection)
    answers = visit.corpus.answers.entries
    titles = {v.entry: answers[v.entry].title for v in found if v.entry and v.entry in answers}
    newest = found[0].version if found else 0
    data = {"path": PATH, "versions": found, "titles": titles, "newest": newest, "problem": problem}
    return Page("knowledge_versions.html", data, status)
