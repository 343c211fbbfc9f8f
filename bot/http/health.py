"""Whether the bot works: `/healthz/live` asks the process, `/healthz/ready` everything it needs.

Ready means: a message could be stored now. That is tried, not supposed: a row is written and committed,
a file too. Who asks more often than every few seconds gets the answer of before, so that asking costs
nothing; a try that hangs occupies one thread, however often it is asked.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bot.core.log import event, log
from policy import consistency
from policy.corpus import Corpus
from storage.connections.database import StorageUnavailable, schema_state, transaction
from storage.connections.faults import FULL, reason_of
from storage.monitoring import heartbeats

OK = "ok"
FRESH_SECONDS = 3.0  # how long an answer holds
TRY_SECONDS = 5.0  # longer than that, writing counts as failed
LEAST_FREE = 32 * 1024 * 1024  # bytes; below that the next file or checkpoint may not fit
NO_STORE = {"Cache-Control": "no-store"}

Run = Callable[[Callable[[], object]], Awaitable[object]]  # work on a thread beside the writer


class Health:
    """The checks of one serving process. `channels`: name → what is wrong with it, None for nothing."""

    def __init__(
        self,
        engine: Engine,
        data_dir: Path,
        corpus: Corpus,
        now: Callable[[], datetime],
        channels: Mapping[str, Callable[[], str | None]],
    ) -> None:
        self._engine = engine
        self._data_dir = data_dir
        self._corpus = corpus
        self._now = now
        self._channels = channels
        self._policy: str | None = None
        self._probes: dict[str, asyncio.Future[str]] = {}
        self._found: tuple[float, dict[str, str]] | None = None
        self._told: dict[str, str] = {}

    def routes(self) -> list[BaseRoute]:
        """`/healthz`, `/healthz/live`, `/healthz/ready`."""
        return [
            Route("/healthz", self._healthz),
            Route("/healthz/live", self._live),
            Route("/healthz/ready", self._ready),
        ]

    async def checks(self) -> dict[str, str]:
        """Return what each check says: `ok`, or the reason. A change is told in the log."""
        if self._found is None or time.monotonic() - self._found[0] > FRESH_SECONDS:
            parts = {"database": self._database, "files": self._files, "policy": self._policy_data}
            said = await asyncio.gather(*(self._tried(name, work) for name, work in parts.items()))
            found = dict(zip(parts, said, strict=True))
            found.update({name: wrong() or OK for name, wrong in self._channels.items()})
            self._found = time.monotonic(), found
            self._tell(found)
        return self._found[1]

    def _tell(self, found: dict[str, str]) -> None:
        for name, said in found.items():
            if said != self._told.get(name, OK):
                event("check", 20 if said == OK else 40, check=name, says=said)
        self._told = found

    async def _tried(self, name: str, work: Callable[[], str]) -> str:
        """What the work says, or that it says nothing in time; the same try is waited for again."""
        probe = self._probes.get(name)
        if probe is None or probe.done():
            probe = self._probes[name] = asyncio.get_running_loop().run_in_executor(None, work)
        try:
            return await asyncio.wait_for(asyncio.shield(probe), TRY_SECONDS)
        except TimeoutError:
            return f"no answer in {TRY_SECONDS:.0f} s"

    def _database(self) -> str:
        """Read beside the writer, then write and commit."""
        try:
            schema_state(self._engine)
            with transaction(self._engine) as connection:
                heartbeats.beat(connection, heartbeats.WRITE, self._now())
        except StorageUnavailable as error:
            return error.reason
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing could be stored
            return type(error).__qualname__
        return OK

    def _files(self) -> str:
        """Write a file where those of people are kept."""
        try:
            with tempfile.NamedTemporaryFile(dir=self._data_dir, prefix=".ready-") as file:
                file.write(bytes(4096))
                file.flush()
                os.fsync(file.fileno())
            return OK if shutil.disk_usage(self._data_dir).free >= LEAST_FREE else FULL
        except OSError as error:
            return reason_of(error)

    def _policy_data(self) -> str:
        """The data do not change while the process runs: they are looked at once."""
        if self._policy is None:
            try:
                problems = consistency.report(self._corpus).problems
            except Exception as error:  # noqa: BLE001 - data that cannot even be looked at
                self._policy = type(error).__qualname__
            else:
                self._policy = f"{len(problems)} problems: python -m bot policy check" if problems else OK
                for problem in problems[:20]:
                    log.error("policy data: %s", problem)
        return self._policy

    async def _live(self, request: Request) -> Response:
        return JSONResponse({"status": OK}, headers=NO_STORE)

    async def _ready(self, request: Request) -> Response:
        found = await self.checks()
        works = all(said == OK for said in found.values())
        body = {"status": OK if works else "unavailable", "checks": found}
        return JSONResponse(body, 200 if works else 503, headers=NO_STORE)

    async def _healthz(self, request: Request) -> Response:
        try:
            await asyncio.to_thread(schema_state, self._engine)
        except StorageUnavailable:
            return JSONResponse({"status": "storage unavailable"}, status_code=503, headers=NO_STORE)
        return JSONResponse({"status": OK}, headers=NO_STORE)
