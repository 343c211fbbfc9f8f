"""What is known, by button and by word: topics, entries, clauses to the letter, complaints."""

from __future__ import annotations

from bot.core.dialogs import dialog_manager
from bot.core.messages import Outgoing, Replies
from bot.core.security.flood import COMPLAINTS, RECEIPTS
from bot.core.turn import Turn
from bot.features.questions import answer as policy_answer
from bot.features.questions import complaint_limits, desk
from policy.calendar.quarters import local
from policy.reading.digits import whole_number
from storage.desk import complaints as kept_complaints
from storage.desk import settings


def _one(message: Outgoing | None) -> Replies:
    return [message] if message else None


def topics(turn: Turn) -> list[Outgoing]:
    """常见问题: the list of topics."""
    return topic(turn, "") or []


def topic(turn: Turn, argument: str) -> Replies:
    """Show the questions of one topic; the list of topics without a number."""
    number = whole_number(argument, longest=3)
    if argument and number is None:
        return None
    return _one(policy_answer.topics(turn, number))


def entry(turn: Turn, argument: str) -> Replies:
    """Answer with one entry."""
    return _one(policy_answer.entry(turn, argument))


def original(turn: Turn, argument: str) -> Replies:
    """Show an entry's clauses to the letter."""
    return _one(policy_answer.original(turn, argument))


def last_original(turn: Turn) -> list[Outgoing]:
    """看原文: of what was answered last."""
    found = policy_answer.original(turn, turn.memory.topic) if turn.memory.topic else None
    return [found or turn.say("messages.menu_hint")]


def clause(turn: Turn, argument: str) -> Replies:
    """Show one clause to the letter."""
    return _one(policy_answer.clause(turn, argument))


def complain(turn: Turn) -> list[Outgoing]:
    """Begin a complaint, unless there were too many today."""
    if turn.tally.is_full(COMPLAINTS, turn.talk.account_id, turn.now):
        return [turn.say("complaint/messages.full")]
    return dialog_manager.start(turn, "complaint")


def complaint_state(turn: Turn, receipt: str) -> list[Outgoing]:
    """How far the complaint of a number came: days and the answer, never its words."""
    if not turn.tally.take(RECEIPTS, turn.talk.account_id, turn.now):
        return [turn.say("complaint/messages.asked_often")]
    found = kept_complaints.by_receipt(turn.connection, receipt)
    if found is None:
        return [turn.say("complaint/messages.no_such", receipt=receipt)]
    limits = settings.get(turn.connection, complaint_limits.SETTING)
    due = complaint_limits.due(found.state, local(found.at).date(), limits)
    return [turn.say("complaint/state.j2", one=found, due=due)]


def complaints(turn: Turn) -> list[Outgoing]:
    """投诉线索: the office's list; for anybody else, writing one."""
    return desk.complaint_list(turn) if turn.office_role else complain(turn)
