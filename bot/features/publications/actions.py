"""The office's publications in chat: add, add by file, list, withdraw; and who wants to be told."""

from __future__ import annotations

from typing import Any

from bot.core import paging
from bot.core.dialogs.dialog_manager import Stage, begin, leave_desk
from bot.core.messages import Outgoing, Replies
from bot.core.published import as_publication, as_values
from bot.core.turn import Turn
from bot.features.publications.dialogs import read_rows
from policy.calendar.quarters import local
from storage.desk import publications

PAGE = 8


def listed(turn: Turn, argument: str = "") -> list[Outgoing]:
    """已发布: what holds now or will, newest first."""
    leave_desk(turn)
    on = local(turn.now).date()
    found = [(p.id, as_publication(p)) for p in publications.not_over(turn.connection, on)]
    here = paging.Pager(paging.number(argument), PAGE).cut(found)
    data = {"found": here.shown, "total": len(found), "page": here.page, "more": here.more}
    return [turn.say("publish/list.j2", on=on, **data)]


def publish(turn: Turn) -> list[Outgoing]:
    """发布信息: begin afresh."""
    leave_desk(turn)
    return begin(turn, "publish")


def explain(turn: Turn, argument: str) -> Replies:
    """Say how a table of publications is sent."""
    leave_desk(turn)
    return [turn.say("publish/how.j2")]


def opened(turn: Turn, argument: str) -> Replies:
    """Show one publication."""
    leave_desk(turn)
    number = paging.number(argument)
    found = publications.get(turn.connection, number)
    if found is None:
        return [turn.say("publish/messages.withdrawn", done=False)]
    return [turn.say("publish/one.j2", number=number, one=as_publication(found))]


def withdraw(turn: Turn, argument: str) -> Replies:
    """Withdraw one publication."""
    leave_desk(turn)
    done = publications.withdraw(turn.connection, paging.number(argument), turn.person_id, turn.now)
    return [turn.say("publish/messages.withdrawn", done=done)]


def take_file(turn: Turn, stage: Stage | None) -> Replies:
    """A table that staff sent: the right rows to confirm, the wrong ones listed; None for no such file."""
    file, table = turn.incoming.file, turn.table
    if file is None or table is None or turn.office_role is None:
        return None
    if table.reason:
        return [turn.say("publish/unreadable.j2", reason=table.reason, detail=table.detail, name=file.name)]
    right, wrong = read_rows(list(table.rows), local(turn.now).date(), turn.corpus.form)
    said = [turn.say("publish/wrong.j2", wrong=wrong, right=len(right))] if wrong else []
    if not right:
        return said
    return said + begin(turn, "publish-file", rows=[_plain(as_values(row)) for row in right])


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {k: v.isoformat() if hasattr(v, "isoformat") else v for k, v in values.items()}


def subscriptions(turn: Turn) -> list[Outgoing]:
    """我的订阅."""
    mine = publications.subscriptions(turn.connection, turn.talk.account_id)
    return [turn.say("subscribe/list.j2", subscriptions=mine)]


def unsubscribe(turn: Turn, argument: str) -> Replies:
    """退订: one by its number, or all."""
    which = paging.number(argument) if argument != "all" else None
    gone = publications.unsubscribe(turn.connection, turn.talk.account_id, turn.person_id, turn.now, which)
    left = len(publications.subscriptions(turn.connection, turn.talk.account_id))
    return [turn.say("subscribe/ended.j2", gone=gone, left=left)]
