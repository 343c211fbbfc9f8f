"""Keys: another algorithm, another key, and what no key opens."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select, update

from bot.app import App, open_app
from bot.cli import main
from bot.core.security.ciphers import derived
from bot.core.security.keys import FILE, FILE_BEFORE, Keys, is_sealed
from bot.core.security.preconditions import NotStarted
from bot.settings import Settings
from storage.connections.database import transaction
from storage.connections.serving_lock import ServingLock
from storage.schema.core import conversation, invite, person, revision
from tests.conftest import contact_code, office_code
from tests.support.corpus import CORPUS
from tests.support.talk import Person

FIRST, SECOND = "k" * 32, "n" * 32


def telephones(app: App) -> list[str]:
    with transaction(app.engine, read_only=True) as connection:
        return [t for t in connection.execute(select(person.c.telephone)).scalars() if t]


def reported(app: App) -> Person:
    wang = Person(app.assistant, "wang")
    wang.says(f"绑定 {contact_code(app)}", "王芳", "13812345678", "填报", "2026Q4")
    wang.says("大数据 1 1 20 18 18 27000", "提交", "提交")
    assert "系统已收到" in wang.text
    return wang


def set_environment(monkeypatch: pytest.MonkeyPatch, app: App, **values: str) -> None:
    monkeypatch.setenv("BOT_DATABASE_URL", app.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("BOT_DATA_DIR", str(app.settings.data_dir))
    for name, value in values.items():
        monkeypatch.setenv(f"BOT_{name.upper()}", value)


@pytest.mark.parametrize("suite", ["aes", "sm"])
def test_what_is_sealed_says_by_which_algorithm_and_no_other_key_opens_it(suite: str) -> None:
    keys = Keys(FIRST, suite=suite)
    sealed = keys.seal("13812345678")
    assert sealed.startswith({"aes": "fernet:", "sm": "sm4-sm3:"}[suite])
    assert is_sealed(sealed)
    assert keys.open(sealed) == "13812345678"
    assert Keys(SECOND).open(sealed) is None
    assert Keys(SECOND, [FIRST], suite).open(sealed) == "13812345678"
    changed = sealed[:-6] + ("A" if sealed[-6] != "A" else "B") + sealed[-5:]
    assert keys.open(changed) is None
    for wrong in ("", "sm4-sm3:", "fernet:", "sm9:abcd", "13812345678", "sm4-sm3:号码"):
        assert keys.open(wrong) is None
        assert not is_sealed(wrong)


def test_what_was_sealed_before_algorithms_had_names_is_read() -> None:
    import base64

    box = Fernet(base64.urlsafe_b64encode(derived(FIRST.encode(), "telephones")))
    bare = box.encrypt(b"0631-5550000").decode()
    assert is_sealed(bare)
    assert Keys(FIRST).open(bare) == "0631-5550000"
    assert Keys(FIRST, suite="sm").open(bare) == "0631-5550000"
    assert not Keys(FIRST).is_current(bare)


def test_the_national_algorithms_serve_the_whole_conversation(sqlite_url: str, tmp_path: Path) -> None:
    values = {"database_url": sqlite_url, "data_dir": tmp_path / "data", "secret_key": FIRST}
    before = open_app(Settings(**values, _env_file=None), CORPUS)  # type: ignore[arg-type]
    code = office_code(before)
    app = open_app(Settings(**values, cipher="sm", _env_file=None), CORPUS)  # type: ignore[arg-type]
    reported(app)
    assert [t.partition(":")[0] for t in telephones(app)] == ["sm4-sm3"]
    with transaction(app.engine, read_only=True) as connection:
        hashes = connection.execute(select(invite.c.code_hash).order_by(invite.c.id)).scalars().all()
    assert [h.partition(":")[0] for h in hashes] == ["hmac-sha256", "hmac-sm3"]
    zhang = Person(app.assistant, "zhang")
    zhang.says(f"绑定 {code}")  # made by the other algorithm
    assert "管理科" in zhang.text


def test_a_key_is_changed_with_the_one_before_beside_it(
    either_app: App, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    app = either_app
    reported(app)
    with transaction(app.engine) as connection:
        held = connection.execute(select(conversation.c.account_id, conversation.c.state)).first()
        assert held is not None
        state = {**held.state, "kept_sealed": [app.keys.seal("0631-5550000")]}
        connection.execute(
            update(conversation).where(conversation.c.account_id == held.account_id).values(state=state)
        )
    set_environment(monkeypatch, app, secret_key=SECOND, secret_key_old=FIRST)
    assert main(["rotate-key"]) == 0, capsys.readouterr().err
    said = capsys.readouterr()
    assert "13812345678" not in said.out + said.err
    monkeypatch.delenv("BOT_SECRET_KEY_OLD")
    after = open_app(corpus=CORPUS)
    assert {after.keys.open(t) for t in telephones(after)} == {"13812345678"}
    with transaction(after.engine, read_only=True) as connection:
        states = connection.execute(select(conversation.c.state)).scalars().all()
        filled = connection.execute(select(revision.c.telephone)).scalars().all()
    kept = [value for state in states for value in state.get("kept_sealed", ())]
    assert [after.keys.open(k) for k in kept] == ["0631-5550000"]
    assert {after.keys.open(f) for f in filled} == {"13812345678"}
    with pytest.raises(NotStarted):
        open_app(app.settings, CORPUS)
    assert main(["rotate-key"]) == 0  # once more: nothing is left to do
    assert capsys.readouterr().out.startswith("0 项")
    after.engine.dispose()


def test_a_change_that_was_not_finished_wants_the_key_before(
    app: App, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reported(app)
    set_environment(monkeypatch, app, secret_key=SECOND, secret_key_old=FIRST)
    between = open_app(corpus=CORPUS)  # serves with both
    assert [between.keys.open(t) for t in telephones(between)] == ["13812345678"]
    monkeypatch.delenv("BOT_SECRET_KEY_OLD")
    with pytest.raises(NotStarted) as refused:
        open_app(corpus=CORPUS)
    assert refused.value.kind == "key_before"
    assert main(["rotate-key"]) == 1
    assert "BOT_SECRET_KEY_OLD" in capsys.readouterr().err


def test_a_key_in_the_data_folder_is_changed_while_nobody_serves(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOT_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("BOT_DATA_DIR", str(tmp_path / "data"))
    app = open_app(corpus=CORPUS)
    reported(app)
    before = (tmp_path / "data" / FILE).read_text()
    assert main(["rotate-key"]) == 0
    assert (tmp_path / "data" / FILE).read_text() != before
    assert not (tmp_path / "data" / FILE_BEFORE).exists()
    after = open_app(corpus=CORPUS)
    assert [after.keys.open(t) for t in telephones(after)] == ["13812345678"]
    assert ServingLock(after.engine).alone()


def test_a_key_that_is_lost_for_good_is_given_up_and_the_export_says_so(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reported(app)
    office_code(app)
    set_environment(monkeypatch, app, secret_key=SECOND)
    assert main(["export", "2026Q4", "--to", "x.xlsx"]) == 1
    assert not (tmp_path / "x.xlsx").exists()
    assert main(["rotate-key", "--lost"]) == 1  # two stay unreadable, the person's and the form's
    assert "2 项" in capsys.readouterr().out
    assert main(["export", "2026Q4", "--to", "x.xlsx"]) == 0
    assert "读不出来" in capsys.readouterr().err
    cells = [str(c.value) for s in openpyxl.load_workbook("x.xlsx") for row in s.iter_rows() for c in row]
    assert any("读不出来" in cell for cell in cells)
    with transaction(app.engine, read_only=True) as connection:
        assert all(
            connection.execute(select(invite.c.revoked_at).where(invite.c.used_at.is_(None))).scalars()
        )
