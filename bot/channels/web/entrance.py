"""A link from another channel: who presses its button goes on in this browser as the same person.

Looking uses nothing up, so that no preview of the platform does. What the button sends is the one-time code
as a message of this browser: it is taken, refused and recorded like one that was typed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bot.app import App
from bot.assistant import Runner
from bot.channels.web import letters, pages
from bot.channels.web.forms import read_form
from bot.channels.web.places import ROOT
from bot.channels.web.visitors import Visitor
from bot.core.messages import Incoming
from bot.core.refusals import refused
from bot.core.render import words
from bot.http.bodies import LONGEST_FORM, TooLarge
from bot.http.ways import ENTER, ENTERED
from policy.reading.digits import whole_number
from storage.connections.database import StorageUnavailable, transaction
from storage.people import accounts, people

_CODE = re.compile(r"[A-Z0-9-]{10,12}", re.A)
_GOES_TO = re.compile(r"/sheet/[0-9]{1,9}/[0-9]{4}Q[1-4]", re.A)


class Entrance:
    """The endpoints."""

    def __init__(self, app: App, runner: Runner, now: Callable[[], datetime]) -> None:
        self.app = app
        self.runner = runner
        self.now = now

    async def show(self, request: Request) -> Response:
        """A button, and whose person one becomes; 410 when the link does not work (any more)."""
        visitor = Visitor.of(request, self.app.keys)
        whose = await self.runner.run(lambda: self._whose(request.path_params["code"]))
        code = request.path_params["code"] if whose else ""
        page = pages.entrance(whose, code, _to(request), letters.are_big(request))
        return self._keep(request, HTMLResponse(page, 200 if whose else 410), visitor)

    def _whose(self, code: str) -> pages.Whose | None:
        if not _CODE.fullmatch(code):
            return None
        with transaction(self.app.engine, read_only=True) as connection:
            person_id = accounts.link_of(connection, self.app.keys.codes, code, self.now())
            if person_id is None:
                return None
            roles = people.memberships(connection, person_id)
            name = people.profile(connection, person_id).name or ""
        return pages.Whose(name, tuple(m.institution for m in roles if m.institution))

    async def enter(self, request: Request) -> Response:
        """The button: the code is sent from this browser, then the page that was meant."""
        visitor = Visitor.of(request, self.app.keys)
        if not ROOT.same_site(request, self.app.settings.public_url):
            return self._problem(request, "foreign", 403)
        length = whole_number(request.headers.get("content-length", ""))
        if not visitor.known or length is None or length > LONGEST_FORM:
            return self._problem(request, "cookie", 400)
        code, sent = request.path_params["code"], await read_form(request)
        if not _CODE.fullmatch(code):
            return self._problem(request, "enter", 410)
        said = words("bind/messages.typed", {"code": code})
        await self.runner.handle(Incoming(visitor.address, f"enter.{sent.id[:64]}", self.now(), said))
        return self._keep(request, RedirectResponse(_to(request) or "/#latest", 303), visitor)

    def _keep(self, request: Request, response: Response, visitor: Visitor) -> Response:
        public = self.app.settings.public_url or ""
        secure = public.startswith("https:") or request.url.scheme == "https"
        ROOT.keep(response, visitor.cookie, secure)
        return response

    def _problem(self, request: Request, kind: str, status: int) -> Response:
        page = pages.problem(pages.notice(kind), big=letters.are_big(request))
        return HTMLResponse(page, status)

    async def steady(self, request: Request) -> Response:
        """Either of them, with a sentence for what can go wrong and the headers of safety."""
        try:
            response = await (self.enter if request.method == "POST" else self.show)(request)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody reads it
        except TooLarge:
            response = self._problem(request, "sheet_large", 413)
        except StorageUnavailable as error:
            refused("web", error)
            response = self._problem(request, "unavailable", 503)
        response.headers.update({**ROOT.headers, "Referrer-Policy": "no-referrer"})
        return response


def _to(request: Request) -> str:
    """The page to go on to, one of those that may be named; "" for the chat."""
    to = request.query_params.get("to", "")
    return to if _GOES_TO.fullmatch(to) else ""


def routes(app: App, runner: Runner, now: Callable[[], datetime]) -> list[BaseRoute]:
    """`/enter/{code}`."""
    entrance = Entrance(app, runner, now)
    return [Route(way.path, entrance.steady, methods=[way.method]) for way in (ENTER, ENTERED)]
