"""What the office decides in chat: what waits, a report's table, accept, return, who is missing."""

from __future__ import annotations

from bot.core import notify, paging
from bot.core.channel_limits import channel_of
from bot.core.dialogs.dialog_manager import begin
from bot.core.messages import FileRef, Outgoing, Replies
from bot.core.turn import Turn
from bot.documents.explanations import explained
from bot.documents.file_refs import print_ref
from policy.calendar.quarters import Quarter, reporting_quarter
from storage.people import people, proofs, sessions
from storage.reports import attachments, board, decisions, lateness, reports
from storage.reports.reports import VersionConflict

PAGE = 8  # reports on a page of the list


def waiting(turn: Turn, page: int = 0, quarter: Quarter | None = None) -> list[Outgoing]:
    """待审: what was submitted and not decided on, oldest first; of one quarter when it is given."""
    found = decisions.waiting(turn.connection, str(quarter) if quarter else None)
    here = paging.Pager(page, PAGE).cut(found)
    data = {"found": here.shown, "total": len(found), "page": here.page, "more": here.more}
    return [turn.say("review/list.j2", quarter=quarter or "", **data)]


def listed(turn: Turn, place: str) -> Replies:
    """Show a page of the list, `<page>` or `<page>:<quarter>`."""
    page, _, of = place.partition(":")
    try:
        return waiting(turn, paging.number(page), Quarter.parse(of) if of else None)
    except ValueError:
        return None


def opened(turn: Turn, argument: str) -> Replies:
    """Show one report's table beside the quarter before, with the explanations given."""
    revision_id = paging.number(argument)
    one = reports.submitted_revision(turn.connection, revision_id)
    if one is None or one.revision.submitted_at is None:
        return None
    quarter = Quarter.parse(one.quarter)
    before = quarter.previous()
    last = reports.latest_rows(turn.connection, one.institution_id, str(before)) if before else {}
    chart = turn.corpus.form_of(quarter)
    file = FileRef("form", f"{chart.title}-{one.institution}-{quarter}.xlsx", {"revision": revision_id})
    order = chart.occupation_order(list(one.rows))
    return [
        turn.say(
            "review/one.j2",
            files=(file,),
            one=one,
            explained=explained(one, chart),
            quarter=quarter,
            timely=lateness.of(turn.connection, one.institution_id, one.quarter, turn.times.due(quarter)),
            form=chart,
            order=order,
            last=last,
            own=decisions.entered_by(turn.connection, revision_id, turn.person_id),
            alone=people.office_members(turn.connection) <= 1,
            pages=attachments.of(turn.connection, revision_id),
        )
    ]


def printed(turn: Turn, argument: str) -> Replies:
    """Hand over one report's form as a document to print."""
    revision_id = paging.number(argument)
    one = reports.submitted_revision(turn.connection, revision_id)
    if one is None or one.revision.submitted_at is None:
        return None
    file = print_ref(turn.corpus.form_of(one.quarter), revision_id, one.institution, one.quarter)
    return [turn.say("review/messages.print", files=(file,), one=one)]


def attached(turn: Turn, argument: str) -> Replies:
    """Show what one report has beside its figures: the text, and the files to take."""
    revision_id = paging.number(argument)
    one = reports.submitted_revision(turn.connection, revision_id)
    if one is None or one.revision.submitted_at is None:
        return None
    kept = attachments.of(turn.connection, revision_id)
    refs = tuple(
        FileRef("attachment", f"{i}-{f.name}", {"hash": f.hash}) for i, f in enumerate(kept.files, 1)
    )
    return [turn.say("review/pages.j2", files=refs, one=one, pages=kept)]


def accept(turn: Turn, argument: str) -> list[Outgoing]:
    """Accept one report, unless another revision came in meanwhile."""
    revision_id = paging.number(argument)
    try:
        done = decisions.accept(turn.connection, revision_id, turn.person_id, turn.now)
    except decisions.OwnEntry:
        return [turn.say("review/refused.j2", reason="own", newest=None)]
    except VersionConflict:
        return conflict(turn, revision_id)
    told = notify.tell_accepted(turn.connection, done, turn.now)
    return [turn.say("review/accepted.j2", own=done.own, told=told), *waiting(turn)]


def conflict(turn: Turn, revision_id: int) -> list[Outgoing]:
    """The revision seen is not the one to decide on any more; which one is, if any."""
    seen = reports.submitted_revision(turn.connection, revision_id)
    newest = None
    if seen is not None:
        newest = reports.snapshot(turn.connection, seen.institution_id, seen.quarter).latest
        newest = newest if newest and newest.id != revision_id and newest.state == "submitted" else None
    return [turn.say("review/refused.j2", reason="changed", newest=newest)]


def missing(turn: Turn, quarter: Quarter | None = None) -> list[Outgoing]:
    """报送提示: who has not reported, to copy into a work group."""
    quarter = quarter or reporting_quarter(turn.now)
    due = turn.times.due(quarter)
    groups = board.groups(turn.connection, str(quarter), due)
    found = board.lines(turn.connection, str(quarter), due, ("missing", "draft", "returned"))
    total = sum(g.count for g in groups)
    return [turn.say("review/missing.j2", quarter=quarter, due=due, found=found, total=total, now=turn.now)]


def workbench(turn: Turn) -> list[Outgoing]:
    """工作台: a way into the browser's board, for the office and the districts' readers."""
    by_cookie = channel_of(turn.incoming.address.channel).cookie
    if by_cookie and not proofs.is_fresh(turn.connection, turn.talk.account_id, turn.now):
        return turn.start("prove")  # whoever sits at that browser by now is to show who they are
    token, _ = sessions.issue_link(turn.connection, turn.person_id, turn.now)
    minutes = int(sessions.LINK_LIVES.total_seconds() // 60)
    return [turn.say("review/link.j2", url=f"{turn.url}/office/enter/{token}", minutes=minutes)]


def decide(dialog: str, turn: Turn, argument: str) -> Replies:
    """Begin the dialog of a decision about one report: return or reopen."""
    return begin(turn, dialog, revision=paging.number(argument))
