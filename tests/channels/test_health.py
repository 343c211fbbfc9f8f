"""/healthz/live and /healthz/ready: whether the process runs, and whether a message could be stored now."""

from __future__ import annotations

import errno
import os
import tempfile
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, event, text

from bot.app import App
from bot.core.refusals import REFUSALS
from bot.http import health
from policy import consistency
from storage.connections.database import StorageUnavailable, transaction
from tests.conftest import make_app
from tests.support.office_browser import Browser
from tests.support.talk import Person
from tests.support.telegram_app import api, quick, serving, telegram_app  # noqa: F401
from tests.support.telegram_server import BotApi
from tests.support.web_visitor import Visitor


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is no fault."""
    monkeypatch.setattr(health, "TRY_SECONDS", 60.0)


async def asked(app: App) -> tuple[int, dict[str, str]]:
    """What a watcher is told: the status, and what is wrong."""
    browser = await Browser(app).opens("/healthz/ready")
    checks = browser.response.json()["checks"]
    assert (browser.status == 200) == all(said == "ok" for said in checks.values())
    return browser.status, {name: said for name, said in checks.items() if said != "ok"}


def limited(app: App, pragma: str) -> None:
    """Let SQLite itself refuse to write from the next connection on."""
    app.engine.dispose()

    def refuse(connection: Any, *_: object) -> None:
        connection.execute(pragma)

    event.listen(app.engine, "connect", refuse)


def full(app: App) -> None:
    """The disk has no page left: the database cannot grow."""
    with transaction(app.engine, read_only=True) as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    limited(app, f"PRAGMA max_page_count={pages}")


async def test_what_works_is_ready(either_app: App) -> None:
    assert await asked(either_app) == (200, {})


async def test_alive_is_whoever_answers(app: App) -> None:
    limited(app, "PRAGMA query_only=1")
    assert (await Browser(app).opens("/healthz/live")).status == 200


async def test_a_database_that_only_reads_is_not_ready(app: App) -> None:
    limited(app, "PRAGMA query_only=1")
    assert await asked(app) == (503, {"database": "read-only"})
    assert (await Browser(app).opens("/healthz")).status == 200  # it can be read


async def test_a_full_disk_is_told_and_logged(app: App, caplog: pytest.LogCaptureFixture) -> None:
    li = Visitor(app)
    await li.opens()
    full(app)
    REFUSALS.total.clear()
    REFUSALS._told.clear()
    for _ in range(40):  # until no page is left
        await li.says("退休了能报吗" * 300)
        if li.status == 503:
            break
    assert li.status == 503
    assert REFUSALS.total == {("web", "disk full"): 1}
    assert "refused where=web reason=disk full times=1" in caplog.text
    assert "退休了" not in caplog.text


async def test_postgresql_that_stopped_is_not_ready(postgres_url: str, tmp_path: Path) -> None:
    app = make_app(postgres_url, tmp_path)
    Person(app.assistant).says("您好")
    app.engine.dispose()
    elsewhere = create_engine(app.engine.url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with elsewhere.connect() as connection:
        connection.execute(text(f'ALTER DATABASE "{app.engine.url.database}" ALLOW_CONNECTIONS false'))
    elsewhere.dispose()
    assert await asked(app) == (503, {"database": "unreachable"})
    assert (await Browser(app).opens("/metrics")).status == 200  # of the process there are numbers


def test_postgresql_that_only_reads_is_no_fault_of_ours(postgres_url: str, tmp_path: Path) -> None:
    app = make_app(postgres_url, tmp_path)
    name = app.engine.url.database
    with app.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'))
    app.engine.dispose()
    with pytest.raises(StorageUnavailable) as found:
        Person(app.assistant).says("您好")
    assert found.value.reason == "read-only"
    app.engine.dispose()


async def test_a_writer_that_hangs_keeps_nobody_waiting(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "TRY_SECONDS", 0.05)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction(app.engine):
            held.set()
            done.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    status, wrong = await asked(app)
    done.set()
    holder.join()
    assert (status, wrong["database"]) == (503, "no answer in 0 s")


async def test_files_that_cannot_be_kept(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> Any:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(tempfile, "NamedTemporaryFile", refuse)
        assert await asked(app) == (503, {"files": "disk full"})
    with monkeypatch.context() as patched:
        patched.setattr(health, "LEAST_FREE", 2**60)
        assert await asked(app) == (503, {"files": "disk full"})
    gone = replace(app, settings=app.settings.model_copy(update={"data_dir": Path("/nowhere")}))
    assert await asked(gone) == (503, {"files": "unreachable"})


async def test_policy_data_that_disagree(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    found = replace(consistency.report(app.corpus), problems=["answers/goal: 引文不是原文"])
    monkeypatch.setattr(consistency, "report", lambda corpus: found)
    assert await asked(app) == (503, {"policy": "1 problems: python -m bot policy check"})


async def test_a_channel_is_up_once_the_platform_answered(api: BotApi, telegram_app: App) -> None:  # noqa: F811
    assert await asked(telegram_app) == (503, {"telegram": "starting"})
    async with serving(telegram_app) as served:
        await api.acknowledged(await api.say(7, "您好"))
        assert served.wrong is None


async def test_asking_often_costs_little(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = Browser(app)
    await browser.opens("/healthz/ready")
    limited(app, "PRAGMA query_only=1")
    assert (await browser.opens("/healthz/ready")).status == 200  # of a moment ago
    monkeypatch.setattr(health, "FRESH_SECONDS", 0.0)
    assert (await browser.opens("/healthz/ready")).status == 503
