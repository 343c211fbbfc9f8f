"""What disagrees with the database does not start, and says what to do."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from bot.app import App, open_app
from bot.cli import main, opening
from bot.core.security.keys import FILE
from bot.core.security.preconditions import ID_FILE, NotStarted
from bot.settings import Settings
from storage.connections import database
from storage.connections.database import NoDatabase, transaction
from storage.connections.serving_lock import ServingLock
from storage.schema.contact import attachment
from storage.schema.core import invite, person, revision
from storage.schema.installation import installation
from tests.conftest import contact_code, make_app, office_code
from tests.support.corpus import CORPUS
from tests.support.processes import environment
from tests.support.talk import NOON, Person

OTHER = "o" * 32


def again(app: App, folder: Path | None = None, **changed: str | None) -> App:
    """The same database, opened anew with other settings."""
    values: dict[str, Any] = {"secret_key": "k" * 32, "data_dir": app.settings.data_dir, **changed}
    if folder:
        values["data_dir"] = folder
    values["database_url"] = app.engine.url.render_as_string(hide_password=False)
    return open_app(Settings(**values, _env_file=None), CORPUS)


def with_telephone(app: App) -> Person:
    wang = Person(app.assistant, "wang")
    wang.says(f"绑定 {contact_code(app)}", "王芳", "13812345678")
    return wang


def test_another_key_does_not_start_where_something_is_sealed(either_app: App) -> None:
    with_telephone(either_app)
    with pytest.raises(NotStarted, match="BOT_SECRET_KEY_OLD") as refused:
        again(either_app, secret_key=OTHER)
    assert refused.value.kind == "key_other"
    again(either_app).engine.dispose()


def test_another_key_does_not_start_while_a_code_is_open(app: App) -> None:
    contact_code(app)
    with pytest.raises(NotStarted):
        again(app, secret_key=OTHER)


def test_another_key_starts_where_nothing_rests_on_the_first_one(app: App) -> None:
    new = again(app, secret_key=OTHER)
    with_telephone(new)
    with pytest.raises(NotStarted):  # it goes with the other one now
        again(app)


def test_a_lost_key_does_not_start_and_none_is_made(app: App, tmp_path: Path) -> None:
    with_telephone(app)
    with pytest.raises(NotStarted, match=r"secret\.key") as refused:
        again(app, secret_key=None)
    assert refused.value.kind == "key_lost"
    assert not (app.settings.data_dir / FILE).exists()


def test_a_database_of_before_takes_the_key_that_opens_it_and_no_other(app: App) -> None:
    with_telephone(app)
    with transaction(app.engine) as connection:
        connection.execute(delete(installation))
        sealed = connection.execute(select(person.c.telephone)).scalars().all()[-1]
        assert sealed.startswith("fernet:")
        bare = sealed.partition(":")[2]  # how it was kept before
        connection.execute(update(person).where(person.c.telephone.is_not(None)).values(telephone=bare))
    with pytest.raises(NotStarted):
        again(app, secret_key=OTHER)
    found = again(app)
    assert found.keys.open(bare) == "13812345678"
    with pytest.raises(NotStarted):
        again(app, secret_key=OTHER)


def test_a_code_of_before_is_still_known(app: App) -> None:
    code = office_code(app)
    with transaction(app.engine) as connection:
        kept = connection.execute(select(invite.c.code_hash)).scalar_one()
        name, _, bare = kept.partition(":")
        assert name == "hmac-sha256"
        connection.execute(update(invite).values(code_hash=bare))
    zhang = Person(app.assistant, "zhang")
    zhang.says(f"绑定 {code}")
    assert "管理科" in zhang.text


def test_a_key_set_over_the_one_in_the_folder_still_reads(sqlite_url: str, tmp_path: Path) -> None:
    first = open_app(Settings(database_url=sqlite_url, data_dir=tmp_path / "data", _env_file=None), CORPUS)
    with_telephone(first)
    second = again(first, secret_key=OTHER)
    with transaction(second.engine) as connection:
        sealed = connection.execute(select(person.c.telephone)).scalars().all()[-1]
    assert second.keys.open(sealed) == "13812345678"
    (tmp_path / "data" / FILE).unlink()
    with pytest.raises(NotStarted) as refused:
        again(first, secret_key=OTHER)
    assert refused.value.kind == "key_before"


def test_a_new_key_waits_until_nobody_serves_with_the_one_before(postgres_url: str, tmp_path: Path) -> None:
    app = make_app(postgres_url, tmp_path)
    serving = ServingLock(app.engine)
    assert serving.serve()
    with pytest.raises(NotStarted) as refused:
        again(app, secret_key=OTHER)
    assert refused.value.kind == "key_busy"
    with pytest.raises(NotStarted) as refused:
        again(app, folder=tmp_path / "elsewhere")
    assert refused.value.kind == "folder"
    other = ServingLock(app.engine)
    assert other.serve()  # several may
    assert not other.alone()
    other.release()
    assert serving.alone()
    assert not ServingLock(app.engine).quiet()
    serving.release()
    again(app, secret_key=OTHER).engine.dispose()
    app.engine.dispose()


def test_another_data_folder_does_not_start_once_files_are_kept(app: App, tmp_path: Path) -> None:
    again(app, folder=tmp_path / "second")  # nothing was kept yet
    third = tmp_path / "third"
    wang = with_telephone(app)
    wang.says("填报", "2026Q4", "大数据 3 2 120 80 60 90000")
    with transaction(app.engine) as connection:
        draft = connection.execute(select(revision.c.id)).scalar_one()
        values = {"kind": "practice", "hash": "a" * 64, "name": "经验.pdf", "media": "pdf", "size": 9}
        connection.execute(attachment.insert().values(revision_id=draft, **values, at=NOON, person_id=1))
    with pytest.raises(NotStarted) as refused:
        again(app, folder=third)
    assert refused.value.kind == "folder"
    wanted = str(refused.value).strip().splitlines()[-1]
    assert wanted == (tmp_path / "second" / ID_FILE).read_text().strip()
    (third / ID_FILE).write_text(wanted)  # the files were brought there: the operator says so
    again(app, folder=third).engine.dispose()


def test_two_that_start_at_once_on_an_empty_file_both_behave(tmp_path: Path) -> None:
    values = environment(tmp_path, BOT_LISTEN="127.0.0.1:0")
    command = [sys.executable, "-m", "bot"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    both = [subprocess.Popen(command, cwd=tmp_path, env=values, **pipes) for _ in range(2)]  # type: ignore[call-overload]
    said = [one.stdout.readline() for one in both]
    try:
        assert sorted("网页对话已打开" in line for line in said) == [False, True]
        loser = both["网页对话已打开" in said[0]]
        assert loser.wait(60) == 1
        told = loser.stderr.read()
        assert "另一个进程" in told and "Traceback" not in told
        beside = subprocess.run(
            [*command, "invite", "--office"],
            cwd=tmp_path,
            env=values,
            capture_output=True,
            text=True,
            check=False,
        )
        assert re.search(r"[A-Z2-9]{5}-[A-Z2-9]{5}", beside.stdout), beside.stderr
    finally:
        for one in both:
            one.kill()
            one.communicate()


def test_a_command_that_makes_no_database_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BOT_DATABASE_URL", f"sqlite:///{tmp_path}/none.sqlite3")
    for command in (["export", "2026Q4", "--to", "x.xlsx"], ["remind"], ["upgrade"]):
        assert main(command) == 1
        assert "没有找到数据库" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
    assert main(["invite", "--office"]) == 0
    assert "新建了数据库" in capsys.readouterr().err
    assert main(["invite", "--office"]) == 0
    assert capsys.readouterr().err == ""
    assert main(["remind"]) == 0
    assert f"使用数据库：{tmp_path}/none.sqlite3" in capsys.readouterr().err


def test_none_is_made_where_it_is_not_wanted(tmp_path: Path) -> None:
    settings = Settings(
        database_url=f"sqlite:///{tmp_path}/none.sqlite3", data_dir=tmp_path / "d", _env_file=None
    )
    with pytest.raises(NoDatabase):
        open_app(settings, CORPUS, makes=False)
    assert not list(tmp_path.iterdir())


def test_a_command_waits_for_the_writer_and_then_says_so(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert database.COMMAND_SECONDS == 10
    monkeypatch.setattr(opening, "COMMAND_SECONDS", 0.1)
    monkeypatch.setenv("BOT_DATABASE_URL", app.engine.url.render_as_string())
    monkeypatch.setenv("BOT_DATA_DIR", str(app.settings.data_dir))
    monkeypatch.setenv("BOT_SECRET_KEY", "k" * 32)
    blocker = sqlite3.connect(tmp_path / "bot.sqlite3", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    assert main(["invite", "--office"]) == 1
    assert "打不开数据库" in capsys.readouterr().err
    blocker.execute("ROLLBACK")
    blocker.close()
    assert main(["invite", "--office"]) == 0
