"""The drill: backed up, lost, restored, and what was deleted meanwhile deleted again."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import insert, select

from bot.app import App, open_app
from bot.cli import main
from bot.documents.attachments import FOLDER, keep
from bot.operation import deletions
from bot.operation.archive import DATABASE, MANIFEST, Archive
from storage.connections import database
from storage.connections.database import connect, transaction
from storage.connections.transfer import count, is_empty
from storage.privacy.personal_data import Deletion
from storage.schema.contact import attachment
from storage.schema.core import audit, person, revision, schema_mark, turn
from tests.conftest import contact_code
from tests.support.corpus import CORPUS
from tests.support.talk import NOON, Person

KEY = "k" * 32
DIGEST = "f2ca1bb6c7e907d06dafe4687e579fce76b37e4e93b7605022da52e6ccc26fd2"  # of "test\n"


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder for what is restored."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_SECRET_KEY", KEY)


def point_to(monkeypatch: pytest.MonkeyPatch, url: str, folder: Path) -> None:
    monkeypatch.setenv("BOT_DATABASE_URL", url)
    monkeypatch.setenv("BOT_DATA_DIR", str(folder))


def url_of(app: App) -> str:
    return app.engine.url.render_as_string(hide_password=False)


def scene(app: App) -> Person:
    """A report with a telephone and an attachment, and somebody else's conversation."""
    wang = Person(app.assistant, "wang")
    wang.says(f"绑定 {contact_code(app)}", "王芳", "13812345678", "填报", "2026Q4")
    wang.says("大数据 1 1 20 18 18 27000")
    keep(b"test\n", DIGEST, app.settings.data_dir)
    with transaction(app.engine) as connection:
        draft = connection.execute(select(revision.c.id)).scalar_one()
        values = {"kind": "practice", "hash": DIGEST, "name": "经验.pdf", "media": "pdf", "size": 5}
        connection.execute(insert(attachment).values(revision_id=draft, **values, at=NOON, person_id=1))
    wang.says("提交", "提交")
    li = Person(app.assistant, "li")
    li.says("我能不能参加培训", "没有退休")
    return li


def person_of(app: App, message: str) -> int:
    from storage.schema.core import account

    with transaction(app.engine, read_only=True) as connection:
        sender = select(turn.c.sender).where(turn.c.said == message)
        return int(
            connection.execute(select(account.c.person_id).where(account.c.sender.in_(sender))).scalar_one()
        )


def said(app: App) -> list[str]:
    with transaction(app.engine, read_only=True) as connection:
        return [text for text in connection.execute(select(turn.c.said)).scalars() if text]


