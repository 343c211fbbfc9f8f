"""Web chat: server-rendered pages that work without scripts, and a little better with them.

A person is a random cookie; what is stored is its hash. Every form carries a message id minted
here, so a reload, a double press or a retry is the same message and gets the same replies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import wraps

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bot.app import App
from bot.assistant import Runner
from bot.channels.web import entrance, letters, openid, pages, sheet
from bot.channels.web.forms import FORM_ID, Sent, is_short, message_id, read_form, row_number
from bot.channels.web.places import ROOT, Place, frame
from bot.channels.web.visitors import Visitor
from bot.core import input_limits
from bot.core.messages import FileRef, Incoming, IncomingFile, Outgoing
from bot.core.refusals import refused
from bot.core.render import words
from bot.core.security import at_rest
from bot.documents.store import FileGone, drop_incoming, safe_name, store_incoming
from bot.http.bodies import LONGEST_FILE, TooLarge, showable
from bot.http.responses import FILE_KINDS, SAFE_HEADERS, Endpoint, disposition
from bot.http.static import MEDIA, static_files
from bot.http.ways import SIZE
from storage.connections.database import StorageUnavailable, transaction
from storage.conversations import history, messages, outbox
from storage.conversations.history import Line

HISTORY = 60  # messages on a page


class WebChat:
    """The endpoints. Everything that touches storage runs on the runner's threads."""

    def __init__(self, app: App, runner: Runner, now: Callable[[], datetime], place: Place = ROOT) -> None:
        self.place = place
        self.app = app
        self.runner = runner
        self.now = now

    async def _visitor(self, request: Request) -> Visitor:
        """Who asks; a cookie that nobody signed counts only if it is stored, and is signed from now on."""
        visitor = self.named(request)
        if not visitor.claims:
            return visitor
        if await self.runner.run(lambda: self._is_stored(visitor)):
            return replace(visitor, known=True, claims=False)
        return Visitor.fresh(self.app.keys)

    def named(self, request: Request) -> Visitor:
        """Who the cookie says it is."""
        return Visitor.of(request, self.app.keys, self.place.cookie)

    def _is_stored(self, visitor: Visitor) -> bool:
        with transaction(self.app.engine, read_only=True) as connection:
            return outbox.talk_of(connection, visitor.address) is not None

    async def home(self, request: Request) -> Response:
        """The conversation so far."""
        visitor = await self._visitor(request)
        lines = await self._lines(visitor) if visitor.known else []
        return self._page(request, visitor, lines)

    async def say(self, request: Request) -> Response:
        """Apply what a form sent, then show the page anew (303) or, to the script, the new lines."""
        visitor = await self._visitor(request)
        if not self._same_site(request):
            return self._refuse(request, visitor, "foreign", 403)
        if not visitor.known and not is_short(request):  # their few words are handed back, a file is not read
            return self._refuse(request, visitor, "cookie", 400)
        try:
            sent = await read_form(request)
        except TooLarge:
            lines = await self._lines(visitor) if visitor.known else []
            most = LONGEST_FILE // 1024 // 1024
            return self._refuse(request, visitor, "large", 413, lines=lines, megabytes=most)
        if not visitor.known:
            return self._refuse(request, visitor, "cookie", 400, sent)
        try:
            return await self._apply(request, visitor, sent)
        except StorageUnavailable as error:
            refused("web", error)
            return self._refuse(request, visitor, "unavailable", 503, sent)

    async def _apply(self, request: Request, visitor: Visitor, sent: Sent) -> Response:
        label = await self.runner.run(lambda: self._label(visitor, sent)) if sent.choice else None
        name = safe_name(sent.file[0]) if sent.file else ""
        incoming = Incoming(
            visitor.address,
            message_id(sent),
            self.now(),
            label if label is not None else "" if sent.choice else sent.text,
            sent.choice,
            IncomingFile(name, "", len(sent.file[1])) if sent.file else None,
        )
        if reason := input_limits.refusal(incoming):
            lines = await self._lines(visitor)
            said = words("problem/door.j2", {"reason": reason})
            return self._refuse(request, visitor, "said", 400, sent, lines, said=said)
        if sent.opening:  # the greeting that the page showed becomes part of the conversation
            await self.runner.handle(Incoming(visitor.address, "opening", self.now(), pages.OPENING))
        await self._handle(incoming, sent.file)
        if _is_script(request):
            return self._html(request, visitor, await self._fragment(visitor, sent.after))
        return self._finish(request, visitor, RedirectResponse(f"{self.place.home}#latest", 303))

    async def _handle(self, incoming: Incoming, file: tuple[str, bytes] | None) -> None:
        if file is None:
            await self.runner.handle(incoming)
            return
        folder = self.app.settings.data_dir
        try:
            stored = await self.runner.run(lambda: store_incoming(file[0], file[1], folder))
        except OSError as error:
            raise StorageUnavailable(type(error).__name__) from error
        try:
            await self.runner.handle(replace(incoming, file=stored))
        finally:  # what is wanted of it was kept elsewhere before the message was applied
            await self.runner.run(lambda: drop_incoming(stored))

    async def new(self, request: Request) -> Response:
        """Lines after the one the script knows: reminders, or what another tab said."""
        visitor = await self._visitor(request)
        known = row_number(request.query_params.get("after", ""))
        if not visitor.known or not await self.runner.run(lambda: self._has_newer(visitor, known)):
            return self._finish(request, visitor, Response(status_code=204))
        return self._html(request, visitor, await self._fragment(visitor, known))

    async def file(self, request: Request) -> Response:
        """A file of one of this person's own messages."""
        visitor = await self._visitor(request)
        row, number = row_number(request.path_params["row"]), row_number(request.path_params["number"])
        message = await self.runner.run(lambda: self._message(visitor, row)) if visitor.known else None
        ref = message.files[number] if message and number < len(message.files) else None
        if ref is None or not await self.runner.run(lambda: self._may_have(visitor, ref)):
            return self._refuse(request, visitor, "gone", 404)
        try:
            content = await self.runner.run(lambda: self.app.files.content(ref))
        except FileGone:
            return self._refuse(request, visitor, "gone", 404)
        kind = FILE_KINDS.get(ref.name.rpartition(".")[2], "application/octet-stream")
        headers = {"Content-Disposition": disposition(ref.name)}
        return self._finish(request, visitor, Response(content, media_type=kind, headers=headers))

    async def privacy(self, request: Request) -> Response:
        """What is kept of people, on a page of its own; who only reads it gets no cookie."""
        told = pages.privacy_page(
            self.app.assistant.model is not None,
            self.app.assistant.responsible,
            letters.are_big(request),
        )
        return HTMLResponse(told, headers=SAFE_HEADERS)

    async def static(self, request: Request) -> Response:
        """A static file; under the hash of its content it never changes."""
        name = request.path_params["name"]
        if name not in static_files():
            return PlainTextResponse("", 404, headers=SAFE_HEADERS)
        digest, content = static_files()[name]
        fixed = request.path_params["digest"] == digest
        caching = "public, max-age=31536000, immutable" if fixed else "no-cache"
        kind = MEDIA[name.rpartition(".")[2]]
        headers = {**SAFE_HEADERS, "Cache-Control": caching, "Content-Type": kind}
        return Response(content, headers=headers)

    async def _lines(self, visitor: Visitor) -> list[Line]:
        return (await self._read(visitor, 0))[0]

    async def _read(self, visitor: Visitor, after: int) -> tuple[list[Line], int]:
        """The lines after that row, and the first row there still is (0: there are more than shown)."""
        lines, oldest = await self.runner.run(lambda: self._history(visitor, after))
        unseen = [line.outbox_id for line in lines if line.unseen]
        if unseen:  # shown from now on, so delivered
            now = self.now()
            await self.runner.write(lambda connection: history.mark_seen(connection, unseen, now))
        return lines, oldest

    def _history(self, visitor: Visitor, after: int) -> tuple[list[Line], int]:
        with transaction(self.app.engine, read_only=True) as connection:
            lines = history.last_lines(connection, visitor.address, HISTORY, after)
            return lines, history.first_shown(connection, visitor.address, HISTORY)

    def _has_newer(self, visitor: Visitor, after: int) -> bool:
        with transaction(self.app.engine, read_only=True) as connection:
            return history.has_newer(connection, visitor.address, after)

    def _message(self, visitor: Visitor, row: int) -> Outgoing | None:
        with transaction(self.app.engine, read_only=True) as connection:
            body = messages.body_of(connection, visitor.address, row)
        return at_rest.from_body(body, self.app.keys) if body is not None else None

    def _bubbles(self, lines: list[Line]) -> list[pages.Bubble]:
        return pages.bubbles(lines, lambda body: at_rest.from_body(body, self.app.keys))

    def _greeting(self) -> pages.Bubble:
        return pages.greeting(self.app.corpus.checks.values())

    def _may_have(self, visitor: Visitor, ref: FileRef) -> bool:
        """Whether an old link still serves: only those whose file it is today."""
        with transaction(self.app.engine, read_only=True) as connection:
            talk = outbox.talk_of(connection, visitor.address)
        return talk is not None and self.app.files.may_have(talk.person_id, ref)

    def _label(self, visitor: Visitor, sent: Sent) -> str | None:
        """What the pressed button said, from the stored message, never from the browser."""
        message = self._message(visitor, sent.of) if sent.of else self._greeting().message
        choices = message.choices if message else ()
        return next((c.label for c in choices if c.token == sent.choice), None)

    async def _fragment(self, visitor: Visitor, after: int) -> str:
        """The lines after those that the page shows; all of them when what it shows was forgotten."""
        lines, oldest = await self._read(visitor, after)
        if after and not lines:
            whole = await self._lines(visitor)
            if whole and after > whole[-1].outbox_id:
                lines, oldest = whole, after + 1
        return pages.fragment(self._bubbles(lines), oldest, self.place.path)

    def _page(
        self,
        request: Request,
        visitor: Visitor,
        lines: list[Line],
        status: int = 200,
        **more: object,
    ) -> Response:
        shown = self._bubbles(lines) or [self._greeting()]
        more = {"opening": not lines, "cut": len(lines) >= HISTORY, "at": self.place.path, **more}
        more["big"] = letters.are_big(request)
        return self._html(request, visitor, pages.page(shown, self.now(), **more), status)

    def _refuse(
        self,
        request: Request,
        visitor: Visitor,
        kind: str,
        status: int,
        sent: Sent | None = None,
        lines: list[Line] | None = None,
        **data: object,
    ) -> Response:
        """A kind sentence; what was typed, and its message id, stay in the form."""
        sentence = pages.notice(kind, **data)
        if _is_script(request):
            return self._finish(request, visitor, PlainTextResponse(sentence, status))
        sent = sent or Sent()
        kept: dict[str, object] = {"typed": showable(sent.text) if sent.choice is None else ""}
        kept["at"] = self.place.path
        kept["big"] = letters.are_big(request)
        if FORM_ID.fullmatch(sent.id) and kind == "unavailable":
            kept["form_id"] = sent.id  # perhaps it was applied after all: trying again is the same message
            if sent.choice is not None and sent.choice == showable(sent.choice):
                kept["again"] = sent
        shown = self._bubbles(lines or []) or ([self._greeting()] if sent.opening else [])
        html = pages.page(shown, self.now(), opening=sent.opening, notice=sentence, **kept)
        return self._html(request, visitor, html, status)

    def _html(self, request: Request, visitor: Visitor, html: str, status: int = 200) -> Response:
        return self._finish(request, visitor, HTMLResponse(html, status))

    def _finish(self, request: Request, visitor: Visitor, response: Response) -> Response:
        """The headers every answer carries, and the cookie, renewed."""
        response.headers.update(self.place.headers)
        if request.method == "POST" and not self._same_site(request):
            return response  # their cookie was not sent along; it must not be replaced
        public = self.app.settings.public_url or ""
        secure = public.startswith("https:") or request.url.scheme == "https"
        self.place.keep(response, visitor.cookie, secure)
        return response

    def _same_site(self, request: Request) -> bool:
        return self.place.same_site(request, self.app.settings.public_url)


