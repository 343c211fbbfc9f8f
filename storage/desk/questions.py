"""What people thought of answers, and the questions that wait for the office.

A question is queued once however often it is asked. Who asked is known only to `asker`, which
nothing but the reply reads, and which is emptied when the question is closed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, case, delete, func, insert, select, update

from storage import audit
from storage.address import Address
from storage.connections.statement import affected, insert_new
from storage.desk.weeks import week_of
from storage.schema.core import account, turn
from storage.schema.questions import asker, feedback, proposal, question, question_week

# From weak to strong: a question is listed for the strongest reason anybody had.
REASONS = ("near", "refused", "unsure", "disliked", "handed")


@dataclass(frozen=True)
class Asked:
    """A queued question, as the office may see it: how often and when, never by whom."""

    id: int
    text: str
    why: str
    entry: str | None
    count: int
    first_at: datetime
    last_at: datetime
    state: str
    reply: str | None


@dataclass(frozen=True)
class Proposal:
    """A change to the data files that the office proposes: a phrasing, or a new entry."""

    id: int
    kind: str
    text: str
    entry: str | None
    title: str | None
    answer: str | None


_ASKED = select(
    question.c.id,
    question.c.text,
    question.c.why,
    question.c.entry,
    question.c.count,
    question.c.first_at,
    question.c.last_at,
    question.c.state,
    question.c.reply,
)


def said_in(connection: Connection, address: Address, turn_id: int) -> str | None:
    """What this person said in a turn; "" for a button; None when it is no turn of theirs."""
    row = connection.execute(
        select(turn.c.said).where(
            turn.c.id == turn_id,
            turn.c.channel == address.channel,
            turn.c.bot == address.bot,
            turn.c.sender == address.sender,
        )
    ).first()
    return None if row is None else row.said or ""


def keep_feedback(
    connection: Connection,
    turn_id: int,
    value: str,
    same: str,
    text: str,
    entry: str,
    now: datetime,
    reason: str | None = None,
) -> None:
    """Remember what the person of a turn thought of its answer; a later word replaces it."""
    row = {"value": value, "reason": reason, "same": same, "text": text, "entry": entry, "at": now}
    if not affected(connection, update(feedback).where(feedback.c.turn_id == turn_id).values(**row)):
        connection.execute(insert(feedback), {"turn_id": turn_id, **row})


def queue(
    connection: Connection,
    same: str,
    text: str,
    why: str,
    account_id: int,
    turn_id: int,
    now: datetime,
    entry: str | None = None,
) -> bool:
    """Put a question into the office's queue, once per turn; whether it waits there now.

    One that the office dropped stays dropped, only counted, until somebody asks for a person. `now`
    stands in the time zone whose weeks are counted.
    """
    row = connection.execute(_open(same)).first()
    if row is None and why != "handed" and _was_dropped(connection, same, 1, now):
        return False
    if row is None:
        row = _begun(connection, same, text, why, entry, now)
    changes: dict[str, Any] = {"last_at": now}
    if REASONS.index(why) > REASONS.index(row.why):
        changes["why"] = why
    if entry is not None:
        changes["entry"] = entry
    if _ask(connection, row.id, account_id, turn_id, why == "handed"):
        changes["count"] = question.c.count + 1
        _count_week(connection, row.id, week_of(now), 1)
    connection.execute(update(question).where(question.c.id == row.id).values(**changes))
    return True


def queue_near(connection: Connection, same: str, text: str, entry: str, times: int, now: datetime) -> None:
    """Count a question that was answered with what stands near it: of `entry`, and so many times.

    It waits like the others, with nobody to tell.
    """
    row = connection.execute(_open(same)).first()
    if row is None and _was_dropped(connection, same, times, now):
        return
    row = row or _begun(connection, same, text, "near", entry, now)
    changes: dict[str, Any] = {"count": question.c.count + times, "last_at": now}
    if row.why == "near":
        changes["entry"] = entry
    connection.execute(update(question).where(question.c.id == row.id).values(**changes))
    _count_week(connection, row.id, week_of(now), times)


def _open(same: str) -> Select[Any]:
    """The question of these words that waits, locked."""
    wanted = (question.c.same == same, question.c.state == "open")
    return select(question.c.id, question.c.why).where(*wanted).with_for_update()


def _was_dropped(connection: Connection, same: str, times: int, now: datetime) -> bool:
    """Whether the office dropped a question of these words last; it is counted then."""
    last = connection.execute(
        select(question.c.id, question.c.state).where(question.c.same == same).order_by(question.c.id.desc())
    ).first()
    if last is None or last.state != "dropped":
        return False
    grown = {"count": question.c.count + times, "last_at": now}
    connection.execute(update(question).where(question.c.id == last.id).values(**grown))
    return True


def _begun(
    connection: Connection, same: str, text: str, why: str, entry: str | None, now: datetime
) -> Row[Any]:
    """Put a question into the queue; ours, or that of somebody who was quicker."""
    values = {"same": same, "text": text, "why": why, "entry": entry, "count": 0, "state": "open"}
    connection.execute(insert_new(connection, question), {**values, "first_at": now, "last_at": now})
    return connection.execute(_open(same)).one()


def _count_week(connection: Connection, question_id: int, week: str, times: int) -> None:
    c = question_week.c
    here = (c.question_id == question_id) & (c.week == week)
    grown = update(question_week).where(here).values(count=c.count + times)
    if not affected(connection, grown):  # its question is locked: nobody else counts it now
        connection.execute(insert(question_week), {"question_id": question_id, "week": week, "count": times})


def _ask(connection: Connection, question_id: int, account_id: int, turn_id: int, handed: bool) -> bool:
    """Note whom to answer; whether this turn had not been counted before."""
    mine = (asker.c.question_id == question_id) & (asker.c.account_id == account_id)
    before = connection.execute(select(asker.c.turn_id, asker.c.handed).where(mine)).first()
    if before is None:
        values = {"question_id": question_id, "account_id": account_id, "turn_id": turn_id, "handed": handed}
        connection.execute(insert(asker), values)
        return True
    connection.execute(update(asker).where(mine).values(turn_id=turn_id, handed=handed or before.handed))
    return bool(before.turn_id != turn_id)


def waits(connection: Connection, account_id: int, turn_id: int) -> bool:
    """Whether the person already asked for a reply to what they said in that turn."""
    row = connection.execute(
        select(asker.c.id).where(asker.c.account_id == account_id, asker.c.turn_id == turn_id, asker.c.handed)
    ).first()
    return row is not None


def satisfied(connection: Connection, account_id: int, turn_id: int, now: datetime) -> None:
    """The person got what they wanted after all: unless they asked for a person, do not count them."""
    mine = select(asker.c.id, asker.c.question_id).where(
        asker.c.account_id == account_id, asker.c.turn_id == turn_id, asker.c.handed.is_(False)
    )
    row = connection.execute(mine).first()
    if row is None:
        return
    # The question first, as `close` does: the other way round, two turns could wait for each other.
    connection.execute(select(question.c.id).where(question.c.id == row.question_id).with_for_update())
    if not affected(connection, delete(asker).where(asker.c.id == row.id)):
        return
    connection.execute(
        update(question).where(question.c.id == row.question_id).values(count=question.c.count - 1)
    )
    weeks = question_week.c
    this = (weeks.question_id == row.question_id) & (weeks.week == week_of(now)) & (weeks.count > 0)
    connection.execute(update(question_week).where(this).values(count=weeks.count - 1))
    used = select(proposal.c.question_id)
    gone = select(question.c.id).where(
        question.c.id == row.question_id,
        question.c.state == "open",
        question.c.count <= 0,
        question.c.id.not_in(used),
        question.c.id.not_in(select(asker.c.question_id)),
    )
    if connection.execute(gone).first() is not None:
        connection.execute(delete(question_week).where(weeks.question_id == row.question_id))
        connection.execute(delete(question).where(question.c.id == row.question_id))


def forget(connection: Connection, account_id: int, address: Address) -> None:
    """Forget who asked and who judged, for one account; questions and judgements stay, nobody's."""
    connection.execute(delete(asker).where(asker.c.account_id == account_id))
    mine = select(turn.c.id).where(
        turn.c.channel == address.channel, turn.c.bot == address.bot, turn.c.sender == address.sender
    )
    connection.execute(update(feedback).where(feedback.c.turn_id.in_(mine)).values(turn_id=None))


