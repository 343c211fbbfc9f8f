"""A self-built application of 企业微信, transport only: encrypted posts in, the outbox out.

A post is answered, with nothing in it, only after its turn was committed; what we say goes out as a message.
Without an answer the platform asks for the same message again, twice.
https://developer.work.weixin.qq.com/document/path/90930
"""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from bot.app import App
from bot.assistant import Runner
from bot.channels.delivery import Delivery
from bot.channels.tencent import xml
from bot.channels.tencent.crypto import Forged, Sealer
from bot.channels.wecom.api import Api, Robot
from bot.channels.wecom.intake import BadPost, Heard, Intake, hear
from bot.channels.wecom.platform import CHANNEL, Group, Platform
from bot.core.refusals import refused
from bot.settings import Settings
from storage.connections.database import StorageUnavailable
from storage.connections.leader_lock import Lease

log = logging.getLogger("bot")

BODY_LONGEST = 128 * 1024  # bytes; a text of 2,048 characters, encrypted, is 15,000
OLDEST_SECONDS = 300  # between the platform's clock and ours
HOLD_SECONDS = 6.0  # unable to answer: longer than the platform waits, so that it asks again
AGAIN_SECONDS = 0.5

_STAMP = re.compile(r"[0-9]{1,11}", re.A)


def trusted(settings: Settings) -> ssl.SSLContext | None:
    """Whose certificates count for a private deployment; None for those that count anyway.

    Raises:
        OSError: the file cannot be read, or holds none.
    """
    file = settings.wecom_certificate
    return ssl.create_default_context(cafile=str(file)) if file else None


class WeCom:
    """The application and the group's robot, as far as they are set, for the serving process."""

    def __init__(self, app: App, runner: Runner, now: Callable[[], datetime]) -> None:
        settings = app.settings
        self._runner = runner
        self._now = now
        self._deliveries: list[Delivery] = []
        self._calls: list[Api | Robot] = []
        self._lease = Lease(app.engine, f"wecom:{settings.wecom_corpid}:{settings.wecom_agent}")
        self._intake: Intake | None = None
        ca = trusted(settings)
        if settings.wecom:
            account = settings.wecom_account
            corp, agent = settings.wecom_corpid or "", settings.wecom_agent or 0
            self._sealer = Sealer(settings.wecom_token or "", settings.wecom_aes_key or "", corp)
            login, secret = settings.wecom_login, settings.wecom_secret or ""
            api = Api(settings.wecom_base_url, corp, agent, secret, login, ca)
            self._agent = str(agent)
            self._intake = Intake(app, runner, account, now, api)
            self._add(Platform(app, account, api), api)
        if settings.wecom_robot_key:
            robot = Robot(settings.wecom_base_url, settings.wecom_robot_key, ca)
            self._add(Group(app, robot), robot)

    def _add(self, platform: Platform | Group, calls: Api | Robot) -> None:
        self._deliveries.append(Delivery(self._runner, platform, self._now, self._holds))
        self._calls.append(calls)

    @property
    def wrong(self) -> str | None:
        """What keeps it from being up, as far as is known: the platform lets us send nothing."""
        return None if all(one.able for one in self._deliveries) else "sending is paused"

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Deliver while the block runs."""
        work = [asyncio.create_task(self._deliver(one.run)) for one in self._deliveries]
        try:
            yield
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
            for one in self._deliveries:
                await one.stop()
            for calls in self._calls:
                await calls.close()
            await self._runner.run(self._lease.release)

    def routes(self) -> list[BaseRoute]:
        """GET and POST `/wecom`, where there is an application."""
        if self._intake is None:
            return []
        return [
            Route("/wecom", self._verify, methods=["GET"]),
            Route("/wecom", self._post, methods=["POST"]),
        ]

    async def _holds(self) -> bool:
        return await self._runner.run(self._lease.hold)

    async def _deliver(self, run: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await run()
            except Exception as error:  # noqa: BLE001 - no fault may end the loop
                log.warning("%s delivery: %s; trying again", CHANNEL, type(error).__qualname__)
            await asyncio.sleep(AGAIN_SECONDS)

    def _open(self, request: Request, sealed: str) -> bytes:
        """What is inside, if the platform sealed it for us, lately.

        Raises:
            Forged: as its module says.
        """
        query = request.query_params
        stamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        if not _STAMP.fullmatch(stamp) or not nonce:
            raise Forged("no timestamp")
        if abs(self._now().timestamp() - int(stamp)) > OLDEST_SECONDS:
            raise Forged("stale")
        return self._sealer.open(sealed, query.get("msg_signature", ""), stamp, nonce)

    async def _verify(self, request: Request) -> Response:
        """The console's check of the server address: the word that was sealed."""
        try:
            word = self._open(request, request.query_params.get("echostr", ""))
        except Forged as error:
            log.warning("the address is not verified: %s", error)
            return Response(status_code=403)
        headers = {"X-Content-Type-Options": "nosniff"}
        return PlainTextResponse(word, headers=headers)

    async def _post(self, request: Request) -> Response:
        """403 not sealed for us or stale, 413 too long, 400 no message, 500 ask again, 200 applied."""
        body = bytearray()
        try:
            async for chunk in request.stream():
                body += chunk
                if len(body) > BODY_LONGEST:
                    return Response(status_code=413)
            envelope = xml.read(bytes(body))
            post = xml.read(self._open(request, envelope.get("Encrypt", "")))
            heard = hear(post) if post.get("AgentID", self._agent) == self._agent else None
        except Forged as error:
            log.warning("a wecom post is not taken: %s", error)
            return Response(status_code=403)
        except (xml.Malformed, BadPost, ClientDisconnect):
            return Response(status_code=400)
        if heard is None:
            return Response()
        try:
            await self._take(heard)
        except StorageUnavailable as error:
            refused(CHANNEL, error)
            return Response(status_code=500)
        for one in self._deliveries:
            one.wake.set()
        return Response()

    async def _take(self, heard: Heard) -> None:
        """Apply it, and again for as long as the platform waits for this try."""
        if self._intake is None:
            raise LookupError("no application is set")
        clock = asyncio.get_running_loop().time
        began = clock()
        while True:
            try:
                return await self._intake.take(heard)
            except StorageUnavailable:
                if clock() - began >= HOLD_SECONDS:
                    raise
                await asyncio.sleep(AGAIN_SECONDS)
