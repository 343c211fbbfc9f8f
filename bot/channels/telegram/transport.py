"""Telegram, transport only: updates in by long polling or webhook, the outbox out.

An update is acknowledged only after its turn was committed: by the next `getUpdates` offset when
polling, by HTTP 200 on the webhook. https://core.telegram.org/bots/api#getting-updates
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from telegram.error import Conflict, RetryAfter
from telegram.ext import Application, ApplicationBuilder

from bot.app import App
from bot.assistant import Runner
from bot.channels.delivery import Delivery, waits
from bot.channels.telegram.commands import Commands
from bot.channels.telegram.fetch import Fetcher
from bot.channels.telegram.hear import WANTED, update_id
from bot.channels.telegram.intake import Intake
from bot.channels.telegram.pending import Pending
from bot.channels.telegram.platform import Groups, Platform, seconds_of
from bot.core.refusals import refused
from storage.connections.database import StorageUnavailable
from storage.connections.leader_lock import Lease

log = logging.getLogger("bot")

POLL_SECONDS = 30  # how long the platform holds a poll open when there is nothing
CONFLICT_SECONDS = 5.0  # at least, before asking again beside another program
STAND_BY_SECONDS = 5.0  # how often a process that does not hold the lease asks for it
BODY_LONGEST = 1024 * 1024  # bytes of a webhook request; updates are a few kilobytes
MOST_PENDING = 200  # updates being applied at once; more are not asked for until some are done
AGAIN_SECONDS = 0.25  # how often more is asked for while some are being applied
STEADY_SECONDS = 60.0  # work that ran this long was well; the next wait starts small


def quiet() -> None:
    """Silence the libraries: their lines hold the token in URLs, and what people wrote in bodies.

    What goes wrong is logged here instead, by kind.
    """
    for name in ("telegram", "httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def file_url(base_url: str) -> str:
    """Where files are fetched for a `base_url` such as `https://api.telegram.org/bot`."""
    head, _, tail = base_url.rpartition("/")
    return f"{head}/file/{tail}"


def build(token: str, base_url: str) -> Application[Any, Any, Any, Any, Any, Any]:
    """Build the library's application as a transport: no updater, handlers, jobs or persistence."""
    return (
        ApplicationBuilder()
        .token(token)
        .base_url(base_url)
        .base_file_url(file_url(base_url))
        .updater(None)
        .job_queue(None)
        .connect_timeout(10)
        .read_timeout(20)
        .write_timeout(20)
        .pool_timeout(10)
        .build()
    )


async def keep(
    what: str,
    work: Callable[[], Awaitable[object]],
    once: bool = False,
    failed: Callable[[str], object] = lambda _: None,
) -> None:
    """Do work again whenever it fails, waiting longer each time; `once`: until it succeeds.

    `failed` is told what kind of error it was.
    """
    wait = waits()
    clock = asyncio.get_running_loop().time
    while True:
        began = clock()
        try:
            await work()
            if once:
                return
        except Exception as error:  # noqa: BLE001 - no fault may end the loop
            if clock() - began > STEADY_SECONDS:
                wait = waits()
            if isinstance(error, RetryAfter):
                await asyncio.sleep(seconds_of(error))
            log.warning("telegram %s: %s; trying again", what, type(error).__qualname__)
            failed(type(error).__qualname__)
        await asyncio.sleep(next(wait))


