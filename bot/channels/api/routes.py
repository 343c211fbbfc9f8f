"""`/api`: an answer to a question and the clauses of the notice, as JSON, for who has a key.

Nothing is stored or logged of what is asked, no conversation is opened and no model is asked. How often a
key is used is counted in memory.
"""

from __future__ import annotations

import hmac
import json
import math
import re
from collections.abc import Awaitable, Callable, Collection
from datetime import date, datetime, timedelta
from functools import wraps
from typing import Any

import yaml
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bot.app import App
from bot.assistant import Runner
from bot.core.input_limits import LONGEST_TEXT, clean, text_refusal
from bot.core.published import reader
from bot.core.refusals import refused
from bot.core.render import words
from bot.core.security.flood import Limit, Tally
from bot.features.questions import answer
from bot.http.bodies import LONGEST_FORM, TooLarge, read_body
from bot.http.responses import SAFE_HEADERS
from bot.http.ways import ASK, CLAUSES, OPENAPI, Way
from policy.answers.publications import Publication
from policy.calendar.quarters import local
from storage.connections.database import StorageUnavailable, transaction

MINUTE = timedelta(minutes=1)
NO_LIMIT = 1_000_000_000  # of all keys together

_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Refused(Exception):
    """A request that is not answered: HTTP status, kind of the sentence, further headers."""

    def __init__(self, status: int, kind: str, **headers: str) -> None:
        super().__init__(kind)
        self.status = status
        self.kind = kind
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class Api:
    """The endpoints. `now` is the clock."""

    def __init__(self, app: App, runner: Runner, now: Callable[[], datetime]) -> None:
        self._app = app
        self._runner = runner
        self._now = now
        self._keys = app.settings.api_keys
        self._limit = Limit("api", app.settings.api_per_minute, NO_LIMIT, MINUTE)
        self._tally = Tally()

    def _admit(self, request: Request) -> None:
        """Take one from the minute of the key.

        Raises:
            Refused: 401 no key of ours, 429 its minute is used up.
        """
        given = request.headers.get("authorization", "").encode()
        fits = [hmac.compare_digest(given, f"Bearer {key}".encode()) for key in self._keys]
        if not any(fits):
            raise Refused(401, "key", WWW_Authenticate="Bearer")
        now = self._now()
        if not self._tally.take(self._limit, fits.index(True), now):
            left = MINUTE.total_seconds() - now.timestamp() % MINUTE.total_seconds()
            raise Refused(429, "limit", Retry_After=str(math.ceil(left)))

    async def ask(self, request: Request) -> Response:
        """One question, one answer with its clauses, as `python -m bot ask --json` prints it."""
        self._admit(request)
        question, on = await self._asked(request)
        return JSONResponse(await self._runner.run(lambda: self._answer(question, on)))

    async def _asked(self, request: Request) -> tuple[str, date]:
        """The question and the day as of which it is answered.

        Raises:
            Refused: 413 too long, 400 not what the document describes.
        """
        try:
            asked = json.loads(await read_body(request, LONGEST_FORM))
        except TooLarge:
            raise Refused(413, "long") from None
        except (ValueError, RecursionError):
            raise Refused(400, "body") from None
        question = asked.get("question") if isinstance(asked, dict) else None
        if not isinstance(question, str) or not clean(question).strip():
            raise Refused(400, "body")
        if reason := text_refusal(question):
            raise Refused(413 if reason == "long" else 400, "long" if reason == "long" else "body")
        return clean(question).strip(), self._day(asked.get("on"))

    def _answer(self, question: str, on: date) -> dict[str, Any]:
        """The answer; the database is only read, where the office may have published something about it."""

        def published(kinds: Collection[str], day: date) -> list[Publication]:
            with transaction(self._app.engine, read_only=True) as connection:
                return reader(connection, self._app.corpus)(kinds, day)

        return answer.as_json(self._app.corpus, question, on, published)

    async def clauses(self, request: Request) -> Response:
        """Every clause of the notice, to the letter, as it reads on a day."""
        self._admit(request)
        on = self._day(request.query_params.get("on"))
        notices = self._app.corpus.notices
        held = [notices.clause(each, on) for each in notices.ids()]
        told = [
            {"id": c.id, "notice": c.number, "section": c.section, "title": c.title, "text": c.text}
            for c in held
        ]
        base = notices.base
        return JSONResponse({"notice": base.number, "name": base.name, "on": str(on), "clauses": told})

    async def openapi(self, request: Request) -> Response:
        """The description of these addresses; nobody needs a key to read it."""
        data = {"url": self._app.assistant.url, "limit": self._limit.each, "longest": LONGEST_TEXT}
        return JSONResponse(yaml.safe_load(words("api/openapi.j2", data)))

    def _day(self, given: object) -> date:
        """The day that is named, or today.

        Raises:
            Refused: 400 it is none.
        """
        if given is None:
            return local(self._now()).date()
        try:
            if isinstance(given, str) and _DAY.fullmatch(given):
                return date.fromisoformat(given)
        except ValueError:
            pass
        raise Refused(400, "day")


def _steady(endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """The same, with a sentence where it is not answered, and the headers of every answer."""

    @wraps(endpoint)
    async def answered(request: Request) -> Response:
        try:
            response = await endpoint(request)
        except Refused as refusal:
            response = _problem(refusal)
        except StorageUnavailable as error:
            refused("api", error)
            response = _problem(Refused(503, "unavailable", Retry_After="30"))
        except ClientDisconnect:
            return Response(status_code=400)  # nobody reads it
        response.headers.update(SAFE_HEADERS)
        return response

    return answered


def _problem(refusal: Refused) -> Response:
    sentence = words("api/problem.j2", {"kind": refusal.kind, "longest": LONGEST_TEXT})
    return JSONResponse({"error": refusal.kind, "message": sentence}, refusal.status, refusal.headers)


def routes(app: App, runner: Runner, now: Callable[[], datetime]) -> list[BaseRoute]:
    """`/api/…`; nothing without a key in the settings."""
    if not app.settings.api_keys:
        return []
    api = Api(app, runner, now)
    served: list[tuple[Way, Callable[[Request], Awaitable[Response]]]]
    served = [(ASK, api.ask), (CLAUSES, api.clauses), (OPENAPI, api.openapi)]
    return [Route(way.path, _steady(endpoint), methods=[way.method]) for way, endpoint in served]
