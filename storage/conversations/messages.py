"""One message, one transaction: dedupe, conversation, replies.

Every reply is an outbox row of the transaction that applied the message, so the same message
again finds its replies, and a process killed after the commit still has them to send.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    and_,
    bindparam,
    delete,
    func,
    insert,
    literal,
    null,
    select,
    text,
    update,
)

from storage.address import Address
from storage.connections.statement import Statement, insert_new
from storage.people.membership import Membership
from storage.schema.core import (
    Moment,
    account,
    conversation,
    institution,
    later,
    membership,
    outbox,
    person,
    turn,
)
from storage.schema.knowledge import knowledge_version

SEALED_HERE = "\ue003"  # in the text of a stored message: here stands something that was sealed
DROPPED = "dropped"  # why a message was never delivered: there was nothing to say any more


FORGOTTEN: dict[str, Any] = {}  # the body of a message that is no longer known


@dataclass
class Conversation:
    """What a conversation remembers. `state` is plain JSON; `serial` binds buttons to a step.

    `memberships` are the person's roles in force when it was loaded; None once they may have changed.
    """

    account_id: int
    person_id: int
    serial: int
    state: dict[str, Any]
    memberships: list[Membership] | None = None
    knowledge: int = 0  # the version of the answers that is published


@dataclass(frozen=True)
class Waiting:
    """An outbox row that still has to be delivered; `answers`: the id of the message that it answers."""

    id: int
    address: Address
    body: dict[str, Any]
    answers: str | None = None


_STORED = Statement(
    select(outbox.c.body)
    .join(turn, turn.c.id == outbox.c.turn_id)
    .where(
        turn.c.channel == bindparam("channel"),
        turn.c.bot == bindparam("bot"),
        turn.c.sender == bindparam("sender"),
        turn.c.message_id == bindparam("message_id"),
        outbox.c.channel == bindparam("channel"),
        outbox.c.sender == bindparam("sender"),
    )
    .order_by(outbox.c.id)
)

_PUBLISHED = (
    select(func.coalesce(func.max(knowledge_version.c.version), 0)).scalar_subquery().label("knowledge")
)
_TALKS = (
    select(account.c.id, account.c.person_id, conversation.c.serial, conversation.c.state, _PUBLISHED)
    .join(conversation, conversation.c.account_id == account.c.id)
    .where(
        account.c.channel == bindparam("channel"),
        account.c.bot == bindparam("bot"),
        account.c.sender == bindparam("sender"),
    )
)
# Where it may wait for the lock, the roles are read after it: a statement that waited still sees the
# other tables as they were before.
_HOLD = Statement(_TALKS.with_for_update(of=conversation))
# Else with the person's roles, a row for each: closed institutions are told apart afterwards, since
# the conversation is wanted also without any.
_FIND = Statement(
    _TALKS.add_columns(
        membership.c.id.label("membership_id"),
        membership.c.role,
        membership.c.institution_id,
        institution.c.name.label("institution"),
        membership.c.district,
        institution.c.closed_at,
    )
    .outerjoin(
        membership, (membership.c.person_id == account.c.person_id) & membership.c.revoked_at.is_(None)
    )
    .outerjoin(institution, institution.c.id == membership.c.institution_id)
    .order_by(membership.c.id)
)

_SAVE = Statement(
    update(conversation)
    .where(conversation.c.account_id == bindparam("account"))
    .values(
        serial=bindparam("new_serial"),
        state=bindparam("new_state"),
        updated_at=bindparam("now"),
        # Whoever writes can be written to again.
        refused=null(),
        refused_code=null(),
        refused_at=null(),
    )
)

_ENQUEUE = Statement(insert(outbox), ("turn_id", "channel", "bot", "sender", "body", "created_at", "sent_at"))

# As text: SQLAlchemy caches no compiled ON CONFLICT, and this one runs with every message.
_RECORD = Statement(
    text(
        "INSERT INTO turn (channel, bot, sender, message_id, said, incident, at)"
        " VALUES (:channel, :bot, :sender, :message_id, :said, :incident, :at)"
        " ON CONFLICT DO NOTHING RETURNING id"
    )
    .bindparams(bindparam("at", type_=Moment()))
    .columns(turn.c.id)
)


def begin(
    connection: Connection, address: Address, message_id: str, said: str | None, now: datetime
) -> int | None:
    """Record the message; its turn id, or None when it was applied before.

    On PostgreSQL a second arrival at the same instant waits here for the first one's commit.
    """
    return _record(connection, address, message_id, said, None, now)


def _record(
    connection: Connection,
    address: Address,
    message_id: str,
    said: str | None,
    incident: str | None,
    now: datetime,
) -> int | None:
    values = {**vars(address), "message_id": message_id, "said": said, "incident": incident, "at": now}
    made = _RECORD.scalar(connection, values)
    return None if made is None else int(made)


def hide_said(connection: Connection, turn_id: int) -> None:
    """Keep nothing of what was typed in a turn."""
    connection.execute(update(turn).where(turn.c.id == turn_id).values(said=None))


def stored_replies(connection: Connection, address: Address, message_id: str) -> list[dict[str, Any]]:
    """The replies that were given to a message applied before, in order."""
    rows = _STORED.all(connection, {**vars(address), "message_id": message_id})
    return [row.body for row in rows]


def load_conversation(connection: Connection, address: Address, now: datetime) -> Conversation:
    """The conversation, locked until the transaction ends; made on first contact."""
    alone = connection.dialect.name == "sqlite"  # there is one writer
    find = _FIND if alone else _HOLD
    rows = find.all(connection, vars(address))
    if not rows:
        _create_account(connection, address, now)
        rows = find.all(connection, vars(address))
    first = rows[0]
    if not alone:
        return Conversation(first.id, first.person_id, first.serial, first.state, knowledge=first.knowledge)
    roles = [
        Membership(
            row.membership_id, row.person_id, row.role, row.institution_id, row.institution, row.district
        )
        for row in rows
        if row.membership_id is not None and row.closed_at is None
    ]
    return Conversation(first.id, first.person_id, first.serial, first.state, roles, first.knowledge)


_KEY = (turn.c.channel, turn.c.bot, turn.c.sender, turn.c.message_id)
_SAID = Statement(select(turn.c.id).where(*(column == bindparam(column.key) for column in _KEY)))
_LOOK = Statement(_TALKS)


def look_at(connection: Connection, address: Address, message_id: str) -> Conversation | None:
    """The conversation as it stands, a fresh one at first; None when the message was applied before."""
    if _SAID.first(connection, {**vars(address), "message_id": message_id}) is not None:
        return None
    row = _LOOK.first(connection, vars(address))
    if row is None:
        return Conversation(0, 0, 0, {})
    return Conversation(row.id, row.person_id, row.serial, row.state, knowledge=row.knowledge)


def _create_account(connection: Connection, address: Address, now: datetime) -> None:
    person_id = connection.execute(insert(person).values(created_at=now).returning(person.c.id)).scalar_one()
    statement = insert_new(connection, account).returning(account.c.id)
    made = connection.execute(statement, {**vars(address), "person_id": person_id, "created_at": now}).first()
    if made is None:  # somebody was quicker; their person stands
        connection.execute(delete(person).where(person.c.id == person_id))
        return
    connection.execute(
        insert_new(connection, conversation),
        {"account_id": made.id, "serial": 0, "state": {}, "updated_at": now},
    )


def save_conversation(connection: Connection, talk: Conversation, now: datetime) -> None:
    """Write the conversation back."""
    _SAVE.run(
        connection,
        {"account": talk.account_id, "new_serial": talk.serial, "new_state": talk.state, "now": now},
    )


def enqueue(
    connection: Connection,
    address: Address,
    bodies: Sequence[dict[str, Any]],
    now: datetime,
    turn_id: int | None = None,
    sent_at: datetime | None = None,
) -> None:
    """Put messages into the outbox: replies of a turn, or pushes when `turn_id` is None.

    `sent_at` marks them delivered already: the request itself carries them back.
    """
    if bodies:
        _ENQUEUE.run_many(
            connection,
            [
                {
                    **vars(address),
                    "turn_id": turn_id,
                    "body": body,
                    "created_at": now,
                    "sent_at": sent_at,
                }
                for body in bodies
            ],
        )


_ABOUT = and_(
    outbox.c.sent_at.is_(None),
    outbox.c.failed.is_(None),
    # Not as IS NULL: the index of what waits is to serve, not that of the pushes of all times.
    func.coalesce(outbox.c.turn_id, 0) == 0,
    outbox.c.body["about"].as_string() == bindparam("about"),
)
_DROP = Statement(
    update(outbox).where(outbox.c.channel > literal(""), _ABOUT).values(failed=bindparam("why"))
)
_DROP_TO = Statement(
    update(outbox)
    .where(
        outbox.c.channel == bindparam("to_channel"),
        outbox.c.bot == bindparam("to_bot"),
        outbox.c.sender == bindparam("to_sender"),
        _ABOUT,
    )
    .values(failed=bindparam("why"))
)


def remind(connection: Connection, address: Address, body: dict[str, Any], about: str, now: datetime) -> None:
    """Put a reminder into the outbox, in place of an earlier one of the same thing that still waits."""
    to = {f"to_{name}": value for name, value in vars(address).items()}
    _DROP_TO.run(connection, {**to, "about": about, "why": DROPPED})
    enqueue(connection, address, [{**body, "about": about}], now)


def drop_reminders(connection: Connection, about: str) -> None:
    """What they remind of was done: those that nobody has seen yet are not shown any more."""
    _DROP.run(connection, {"about": about, "why": DROPPED})


def enqueue_later(connection: Connection, address: Address, body: dict[str, Any], due_at: datetime) -> None:
    """Keep a message for another day; the same one for the same moment only once."""
    key = (later.c.channel == address.channel) & (later.c.bot == address.bot)
    key &= (later.c.sender == address.sender) & (later.c.due_at == due_at)
    if connection.execute(select(later.c.id).where(key)).first() is None:
        connection.execute(insert(later).values(**vars(address), body=body, due_at=due_at))


def any_due(connection: Connection, now: datetime) -> bool:
    """Whether there are messages whose day has come."""
    return connection.execute(select(later.c.id).where(later.c.due_at <= now).limit(1)).first() is not None


def release_due(connection: Connection, now: datetime, limit: int) -> int:
    """Move messages whose day has come into the outbox, each once; how many."""
    come = select(later.c.id).where(later.c.due_at <= now).order_by(later.c.due_at, later.c.id).limit(limit)
    rows = connection.execute(delete(later).where(later.c.id.in_(come)).returning(*later.c)).all()
    for row in rows:
        enqueue(connection, Address(row.channel, row.bot, row.sender), [row.body], now)
    return len(rows)


def forget_history(connection: Connection, address: Address, keep_turn: int) -> None:
    """Forget what was said on both sides of a conversation, but for the turn under way.

    The dedupe rows stay, without words: the same message again still changes nothing. Of our
    messages the last one stays, emptied: SQLite gives the number of a deleted last row to the next
    one, and a page that shows up to some number waits for greater ones.
    """
    mine = (turn.c.channel == address.channel) & (turn.c.bot == address.bot)
    mine &= turn.c.sender == address.sender
    connection.execute(update(turn).where(mine, turn.c.id != keep_turn).values(said=None))
    said = (outbox.c.channel == address.channel) & (outbox.c.bot == address.bot)
    said &= (outbox.c.sender == address.sender) & (outbox.c.turn_id.is_distinct_from(keep_turn))
    said &= outbox.c.turn_id.is_not(None) | outbox.c.sent_at.is_not(None) | outbox.c.failed.is_not(None)
    last = connection.execute(select(func.max(outbox.c.id)).where(said)).scalar()
    connection.execute(delete(outbox).where(said, outbox.c.id != last))
    emptied = {"body": FORGOTTEN, "turn_id": None, "failed": DROPPED}
    connection.execute(update(outbox).where(outbox.c.id == last).values(**emptied))
    theirs = (later.c.channel == address.channel) & (later.c.bot == address.bot)
    connection.execute(delete(later).where(theirs, later.c.sender == address.sender))


def record_incident(
    connection: Connection, address: Address, message_id: str, incident: str, now: datetime
) -> int | None:
    """Record a message that our own fault kept from being applied, so that it blocks nobody."""
    return _record(connection, address, message_id, None, incident, now)


_MARK = update(outbox).where(outbox.c.id == bindparam("of_id"))
_SENT = Statement(_MARK.where(outbox.c.sent_at.is_(None)).values(sent_at=bindparam("now")))
_FAILED = Statement(_MARK.values(failed=bindparam("why")))


def mark_sent(connection: Connection, outbox_id: int, now: datetime, failed: str | None = None) -> None:
    """Note that a message was delivered, the first time, or why it never will be."""
    if failed:
        _FAILED.run(connection, {"of_id": outbox_id, "why": failed[:64]})
    else:
        _SENT.run(connection, {"of_id": outbox_id, "now": now})


_TO = (
    outbox.c.channel == bindparam("channel"),
    outbox.c.bot == bindparam("bot"),
    outbox.c.sender == bindparam("sender"),
)
_PUSHES = Statement(
    select(outbox.c.id, outbox.c.body)
    .where(*_TO, outbox.c.turn_id.is_(None), outbox.c.sent_at.is_(None), outbox.c.failed.is_(None))
    .order_by(outbox.c.id)
)
_BODY = Statement(select(outbox.c.body).where(*_TO, outbox.c.id == bindparam("of_id")))


def pushes_waiting(connection: Connection, address: Address) -> list[Waiting]:
    """Messages to this person that were not replies and were not handed over yet (pull channels)."""
    return [Waiting(row.id, address, row.body) for row in _PUSHES.all(connection, vars(address))]


def body_of(connection: Connection, address: Address, outbox_id: int) -> dict[str, Any] | None:
    """One message of ours to this person; None when there is none or it is somebody else's."""
    row = _BODY.first(connection, {**vars(address), "of_id": outbox_id})
    return (row.body or None) if row else None
