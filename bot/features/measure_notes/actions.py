"""填报口径 in chat: what counts for each measure, read by those who report, set by the office."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from bot.core import dialog_manager
from bot.core.dialog_manager import begin
from bot.core.messages import Outgoing
from bot.core.permissions import refused
from bot.core.turn import Turn
from policy.calendar.quarters import reporting_quarter
from policy.form.form import form
from policy.form.measure_notes import Piece, timeline
from storage.reports import prior_figures

Replies = list[Outgoing] | None


def read(turn: Turn) -> list[Outgoing]:
    """口径: all that holds for the quarter that is being reported."""
    quarter = reporting_quarter(turn.now)
    if not turn.memberships:
        return [turn.say("note/nobody.j2")]
    said = prior_figures.notes_set(turn.connection)
    pieces = {m.id: timeline(said, m.id) for m in form().measures}
    holding = [(m, p) for m in form().measures for p in pieces[m.id] if p.holds(quarter)]
    later = [(m, p) for m in form().measures for p in pieces[m.id] if p.first > quarter]
    office = turn.office_role is not None
    return [turn.say("note/list.j2", quarter=quarter, holding=holding, later=later, office=office)]


def act(turn: Turn, argument: str) -> Replies:
    """A button of the office: `new`, `l` (the list), `w:…` asks whether to take one back, `W:…` does.

    … is `<measure>:<note>:<its first quarter>`.
    """
    what, _, rest = argument.partition(":")
    if denied := refused(turn, f"note.{what}"):
        return denied
    if what == "new":
        return begin(turn, "note")
    if what == "l":
        return read(turn)
    if what not in ("w", "W"):
        return None
    measure_id, _, key = rest.partition(":")
    measure = next((m for m in form().measures if m.id == measure_id), None)
    if measure is None:
        return None
    dialog_manager.park(turn)
    turn.step()
    if what == "w":
        piece = named(timeline(prior_figures.notes_set(turn.connection), measure.id), key)
        return [turn.say("note/withdraw.j2", measure=measure, piece=piece)]
    gone = withdraw(turn.connection, measure.id, key, turn.person_id, turn.now)
    return [turn.say("note/withdrawn.j2", measure=measure, piece=gone), *read(turn)]


def named(pieces: list[Piece], key: str) -> Piece | None:
    """The piece that a button `<note>:<its first quarter>` means; None when it holds no more."""
    return next((p for p in pieces if f"{p.note_id}:{p.first}" == key), None)


def withdraw(connection: Connection, measure_id: str, key: str, by: int, now: datetime) -> Piece | None:
    """Take a note back for the quarters in which it holds; None when it does not (any more)."""
    piece = named(timeline(prior_figures.notes_set(connection), measure_id), key)
    if piece is not None:
        until = str(piece.last) if piece.last else None
        prior_figures.keep_note(connection, measure_id, "", str(piece.first), until, by, now)
    return piece
