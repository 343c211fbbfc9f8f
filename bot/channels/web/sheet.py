"""The sheet: a quarter's cells on one page, with and without scripts.

What it sends is messages of the same person in the same conversation: each is applied once, by the rules of
the dialog. A page is read beside them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import wraps

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Message

from bot.app import App
from bot.assistant import Runner
from bot.channels.web import letters, pages
from bot.channels.web.forms import FORM_ID
from bot.channels.web.places import ROOT
from bot.channels.web.visitors import Visitor
from bot.core import input_limits
from bot.core.messages import Incoming
from bot.core.refusals import refused
from bot.core.render import words
from bot.features.report.context import Place
from bot.features.report.sheet import entries, view
from bot.features.report.sheet.actions import BASE
from bot.features.report.sheet.entries import Entry
from bot.features.report.sheet.view import RowView, SheetView
from bot.http.bodies import LONGEST_FORM, TooLarge, read_body, showable
from bot.http.responses import Endpoint
from bot.http.static import MEDIA, static_files
from bot.http.ways import SHEET, SHEET_SENT, WORKER
from policy.calendar.quarters import Quarter
from policy.reading.digits import whole_number
from storage.connections.database import StorageUnavailable, transaction

MOST_FIELDS = 300  # twice as many as a sheet of ten occupations sends
FILLED = "report/messages.sheet_filled"  # what the chat shows that the person said
NOT_KNOWN = "不掌握"  # as people type it
STATUS = {
    "foreign": 403,
    "cookie": 400,
    "large": 413,
    "unavailable": 503,
    "nobody": 404,
    "broken": 400,
    "over": 409,
}


class NotTaken(Exception):
    """The request is answered with a sentence: `kind` as in `web/notice.j2`."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class Sheet:
    """The endpoints."""

    def __init__(self, app: App, runner: Runner, now: Callable[[], datetime]) -> None:
        self.app = app
        self.runner = runner
        self.now = now

    async def show(self, request: Request) -> Response:
        """The sheet as it stands."""
        visitor, place = self._whose(request)
        shown = await self._view(visitor, place)
        return HTMLResponse(pages.sheet(shown, letters.are_big(request)))

    async def take(self, request: Request) -> Response:
        """Apply what was sent; the rows it was about (to the script), or the page, or on to the chat."""
        if not ROOT.same_site(request, self.app.settings.public_url):
            raise NotTaken("foreign")
        visitor, place = self._whose(request)
        form = await _read(request)
        before = await self._view(visitor, place)  # nothing is applied for whom it is not theirs
        sent = collect(form, before)
        if sent and before.state != "open":
            raise NotTaken("over")
        if sent:
            await self._send(visitor, place, form, sent)
        shown = await self._view(visitor, place, sent)
        if "x-fragment" in request.headers:
            named = dict.fromkeys(entry.occupation for entry in sent)
            rows = [row for name in named if (row := shown.row(name))]
            return HTMLResponse(pages.sheet_rows(shown, rows))
        if any(row.holds for row in shown.rows):
            return HTMLResponse(pages.sheet(shown, letters.are_big(request)))
        if "done" in form:
            choice = f"sheet.done:{place[0]}:{place[1]}:{shown.base}"
            await self._handle(visitor, f"{_id(form)}.done.{shown.base}", words(FILLED), choice)
            return RedirectResponse("/#latest", 303)
        return RedirectResponse(request.url.path, 303)

    async def worker(self, request: Request) -> Response:
        """The script that opens the sheet without the net; it has to stand beside it."""
        return Response(static_files()["worker.js"][1], media_type=MEDIA["js"])

    async def _send(self, visitor: Visitor, place: Place, form: FormData, sent: list[Entry]) -> None:
        base = _field(form, "base")
        if not BASE.fullmatch(base):
            raise NotTaken("broken")
        choice = f"sheet.put:{place[0]}:{place[1]}:{base}"
        for text in entries.messages(sent):
            if input_limits.text_refusal(text):
                raise NotTaken("broken")
            digest = hashlib.sha256(f"{choice}\0{text}".encode()).hexdigest()[:12]
            await self._handle(visitor, f"{_id(form)}.{digest}", text, choice)

    async def _handle(self, visitor: Visitor, message_id: str, text: str, choice: str) -> None:
        await self.runner.handle(Incoming(visitor.address, message_id, self.now(), text, choice))

    def _whose(self, request: Request) -> tuple[Visitor, Place]:
        visitor = Visitor.of(request, self.app.keys)
        number = whole_number(request.path_params["institution"], longest=9)
        try:
            quarter = Quarter.parse(request.path_params["quarter"])
        except ValueError:
            raise NotTaken("nobody") from None
        if not (visitor.known or visitor.claims) or number is None or quarter > Quarter.of(self.now()):
            raise NotTaken("nobody")
        return visitor, (number, str(quarter))

    async def _view(self, visitor: Visitor, place: Place, sent: list[Entry] | None = None) -> SheetView:
        return await self.runner.run(lambda: self._look(visitor, place, sent or []))

    def _look(self, visitor: Visitor, place: Place, sent: list[Entry]) -> SheetView:
        with transaction(self.app.engine, read_only=True) as connection:
            turn = self.app.assistant.reading(connection, visitor.address, self.now())
            context = view.look(turn, place) if turn is not None else None
            if context is None:
                raise NotTaken("nobody")
            shown = view.view(context, sent)
            if turn is None or not any(row.clashes for row in shown.rows):
                return shown
            return view.view(view.with_editors(turn, context), sent)

    def steady(self, endpoint: Endpoint) -> Endpoint:
        """The endpoint with a sentence for everything that can go wrong, and the headers of safety."""

        @wraps(endpoint)
        async def answer(request: Request) -> Response:
            try:
                response = await endpoint(request)
            except ClientDisconnect:
                return Response(status_code=400)  # nobody reads it
            except NotTaken as error:
                response = self._refuse(request, error.kind)
            except TooLarge:
                response = self._refuse(request, "large")
            except StorageUnavailable as error:
                refused("web", error)
                response = self._refuse(request, "unavailable")
            response.headers.update(ROOT.headers)
            return response

        return answer

    def _refuse(self, request: Request, kind: str) -> Response:
        sentence = pages.notice(f"sheet_{kind}" if kind in ("nobody", "large", "broken", "over") else kind)
        if "x-fragment" in request.headers:
            return PlainTextResponse(sentence, STATUS[kind])
        return HTMLResponse(pages.problem(sentence, letters.are_big(request)), STATUS[kind])


