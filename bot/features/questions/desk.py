"""The office's desk in chat: questions that wait, complaints."""

from __future__ import annotations

from bot.core import paging
from bot.core.dialogs.dialog_manager import begin, leave_desk
from bot.core.messages import Outgoing, Replies
from bot.core.render import render
from bot.core.turn import Turn
from policy.calendar.quarters import local
from policy.question_groups import is_near, shape
from policy.reading.text import normalise
from storage.conversations import messages
from storage.desk import complaints, questions
from storage.desk.weeks import last_weeks
from storage.monitoring import counted as counts

PAGE = 8  # questions on a page
MOST_ALIKE = 200  # closed at once
WEEKS, COUNTED = 4, 12  # what was not quite answered: of so many weeks, so many topics


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
    if found is None or not _close(turn, number, found.text):
        return [turn.say("desk/messages.gone")]
    return [turn.say("desk/messages.dropped", asked=found), *waiting(turn)]


def _close(turn: Turn, number: int, text: str) -> bool:
    told = questions.close(turn.connection, number, turn.person_id, turn.now, None)
    message = render("desk/messages.dropped_push", text=text, at=turn.now)
    for address, handed in told or ():
        if handed:  # who asked for a person waits for word
            messages.enqueue(turn.connection, address, [message.body()], turn.now)
    return told is not None


def ask_drop_alike(turn: Turn, argument: str) -> Replies:
    """Ask before all open questions that read like one are closed without an answer."""
    leave_desk(turn)
    number = paging.number(argument)
    asked = questions.get(turn.connection, number)
    alike = _alike(turn, asked)
    return [turn.say("desk/drop_alike.j2", asked=asked, number=number, alike=[text for _, text in alike])]


def drop_alike(turn: Turn, argument: str) -> Replies:
    """Close all open questions that read like one; who asked for a person is told."""
    leave_desk(turn)
    asked = questions.get(turn.connection, paging.number(argument))
    closed = sum(_close(turn, number, text) for number, text in _alike(turn, asked))
    if not closed:
        return [turn.say("desk/messages.gone")]
    return [turn.say("desk/messages.dropped_alike", count=closed), *waiting(turn)]


def _alike(turn: Turn, asked: questions.Asked | None) -> list[tuple[int, str]]:
    """(id, text) of the open questions that read like this one, itself first.

    Those that people asked to hand over are among them only if it was handed over itself.
    """
    if asked is None or asked.state != "open":
        return []
    mine = shape(normalise(asked.text))
    waiting = questions.open_ones(turn.connection, handed=asked.why == "handed")
    found = [(number, text) for number, same, text in waiting if is_near(mine, shape(same))]
    return sorted(found, key=lambda one: one[0] != asked.id)[:MOST_ALIKE]


def ask_drop(turn: Turn, argument: str) -> Replies:
    """Ask before a question is closed without an answer."""
    leave_desk(turn)
    number = paging.number(argument)
    return [turn.say("desk/drop.j2", asked=questions.get(turn.connection, number), number=number)]


def work_on(dialog: str, turn: Turn, argument: str) -> Replies:
    """Begin one of the desk's dialogs about a question: reply, keep as a phrasing, as a new entry."""
    leave_desk(turn)
    return begin(turn, dialog, about=paging.number(argument))


def counted(turn: Turn, argument: str = "") -> list[Outgoing]:
    """Show what was most often not quite answered lately, by topic: counts only."""
    leave_desk(turn)
    weeks, entries = last_weeks(local(turn.now), WEEKS), turn.corpus.answers.entries
    found = counts.by_topic(turn.connection, weeks, "question", counts.UNANSWERED, limit=COUNTED)
    found += counts.by_topic(turn.connection, weeks, "job", limit=COUNTED)
    found = sorted(found, key=lambda one: -one.count)[:COUNTED]
    topics = [(one, entries[one.topic].title if one.topic in entries else "") for one in found]
    return [turn.say("desk/counted.j2", topics=topics, weeks=WEEKS)]


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
