"""A WeChat Official Account, transport only: signed posts in, the answer in the same response.

A post is answered only after its turn was committed. Without an answer the platform asks for the same
message again, twice, and then finds the stored one.
https://developers.weixin.qq.com/doc/offiaccount/Basic_Information/Access_Overview.html
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial

from starlette.background import BackgroundTask
from starlette.datastructures import QueryParams
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from bot.app import App
from bot.assistant import Runner
from bot.channels.delivery import Delivery
from bot.channels.tencent import xml
from bot.channels.tencent.crypto import Forged, Sealer, signed
from bot.channels.wechat.api import Api
from bot.channels.wechat.carrier import Carrier, Parcel
from bot.channels.wechat.intake import BadPost, Heard, Intake, hear
from bot.channels.wechat.links import PATH, FileLinks
from bot.channels.wechat.notices import Notices
from bot.channels.wechat.platform import Platform
from bot.channels.wechat.stamps import UsedStamps
from bot.core.refusals import REFUSALS, refused
from storage.connections.database import StorageUnavailable
from storage.connections.leader_lock import Lease

log = logging.getLogger("bot")

BODY_LONGEST = 128 * 1024  # bytes; a text of 2,048 characters, plain and encrypted, is 30,000
# The platform's three tries are over after 15 s and the rest is for clocks that differ. A post sent again
# later than its first time changes nothing: its id is kept for weeks.
OLDEST_SECONDS = 300
ANSWER_SECONDS = 4.5  # later than that the platform no longer listens
HOLD_SECONDS = 6.0  # unable to answer: longer than the platform waits, so that it asks again
AGAIN_SECONDS = 0.5
MOST_AT_ONCE = 200  # posts being applied: more would wait for longer than the platform does
NOTICE_SECONDS = 60.0  # how often it is looked for notices that are due
DONE = "success"  # what the platform wants to read when there is nothing to say

_STAMP = re.compile(r"[0-9]{1,11}", re.A)


class WeChat:
    """One Official Account, for the serving process; needs `settings.wechat_appid` and `wechat_token`.

    Without a secret it only answers. Of several processes on one PostgreSQL the holder of the lease sends.
    """

    def __init__(self, app: App, runner: Runner, now: Callable[[], datetime]) -> None:
        settings = app.settings
        account, self._token = settings.wechat_appid or "", settings.wechat_token or ""
        key = settings.wechat_aes_key
        self._sealer = Sealer(self._token, key, account) if key else None
        self._used = UsedStamps(OLDEST_SECONDS)
        self._under_way = 0
        self._runner = runner
        self._now = now
        secret = settings.wechat_secret
        self._api = Api(settings.wechat_base_url, account, secret) if secret else None
        self._lease = Lease(app.engine, f"wechat:{account}")
        self._links = FileLinks(app, runner, account, now)
        self._carrier = Carrier(app, account, self._links, lambda: self.can_push)
        self._intake = Intake(app, runner, account, now, self._carrier, self._api)
        self._notices: Notices | None = None
        if self._api and settings.sends_notices:
            self._notices = Notices(app, runner, account, now, self._api)
        self._delivery: Delivery | None = None
        if self._api:
            platform = Platform(account, now, self._carrier, self._api)
            self._delivery = Delivery(runner, platform, now, self._holds)
            self._carrier.under_way = self._delivery.under_way

    @property
    def can_push(self) -> bool:
        """Whether we may write to people at all, within WeChat's window."""
        return self._delivery is not None and self._delivery.able

    @property
    def wrong(self) -> str | None:
        """What keeps it from being up, as far as is known: the platform lets the account send nothing."""
        return None if self._delivery is None or self._delivery.able else "sending is paused"

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Deliver while the block runs; answering needs nothing more than the routes."""
        work = [asyncio.create_task(one()) for one in (self._deliver, self._notify)]
        try:
            yield
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
            if self._delivery:
                await self._delivery.stop()
            if self._api:
                await self._api.close()
            await self._runner.run(self._lease.release)

    def routes(self) -> list[BaseRoute]:
        """GET and POST `/wechat`; `/wechat/file/…`."""
        return [
            Route("/wechat", self._verify, methods=["GET"]),
            Route("/wechat", self._post, methods=["POST"]),
            Route(PATH + "{token}", self._links.serve, methods=["GET"]),
            *(self._notices.routes() if self._notices else ()),
        ]

    async def _holds(self) -> bool:
        return await self._runner.run(self._lease.hold)

    async def _deliver(self) -> None:
        while self._delivery is not None:
            try:
                await self._delivery.run()
            except Exception as error:  # noqa: BLE001 - no fault may end the loop
                log.warning("wechat delivery: %s; trying again", type(error).__qualname__)
            await asyncio.sleep(AGAIN_SECONDS)

    async def _notify(self) -> None:
        """Look every now and then whom a notice is to tell that something waits."""
        while self._notices is not None:
            try:
                if await self._holds():
                    await self._notices.send()
            except Exception as error:  # noqa: BLE001 - no fault may end the loop
                log.warning("wechat notices: %s; trying again", type(error).__qualname__)
            await asyncio.sleep(NOTICE_SECONDS)

    def _is_signed(self, query: QueryParams) -> bool:
        """Whether the platform signed it, lately."""
        stamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        if not _STAMP.fullmatch(stamp) or not nonce:
            return False
        if abs(self._now().timestamp() - int(stamp)) > OLDEST_SECONDS:
            return False
        return signed(query.get("signature", ""), self._token, stamp, nonce)

    def _is_first(self, query: QueryParams, body: bytes) -> bool:
        given = (query.get("timestamp", ""), query.get("nonce", ""))
        return self._used.is_of(given, body, self._now().timestamp())

    async def _verify(self, request: Request) -> Response:
        """The console's check of the server address: the same word back."""
        if not self._is_signed(request.query_params):
            return Response(status_code=403)
        word = request.query_params.get("echostr", "")
        return PlainTextResponse(word, headers={"X-Content-Type-Options": "nosniff"})

    async def _post(self, request: Request) -> Response:
        """403 not signed or stale, 413 too long, 400 no message, 500 ask again, 200 applied and answered."""
        began = asyncio.get_running_loop().time()
        if not self._is_signed(request.query_params):
            return Response(status_code=403)
        body = bytearray()
        try:
            async for chunk in request.stream():
                body += chunk
                if len(body) > BODY_LONGEST:
                    return Response(status_code=413)
            # Without a key the signature says nothing of the body: whoever saw one may not send another.
            if self._sealer is None and not self._is_first(request.query_params, bytes(body)):
                raise Forged("its timestamp and nonce came with another message")
            heard = hear(self._open(request.query_params, bytes(body)))
        except Forged as error:
            log.warning("a wechat post is not taken: %s", error)
            return Response(status_code=403)
        except (xml.Malformed, BadPost, ClientDisconnect):
            return Response(status_code=400)
        if heard is None:
            return PlainTextResponse(DONE)
        if self._under_way >= MOST_AT_ONCE:  # nothing of it is stored: the platform asks again
            REFUSALS.note("wechat", "overload")
            await asyncio.sleep(HOLD_SECONDS)
            return Response(status_code=500)
        self._under_way += 1
        try:
            if heard.blocks_notices:
                if self._notices:
                    await self._notices.refused_by(heard.sender)
                return PlainTextResponse(DONE)
            if self._intake.asks_for_staff(heard):
                await self._intake.hand_over(heard)
                stamp = int(self._now().timestamp())
                return self._sealed(xml.to_staff(heard.sender, heard.account, stamp), stamp, None)
            parcel = await self._take(heard, began)
        except StorageUnavailable as error:
            refused("wechat", error)
            return Response(status_code=500)
        finally:
            self._under_way -= 1
        if parcel is None:
            return PlainTextResponse(DONE)
        gone = await request.is_disconnected()
        return self._answer(heard, parcel, lambda: not gone and self._in_time(began))

    def _open(self, query: QueryParams, body: bytes) -> dict[str, str]:
        """The post as it is meant. With a key only what is encrypted counts, in compatible mode too.

        Raises:
            Forged, Malformed: as their modules say.
        """
        post = xml.read(body)
        if self._sealer is None:
            return post
        if "Encrypt" not in post:
            raise Forged("BOT_WECHAT_AES_KEY is set, the post is not encrypted")
        given = query.get("msg_signature", "")
        return xml.read(self._sealer.open(post["Encrypt"], given, query["timestamp"], query["nonce"]))

    async def _take(self, heard: Heard, began: float) -> Parcel | None:
        """Apply it, and again for as long as the platform waits for this try."""
        clock = asyncio.get_running_loop().time
        while True:
            try:
                return await self._intake.take(heard)
            except StorageUnavailable:
                if clock() - began >= HOLD_SECONDS:
                    raise
                await asyncio.sleep(AGAIN_SECONDS)

    def _in_time(self, began: float) -> bool:
        return asyncio.get_running_loop().time() - began < ANSWER_SECONDS

    def _answer(self, heard: Heard, parcel: Parcel, arrives: Callable[[], bool]) -> Response:
        stamp = int(self._now().timestamp())
        content = xml.text_reply(heard.sender, heard.account, stamp, parcel.text)

        async def handed_over() -> None:
            try:
                if arrives():
                    await self._runner.write(partial(self._carrier.mark, parcel))
            except StorageUnavailable:
                log.warning("storage unavailable; outbox %d may go out again", parcel.rows[0])
            if self._delivery:
                self._delivery.wake.set()

        return self._sealed(content, stamp, BackgroundTask(handed_over))

    def _sealed(self, content: bytes, stamp: int, after: BackgroundTask | None) -> Response:
        """An answer as the platform wants it, encrypted where a key is set."""
        if self._sealer:
            sealed, nonce = self._sealer.seal(content), secrets.token_hex(8)
            signature = self._sealer.sign(sealed, str(stamp), nonce)
            content = xml.sealed_reply(sealed, signature, str(stamp), nonce)
        return Response(content, media_type="text/xml", background=after)
