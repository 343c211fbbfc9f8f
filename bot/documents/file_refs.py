"""References to files that are made when they are handed over."""

from __future__ import annotations

from bot.core.messages import FileRef
from bot.core.render import words
from policy.form.form import Form


def print_ref(form: Form, revision_id: int, institution: str, quarter: str) -> FileRef:
    """The form of one revision as a document to print."""
    name = words("report/messages.print_name", {"title": form.title, "institution": institution})
    return FileRef("form-docx", f"{name}-{quarter}.docx", {"revision": revision_id})
