"""Rows taken out of a draft, or the whole quarter made zero: asked first, then done."""

from __future__ import annotations

from bot.core.dialogs import dialog_manager
from bot.core.messages import Replies
from bot.core.turn import Turn
from bot.features.report.actions import place_in
from bot.features.report.context import Place
from bot.features.report.editing import idle_rows
from policy.reading.digits import whole_number
from storage.reports import drafts, reports


def ask_removal(turn: Turn, place: Place, occupation: str) -> Replies:
    """Whether the row is really to go; None when there is none."""
    snapshot = reports.snapshot(turn.connection, *place)
    if occupation not in snapshot.rows:
        return None
    explained = any(name == occupation for name, _ in snapshot.explanations)
    data = {"occupation": occupation, "explained": explained, "submitted": snapshot.latest is not None}
    return [turn.say("report/messages.remove", place=f"{place[0]}:{place[1]}", **data)]


def ask_zero(turn: Turn, place: Place) -> Replies:
    """Whether everything filled in is to give way to 本季度无培训; None without a draft that has rows."""
    snapshot = reports.snapshot(turn.connection, *place)
    if snapshot.draft is None or not snapshot.rows:
        return None
    data = {"rows": list(snapshot.rows), "version": snapshot.draft.version}
    return [turn.say("report/messages.zero", place=f"{place[0]}:{place[1]}", **data)]


def press(name: str, turn: Turn, argument: str) -> Replies:
    """Press a button about rows.

    `remove` asks, `remove.sure` removes the row, `idle.sure` makes it zero for 无业务, `zero.sure`
    reports zero when the draft is as it was seen.
    """
    found = place_in(turn, argument)
    if found is None:
        return None
    place, rest = found
    if name == "remove":
        return ask_removal(turn, place, rest)
    draft = reports.snapshot(turn.connection, *place).draft
    if draft is None:
        return None
    if name == "remove.sure":
        if not drafts.remove_occupation(turn.connection, draft, rest, turn.person_id, turn.now):
            return None
        said = turn.say("report/messages.removed", occupation=rest)
    elif name == "idle.sure":
        if not idle_rows.make_idle(turn, place, draft, rest):
            return None
        said = turn.say("report/idle.j2", occupation=rest)
    else:
        if str(draft.version) != rest:
            return None
        drafts.set_nothing_to_report(turn.connection, draft, turn.person_id, turn.now)
        said = turn.say("report/messages.zeroed")
    given = {"institution": str(place[0]), "quarter": place[1]}
    return [said, *dialog_manager.start(turn, "report", given)]


def row(turn: Turn, argument: str) -> Replies:
    """Show one row's cells, each a button to change it."""
    found = place_in(turn, argument)
    if found is None:
        return None
    (institution, quarter), occupation = found
    rows = reports.snapshot(turn.connection, institution, quarter).rows
    if occupation not in rows:
        return None
    data = {"occupation": occupation, "row": rows[occupation], "form": turn.corpus.form_of(quarter)}
    return [turn.say("report/change_row.j2", place=f"{institution}:{quarter}", **data)]


def cell(turn: Turn, argument: str) -> Replies:
    """Ask one cell anew: `<institution>:<quarter>:<occupation>/<number of the measure>`."""
    found = place_in(turn, argument)
    if found is None:
        return None
    (institution, quarter), rest = found
    occupation, _, digit = rest.partition("/")
    measures = turn.corpus.form_of(quarter).measures
    position = whole_number(digit, longest=2)
    if position is None or position >= len(measures):
        return None
    given = {"institution": str(institution), "quarter": quarter}
    return dialog_manager.start(turn, "report", given, revisit=f"{occupation}/{measures[position].id}")
