"""Letting people in: a one-time link from the chat, a session cookie, and the check of every post.

The link shows a page with a button; only the button uses it up, so that a preview of the link
cannot. A post is carried out only from a page of ours (origin) with the session's own token.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection
from starlette.background import BackgroundTask
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.types import Message

from bot.app import App
from bot.assistant import Runner
from bot.core.log import incident
from bot.core.messages import Arrived
from bot.core.permissions import Right
from bot.core.refusals import refused
from bot.core.security.flood import REFUSED, is_told
from bot.documents import attachments as incoming_files
from bot.documents.media_type import BadFile
from bot.documents.reader_process import TooCostly
from bot.documents.sheet_reader import BadSheet
from bot.http.bodies import LONGEST_FILE, LONGEST_FORM, TooLarge, read_body, showable
from bot.http.responses import SAFE_HEADERS, Endpoint, disposition, same_site
from bot.office import html
from bot.office.visit import Answer, Denied, Download, Goto, NotFound, Page, Room, Visit
from policy.calendar.quarters import local
from policy.form.form import Form
from storage import audit
from storage.connections.database import StorageUnavailable, transaction
from storage.people import sessions
from storage.people.sessions import Officer

COOKIE = "weihai_office"
MOST_FIELDS = 2_000  # a reason for each cell of the longest form
MEDIA = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "csv": "text/csv; charset=utf-8",
    "zip": "application/zip",
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "jpg": "image/jpeg",
    "png": "image/png",
    "svg": "image/svg+xml",
}
Result = TypeVar("Result")
Before = Callable[[App, Mapping[str, str], datetime], object]  # by what is posted, and the address
Reader = Callable[[str, bytes, datetime], object]  # at the top of its module: another process calls it


class NotIn(Exception):
    """No session, or one that ended."""


class Forged(Exception):
    """The post did not come from a page of this session."""


class _Undone(Exception):
    """What was written is to be undone, and this is the answer."""

    def __init__(self, result: Any) -> None:
        super().__init__()
        self.result = result


class Door:
    """Turns requests into visits and answers into responses."""

    def __init__(self, app: App, runner: Runner, now: Callable[[], datetime]) -> None:
        self.app = app
        self.runner = runner
        self.now = now

    def room(
        self,
        room: Room,
        right: Right,
        keeps: bool = False,
        only_reads: bool = False,
        reads: Reader | None = None,
        before: Before | None = None,
        publishes: bool = False,
    ) -> Endpoint:
        """The endpoint of a room, for GET and POST alike, open to whom the right allows.

        `keeps`: its files are kept beforehand; `only_reads`: a post of it holds up no writer; `reads`:
        what is made of its file before the transaction, in a process of its own; `before`: what is
        worked out ahead of it, since it takes long; `publishes`: answers may be others afterwards.
        """

        async def endpoint(request: Request) -> Response:
            token = request.cookies.get(COOKIE, "")
            if request.method == "POST":  # a body is read only from somebody who is in
                await self._transaction(lambda c: self._officer(c, token), True)
            fields, files = await _read(request) if request.method == "POST" else ({}, {})

            def admit(connection: Connection) -> Officer:
                return self._admit(connection, request, right, token, fields)

            arrived = await self._keep(admit, request, files) if keeps and files else {}
            found = await self._read_file(admit, reads, files) if reads and files else None
            if before is not None:
                found = await self._work_out(admit, before, request, fields)

            def work(connection: Connection) -> tuple[Answer, Visit]:
                visit = self._visit(connection, admit(connection), request, token, fields, files)
                visit.arrived, visit.found = arrived, found
                answer = room(visit)
                if request.method == "POST" and isinstance(answer, Page) and not answer.keeps:
                    raise _Undone((answer, visit))  # the page asks to correct what was sent
                return answer, visit

            answer, visit = await self._transaction(work, only_reads or request.method != "POST")
            if publishes:
                await self.runner.run(self.app.assistant.refresh)
            if visit.now - visit.officer.seen_at > sessions.TOUCH_AFTER:
                await self._transaction(
                    lambda c: sessions.touch(c, visit.officer.session_id, visit.now), False
                )
            return self._response(request, answer, visit)

        return self.steady(endpoint)

    def steady(self, endpoint: Endpoint) -> Endpoint:
        """The endpoint with a page for everything that can go wrong, and the headers of safety."""

        async def answer(request: Request) -> Response:
            response = await self._guarded(endpoint, request)
            response.headers.update({**SAFE_HEADERS, "Cache-Control": "no-store, private"})
            return response

        return answer

    async def _guarded(self, endpoint: Endpoint, request: Request) -> Response:
        try:
            return await endpoint(request)
        except NotIn:
            return _plain("enter.html", 401, token=None, works=False, inside=False)
        except Denied:
            await self._note(request, "office.denied")
            return _problem("denied", 403)
        except Forged:
            await self._note(request, "office.forged")
            return _problem("forged", 403)
        except NotFound:
            return _problem("not_found", 404)
        except TooLarge:
            return _problem("large", 413)
        except StorageUnavailable as error:
            refused("office", error)
            return _problem("unavailable", 503)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody reads it
        except Exception as error:  # noqa: BLE001 - it is answered with an incident number
            number = secrets.token_hex(4).upper()
            incident(number, "office", error)
            return _problem("incident", 500, incident=number)

    async def _transaction(self, work: Callable[[Connection], Result], read_only: bool) -> Result:
        def run() -> Result:
            try:
                # A page may write much: nobody waits for it with a message that is done.
                with transaction(self.app.engine, read_only=read_only, alone=True) as connection:
                    return work(connection)
            except _Undone as undone:
                result: Result = undone.result
                return result

        # Reading never waits for the chat's writer, nor makes it wait.
        return await (asyncio.to_thread(run) if read_only else self.runner.run(run))

    async def _keep(
        self,
        admit: Callable[[Connection], Officer],
        request: Request,
        files: Mapping[str, tuple[str, bytes]],
    ) -> dict[str, Arrived]:
        """Look at the files and keep those worth keeping, before the transaction that refers to them.

        Raises:
            NotIn, Forged, Denied: nothing is written for whom the room will not admit.
        """

        def keep() -> dict[str, Arrived]:
            form, readers = self._form(request), self.app.assistant.readers
            found = {
                field: incoming_files.look(readers, form, name, content)
                for field, (name, content) in files.items()
            }
            for field, one in found.items():
                if not one.refused:
                    incoming_files.keep(files[field][1], one.hash, self.app.settings.data_dir)
            return found

        await self._transaction(admit, True)
        try:
            return await self.runner.look(keep)
        except OSError as error:
            raise StorageUnavailable("BOT_DATA_DIR") from error

    def _form(self, request: Request) -> Form:
        """The form of the quarter in the address, else today's."""
        try:
            return self.app.corpus.form_of(request.path_params.get("quarter", ""))
        except ValueError:
            return self.app.corpus.on(local(self.now()).date()).form

    async def _read_file(
        self,
        admit: Callable[[Connection], Officer],
        reader: Reader,
        files: Mapping[str, tuple[str, bytes]],
    ) -> object:
        """What a reader makes of the file, or why it cannot: `BadFile` or `BadSheet`.

        Raises:
            NotIn, Forged, Denied: nothing is read for whom the room will not admit.
        """
        name, content = next(iter(files.values()))
        readers, now = self.app.assistant.readers, self.now()

        def read() -> object:
            try:
                return readers.read(reader, name, content, now)
            except (BadFile, BadSheet) as error:
                return error
            except TooCostly:
                return BadFile("costly")

        await self._transaction(admit, True)
        try:
            return await self.runner.look(read)
        except OSError as error:
            raise StorageUnavailable("readers") from error

    async def _work_out(
        self,
        admit: Callable[[Connection], Officer],
        before: Before,
        request: Request,
        fields: Mapping[str, str],
    ) -> object:
        """What takes long, outside of any transaction of ours, from the answers published last.

        Raises:
            NotIn, Forged, Denied: nothing is done for whom the room will not admit.
        """
        params = {**fields, **{k: showable(str(v)) for k, v in request.path_params.items()}}

        def work() -> object:
            self.app.assistant.refresh()
            return before(self.app, params, self.now())

        await self._transaction(admit, True)
        return await self.runner.run(work)

    def _admit(
        self, connection: Connection, request: Request, right: Right, token: str, fields: Mapping[str, str]
    ) -> Officer:
        """Return who is in, if the request is theirs and the right allows them.

        Raises:
            NotIn: no session is open.
            Forged: the post came from elsewhere.
            Denied: the right does not name them.
        """
        officer = self._officer(connection, token)
        if request.method == "POST" and not (
            same_site(request, self.app.settings.public_url)
            and hmac.compare_digest(fields.get("csrf", "").encode(), csrf_of(token).encode())
        ):
            raise Forged
        if not right.allows([officer]):
            raise Denied
        return officer

    def _officer(self, connection: Connection, token: str) -> Officer:
        """Return whose session it is.

        Raises:
            NotIn: no session is open.
        """
        officer = sessions.officer(connection, token, self.now()) if token else None
        if officer is None:
            raise NotIn
        return officer

    def _visit(
        self,
        connection: Connection,
        officer: Officer,
        request: Request,
        token: str,
        fields: Mapping[str, str],
        files: Mapping[str, tuple[str, bytes]],
    ) -> Visit:
        return Visit(
            self.app,
            connection,
            officer,
            self.now(),
            csrf_of(token),
            request.url.path,
            {k: showable(str(v)) for k, v in request.path_params.items()},
            {k: showable(v).strip() for k, v in request.query_params.items()},
            fields,
            files,
        )

    async def _note(self, request: Request, action: str) -> None:
        """Keep that somebody who is in was refused; of strangers nothing is kept."""
        token = request.cookies.get(COOKIE, "")

        def work(connection: Connection) -> None:
            if found := sessions.officer(connection, token, self.now()):
                path = request.url.path[:200]
                audit.record(
                    connection, self.now(), found.person_id, action, "office:web", path=path, **detail
                )

        who = hashlib.sha256(token.encode()).digest()
        times = self.app.assistant.tally.count(f"refused:{action}", who, REFUSED, self.now())
        detail = {"times": times} if times > 1 else {}
        if token and is_told(times):
            with contextlib.suppress(StorageUnavailable):  # refused it is all the same
                await self._transaction(work, False)

    def _response(self, request: Request, answer: Answer, visit: Visit) -> Response:
        if isinstance(answer, Goto):
            return RedirectResponse(answer.location, 303)
        if isinstance(answer, Page):
            return HTMLResponse(html.page(answer.template, answer.data, visit), answer.status)
        return _download(answer)

    # The door itself

    async def nowhere(self, request: Request) -> Response:
        """An address that leads to no room."""
        raise NotFound

    async def enter_page(self, request: Request) -> Response:
        """What the link shows: a button. Looking does not use the link up."""
        token = request.path_params["token"]
        works = await self._transaction(lambda c: sessions.link_works(c, token, self.now()), True)
        return await self._link(request, works)

    async def _link(self, request: Request, works: bool) -> Response:
        """The page of a link; one that is used up says so, and leads on who is in already."""
        session = request.cookies.get(COOKIE, "")
        found = await self._transaction(lambda c: sessions.officer(c, session, self.now()), True)
        data = {"token": request.path_params["token"], "works": works, "inside": found is not None}
        return _plain("enter.html", 200 if works else 410, **data)

    async def enter(self, request: Request) -> Response:
        """The button: the link is used up and a session begins."""
        if not same_site(request, self.app.settings.public_url):
            raise Forged
        token = request.path_params["token"]
        session = await self._transaction(lambda c: sessions.enter(c, token, self.now()), False)
        if session is None:
            return await self._link(request, works=False)
        response = RedirectResponse("/office", 303)
        public = self.app.settings.public_url or ""
        response.set_cookie(
            COOKIE,
            session,
            path="/office",
            httponly=True,
            samesite="strict",
            secure=public.startswith("https:") or request.url.scheme == "https",
        )
        return response


