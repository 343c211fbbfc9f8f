"""What a lead does: see what waits, look at a table, confirm it or send it back."""

from __future__ import annotations

from bot.core import dialog_manager
from bot.core.messages import Outgoing
from bot.core.turn import Turn
from bot.features.report.lead import review as lead_review_requests
from storage.reports import lead_review
from storage.reports.lead_review import Review

Replies = list[Outgoing] | None
SHOWN = 3  # tables in one reply


def _leads(turn: Turn, review: Review) -> bool:
    return any(m.role == "lead" and m.institution_id == review.institution_id for m in turn.institutions)


def waiting(turn: Turn) -> list[Outgoing]:
    """复核: what waits for this lead."""
    led = [m.institution_id for m in turn.institutions if m.role == "lead" and m.institution_id]
    if not led:
        return [turn.say("lead/no_lead.j2")]
    found = lead_review.waiting(turn.connection, led)
    if not found:
        return [turn.say("lead/none.j2")]
    return [lead_review_requests.table(turn, review) for review in found[:SHOWN]]


def act(turn: Turn, argument: str) -> Replies:
    """A button: `ok:<review>` or `no:<review>`; only a lead's, and only while the draft is as it was."""
    what, _, number = argument.partition(":")
    if what == "l":
        return waiting(turn)
    if not (number.isascii() and number.isdigit() and len(number) < 16):
        return None
    review = lead_review.get(turn.connection, int(number))
    if review is None or not _leads(turn, review):
        return None
    if review.state != "open" or not review.current:
        return [lead_review_requests.gone(turn, review)]
    if what == "no":
        return dialog_manager.start(turn, "lead", {"review": review.id})
    return lead_review_requests.decide(turn, review.id, None) if what == "ok" else None
