"""What people think of an answer, and handing a question to the office.

Buttons name the turn they stood under, and act only for whoever said something in that turn.
"""

from __future__ import annotations

import re

from bot.core.channel_limits import channel_of
from bot.core.dialogs import dialog_manager
from bot.core.messages import Outgoing
from bot.core.published import of_turn
from bot.core.turn import Turn
from bot.features.questions import answer as policy_answer
from bot.features.questions import queue as question_queue
from policy.answers.entries import Entry
from policy.calendar.quarters import local
from policy.index.relevance import perhaps_ours
from policy.reading.digits import whole_number
from policy.reading.text import normalise
from storage.desk import questions

REASONS = ("off", "unclear", "other")
OFFERED = 3
_ASKING = re.compile(r"^\s*问\s*[:：]\s*")


def note(turn: Turn, text: str, reply: policy_answer.Reply) -> None:
    """Remember a question for 转人工; queue it when it got no answer."""
    found = reply.found
    if found.kind == "answer" and (not reply.entries or not reply.entries[0].clauses):
        return  # a clause shown to the letter; small talk
    turn.memory.asked = (turn.id, reply.entries[0].id if found.kind == "answer" else "")
    if turn.office_role is not None:
        return  # whoever answers the queue does not fill it: most likely a command that was not understood
    count(turn, text, reply)
    if found.kind == "choose" or reply.unsure:  # until one of the three is picked; not recognised
        question_queue.put(turn, text, "unsure", turn.id)
    elif perhaps_ours(text, found, turn.corpus.index):
        question_queue.put(turn, text, "refused", turn.id)
    elif found.kind == "answer" and (entry := _unwritten(turn, reply)):
        question_queue.put_near(turn, text, entry)


def _unwritten(turn: Turn, reply: policy_answer.Reply) -> str:
    """The entry that could say no more than what stands near the question, and nothing was published on."""
    for entry, part in reply.told:
        if part.near(entry) and not part.group and not _published(turn, entry):
            return entry.id
    return ""


def _published(turn: Turn, entry: Entry) -> bool:
    """Whether something that the office published stands before the answer."""
    on = local(turn.now).date()
    return bool(entry.publishable and of_turn(turn)(entry.publishable, on))


def count(turn: Turn, text: str, reply: policy_answer.Reply) -> None:
    """Count by topic how deep a question was answered, without its words."""
    found, counted = reply.found, turn.counted
    if found.kind == "choose":
        counted.add("question", found.entries[0], "offered")
    elif found.kind == "refuse":
        ours = perhaps_ours(text, found, turn.corpus.index)
        counted.add("question", "", "refused" if ours else "other")
    for entry, part in reply.told if found.kind == "answer" else ():
        depth = "exact" if not part.near(entry) else "unsure" if part.kind == "unsure" else "near"
        if depth == "near" and _published(turn, entry):
            depth = "published"
        counted.add("question", entry.replaces or entry.id, depth)


def _asked(turn: Turn, turn_id: int, entry: str) -> str | None:
    """The words of a question of this person; None when the turn is not theirs (any more)."""
    said = questions.said_in(turn.connection, turn.incoming.address, turn_id)
    if said is None:
        return None
    held = turn.corpus.answers.get(entry, local(turn.now).date()) if entry else None
    if not said and held is not None:  # asked by pressing its title
        return held.title
    return _ASKING.sub("", said)


def _split(argument: str) -> tuple[int, str] | None:
    named, _, rest = argument.partition(":")
    number = whole_number(named)
    return None if number is None else (number, rest)


def _keep(turn: Turn, argument: str, value: str, reason: str | None = None) -> tuple[int, str, str] | None:
    """Remember a feedback; (turn, entry, question), or None when the button is not theirs."""
    place = _split(argument)
    if place is None or place[1] not in turn.corpus.answers.entries:
        return None
    text = _asked(turn, *place)
    if text is None:
        return None
    questions.keep_feedback(
        turn.connection, place[0], value, normalise(text), text, place[1], turn.now, reason
    )
    return (*place, text)


def up(turn: Turn, argument: str) -> list[Outgoing] | None:
    """👍."""
    kept = _keep(turn, argument, "up")
    if kept is None:
        return None
    questions.satisfied(turn.connection, turn.talk.account_id, kept[0], local(turn.now))
    turn.counted.add("feedback", kept[1], "up")
    return [turn.say("feedback/messages.thanks")]


def down(turn: Turn, argument: str) -> list[Outgoing] | None:
    """👎: the question goes to the office; one tap says what was wrong."""
    kept = _keep(turn, argument, "down")
    if kept is None:
        return None
    turn_id, entry, text = kept
    question_queue.put(turn, text, "disliked", turn_id, entry)
    turn.counted.add("feedback", entry, "down")
    return [turn.say("feedback/what.j2", turn_id=turn_id, entry=entry)]


def why(turn: Turn, argument: str) -> list[Outgoing] | None:
    """What was wrong with the answer."""
    reason, _, rest = argument.partition(":")
    kept = _keep(turn, rest, "down", reason) if reason in REASONS else None
    if kept is None:
        return None
    turn_id, entry, text = kept
    near = [e for e, _ in turn.corpus.index.rank(text)[: OFFERED + 1] if e != entry][:OFFERED]
    held = [e for e in (turn.corpus.answers.get(i, local(turn.now).date()) for i in near) if e is not None]
    offered = held if reason == "off" else []
    return [turn.say("feedback/why.j2", reason=reason, turn_id=turn_id, entries=offered)]


def pick(turn: Turn, argument: str) -> list[Outgoing] | None:
    """One of the choices offered: that is what the question meant."""
    kept = _keep(turn, argument, "pick")
    if kept is None:
        return None
    turn_id, entry, _ = kept
    questions.satisfied(turn.connection, turn.talk.account_id, turn_id, local(turn.now))
    said = policy_answer.entry(turn, entry)
    return [said] if said else None


def hand_over(turn: Turn) -> list[Outgoing]:
    """转人工: the last question goes to the office; without one it is asked for."""
    if turn.memory.asked is None:
        return dialog_manager.start(turn, "handover")
    turn_id, entry = turn.memory.asked
    return hand(turn, f"{turn_id}:{entry}") or dialog_manager.start(turn, "handover")


def hand(turn: Turn, argument: str) -> list[Outgoing] | None:
    """Hand the question of one turn to the office."""
    place = _split(argument)
    text = _asked(turn, *place) if place else None
    if place is None or not text:
        return None
    again = questions.waits(turn.connection, turn.talk.account_id, place[0])
    if not again and question_queue.is_full(turn):
        return [turn.say("feedback/messages.full")]
    if not again and not question_queue.put(turn, text, "handed", *place):
        return None
    pushes = channel_of(turn.incoming.address.channel).pushes
    return [turn.say("feedback/handed.j2", text=text, again=again, pushes=pushes)]
