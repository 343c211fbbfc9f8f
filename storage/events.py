"""Security events: log-ins, rights, refusals, exports, publications, administration.

They are rows of the audit trail, which is only ever added to (`migrations/versions/v0007_events.py`);
what else stands there is the work itself. For a syslog or a collector they are given with ids and plain
values of ours only: no name, no words that somebody typed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from storage.schema.core import audit

KINDS: dict[str, tuple[str, ...]] = {
    "login": ("office.link", "office.enter", "office.refused", "office.leave"),
    "rights": (
        "invite.create",
        "invite.use",
        "invite.revoke",
        "membership.revoke",
        "account.code",
        "account.join",
        "account.part",
        "account.pin",
        "account.prove",
        "account.recovery",
        "account.leave",
    ),
    "refusal": ("invite.refused", "office.denied", "office.forged"),
    "export": ("export",),
    "publication": (
        "group.send",
        "document.create",
        "document.withdraw",
        "publication.create",
        "publication.end",
        "publication.withdraw",
        "knowledge.save",
        "knowledge.publish",
        "knowledge.withdraw",
        "question.answered",
        "question.dropped",
        "proposal.create",
        "note.set",
        "note.withdraw",
    ),
    "administration": (
        "institution.create",
        "institution.change",
        "institution.close",
        "institution.reopen",
        "quarter.close",
        "report.extend",
        "report.extend_withdraw",
        "report.reopen",
        "setting.change",
        "archive.close",
        "archive.reopen",
        "archive.propose",
        "archive.confirmed",
        "archive.withdrawn",
        "complaint.read",
        "complaint.accepted",
        "complaint.handled",
        "data.purge",
        "data.erase",
        "data.withdraw",
        "data.backup",
        "data.restore",
        "data.move",
        "data.forget",
        "service.start",
        "service.stop",
        "schema.upgrade",
        "key.rotate",
        "key.change",
        "key.lost",
    ),
}
# The work itself: no events, the office reads them in its trail.
WORK = frozenset(
    (
        "complaint.create",
        "course.create",
        "course.stage",
        "course.withdraw",
        "filing.agree",
        "filing.attach",
        "filing.file",
        "filing.inspect",
        "filing.receive",
        "filing.return",
        "draft.add",
        "draft.attach",
        "draft.begin",
        "draft.detach",
        "draft.discard",
        "draft.explain",
        "draft.nothing",
        "draft.on_behalf",
        "draft.page",
        "draft.remove",
        "draft.returned",
        "draft.set",
        "lead.ask",
        "lead.confirmed",
        "lead.sent_back",
        "lead.withdraw",
        "opening.keep",
        "paper.note",
        "person.rename",
        "report.accept",
        "report.return",
        "report.stamped",
        "report.submit",
        "report.unstamped",
        "subscription.create",
        "subscription.end",
    )
)
KIND_OF = {action: kind for kind, actions in KINDS.items() for action in actions}
# What of a row's detail is ours: words that people wrote, and names, stay where they are.
SHOWN = (
    "accepted_only",
    "basis",
    "channel",
    "command",
    "district",
    "kind",
    "path",
    "role",
    "told",
    "version",
)
BATCH = 1000


@dataclass(frozen=True)
class Event:
    """One row. `person_id` is None for the command line and for who is not known."""

    id: int
    at: datetime
    kind: str
    action: str
    person_id: int | None
    subject: str
    detail: dict[str, Any]


def read(
    connection: Connection, since: datetime | None = None, after: int = 0, kinds: Collection[str] = ()
) -> Iterator[Event]:
    """Give the events from that moment on, and of rows after that id, in the order they were written."""
    wanted = [action for action, kind in KIND_OF.items() if not kinds or kind in kinds]
    query = select(audit).where(audit.c.action.in_(wanted)).order_by(audit.c.id).limit(BATCH)
    if since is not None:
        query = query.where(audit.c.at >= since)
    while True:
        rows = connection.execute(query.where(audit.c.id > after)).all()
        for row in rows:
            detail = row.detail if isinstance(row.detail, dict) else {}
            shown = {name: detail[name] for name in SHOWN if isinstance(detail.get(name), str | int)}
            yield Event(row.id, row.at, KIND_OF[row.action], row.action, row.person_id, row.subject, shown)
        if len(rows) < BATCH:
            return
        after = rows[-1].id
