"""Notices by template message: to who agreed and cannot be written to, one a day, three a quarter.

A notice only says that something waits; what waits is handed over when the person comes.
https://developers.weixin.qq.com/doc/service/guide/product/template_message/Template_Message_Interface.html
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from bot.app import App
from bot.assistant import Runner
from bot.channels.tencent.calls import NotTaken, Unreachable
from bot.channels.wechat.api import Api
from bot.core.reach import window
from bot.core.render import environment, words
from bot.http.responses import SAFE_HEADERS
from policy.calendar.quarters import Quarter, local
from policy.calendar.reminders import sending_hours
from storage.address import Address
from storage.connections.database import StorageUnavailable, transaction
from storage.conversations import notices, reach
from storage.conversations.notices import Wanted

log = logging.getLogger("bot")

PATH = "/wechat/stop/"
LONGEST = 20  # characters of a field: thing.DATA takes no more
REFUSED_BY_PERSON = frozenset({43101})  # they refuse this template
GONE = 43004
BUSY = frozenset({-1, 45009})
_TOKEN = re.compile(r"([0-9]{1,18})\.([A-Za-z0-9_-]{24})", re.A)


class Notices:
    """Those of one account. `fields`: the template's fields → what goes into each."""

    def __init__(self, app: App, runner: Runner, account: str, now: Callable[[], datetime], api: Api) -> None:
        self._app = app
        self._runner = runner
        self._account = account
        self._now = now
        self._api = api
        self._key = app.keys.derive("stop notices")

    async def send(self) -> int:
        """Send those that are due now; how many. One that is not taken is not tried again that day.

        Raises:
            StorageUnavailable: the database cannot be used.
        """
        now = self._now()
        if not sending_hours(now, self._app.corpus.holidays):
            return 0
        day, sent = local(now).date().isoformat(), 0
        for wanted in await self._runner.run(lambda: self._wanted(now, day)):
            quarter = str(wanted.about["quarter"])
            claim = partial(notices.claim, account_id=wanted.account_id, quarter=quarter, day=day)
            if not await self._runner.write(claim):
                continue
            try:
                await self._api.send_template(self._message(wanted))
                sent += 1
            except Unreachable as error:  # perhaps it went: not twice on one day
                log.warning("a notice is not known to have gone: %s", error)
            except NotTaken as error:
                if not await self._not_taken(error.code, wanted):
                    return sent
        return sent

    def _wanted(self, now: datetime, day: str) -> list[Wanted]:
        """Whom to tell: something waits for them, and it cannot go by itself."""
        with transaction(self._app.engine, read_only=True) as connection:
            if not notices.are_sent(connection, window.NAME, self._account):
                return []
            found = notices.waiting(connection, window.NAME, self._account, day)
            open_ = window.open_to(connection, [one.address for one in found], now)
            refused = reach.refused(connection, [one.address for one in found])
        return [one for one in found if one.address not in open_ or one.address in refused]

    async def _not_taken(self, code: int, wanted: Wanted) -> bool:
        """Keep what a refusal means; whether to go on with the others."""
        log.warning("a notice is not taken (%d)", code)
        address, now = wanted.address, self._now()
        if code in REFUSED_BY_PERSON:
            await self._runner.write(lambda c: notices.stop(c, address, now))
        elif code == GONE:
            await self._runner.write(lambda c: reach.refuse_person(c, address, "gone", code, now))
        elif code not in BUSY:  # a wrong template, no such ability: it is the same for everybody
            log.error("wechat takes no notices of this account (%d)", code)
            await self._runner.write(lambda c: reach.ends_notices(c, window.NAME, self._account))
            return False
        return True

    def _message(self, wanted: Wanted) -> dict[str, Any]:
        settings = self._app.settings
        values = _values(wanted.about)
        data = {}
        for field, what in settings.notice_fields.items():
            value = values[what]
            if what == "截止" and field.startswith("date"):
                value = value.partition(" ")[0]
            data[field] = {"value": value if what == "截止" else value[:LONGEST]}
        message: dict[str, Any] = {
            "touser": wanted.address.sender,
            "template_id": settings.wechat_template,
            "data": data,
        }
        if settings.public_url:
            message["url"] = f"{settings.public_url}{PATH}{self._token(wanted.account_id)}"
        return message

    def _token(self, account_id: int) -> str:
        mac = hmac.new(self._key, f"{self._account}\n{account_id}".encode(), hashlib.sha256).digest()
        return f"{account_id}.{base64.urlsafe_b64encode(mac[:18]).decode()}"

    def routes(self) -> list[BaseRoute]:
        """GET and POST `/wechat/stop/…`: the page behind a notice, with one button."""
        return [Route(PATH + "{token}", self._page, methods=["GET", "POST"])]

    async def _page(self, request: Request) -> Response:
        """404 for an address that we did not make. Nothing is changed but by the button."""
        found = _TOKEN.fullmatch(request.path_params["token"])
        right = found and hmac.compare_digest(self._token(int(found[1])).encode(), found[0].encode())
        if not found or not right:
            return _shown("wrong", 404)
        if request.method != "POST":
            return _shown("ask")
        account_id, now = int(found[1]), self._now()
        try:
            await self._runner.write(lambda c: notices.answer(c, account_id, False, now))
        except StorageUnavailable:
            return _shown("ask", 503)
        return _shown("stopped")

    async def refused_by(self, sender: str) -> None:
        """The platform told that somebody blocks notices.

        Raises:
            StorageUnavailable: it was not noted.
        """
        address, now = Address(window.NAME, self._account, sender), self._now()
        await self._runner.write(lambda c: notices.stop(c, address, now))


def _values(about: Mapping[str, Any]) -> dict[str, str]:
    """What may go into the template's fields."""
    last = local(datetime.fromisoformat(about["last"]))
    return {
        "单位": str(about["institution"]),
        "季度": Quarter.parse(str(about["quarter"])).name,
        "事项": words("reminders/messages.matter"),
        "截止": f"{last.year}年{last.month}月{last.day}日 {last:%H:%M}",
    }


def _shown(state: str, status: int = 200) -> Response:
    page = environment().get_template("wechat/stop.html").render(state=state)
    return HTMLResponse(page, status, headers=SAFE_HEADERS)
