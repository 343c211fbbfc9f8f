"""The whole bot is one function: `Assistant.handle(Incoming) -> list[Outgoing]`.

One message, one transaction: dedupe, lock the conversation, apply, store the replies, commit.
The same message again gets the stored replies and changes nothing.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Connection, Engine

from bot import router
from bot.core import dialog_manager, input_limits
from bot.core.channel_limits import channel_of
from bot.core.keys import Keys
from bot.core.messages import Arrived, Incoming, Outgoing
from bot.core.render import render
from bot.core.turn import Memory, Turn
from bot.documents import attachments as incoming_files
from bot.features.publications import table_reader
from bot.registry import Registry, build_registry
from policy.calendar.quarters import Times
from policy.corpus import Corpus
from storage import messages
from storage.database import StorageUnavailable, transaction
from storage.reports.reports import VersionConflict

log = logging.getLogger("bot")


class Assistant:
    """Applies messages to the database. Safe to call from several threads and processes."""

    def __init__(
        self,
        engine: Engine,
        keys: Keys,
        corpus: Corpus,
        url: str = "",
        times: Times | None = None,
        registry: Registry | None = None,
    ) -> None:
        self.engine = engine
        self.keys = keys
        self.corpus = corpus
        self.times = times or Times()
        self.registry = registry or build_registry(corpus)
        self.url = url  # where a browser reaches us, without a slash at its end

    def handle(self, incoming: Incoming) -> list[Outgoing]:
        """Apply one message and return what to say.

        A fault of ours is rolled back, recorded under an incident number and answered.

        Raises:
            StorageUnavailable: nothing was written; the channel must not acknowledge.
        """
        refused = input_limits.refusal(incoming)
        if refused:
            return [render("problem/door.j2", reason=refused)]
        content = table_reader.content_of(incoming.file)
        try:
            arrived = incoming_files.arrive(self.engine, self.corpus.form, incoming.address, incoming.file)
            try:
                return self._turn(incoming, content, arrived)
            except VersionConflict:  # somebody was quicker at the same instant: to what is there now
                return self._turn(incoming, content, arrived)
        except StorageUnavailable:
            raise
        except Exception as error:
            return self._incident(incoming, error)

    def _turn(self, incoming: Incoming, content: bytes | None, arrived: Arrived | None) -> list[Outgoing]:
        with transaction(self.engine) as connection:
            return self._apply(connection, incoming, content, arrived)

    def _apply(
        self,
        connection: Connection,
        incoming: Incoming,
        content: bytes | None,
        arrived: Arrived | None,
    ) -> list[Outgoing]:
        text = input_limits.clean(incoming.text)
        masked, was_masked = input_limits.mask(self.corpus.form, text)
        address = incoming.address
        turn_id = messages.begin(connection, address, incoming.id, masked or _label(incoming), incoming.now)
        if turn_id is None:
            stored = messages.stored_replies(connection, address, incoming.id)
            return [Outgoing.from_body(body) for body in stored]
        talk = messages.load_conversation(connection, address, incoming.now)
        memory = Memory.from_json(talk.state)
        private = memory.dialog is not None and self.registry.takes_numbers(memory.dialog.name)
        said_here = text if private else masked
        turn = Turn(
            connection,
            incoming,
            talk,
            memory,
            self.keys,
            turn_id,
            said_here,
            self.corpus,
            content,
            self.url,
            self.times,
            self.registry.dialogs,
        )
        turn.arrived = arrived
        said = router.respond(turn, self.registry)
        if was_masked and not private:
            said = [render("masked.j2"), *said]
            said = router.merge(said)
        talk.state = memory.to_json()
        if incoming.numbered:
            talk.state["numbers"] = dialog_manager.numbers_press(turn)
        messages.save_conversation(connection, talk, incoming.now)
        tracked = channel_of(address.channel).tracked
        messages.enqueue(
            connection,
            address,
            [message.body() for message in said],
            incoming.now,
            turn_id,
            sent_at=None if tracked else incoming.now,  # the request itself carries them back
        )
        return said

    def _incident(self, incoming: Incoming, error: Exception) -> list[Outgoing]:
        number = secrets.token_hex(4).upper()
        # Type and place only: the error's words could hold what a person typed.
        places = "".join(traceback.format_tb(error.__traceback__))
        log.error("incident %s: %s\n%s", number, type(error).__qualname__, places)
        said = [render("problem/incident.j2", incident=number)]
        with transaction(self.engine) as connection:
            turn_id = messages.record_incident(
                connection, incoming.address, incoming.id, number, incoming.now
            )
            if turn_id is not None:
                sent = None if channel_of(incoming.address.channel).tracked else incoming.now
                bodies = [message.body() for message in said]
                messages.enqueue(connection, incoming.address, bodies, incoming.now, turn_id, sent_at=sent)
        return said


def _label(incoming: Incoming) -> str | None:
    """What stands in the history for a message without text."""
    return incoming.file.name[:60] if incoming.file else None


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
