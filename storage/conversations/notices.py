"""Notices outside of a platform's window: only to those who agreed, one a day and three a quarter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, case, insert, or_, select, update

from storage.address import Address
from storage.conversations.reach import FEW
from storage.schema.core import account, conversation, notice_consent, outbox, sender

MOST_A_QUARTER = 3
PAGE = 200  # rows fetched at once


@dataclass(frozen=True)
class Wanted:
    """A notice that may go: to whom, and what it is about."""

    address: Address
    account_id: int
    about: dict[str, Any]


def answer(connection: Connection, account_id: int, agreed: bool, now: datetime) -> None:
    """Keep what somebody said; how many went stays, so that saying it again gains nothing.

    Of an account that is no more there is nothing to keep.
    """
    values = {"agreed": agreed, "at": now}
    mine = notice_consent.c.account_id == account_id
    changed = update(notice_consent).where(mine).values(**values).returning(notice_consent.c.account_id)
    known = select(account.c.id).where(account.c.id == account_id)
    if connection.execute(changed).first() is None and connection.execute(known).first():
        connection.execute(insert(notice_consent).values(account_id=account_id, **values))


def answered(connection: Connection, account_id: int) -> bool | None:
    """What somebody said; None for nothing yet."""
    query = select(notice_consent.c.agreed).where(notice_consent.c.account_id == account_id)
    found = connection.execute(query).scalar()
    return None if found is None else bool(found)


def stop(connection: Connection, address: Address, now: datetime) -> None:
    """No more notices: the platform says that the person does not want them."""
    mine = select(account.c.id).where(
        account.c.channel == address.channel,
        account.c.bot == address.bot,
        account.c.sender == address.sender,
    )
    here = notice_consent.c.account_id.in_(mine)
    connection.execute(update(notice_consent).where(here).values(agreed=False, at=now))


def are_sent(connection: Connection, channel: str, bot: str) -> bool:
    """Whether an account of ours sends notices."""
    mine = (sender.c.channel == channel) & (sender.c.bot == bot)
    return bool(connection.execute(select(sender.c.notices).where(mine)).scalar())


def _room(quarter: str) -> Any:
    other = or_(notice_consent.c.quarter.is_(None), notice_consent.c.quarter != quarter)
    return or_(other, notice_consent.c.count < MOST_A_QUARTER)


def reached(connection: Connection, addresses: Iterable[Address], quarter: str, day: str) -> set[Address]:
    """Those of the addresses to whom a notice of the quarter goes, or went today."""
    wanted = set(addresses)
    query = (
        select(account.c.channel, account.c.bot, account.c.sender)
        .join(notice_consent, notice_consent.c.account_id == account.c.id)
        .join(sender, and_(sender.c.channel == account.c.channel, sender.c.bot == account.c.bot))
        .where(
            notice_consent.c.agreed,
            sender.c.notices,
            or_(_room(quarter), notice_consent.c.day == day),
        )
    )
    if len(wanted) <= FEW:
        query = query.where(account.c.sender.in_({one.sender for one in wanted}))
    return wanted.intersection(Address(*row) for row in connection.execute(query))


def waiting(connection: Connection, channel: str, bot: str, day: str, limit: int = 50) -> list[Wanted]:
    """Whom something waits for that a notice may tell of today; the newest of each."""
    same = and_(*(account.c[name] == outbox.c[name] for name in ("channel", "bot", "sender")))
    rows = connection.execute(
        select(
            outbox.c.sender,
            outbox.c.body,
            account.c.id,
            notice_consent.c.quarter,
            notice_consent.c.count.label("sent"),
        )
        .join(account, same)
        .join(notice_consent, notice_consent.c.account_id == account.c.id)
        .join(conversation, conversation.c.account_id == account.c.id)
        .where(
            outbox.c.channel == channel,
            outbox.c.bot == bot,
            outbox.c.sent_at.is_(None),
            outbox.c.failed.is_(None),
            outbox.c.turn_id.is_(None),
            notice_consent.c.agreed,
            or_(notice_consent.c.day.is_(None), notice_consent.c.day != day),
            or_(conversation.c.refused.is_(None), conversation.c.refused != "gone"),
        )
        .order_by(outbox.c.id.desc())
        .execution_options(yield_per=PAGE)
    )
    found: dict[int, Wanted] = {}
    for row in rows:
        about = row.body.get("notice")
        # Who had all of a quarter must not stand in the way of others, however many they are.
        if not about or (row.quarter == about["quarter"] and row.sent >= MOST_A_QUARTER):
            continue
        found.setdefault(row.id, Wanted(Address(channel, bot, row.sender), row.id, about))
        if len(found) == limit:
            break
    return list(found.values())


def claim(connection: Connection, account_id: int, quarter: str, day: str) -> bool:
    """Whether this notice may go, to be sent once: at most one a day and three a quarter."""
    count = case((notice_consent.c.quarter == quarter, notice_consent.c.count + 1), else_=1)
    changed = (
        update(notice_consent)
        .where(
            notice_consent.c.account_id == account_id,
            notice_consent.c.agreed,
            or_(notice_consent.c.day.is_(None), notice_consent.c.day != day),
            _room(quarter),
        )
        .values(count=count, quarter=quarter, day=day)
        .returning(notice_consent.c.account_id)
    )
    return connection.execute(changed).first() is not None
