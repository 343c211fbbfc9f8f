"""Inside WeChat: who opens the web chat from the account's menu is known there (OAuth, `snsapi_base`).

The platform gives the browser a silent code and us, for it, the openid: the person's account on the Official
Account. The browser then joins that person by a one-time code, under the rules of every such code. Whatever
goes wrong, the chat opens as for anybody.
https://developers.weixin.qq.com/doc/offiaccount/OA_Web_Apps/Wechat_webpage_authorization.html
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlencode

import httpx
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bot.app import App
from bot.assistant import Runner
from bot.channels.web.places import ROOT
from bot.channels.web.visitors import Visitor
from bot.core.messages import Incoming
from bot.core.refusals import refused
from bot.core.render import words
from bot.http.ways import OPENID, OPENID_TOLD
from policy.reading.digits import whole_number
from storage.address import Address
from storage.connections.database import StorageUnavailable
from storage.conversations import outbox
from storage.people import accounts, people

AUTHORIZE = "https://open.weixin.qq.com/connect/oauth2/authorize"
HOME = "/#latest"
LASTS = timedelta(minutes=10)  # from our page to the platform's and back
ASK_SECONDS = 5.0
ASKED_AT_ONCE = 4
INSIDE = "MicroMessenger"  # what WeChat's own browser calls itself; elsewhere the platform only refuses

_STATE = re.compile(
    r"([0-9]{1,12})x([0-9a-f]{40})", re.A
)  # letters and digits are all the platform gives back
_CODE = re.compile(r"[A-Za-z0-9_-]{8,128}", re.A)
_OPENID = re.compile(r"[A-Za-z0-9_-]{1,128}", re.A)


class OpenId:
    """The two endpoints; where it is switched on there are an appid, a secret and a public address."""

    def __init__(self, app: App, runner: Runner, now: Callable[[], datetime]) -> None:
        for name in ("httpx", "httpcore"):  # their lines hold the secret
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        self.app = app
        self.runner = runner
        self.now = now
        self._asking = asyncio.Semaphore(ASKED_AT_ONCE)

    async def ask(self, request: Request) -> Response:
        """To the platform, which comes back at once and shows nothing; outside of WeChat to the chat."""
        inside = INSIDE in request.headers.get("user-agent", "")
        if not (inside and self.app.settings.wechat_oauth):
            return self._home()
        visitor = Visitor.of(request, self.app.keys)
        settings = self.app.settings
        query = {
            "appid": settings.wechat_appid,
            "redirect_uri": f"{settings.public_url}{OPENID_TOLD.path}",
            "response_type": "code",
            "scope": "snsapi_base",
            "state": self._state(visitor, int(self.now().timestamp())),
        }
        response = RedirectResponse(f"{AUTHORIZE}?{urlencode(query)}#wechat_redirect", 302)
        ROOT.keep(response, visitor.cookie, secure=(settings.public_url or "").startswith("https:"))
        return response

    async def told(self, request: Request) -> Response:
        """Back from the platform: the browser becomes the person of that openid, where it may."""
        visitor = Visitor.of(request, self.app.keys)
        code, state = (request.query_params.get(name, "") for name in ("code", "state"))
        if not self.app.settings.wechat_oauth or not visitor.known:
            return self._home()
        if not self._is_ours(visitor, state) or not _CODE.fullmatch(code):
            return self._home()
        openid = await self._openid(code)
        if openid:
            try:
                await self._join(
                    visitor, Address("wechat", self.app.settings.wechat_appid or "", openid), state
                )
            except StorageUnavailable as error:
                refused("web", error)
        return self._home()

    def _home(self) -> Response:
        return RedirectResponse(HOME, 303)

    def _state(self, visitor: Visitor, at: int) -> str:
        """Bound to this browser and moment: nobody's code is brought to somebody else's browser."""
        named = f"{at}\n{visitor.address.sender}".encode()
        return f"{at}x{hmac.new(self.app.keys.derive('wechat openid'), named, 'sha256').hexdigest()[:40]}"

    def _is_ours(self, visitor: Visitor, state: str) -> bool:
        found = _STATE.fullmatch(state)
        at = whole_number(found[1], longest=12) if found else None
        if at is None or not 0 <= self.now().timestamp() - at <= LASTS.total_seconds():
            return False
        return hmac.compare_digest(state, self._state(visitor, at))

    async def _openid(self, code: str) -> str:
        """Whose code it is; "" when the platform does not tell, or tells of a mere preview of the page."""
        settings = self.app.settings
        query = {"appid": settings.wechat_appid, "secret": settings.wechat_secret, "code": code}
        query["grant_type"] = "authorization_code"
        try:
            async with (
                self._asking,
                httpx.AsyncClient(base_url=settings.wechat_base_url, timeout=ASK_SECONDS) as client,
            ):
                told = (await client.get("/sns/oauth2/access_token", params=query)).json()
        except (httpx.HTTPError, ValueError):
            return ""
        if not isinstance(told, dict) or told.get("errcode") or told.get("is_snapshotuser"):
            return ""
        openid = told.get("openid")
        return openid if isinstance(openid, str) and _OPENID.fullmatch(openid) else ""

    async def _join(self, visitor: Visitor, there: Address, state: str) -> None:
        """Send, from this browser, a code of the person of that account; nothing where they are one."""
        code = await self.runner.write(lambda connection: self._code(connection, visitor, there))
        if code:
            said = words("bind/messages.typed", {"code": code})
            await self.runner.handle(Incoming(visitor.address, f"openid.{state}", self.now(), said))

    def _code(self, connection: Connection, visitor: Visitor, there: Address) -> str:
        theirs, here = outbox.talk_of(connection, there), outbox.talk_of(connection, visitor.address)
        if theirs is None or (here is not None and here.person_id == theirs.person_id):
            return ""
        if here is not None and people.has_role(connection, here.person_id):
            return ""  # nobody with a role becomes somebody else
        return accounts.create_link(connection, self.app.keys.codes, theirs.person_id, self.now())[0]


def routes(app: App, runner: Runner, now: Callable[[], datetime]) -> list[BaseRoute]:
    """`/wechat/enter` and where the platform comes back to; to the chat unless it is switched on."""
    openid = OpenId(app, runner, now)
    both = ((OPENID, openid.ask), (OPENID_TOLD, openid.told))
    return [Route(way.path, endpoint, methods=[way.method]) for way, endpoint in both]
