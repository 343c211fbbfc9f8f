"""Which messages a model may read: a plain question where nothing is under way, and nothing private in it.

Looked at before the transaction, without a lock; what is not plainly such a question is not given away.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from bot.core import input_limits
from bot.core.dialogs import vocabulary
from bot.core.messages import Incoming
from bot.core.security import one_time_code
from bot.core.turn import Memory
from bot.model_reader.reader import ModelReader
from bot.registry import Registry
from policy.corpus import Corpus
from policy.form.rows import is_row
from policy.index.outside_reading import LONGEST, OutsideReading, read_outside
from policy.reading.digits import holds_digit
from storage.connections.database import StorageUnavailable, transaction
from storage.conversations import messages
from storage.people import people

_COMPLAINS = re.compile("投诉|举报|检举|控告|线索")
_FIGURES = re.compile(r"[0-9０-９][^0-9０-９]+[0-9０-９]")  # two figures: of an institution, or of somebody


@dataclass(frozen=True)
class Seen:
    """What was read of a message outside, and the conversation it was read in."""

    reading: OutsideReading
    serial: int
    state: dict[str, Any]

    def fits(self, talk: messages.Conversation) -> bool:
        """Whether the conversation has not moved since."""
        return (talk.serial, talk.state) == (self.serial, self.state)


def question_in(incoming: Incoming, corpus: Corpus, registry: Registry) -> str | None:
    """The masked question of a message that may be one, as far as its words tell; None for any other."""
    if incoming.file is not None or incoming.choice or len(incoming.text) > LONGEST:
        return None
    masked, _ = input_limits.mask(corpus.form, input_limits.clean(incoming.text).strip())
    text = vocabulary.asked_outright(masked) or masked
    plain = vocabulary.tidy(text)
    if len(plain) < 2 or not any(map(str.isalpha, plain)) or "\n" in text:
        return None
    if one_time_code.code_in(text) is not None or _COMPLAINS.search(text) or _FIGURES.search(text):
        return None
    if plain in vocabulary.ON_DIALOG or registry.command(text) is not None or is_row(corpus.form, text):
        return None
    return None if corpus.jobs.recognise(text) is not None else text


def look(
    engine: Engine, corpus: Corpus, registry: Registry, reader: ModelReader, incoming: Incoming
) -> Seen | None:
    """Have a message read outside where that is allowed and the index is unsure; None otherwise.

    Takes as long as the model may; never within a transaction or on the writer's thread.
    """
    text = question_in(incoming, corpus, registry)
    talk = _conversation(engine, incoming, text) if text else None
    if text is None or talk is None:
        return None
    memory = Memory.from_json(talk.state)
    labels = {vocabulary.tidy(label) for label, _ in memory.offers}
    if memory.dialog is not None or memory.waiting is not None or vocabulary.tidy(text) in labels:
        return None  # something is under way, or a button was typed

    def ask(question: str) -> OutsideReading | None:
        return reader.read_once((incoming.address, incoming.id), question)

    reading = read_outside(corpus.questions, ask, text, memory.topic)
    return Seen(reading, talk.serial, talk.state) if reading is not None else None


def _conversation(engine: Engine, incoming: Incoming, text: str) -> messages.Conversation | None:
    """The conversation of somebody whose questions may be read; None of others, and of what was answered."""
    try:
        with transaction(engine, read_only=True) as connection:
            talk = messages.look_at(connection, incoming.address, incoming.id)
            roles = people.memberships(connection, talk.person_id) if talk else []
    except StorageUnavailable:
        return None  # said where the message is applied
    if any(role.office for role in roles):
        return None  # whoever answers the questions asks none: names of institutions, commands misspelt
    named = any(role.institution and role.institution in text for role in roles)
    return None if named or (roles and holds_digit(text)) else talk
