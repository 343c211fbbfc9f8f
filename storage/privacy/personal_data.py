"""All that is kept about one person, by the kinds of `data_kinds`: read, withdrawn, erased."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, delete, func, or_, select, tuple_, update

from storage import audit
from storage.address import Address
from storage.connections.statement import affected
from storage.conversations import messages
from storage.schema import core, office
from storage.schema.cards import card
from storage.schema.contact import account_link, attachment, received_file
from storage.schema.core import (
    account,
    code_attempt,
    conversation,
    download,
    fact,
    institution,
    invite,
    later,
    membership,
    notice_consent,
    outbox,
    person,
    report,
    revision,
    turn,
)
from storage.schema.questions import asker, feedback, question, subscription

Rows = list[dict[str, Any]]


def collect(connection: Connection, person_id: int) -> dict[str, Rows]:
    """Return everything kept about a person: kind → rows of plain values, oldest first.

    Complaints are nobody's, so they are not found; telephone numbers stay encrypted.
    """
    mine = _accounts(person_id)

    def read(statement: Select[Any]) -> Rows:
        return [dict(row._mapping) for row in connection.execute(statement)]

    def theirs(table: Table, *columns: ColumnElement[Any], order: ColumnElement[Any]) -> Rows:
        return read(select(*columns).where(table.c.person_id == person_id).order_by(order))

    return {
        "conversation": _conversation(connection, person_id),
        "unfinished": read(
            select(account.c.channel, conversation.c.state, conversation.c.updated_at)
            .join(conversation, conversation.c.account_id == account.c.id)
            .where(account.c.person_id == person_id)
            .order_by(account.c.id)
        ),
        "results": theirs(fact, fact.c.about, fact.c.fact, fact.c.value, fact.c.at, order=fact.c.at),
        "cards": theirs(
            card, card.c.number, card.c.subject, card.c.day, card.c.record, card.c.saved_at, order=card.c.id
        ),
        "reminders": read(
            select(later.c.channel, later.c.due_at, later.c.body)
            .where(_addressed(later, person_id))
            .order_by(later.c.due_at)
        ),
        "subscriptions": read(
            select(subscription.c.occupation, subscription.c.at)
            .where(subscription.c.account_id.in_(mine))
            .order_by(subscription.c.id)
        ),
        "feedback": read(
            select(feedback.c.at, feedback.c.value, feedback.c.reason, feedback.c.text, feedback.c.entry)
            .where(feedback.c.turn_id.in_(_turns(person_id)))
            .order_by(feedback.c.id)
        ),
        "questions": read(
            select(question.c.text, asker.c.handed)
            .join(asker, asker.c.question_id == question.c.id)
            .where(asker.c.account_id.in_(mine))
            .order_by(asker.c.id)
        ),
        "profile": read(
            select(person.c.name, person.c.telephone, person.c.created_at).where(person.c.id == person_id)
        ),
        "files": theirs(
            received_file,
            received_file.c.name,
            received_file.c.media,
            received_file.c.size,
            received_file.c.at,
            order=received_file.c.id,
        ),
        "accounts": read(
            select(account.c.channel, account.c.sender, account.c.created_at)
            .where(account.c.person_id == person_id)
            .order_by(account.c.id)
        ),
        "notices": read(
            select(account.c.channel, notice_consent.c.agreed, notice_consent.c.at, notice_consent.c.day)
            .join(account, account.c.id == notice_consent.c.account_id)
            .where(account.c.person_id == person_id)
            .order_by(account.c.id)
        ),
        "links": theirs(
            account_link,
            account_link.c.created_at,
            account_link.c.expires_at,
            account_link.c.used_at,
            order=account_link.c.id,
        ),
        "refused_codes": read(
            select(code_attempt.c.at).where(code_attempt.c.account_id.in_(mine)).order_by(code_attempt.c.id)
        ),
        "roles": read(
            select(
                membership.c.role,
                institution.c.name.label("institution"),
                membership.c.district,
                membership.c.from_at,
                membership.c.revoked_at,
            )
            .outerjoin(institution, institution.c.id == membership.c.institution_id)
            .where(membership.c.person_id == person_id)
            .order_by(membership.c.id)
        ),
        "used_codes": read(
            select(invite.c.role, invite.c.used_at).where(invite.c.used_by == person_id).order_by(invite.c.id)
        ),
        "reminded": theirs(
            core.reminder,
            core.reminder.c.quarter,
            core.reminder.c.kind,
            core.reminder.c.at,
            order=core.reminder.c.id,
        ),
        "sessions": theirs(
            office.office_session,
            office.office_session.c.created_at,
            office.office_session.c.seen_at,
            office.office_session.c.ended_at,
            order=office.office_session.c.id,
        ),
        "reports": read(
            select(
                institution.c.name.label("institution"),
                report.c.quarter,
                revision.c.number,
                revision.c.state,
                revision.c.receipt,
                revision.c.started_at,
                revision.c.submitted_at,
                revision.c.filled_by,
                revision.c.telephone,
            )
            .join(report, report.c.id == revision.c.report_id)
            .join(institution, institution.c.id == report.c.institution_id)
            .where(revision.c.submitted_by == person_id)
            .order_by(revision.c.id)
        ),
        "attachments": theirs(
            attachment,
            attachment.c.kind,
            attachment.c.name,
            attachment.c.media,
            attachment.c.size,
            attachment.c.at,
            order=attachment.c.at,
        ),
        "audit": theirs(
            core.audit,
            core.audit.c.at,
            core.audit.c.action,
            core.audit.c.subject,
            order=core.audit.c.id,
        ),
    }


def has_submitted(connection: Connection, person_id: int) -> bool:
    """Tell whether a report that the person submitted stands."""
    found = select(revision.c.id).where(revision.c.submitted_by == person_id).limit(1)
    return connection.execute(found).first() is not None


def withdraw(
    connection: Connection, person_id: int, now: datetime, by_operator: bool = False
) -> dict[str, int]:
    """Delete what rests on consent: kind → how many rows went. That it was done is recorded.

    Judgements of answers stay, nobody's. `by_operator`: at the command line, for the person.
    """
    mine = _accounts(person_id)
    gone = {
        "results": affected(connection, delete(fact).where(fact.c.person_id == person_id)),
        "cards": affected(connection, delete(card).where(card.c.person_id == person_id)),
        "reminders": affected(connection, delete(later).where(_addressed(later, person_id)))
        + affected(connection, delete(notice_consent).where(notice_consent.c.account_id.in_(mine))),
        "subscriptions": affected(
            connection, delete(subscription).where(subscription.c.account_id.in_(mine))
        ),
        "feedback": affected(
            connection,
            update(feedback).where(feedback.c.turn_id.in_(_turns(person_id))).values(turn_id=None),
        ),
    }
    by = None if by_operator else person_id
    audit.record(connection, now, by, "data.withdraw", f"person:{person_id}")
    return gone


def erase(
    connection: Connection,
    person_id: int,
    now: datetime,
    here: Address | None = None,
    keep_turn: int = 0,
    by_operator: bool = False,
) -> None:
    """Delete everything `data_kinds` says can be erased, on all channels; the audit names no content.

    Submitted revisions stay as they were sent, roles and accounts stay in force. Of the turn
    under way, `keep_turn`, and the conversation `here` the caller holds the memory. What nobody
    has seen yet is still delivered. `by_operator`: as `withdraw` says.
    """
    withdraw(connection, person_id, now, by_operator)
    mine = _accounts(person_id)
    connection.execute(delete(asker).where(asker.c.account_id.in_(mine)))
    connection.execute(delete(received_file).where(received_file.c.person_id == person_id))
    connection.execute(delete(download).where(_addressed(download, person_id)))
    connection.execute(update(person).where(person.c.id == person_id).values(name=None, telephone=None))
    _unsign_drafts(connection, person_id)
    _withhold_signatures(connection, person_id)
    rows = connection.execute(
        select(account.c.id, account.c.channel, account.c.bot, account.c.sender)
        .where(account.c.person_id == person_id)
        .order_by(account.c.id)
    ).all()
    for row in rows:
        address = Address(row.channel, row.bot, row.sender)
        messages.forget_history(connection, address, keep_turn)
        if address != here:
            connection.execute(
                update(conversation)
                .where(conversation.c.account_id == row.id)
                .values(state={}, serial=conversation.c.serial + 1, updated_at=now)
            )
    if by_operator:
        audit.record(connection, now, None, "data.forget", f"person:{person_id}")
    else:
        audit.record(connection, now, person_id, "data.erase", f"person:{person_id}")


@dataclass(frozen=True)
class Deletion:
    """That somebody's data were deleted. `created_at` tells the person from one who got the number later."""

    at: datetime
    person_id: int
    created_at: datetime
    kind: str  # erase or withdraw


