"""Questions that wait, as the office works on several of them at once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, delete, func, select, update

from storage import audit
from storage.address import Address
from storage.schema.core import account
from storage.schema.questions import asker, feedback, proposal, question, question_week

STEP = 500  # ids in one statement


@dataclass(frozen=True)
class Waiting:
    """One open question; `asked`: how often, by ISO week."""

    id: int
    text: str
    why: str
    entry: str | None
    count: int
    first_at: datetime
    last_at: datetime
    asked: dict[str, int]


@dataclass(frozen=True)
class Closed:
    """One closed question, and who waited for word of it."""

    text: str
    told: list[tuple[Address, bool]]  # whether they had asked for a person


def waiting(connection: Connection, since: str, most: int) -> tuple[list[Waiting], int]:
    """Return the open questions, those handed over first and then the commonest, and how many there are.

    The weeks are those from `since` on.
    """
    c = question.c
    total = connection.execute(
        select(func.count()).select_from(question).where(c.state == "open")
    ).scalar_one()
    order = (case((c.why == "handed", 0), else_=1), c.count.desc(), c.last_at.desc(), c.id)
    rows = connection.execute(
        select(c.id, c.text, c.why, c.entry, c.count, c.first_at, c.last_at)
        .where(c.state == "open")
        .order_by(*order)
        .limit(most)
    ).all()
    w = question_week.c
    weeks: dict[int, dict[str, int]] = {}
    counted = select(w.question_id, w.week, w.count).join(question, c.id == w.question_id)
    for number, week, count in connection.execute(counted.where(c.state == "open", w.week >= since)):
        weeks.setdefault(int(number), {})[str(week)] = int(count)
    return [Waiting(*row, weeks.get(row.id, {})) for row in rows], int(total)


def texts(connection: Connection, ids: Collection[int]) -> dict[int, str]:
    """Return id → words of questions, whatever their state."""
    rows = connection.execute(
        select(question.c.id, question.c.text).where(question.c.id.in_(list(ids)[:STEP]))
    )
    return {int(row.id): row.text for row in rows}


def close(
    connection: Connection, ids: Collection[int], by: int, now: datetime, reply: str | None
) -> list[Closed]:
    """Answer, or drop without a reply, those of the questions that are still open.

    Who waited is told by the caller, and forgotten here and now.
    """
    wanted = list(dict.fromkeys(ids))
    found: list[Closed] = []
    for start in range(0, len(wanted), STEP):
        some = wanted[start : start + STEP]
        still = select(question.c.id, question.c.text).where(
            question.c.id.in_(some), question.c.state == "open"
        )
        open_ones = {
            int(r.id): r.text for r in connection.execute(still.order_by(question.c.id).with_for_update())
        }
        mine = asker.c.question_id.in_(open_ones)
        waited: dict[int, list[tuple[Address, bool]]] = {}
        for r in connection.execute(
            select(account.c.channel, account.c.bot, account.c.sender, asker.c.handed, asker.c.question_id)
            .join(asker, asker.c.account_id == account.c.id)
            .where(mine)
            .order_by(asker.c.id)
        ):
            waited.setdefault(r.question_id, []).append((Address(r.channel, r.bot, r.sender), r.handed))
        connection.execute(delete(asker).where(mine))
        state = "dropped" if reply is None else "answered"
        values = {"state": state, "reply": reply, "closed_at": now, "closed_by": by}
        connection.execute(update(question).where(question.c.id.in_(open_ones)).values(**values))
        for number, text in open_ones.items():
            told = waited.get(number, [])
            audit.record(connection, now, by, f"question.{state}", f"question:{number}", told=len(told))
            found.append(Closed(text, told))
    return found


def doubts(connection: Connection, ids: Collection[int]) -> dict[str, int]:
    """Return how often each reason was given for disliking the answers to these questions."""
    rows = connection.execute(
        select(feedback.c.reason, func.count())
        .join(question, question.c.same == feedback.c.same)
        .where(
            question.c.id.in_(list(ids)[:STEP]), feedback.c.value == "down", feedback.c.reason.is_not(None)
        )
        .group_by(feedback.c.reason)
    )
    return {str(reason): int(count) for reason, count in rows}


def proposed(connection: Connection, ids: Collection[int]) -> dict[int, str | None]:
    """Return question → the entry it was proposed for as a phrasing, None for a new entry."""
    p = proposal.c
    rows = connection.execute(
        select(p.question_id, p.entry).where(p.question_id.in_(list(ids)[:STEP])).order_by(p.id)
    )
    return {int(row.question_id): row.entry for row in rows}
