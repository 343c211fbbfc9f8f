"""Sentences for what keeps a command from being carried out."""

from __future__ import annotations

from bot.core.render import words


class Failed(Exception):
    """The command cannot be carried out; the message is for the person who typed it."""


def problem(kind: str, detail: str = "", example: str = "") -> Failed:
    """Return the failure that a template words."""
    return Failed(words("cli/problem.j2", {"kind": kind, "detail": detail, "example": example}))


def sentence_of(error: Exception) -> str | None:
    """Return the sentence for a fault the operator can mend; None for any other."""
    from policy.files import PolicyError

    if isinstance(error, Failed | PolicyError):
        return str(error)
    from bot.core.security.preconditions import NotStarted
    from bot.documents.paper_fields import BadPaper
    from bot.settings import BadSetting
    from storage.connections.database import NoDatabase, SchemaTooNew, SchemaTooOld, StorageUnavailable

    if isinstance(error, BadSetting | NotStarted):
        return str(error)
    if isinstance(error, BadPaper):
        data = {"file": error.file, "kind": error.kind, "name": error.name, "title": error.title}
        return words("cli/paper_problem.j2", data)
    if sentence := _of_operation(error):
        return sentence
    kinds = {SchemaTooOld: "old", SchemaTooNew: "new", StorageUnavailable: "closed", NoDatabase: "none"}
    kind = kinds.get(type(error))
    return words("cli/start_problem.j2", {"kind": kind, "detail": error}) if kind else None


def _of_operation(error: Exception) -> str | None:
    from bot.operation.archive import BadArchive
    from bot.operation.moving import NotMoved
    from bot.operation.restoring import NotRestored

    if isinstance(error, BadArchive):
        data = {"kind": "archive", "reason": error.reason, "detail": error.name}
    elif isinstance(error, NotRestored):
        data = {"kind": "restore", "reason": error.reason, "detail": error.detail}
    elif isinstance(error, NotMoved):
        data = {"kind": "move", "reason": error.reason, "detail": error.detail}
    else:
        return None
    return words("cli/not_done.j2", data)
