"""The whole bot is one function: `Assistant.handle(Incoming) -> list[Outgoing]`.

One message, one transaction: dedupe, lock the conversation, apply, store the replies, commit.
The same message again gets the stored replies and changes nothing.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine

from bot import router
from bot.core import input_limits, log
from bot.core.channel_limits import CHANNELS, channel_of
from bot.core.counting import Counts, OfTurn
from bot.core.dialogs import dialog_manager
from bot.core.knowledge import Behind, Knowledge
from bot.core.messages import Arrived, Incoming, Outgoing, Table
from bot.core.render import render
from bot.core.responsible import Responsible
from bot.core.security import at_rest, one_time_code
from bot.core.security.flood import Tally
from bot.core.security.keys import Keys
from bot.core.turn import Memory, Turn
from bot.documents import attachments as incoming_files
from bot.documents import reader_process
from bot.documents.reader_process import Readers
from bot.features.publications import table_reader
from bot.model_reader.admission import Seen, look, question_in
from bot.model_reader.reader import ModelReader
from bot.policy_only import PolicyOnly
from bot.registry import Registry, build_registry
from policy.calendar.quarters import Times, local
from policy.corpus import Corpus
from storage.address import Address
from storage.connections.database import StorageUnavailable, savepoint, transaction
from storage.connections.group_commit import Writer
from storage.conversations import messages
from storage.people import people
from storage.reports.reports import VersionConflict

INCIDENT = "problem/messages.incident"
TURNS = 8  # messages applied at once on PostgreSQL
FILES = 2  # looked at at once, each in a process of its own
BESIDE = 8  # reads, files and other people's transactions at once


# A transaction, or a savepoint of one that several messages share.
Attempt = Callable[[], AbstractContextManager[Connection]]

Then = Callable[[Connection], None]


@dataclass(frozen=True)
class Prepared:
    """A message and what was found before its transaction; `refused`: why it is not even looked at."""

    incoming: Incoming
    table: Table | None = None
    arrived: Arrived | None = None
    refused: str | None = None
    fault: Exception | None = None
    seen: Seen | None = None  # what a language model read of it, and in which conversation
    then: Then | None = None  # done in the same transaction, once the replies are stored


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
        readers: Readers | None = None,
        model: ModelReader | None = None,
        policy_only: Collection[str] = (),
        responsible: Responsible | None = None,
        data_dir: Path | None = None,
    ) -> None:
        self.engine = engine
        self.keys = keys
        self.knowledge = Knowledge(engine, corpus, data_dir)
        self.times = times or Times()
        self.registry = registry or build_registry(corpus)
        self.tally = Tally()
        self.counts = Counts()
        self.responsible = responsible or Responsible()
        shared = {channel.name for channel in CHANNELS.values() if channel.shared}
        self.policy_only = frozenset(policy_only) | shared  # channels on which nobody's data are asked for
        self._policy_registry = PolicyOnly(self.registry)
        self.readers = readers or reader_process.readers()
        self.model = model  # a language model that reads what the index is unsure of
        self.url = url  # where a browser reaches us, without a slash at its end

    @property
    def corpus(self) -> Corpus:
        """What the policy says, with what the office published last as far as this process read it."""
        return self.knowledge.corpus

    def refresh(self) -> None:
        """Take up the answers that were published last; never within a transaction.

        Raises:
            StorageUnavailable: they cannot be read.
        """
        if self.knowledge.refresh() and self.model is not None:
            self.model.offer(self.corpus)

    def handle(self, incoming: Incoming) -> list[Outgoing]:
        """Apply one message and return what to say.

        A fault of ours is rolled back, recorded under an incident number and answered.

        Raises:
            StorageUnavailable: nothing was written; the channel must not acknowledge.
        """
        prepared, attempt = self.prepare(incoming), partial(transaction, self.engine)
        while True:
            try:
                return self.answer(prepared, attempt)
            except Behind:
                self.refresh()

    def reading(self, connection: Connection, address: Address, now: datetime) -> Turn | None:
        """A turn for a page that only reads: nothing is kept of it. None for somebody we never heard of."""
        talk = messages.look_at(connection, address, "")
        if talk is None or not talk.account_id:
            return None
        corpus = self.corpus.on(local(now).date())
        incoming = Incoming(address, "", now)
        return Turn(
            connection, incoming, talk, Memory(), self.keys, 0, "", corpus, None, self.url, self.times
        )

    def prepare(self, incoming: Incoming) -> Prepared:
        """Look at a message before its transaction: here files are read, and what takes long is done.

        Raises:
            StorageUnavailable: the database or the data folder cannot be used.
        """
        if refused := input_limits.refusal(incoming):
            return Prepared(incoming, refused=refused)
        try:
            wanted = incoming.file is not None and incoming.address.channel not in self.policy_only
            table, arrived = self._look_at(incoming) if wanted else (None, None)
        except StorageUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - it is answered with an incident number
            return Prepared(incoming, fault=error)
        return Prepared(incoming, table, arrived, seen=self._ask_model(incoming))

    def _look_at(self, incoming: Incoming) -> tuple[Table | None, Arrived | None]:
        """The office's table, or what an institution sent; files of others are not even opened."""
        if incoming.file is None:
            raise LookupError("no file came with it")
        with transaction(self.engine, read_only=True) as connection:
            roles = people.roles_at(connection, incoming.address)
        try:
            office = any(role.office for role in roles)
            table = table_reader.arrive(self.readers, incoming.file) if office else None
        except OSError as error:
            raise StorageUnavailable("readers") from error
        speaks = any(role.institution_id is not None for role in roles)
        form = self.corpus.on(local(incoming.now).date()).form
        return table, incoming_files.arrive(self.readers, form, incoming.file) if speaks else None

    def may_ask_model(self, incoming: Incoming) -> bool:
        """Whether preparing a message may wait for the model: never to be done where others wait."""
        if self.model is None or input_limits.refusal(incoming):
            return False
        return question_in(incoming, self.corpus, self.registry) is not None

    def _ask_model(self, incoming: Incoming) -> Seen | None:
        if self.model is None:
            return None
        try:
            return look(self.engine, self.corpus, self.registry, self.model, incoming)
        except Exception as error:  # noqa: BLE001 - it only helps: without it the index decides, as ever
            log.event("question not read outside", logging.ERROR, error=type(error).__qualname__)
            return None

    def answer(self, prepared: Prepared, attempt: Attempt) -> list[Outgoing]:
        """Apply a message that was prepared. Every attempt at it is undone alone when it fails.

        Raises:
            Behind: nothing was written, `refresh` first.
            StorageUnavailable: as for `handle`.
        """
        if prepared.refused:
            return [render("problem/door.j2", reason=prepared.refused)]
        try:
            if prepared.fault is not None:
                raise prepared.fault
            try:
                return self._turn(prepared, attempt)
            except VersionConflict:  # somebody was quicker at the same instant: to what is there now
                return self._turn(prepared, attempt)
        except (StorageUnavailable, Behind):
            raise
        except Exception as error:  # noqa: BLE001 - it is answered with an incident number
            return self._incident(prepared, error, attempt)

    def _turn(self, prepared: Prepared, attempt: Attempt) -> list[Outgoing]:
        counted = OfTurn()
        with attempt() as connection:
            said = self._apply(connection, prepared, counted)
            if prepared.then:
                prepared.then(connection)
        incoming = prepared.incoming
        self.counts.take_over(counted, incoming.address.channel, incoming.now)
        return said

    def _apply(self, connection: Connection, prepared: Prepared, counted: OfTurn) -> list[Outgoing]:
        incoming, seen = prepared.incoming, prepared.seen
        corpus = self.corpus.on(local(incoming.now).date())
        text = input_limits.clean(incoming.text)
        masked, was_masked = input_limits.mask(corpus.form, text)
        address = incoming.address
        limited = address.channel in self.policy_only
        said_of_it = one_time_code.hidden(masked) or (None if limited else _label(incoming))
        turn_id = messages.begin(connection, address, incoming.id, said_of_it, incoming.now)
        if turn_id is None:
            stored = messages.stored_replies(connection, address, incoming.id)
            return [at_rest.from_body(body, self.keys) for body in stored]
        talk = messages.load_conversation(connection, address, incoming.now)
        self.knowledge.need(talk.knowledge)
        memory = Memory.from_json(talk.state)
        registry = self._policy_registry if limited else self.registry
        if registry is not self.registry and memory.dialog and memory.dialog.name not in registry.dialogs:
            memory.dialog = None  # begun before the channel was left to questions
        private = memory.dialog is not None and registry.takes_numbers(memory.dialog.name)
        said_here = text if private else masked
        if memory.dialog is not None and self.registry.is_secret(memory.dialog.name):
            messages.hide_said(connection, turn_id)
        turn = Turn(
            connection,
            incoming,
            talk,
            memory,
            self.keys,
            turn_id,
            said_here,
            corpus,
            prepared.table,
            self.url,
            self.times,
            registry.dialogs,
            tally=self.tally,
            counted=counted,
        )
        turn.arrived = prepared.arrived
        turn.outside = seen.reading if seen is not None and seen.fits(talk) else None
        turn.responsible = self.responsible
        turn.model_reads = self.model is not None
        said = router.respond(turn, registry)
        if was_masked and not private:
            said = [render("messages.masked"), *said]
            said = router.merge(said)
        if memory.dialog is not None and registry.dialogs[memory.dialog.name].of_figures:
            counted.add("report", "", "message")
        talk.state = memory.to_json()
        if incoming.numbered:
            talk.state["numbers"] = dialog_manager.numbers_press(turn)
        messages.save_conversation(connection, talk, incoming.now)
        tracked = channel_of(address.channel).tracked
        messages.enqueue(
            connection,
            address,
            [at_rest.to_body(message, self.keys) for message in said],
            incoming.now,
            turn_id,
            sent_at=None if tracked else incoming.now,  # the request itself carries them back
        )
        return said

    def _incident(self, prepared: Prepared, error: Exception, attempt: Attempt) -> list[Outgoing]:
        incoming = prepared.incoming
        number = secrets.token_hex(4).upper()
        log.incident(number, incoming.address.channel, error)
        said = [render(INCIDENT, incident=number)]
        with attempt() as connection:
            turn_id = messages.record_incident(
                connection, incoming.address, incoming.id, number, incoming.now
            )
            if turn_id is not None:
                sent = None if channel_of(incoming.address.channel).tracked else incoming.now
                bodies = [message.body() for message in said]
                messages.enqueue(connection, incoming.address, bodies, incoming.now, turn_id, sent_at=sent)
            if prepared.then:
                prepared.then(connection)
        return said


