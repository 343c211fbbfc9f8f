"""`python -m bot ask`: one answer and its clauses, without a conversation."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.core.published import Reader
    from policy.answers.publications import Publication
    from policy.corpus import Corpus
    from policy.index.outside_reading import OutsideReading


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("question", nargs="*")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--batch", action="store_true", help="a question a line from standard input")
    parser.add_argument("--on", help="as of a day, YYYY-MM-DD")
    parser.add_argument(
        "--model", action="store_true", help="let the model of BOT_MODEL_… read what is unsure"
    )


def run(options: argparse.Namespace) -> int:
    """Print the answer, or with `--batch` one JSON line for each question."""
    from bot.cli.clock import day
    from bot.cli.problems import problem
    from bot.features.questions import answer as policy_answer

    corpus, on = _corpus(), day(options.on)
    published = _published(corpus)
    read = _outside(corpus) if options.model else lambda question: None
    if options.batch:
        for line in sys.stdin:
            if question := line.strip():
                said = policy_answer.as_json(corpus, question, on, published, read(question))
                print(json.dumps(said, ensure_ascii=False), flush=True)
        return 0
    question = " ".join(options.question).strip()
    if not question:
        raise problem("question")
    if options.json:
        said = policy_answer.as_json(corpus, question, on, published, read(question))
        print(json.dumps(said, ensure_ascii=False))
    else:
        outside = read(question)
        message = policy_answer.reply(
            corpus, question, on, buttons=False, published=published, outside=outside
        ).message
        print("\n".join([message.text, *(f"· {c.label}" for c in message.choices)]))
    return 0


def _corpus() -> Corpus:
    """Return the packaged policy, with what the office published last as the data folder holds it.

    No database is opened; a layer that cannot be told is left out.
    """
    from bot.core import knowledge
    from bot.settings import BadSetting, load_settings
    from policy.corpus import build_corpus
    from policy.files import PolicyError

    corpus = build_corpus()
    try:
        version, layer = knowledge.read(load_settings().data_dir)
        return knowledge.laid_over(corpus, layer) if version else corpus
    except (BadSetting, PolicyError, KeyError, TypeError, ValueError, AttributeError):
        return corpus


def _outside(corpus: Corpus) -> Callable[[str], OutsideReading | None]:
    """Return what reads a question by the model, where the index is unsure of it and it asks for no job."""
    from bot.cli.model import configured
    from bot.core.input_limits import mask
    from policy.index.outside_reading import read_outside

    reader = configured(corpus)

    def read(question: str) -> OutsideReading | None:
        if corpus.jobs.recognise(question) is not None:
            return None
        found = read_outside(corpus.questions, reader.read, mask(corpus.form, question)[0], None)
        return found if found is None or found.text == question else replace(found, text=question)

    return read


def _published(corpus: Corpus) -> Reader:
    """Return a reader of what the office published, from the database if there is one, never making one.

    Opened at the first question that the office may have published something about. Whatever is
    wrong with the database, the notice can still be asked.
    """
    told: list[str] = []  # the database was said once

    def read(kinds: Collection[str], on: date) -> list[Publication]:
        from bot.settings import BadSetting, load_settings

        try:
            url = load_settings().database_url
        except BadSetting:
            return corpus.published(kinds, on)
        kind, _, path = url.partition(":///")
        if kind == "sqlite" and not Path(path.partition("?")[0]).exists():
            return corpus.published(kinds, on)  # as most who only ask: nothing of a database is loaded
        from sqlalchemy import make_url
        from sqlalchemy.exc import SQLAlchemyError

        from bot.cli.opening import say_database
        from bot.core.published import reader
        from storage.connections.database import StorageUnavailable, connect, exists, transaction

        try:
            if not exists(make_url(url)):
                return corpus.published(kinds, on)
            if not told:
                say_database(url)
                told.append(url)
            engine = connect(url)
            try:
                with transaction(engine, read_only=True) as connection:
                    return reader(connection, corpus)(kinds, on)
            finally:
                engine.dispose()
        except (StorageUnavailable, SQLAlchemyError):
            return corpus.published(kinds, on)

    return read
