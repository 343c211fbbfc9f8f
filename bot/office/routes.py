"""Which address leads to which room."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from starlette.routing import BaseRoute, Route

from bot.app import App
from bot.assistant import Runner
from bot.office import gate
from bot.office import people as people_pages
from bot.office import records as record_pages
from bot.office.figures import (
    notes as note_pages,
)
from bot.office.figures import (
    opening as opening_pages,
)
from bot.office.figures import (
    summary as summary_pages,
)
from bot.office.figures import (
    summary_downloads,
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
from bot.office.reports import board as board_pages
from bot.office.reports import entry, form_downloads, missing
from bot.office.reports import report as report_pages
from bot.office.visit import Room

KEEPING = {entry.save}  # rooms whose uploads are kept before they are entered
READING = {importing.preview}  # rooms that look at what is posted and enter nothing

# (address, method) → room. GET rooms only read.
ROOMS: list[tuple[str, str, Room]] = [
    ("/office", "GET", board_pages.show),
    ("/office/closing/{quarter}", "POST", board_pages.close),
    ("/office/missing", "GET", missing.show),
    ("/office/summary", "GET", summary_pages.show),
    ("/office/summary/origins", "GET", summary_pages.origins),
    ("/office/summary/chart/{by}/{measure}", "GET", summary_pages.chart),
    ("/office/summary/download", "POST", summary_downloads.order),
    ("/office/summary/file/{number}", "GET", summary_downloads.fetch),
    ("/office/report/{institution}/{quarter}", "GET", report_pages.show),
    ("/office/report/{institution}/{quarter}/accept", "POST", report_pages.accept),
    ("/office/report/{institution}/{quarter}/return", "POST", report_pages.return_),
    ("/office/report/{institution}/{quarter}/reopen", "POST", report_pages.reopen),
    ("/office/report/{institution}/{quarter}/extend", "POST", report_pages.extend),
    ("/office/report/{institution}/{quarter}/extend/withdraw", "POST", report_pages.withdraw_extension),
    ("/office/entry/{institution}/{quarter}", "GET", entry.show),
    ("/office/entry/{institution}/{quarter}", "POST", entry.save),
    ("/office/form/{revision}/{kind}", "GET", form_downloads.form),
    ("/office/file/{revision}/{kind}/{hash}", "GET", form_downloads.file),
    ("/office/institutions", "GET", institution_list.show),
    ("/office/institutions", "POST", institution_list.create),
    ("/office/institutions/codes", "GET", inviting.show),
    ("/office/institutions/codes", "POST", inviting.make),
    ("/office/institutions/import", "GET", importing.show),
    ("/office/institutions/import", "POST", importing.preview),
    ("/office/institutions/import/confirm", "POST", importing.confirm),
    ("/office/institutions/import/template", "GET", importing.template),
    ("/office/institutions/{institution}", "GET", institution_pages.show),
    ("/office/institutions/{institution}/change", "POST", institution_pages.change),
    ("/office/institutions/{institution}/close", "POST", institution_pages.close),
    ("/office/institutions/{institution}/reopen", "POST", institution_pages.reopen),
    ("/office/institutions/{institution}/invite", "POST", institution_pages.invite),
    ("/office/institutions/{institution}/contacts/{membership}/revoke", "POST", institution_pages.revoke),
    ("/office/institutions/{institution}/codes/{invite}/revoke", "POST", institution_pages.revoke_code),
    ("/office/institutions/{institution}/opening", "GET", opening_pages.show),
    ("/office/institutions/{institution}/opening", "POST", opening_pages.save),
    ("/office/notes", "GET", note_pages.show),
    ("/office/notes/set", "POST", note_pages.save),
    ("/office/notes/withdraw", "POST", note_pages.withdraw),
    ("/office/people", "GET", people_pages.show),
    ("/office/people/invite", "POST", people_pages.invite),
    ("/office/people/{membership}/revoke", "POST", people_pages.revoke),
    ("/office/people/{membership}/rename", "POST", people_pages.rename),
    ("/office/people/codes/{invite}/revoke", "POST", people_pages.revoke_code),
    ("/office/records", "GET", record_pages.show),
    ("/office/leave", "POST", gate.leave),
]


def routes(app: App, runner: Runner, now: Callable[[], datetime]) -> list[BaseRoute]:
    """Everything under `/office`."""
    door = Door(app, runner, now)
    enter = "/office/enter/{token}"
    return [
        Route(enter, door.steady(door.enter_page), methods=["GET"]),
        Route(enter, door.steady(door.enter), methods=["POST"]),
        *(
            Route(path, door.room(room, room in KEEPING, room in READING), methods=[method])
            for path, method, room in ROOMS
        ),
        Route("/office/{rest:path}", door.steady(door.nowhere)),
    ]
