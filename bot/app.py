"""What is wired to what."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, make_url
from sqlalchemy.exc import ArgumentError

from bot.assistant import Assistant
from bot.core.security.ciphers import is_offered
from bot.core.security.keys import Keys
from bot.core.security.preconditions import NotStarted, check_folder, check_keys
from bot.documents import paper_fields
from bot.documents.store import FileStore
from bot.model_reader.reader import model_reader
from bot.settings import Settings, bad, load_settings
from policy.corpus import Corpus, build_corpus
from policy.soundness import sound_corpus
from storage.connections.database import (
    BUSY_SECONDS,
    NoDatabase,
    StorageUnavailable,
    connect,
    exists,
    file_of,
    prepare,
    shown,
)
from storage.connections.serving_lock import ServingLock


@dataclass(frozen=True)
class App:
    """The parts every command shares. `made`: the database was empty and was given its schema."""

    settings: Settings
    engine: Engine
    keys: Keys
    assistant: Assistant
    files: FileStore
    lock: ServingLock
    made: bool = False

    @property
    def corpus(self) -> Corpus:
        """What the policy says, with what the office published last."""
        return self.assistant.corpus


def open_app(
    settings: Settings | None = None,
    corpus: Corpus | None = None,
    *,
    serves: bool = False,
    makes: bool = True,
    wait: float = BUSY_SECONDS,
) -> App:
    """Settings, database, keys, assistant; on the packaged policy unless another is given.

    `serves`: take the lock of the serving process; `makes`: an empty database gets its schema; `wait`:
    how many seconds for another process that writes an SQLite file.

    Raises:
        BadPaper, BadSetting, NoDatabase, NotStarted, SchemaTooOld, SchemaTooNew, StorageUnavailable: as their
            modules say.
    """
    settings = settings or load_settings()
    if not is_offered(settings.cipher):
        raise NotStarted("cipher")
    if not makes and not exists(make_url(settings.database_url)):
        raise NoDatabase(shown(settings.database_url))  # before a folder is made for nothing
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        writable = os.access(settings.data_dir, os.W_OK | os.X_OK)
    except OSError:
        writable = False
    if not writable:  # before the database is touched, and never blamed on it
        raise bad("BOT_DATA_DIR", "data_dir")
    engine = _connected(settings.database_url, wait)
    lock = ServingLock(engine)
    if serves and not lock.serve():
        kind = "serving" if file_of(engine.url) else "busy"
        raise NotStarted(kind, database=shown(engine.url))
    made = prepare(engine, makes)
    keep_private(engine, settings.data_dir)
    try:
        secrets = (settings.secret_key, settings.secret_key_old, settings.cipher)
        keys = check_keys(engine, lock, *secrets, settings.data_dir)
        check_folder(engine, lock, settings.data_dir)
    except OSError:
        raise bad("BOT_DATA_DIR", "data_dir") from None
    corpus = corpus or (sound_corpus() if serves else build_corpus())
    paper_fields.check(corpus.form)
    model = model_reader(settings, corpus)
    limited = () if settings.telegram_personal else ("telegram",)
    assistant = Assistant(
        engine,
        keys,
        corpus,
        settings.url,
        settings.times,
        model=model,
        policy_only=limited,
        responsible=settings.answers_for_data,
        data_dir=settings.data_dir,
    )
    assistant.refresh()
    makers = assistant.registry.makers
    files = FileStore(engine, keys, settings.data_dir, settings.report_basis, settings.times, corpus, makers)
    return App(settings, engine, keys, assistant, files, lock, made)


def keep_private(engine: Engine, data_dir: Path) -> None:
    """Take from others what earlier versions left readable: the database's files and the data folder."""
    file = file_of(engine.url)
    beside = [file.with_name(file.name + end) for end in ("", "-wal", "-shm")] if file else []
    for path in (*beside, data_dir):
        with contextlib.suppress(OSError):  # another user's: it is theirs to close
            if path.stat().st_mode & 0o077:
                path.chmod(0o700 if path.is_dir() else 0o600)


def _connected(url: str, wait: float) -> Engine:
    try:
        if file := file_of(make_url(url)):
            file.parent.mkdir(parents=True, exist_ok=True)
        return connect(url, wait)
    except (ArgumentError, OSError) as error:
        raise StorageUnavailable(type(error).__name__) from error
