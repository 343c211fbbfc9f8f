"""Who changed which cells of a draft: read from the audit, one row of which stands for each version."""

from __future__ import annotations

from sqlalchemy import Connection, select

from storage.schema import MEASURES, audit

_COUNTED = tuple(
    f"draft.{edit}" for edit in ("set", "add", "remove", "nothing", "explain", "attach", "detach", "page")
)


def cells_since(connection: Connection, revision_id: int, versions: int, by: int) -> set[tuple[str, str]]:
    """(occupation, measure) of cells written by anybody but `by` in the last so many versions."""
    rows = connection.execute(
        select(audit.c.person_id, audit.c.action, audit.c.detail)
        .where(audit.c.subject == f"revision:{revision_id}", audit.c.action.in_(_COUNTED))
        .order_by(audit.c.id.desc())
        .limit(versions)
    )
    changed: set[tuple[str, str]] = set()
    for row in rows:
        if row.person_id == by:
            continue
        if row.action == "draft.set":
            changed.update((row.detail["occupation"], m) for m in row.detail["cells"])
        elif row.action == "draft.remove":
            changed.update((row.detail["occupation"], m) for m in MEASURES)
    return changed
