"""What a person told about themselves; known in every check."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, delete, select, text

from storage.connections.statement import Statement
from storage.schema.core import Moment, fact

SELF = "self"  # what is told about others is kept nowhere but in the conversation
_OF = Statement(
    select(fact.c.fact, fact.c.value, fact.c.at).where(
        fact.c.person_id == bindparam("person"), fact.c.about == bindparam("whom")
    )
)
# As text: SQLAlchemy caches no compiled ON CONFLICT, and this one runs with every answer.
_REMEMBER = Statement(
    text(
        "INSERT INTO fact (person_id, about, fact, value, at) VALUES (:person, :whom, :which, :value, :at)"
        " ON CONFLICT (person_id, about, fact) DO UPDATE SET value = excluded.value, at = excluded.at"
    ).bindparams(bindparam("at", type_=Moment()))
)


class Told(NamedTuple):
    """An answer, and when it was given."""

    value: str
    at: datetime


def known(connection: Connection, person_id: int) -> dict[str, Told]:
    """Fact id → answer, of one person about themselves."""
    rows = _OF.all(connection, {"person": person_id, "whom": SELF})
    return {row.fact: Told(row.value, row.at) for row in rows}


def remember(connection: Connection, person_id: int, name: str, value: str, now: datetime) -> None:
    """Keep one answer in place of an earlier one."""
    _REMEMBER.run(connection, {"person": person_id, "whom": SELF, "which": name, "value": value, "at": now})


def forget(connection: Connection, person_id: int, names: list[str] | None = None) -> None:
    """Forget answers: all of a person, or the named ones."""
    statement = delete(fact).where(fact.c.person_id == person_id)
    if names is not None:
        statement = statement.where(fact.c.fact.in_(names))
    connection.execute(statement)
