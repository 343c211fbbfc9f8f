"""Questions read by a language model: where the index is unsure, once a message, ids and nothing else."""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import Future
from dataclasses import replace
from typing import Protocol

from bot.core.render import words
from bot.features.questions.jobs import JOBS, OF_DIALOGS
from bot.settings import Settings
from policy.corpus import Corpus
from policy.index.outside_reading import OutsideReading, catalogue_of

REMEMBERED = 512  # message ids whose question was given away: the same message again gives nothing away


class Wire(Protocol):
    """What carries a question to a model, and its JSON back."""

    def read(self, instructions: str, question: str, schema: dict[str, object]) -> object | None:
        """The JSON for a question, or None."""

    def close(self) -> None:
        """End what is under way."""


class ModelReader:
    """Reads questions by a model behind a wire. Safe to call from several threads."""

    def __init__(self, wire: Wire, corpus: Corpus) -> None:
        self._wire = wire
        self.offer(corpus)
        self._guard = threading.Lock()
        self._asked: OrderedDict[object, Future[OutsideReading | None]] = OrderedDict()

    def offer(self, corpus: Corpus) -> None:
        """Let it choose among what this corpus holds."""
        offered = [job for job in JOBS if job not in OF_DIALOGS]  # nothing is open where a model reads
        names = {job: words("jobs/label.j2", {"job": job}) for job in offered}
        self._catalogue = catalogue_of(corpus.questions, names)
        self._schema = self._catalogue.schema()
        self._instructions = words("model/instructions.j2", vars(self._catalogue))

    def read(self, question: str) -> OutsideReading | None:
        """What the model reads in a question; None where it does not answer, or not in ids that exist."""
        said = self._wire.read(self._instructions, question, self._schema)
        return self._catalogue.reading(question, said)

    def read_once(self, message: object, question: str) -> OutsideReading | None:
        """The same, asked once for a message: coming again it waits for, or gets, the first reading."""
        with self._guard:
            known = self._asked.get(message)
            mine = known is None
            future = self._asked[message] = known or Future()
            while len(self._asked) > REMEMBERED:
                self._asked.popitem(last=False)
        if mine:
            try:
                found = self.read(question)
                future.set_result(replace(found, text="") if found else None)  # no words outlive it
            except BaseException as error:
                future.set_exception(error)
                raise
        reading = future.result()
        return replace(reading, text=question) if reading else None

    def close(self) -> None:
        """End what is under way."""
        self._wire.close()


def model_reader(settings: Settings, corpus: Corpus) -> ModelReader | None:
    """The reader that the settings name; None without one."""
    if not settings.model_url or not settings.model_name:
        return None
    from bot.model_reader.endpoint import Endpoint  # late: without a model nothing of the wire is loaded

    return ModelReader(Endpoint(settings.model_url, settings.model_name, settings.model_key), corpus)