class Telegram:
    """One bot account on Telegram, for the serving process; needs `settings.telegram_token`.

    Polls unless a webhook secret is set. Of several processes on one PostgreSQL only the holder
    of the lease polls and sends: the platform allows one poller, and a chat keeps its order.
    """

    def __init__(self, app: App, runner: Runner, now: Callable[[], datetime]) -> None:
        token = app.settings.telegram_token or ""
        quiet()
        self._settings = app.settings
        self._runner = runner
        account = token.partition(":")[0]
        self._lease = Lease(app.engine, f"telegram:{account}")
        self._application = build(token, app.settings.telegram_base_url)
        self._bot = self._application.bot
        self._delivery = Delivery(runner, Platform(app, self._bot, account), now, self._holds)
        self._fetcher = Fetcher(app, runner, self._bot, account, self._holds)
        self._in_groups = Delivery(runner, Groups(app, self._bot, account), now, self._holds)
        self._commands = Commands(self._bot, not app.settings.telegram_personal)
        self._pending = Pending()

        def wake() -> None:
            self._delivery.wake.set()
            self._in_groups.wake.set()

        self._intake = Intake(app, runner, self._bot, account, now, wake, self._fetcher.wake, self._commands)
        self._announced = False  # that we poll
        self.wrong: str | None = "starting"  # what keeps it from being up

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Receive and deliver while the block runs. Starts also when Telegram cannot be reached."""
        work = asyncio.create_task(self._work())
        try:
            yield
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            await self._pending.stop()
            await self._delivery.stop()
            await self._in_groups.stop()
            await self._fetcher.stop()
            await self._intake.close()
            await self._application.shutdown()
            await self._bot.shutdown()  # also when initializing never succeeded
            await self._runner.run(self._lease.release)

    def routes(self) -> list[BaseRoute]:
        """POST `/telegram`, when a webhook secret is set."""
        secret = self._settings.telegram_webhook_secret
        return [Route("/telegram", self._webhook, methods=["POST"])] if secret else []

    async def _work(self) -> None:
        await keep("start", self._application.initialize, True, self._fails)
        self._intake.name = self._bot.username
        async with asyncio.TaskGroup() as group:
            group.create_task(keep("delivery", self._delivery.run))
            group.create_task(keep("delivery", self._in_groups.run))
            group.create_task(keep("commands", self._commands.for_everybody, True))
            group.create_task(keep("files", lambda: self._fetcher.run(self._intake)))
            if not self._settings.telegram_webhook_secret:
                group.create_task(self._poll())
            elif self._settings.public_url:
                group.create_task(keep("webhook", self._set_webhook, True, self._fails))

    def _fails(self, kind: str) -> None:
        self.wrong = kind

    async def _holds(self) -> bool:
        return await self._runner.run(self._lease.hold)

    async def _set_webhook(self) -> None:
        """https://core.telegram.org/bots/api#setwebhook."""
        await self._bot.set_webhook(
            f"{self._settings.public_url}/telegram",
            secret_token=self._settings.telegram_webhook_secret,
            allowed_updates=WANTED,
        )
        self.wrong = None

    async def _poll(self) -> None:
        """Ask for updates, on and on; what goes wrong is waited for, from a short time on after a success."""
        wait = waits()
        while True:
            try:
                await self._round()
                wait = waits()
                continue
            except RetryAfter as error:
                self.wrong, seconds = "RetryAfter", seconds_of(error)
            except Conflict:  # 409: another program asks with the same token, or a webhook is set
                self._announced = False
                self.wrong, seconds = "Conflict", max(next(wait), CONFLICT_SECONDS)
                log.warning("telegram polling: another program polls with this token, or a webhook is set")
            except Exception as error:  # noqa: BLE001 - no fault may end the loop
                self.wrong, seconds = type(error).__qualname__, next(wait)
                log.warning("telegram polling: %s; trying again", self.wrong)
            await asyncio.sleep(seconds)

    async def _round(self) -> None:
        """https://core.telegram.org/bots/api#getupdates: an offset acknowledges all before it."""
        if not await self._holds():
            self.wrong = None  # another process polls
            await asyncio.sleep(STAND_BY_SECONDS)
            return
        if not self._announced:  # the platform allows either a webhook or polling
            self._announced = await self._bot.delete_webhook()
        self.wrong = None
        pending = self._pending
        if len(pending) >= MOST_PENDING:
            await pending.progress(POLL_SECONDS)
            return
        # What is being applied is not acknowledged, so the platform has it ready at once.
        asked: dict[str, Any] = {"timeout": 0 if len(pending) else POLL_SECONDS, "allowed_updates": WANTED}
        if pending.offset is not None:
            asked["offset"] = pending.offset
        # The raw answer: the library's own method fails on a whole batch for one bad update.
        # The platform reads method names in any case; this one keeps the library from warning.
        batch = await self._bot.do_api_request("GetUpdates", asked, read_timeout=POLL_SECONDS + 10)
        if batch and all(update_id(raw) is None for raw in batch):
            raise ValueError("updates without numbers")
        pending.add(batch, self._apply)
        if len(pending):
            await pending.progress(AGAIN_SECONDS)

    async def _apply(self, raw: object) -> None:
        for wait in waits():
            try:
                return await self._intake.take(raw)
            except StorageUnavailable as error:
                refused("telegram", error)
                await asyncio.sleep(wait)

    async def _webhook(self, request: Request) -> Response:
        """403 wrong secret, 413 too long, 400 no JSON, 503 try again, 200 applied and committed."""
        given = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
        secret = self._settings.telegram_webhook_secret or ""
        if not secret or not hmac.compare_digest(given.encode(), secret.encode()):
            return Response(status_code=403)
        body = bytearray()
        try:
            async for chunk in request.stream():
                body += chunk
                if len(body) > BODY_LONGEST:
                    return Response(status_code=413)
            raw = json.loads(body)
        except (ValueError, RecursionError, ClientDisconnect):
            return Response(status_code=400)
        try:
            await self._intake.take(raw)
        except StorageUnavailable as error:
            refused("telegram", error)
            return Response(status_code=503)
        return Response()
