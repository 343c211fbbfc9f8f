"""我的账号: one person on several channels."""

from __future__ import annotations

from bot.core import notify, paging
from bot.core.messages import Outgoing, Replies
from bot.core.render import render
from bot.core.security import browser_link
from bot.core.turn import Turn
from bot.features.people import login_word
from storage.conversations import messages
from storage.people import accounts, contacts, people


def mine(turn: Turn) -> list[Outgoing]:
    """我的账号: the channels a person uses."""
    return [
        turn.say(
            "account/list.j2",
            accounts=accounts.of_person(turn.connection, turn.person_id),
            here=turn.talk.account_id,
            minutes=int(accounts.LINK_LIVES.total_seconds() // 60),
        )
    ]


def code(turn: Turn) -> list[Outgoing]:
    """换个渠道: a one-time code to send there."""
    where = (turn.keys.codes, turn.person_id, turn.now, turn.talk.account_id)
    made, expires = accounts.create_link(turn.connection, *where)
    return [turn.say("account/messages.code", code=made, expires=expires, roles=turn.memberships)]


def browser(turn: Turn) -> list[Outgoing]:
    """网页: a link by which a browser is the same person, where files can be sent and sheets filled in."""
    owner = browser_link.Owner(turn.person_id, turn.talk.account_id)
    link = browser_link.make(turn.connection, turn.keys.codes, owner, turn.now, turn.url)
    return [turn.say("account/messages.browser", url=link.url, minutes=link.minutes)]


def recovery(turn: Turn) -> list[Outgoing]:
    """恢复码: a code for paper, to come back with when the browser's memory is lost."""
    if login_word.is_needed(turn) and turn.office_role is not None:
        return login_word.prove(turn)
    where = (turn.keys.codes, turn.person_id, turn.now, turn.talk.account_id)
    made, expires = accounts.create_link(turn.connection, *where, recovery=True)
    return [turn.say("pin/messages.recovery", code=made, expires=expires)]


def join(turn: Turn, typed: str) -> Replies:
    """Use such a code here; None when it is none. Whoever made it hears of it everywhere else."""
    if people.slow_until(turn.connection, turn.talk.account_id, turn.now):
        return None
    person_id = accounts.use_link(
        turn.connection, turn.keys.codes, turn.now, turn.talk.account_id, turn.person_id, typed
    )
    if person_id is None:
        return None
    if isinstance(person_id, people.CodeRefused):
        return [turn.say("account/refused.j2", reason=person_id.reason, roles=turn.memberships)]
    if person_id == turn.person_id:
        return [turn.say("pin/messages.proved", office=turn.office_role is not None)]
    turn.talk.person_id = person_id
    turn.forget_roles()
    turn.read_again("")
    told = turn.say("account/messages.told").body()
    here = turn.incoming.address
    for address in people.addresses(turn.connection, person_id):
        if address != here:
            messages.enqueue(turn.connection, address, [told], turn.now)
    _tell_heads(turn)
    return [turn.say("account/joined.j2", institutions=turn.institutions)]


def _tell_heads(turn: Turn) -> None:
    """A channel more for somebody of the office: the other heads may know that it was not they."""
    mine = turn.office_role
    if mine is None:
        return
    heads = [c.person_id for c in contacts.office(turn.connection) if c.role == "head"]
    message = render(
        "account/messages.heads",
        role=mine.role,
        name=people.profile(turn.connection, mine.person_id).name,
        channel=turn.incoming.address.channel,
        at=turn.now,
    )
    notify.tell_people(turn.connection, [h for h in heads if h != mine.person_id], message, turn.now)


def drop(turn: Turn, argument: str) -> Replies:
    """Part one of the person's other channels from them."""
    account = paging.number(argument)
    gone = account != turn.talk.account_id and accounts.leave(
        turn.connection, turn.person_id, account, turn.now
    )
    return [turn.say("account/messages.dropped")] if gone else mine(turn)
