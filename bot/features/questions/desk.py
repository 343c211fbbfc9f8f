"""The office's desk in chat: questions that wait, complaints."""

from __future__ import annotations

from bot.core import paging
from bot.core.dialog_manager import begin, leave_desk
from bot.core.messages import Outgoing, Replies
from bot.core.render import render
from bot.core.turn import Turn
from storage import complaints, messages, questions

PAGE = 8  # questions on a page


def waiting(turn: Turn, argument: str = "") -> list[Outgoing]:
    """待答问题, a page of them."""
    leave_desk(turn)
    pager = paging.Pager(paging.number(argument), PAGE)
    found, total = questions.waiting(turn.connection, pager.start, pager.size)
    here = pager.counted(found, total)
    return [turn.say("desk/list.j2", questions=found, total=total, page=here.page, more=here.more)]


def opened(turn: Turn, argument: str) -> Replies:
    """Show one question with what people thought of the answer it got."""
    leave_desk(turn)
    number = paging.number(argument)
    found = questions.get(turn.connection, number)
    if found is None:
        return None
    disliked = turn.corpus.answers.entries.get(found.entry or "")
    reasons = questions.doubts(turn.connection, number)
    return [turn.say("desk/question.j2", asked=found, disliked=disliked, reasons=reasons)]


def drop(turn: Turn, argument: str) -> Replies:
    """Close a question without an answer; who asked for a person is told."""
    leave_desk(turn)
    number = paging.number(argument)
    found = questions.get(turn.connection, number)
    told = questions.close(turn.connection, number, turn.person_id, turn.now, None)
    if found is None or told is None:
        return [turn.say("desk/messages.gone")]
    message = render("desk/messages.dropped_push", text=found.text, at=turn.now)
    for address, handed in told:
        if handed:  # who asked for a person waits for word
            messages.enqueue(turn.connection, address, [message.body()], turn.now)
    return [turn.say("desk/messages.dropped", asked=found), *waiting(turn)]


def ask_drop(turn: Turn, argument: str) -> Replies:
    """Ask before a question is closed without an answer."""
    leave_desk(turn)
    number = paging.number(argument)
    return [turn.say("desk/drop.j2", asked=questions.get(turn.connection, number), number=number)]


def work_on(dialog: str, turn: Turn, argument: str) -> Replies:
    """Begin one of the desk's dialogs about a question: reply, keep as a phrasing, as a new entry."""
    leave_desk(turn)
    return begin(turn, dialog, about=paging.number(argument))


def complaint_list(turn: Turn, argument: str = "") -> list[Outgoing]:
    """投诉线索, a page of the private queue."""
    leave_desk(turn)
    pager = paging.Pager(paging.number(argument), PAGE)
    found, total = complaints.listed(turn.connection, pager.start, pager.size)
    here = pager.counted(found, total)
    return [turn.say("complaint/list.j2", complaints=found, total=total, page=here.page, more=here.more)]


def complaint_opened(turn: Turn, argument: str) -> Replies:
    """Show one complaint with the contact left; opening it is audited."""
    leave_desk(turn)
    one = complaints.read(turn.connection, paging.number(argument), turn.person_id, turn.now)
    contact = turn.keys.read(one.contact) if one else ""
    return [turn.say("complaint/one.j2", one=one, contact=contact)] if one else None


def complaint_handled(turn: Turn, argument: str) -> Replies:
    """Mark one complaint as handled."""
    leave_desk(turn)
    done = complaints.mark_handled(turn.connection, paging.number(argument), turn.person_id, turn.now)
    return [turn.say("complaint/messages.handled", done=done)]
