"""Which address leads to which page, who may open it, and whose data it reaches."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot.app import App
from bot.assistant import Runner
from bot.core.permissions import DISTRICT, EVERYBODY, HEAD, OFFICE, BadRight, Right
from bot.http.responses import Endpoint
from bot.office import gate
from bot.office import people as people_pages
from bot.office import records as record_pages
from bot.office.archive import years as year_pages
from bot.office.classes import filing as class_pages
from bot.office.classes import filings as class_list
from bot.office.desk import checklist as checklist_pages
from bot.office.desk import complaints as complaint_pages
from bot.office.desk import dashboard as dashboard_pages
from bot.office.desk import documents as document_pages
from bot.office.desk import publications as publication_pages
from bot.office.desk import questions as question_pages
from bot.office.figures import (
    next_quarter,
    summary_downloads,
)
from bot.office.figures import (
    notes as note_pages,
)
from bot.office.figures import (
    opening as opening_pages,
)
from bot.office.figures import (
    summary as summary_pages,
)
from bot.office.gate import Door
from bot.office.institutions import (
    importing,
    inviting,
)
from bot.office.institutions import (
    institution as institution_pages,
)
from bot.office.institutions import (
    institutions as institution_list,
)
from bot.office.knowledge import amendment as amendment_pages
from bot.office.knowledge import changing
from bot.office.knowledge import entries as entry_pages
from bot.office.knowledge import versions as version_pages
from bot.office.reports import board as board_pages
from bot.office.reports import clean, entry, form_downloads, group, missing
from bot.office.reports import paper as paper_pages
from bot.office.reports import report as report_pages
from bot.office.visit import Room

_IN_OFFICE = OFFICE.roles
ENTERING = Right(EVERYBODY, "self")  # the link in the address says whose session begins
NOWHERE = Right(EVERYBODY, "none")
OWN_SESSION = Right(DISTRICT.roles, "self")
OWN_ORDER = Right(_IN_OFFICE, "self")  # a file that one ordered oneself
OWN_NAME = Right(_IN_OFFICE, "self or head")
NO_DATA = Right(_IN_OFFICE, "none")


@dataclass(frozen=True)
class Row:
    """One address: the page it leads to, and the right that the gate asks for before the page runs.

    `keeps`: what is uploaded is kept before it is entered; `only_reads`: what is posted is looked at,
    and nothing is entered; `reads` reads its file beforehand, in a process of its own; `before` works
    something out ahead; `publishes`: the answers may be others afterwards.
    """

    path: str
    method: str
    room: Room
    right: Right
    keeps: bool = False
    only_reads: bool = False
    reads: gate.Reader | None = None
    before: gate.Before | None = None
    publishes: bool = False

    @property
    def name(self) -> str:
        """The page's name, as the table of rights lists it."""
        return _name(self.room)

    def endpoint(self, door: Door) -> Endpoint:
        """Return what answers here, behind the gate."""
        return door.room(
            self.room, self.right, self.keeps, self.only_reads, self.reads, self.before, self.publishes
        )


@dataclass(frozen=True)
class Entrance:
    """An address before the gate: no session is asked for."""

    path: str
    method: str
    answer: Callable[[Door, Request], Awaitable[Response]]
    right: Right

    @property
    def name(self) -> str:
        """The page's name, as the table of rights lists it."""
        return _name(self.answer)

    def endpoint(self, door: Door) -> Endpoint:
        """Return what answers here."""
        return door.steady(partial(self.answer, door))


def _name(answer: Callable[..., object]) -> str:
    return f"{answer.__module__.rpartition('.')[2]}.{answer.__name__}"