def _is_script(request: Request) -> bool:
    return "x-fragment" in request.headers


def routes(app: App, runner: Runner, now: Callable[[], datetime]) -> list[BaseRoute]:
    """The routes: `/`, `/privacy`, `/new`, `/file/…`, `/static/…`, and `/embed` where it is allowed."""
    chat = WebChat(app, runner, now)
    found: list[BaseRoute] = [
        *_of(chat),
        Route("/privacy", chat.privacy, methods=["GET"]),
        Route(SIZE.path, letters.choose, methods=[SIZE.method]),
        Route("/static/{digest}/{name}", chat.static, methods=["GET"]),
    ]
    found += [
        *sheet.routes(app, runner, now),
        *entrance.routes(app, runner, now),
        *openid.routes(app, runner, now),
    ]
    if origins := app.settings.embedding:
        found += _of(WebChat(app, runner, now, frame(origins)))
    return found


def _of(chat: WebChat) -> list[BaseRoute]:
    """What one place serves."""

    def steady(endpoint: Endpoint) -> Endpoint:
        @wraps(endpoint)
        async def answer(request: Request) -> Response:
            try:
                return await endpoint(request)
            except StorageUnavailable as error:
                refused("web", error)
                return chat._refuse(request, chat.named(request), "unavailable", 503)
            except ClientDisconnect:
                return Response(status_code=400)  # nobody reads it

        return answer

    home, path = chat.place.home, chat.place.path
    return [
        Route(home, steady(chat.home), methods=["GET"]),
        Route(home, steady(chat.say), methods=["POST"]),
        Route(f"{path}/new", steady(chat.new), methods=["GET"]),
        Route(f"{path}/file/{{row}}/{{number}}", steady(chat.file), methods=["GET"]),
    ]
