"""Visitors who left nothing: forgotten some weeks after they were last seen."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, and_, delete, exists, select

from storage.connections.database import transaction
from storage.schema.cards import card
from storage.schema.core import (
    account,
    code_attempt,
    conversation,
    download,
    fact,
    later,
    membership,
    notice_consent,
    outbox,
    person,
    turn,
)
from storage.schema.questions import asker, subscription
from storage.schema.whole import all_tables

STEP = 50  # visitors in one transaction: others wait a few milliseconds at most
LOOKED_AT = 2000  # read at once, beside the writer


def forget(engine: Engine, before: datetime) -> int:
    """Forget accounts that were last used before that moment and hold nothing; how many.

    Kept are those with a role (also a former one), saved answers or a dialog under way, a card, a
    subscription, an open question, a message that waits; and who gave a name.
    """
    gone = after = 0
    while True:
        query = _LEFT_NOTHING.where(conversation.c.updated_at < before, account.c.id > after)
        with transaction(engine, read_only=True) as connection:
            rows = connection.execute(query.order_by(account.c.id).limit(LOOKED_AT)).all()
        over = [row.id for row in rows if _is_empty(row.state)]
        for first in range(0, len(over), STEP):
            with transaction(engine, alone=True) as connection:
                gone += _forget(connection, over[first : first + STEP], before)
        if len(rows) < LOOKED_AT:
            return gone
        after = rows[-1].id


def _is_empty(state: dict[str, Any]) -> bool:
    """Whether a conversation remembers no dialog, under way or put aside."""
    return not state.get("dialog") and not state.get("parked")


def _addressed(table: Any) -> Any:
    """Rows of a table that belong to the account's address."""
    same = and_(
        table.c.channel == account.c.channel, table.c.bot == account.c.bot, table.c.sender == account.c.sender
    )
    return exists().where(same).correlate(account)


_LEFT_NOTHING = (
    select(account.c.id, account.c.person_id, conversation.c.state)
    .join(conversation, conversation.c.account_id == account.c.id)
    .join(person, person.c.id == account.c.person_id)
    .where(
        person.c.name.is_(None),
        person.c.telephone.is_(None),
        *(
            ~exists().where(table.c.person_id == account.c.person_id).correlate(account)
            for table in (membership, fact, card)
        ),
        *(
            ~exists().where(table.c.account_id == account.c.id).correlate(account)
            for table in (subscription, asker)
        ),
        *(~_addressed(table) for table in (turn, outbox, later, download)),
    )
)


def _forget(connection: Connection, ids: list[int], before: datetime) -> int:
    still = _LEFT_NOTHING.where(conversation.c.updated_at < before, account.c.id.in_(ids))
    rows = [row for row in connection.execute(still.with_for_update(of=account)) if _is_empty(row.state)]
    going = [row.id for row in rows]
    for table in (code_attempt, notice_consent, conversation):
        connection.execute(delete(table).where(table.c.account_id.in_(going)))
    connection.execute(delete(account).where(account.c.id.in_(going)))
    # The person stays where anything still names them: the audit, another of their channels.
    connection.execute(
        delete(person).where(
            person.c.id.in_([row.person_id for row in rows]),
            *(~exists().where(column == person.c.id) for column in _NAMING),
        )
    )
    return len(rows)


_NAMING = [
    column
    for table in all_tables().tables.values()
    for column in table.columns
    if any(key.column is person.c.id for key in column.foreign_keys)
]
