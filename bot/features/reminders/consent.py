"""Whether a contact wants notices when nothing else reaches them: asked once, stopped in one tap."""

from __future__ import annotations

from bot.core.messages import Outgoing
from bot.core.turn import Turn
from storage.conversations import notices


def _are_sent(turn: Turn) -> bool:
    """Whether this account of ours sends notices."""
    address = turn.incoming.address
    return notices.are_sent(turn.connection, address.channel, address.bot)


def offer(turn: Turn) -> Outgoing | None:
    """Ask a contact once; saying nothing is a no."""
    if not turn.institutions or not _are_sent(turn):
        return None
    if notices.answered(turn.connection, turn.talk.account_id) is not None:
        return None
    notices.answer(turn.connection, turn.talk.account_id, False, turn.now)
    return turn.say("reminders/messages.offer", most=notices.MOST_A_QUARTER)


def show(turn: Turn) -> list[Outgoing]:
    """Say what is agreed, with the way to the other."""
    if not _are_sent(turn):
        return [turn.say("reminders/messages.unavailable")]
    agreed = bool(notices.answered(turn.connection, turn.talk.account_id))
    return [turn.say("reminders/messages.state", agreed=agreed, most=notices.MOST_A_QUARTER)]


def agree(turn: Turn) -> list[Outgoing]:
    """Send notices from now on."""
    if not _are_sent(turn):
        return [turn.say("reminders/messages.unavailable")]
    notices.answer(turn.connection, turn.talk.account_id, True, turn.now)
    return [turn.say("reminders/messages.agreed", most=notices.MOST_A_QUARTER)]


def stop(turn: Turn) -> list[Outgoing]:
    """Send none any more."""
    notices.answer(turn.connection, turn.talk.account_id, False, turn.now)
    return [turn.say("reminders/messages.stopped")]
