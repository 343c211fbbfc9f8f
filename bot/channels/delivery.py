"""One outbox loop for every platform: in order for each person, at least once, nobody held up by another.

A platform says whom something waits for, what goes to them next and how, and what its refusals mean.
What it refuses is remembered in the database, of a person until they write again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from time import monotonic
from typing import Literal, Protocol

from sqlalchemy import Connection

from bot.assistant import Runner
from storage.address import Address
from storage.connections.database import StorageUnavailable, transaction
from storage.conversations import messages, reach

log = logging.getLogger("bot")

AT_ONCE = 20  # requests under way
LOOK_SECONDS = 2.0  # how often the outbox is looked at for what other processes wrote
FIRST_WAIT, LONGEST_WAIT = 0.5, 60.0  # seconds between tries
PAUSE_SECONDS = 600.0  # after an answer that holds for the whole account
GRACE_SECONDS = 3.0  # for requests under way when the process stops

Part = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Parcel:
    """What goes to a person in one go: the outbox rows and the requests that deliver them.

    `at`: what they are marked with, None for the moment it is; `broken`: why they cannot be sent at all.
    """

    rows: tuple[int, ...]
    parts: tuple[Part, ...] = ()
    at: datetime | None = None
    broken: str = ""


@dataclass(frozen=True)
class Refusal:
    """What it means that a request failed.

    again: it may be taken later, after `wait` seconds if the platform says so; never: the message is lost;
    person: they cannot be written to until they write; account: nobody can.
    """

    kind: Literal["again", "never", "person", "account"]
    reason: str = ""
    code: int | None = None
    wait: float | None = None


class Platform(Protocol):
    """A platform and an account of ours on it. `waiting` and `parcels` run on a storage thread."""

    channel: str
    account: str

    def waiting(self, busy: frozenset[str]) -> list[str]:
        """Whom something waits for that may be sent now, but for those in `busy`."""

    def parcels(self, sender: str) -> list[Parcel]:
        """What goes to a person next, in order."""

    def means(self, error: Exception) -> Refusal | None:
        """What a failed request means; None for what is no answer of the platform."""


class _Stopped(Exception):
    """The process stops; what was not delivered stays in the outbox."""


def waits() -> Iterator[float]:
    """Seconds to wait before each further try, doubling up to a minute."""
    wait = FIRST_WAIT
    while True:
        yield wait
        wait = min(wait * 2, LONGEST_WAIT)


class Delivery:
    """Sends what waits in the outbox for one account.

    `wake` is set after every turn, so that a reply leaves at once. `holds` tells whether this process is
    the one of several to send. `under_way` are the rows being sent by this process just now.
    """

    def __init__(
        self,
        runner: Runner,
        platform: Platform,
        now: Callable[[], datetime],
        holds: Callable[[], Awaitable[bool]],
    ) -> None:
        self.wake = asyncio.Event()
        self.under_way: set[int] = set()
        self.paused_until = 0.0
        self._runner = runner
        self._platform = platform
        self._now = now
        self._holds = holds
        self._stopping = asyncio.Event()
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._people: dict[str, asyncio.Task[None]] = {}
        self._sent_parts: dict[tuple[int, ...], int] = {}  # of parcels whose later parts were not taken yet
        self._refused: bool | None = None  # the account, as the database has it; None: not looked yet

    @property
    def able(self) -> bool:
        """Whether the platform lets this account write to people at all, as far as is known."""
        return monotonic() >= self.paused_until  # asked on storage threads too

    async def run(self) -> None:
        """Deliver until cancelled. Raises StorageUnavailable when the outbox cannot be read."""
        while True:
            self.wake.clear()
            if self.able and await self._holds():
                await self._look()
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self.wake.wait()
            except TimeoutError:
                pass

    async def stop(self) -> None:
        """Let requests under way end, for a few seconds; the rest stays in the outbox."""
        self._stopping.set()
        tasks = list(self._people.values())
        if tasks:
            await asyncio.wait(tasks, timeout=GRACE_SECONDS)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _look(self) -> None:
        busy = frozenset(self._people)
        if self._refused is None:
            self._refused = await self._runner.run(self._is_refused)
        for sender in await self._runner.run(lambda: self._platform.waiting(busy)):
            if sender not in self._people:
                self._people[sender] = asyncio.create_task(self._person(sender))

    def _is_refused(self) -> bool:
        with transaction(self._runner.assistant.engine, read_only=True) as connection:
            mine = (self._platform.channel, self._platform.account)
            return any((s.channel, s.bot) == mine and s.refused for s in reach.senders(connection))

    async def _person(self, sender: str) -> None:
        went = False
        try:
            went = await self._deliver(sender)
        except _Stopped:
            pass
        except StorageUnavailable:
            log.warning("%s delivery waits: storage cannot be reached", self._platform.channel)
            await asyncio.sleep(LOOK_SECONDS)
        except Exception as error:  # noqa: BLE001 - no fault may end the loop
            log.error("%s delivery: %s", self._platform.channel, type(error).__qualname__)
            await asyncio.sleep(LOOK_SECONDS)  # never spin on a fault of ours
        finally:
            del self._people[sender]
            if went:
                self.wake.set()  # more may have come for this person

    async def _deliver(self, sender: str) -> bool:
        """Send what waits for a person, as far as it is taken; whether anything went."""
        wait, went = waits(), False
        while self.able:
            parcels = await self._runner.run(lambda: self._platform.parcels(sender))
            refusal = None
            for parcel in parcels:
                if refusal := await self._hand_over(sender, parcel):
                    break
                wait, went = waits(), True
            if refusal is None:  # all of it went
                return went
            if refusal.kind != "again":
                return False  # until they write, or the account works again
            await self._pause(next(wait) if refusal.wait is None else refusal.wait)
        return went

    async def _hand_over(self, sender: str, parcel: Parcel) -> Refusal | None:
        """Send a parcel and note it; else why it stays in the outbox."""
        self.under_way.update(parcel.rows)
        try:
            began, failed = self._now(), parcel.broken
            # Each part is sent once by this process, however often a later one is tried.
            for number in range(self._sent_parts.get(parcel.rows, 0), len(parcel.parts)):
                refusal = await self._send(parcel.rows[0], parcel.parts[number])
                if refusal is not None and refusal.kind == "never":
                    failed = refusal.reason
                    break
                if refusal is not None:
                    await self._remember(sender, refusal, began)
                    return refusal
                self._sent_parts[parcel.rows] = number + 1
            if failed:
                log.warning("outbox %d not deliverable: %s", parcel.rows[0], failed.split(":")[0])
            self._sent_parts.pop(parcel.rows, None)
            await self._kept(partial(_mark, parcel, parcel.at or self._now(), failed))
            if self._refused and not failed:
                self._refused = False
                mine = (self._platform.channel, self._platform.account, self._now())
                await self._kept(lambda connection: reach.account_works(connection, *mine))
            return None
        finally:
            self.under_way.difference_update(parcel.rows)

    async def _send(self, row: int, part: Part) -> Refusal | None:
        try:
            async with self._at_once:
                await part()
        except StorageUnavailable as error:
            return Refusal("again", type(error).__qualname__)
        except Exception as error:  # noqa: BLE001 - no fault may end the loop
            refusal = self._platform.means(error)
            if refusal is None:
                return Refusal("never", f"fault: {type(error).__qualname__}")
            if refusal.kind == "again":
                log.warning("outbox %d: %s; trying again", row, refusal.reason or type(error).__qualname__)
            return refusal
        return None

    async def _remember(self, sender: str, refusal: Refusal, began: datetime) -> None:
        channel, account = self._platform.channel, self._platform.account
        if refusal.kind == "person":
            log.warning("%s: somebody cannot be written to (%s)", channel, refusal.code or refusal.reason)
            given = (Address(channel, account, sender), refusal.reason, refusal.code, began)
            await self._kept(lambda connection: reach.refuse_person(connection, *given))
        elif refusal.kind == "account":
            log.error("%s lets this account send nothing (%s)", channel, refusal.code or refusal.reason)
            self.paused_until = monotonic() + PAUSE_SECONDS
            self._refused = True
            known = (channel, account, refusal.reason, refusal.code, self._now())
            await self._kept(lambda connection: reach.refuse_account(connection, *known))

    async def _kept(self, work: Callable[[Connection], None]) -> None:
        """Write what happened, for as long as it takes: the platform will not tell it again."""
        for wait in waits():
            try:
                return await self._runner.write(work)
            except StorageUnavailable:
                await self._pause(wait)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return
        raise _Stopped


def _mark(parcel: Parcel, at: datetime, failed: str, connection: Connection) -> None:
    for row in parcel.rows:
        messages.mark_sent(connection, row, at, failed or None)
