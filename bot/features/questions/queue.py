"""Putting a question into the office's queue. Only masked words get there."""

from __future__ import annotations

from bot.core import input_limits
from bot.core.counting import Near
from bot.core.security.flood import HANDED, QUEUED
from bot.core.turn import Turn
from policy.calendar.quarters import local
from policy.reading.text import normalise
from storage.desk import questions


def put(turn: Turn, text: str, why: str, turn_id: int, entry: str | None = None) -> bool:
    """Queue what was asked in a turn.

    False when it holds no words, the office dropped it before, or there were too many today.
    """
    masked = input_limits.mask(turn.corpus.form, " ".join(text.split()))[0]
    same = normalise(masked)
    if not same:
        return False
    limit = HANDED if why == "handed" else QUEUED
    if not turn.tally.take(limit, turn.talk.account_id, turn.now):
        return False
    return questions.queue(
        turn.connection, same, masked, why, turn.talk.account_id, turn_id, local(turn.now), entry or None
    )


def put_near(turn: Turn, text: str, entry: str) -> None:
    """Keep for the office what was answered by what stands near it, with nobody to tell."""
    masked = input_limits.mask(turn.corpus.form, " ".join(text.split()))[0]
    same = normalise(masked)
    if same and turn.tally.take(QUEUED, turn.talk.account_id, turn.now):
        turn.counted.near.append(Near(same, masked, entry))


def is_full(turn: Turn) -> bool:
    """Whether no more can be handed over today, by this visitor or by anybody."""
    return turn.tally.is_full(HANDED, turn.talk.account_id, turn.now)
