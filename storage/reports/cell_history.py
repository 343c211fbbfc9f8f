"""Who changed which cells of a draft: read from the audit, one row of which stands for each version."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, func, select

from storage.schema.core import MEASURES, audit, person, revision

_EDITS = "set add remove nothing explain attach detach page returned"
_COUNTED = tuple(f"draft.{edit}" for edit in _EDITS.split())


@dataclass(frozen=True)
class Edit:
    """The newest change of one cell, and what the cell held before the first of them.

    `by` is the name of who made it, None when they gave none; `returned` tells that it was the
    office, which emptied what it returned.
    """

    person_id: int | None
    by: str | None
    at: datetime
    was: int | Literal["not_known"] | None
    returned: bool = False


Cells = dict[tuple[str, str], Edit]  # (occupation, measure) → its newest change


@dataclass(frozen=True)
class Fate:
    """What became of a draft that is none any more. `state` is discarded, or any a submission has."""

    state: str
    person_id: int | None
    by: str | None
    at: datetime | None
    receipt: str | None


def _edits(connection: Connection, revision_id: int, versions: int | None) -> list[Any]:
    rows = (
        select(audit.c.person_id, audit.c.action, audit.c.detail, audit.c.at, person.c.name)
        .outerjoin(person, person.c.id == audit.c.person_id)
        .where(audit.c.subject == f"revision:{revision_id}", audit.c.action.in_(_COUNTED))
        .order_by(audit.c.id.desc())
    )
    return list(connection.execute(rows if versions is None else rows.limit(versions)))[::-1]


def cells_since(connection: Connection, revision_id: int, versions: int | None, by: int | None) -> Cells:
    """Cells written by anybody but `by` in the draft's last so many versions; None: in all of them."""
    found: Cells = {}
    for row in _edits(connection, revision_id, versions):
        if row.person_id == by:
            continue
        if row.action == "draft.set":
            before = row.detail.get("was", {})
            touched = {(row.detail["occupation"], m): before.get(m) for m in row.detail["cells"]}
        elif row.action == "draft.remove":
            before = row.detail.get("was", {})
            touched = {(row.detail["occupation"], m): before.get(m) for m in MEASURES}
        elif row.action == "draft.returned":
            touched = {(occupation, measure): held for occupation, measure, held in row.detail["cells"]}
        else:
            continue
        for place, was in touched.items():
            edit = Edit(row.person_id, row.name, row.at, was, row.action == "draft.returned")
            found[place] = replace(edit, was=found[place].was) if place in found else edit
    return found


def only_cells(connection: Connection, revision_id: int, versions: int) -> bool:
    """Whether nothing but cells was written in the draft's last so many versions, by anybody."""
    return all(row.action == "draft.set" for row in _edits(connection, revision_id, versions))


def others(connection: Connection, revision_id: int, by: int) -> list[str]:
    """Names of everybody else who wrote into a draft ("" for those who gave none), newest last."""
    rows = _edits(connection, revision_id, None)
    return list(dict.fromkeys(row.name or "" for row in rows if row.person_id != by))


def fate(connection: Connection, revision_id: int) -> Fate | None:
    """What became of a draft; None while it is one still."""
    row = connection.execute(
        select(
            revision.c.state,
            revision.c.submitted_by,
            person.c.name,
            revision.c.submitted_at,
            revision.c.receipt,
        )
        .outerjoin(person, person.c.id == revision.c.submitted_by)
        .where(revision.c.id == revision_id)
    ).first()
    if row is None or row.state == "draft":
        return None
    if row.state != "discarded":
        return Fate(row.state, row.submitted_by, row.name, row.submitted_at, row.receipt)
    gone = connection.execute(
        select(audit.c.person_id, person.c.name, func.max(audit.c.at).label("at"))
        .outerjoin(person, person.c.id == audit.c.person_id)
        .where(audit.c.subject == f"revision:{revision_id}", audit.c.action == "draft.discard")
        .group_by(audit.c.person_id, person.c.name)
    ).first()
    return (
        Fate("discarded", gone.person_id, gone.name, gone.at, None)
        if gone
        else Fate("discarded", None, None, None, None)
    )