def waiting(
    connection: Connection, offset: int = 0, limit: int = 8, near: bool = False
) -> tuple[list[Asked], int]:
    """Open questions and how many there are: handed-over ones first, then the commonest.

    `near`: also those that were answered by what stands near them in the notice.
    """
    wanted = question.c.state == "open"
    if not near:
        wanted &= question.c.why != "near"
    total = connection.execute(select(func.count()).select_from(question).where(wanted)).scalar_one()
    first = case((question.c.why == "handed", 0), else_=1)
    rows = connection.execute(
        _ASKED.where(wanted)
        .order_by(first, question.c.count.desc(), question.c.last_at.desc(), question.c.id)
        .offset(offset)
        .limit(limit)
    )
    return [Asked(*row) for row in rows], int(total)


def open_ones(connection: Connection, handed: bool) -> list[tuple[int, str, str]]:
    """(id, normalised, as asked) of the questions that wait; those handed over only if they are wanted."""
    wanted = question.c.state == "open"
    if not handed:
        wanted &= question.c.why != "handed"
    rows = connection.execute(
        select(question.c.id, question.c.same, question.c.text).where(wanted).order_by(question.c.id)
    )
    return [(int(row.id), row.same, row.text) for row in rows]


def get(connection: Connection, question_id: int) -> Asked | None:
    """One question, whatever its state."""
    row = connection.execute(_ASKED.where(question.c.id == question_id)).first()
    return Asked(*row) if row else None


