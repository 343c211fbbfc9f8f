"""`/metrics` for Prometheus: of this process what it did, of the database what stands in it.

Counters and histograms are of one process: with several, each is asked by its own address
(`BOT_METRICS_LISTEN`) and the collector adds them up. What comes from the database is the same in all.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import ipaddress
import shutil
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Engine
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from bot.core.refusals import REFUSALS
from bot.http.health import OK, Health
from storage.connections.database import StorageUnavailable, transaction
from storage.monitoring import counts

# Seconds; a message is a commit, and on a busy evening waits behind others.
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
FORWARDED = ("x-forwarded-for", "x-real-ip", "forwarded", "x-forwarded-host")
CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4


class Metrics:
    """The numbers of one serving process."""

    def __init__(
        self, engine: Engine, data_dir: Path, health: Health, version: str, now: Callable[[], datetime]
    ) -> None:
        self._health = health
        self._registry = CollectorRegistry()
        Info("bot_build", "What runs.", registry=self._registry).info({"version": version})
        self._seconds = Histogram(
            "bot_message_seconds",
            "From a message's arrival in the process to its commit.",
            ["channel"],
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._messages = Counter(
            "bot_messages",
            "Messages by outcome: answered, incident (a fault of ours), unavailable (not stored).",
            ["channel", "outcome"],
            registry=self._registry,
        )
        self._check = Gauge(
            "bot_check_ok", "Whether a check of /healthz/ready passes.", ["check"], registry=self._registry
        )
        ProcessCollector(registry=self._registry)
        self._registry.register(_Refused())
        self._stored = _Stored(engine, data_dir, now)
        self._registry.register(self._stored)

    def message(self, channel: str, outcome: str, seconds: float) -> None:
        """Count a message."""
        self._messages.labels(channel, outcome).inc()
        self._seconds.labels(channel).observe(seconds)

    async def page(self) -> str:
        """Return the text. Where the database cannot be read its numbers are missing, and a check says so."""
        found = await self._health.checks()
        for name, said in found.items():
            self._check.labels(name).set(said == OK)
        self._stored.readable = found["database"] == OK
        return (await asyncio.to_thread(generate_latest, self._registry)).decode()


class _Refused(Collector):
    """What was refused since the process began."""

    def collect(self) -> Iterable[Metric]:
        family = CounterMetricFamily(
            "bot_refused", "People or platforms told to try again.", labels=["where", "reason"]
        )
        for (where, reason), times in sorted(REFUSALS.total.copy().items()):
            family.add_metric([where, reason], times)
        yield family


class _Stored(Collector):
    """What stands in the database, read when it is asked for."""

    def __init__(self, engine: Engine, data_dir: Path, now: Callable[[], datetime]) -> None:
        self._engine = engine
        self._data_dir = data_dir
        self._now = now
        self.readable = True

    def describe(self) -> Iterable[Metric]:
        """Nothing is read before it is asked for."""
        return []

    def collect(self) -> Iterable[Metric]:
        yield from self._disk()
        if not self.readable:
            return
        now = self._now()
        try:
            with transaction(self._engine, read_only=True) as connection:
                found = counts.read(connection)
        except StorageUnavailable:
            return
        for name, (told, by_channel) in {
            "bot_turns": ("Messages of people that are kept.", found.turns),
            "bot_people": ("Accounts that ever wrote.", found.accounts),
            "bot_incidents": ("Messages kept that a fault of ours left unanswered.", found.incidents),
            "bot_outbox_waiting": ("Messages to people, unasked, that wait to be delivered.", found.pushes),
        }.items():
            family = GaugeMetricFamily(name, told, labels=["channel"])
            for channel, number in sorted(by_channel.items()):
                family.add_metric([channel], number)
            yield family
        oldest = GaugeMetricFamily(
            "bot_outbox_oldest_seconds", "Age of the oldest message not delivered yet.", labels=["channel"]
        )
        for channel, at in sorted(found.oldest_unsent.items()):
            oldest.add_metric([channel], max(0.0, (now - at).total_seconds()))
        yield oldest
        ages = GaugeMetricFamily(
            "bot_last_seconds",
            "How long ago it last succeeded: backup, reminders, purge.",
            labels=["what"],
        )
        for what, at in sorted(found.last.items()):
            ages.add_metric([what], max(0.0, (now - at).total_seconds()))
        yield ages

    def _disk(self) -> Iterable[Metric]:
        free = GaugeMetricFamily("bot_disk_free_bytes", "Free where files of people are kept.")
        with contextlib.suppress(OSError):
            free.add_metric([], shutil.disk_usage(self._data_dir).free)
        yield free


def routes(metrics: Metrics, token: str | None, anyone: bool = False) -> list[BaseRoute]:
    """`/metrics`, for who has the token; without one for clients on this machine, or on an own address."""

    async def show(request: Request) -> Response:
        if token is not None:
            given = request.headers.get("authorization", "")
            if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
                return PlainTextResponse("token\n", 401, headers={"WWW-Authenticate": "Bearer"})
        elif not anyone and not is_local(request):
            return PlainTextResponse("BOT_METRICS_LISTEN, BOT_METRICS_TOKEN\n", 403)
        return Response(await metrics.page(), headers={"Content-Type": CONTENT_TYPE})

    return [Route("/metrics", show)]


def is_local(request: Request) -> bool:
    """Whether the request comes from this machine, and not through a proxy on it."""
    if request.client is None or any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
