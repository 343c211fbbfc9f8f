"""Messages that the person's own next request carries back, and what still waits to be seen.

For platforms that let us write only shortly after the person wrote. A turn's first messages are its
answer; what waits moves to the turn that asks for it, so that the same request again finds the same.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, exists, func, insert, or_, select, update

from storage.address import Address
from storage.connections.statement import Statement
from storage.conversations.messages import Waiting
from storage.schema.core import account, conversation, outbox, turn


@dataclass(frozen=True)
class Heard:
    """A message of a person that was applied."""

    turn_id: int
    message_id: str
    at: datetime


@dataclass(frozen=True)
class Page:
    """A message of ours: its outbox row, the turn it belongs to (None: a push), whether it was seen."""

    id: int
    turn_id: int | None
    body: dict[str, Any]
    sent: bool
    at: datetime


@dataclass(frozen=True)
class Talk:
    """What can be read of a conversation without locking it."""

    person_id: int
    state: dict[str, Any]
    serial: int


def _of(table: Any, address: Address) -> ColumnElement[bool]:
    return and_(
        table.c.channel == address.channel, table.c.bot == address.bot, table.c.sender == address.sender
    )


_WAITS = and_(outbox.c.sent_at.is_(None), outbox.c.failed.is_(None))


_REFUSED = (
    exists()
    .where(
        account.c.channel == outbox.c.channel,
        account.c.bot == outbox.c.bot,
        account.c.sender == outbox.c.sender,
        conversation.c.account_id == account.c.id,
        conversation.c.refused.is_not(None),
    )
    .correlate(outbox)
)


def _whose(table: Any) -> ColumnElement[bool]:
    """The same as parameters, for statements that are compiled once."""
    return and_(*(table.c[name] == bindparam(f"of_{name}") for name in ("channel", "bot", "sender")))


def _values(address: Address, **more: Any) -> dict[str, Any]:
    return {**{f"of_{name}": value for name, value in vars(address).items()}, **more}


_FIND = Statement(
    select(turn.c.id, turn.c.at).where(_whose(turn), turn.c.message_id == bindparam("of_message"))
)
_TALK = Statement(
    select(account.c.person_id, conversation.c.state, conversation.c.serial)
    .join(conversation, conversation.c.account_id == account.c.id)
    .where(_whose(account))
)
_LOCK = Statement(
    select(conversation.c.serial)
    .where(conversation.c.account_id == select(account.c.id).where(_whose(account)).scalar_subquery())
    .with_for_update()
)
_PAGES = select(outbox).where(_whose(outbox)).order_by(outbox.c.created_at.desc(), outbox.c.id)
_OF_TURN = Statement(_PAGES.where(outbox.c.turn_id == bindparam("of_turn")))
_WAITING = Statement(_PAGES.where(_WAITS))


_NEXT = Statement(
    select(outbox.c.id, outbox.c.body, turn.c.message_id)
    .outerjoin(turn, turn.c.id == outbox.c.turn_id)
    .where(_whose(outbox), _WAITS)
    .order_by(outbox.c.id)
    .limit(20)
)


def find(connection: Connection, address: Address, message_id: str) -> Heard | None:
    """The turn of a message; None when it was not applied yet."""
    row = _FIND.first(connection, _values(address, of_message=message_id))
    return Heard(row.id, message_id, row.at) if row else None


def latest(connection: Connection, address: Address, kinds: Collection[str] = ()) -> Heard | None:
    """The person's last message; with `kinds`, the last whose id begins with one of them."""
    query = select(turn.c.id, turn.c.message_id, turn.c.at).where(_of(turn, address))
    if kinds:
        query = query.where(or_(*(turn.c.message_id.startswith(k, autoescape=True) for k in kinds)))
    row = connection.execute(query.order_by(turn.c.at.desc(), turn.c.id.desc()).limit(1)).first()
    return Heard(*row) if row else None


def talk_of(connection: Connection, address: Address) -> Talk | None:
    """The person and what the conversation remembers; None before the first message."""
    row = _TALK.first(connection, _values(address))
    return Talk(row.person_id, row.state, row.serial) if row else None


def lock(connection: Connection, address: Address) -> None:
    """Let nobody else hand over or arrange this person's messages until the transaction ends."""
    if connection.dialect.name != "sqlite":  # there, whoever writes is alone anyway
        _LOCK.all(connection, _values(address))


def of_turn(connection: Connection, address: Address, turn_id: int) -> list[Page]:
    """A turn's messages, its own first, then what moved to it."""
    return _pages(_OF_TURN.all(connection, _values(address, of_turn=turn_id)))


def waiting(connection: Connection, address: Address) -> list[Page]:
    """What the person has not seen yet: the newest turn or push first, each in its order."""
    return _pages(_WAITING.all(connection, _values(address)))


def _pages(rows: Sequence[Any]) -> list[Page]:
    return [
        Page(r.id, r.turn_id, r.body, r.sent_at is not None or r.failed is not None, r.created_at)
        for r in rows
    ]


