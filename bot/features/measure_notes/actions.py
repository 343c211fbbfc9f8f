"""填报口径 in chat: what counts for each measure, read by those who report, set by the office."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from bot.core.dialogs import dialog_manager
from bot.core.dialogs.dialog_manager import begin
from bot.core.messages import Outgoing, Replies
from bot.core.turn import Turn
from policy.calendar.quarters import reporting_quarter
from policy.form.form import Measure
from policy.form.measure_notes import Piece, timeline
from storage.reports import prior_figures


def read(turn: Turn) -> list[Outgoing]:
    """口径: all that holds for the quarter that is being reported."""
    quarter = reporting_quarter(turn.now)
    if not turn.memberships:
        return [turn.say("note/messages.nobody")]
    said = prior_figures.notes_set(turn.connection)
    measures = turn.corpus.form_of(quarter).measures
    pieces = {m.id: timeline(said, m.id) for m in measures}
    holding = [(m, p) for m in measures for p in pieces[m.id] if p.holds(quarter)]
    later = [(m, p) for m in measures for p in pieces[m.id] if p.first > quarter]
    office = turn.office_role is not None
    return [turn.say("note/list.j2", quarter=quarter, holding=holding, later=later, office=office)]


def set_note(turn: Turn) -> list[Outgoing]:
    """设定口径: begin afresh."""
    return begin(turn, "note")


def ask_withdraw(turn: Turn, argument: str) -> Replies:
    """Ask whether a note is taken back: `<measure>:<note>:<its first quarter>`."""
    found = _aside(turn, argument)
    if found is None:
        return None
    measure, key = found
    piece = named(timeline(prior_figures.notes_set(turn.connection), measure.id), key)
    return [turn.say("note/withdraw.j2", measure=measure, piece=piece)]


def withdraw_note(turn: Turn, argument: str) -> Replies:
    """Take a note back, and show what holds now."""
    found = _aside(turn, argument)
    if found is None:
        return None
    measure, key = found
    gone = withdraw(turn.connection, measure.id, key, turn.person_id, turn.now)
    return [turn.say("note/messages.withdrawn", measure=measure, piece=gone), *read(turn)]


def _aside(turn: Turn, argument: str) -> tuple[Measure, str] | None:
    """Park what is open; (the measure named, the rest), None for no measure."""
    measure_id, _, key = argument.partition(":")
    measure = next((m for m in turn.corpus.form.measures if m.id == measure_id), None)
    if measure is None:
        return None
    dialog_manager.park(turn)
    turn.step()
    return measure, key


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
