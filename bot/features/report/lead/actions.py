"""What a lead does: see what waits, look at a table, confirm it or send it back."""

from __future__ import annotations

from bot.core import paging
from bot.core.dialogs import dialog_manager
from bot.core.messages import Outgoing, Replies
from bot.core.turn import Turn
from bot.features.report.lead import review as lead_review_requests
from storage.reports import lead_review
from storage.reports.lead_review import Review

SHOWN = 3  # tables in one reply


def _leads(turn: Turn, review: Review) -> bool:
    return any(m.role == "lead" and m.institution_id == review.institution_id for m in turn.institutions)


def waiting(turn: Turn) -> list[Outgoing]:
    """复核: what waits for this lead."""
    led = [m.institution_id for m in turn.institutions if m.role == "lead" and m.institution_id]
    if not led:
        return [turn.say("lead/messages.no_lead")]
    found = lead_review.waiting(turn.connection, led)
    if not found:
        return [turn.say("lead/messages.nothing_to_review")]
    return [lead_review_requests.table(turn, review) for review in found[:SHOWN]]


def _open(turn: Turn, argument: str) -> Review | None:
    review = lead_review.get(turn.connection, paging.number(argument))
    return review if review is not None and _leads(turn, review) else None


def confirm(turn: Turn, argument: str) -> Replies:
    """Confirm a table, while the draft is as the lead saw it."""
    review = _open(turn, argument)
    if review is None:
        return None
    if review.state != "open" or not review.current:
        return [lead_review_requests.gone(turn, review)]
    return lead_review_requests.decide(turn, review.id, None)


def send_back(turn: Turn, argument: str) -> Replies:
    """Ask why a table goes back, while the draft is as the lead saw it."""
    review = _open(turn, argument)
    if review is None:
        return None
    if review.state != "open" or not review.current:
        return [lead_review_requests.gone(turn, review)]
    return dialog_manager.start(turn, "lead", {"review": review.id})
