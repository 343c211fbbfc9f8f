"""Other official documents: kept as they read, quoted clause by clause, never changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, or_, select, update

from storage import audit
from storage.connections.statement import affected, insert_new
from storage.schema.core import person
from storage.schema.documents import document, document_clause
from storage.schema.questions import publication

FIELDS = (
    "title",
    "number",
    "issuer",
    "dated",
    "address",
    "public",
    "awaited",
    "valid_from",
    "valid_until",
)


@dataclass(frozen=True)
class Document:
    """A document by its columns, with who typed it in and how many publications quote it."""

    id: int
    title: str
    number: str
    issuer: str
    dated: date
    address: str
    public: bool
    awaited: str
    valid_from: date
    valid_until: date | None
    at: datetime
    person: str | None

    def holds(self, on: date) -> bool:
        """Whether it is in force on that day."""
        return self.valid_from <= on and (self.valid_until is None or on <= self.valid_until)


@dataclass(frozen=True)
class Clause:
    """One clause of a document; `label` is its own number there."""

    id: int
    document_id: int
    label: str
    title: str
    words: str


_DOCUMENTS = (
    select(document.c.id, *(document.c[f] for f in FIELDS), document.c.at, person.c.name)
    .join(person, person.c.id == document.c.person_id)
    .where(document.c.withdrawn_at.is_(None))
)
_CLAUSES = select(
    document_clause.c.id,
    document_clause.c.document_id,
    document_clause.c.label,
    document_clause.c.title,
    document_clause.c.words,
)


def _document(row: Any) -> Document:
    return Document(*row)


def keep(
    connection: Connection,
    values: dict[str, Any],
    clauses: Sequence[tuple[str, str, str]],
    by: int,
    now: datetime,
) -> int | None:
    """Keep a document with its clauses (label, title, words); None when its number is kept already."""
    row = {**{f: values[f] for f in FIELDS}, "at": now, "person_id": by}
    made = connection.execute(insert_new(connection, document).returning(document.c.id), row).scalar()
    if made is None:
        return None
    rows = [
        {"document_id": made, "place": place, "label": label, "title": title, "words": words}
        for place, (label, title, words) in enumerate(clauses)
    ]
    if rows:
        connection.execute(insert(document_clause), rows)
    audit.record(connection, now, by, "document.create", f"document:{made}", clauses=len(rows))
    return int(made)


def every(connection: Connection) -> list[Document]:
    """Return the documents that were not withdrawn, the newest first."""
    rows = connection.execute(_DOCUMENTS.order_by(document.c.dated.desc(), document.c.id.desc()))
    return [_document(row) for row in rows]


def get(connection: Connection, document_id: int) -> Document | None:
    """Return one document that was not withdrawn."""
    row = connection.execute(_DOCUMENTS.where(document.c.id == document_id)).first()
    return _document(row) if row else None


def clauses(connection: Connection, document_id: int) -> list[Clause]:
    """Return a document's clauses in their order."""
    wanted = _CLAUSES.where(document_clause.c.document_id == document_id).order_by(document_clause.c.place)
    return [Clause(*row) for row in connection.execute(wanted)]


def clause(connection: Connection, clause_id: int) -> Clause | None:
    """Return one clause."""
    row = connection.execute(_CLAUSES.where(document_clause.c.id == clause_id)).first()
    return Clause(*row) if row else None


def quoted(connection: Connection, on: date) -> dict[int, int]:
    """Return document → how many publications that are not over quote it."""
    rows = connection.execute(
        select(document_clause.c.document_id, func.count())
        .join(publication, publication.c.clause_id == document_clause.c.id)
        .where(
            publication.c.withdrawn_at.is_(None),
            or_(publication.c.valid_until.is_(None), publication.c.valid_until >= on),
        )
        .group_by(document_clause.c.document_id)
    )
    return {int(number): int(many) for number, many in rows}


def withdraw(connection: Connection, document_id: int, by: int, now: datetime) -> int | None:
    """Withdraw a document and the publications that quote it; how many, None when there is no such one."""
    wanted = (document.c.id == document_id) & document.c.withdrawn_at.is_(None)
    if not affected(connection, update(document).where(wanted).values(withdrawn_at=now, withdrawn_by=by)):
        return None
    mine = select(document_clause.c.id).where(document_clause.c.document_id == document_id)
    gone = connection.execute(
        update(publication)
        .where(publication.c.clause_id.in_(mine), publication.c.withdrawn_at.is_(None))
        .values(withdrawn_at=now, withdrawn_by=by)
        .returning(publication.c.id)
    ).scalars()
    numbers = list(gone)
    audit.record(connection, now, by, "document.withdraw", f"document:{document_id}")
    for number in numbers:
        audit.record(connection, now, by, "publication.withdraw", f"publication:{number}")
    return len(numbers)
