"""Sends by ourselves what an answer could not carry, as far as WeChat lets us; the rest stays.

Customer-service messages, at least once. What the platform does not take now waits in the outbox and is
handed over with the next thing the person does.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from time import monotonic

from bot.assistant import Runner
from bot.channels.wechat import window
from bot.channels.wechat.api import Api, NotTaken, Unreachable
from bot.channels.wechat.carrier import Carrier, Later, Parcel
from storage.address import Address
from storage.connections.database import StorageUnavailable

log = logging.getLogger("bot")

LOOK_SECONDS = 2.0  # how often the outbox is looked at for what other processes wrote
FIRST_WAIT, LONGEST_WAIT = 0.5, 60.0  # seconds between tries
PAUSE_SECONDS = 600.0  # after an answer that holds for the whole account
GRACE_SECONDS = 3.0  # for requests under way when the process stops
AT_ONCE = 20  # requests under way
MOST_SENDERS = 100  # looked at in one go

# https://developers.weixin.qq.com/doc/offiaccount/Getting_Started/Global_Return_Code.html
BUSY = frozenset({-1, 45009, 45011})
BAD_CONTENT = frozenset({40008, 44002, 44004, 45002, 47001, 87014})
# No such ability, wrong appid or secret, address not on the whitelist: nobody can be written to.
ACCOUNT = frozenset({40001, 40002, 40013, 40014, 40125, 40164, 41002, 41004, 42001, 48001, 48004, 50001})


class Delivery:
    """Sends for one account. `wake` is set after every answer; `holds`: this process is the one to send."""

    def __init__(
        self,
        runner: Runner,
        account: str,
        now: Callable[[], datetime],
        carrier: Carrier,
        api: Api,
        holds: Callable[[], Awaitable[bool]],
    ) -> None:
        self.wake = asyncio.Event()
        self.paused_until = 0.0
        self._runner = runner
        self._account = account
        self._now = now
        self._carrier = carrier
        self._api = api
        self._holds = holds
        self._people: dict[str, asyncio.Task[None]] = {}
        self._closed: dict[str, int] = {}  # sender → the turn after which nothing could be sent
        self._at_once = asyncio.Semaphore(AT_ONCE)

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
        tasks = list(self._people.values())
        if tasks:
            await asyncio.wait(tasks, timeout=GRACE_SECONDS)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _look(self) -> None:
        limit = MOST_SENDERS + len(self._people) + len(self._closed)
        found = await self._runner.run(lambda: self._carrier.to_send(self._now(), limit))
        self._closed = dict(self._closed.items() & set(found))  # who wrote again is no longer closed
        for sender, last in found:
            if sender not in self._people and self._closed.get(sender) != last:
                self._people[sender] = asyncio.create_task(self._person(sender))

    async def _person(self, sender: str) -> None:
        try:
            await self._deliver(Address(window.NAME, self._account, sender), sender)
        except (StorageUnavailable, Unreachable):
            log.warning("wechat delivery waits: storage or platform cannot be reached")
            await asyncio.sleep(LOOK_SECONDS)
        except Exception as error:  # noqa: BLE001 - no fault may end the loop
            log.error("wechat delivery: %s", type(error).__qualname__)
            await asyncio.sleep(LOOK_SECONDS)  # never spin on a fault of ours
        finally:
            del self._people[sender]

    async def _deliver(self, address: Address, sender: str) -> None:
        wait = FIRST_WAIT
        while self.able:
            parcel = await self._runner.run(lambda: self._carrier.next(address, self._now()))
            if isinstance(parcel, Later) and parcel.turn is not None:
                self._closed[sender] = parcel.turn
            if not isinstance(parcel, Parcel):
                return
            self._carrier.under_way.update(parcel.rows)
            try:
                done = await self._send(sender, parcel)
            finally:
                self._carrier.under_way.difference_update(parcel.rows)
            if done == "closed":
                last = await self._runner.run(lambda: self._carrier.last_turn(address))
                self._closed[sender] = last
                return
            if done == "busy":
                await asyncio.sleep(wait)
                wait = min(wait * 2, LONGEST_WAIT)
            else:
                wait = FIRST_WAIT

    async def _send(self, sender: str, parcel: Parcel) -> str:
        """Send one parcel: taken, busy (again later), closed (not before they write), or refused."""
        try:
            async with self._at_once:
                await self._api.send_text(sender, parcel.text)
        except Unreachable as error:
            log.warning("outbox %d: no answer (%s); trying again", parcel.rows[0], error)
            return "busy"
        except NotTaken as error:
            return await self._not_taken(error.code, parcel)
        wait = FIRST_WAIT
        while True:  # it is sent: only the note may be tried again
            try:
                await self._runner.run(lambda: self._carrier.mark(parcel))
                return "taken"
            except StorageUnavailable:
                await asyncio.sleep(wait)
                wait = min(wait * 2, LONGEST_WAIT)

    async def _not_taken(self, code: int, parcel: Parcel) -> str:
        log.warning("outbox %d: wechat answers %d", parcel.rows[0], code)
        if code in BUSY:
            return "busy"
        if code in BAD_CONTENT:
            await self._runner.run(lambda: self._carrier.refuse(parcel, f"refused: {code}"))
            return "refused"
        if code in ACCOUNT:
            log.error("wechat lets this account send nothing (%d); answers still go out", code)
            self.paused_until = monotonic() + PAUSE_SECONDS
            return "paused"
        return "closed"
