"""退出并清除, for a borrowed phone."""

from __future__ import annotations

from bot.core.messages import Outgoing
from bot.core.turn import Turn
from storage import messages, publications, questions
from storage.people import facts


def clear(turn: Turn) -> list[Outgoing]:
    """Forget facts, what was said here, reminders asked for and subscriptions."""
    facts.forget(turn.connection, turn.person_id)
    turn.read_again("facts")
    questions.forget(turn.connection, turn.talk.account_id, turn.incoming.address)
    publications.unsubscribe(turn.connection, turn.talk.account_id, turn.person_id, turn.now)
    messages.forget_history(turn.connection, turn.incoming.address, turn.id)
    memory = turn.memory
    memory.asked = None
    memory.dialog, memory.parked, memory.topic, memory.about = None, {}, None, "self"
    turn.step()
    return [turn.say("cleared.j2", institutions=turn.institutions)]