_DELETIONS = {"data.erase": "erase", "data.forget": "erase", "data.withdraw": "withdraw"}


def deletions(connection: Connection) -> list[Deletion]:
    """Return every deletion there was, oldest first."""
    rows = connection.execute(
        select(core.audit.c.at, core.audit.c.subject, core.audit.c.action)
        .where(core.audit.c.action.in_(_DELETIONS))
        .order_by(core.audit.c.id)
    ).all()
    whose = [int(row.subject.partition(":")[2]) for row in rows]
    born = {
        row.id: row.created_at
        for row in connection.execute(select(person.c.id, person.c.created_at).where(person.c.id.in_(whose)))
    }
    return [
        Deletion(row.at, who, born[who], _DELETIONS[row.action])
        for row, who in zip(rows, whose, strict=True)
        if who in born
    ]


def repeat(connection: Connection, one: Deletion, now: datetime) -> bool:
    """Delete again what came back with a restored backup; False when the person is not there."""
    born = connection.execute(select(person.c.created_at).where(person.c.id == one.person_id)).scalar()
    if born != one.created_at:
        return False
    if one.kind == "erase":
        erase(connection, one.person_id, now, by_operator=True)
    else:
        withdraw(connection, one.person_id, now, by_operator=True)
    return True


def _unsign_drafts(connection: Connection, person_id: int) -> None:
    """Take name and number off what was never submitted: a correction copies them from the form before.

    They are written anew when it is submitted, so a colleague's draft loses nothing.
    """
    sent = revision.alias("sent")
    signed = select(sent.c.report_id).where(sent.c.submitted_by == person_id)
    connection.execute(
        update(revision)
        .where(
            revision.c.state.in_(("draft", "discarded")),
            or_(revision.c.started_by == person_id, revision.c.report_id.in_(signed)),
        )
        .values(filled_by=None, telephone=None)
    )


