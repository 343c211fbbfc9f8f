"""Whom a platform lets us write to: what it refused is remembered, of a person and of an account of ours.

A person's refusal ends with the next thing they write, an account's with the next message that is taken.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from storage.address import Address
from storage.connections.statement import Statement
from storage.schema.core import account, conversation, sender

FEW = 200  # people who are named one by one to the database


@dataclass(frozen=True)
class Sender:
    """An account of ours on a platform; `refused` is why nobody can be written to by it, "" if they can."""

    channel: str
    bot: str
    refused: str = ""
    code: int | None = None
    notices: bool = False


_FOREVER = datetime.max.replace(tzinfo=UTC)
_OF = (
    select(account.c.id)
    .where(*(account.c[name] == bindparam(f"of_{name}") for name in ("channel", "bot", "sender")))
    .scalar_subquery()
)
_REFUSE = Statement(
    update(conversation)
    .where(conversation.c.account_id == _OF, conversation.c.updated_at <= bindparam("since"))
    .values(refused=bindparam("why"), refused_code=bindparam("number"), refused_at=bindparam("now"))
)


def _of(address: Address) -> dict[str, str]:
    return {f"of_{name}": value for name, value in vars(address).items()}


def refuse_person(
    connection: Connection, address: Address, reason: str, code: int | None, now: datetime
) -> None:
    """Remember that a person cannot be written to until they write, if they did not write since then."""
    values = {"why": reason[:16], "number": code, "now": now, "since": now}
    _REFUSE.run(connection, {**_of(address), **values})


def heard(connection: Connection, address: Address) -> None:
    """Forget a person's refusal: they did something that is no message of the conversation."""
    values = {"why": None, "number": None, "now": None, "since": _FOREVER}
    _REFUSE.run(connection, {**_of(address), **values})


def refused(connection: Connection, addresses: Iterable[Address]) -> dict[Address, str]:
    """Return those of the addresses that cannot be written to now, each with the reason."""
    wanted = set(addresses)
    if not wanted:
        return {}
    query = (
        select(account.c.channel, account.c.bot, account.c.sender, conversation.c.refused)
        .join(conversation, conversation.c.account_id == account.c.id)
        .where(account.c.channel.in_({one.channel for one in wanted}), conversation.c.refused.is_not(None))
    )
    if len(wanted) <= FEW:
        query = query.where(account.c.sender.in_({one.sender for one in wanted}))
    rows = connection.execute(query)
    found = {Address(row.channel, row.bot, row.sender): str(row.refused) for row in rows}
    serving = senders(connection)
    known = {(one.channel, one.bot): one.refused for one in serving}
    for one in wanted:
        why = known.get((one.channel, one.bot), "unserved" if serving else "")
        if why:
            found[one] = why
    return {one: found[one] for one in wanted if one in found}


def senders(connection: Connection) -> list[Sender]:
    """Return the accounts by which messages go out; none before anything was served."""
    rows = connection.execute(select(sender).order_by(sender.c.channel, sender.c.bot))
    return [Sender(r.channel, r.bot, r.refused or "", r.refused_code, r.notices) for r in rows]


def declare(connection: Connection, served: Collection[Sender], now: datetime) -> None:
    """Set which accounts are served from now on; what a platform refused to one of them stays refused."""
    before = {(one.channel, one.bot): one for one in senders(connection)}
    connection.execute(delete(sender))
    for one in served:
        old = before.get((one.channel, one.bot))
        kept = one if one.refused or old is None or old.code is None else old
        values = {
            "refused": kept.refused or None,
            "refused_code": kept.code,
            "at": now,
            "notices": one.notices,
        }
        connection.execute(insert(sender).values(channel=one.channel, bot=one.bot, **values))


def refuse_account(
    connection: Connection, channel: str, bot: str, reason: str, code: int | None, now: datetime
) -> None:
    """Remember that nobody can be written to by an account of ours."""
    mine = (sender.c.channel == channel) & (sender.c.bot == bot)
    values = {"refused": reason[:16], "refused_code": code, "at": now}
    connection.execute(update(sender).where(mine).values(**values))


def ends_notices(connection: Connection, channel: str, bot: str) -> None:
    """The platform takes no notices of this account: nobody is reached by them."""
    mine = (sender.c.channel == channel) & (sender.c.bot == bot)
    connection.execute(update(sender).where(mine).values(notices=False))


def account_works(connection: Connection, channel: str, bot: str, now: datetime) -> None:
    """Forget an account's refusal: a message was taken."""
    mine = (sender.c.channel == channel) & (sender.c.bot == bot)
    connection.execute(update(sender).where(mine).values(refused=None, refused_code=None, at=now))