def arrange(connection: Connection, pages: Sequence[Page], bodies: Sequence[dict[str, Any]]) -> list[Page]:
    """Put more messages, in that order, in the place of some that were written together."""
    row = connection.execute(select(outbox).where(outbox.c.id == pages[0].id)).one()
    kept = {name: row._mapping[name] for name in ("turn_id", "channel", "bot", "sender", "created_at")}
    for page, body in zip(pages, bodies, strict=False):
        connection.execute(update(outbox).where(outbox.c.id == page.id).values(body=body))
    added = insert(outbox).returning(outbox.c.id)
    ids = [page.id for page in pages]
    ids += [connection.execute(added, {**kept, "body": body}).scalar_one() for body in bodies[len(pages) :]]
    return [replace(pages[0], id=i, body=body) for i, body in zip(ids, bodies, strict=True)]


def move(connection: Connection, page_ids: Collection[int], turn_id: int) -> None:
    """Make messages part of the turn that hands them over."""
    connection.execute(update(outbox).where(outbox.c.id.in_(page_ids)).values(turn_id=turn_id))


def mark(connection: Connection, page_ids: Collection[int], at: datetime) -> None:
    """Note that messages were handed over together; those that were before keep their time."""
    wanted = and_(outbox.c.id.in_(page_ids), outbox.c.sent_at.is_(None))
    connection.execute(update(outbox).where(wanted).values(sent_at=at))


def refuse(connection: Connection, page_ids: Collection[int], reason: str) -> None:
    """Note why messages never will be delivered."""
    connection.execute(update(outbox).where(outbox.c.id.in_(page_ids)).values(failed=reason[:64]))


def has_pushes(connection: Connection, channel: str, bot: str) -> bool:
    """Tell whether a message waits that answers nothing."""
    return connection.execute(select(outbox.c.id).where(*_pushes(channel, bot)).limit(1)).first() is not None


def refuse_pushes(connection: Connection, channel: str, bot: str, reason: str) -> None:
    """Note of every message that answers nothing and still waits that it never will be delivered."""
    connection.execute(update(outbox).where(*_pushes(channel, bot)).values(failed=reason))


def _pushes(channel: str, bot: str) -> tuple[ColumnElement[bool], ...]:
    waits = outbox.c.sent_at.is_(None) & outbox.c.failed.is_(None)
    return outbox.c.channel == channel, outbox.c.bot == bot, outbox.c.turn_id.is_(None), waits


def senders_waiting(
    connection: Connection, channel: str, bot: str, limit: int = 100, skip: Collection[str] = ()
) -> list[str]:
    """Whom something waits for and may be sent now, the oldest message first; those in `skip` left out."""
    rows = connection.execute(
        select(outbox.c.sender)
        .where(
            outbox.c.channel == channel,
            outbox.c.bot == bot,
            _WAITS,
            outbox.c.sender.not_in(skip),
            ~_REFUSED,
        )
        .group_by(outbox.c.sender)
        .order_by(func.min(outbox.c.id))
        .limit(limit)
    )
    return [row.sender for row in rows]


def next_waiting(connection: Connection, address: Address) -> list[Waiting]:
    """The next messages to this person, replies and others in the order they were written."""
    rows = _NEXT.all(connection, _values(address))
    return [Waiting(row.id, address, row.body, row.message_id) for row in rows]


def sent_after(connection: Connection, address: Address, at: datetime) -> int:
    """How many messages we sent since then by ourselves: what answered a request bears its time."""
    answers = select(turn.c.at).where(_of(turn, address), turn.c.at >= at)
    own = and_(_of(outbox, address), outbox.c.sent_at > at, outbox.c.sent_at.not_in(answers))
    count = select(func.count(outbox.c.sent_at.distinct())).where(own)
    return int(connection.execute(count).scalar_one())


def to_send(
    connection: Connection, channel: str, bot: str, heard_since: datetime, limit: int
) -> list[tuple[str, int]]:
    """Who has something waiting and wrote since then, with their last turn; oldest message first."""
    return [
        (row.sender, row.last)
        for row in connection.execute(
            select(
                outbox.c.sender, select(func.max(turn.c.id)).where(_same()).scalar_subquery().label("last")
            )
            .where(
                outbox.c.channel == channel,
                outbox.c.bot == bot,
                _WAITS,
                select(turn.c.id).where(_same(), turn.c.at >= heard_since).exists(),
                ~_REFUSED,
            )
            .group_by(outbox.c.channel, outbox.c.bot, outbox.c.sender)
            .order_by(func.min(outbox.c.id))
            .limit(limit)
        )
    ]


def _same() -> ColumnElement[bool]:
    return and_(
        turn.c.channel == outbox.c.channel, turn.c.bot == outbox.c.bot, turn.c.sender == outbox.c.sender
    )


def heard_since(connection: Connection, channel: str, at: datetime) -> list[Address]:
    """Everybody who wrote on a channel since then."""
    rows = connection.execute(
        select(turn.c.bot, turn.c.sender)
        .where(turn.c.channel == channel, turn.c.at >= at)
        .group_by(turn.c.bot, turn.c.sender)
    )
    return [Address(channel, row.bot, row.sender) for row in rows]


def body_and_person(
    connection: Connection, channel: str, bot: str, page_id: int
) -> tuple[dict[str, Any], int] | None:
    """One message of ours and the person it was for; None when there is none with that row."""
    row = connection.execute(
        select(outbox.c.body, account.c.person_id)
        .join(
            account,
            and_(
                account.c.channel == outbox.c.channel,
                account.c.bot == outbox.c.bot,
                account.c.sender == outbox.c.sender,
            ),
        )
        .where(outbox.c.id == page_id, outbox.c.channel == channel, outbox.c.bot == bot)
    ).first()
    return (row.body, row.person_id) if row and row.body else None
