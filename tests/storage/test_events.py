"""Security events: every one has its kind, none can be changed, and they go to a syslog without names."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from bot.app import App
from bot.cli import main
from storage import audit, events
from storage.connections.database import transaction
from storage.schema.core import audit as rows
from tests.conftest import contact_code, office_code
from tests.support.office_browser import Browser, link
from tests.support.processes import environment
from tests.support.talk import NOON, Person


def test_an_event_can_neither_be_changed_nor_taken_away(either_app: App) -> None:
    engine = either_app.engine
    with transaction(engine) as connection:
        audit.record(connection, datetime.now(UTC), None, "export", "quarter:2026Q4", kind="csv")
        audit.record(connection, datetime.now(UTC) - timedelta(days=183), None, "export", "quarter:2026Q2")
        audit.record(connection, datetime.now(UTC) - timedelta(days=185), None, "export", "quarter:2026Q1")
    for statement in (
        update(rows).values(person_id=None),
        update(rows).values(detail={}).where(rows.c.subject == "quarter:2026Q1"),
        delete(rows),
        delete(rows).where(rows.c.subject == "quarter:2026Q2"),
    ):
        with (
            pytest.raises(DBAPIError, match="kept as they were written"),
            transaction(engine) as connection,
        ):
            connection.execute(statement)
    with transaction(engine) as connection:  # six months are over
        connection.execute(delete(rows).where(rows.c.subject == "quarter:2026Q1"))
    with transaction(engine, read_only=True) as connection:
        left = connection.execute(select(rows.c.subject)).scalars().all()
    assert sorted(left) == ["quarter:2026Q2", "quarter:2026Q4"]


@pytest.fixture
def printed(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Any:
    """What the command prints."""
    for name, value in environment(tmp_path, BOT_SECRET_KEY="k" * 32).items():
        monkeypatch.setenv(name, value)

    def run(*options: str) -> list[dict[str, Any]]:
        capsys.readouterr()
        assert main(["events", "--json", *options]) == 0
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return run


async def test_what_happened_is_told_in_its_order_and_without_names(app: App, printed: Any) -> None:
    zhang, wang = Person(app.assistant, "zhang"), Person(app.assistant, "wang")
    zhang.says(f"绑定 {office_code(app)}")
    wang.says(f"绑定 {contact_code(app, '秘密学校')}", "王芳芳", "13806310009")
    wang.says("绑定 ABCDE-23456", "工作台")  # neither is theirs
    path = link(zhang)
    browser = Browser(app)
    await browser.opens(path)
    await browser.submits("/office/enter/")
    await browser.opens(path)
    again = await Browser(app).posts(path)  # used up
    assert again.status == 410
    await browser.posts("/office/logout", csrf="x")  # no page of ours
    found = printed()
    assert [e["id"] for e in found] == sorted(e["id"] for e in found)
    kinds = {(e["kind"], e["action"]) for e in found}
    assert kinds >= {
        ("login", "office.link"),
        ("login", "office.enter"),
        ("login", "office.refused"),
        ("rights", "invite.create"),
        ("rights", "invite.use"),
        ("refusal", "invite.refused"),
        ("refusal", "office.denied"),
    }
    assert all(datetime.fromisoformat(e["at"]).utcoffset() == timedelta(hours=8) for e in found)
    everything = json.dumps(found, ensure_ascii=False)
    for secret in ("王芳芳", "秘密学校", "13806310009", "ABCDE", path.rpartition("/")[2]):
        assert secret not in everything


def test_a_collector_goes_on_where_it_stopped(app: App, printed: Any) -> None:
    with transaction(app.engine) as connection:
        for day in range(5):
            audit.record(connection, NOON + timedelta(days=day), None, "export", f"quarter:{day}", kind="csv")
        audit.record(connection, NOON, None, "quarter.close", "quarter:2026Q4")
        audit.record(connection, NOON, None, "draft.set", "revision:1")
    assert len(printed()) == 6  # the work is no event
    first = printed("--since", "2027-01-01")
    assert [e["subject"] for e in first] == ["quarter:2", "quarter:3", "quarter:4"]
    assert [e["subject"] for e in printed("--after", str(first[0]["id"]), "--kind", "export")] == [
        "quarter:3",
        "quarter:4",
    ]
    assert [e["subject"] for e in printed("--kind", "administration")] == ["quarter:2026Q4"]
    assert printed("--since", "9999d") == printed()


def test_many_are_read_a_batch_at_a_time(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "BATCH", 3)
    with transaction(app.engine) as connection:
        for number in range(10):
            audit.record(connection, NOON, None, "export", f"quarter:{number}")
    with transaction(app.engine, read_only=True) as connection:
        assert [e.subject for e in events.read(connection)] == [f"quarter:{n}" for n in range(10)]


@pytest.mark.parametrize("options", [["--since", "昨天"], ["--since", "5x"], ["--kind", "nothing"]])
def test_what_cannot_be_understood_is_said(
    options: list[str], app: App, printed: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["events", *options]) == 1
    assert options[1] in capsys.readouterr().err


def test_a_person_reads_lines(app: App, printed: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with transaction(app.engine) as connection:
        audit.record(connection, NOON, None, "export", "quarter:2026Q4", kind="csv", reason="秘密")
    assert main(["events"]) == 0
    assert capsys.readouterr().out == "1 2026-12-30T12:00:00+08:00 export export - quarter:2026Q4 kind=csv\n"


def test_an_export_by_command_is_an_event(app: App, printed: Any, tmp_path: Path) -> None:
    assert main(["export", "2026Q4", "--to", str(tmp_path / "x.csv")]) == 0
    assert [e["action"] for e in printed("--kind", "export")] == ["export"]