# GET pages only read.
ROOMS: list[Row] = [
    Row("/office", "GET", board_pages.show, DISTRICT),
    Row("/office/closing/{quarter}", "POST", board_pages.close, HEAD),
    Row("/office/clean", "GET", clean.show, OFFICE),
    Row("/office/clean", "POST", clean.accept, OFFICE),
    Row("/office/paper", "GET", paper_pages.show, OFFICE),
    Row("/office/paper", "POST", paper_pages.note, OFFICE),
    Row("/office/paper/rules", "POST", paper_pages.set_rules, HEAD),
    Row("/office/missing", "GET", missing.show, DISTRICT),
    Row("/office/group", "GET", group.show, OFFICE),
    Row("/office/group", "POST", group.send, OFFICE),
    Row("/office/summary", "GET", summary_pages.show, DISTRICT),
    Row("/office/summary/pdf", "GET", summary_pages.as_pdf, DISTRICT),
    Row("/office/summary/origins", "GET", summary_pages.origins, DISTRICT),
    Row("/office/summary/chart/{by}/{measure}", "GET", summary_pages.chart, DISTRICT),
    Row("/office/summary/download", "POST", summary_downloads.order, OFFICE),
    Row("/office/summary/file/{number}", "GET", summary_downloads.fetch, OWN_ORDER),
    Row("/office/report/{institution}/{quarter}", "GET", report_pages.show, DISTRICT),
    Row("/office/report/{institution}/{quarter}/accept", "POST", report_pages.accept, OFFICE),
    Row("/office/report/{institution}/{quarter}/return", "POST", report_pages.return_, OFFICE),
    Row("/office/report/{institution}/{quarter}/reopen", "POST", report_pages.reopen, OFFICE),
    Row("/office/report/{institution}/{quarter}/extend", "POST", report_pages.extend, OFFICE),
    Row("/office/report/{institution}/{quarter}/paper", "POST", paper_pages.note_one, OFFICE),
    Row(
        "/office/report/{institution}/{quarter}/extend/withdraw",
        "POST",
        report_pages.withdraw_extension,
        OFFICE,
    ),
    Row("/office/entry/{institution}/{quarter}", "GET", entry.show, OFFICE),
    Row("/office/entry/{institution}/{quarter}", "POST", entry.save, OFFICE, keeps=True),
    Row("/office/form/{revision}/{kind}", "GET", form_downloads.form, OFFICE),
    Row("/office/file/{revision}/{kind}/{hash}", "GET", form_downloads.file, DISTRICT),
    Row("/office/classes", "GET", class_list.show, OFFICE),
    Row("/office/classes/rules", "POST", class_list.set_rules, HEAD),
    Row("/office/classes/file/{filing}/{hash}", "GET", class_pages.file, OFFICE),
    Row("/office/classes/{course}", "GET", class_pages.show, OFFICE),
    Row("/office/classes/{course}/receive", "POST", class_pages.receive, OFFICE),
    Row("/office/classes/{course}/return", "POST", class_pages.return_, OFFICE),
    Row("/office/classes/{course}/agree", "POST", class_pages.agree, OFFICE),
    Row("/office/classes/{course}/inspect", "POST", class_pages.inspect, OFFICE),
    Row("/office/institutions", "GET", institution_list.show, OFFICE),
    Row("/office/institutions", "POST", institution_list.create, OFFICE),
    Row("/office/institutions/codes", "GET", inviting.show, OFFICE),
    Row("/office/institutions/codes", "POST", inviting.make, OFFICE),
    Row("/office/institutions/import", "GET", importing.show, OFFICE),
    Row(
        "/office/institutions/import",
        "POST",
        importing.preview,
        OFFICE,
        only_reads=True,
        reads=importing.read_list,
    ),
    Row("/office/institutions/import/confirm", "POST", importing.confirm, OFFICE),
    Row("/office/institutions/import/template", "GET", importing.template, NO_DATA),
    Row("/office/institutions/{institution}", "GET", institution_pages.show, OFFICE),
    Row("/office/institutions/{institution}/change", "POST", institution_pages.change, OFFICE),
    Row("/office/institutions/{institution}/close", "POST", institution_pages.close, OFFICE),
    Row("/office/institutions/{institution}/reopen", "POST", institution_pages.reopen, OFFICE),
    Row("/office/institutions/{institution}/invite", "POST", institution_pages.invite, OFFICE),
    Row(
        "/office/institutions/{institution}/contacts/{membership}/revoke",
        "POST",
        institution_pages.revoke,
        OFFICE,
    ),
    Row(
        "/office/institutions/{institution}/codes/{invite}/revoke",
        "POST",
        institution_pages.revoke_code,
        OFFICE,
    ),
    Row("/office/institutions/{institution}/opening", "GET", opening_pages.show, OFFICE),
    Row("/office/institutions/{institution}/opening", "POST", opening_pages.save, OFFICE),
    Row("/office/next", "GET", next_quarter.show, OFFICE),
    Row("/office/notes", "GET", note_pages.show, OFFICE),
    Row("/office/notes/set", "POST", note_pages.save, OFFICE),
    Row("/office/notes/withdraw", "POST", note_pages.withdraw, OFFICE),
    Row("/office/people", "GET", people_pages.show, OFFICE),
    Row("/office/people/invite", "POST", people_pages.invite, HEAD),
    Row("/office/people/{membership}/revoke", "POST", people_pages.revoke, HEAD),
    Row("/office/people/{membership}/rename", "POST", people_pages.rename, OWN_NAME),
    Row("/office/people/codes/{invite}/revoke", "POST", people_pages.revoke_code, HEAD),
    Row("/office/dashboard", "GET", dashboard_pages.show, OFFICE),
    Row("/office/dashboard/counters.csv", "GET", dashboard_pages.download, OFFICE),
    Row("/office/questions", "GET", question_pages.index, OFFICE, before=question_pages.work_out),
    Row("/office/questions/{question}", "GET", question_pages.show, OFFICE, before=question_pages.work_out),
    Row("/office/questions/{question}", "POST", question_pages.act, OFFICE, before=question_pages.work_out),
    Row("/office/complaints", "GET", complaint_pages.index, OFFICE),
    Row("/office/complaints/limits", "POST", complaint_pages.limit, HEAD),
    Row("/office/complaints/{complaint}", "POST", complaint_pages.show, OFFICE),
    Row("/office/complaints/{complaint}/accept", "POST", complaint_pages.accept, OFFICE),
    Row("/office/complaints/{complaint}/answer", "POST", complaint_pages.answer, OFFICE),
    Row("/office/publications", "GET", publication_pages.index, OFFICE),
    Row("/office/publications/new", "GET", publication_pages.new, OFFICE),
    Row("/office/publications/save", "POST", publication_pages.save, OFFICE),
    Row("/office/publications/{publication}/withdraw", "POST", publication_pages.withdraw, OFFICE),
    Row("/office/documents", "GET", document_pages.index, OFFICE),
    Row("/office/documents/new", "GET", document_pages.new, OFFICE),
    Row("/office/documents/save", "POST", document_pages.save, OFFICE),
    Row("/office/documents/{document}", "GET", document_pages.show, OFFICE),
    Row("/office/documents/{document}/withdraw", "POST", document_pages.withdraw, OFFICE),
    Row("/office/checklist", "GET", checklist_pages.show, OFFICE),
    Row("/office/checklist", "POST", checklist_pages.put_off, OFFICE),
    Row("/office/knowledge", "GET", entry_pages.index, OFFICE),
    Row("/office/knowledge/new", "GET", entry_pages.new, OFFICE),
    Row("/office/knowledge/save", "POST", changing.save, OFFICE),
    Row("/office/knowledge/amendment", "GET", amendment_pages.show, OFFICE),
    Row(
        "/office/knowledge/amendment",
        "POST",
        amendment_pages.rehearse,
        OFFICE,
        only_reads=True,
        before=amendment_pages.work_out,
    ),
    Row("/office/knowledge/versions", "GET", version_pages.show, OFFICE),
    Row(
        "/office/knowledge/versions/{version}/restore",
        "POST",
        version_pages.restore,
        OFFICE,
        before=version_pages.prove,
        publishes=True,
    ),
    Row("/office/knowledge/{entry}", "GET", entry_pages.show, OFFICE, before=changing.rehearse_open),
    Row(
        "/office/knowledge/{entry}/publish",
        "POST",
        changing.publish,
        OFFICE,
        before=changing.rehearse_open,
        publishes=True,
    ),
    Row("/office/knowledge/{entry}/withdraw", "POST", changing.withdraw, OFFICE),
    Row("/office/records", "GET", record_pages.show, OFFICE),
    Row("/office/archive", "GET", year_pages.show, OFFICE),
    Row("/office/archive/{year}/close/{kept}", "POST", year_pages.close, HEAD, before=year_pages.make),
    Row("/office/archive/{year}/file", "GET", year_pages.fetch, OFFICE, before=year_pages.fetch_ahead),
    Row("/office/archive/{year}/again", "GET", year_pages.compare, OFFICE, before=year_pages.again),
    Row("/office/archive/{year}/reopen", "POST", year_pages.reopen, HEAD),
    Row("/office/archive/{year}/destroy", "POST", year_pages.propose, OFFICE),
    Row("/office/archive/destroy/{number}/confirm", "POST", year_pages.confirm, OFFICE),
    Row("/office/archive/destroy/{number}/withdraw", "POST", year_pages.withdraw, OFFICE),
    Row("/office/leave", "POST", gate.leave, OWN_SESSION),
]


