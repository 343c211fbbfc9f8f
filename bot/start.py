"""What is wired to what."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine
from sqlalchemy.exc import ArgumentError

from bot.assistant import Assistant
from bot.files import FileStore
from bot.keys import Keys, load_keys
from bot.settings import Settings, load_settings
from storage.database import StorageUnavailable, open_database


@dataclass(frozen=True)
class House:
    """The parts every command shares."""

    settings: Settings
    engine: Engine
    keys: Keys
    assistant: Assistant
    files: FileStore


def open_house(settings: Settings | None = None) -> House:
    """Settings, database, keys, assistant.

    Raises:
        BadSetting, SchemaTooOld, SchemaTooNew, StorageUnavailable: as their modules say.
    """
    settings = settings or load_settings()
    try:
        engine = open_database(settings.database_url)
    except (ArgumentError, OSError) as error:
        raise StorageUnavailable(type(error).__name__) from error
    try:
        keys = load_keys(settings.secret_key, settings.data_dir)
    except OSError as error:
        raise StorageUnavailable(f"BOT_DATA_DIR: {error.strerror}") from error
    files = FileStore(engine, keys, settings.data_dir, settings.report_basis, settings.times)
    return House(settings, engine, keys, Assistant(engine, keys, settings.url, settings.times), files)


def serve() -> int:
    """Serve every configured channel until stopped."""
    from bot.serving import run

    return run(open_house())