def _label(incoming: Incoming) -> str | None:
    """What stands in the history for a message without text."""
    return incoming.file.name[:60] if incoming.file else None


Result = TypeVar("Result")


class Runner:
    """The threads on which storage is used: one writer on SQLite, several turns at once on PostgreSQL."""

    def __init__(
        self, assistant: Assistant, observe: Callable[[str, str, float], None] = lambda *_: None
    ) -> None:
        self.assistant = assistant
        self._observe = observe  # channel, outcome, seconds
        self._beside = ThreadPoolExecutor(BESIDE, thread_name_prefix="beside")
        self._files = ThreadPoolExecutor(FILES, thread_name_prefix="files")
        self._writer: Writer | None = None
        self._turns: ThreadPoolExecutor | None = None
        if assistant.engine.dialect.name == "sqlite":
            self._writer = Writer(lambda: transaction(assistant.engine))
        else:
            self._turns = ThreadPoolExecutor(TURNS, thread_name_prefix="turn")

    async def handle(self, incoming: Incoming, then: Then | None = None) -> list[Outgoing]:
        """Apply one message; those that wait at the same time share a commit on SQLite.

        `then` is done in the message's own transaction, anew with every attempt at it.

        Raises:
            StorageUnavailable: as for `Assistant.handle`.
        """
        began, outcome = time.monotonic(), "failed"
        try:
            said = await self._handle(incoming, then)
            outcome = "incident" if any(INCIDENT in one.templates for one in said) else "answered"
        except StorageUnavailable:
            outcome = "unavailable"
            raise
        finally:
            self._observe(incoming.address.channel, outcome, time.monotonic() - began)
        return said

    async def _handle(self, incoming: Incoming, then: Then | None) -> list[Outgoing]:
        prepare = partial(self.assistant.prepare, incoming)
        if incoming.file is not None:
            prepared = await self.look(prepare)
        elif self.assistant.may_ask_model(incoming):
            prepared = await self.run(prepare)
        else:
            prepared = prepare()
        if then is not None:
            prepared = replace(prepared, then=then)
        while True:
            try:
                return await self._answer(prepared)
            except Behind:  # undone: to the answers that were published since, read beside the writer
                await self.run(self.assistant.refresh)

    async def _answer(self, prepared: Prepared) -> list[Outgoing]:
        if self._writer is None:
            attempt = partial(transaction, self.assistant.engine)
            return await self._on(self._turns, lambda: self.assistant.answer(prepared, attempt))
        return await self._written(
            lambda connection: self.assistant.answer(prepared, partial(savepoint, connection))
        )

    async def write(self, work: Callable[[Connection], Result]) -> Result:
        """Do something short in a transaction, on SQLite one shared with the messages; then committed.

        Raises:
            StorageUnavailable: nothing was written.
        """
        if self._writer is None:
            return await self._on(self._turns, partial(_alone, self.assistant.engine, work))

        def part(connection: Connection) -> Result:
            with savepoint(connection):
                return work(connection)

        return await self._written(part)

    async def run(self, work: Callable[[], Result]) -> Result:
        """Run blocking work beside the writer: reading, files, and transactions of its own."""
        return await self._on(self._beside, work)

    async def look(self, work: Callable[[], Result]) -> Result:
        """Look at files, which may take until their deadline: nothing else waits for these threads."""
        return await self._on(self._files, work)

    async def _written(self, work: Callable[[Connection], Result]) -> Result:
        if self._writer is None:
            raise LookupError("not serving")
        return await asyncio.wrap_future(self._writer.submit(work))

    async def _on(self, threads: ThreadPoolExecutor | None, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(threads, work)

    def close(self) -> None:
        """Wait for what is under way."""
        self._files.shutdown(wait=False, cancel_futures=True)
        self.assistant.readers.close()
        self._files.shutdown(wait=True)
        self._beside.shutdown(wait=True)
        if self._writer is not None:
            self._writer.close()
        if self._turns is not None:
            self._turns.shutdown(wait=True)


def _alone(engine: Engine, work: Callable[[Connection], Result]) -> Result:
    with transaction(engine) as connection:
        return work(connection)