# Open to whoever comes: what is shown or done hangs on the one-time link alone.
ENTRANCES: list[Entrance] = [
    Entrance("/office/enter/{token}", "GET", Door.enter_page, ENTERING),
    Entrance("/office/enter/{token}", "POST", Door.enter, ENTERING),
    Entrance("/office/{rest:path}", "GET", Door.nowhere, NOWHERE),
]


def table() -> list[Row | Entrance]:
    """Return every address there is, the most general one last.

    Raises:
        BadRight: one names nobody, or is called an entrance and not open to everybody.
    """
    found: list[Row | Entrance] = [*ENTRANCES[:-1], *ROOMS, *ENTRANCES[-1:]]
    for row in found:
        if not isinstance(row.right, Right):
            raise BadRight(f"{row.method} {row.path} names nobody who may")
        if isinstance(row, Entrance) and row.right.roles != EVERYBODY:
            raise BadRight(f"{row.method} {row.path} is open to everybody, and its right is not")
    return found


def routes(app: App, runner: Runner, now: Callable[[], datetime]) -> list[BaseRoute]:
    """Everything under `/office`.

    Raises:
        BadRight: an address names nobody who may.
    """
    door = Door(app, runner, now)
    return [Route(row.path, row.endpoint(door), methods=[row.method]) for row in table()]
