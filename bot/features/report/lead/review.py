"""内部复核: asking the institution's lead, and what the lead answers. Submitting never waits for it."""

from __future__ import annotations

from bot.core import notify
from bot.core.messages import Outgoing
from bot.core.turn import Turn
from storage.institutions import institutions
from storage.reports import lead_review, reports
from storage.reports.lead_review import Review
from storage.reports.reports import Snapshot, VersionConflict


def leads_of(turn: Turn, institution_id: int) -> list[int]:
    """The institution's leads, but for oneself: person ids."""
    return [p for p in lead_review.leads(turn.connection, institution_id) if p != turn.person_id]


def ask(turn: Turn, snapshot: Snapshot) -> list[Outgoing]:
    """Ask every lead but oneself to look at the draft as it stands; it is complete."""
    draft = snapshot.draft
    leads = leads_of(turn, snapshot.institution_id)
    if draft is None or not leads:
        return [turn.say("lead/messages.nobody", institution_id=snapshot.institution_id)]
    made = lead_review.ask(turn.connection, draft, turn.person_id, turn.now)
    review = lead_review.get(turn.connection, made)
    if review is None:
        raise LookupError("no such review")
    told = notify.tell_people(turn.connection, leads, table(turn, review), turn.now)
    place = f"{snapshot.institution_id}:{snapshot.quarter}"
    return [turn.say("lead/messages.asked", pushed=told.pushed, place=place)]


def table(turn: Turn, review: Review) -> Outgoing:
    """The table a lead looks at, with what can be said to it."""
    snapshot = reports.snapshot(turn.connection, review.institution_id, review.quarter)
    form = turn.corpus.form_of(review.quarter)
    return turn.say(
        "lead/look.j2",
        review=review,
        institution=institutions.get(turn.connection, review.institution_id).name,
        names=form.occupation_order(list(snapshot.rows)),
        snapshot=snapshot,
        form=form,
        explained=[(o, words) for (o, _), words in snapshot.explanations.items()],
    )


def may_decide(turn: Turn, review_id: int) -> bool:
    """Whether this person is a lead of the institution whose draft it is."""
    review = lead_review.get(turn.connection, review_id)
    led = {m.institution_id for m in turn.institutions if m.role == "lead"}
    return review is not None and review.institution_id in led


def decide(turn: Turn, review_id: int, words: str | None) -> list[Outgoing]:
    """Confirm (no words), or send back with them; the contacts hear of it."""
    try:
        review = lead_review.close(turn.connection, review_id, words, turn.person_id, turn.now)
    except VersionConflict:
        seen = lead_review.get(turn.connection, review_id)
        return [gone(turn, seen)] if seen else [turn.say("lead/messages.nothing_to_review")]
    notify.tell_reviewed(turn.connection, review, turn.person_id, turn.now)
    return [turn.say("lead/messages.done", review=review)]


def gone(turn: Turn, review: Review) -> Outgoing:
    """Why this review is no longer to be answered."""
    return turn.say("lead/gone.j2", review=review, place=f"{review.institution_id}:{review.quarter}")


def withdraw_if_changed(turn: Turn, review: Review | None) -> list[Outgoing]:
    """An open review of figures that are others by now is withdrawn, and that is said."""
    if review is None or review.state != "open" or review.current:
        return []
    if not lead_review.withdraw(turn.connection, review.revision_id, turn.person_id, turn.now):
        return []
    return [turn.say("lead/messages.withdrawn")]
