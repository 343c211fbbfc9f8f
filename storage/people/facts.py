"""What a person told about themselves, or about somebody they ask for; known in every check."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select, text

from storage.schema.core import Moment, fact
from storage.statement import Statement

_OF = Statement(
    select(fact.c.fact, fact.c.value).where(
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


def known(connection: Connection, person_id: int, about: str) -> dict[str, str]:
    """Fact id → answer, of one person about one person (self, family, employee)."""
    rows = _OF.all(connection, {"person": person_id, "whom": about})
    return {row.fact: row.value for row in rows}


def remember(
    connection: Connection, person_id: int, about: str, name: str, value: str, now: datetime
) -> None:
    """Keep one answer in place of an earlier one."""
    _REMEMBER.run(connection, {"person": person_id, "whom": about, "which": name, "value": value, "at": now})


def forget(
    connection: Connection, person_id: int, about: str | None = None, names: list[str] | None = None
) -> None:
    """Forget answers: all of a person, those about one, or the named ones."""
    statement = delete(fact).where(fact.c.person_id == person_id)
    if about is not None:
        statement = statement.where(fact.c.about == about)
    if names is not None:
        statement = statement.where(fact.c.fact.in_(names))
    connection.execute(statement)