def doubts(connection: Connection, question_id: int) -> dict[str, int]:
    """How often each reason was given for disliking the answer to this question."""
    rows = connection.execute(
        select(feedback.c.reason, func.count())
        .join(question, question.c.same == feedback.c.same)
        .where(question.c.id == question_id, feedback.c.value == "down", feedback.c.reason.is_not(None))
        .group_by(feedback.c.reason)
    )
    return {reason: int(count) for reason, count in rows}


def close(
    connection: Connection, question_id: int, by: int, now: datetime, reply: str | None
) -> list[tuple[Address, bool]] | None:
    """Answer a question, or drop it without a reply; None when somebody else was quicker.

    Gives whom to tell (and whether they had asked for a person), and forgets them here and now:
    only the outbox still knows, until it is purged.
    """
    row = connection.execute(
        select(question.c.state).where(question.c.id == question_id).with_for_update()
    ).first()
    if row is None or row.state != "open":
        return None
    told = connection.execute(
        select(account.c.channel, account.c.bot, account.c.sender, asker.c.handed)
        .join(asker, asker.c.account_id == account.c.id)
        .where(asker.c.question_id == question_id)
        .order_by(asker.c.id)
    ).all()
    connection.execute(delete(asker).where(asker.c.question_id == question_id))
    state = "dropped" if reply is None else "answered"
    connection.execute(
        update(question)
        .where(question.c.id == question_id)
        .values(state=state, reply=reply, closed_at=now, closed_by=by)
    )
    audit.record(connection, now, by, f"question.{state}", f"question:{question_id}", told=len(told))
    return [(Address(r.channel, r.bot, r.sender), r.handed) for r in told]


def propose(
    connection: Connection,
    kind: str,
    about: Asked,
    by: int,
    now: datetime,
    entry: str | None = None,
    title: str | None = None,
    answer: str | None = None,
) -> int:
    """Keep a proposed change to the data files; it changes nothing by itself."""
    values = {"kind": kind, "question_id": about.id, "text": about.text, "entry": entry, "title": title}
    made = connection.execute(
        insert(proposal).values(**values, answer=answer, at=now, person_id=by).returning(proposal.c.id)
    ).scalar_one()
    audit.record(connection, now, by, "proposal.create", f"proposal:{made}", kind=kind, question=about.id)
    return int(made)


def proposals(connection: Connection) -> list[Proposal]:
    """Everything proposed so far, oldest first."""
    p = proposal.c
    rows = connection.execute(select(p.id, p.kind, p.text, p.entry, p.title, p.answer).order_by(p.id))
    return [Proposal(*row) for row in rows]
