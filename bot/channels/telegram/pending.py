"""Updates being applied: each chat in its order, none waiting for another, acknowledged from the first."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable

from bot.channels.telegram.hear import chat_of, update_id

Apply = Callable[[object], Awaitable[None]]


class Pending:
    """What was got and is not applied yet. `offset` acknowledges what has nothing unapplied before it."""

    def __init__(self) -> None:
        self._numbers: set[int] = set()  # got, and not applied
        self._done: set[int] = set()  # applied, with something before it that is not
        self._next: int | None = None
        self._chats: dict[object, deque[object]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._moved = asyncio.Event()

    def __len__(self) -> int:
        return len(self._numbers)

    @property
    def offset(self) -> int | None:
        """The number to ask from; None before the first update."""
        return min(self._numbers) if self._numbers else self._next

    def add(self, batch: list[object], apply: Apply) -> None:
        """Begin to apply those that are new."""
        if batch and not self._numbers:  # after a quiet week the platform may count from elsewhere
            self._next = None
        for raw in batch:
            number = update_id(raw)
            if number is None or number in self._numbers or number in self._done:
                continue
            self._numbers.add(number)
            self._next = number + 1 if self._next is None else max(self._next, number + 1)
            chat = chat_of(raw)
            waiting = self._chats.get(chat)
            if waiting is not None:
                waiting.append(raw)
                continue
            self._chats[chat] = deque([raw])
            task = asyncio.create_task(self._one_by_one(chat, apply))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _one_by_one(self, chat: object, apply: Apply) -> None:
        waiting = self._chats[chat]
        try:
            while waiting:
                await apply(waiting[0])
                number = update_id(waiting.popleft())
                if number is not None:
                    self._applied(number)
        finally:
            del self._chats[chat]
            self._moved.set()

    def _applied(self, number: int) -> None:
        self._numbers.discard(number)
        first = min(self._numbers, default=None)
        self._done = {one for one in (*self._done, number) if first is not None and one > first}
        self._moved.set()

    async def progress(self, seconds: float) -> None:
        """Wait until all is applied, or so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._numbers:
                    self._moved.clear()
                    await self._moved.wait()

    async def stop(self) -> None:
        """Give up what is under way: it is not acknowledged, so it comes again."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
