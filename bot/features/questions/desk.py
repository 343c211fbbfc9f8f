"""The office's desk in chat: questions that wait, complaints."""

from __future__ import annotations

from collections.abc import Callable

from bot.core.dialog_manager import begin, leave_desk
from bot.core.messages import Outgoing
from bot.core.permissions import refused
from bot.core.render import render
from bot.core.turn import Turn
from policy.answers.entries import answers
from storage import complaints, messages, questions

PAGE = 8  # questions on a page

Replies = list[Outgoing] | None


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def waiting(turn: Turn, page: int = 0) -> list[Outgoing]:
    """待答问题, a page of them."""
    found, total = questions.waiting(turn.connection, page * PAGE, PAGE)
    more = total > (page + 1) * PAGE
    return [turn.say("desk/list.j2", questions=found, total=total, page=page, more=more)]


def _open(turn: Turn, number: int) -> Replies:
    found = questions.get(turn.connection, number)
    if found is None:
        return None
    disliked = answers().entries.get(found.entry or "")
    reasons = questions.doubts(turn.connection, number)
    return [turn.say("desk/question.j2", asked=found, disliked=disliked, reasons=reasons)]


def _drop(turn: Turn, number: int) -> Replies:
    found = questions.get(turn.connection, number)
    told = questions.close(turn.connection, number, turn.person_id, turn.now, None)
    if found is None or told is None:
        return [turn.say("desk/gone.j2")]
    message = render("desk/dropped_push.j2", text=found.text, at=turn.now)
    for address, handed in told:
        if handed:  # who asked for a person waits for word
            messages.enqueue(turn.connection, address, [message.body()], turn.now)
    return [turn.say("desk/dropped.j2", asked=found), *waiting(turn)]


def act(turn: Turn, argument: str) -> Replies:
    """A button of the desk: `<what>:<number>`."""
    what, _, rest = argument.partition(":")
    if denied := refused(turn, f"desk.{what}"):
        return denied
    leave_desk(turn)
    number = _number(rest)
    actions: dict[str, Callable[[], Replies]] = {
        "l": lambda: waiting(turn, number),
        "o": lambda: _open(turn, number),
        "r": lambda: begin(turn, "desk-reply", about=number),
        "p": lambda: begin(turn, "desk-phrasing", about=number),
        "n": lambda: begin(turn, "desk-entry", about=number),
        "d": lambda: [turn.say("desk/drop.j2", asked=questions.get(turn.connection, number), number=number)],
        "D": lambda: _drop(turn, number),
    }
    return actions[what]() if what in actions else None


def complaint(turn: Turn, argument: str) -> Replies:
    """A button of the private queue of complaints."""
    what, _, rest = argument.partition(":")
    if denied := refused(turn, f"complaint.{what}"):
        return denied
    leave_desk(turn)
    number = _number(rest)
    if what == "l":
        found, total = complaints.listed(turn.connection, number * PAGE, PAGE)
        more = total > (number + 1) * PAGE
        return [turn.say("complaint/list.j2", complaints=found, total=total, page=number, more=more)]
    if what == "o":
        one = complaints.read(turn.connection, number, turn.person_id, turn.now)
        contact = turn.keys.open(one.contact) if one else None
        return [turn.say("complaint/one.j2", one=one, contact=contact)] if one else None
    if what == "h":
        done = complaints.mark_handled(turn.connection, number, turn.person_id, turn.now)
        return [turn.say("complaint/handled.j2", done=done)]
    return None
