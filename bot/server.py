"""The serving process: web chat always, Telegram and WeChat when their keys are set."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import platform
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import RedirectResponse
from starlette.routing import Route

from bot.app import App
from bot.assistant import Runner
from bot.channels.api import routes as api_routes
from bot.channels.web import routes as web_routes
from bot.core.log import event, set_up
from bot.core.reach import group
from bot.core.refusals import EVERY_SECONDS, REFUSALS, refused
from bot.core.render import prepare, words
from bot.documents import attachments as incoming_files
from bot.documents import store as document_store
from bot.features.publications import announcements, expiring
from bot.features.reminders import send as reminder_sender
from bot.http import bounds
from bot.http.beside import beside
from bot.http.health import Health
from bot.http.metrics import Metrics
from bot.http.metrics import routes as metrics_routes
from bot.office.routes import routes as office_routes
from bot.operation import deletions
from bot.settings import Settings
from policy.calendar.quarters import SHANGHAI
from policy.calendar.reminders import sending_hours
from storage import audit
from storage.connections.database import StorageUnavailable, transaction
from storage.conversations import reach
from storage.conversations.reach import Sender
from storage.data_kinds import kept_for
from storage.monitoring import counted, heartbeats
from storage.people import cards, people, sessions
from storage.privacy import retention, visitors
from storage.schema.core import SCHEMA_NUMBER

log = logging.getLogger("bot")
# How long a thread computes before another gets its turn, in seconds. A message gives the interpreter
# away at every statement: with Python's five milliseconds each it would wait behind background work.
SWITCH = 0.0005


COUNTS_EVERY = 60  # seconds between two writings of the weekly counters


def now() -> datetime:
    """The system's clock, in Asia/Shanghai."""
    return datetime.now(SHANGHAI)


async def every(seconds: float, work: Callable[[], Awaitable[object]]) -> None:
    """Do something again and again; a fault is logged and does not end it."""
    while True:
        try:
            await work()
        except StorageUnavailable as error:
            refused("background", error)
        except Exception as error:  # noqa: BLE001 - no fault may end the loop
            event("background", logging.ERROR, error=type(error).__qualname__)
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
        counted.forget_old(connection, at)
        heartbeats.beat(connection, heartbeats.PURGE, at)
        people.forget_attempts(connection, at - kept_for("passing"))
    visitors.forget(app.engine, at - kept_for("visitors"))
    files = incoming_files.sweep(app.engine, app.settings.data_dir, at - kept_for("files"))
    passing = document_store.sweep_passing(app.settings.data_dir, at - kept_for("passing"))
    event("purge", turns=gone.turns, pushes=gone.pushes, files=files + passing)


def remind(app: App, at: datetime) -> None:
    """Send the reminders and announcements that are due."""
    sent = reminder_sender.send(app.engine, app.corpus.holidays, at, app.settings.times)
    announcements.send_due(app.engine, at)
    if sending_hours(at, app.corpus.holidays):
        expiring.send_due(app.engine, at)
    with transaction(app.engine) as connection:
        heartbeats.beat(connection, heartbeats.REMINDERS, at)
    if sent:
        event("reminders", sent=sent)


def note(app: App, action: str, version: str) -> None:
    """Keep, among the events, that the service began or ended; without storage it is only logged."""
    with contextlib.suppress(StorageUnavailable), transaction(app.engine) as connection:
        audit.record(connection, now(), None, action, "service:serve", version=version)


def declare(app: App) -> None:
    """Note by which accounts messages go out: what is said of who was told hangs on it."""
    settings = app.settings
    served = [Sender("web", "web")]
    if settings.telegram_token:
        bot = settings.telegram_token.partition(":")[0]
        served.append(Sender("telegram", bot, "" if settings.telegram_personal else "policy"))
        served.append(Sender("telegram-group", bot))
    if settings.wechat:
        served.append(
            Sender(
                "wechat",
                settings.wechat_appid or "",
                "" if settings.wechat_secret else "secret",
                notices=settings.sends_notices,
            )
        )
    if settings.wecom:
        served.append(Sender("wecom", settings.wecom_account))
    if settings.wecom_robot_key:
        served.append(Sender(group.ADDRESS.channel, group.ADDRESS.bot))
    with contextlib.suppress(StorageUnavailable), transaction(app.engine) as connection:
        reach.declare(connection, served, now())


