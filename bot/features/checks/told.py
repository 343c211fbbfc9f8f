"""What was told for a check: of oneself kept with the person, of somebody else only in the conversation."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta

from bot.core.turn import Turn
from policy.calendar.quarters import local
from storage.data_kinds import kept_for
from storage.people import facts
from storage.people.facts import SELF, Told

OLD = timedelta(days=365)  # told longer ago than that, an answer is shown with its day


def known(turn: Turn) -> dict[str, Told]:
    """Return what is known of whom the check is about, read once a message."""
    found: dict[str, Told] = turn.once(f"facts {turn.memory.about}", lambda: _read(turn))
    return found


def _read(turn: Turn) -> dict[str, Told]:
    if turn.memory.about == SELF:
        return facts.known(turn.connection, turn.person_id)
    since = turn.now - kept_for("conversation")
    told = {name: Told(value, datetime.fromisoformat(at)) for name, (value, at) in turn.memory.told.items()}
    return {name: one for name, one in told.items() if one.at > since}


def keep(turn: Turn, fact: str, value: str) -> None:
    """Keep an answer in place of an earlier one; the same on the same day is kept already."""
    before = known(turn).get(fact)
    if before is not None and before.value == value and _day(before.at) == _day(turn.now):
        return
    known(turn)[fact] = Told(value, turn.now)
    if turn.memory.about == SELF:
        facts.remember(turn.connection, turn.person_id, fact, value, turn.now)
    else:
        turn.memory.told[fact] = [value, turn.now.isoformat()]


def _day(moment: datetime) -> date:
    return local(moment).date()


def forget(turn: Turn, names: Collection[str]) -> None:
    """Forget these answers of whom the check is about."""
    if turn.memory.about == SELF:
        facts.forget(turn.connection, turn.person_id, list(names))
    for name in names:
        turn.memory.told.pop(name, None)
    turn.read_again("facts")


def speak_of(turn: Turn, about: str) -> None:
    """From now on it is about this person: of another than oneself nothing is known yet."""
    turn.memory.about, turn.memory.told = about, {}
    turn.read_again("facts")


def old_of(turn: Turn, names: Collection[str]) -> dict[str, datetime]:
    """Return which of these answers were told long ago, and when."""
    before = turn.now - OLD
    return {name: one.at for name, one in known(turn).items() if name in names and one.at < before}
