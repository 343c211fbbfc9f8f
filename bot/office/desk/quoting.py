"""A clause of another document as a publication quotes it: to the letter, with its own number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from bot.core.render import words
from policy.notice.clauses import bare
from policy.reading.digits import whole_number
from storage.desk import documents
from storage.desk.documents import Clause, Document

MOST_OFFERED = 20  # documents


@dataclass(frozen=True)
class Quoted:
    """What is quoted, and of which document."""

    document: Document
    clause: Clause
    quote: str

    @property
    def until(self) -> date | None:
        """The last day on which it may be quoted."""
        return self.document.valid_until

    def as_source(self) -> dict[str, str]:
        """Return it as an answer names what it knows from elsewhere."""
        named = {"one": self.document, "label": self.clause.label}
        source = words("publish/messages.quoted_source", named)
        return {"fact": f"“{self.quote}”", "source": source, "confidence": "high"}

    def completed(self, row: dict[str, Any]) -> dict[str, str]:
        """Return the words and the source of a publication, with what it quotes."""
        named = {"one": self.document, "label": self.clause.label}
        text = str(row.get("text", ""))
        told = words("publish/messages.quoted", {**named, "text": text, "quote": self.quote})
        return {"text": told, "source": words("publish/messages.quoted_source", named)}


def offered(connection: Connection, on: date) -> list[tuple[Document, list[Clause]]]:
    """Return what may be quoted today: the public documents in force, with their clauses."""
    held = [one for one in documents.every(connection) if one.public and one.holds(on)]
    return [(one, documents.clauses(connection, one.id)) for one in held[:MOST_OFFERED]]


def read(connection: Connection, clause: str, quote: str, on: date) -> Quoted | str | None:
    """Return what is quoted, None where nothing is, or why it cannot be.

    The reasons: gone, private, over (not in force today), missing, verbatim.
    """
    if not clause:
        return None
    held, document = _clause(connection, clause)
    if held is None or document is None:
        return "gone"
    if not document.public:
        return "private"
    if not document.holds(on):
        return "over"
    plain = " ".join(quote.split())
    if len(bare(plain)) < 4:
        return "missing"
    return Quoted(document, held, plain) if bare(plain) in bare(held.words) else "verbatim"


def parted(connection: Connection, clause: str, text: str) -> tuple[str, str]:
    """Return the words and the quotation that `completed` put together."""
    held, document = _clause(connection, clause)
    if held is None or document is None:
        return text, ""
    named = {"one": document, "label": held.label, "text": "", "quote": "\0"}
    lead, tail = words("publish/messages.quoted", named).split("\0")
    before, found, quote = text.rpartition(lead)
    return (before, quote.removesuffix(tail)) if found else (text, "")


def shown(connection: Connection, clause: str) -> tuple[Clause, Document] | None:
    """Return the clause that is to be quoted with its document, for the form."""
    held, document = _clause(connection, clause)
    return (held, document) if held is not None and document is not None else None


def _clause(connection: Connection, given: str) -> tuple[Clause | None, Document | None]:
    number = whole_number(given)
    held = documents.clause(connection, number) if number is not None else None
    return held, documents.get(connection, held.document_id) if held else None