def test_what_was_lost_comes_back_and_what_was_deleted_does_not(
    either_app: App, elsewhere: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    app = either_app
    scene(app)
    point_to(monkeypatch, url_of(app), app.settings.data_dir)
    assert main(["backup", "b.zip"]) == 0, capsys.readouterr().err
    assert main(["backup", "b.zip"]) == 1  # never over another one
    assert main(["forget", "王芳", "--yes"]) == 0
    assert main(["backup", "c.zip"]) == 0  # brings the list of deletions beside the backups
    with zipfile.ZipFile("b.zip") as archive:
        inside = [archive.read(name) for name in archive.namelist()]
        manifest = json.loads(archive.read(MANIFEST))
    assert not any(KEY.encode() in content or b"13812345678" in content for content in inside)
    assert manifest["tables"]["revision"]["rows"] == 1
    assert manifest["files"][f"{FOLDER}/{DIGEST}"] == f"sha256:{DIGEST}"
    assert Path("b.zip").stat().st_mode & 0o077 == 0

    point_to(monkeypatch, f"sqlite:///{elsewhere}/back.sqlite3", elsewhere / "data")
    capsys.readouterr()
    assert main(["restore", "b.zip"]) == 0, capsys.readouterr().err
    assert "重新删除" in capsys.readouterr().out
    back = open_app(corpus=CORPUS)
    with transaction(back.engine, read_only=True) as connection:
        names = connection.execute(select(person.c.name, person.c.telephone)).all()
        sealed = connection.execute(select(revision.c.telephone)).scalar_one()
        actions = connection.execute(select(audit.c.action)).scalars().all()
    assert all(row == (None, None) for row in names)  # deleted after the backup, so deleted again
    assert back.keys.open(sealed) == "13812345678"  # the form that was submitted stays as it was
    assert {"data.restore", "data.forget"} <= set(actions)
    assert said(back) == ["我能不能参加培训", "没有退休"]  # hers are gone, the other one's are not
    assert (elsewhere / "data" / FOLDER / DIGEST).read_bytes() == b"test\n"
    li = Person(back.assistant, "li")
    li.says("上一步")
    assert "退休" in li.text  # the conversation goes on
    back.engine.dispose()
    assert main(["restore", "b.zip"]) == 1
    assert "已有内容" in capsys.readouterr().err


def test_who_came_after_the_backup_is_not_taken_for_who_was_deleted(
    app: App, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene(app)
    point_to(monkeypatch, url_of(app), app.settings.data_dir)
    assert main(["backup", "b.zip"]) == 0
    known = Deletion(datetime(2099, 1, 1, tzinfo=UTC), 1, datetime(2020, 1, 1, tzinfo=UTC), "erase")
    assert deletions.add(Path(deletions.FILE), [known]) == 1  # number 1, but born at another time
    point_to(monkeypatch, f"sqlite:///{elsewhere}/back.sqlite3", elsewhere / "data")
    assert main(["restore", "b.zip"]) == 0
    back = open_app(corpus=CORPUS)
    with transaction(back.engine, read_only=True) as connection:
        assert "王芳" in connection.execute(select(person.c.name)).scalars().all()


def test_a_backup_goes_into_postgresql_too(
    app: App, postgres_url: str, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene(app)
    point_to(monkeypatch, url_of(app), app.settings.data_dir)
    assert main(["backup", "b.zip"]) == 0
    point_to(monkeypatch, postgres_url, elsewhere / "data")
    assert main(["restore", "b.zip"]) == 0
    back = open_app(corpus=CORPUS)
    assert "我能不能参加培训" in said(back)
    Person(back.assistant, "new").says("菜单")  # numbers go on where they were
    back.engine.dispose()


@pytest.mark.parametrize("harm", ["cut", "changed", "other"])
def test_a_damaged_backup_changes_nothing(
    harm: str, app: App, elsewhere: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    scene(app)
    point_to(monkeypatch, url_of(app), app.settings.data_dir)
    assert main(["backup", "b.zip"]) == 0
    content = Path("b.zip").read_bytes()
    if harm == "cut":
        Path("b.zip").write_bytes(content[: len(content) // 2])
    elif harm == "other":
        Path("b.zip").write_bytes(b"PK" + b"\0" * 100)
    else:
        with zipfile.ZipFile("b.zip") as old, zipfile.ZipFile("d.zip", "w") as new:
            for name in old.namelist():
                data = old.read(name)
                new.writestr(name, data + b" " if name == DATABASE else data)
        Path("d.zip").replace("b.zip")
    point_to(monkeypatch, f"sqlite:///{elsewhere}/back.sqlite3", elsewhere / "data")
    assert main(["restore", "b.zip"]) == 1
    assert "没有恢复" in capsys.readouterr().err
    assert not list(elsewhere.glob("*.sqlite3"))


def test_a_backup_wants_its_key(
    app: App, elsewhere: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    scene(app)
    point_to(monkeypatch, url_of(app), app.settings.data_dir)
    assert main(["backup", "b.zip"]) == 0
    point_to(monkeypatch, f"sqlite:///{elsewhere}/back.sqlite3", elsewhere / "data")
    monkeypatch.setenv("BOT_SECRET_KEY", "x" * 32)
    assert main(["restore", "b.zip"]) == 1
    assert "密钥" in capsys.readouterr().err


def test_everything_moves_to_postgresql_and_back(
    app: App,
    postgres_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    scene(app)
    with transaction(app.engine, read_only=True) as connection:
        before = count(connection)
    point_to(monkeypatch, url_of(app), app.settings.data_dir)
    assert main(["move", "--to", postgres_url]) == 0, capsys.readouterr().err
    assert main(["move", "--to", postgres_url]) == 1  # it is not empty any more
    point_to(monkeypatch, postgres_url, app.settings.data_dir)
    there = open_app(corpus=CORPUS)
    li = Person(there.assistant, "li")
    li.says("上一步")
    assert "退休" in li.text
    there.engine.dispose()
    assert main(["move", "--to", f"sqlite:///{tmp_path}/home.sqlite3"]) == 0
    home = connect(f"sqlite:///{tmp_path}/home.sqlite3")
    with transaction(home, read_only=True) as connection:
        after = count(connection)
    grown = {"audit", "turn", "outbox", "conversation"}  # the move's own rows, and the turn between
    assert {n: c for n, c in before.items() if n not in grown} == {
        n: c for n, c in after.items() if n not in grown
    }
    assert after["turn"].rows == before["turn"].rows + 1


def test_a_move_that_fails_leaves_the_target_empty(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.operation import moving

    def stop(*_: object) -> None:
        raise database.StorageUnavailable("full")

    monkeypatch.setattr(moving, "load", stop)
    target = f"sqlite:///{tmp_path}/home.sqlite3"
    with pytest.raises(database.StorageUnavailable):
        moving.move(app.engine, target)
    assert is_empty(connect(target))


def test_an_upgrade_says_from_where_to_where_and_keeps_what_was(
    empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = connect(empty_url)
    command.upgrade(database._alembic_config(engine), "0004")
    with transaction(engine) as connection:
        connection.execute(insert(person).values(id=1, name="王芳", created_at=NOON))
    engine.dispose()
    point_to(monkeypatch, empty_url, tmp_path / "data")
    assert main(["upgrade"]) == 0
    assert "从 4 升级到" in capsys.readouterr().out
    (kept,) = (tmp_path / "data" / "backups").glob("*.zip")
    with Archive(kept) as archive:
        assert archive.manifest.schema == 4
    assert main(["upgrade"]) == 0
    assert "已是最新" in capsys.readouterr().out
    point_to(monkeypatch, f"sqlite:///{tmp_path}/again.sqlite3", tmp_path / "again")
    assert main(["restore", str(kept)]) == 0, capsys.readouterr().err
    restored = connect(f"sqlite:///{tmp_path}/again.sqlite3")
    with transaction(restored, read_only=True) as connection:
        assert connection.execute(select(person.c.name)).scalars().all() == ["王芳"]


@pytest.mark.parametrize("incompatible", [True, False])
def test_a_newer_database_is_left_alone_where_it_must_be(
    incompatible: bool, app: App, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with transaction(app.engine) as connection:
        connection.execute(insert(schema_mark).values(number=99, incompatible=incompatible))
    point_to(monkeypatch, url_of(app), app.settings.data_dir)
    for words in (["remind"], ["export", "2026Q4", "--to", "x.xlsx"], ["backup", "b.zip"], ["upgrade"]):
        done = main(words)
        told = capsys.readouterr().err
        assert (done, "换回新版程序" in told) == ((1, True) if incompatible else (0, False)), words


def test_whom_to_forget_is_named_and_never_guessed(
    app: App, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    scene(app)
    point_to(monkeypatch, url_of(app), app.settings.data_dir)
    with transaction(app.engine) as connection:
        connection.execute(insert(person).values(name="王芳", created_at=NOON))
    assert main(["forget", "王芳", "--yes"]) == 1
    assert "可能是下面几位" in capsys.readouterr().out
    assert main(["forget", "李四", "--yes"]) == 1
    number = str(person_of(app, "没有退休"))
    assert main(["forget", number]) == 1  # nobody is there to confirm it
    assert "没有退休" in said(app)
    assert main(["forget", number, "--yes"]) == 0
    assert "没有退休" not in said(app)
    assert deletions.read(app.settings.data_dir / deletions.FILE)[-1].person_id == int(number)


def test_the_doctor_tells_no_secret_and_finds_what_is_wrong(
    app: App, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    scene(app)
    point_to(monkeypatch, url_of(app), app.settings.data_dir)
    assert main(["doctor"]) == 0
    told = capsys.readouterr().out
    assert KEY not in told and "密钥能用" in told
    (app.settings.data_dir / FOLDER / DIGEST).unlink()
    monkeypatch.setenv("BOT_TELEGRAM_TOKEN", "123456:" + "a" * 30)
    monkeypatch.setenv("BOT_TELEGRAM_BASE_URL", "http://127.0.0.1:1/bot")
    assert main(["doctor"]) == 1
    told = capsys.readouterr().out
    assert "1 个不在" in told and "连不上 Telegram" in told and "a" * 30 not in told


def test_a_backup_is_of_one_moment_while_others_write(app: App, tmp_path: Path) -> None:
    from bot.operation.archive import write

    li = scene(app)
    write(app.engine, app.settings.data_dir, tmp_path / "b.zip", "0", NOON)
    li.says("是")  # nothing is locked afterwards
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        archive.extract(DATABASE, tmp_path)
    found = sqlite3.connect(tmp_path / DATABASE)
    assert found.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert found.execute("SELECT count(*) FROM turn WHERE said = '是'").fetchone() == (0,)
    found.close()
