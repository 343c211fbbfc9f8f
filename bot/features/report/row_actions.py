"""Rows taken out of a draft, or the whole quarter made zero: asked first, then done."""

from __future__ import annotations

from bot.core import dialog_manager
from bot.core.messages import Outgoing
from bot.core.turn import Turn
from bot.features.report.actions import place_in
from bot.features.report.uploads import Place
from storage.reports import drafts, reports

Replies = list[Outgoing] | None


def ask_removal(turn: Turn, place: Place, occupation: str) -> Replies:
    """Whether the row is really to go; None when there is none."""
    snapshot = reports.snapshot(turn.connection, *place)
    if occupation not in snapshot.rows:
        return None
    explained = any(name == occupation for name, _ in snapshot.explanations)
    data = {"occupation": occupation, "explained": explained, "submitted": snapshot.latest is not None}
    return [turn.say("report/remove.j2", place=f"{place[0]}:{place[1]}", **data)]


def ask_zero(turn: Turn, place: Place) -> Replies:
    """Whether everything filled in is to give way to 本季度无培训; None without a draft that has rows."""
    snapshot = reports.snapshot(turn.connection, *place)
    if snapshot.draft is None or not snapshot.rows:
        return None
    data = {"rows": list(snapshot.rows), "version": snapshot.draft.version}
    return [turn.say("report/zero.j2", place=f"{place[0]}:{place[1]}", **data)]


def press(turn: Turn, name: str, argument: str) -> Replies:
    """A button: `rm` asks, `rmy` removes the row, `zeroy` reports zero when the draft is as it was seen."""
    found = place_in(turn, argument)
    if found is None:
        return None
    place, rest = found
    if name == "rm":
        return ask_removal(turn, place, rest)
    draft = reports.snapshot(turn.connection, *place).draft
    if draft is None:
        return None
    if name == "rmy":
        if not drafts.remove_occupation(turn.connection, draft, rest, turn.person_id, turn.now):
            return None
        said = turn.say("report/removed.j2", occupation=rest)
    else:
        if str(draft.version) != rest:
            return None
        drafts.set_nothing_to_report(turn.connection, draft, turn.person_id, turn.now)
        said = turn.say("report/zeroed.j2")
    given = {"institution": str(place[0]), "quarter": place[1]}
    return [said, *dialog_manager.start(turn, "report", given)]
