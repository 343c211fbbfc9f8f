"""What is kept of people, on what basis, for how long and where: the one table of it.

The purge takes its days from here, the privacy page tells it, and erasing follows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

# 履行法定职责 and 同意: only what rests on consent can be taken back, and it is by deleting it.
Basis = Literal["duty", "consent"]


@dataclass(frozen=True)
class Kind:
    """One kind of data about people.

    `days` after which it is deleted by itself, None: not by time; `where` are its tables, and
    `folders` those in the data folder; `erased`: what the person can have deleted at once.
    """

    name: str
    basis: Basis
    days: int | None
    where: tuple[str, ...]
    folders: tuple[str, ...] = ()
    erased: bool = False


KINDS = (
    Kind("conversation", "duty", 30, ("turn", "outbox"), erased=True),  # dedupe needs 7 of these days
    Kind("unfinished", "duty", None, ("conversation",), erased=True),
    Kind("results", "consent", None, ("fact",), erased=True),
    Kind("cards", "consent", 365, ("card",), erased=True),
    Kind("reminders", "consent", None, ("later", "notice_consent"), erased=True),
    Kind("subscriptions", "consent", None, ("subscription",), erased=True),
    Kind("feedback", "consent", 30, ("feedback",), erased=True),  # whose it is goes with the turn
    Kind("questions", "duty", None, ("asker", "question"), erased=True),
    Kind("profile", "duty", None, ("person",), erased=True),
    Kind("files", "duty", 30, ("received_file",), ("attachments",), erased=True),
    Kind("passing", "duty", 2, ("download",), ("incoming", "outgoing")),  # a crash may have left some
    Kind("visitors", "duty", 30, ("account", "conversation")),
    Kind("accounts", "duty", None, ("account", "account_link", "code_attempt")),
    Kind("roles", "duty", None, ("membership", "invite", "reminder")),
    Kind("sessions", "duty", 30, ("office_link", "office_session")),
    Kind(
        "reports",
        "duty",
        None,
        ("revision", "attachment", "page", "lead_review", "opening", "class_filing", "class_file"),
    ),
    Kind(
        "decisions",
        "duty",
        None,
        (
            *("on_behalf", "reopening", "extension", "closing", "measure_note", "publication", "proposal"),
            *("knowledge_change", "knowledge_version", "office_setting", "paper", "class_inspection"),
            *("archived_year", "destruction", "document"),
        ),
    ),
    Kind("complaints", "duty", None, ("complaint",)),
    Kind("audit", "duty", None, ("audit",)),
)
_BY_NAME = {kind.name: kind for kind in KINDS}


def kept_for(name: str) -> timedelta:
    """Return how long a kind is kept that time deletes.

    Raises:
        KeyError: there is no such kind, or none that time deletes.
    """
    days = _BY_NAME[name].days
    if days is None:
        raise KeyError(name)
    return timedelta(days=days)
