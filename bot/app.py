"""What is wired to what."""

from __future__ import annotations

import os
from dataclasses import dataclass

from sqlalchemy import Engine
from sqlalchemy.exc import ArgumentError

from bot.assistant import Assistant
from bot.core.keys import Keys, load_keys
from bot.documents.store import FileStore
from bot.settings import Settings, bad, load_settings
from policy.corpus import Corpus, build_corpus
from storage.database import StorageUnavailable, open_database


@dataclass(frozen=True)
class App:
    """The parts every command shares."""

    settings: Settings
    engine: Engine
    keys: Keys
    corpus: Corpus
    assistant: Assistant
    files: FileStore


def open_app(settings: Settings | None = None, corpus: Corpus | None = None) -> App:
    """Settings, database, keys, assistant; on the packaged policy unless another is given.

    Raises:
        BadSetting, SchemaTooOld, SchemaTooNew, StorageUnavailable: as their modules say.
    """
    settings = settings or load_settings()
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        writable = os.access(settings.data_dir, os.W_OK | os.X_OK)
    except OSError:
        writable = False
    if not writable:  # before the database is touched, and never blamed on it
        raise bad("BOT_DATA_DIR", "data_dir")
    try:
        engine = open_database(settings.database_url)
    except (ArgumentError, OSError) as error:
        raise StorageUnavailable(type(error).__name__) from error
    try:
        keys = load_keys(settings.secret_key, settings.data_dir)
    except OSError:
        raise bad("BOT_DATA_DIR", "data_dir") from None
    corpus = corpus or build_corpus()
    assistant = Assistant(engine, keys, corpus, settings.url, settings.times)
    makers = assistant.registry.makers
    files = FileStore(engine, keys, settings.data_dir, settings.report_basis, settings.times, corpus, makers)
    return App(settings, engine, keys, corpus, assistant, files)
