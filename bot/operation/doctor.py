"""Looking after it: what is set, what can be reached, what is odd. No secret is told."""

from __future__ import annotations

import platform
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import metadata
from typing import Any, Literal
from urllib.parse import urlsplit

from sqlalchemy import Engine, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from bot.core.security.ciphers import is_offered
from bot.core.security.keys import load_keys
from bot.core.security.preconditions import read_id
from bot.documents.attachments import FOLDER
from bot.settings import PREFIX, Settings, unknown_settings
from policy.calendar.reminders import exchanges_known
from policy.consistency import report
from policy.corpus import build_corpus
from policy.files import PolicyError
from storage.connections.database import (
    SchemaTooNew,
    StorageUnavailable,
    connect,
    exists,
    newest_schema,
    schema_state,
    shown,
    transaction,
)
from storage.connections.serving_lock import ServingLock
from storage.conversations import state
from storage.monitoring import installation

Level = Literal["good", "odd", "bad"]
SECRET = ("key", "token", "secret")  # parts of the names of settings whose value is never told
FREE = 1024**3  # bytes that should be free for the database and for files
BACKUP_DAYS = 2
WAITING = timedelta(hours=1)
REACH_SECONDS = 3


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `kind` names its words, `data` the plain values in them."""

    level: Level
    kind: str
    data: dict[str, Any] = field(default_factory=dict)


def examine(settings: Settings, now: datetime) -> list[Finding]:
    """Return everything that was found; nothing is made and nothing is changed."""
    found = [*_program(), *_settings(settings)]
    for part in (_database, _folder, _policy, _network):
        found += part(settings, now)
    return found


def _program() -> Iterator[Finding]:
    versions = {"python": platform.python_version(), "holidays": metadata.version("holidays")}
    yield Finding("good", "program", versions)


def _settings(settings: Settings) -> Iterator[Finding]:
    told = {}
    for name in sorted(settings.model_fields_set):
        value = getattr(settings, name)
        if value is None:
            continue
        hidden = any(part in name for part in SECRET) and name != "secret_key_old"
        if name == "database_url":
            value = shown(value)
        told[PREFIX + name.upper()] = None if hidden or name == "secret_key_old" else str(value)
    yield Finding("good", "settings", {"told": told})
    if settings.secret_key_old:
        yield Finding("odd", "key_old")
    if names := unknown_settings():
        yield Finding("odd", "unknown", {"names": [name for name, _ in names]})
    if settings.everywhere and not settings.public_url:
        yield Finding("odd", "no_public_url")
    elif settings.public_url and settings.public_url.startswith("http:"):
        yield Finding("odd", "no_tls", {"url": settings.public_url})


def _database(settings: Settings, now: datetime) -> Iterator[Finding]:
    where = {"database": settings.database_url}
    try:
        where = {"database": shown(settings.database_url)}
        if not exists(make_url(settings.database_url)):
            yield Finding("bad", "no_database", where)
            return
        engine = connect(settings.database_url)
    except (ArgumentError, OSError):
        yield Finding("bad", "unreachable", where)
        return
    try:
        number = schema_state(engine)
        if number is None:
            yield Finding("bad", "no_database", where)
        elif number < newest_schema():
            yield Finding("bad", "old_schema", {**where, "number": number, "newest": newest_schema()})
        else:
            yield Finding("good", "database", {**where, "number": number})
            yield from _inside(engine, settings, now)
    except SchemaTooNew:
        yield Finding("bad", "new_schema", where)
    except (StorageUnavailable, SQLAlchemyError) as error:
        yield Finding("bad", "unreachable", {**where, "why": type(error).__name__})
    finally:
        engine.dispose()


def _inside(engine: Engine, settings: Settings, now: datetime) -> Iterator[Finding]:
    lock = ServingLock(engine)
    yield Finding("good", "idle" if lock.alone() else "served")
    lock.release()
    with transaction(engine, read_only=True) as connection:
        held = installation.read(connection)
        counted = state.read(connection)
        sealed = installation.sealed_values(connection, 5)
        wanted = state.attachment_hashes(connection)
    yield Finding("good", "counted", vars(counted))
    if counted.waiting_since and now - counted.waiting_since > WAITING:
        yield Finding("odd", "waiting", {"count": counted.waiting, "since": counted.waiting_since})
    yield _key(settings, held, sealed)
    if (known := held.get(installation.FOLDER)) and read_id(settings.data_dir) != known:
        yield Finding("bad" if wanted else "odd", "other_folder")
    kept = settings.data_dir / FOLDER
    if missing := [name for name in wanted if not (kept / name).is_file()]:
        yield Finding("bad", "files_missing", {"count": len(missing), "of": len(wanted)})
    noted = held.get(installation.BACKUP)
    last = datetime.fromisoformat(noted) if noted else None
    age = (now - last).days if last else None
    late = age is None or age >= BACKUP_DAYS
    yield Finding("odd" if late else "good", "backup", {"last": last, "age": age})


def _key(settings: Settings, held: dict[str, str], sealed: list[str]) -> Finding:
    if not is_offered(settings.cipher):
        return Finding("bad", "cipher")
    secrets = (settings.secret_key, settings.secret_key_old, settings.cipher)
    keys = load_keys(*secrets, settings.data_dir)
    recorded = held.get(installation.KEY)
    if keys is None:
        return Finding("bad" if recorded or sealed else "good", "key_lost" if recorded else "key_none")
    if recorded and not keys.is_mine(recorded):
        return Finding("odd" if keys.has_older(recorded) else "bad", "key_other")
    unreadable = sum(keys.open(value) is None for value in sealed)
    if unreadable:
        return Finding("bad", "key_unreadable", {"count": unreadable, "of": len(sealed)})
    if installation.KEYS_BEFORE in held:
        return Finding("odd", "key_before")
    return Finding("good", "key", {"cipher": settings.cipher, "in_folder": settings.secret_key is None})


def _folder(settings: Settings, now: datetime) -> Iterator[Finding]:
    folder = settings.data_dir
    if not folder.is_dir():
        yield Finding("odd", "no_folder", {"folder": str(folder.absolute())})
        return
    free = shutil.disk_usage(folder).free
    level: Level = "good" if free > FREE else "bad"
    yield Finding(level, "disk", {"folder": str(folder.absolute()), "free": free // 1024**2})


def _policy(settings: Settings, now: datetime) -> Iterator[Finding]:
    try:
        corpus = build_corpus()
        problems = report(corpus).problems
        years = [now.year] + ([now.year + 1] if now.month == 12 else [])
        unknown = [year for year in years if not exchanges_known(year, corpus.holidays)]
    except PolicyError as error:
        yield Finding("bad", "policy", {"problems": [str(error)]})
        return
    yield Finding("bad" if problems else "good", "policy", {"problems": problems[:20]})
    if unknown:
        yield Finding("odd", "holidays", {"years": unknown})


def _network(
    settings: Settings, now: datetime, reach: Callable[[str, int], bool] | None = None
) -> Iterator[Finding]:
    wanted = {"Telegram": settings.telegram_base_url if settings.telegram_token else ""}
    wanted["微信"] = settings.wechat_base_url if settings.wechat else ""
    uses_wecom = settings.wecom or settings.wecom_robot_key
    wanted["企业微信"] = settings.wecom_base_url if uses_wecom else ""
    for name, url in wanted.items():
        parts = urlsplit(url)
        if not parts.hostname:
            continue
        port = parts.port or (443 if parts.scheme == "https" else 80)
        open_ = (reach or _reach)(parts.hostname, port)
        about = {"name": name, "host": f"{parts.hostname}:{port}"}
        yield Finding("good" if open_ else "bad", "reached" if open_ else "not_reached", about)


def _reach(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), REACH_SECONDS).close()
    except OSError:
        return False
    return True


def today() -> datetime:
    """The system's clock."""
    return datetime.now(UTC)
