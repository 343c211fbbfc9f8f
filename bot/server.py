"""The serving process: web chat always, Telegram and WeChat when their keys are set."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from bot.app import App
from bot.assistant import Runner
from bot.channels.web import routes as web_routes
from bot.core.render import words
from bot.documents import attachments as incoming_files
from bot.documents import store as document_store
from bot.features.publications import announcements
from bot.features.reminders import send as reminder_sender
from bot.http import bounds
from bot.office.routes import routes as office_routes
from bot.settings import Settings
from policy.calendar.quarters import SHANGHAI
from storage import messages, retention
from storage.data_kinds import kept_for
from storage.database import StorageUnavailable, schema_state, transaction
from storage.people import cards, people, sessions

log = logging.getLogger("bot")
# How long a thread computes before another gets its turn, in seconds. A message gives the interpreter
# away at every statement: with Python's five milliseconds each it would wait behind background work.
SWITCH = 0.0005


def now() -> datetime:
    """The system's clock, in Asia/Shanghai."""
    return datetime.now(SHANGHAI)


async def every(seconds: float, work: Callable[[], Awaitable[object]]) -> None:
    """Do something again and again; a fault is logged and does not end it."""
    while True:
        try:
            await work()
        except StorageUnavailable:
            log.warning("storage unavailable; trying again")
        except Exception as error:  # noqa: BLE001 - no fault may end the loop
            log.error("background work failed: %s", type(error).__qualname__)
        await asyncio.sleep(seconds)


def forget_old(app: App, at: datetime) -> None:
    """Forget what was kept long enough; nothing by a clock that jumped."""
    before = at - kept_for("conversation")
    try:
        retention.check_clock(app.engine, at, before)
    except retention.ClockDoubted as doubt:
        log.warning("purge: nothing forgotten, the clock (%s) was seen on %d days", at.date(), doubt.seen)
        return
    gone = retention.forget_messages(app.engine, before)
    retention.forget_others(app.engine, before)
    with transaction(app.engine) as connection:
        sessions.forget_old(connection, at - kept_for("sessions"))
        cards.forget_old(connection, at - kept_for("cards"))
    files = incoming_files.sweep(app.engine, app.settings.data_dir, at - kept_for("files"))
    passing = document_store.sweep_passing(app.settings.data_dir, at - kept_for("passing"))
    log.info("purge: %d turns, %d pushes, %d files", gone.turns, gone.pushes, files + passing)


def application(app: App) -> Starlette:
    """The ASGI application with its background work."""
    runner = Runner(app.assistant)
    telegram = None
    if app.settings.telegram_token:
        from bot.channels.telegram.transport import Telegram

        telegram = Telegram(app, runner, now)

    wechat = None
    if app.settings.wechat:
        from bot.channels.wechat.transport import WeChat

        wechat = WeChat(app, runner, now)

    async def healthz(request: Request) -> Response:
        try:
            await runner.run(lambda: schema_state(app.engine))
        except StorageUnavailable:
            return JSONResponse({"status": "storage unavailable"}, status_code=503)
        return JSONResponse({"status": "ok"})

    async def metrics(request: Request) -> Response:
        def read() -> dict[str, int]:
            with transaction(app.engine, read_only=True) as connection:
                return messages.counts(connection)

        try:
            counted = await runner.run(read)
        except StorageUnavailable:
            return PlainTextResponse("storage unavailable\n", status_code=503)
        return PlainTextResponse("".join(f"bot_{name} {value}\n" for name, value in counted.items()))

    async def remind() -> None:
        holidays, times = app.corpus.holidays, app.settings.times
        await runner.run(lambda: reminder_sender.send(app.engine, holidays, now(), times))
        await runner.run(lambda: announcements.send_due(app.engine, now()))

    async def purge() -> None:
        await runner.run(lambda: forget_old(app, now()))

    @contextlib.asynccontextmanager
    async def lifespan(asgi: Starlette) -> AsyncIterator[None]:
        asyncio.get_running_loop().set_exception_handler(bounds.LoopFaults())
        tasks = [asyncio.create_task(every(600, remind)), asyncio.create_task(every(86_400, purge))]
        async with contextlib.AsyncExitStack() as stack:
            if telegram:
                await stack.enter_async_context(telegram.running())
            if wechat:
                await stack.enter_async_context(wechat.running())
            yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        runner.close()

    routes = [
        Route("/healthz", healthz),
        Route("/metrics", metrics),
        *web_routes.routes(app, runner, now),
        Route("/office/", lambda request: RedirectResponse("/office", 308)),
        *office_routes(app, runner, now),
    ]
    if telegram:
        routes += telegram.routes()
    if wechat:
        routes += wechat.routes()
    asgi = Starlette(routes=routes, lifespan=lifespan, middleware=[Middleware(bounds.BoundedBodies)])
    asgi.router.redirect_slashes = False  # it would redirect to whatever Host the request names
    return asgi


def _wechat(settings: Settings) -> dict[str, bool] | None:
    """What the WeChat channel can do with these settings, for the line at the start."""
    if not settings.wechat:
        return None
    return {
        "encrypted": bool(settings.wechat_aes_key),
        "pushes": bool(settings.wechat_secret),
        "links": bool(settings.public_url),
    }


def run(app: App) -> int:
    """Serve until stopped; prints where to point the browser."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    sys.setswitchinterval(SWITCH)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # its lines hold the bot's token
    host, port = app.settings.address
    try:
        listener = socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET
        )
    except OSError:
        print(
            words("cli/problem.j2", {"kind": "listen", "detail": app.settings.listen, "example": ""}),
            file=sys.stderr,
        )
        return 1
    code = None
    if sys.stdout.isatty():
        with transaction(app.engine) as connection:
            code = people.first_head_code(connection, app.keys.codes, now())
    port = listener.getsockname()[1]
    url = app.settings.url_at(port)
    app.assistant.url = url  # port 0 is known only now
    telegram = "webhook" if app.settings.telegram_webhook_secret else "long polling"
    data = {
        "url": url,
        "everywhere": app.settings.everywhere and not app.settings.public_url,
        "code": code,
        "telegram": telegram if app.settings.telegram_token else None,
        "wechat": _wechat(app.settings),
    }
    print(words("cli/serving.j2", data), flush=True)
    bounds.server(application(app)).run(sockets=[listener])
    return 0
