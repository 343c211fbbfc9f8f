"""Files of ours on WeChat: a signed address that works for a day, for one file of one message.

An Official Account cannot send documents to people. The address names the outbox row and the place of
the file in it; whether the person may have it is looked at again when it is opened.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from bot.app import App
from bot.assistant import Runner
from bot.core.messages import FileRef, Outgoing
from bot.core.render import words
from bot.documents.store import FileGone
from bot.http.responses import FILE_KINDS, SAFE_HEADERS, disposition
from storage.connections.database import StorageUnavailable, transaction
from storage.conversations import outbox

LIVES = timedelta(hours=24)
PATH = "/wechat/file/"
_TOKEN = re.compile(r"([0-9]{1,18})\.([0-9]{1,3})\.([0-9]{1,12})\.([A-Za-z0-9_-]{24})", re.A)
_STATUS = {"expired": 410, "denied": 403, "unavailable": 503}


class FileLinks:
    """Makes and serves the addresses for one account."""

    def __init__(self, app: App, runner: Runner, account: str, now: Callable[[], datetime]) -> None:
        self._app = app
        self._runner = runner
        self._account = account
        self._now = now
        self._key = app.keys.derive("file links")

    def address(self, row: int, place: int, given: datetime) -> str | None:
        """Where a file of a message handed over at that time is had; None without BOT_PUBLIC_URL."""
        public = self._app.settings.public_url
        if not public:
            return None
        named = f"{row}.{place}.{int((given + LIVES).timestamp())}"
        return f"{public}{PATH}{named}.{self._sign(named)}"

    def _sign(self, named: str) -> str:
        mac = hmac.new(self._key, f"{self._account}\n{named}".encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(mac[:18]).decode()

    async def serve(self, request: Request) -> Response:
        """The file; 404 for an address that we did not make, 410 expired, 403 not any more."""
        found = _TOKEN.fullmatch(request.path_params["token"])
        if not found:
            return _refuse("wrong")
        named = ".".join(found.groups()[:3])
        if not hmac.compare_digest(found[4], self._sign(named)):
            return _refuse("wrong")
        if int(found[3]) < self._now().timestamp():
            return _refuse("expired")
        row, place = int(found[1]), int(found[2])
        try:
            ref = await self._runner.run(lambda: self._ref(row, place))
            if isinstance(ref, str):
                return _refuse(ref)
            content = await self._runner.run(lambda: self._app.files.content(ref))
        except FileGone:
            return _refuse("wrong")
        except (StorageUnavailable, OSError):
            return _refuse("unavailable")
        kind = FILE_KINDS.get(ref.name.rpartition(".")[2], "application/octet-stream")
        headers = {**SAFE_HEADERS, "Content-Disposition": disposition(ref.name)}
        return Response(content, media_type=kind, headers=headers)

    def _ref(self, row: int, place: int) -> FileRef | str:
        """The file, or why it is not to be had."""
        with transaction(self._app.engine, read_only=True) as connection:
            found = outbox.body_and_person(connection, "wechat", self._account, row)
            if found is None:
                return "wrong"
            body, person_id = found
        files = Outgoing.from_body(body).files
        if place >= len(files):
            return "wrong"
        return files[place] if self._app.files.may_have(person_id, files[place]) else "denied"


def _refuse(reason: str) -> Response:
    sentence = words("wechat/link.j2", {"reason": reason})
    return PlainTextResponse(sentence, _STATUS.get(reason, 404), headers=SAFE_HEADERS)
