"""Which address leads to which room."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from starlette.routing import BaseRoute, Route

from bot.app import App
from bot.office_web import (
    access,
    board,
    copies,
    downloads,
    entry,
    importing,
    institution,
    institutions,
    inviting,
    missing,
    notes,
    opening,
    people,
    records,
    report,
    summary,
)
from bot.office_web.access import Door
from bot.office_web.visit import Room
from bot.runner import Runner

KEEPING = {entry.save}  # rooms whose uploads are kept before they are entered
READING = {importing.preview}  # rooms that look at what is posted and enter nothing

# (address, method) → room. GET rooms only read.
ROOMS: list[tuple[str, str, Room]] = [
    ("/office", "GET", board.show),
    ("/office/closing/{quarter}", "POST", board.close),
    ("/office/missing", "GET", missing.show),
    ("/office/summary", "GET", summary.show),
    ("/office/summary/origins", "GET", summary.origins),
    ("/office/summary/chart/{by}/{measure}", "GET", summary.chart),
    ("/office/summary/download", "POST", downloads.order),
    ("/office/summary/file/{number}", "GET", downloads.fetch),
    ("/office/report/{institution}/{quarter}", "GET", report.show),
    ("/office/report/{institution}/{quarter}/accept", "POST", report.accept),
    ("/office/report/{institution}/{quarter}/return", "POST", report.return_),
    ("/office/report/{institution}/{quarter}/reopen", "POST", report.reopen),
    ("/office/report/{institution}/{quarter}/extend", "POST", report.extend),
    ("/office/report/{institution}/{quarter}/extend/withdraw", "POST", report.withdraw_extension),
    ("/office/entry/{institution}/{quarter}", "GET", entry.show),
    ("/office/entry/{institution}/{quarter}", "POST", entry.save),
    ("/office/form/{revision}/{kind}", "GET", copies.form),
    ("/office/file/{revision}/{kind}/{hash}", "GET", copies.file),
    ("/office/institutions", "GET", institutions.show),
    ("/office/institutions", "POST", institutions.create),
    ("/office/institutions/codes", "GET", inviting.show),
    ("/office/institutions/codes", "POST", inviting.make),
    ("/office/institutions/import", "GET", importing.show),
    ("/office/institutions/import", "POST", importing.preview),
    ("/office/institutions/import/confirm", "POST", importing.confirm),
    ("/office/institutions/import/template", "GET", importing.template),
    ("/office/institutions/{institution}", "GET", institution.show),
    ("/office/institutions/{institution}/change", "POST", institution.change),
    ("/office/institutions/{institution}/close", "POST", institution.close),
    ("/office/institutions/{institution}/reopen", "POST", institution.reopen),
    ("/office/institutions/{institution}/invite", "POST", institution.invite),
    ("/office/institutions/{institution}/contacts/{membership}/revoke", "POST", institution.revoke),
    ("/office/institutions/{institution}/codes/{invite}/revoke", "POST", institution.revoke_code),
    ("/office/institutions/{institution}/opening", "GET", opening.show),
    ("/office/institutions/{institution}/opening", "POST", opening.save),
    ("/office/notes", "GET", notes.show),
    ("/office/notes/set", "POST", notes.save),
    ("/office/notes/withdraw", "POST", notes.withdraw),
    ("/office/people", "GET", people.show),
    ("/office/people/invite", "POST", people.invite),
    ("/office/people/{membership}/revoke", "POST", people.revoke),
    ("/office/people/{membership}/rename", "POST", people.rename),
    ("/office/people/codes/{invite}/revoke", "POST", people.revoke_code),
    ("/office/records", "GET", records.show),
    ("/office/leave", "POST", access.leave),
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