def _withhold_signatures(connection: Connection, person_id: int) -> None:
    """Of submitted forms, which are never altered, show name and number on the official form only.

    What the office typed in bears somebody else's name than that of who sent it.
    """
    typed_in = select(office.on_behalf.c.revision_id)
    mine = (revision.c.submitted_by == person_id) & revision.c.id.not_in(typed_in)
    connection.execute(update(revision).where(mine).values(withheld=True))


def _accounts(person_id: int) -> Select[Any]:
    return select(account.c.id).where(account.c.person_id == person_id)


def _addressed(table: Table, person_id: int) -> ColumnElement[bool]:
    """Rows that belong to one of the person's addresses."""
    addresses = select(account.c.channel, account.c.bot, account.c.sender)
    mine = addresses.where(account.c.person_id == person_id)
    return tuple_(table.c.channel, table.c.bot, table.c.sender).in_(mine)


def _turns(person_id: int) -> Select[Any]:
    return select(turn.c.id).where(_addressed(turn, person_id))


def _shown(text: str) -> str:
    """The words of a message; a code that it gave is nobody's to keep."""
    return text.replace(messages.SEALED_HERE, "●●●●●")


def _conversation(connection: Connection, person_id: int) -> Rows:
    """What was said on both sides, by channel and time; what was forgotten is left out."""
    said = select(turn.c.channel, turn.c.at, turn.c.said, turn.c.id).where(
        _addressed(turn, person_id), turn.c.said.is_not(None)
    )
    ours = select(outbox.c.channel, outbox.c.created_at, outbox.c.body, outbox.c.id).where(
        _addressed(outbox, person_id), func.coalesce(outbox.c.failed, "") != messages.DROPPED
    )
    lines = [
        ((row.at, 0, row.id), {"at": row.at, "channel": row.channel, "you": row.said})
        for row in connection.execute(said)
    ]
    lines += [
        (
            (row.created_at, 1, row.id),
            {"at": row.created_at, "channel": row.channel, "we": _shown(row.body["text"])},
        )
        for row in connection.execute(ours)
        if row.body
    ]
    return [line for _, line in sorted(lines, key=lambda pair: pair[0])]