async def _read(request: Request) -> FormData:
    """The form, empty when it cannot be read.

    Raises:
        TooLarge: over 64 KiB.
    """
    body = await read_body(request, LONGEST_FORM)

    async def replay() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    try:
        return await Request(request.scope, replay).form(
            max_files=0, max_fields=MOST_FIELDS, max_part_size=LONGEST_FORM
        )
    except (HTTPException, ValueError, LookupError, AssertionError):
        raise NotTaken("broken") from None


def _field(form: Mapping[str, object], name: str) -> str:
    value = form.get(name, "")
    return showable(value).strip() if isinstance(value, str) else ""


def _id(form: Mapping[str, object]) -> str:
    """The id that the page gave its form.

    Raises:
        NotTaken: it is none of ours.
    """
    given = _field(form, "id")
    if not FORM_ID.fullmatch(given):
        raise NotTaken("broken")
    return given


def collect(form: Mapping[str, object], before: SheetView) -> list[Entry]:
    """What a form changes: cells that differ from what the page showed, reasons, and what a button does.

    `was:…` is what the page showed of a cell; `same`, `zero`, `unknown`, `idle`, `drop` name an occupation.
    """
    found: list[Entry] = []
    for row in before.rows:
        name = row.occupation
        filled = _filled(form, row)
        for cell in row.cells:
            key = f"{name}:{cell.measure.id}"
            typed = filled.get(cell.measure.id) or _field(form, f"cell:{key}")
            given = f"cell:{key}" in form or cell.measure.id in filled
            if given and typed != _field(form, f"was:{key}"):
                found.append(Entry("cell", name, cell.measure.id, typed))
        for doubt in row.doubts:
            said = _field(form, f"why:{name}:{doubt.doubt.id}")
            if said and said != doubt.said:
                found.append(Entry("why", name, doubt.doubt.id, said))
        if _field(form, "idle") == name:
            found = [*(e for e in found if e.occupation != name), Entry("idle", name)]
        if _field(form, "drop") == name:
            found = [*(e for e in found if e.occupation != name), Entry("drop", name)]
    return found


def _filled(form: Mapping[str, object], row: RowView) -> dict[str, str]:
    """The cells that a button of the row fills."""
    name = row.occupation
    empty = [c for c in row.cells if not (_field(form, f"cell:{name}:{c.measure.id}") or c.now)]
    if _field(form, "same") == name:
        return {cell.measure.id: cell.last for cell in empty if cell.last}
    value = "0" if _field(form, "zero") == name else NOT_KNOWN if _field(form, "unknown") == name else ""
    return {cell.measure.id: value for cell in empty} if value else {}


def routes(app: App, runner: Runner, now: Callable[[], datetime]) -> list[BaseRoute]:
    """`/sheet/{institution}/{quarter}`, read and written; the script that opens it without the net."""
    sheet = Sheet(app, runner, now)

    def route(path: str, method: str, endpoint: Callable[[Request], Awaitable[Response]]) -> Route:
        return Route(path, sheet.steady(endpoint), methods=[method])

    return [
        route(WORKER.path, WORKER.method, sheet.worker),
        route(SHEET.path, SHEET.method, sheet.show),
        route(SHEET_SENT.path, SHEET_SENT.method, sheet.take),
    ]
