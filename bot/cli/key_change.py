"""Going over to another key: one made in the data folder, or one after the key before was lost."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, make_url

from bot.core.security.keys import FILE_BEFORE, load_keys, make_key
from bot.core.security.preconditions import NotStarted
from bot.settings import Settings
from storage import audit
from storage.connections.database import COMMAND_SECONDS, open_existing, shown, transaction
from storage.connections.serving_lock import ServingLock
from storage.monitoring import installation


def wants_new_file_key(settings: Settings, engine: Engine, folder: Path) -> bool:
    """Tell whether a key has to be made: it stands in the data folder, and no change is under way."""
    if settings.secret_key is not None or (folder / FILE_BEFORE).exists():
        return False
    with transaction(engine, read_only=True) as connection:
        held = installation.read(connection)
    return installation.KEYS_BEFORE not in held


def forget_lost_key(settings: Settings) -> None:
    """Let the database go with the key there is now; what the one before sealed stays, unreadable.

    Codes that nobody will know again are revoked, so that they are not waited for.

    Raises:
        NotStarted: somebody serves, who has the key.
        NoDatabase, SchemaTooOld, SchemaTooNew, StorageUnavailable: as `open_existing` says.
    """
    engine = open_existing(settings.database_url, COMMAND_SECONDS)
    lock = ServingLock(engine)
    try:
        if not lock.alone():
            raise NotStarted("not_quiet", database=shown(make_url(settings.database_url)))
        keys = load_keys(settings.secret_key, settings.secret_key_old, settings.cipher, settings.data_dir)
        if keys is None:
            make_key(settings.data_dir)
            keys = load_keys(None, settings.secret_key_old, settings.cipher, settings.data_dir)
        if keys is None:
            raise LookupError("no keys were given")
        now = datetime.now(UTC)
        with transaction(engine) as connection:
            held = installation.read(connection).get(installation.KEY)
            if held is not None and keys.is_mine(held):
                return
            installation.put(connection, installation.KEY, keys.fingerprint)
            installation.put(connection, installation.KEYS_BEFORE, None)
            installation.revoke_codes(connection, now)
            audit.record(connection, now, None, "key.lost", "installation:key")
    finally:
        engine.dispose()