def application(app: App, version: str = "", metrics_listener: socket.socket | None = None) -> Starlette:
    """The ASGI application with its background work; metrics and health on a listener of their own too."""
    channels: dict[str, Callable[[], str | None]] = {}
    health = Health(app.engine, app.settings.data_dir, app.corpus, now, channels)
    metrics = Metrics(app.engine, app.settings.data_dir, health, version, now)
    runner = Runner(app.assistant, metrics.message)
    telegram = None
    if app.settings.telegram_token:
        from bot.channels.telegram.transport import Telegram

        connected = telegram = Telegram(app, runner, now)
        channels["telegram"] = lambda: connected.wrong

    wechat = None
    if app.settings.wechat:
        from bot.channels.wechat.transport import WeChat

        joined = wechat = WeChat(app, runner, now)
        channels["wechat"] = lambda: joined.wrong

    wecom = None
    if app.settings.wecom or app.settings.wecom_robot_key:
        from bot.channels.wecom.transport import WeCom

        linked = wecom = WeCom(app, runner, now)
        channels["wecom"] = lambda: linked.wrong

    async def remind_due() -> None:
        await runner.run(lambda: remind(app, now()))

    async def look_after() -> None:
        """Keep the list of deletions apart from the database, and the hold on it after it was gone."""
        await runner.run(lambda: deletions.note(app.engine, app.settings.data_dir))
        await runner.run(app.lock.serve)

    async def purge() -> None:
        await runner.run(lambda: forget_old(app, now()))

    async def write_counts() -> None:
        await runner.run(lambda: app.assistant.counts.write(app.engine, now()))

    async def tell() -> None:
        REFUSALS.flush()

    @contextlib.asynccontextmanager
    async def lifespan(asgi: Starlette) -> AsyncIterator[None]:
        asyncio.get_running_loop().set_exception_handler(bounds.LoopFaults())
        rhythms: list[tuple[float, Callable[[], Awaitable[object]]]]
        rhythms = [(600, remind_due), (86_400, purge), (EVERY_SECONDS, tell), (60, look_after)]
        rhythms.append((COUNTS_EVERY, write_counts))
        tasks = [asyncio.create_task(every(seconds, work)) for seconds, work in rhythms]
        tasks.append(asyncio.create_task(asyncio.to_thread(prepare)))
        await runner.run(lambda: note(app, "service.start", version))
        await runner.run(lambda: declare(app))
        async with contextlib.AsyncExitStack() as stack:
            if metrics_listener:
                own = Starlette(routes=[*health.routes(), *metrics_routes(metrics, token, anyone=True)])
                await stack.enter_async_context(beside(own, metrics_listener))
            if telegram:
                await stack.enter_async_context(telegram.running())
            if wechat:
                await stack.enter_async_context(wechat.running())
            if wecom:
                await stack.enter_async_context(wecom.running())
            yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with contextlib.suppress(StorageUnavailable):
            await write_counts()
        await runner.run(lambda: note(app, "service.stop", version))
        runner.close()
        event("stop", version=version)

    token = app.settings.metrics_token
    routes = [
        *health.routes(),
        *(metrics_routes(metrics, token) if app.settings.metrics_listen is None else []),
        *web_routes.routes(app, runner, now),
        *api_routes.routes(app, runner, now),
        Route("/office/", lambda request: RedirectResponse("/office", 308)),
        *office_routes(app, runner, now),
    ]
    if telegram:
        routes += telegram.routes()
    if wechat:
        routes += wechat.routes()
    if wecom:
        routes += wecom.routes()
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


def _listener(address: tuple[str, int], given: str) -> socket.socket | None:
    """Listen there; None, and a sentence on standard error, where it cannot be."""
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    try:
        return socket.create_server(address, family=family)
    except OSError:
        print(words("cli/problem.j2", {"kind": "listen", "detail": given, "example": ""}), file=sys.stderr)
        return None


def run(app: App, version: str = "") -> int:
    """Serve until stopped; prints where to point the browser."""
    set_up(app.settings.log)
    sys.setswitchinterval(SWITCH)
    listener = _listener(app.settings.address, app.settings.listen)
    metrics_address = app.settings.metrics_address
    own = _listener(metrics_address, app.settings.metrics_listen or "") if metrics_address else None
    if listener is None or (metrics_address and own is None):
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
        "wecom": app.settings.wecom,
        "robot": bool(app.settings.wecom_robot_key),
    }
    print(words("cli/serving.j2", data), flush=True)
    event(
        "start",
        version=version,
        python=platform.python_version(),
        database=app.engine.dialect.name,
        schema=SCHEMA_NUMBER,
        telegram=data["telegram"],
        wechat=bool(data["wechat"]),
        wecom=app.settings.wecom,
    )
    bounds.server(application(app, version, own)).run(sockets=[listener])
    return 0
