"""Which address leads to which room."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from starlette.routing import BaseRoute, Route

from bot.office_web import access, board, copies, entry, report
from bot.office_web.access import Door
from bot.office_web.visit import Room
from bot.runner import Runner
from bot.start import House

KEEPING = {entry.save}  # rooms whose uploads are kept before they are entered

# (address, method) → room. GET rooms only read.
ROOMS: list[tuple[str, str, Room]] = [
    ("/office", "GET", board.show),
    ("/office/report/{institution}/{quarter}", "GET", report.show),
    ("/office/report/{institution}/{quarter}/accept", "POST", report.accept),
    ("/office/report/{institution}/{quarter}/return", "POST", report.return_),
    ("/office/report/{institution}/{quarter}/reopen", "POST", report.reopen),
    ("/office/report/{institution}/{quarter}/extend", "POST", report.extend),
    ("/office/entry/{institution}/{quarter}", "GET", entry.show),
    ("/office/entry/{institution}/{quarter}", "POST", entry.save),
    ("/office/form/{revision}/{kind}", "GET", copies.form),
    ("/office/file/{revision}/{kind}/{hash}", "GET", copies.file),
    ("/office/leave", "POST", access.leave),
]


def routes(house: House, runner: Runner, now: Callable[[], datetime]) -> list[BaseRoute]:
    """Everything under `/office`."""
    door = Door(house, runner, now)
    enter = "/office/enter/{token}"
    return [
        Route(enter, door.steady(door.enter_page), methods=["GET"]),
        Route(enter, door.steady(door.enter), methods=["POST"]),
        *(Route(path, door.room(room, room in KEEPING), methods=[method]) for path, method, room in ROOMS),
        Route("/office/{rest:path}", door.steady(door.nowhere)),
    ]
