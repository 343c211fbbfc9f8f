"""Runs the synchronous assistant from asynchronous servers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from bot.assistant import Assistant
from bot.core.messages import Incoming, Outgoing

Result = TypeVar("Result")


class Runner:
    """One writer thread on SQLite (it has one writer anyway), several on PostgreSQL."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant
        workers = 1 if assistant.engine.dialect.name == "sqlite" else 8
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="turn")

    async def handle(self, incoming: Incoming) -> list[Outgoing]:
        """Apply one message. Raises StorageUnavailable as `Assistant.handle` does."""
        return await self.run(lambda: self.assistant.handle(incoming))

    async def run(self, work: Callable[[], Result]) -> Result:
        """Run blocking work on the storage threads."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def close(self) -> None:
        """Wait for what is under way."""
        self._pool.shutdown(wait=True)
