"""What only the office may do; a refusal is recorded."""

from __future__ import annotations

from bot.core.messages import Outgoing
from bot.core.turn import Turn
from storage import audit


def refused(turn: Turn, command: str) -> list[Outgoing] | None:
    """The words of a refusal, recorded; None for somebody who serves in the office."""
    if turn.office_role is not None:
        return None
    audit.record(turn.connection, turn.now, turn.person_id, "office.denied", "office:chat", command=command)
    return [turn.say("office/denied.j2")]