def leave(visit: Visit) -> Answer:
    """Log out: the session ends here, whatever the browser keeps."""
    sessions.leave(visit.connection, visit.officer.session_id, visit.officer.person_id, visit.now)
    return Goto("/office")


def csrf_of(session: str) -> str:
    """What the forms of a session carry: derived from it, never the session's own token."""
    return hashlib.sha256(f"csrf:{session}".encode()).hexdigest()


async def _read(request: Request) -> tuple[dict[str, str], dict[str, tuple[str, bytes]]]:
    """The fields and files of a posted form, cleaned.

    Raises:
        TooLarge: over 64 KiB, or over 10 MiB with files.
    """
    multipart = request.headers.get("content-type", "").lower().startswith("multipart/form-data")
    body = await read_body(request, LONGEST_FILE + LONGEST_FORM if multipart else LONGEST_FORM)

    async def replay() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    try:
        whole = Request(request.scope, replay)
        sent = await whole.form(max_files=2, max_fields=MOST_FIELDS, max_part_size=len(body) + 1)
    except (HTTPException, ValueError, LookupError, AssertionError):
        sent = FormData()
    fields: dict[str, str] = {}
    files: dict[str, tuple[str, bytes]] = {}
    for name, value in sent.multi_items():
        if isinstance(value, UploadFile):
            if value.filename:
                files[name] = (showable(value.filename), await value.read())
        else:
            fields[name] = showable(value).strip()
    return fields, files


def _plain(template: str, status: int, **data: object) -> Response:
    return HTMLResponse(html.page(template, data), status)


def _problem(kind: str, status: int, **data: object) -> Response:
    return _plain("problem.html", status, **{"kind": kind, "incident": "", **data})


def _download(answer: Download) -> Response:
    kind = MEDIA.get(answer.name.rpartition(".")[2].lower(), "application/octet-stream")
    header = disposition(answer.name)
    if answer.inline:
        header = "inline" + header.removeprefix("attachment")
    headers = {"Content-Disposition": header}
    if isinstance(answer.content, bytes):
        return Response(answer.content, media_type=kind, headers=headers)
    path = answer.content
    return FileResponse(path, media_type=kind, headers=headers, background=BackgroundTask(path.unlink, True))
