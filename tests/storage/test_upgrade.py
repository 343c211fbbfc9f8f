"""A database of an earlier schema, upgraded with what is in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError

from bot.app import open_app
from bot.settings import Settings
from storage.connections import database
from storage.connections.database import SchemaTooOld, transaction
from storage.institutions import institutions
from storage.schema.contact import attachment
from storage.schema.core import institution, person, report, revision
from storage.schema.office import on_behalf
from tests.conftest import contact_code
from tests.support.talk import NOON, Person


def test_the_first_schema_with_its_reports_becomes_the_present_one(empty_url: str, tmp_path: Path) -> None:
    engine = database.connect(empty_url)
    command.upgrade(database._alembic_config(engine), "0001")
    with transaction(engine) as connection:
        connection.execute(insert(person).values(id=1, name="王芳", created_at=NOON))
        connection.execute(
            insert(institution).values(id=1, name="甲学校", expected_from="2026Q1", created_at=NOON)
        )
        connection.execute(insert(report).values(id=1, institution_id=1, quarter="2026Q3"))
        values = {"id": 1, "report_id": 1, "number": 1, "state": "draft", "version": 1}
        values |= {"nothing_to_report": False, "started_at": NOON, "started_by": 1}
        connection.execute(insert(revision).values(**values))
        file = {"revision_id": 1, "kind": "practice", "hash": "a" * 64, "name": "经验.pdf", "media": "pdf"}
        connection.execute(insert(attachment).values(**file, size=9, at=NOON, person_id=1))
    command.upgrade(database._alembic_config(engine), "0002")
    with transaction(engine) as connection:  # typed in by the office before it noted what came in when
        earlier = insert(on_behalf).values(revision_id=1, source="传真", at=NOON, person_id=1)
        connection.execute(earlier)
    engine.dispose()

    with pytest.raises(SchemaTooOld):
        database.open_database(empty_url)
    database.upgrade(engine)
    settings = Settings(
        database_url=empty_url, data_dir=tmp_path / "data", secret_key="k" * 32, _env_file=None
    )
    app = open_app(settings)
    with transaction(app.engine) as connection:
        assert connection.execute(select(attachment.c.name)).scalars().all() == ["经验.pdf"]
        assert connection.execute(select(on_behalf.c.source, on_behalf.c.received_at)).all() == [
            ("传真", None)
        ]
        assert [one.name for one in institutions.expected(connection, "2026Q3")] == ["甲学校"]
        connection.execute(
            insert(attachment).values(**{**file, "kind": "source"}, size=9, at=NOON, person_id=1)
        )
    with pytest.raises(IntegrityError), transaction(app.engine) as connection:
        connection.execute(
            insert(attachment).values(**{**file, "kind": "else"}, size=9, at=NOON, person_id=1)
        )
    if app.engine.dialect.name == "postgresql":  # keys were given by hand here
        with transaction(app.engine) as connection:
            for table in ("person", "institution", "report", "revision"):
                connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), 10)"))

    wang = Person(app.assistant, "wang")
    wang.says(f"绑定 {contact_code(app, '甲学校')}", "王芳", "跳过", "填报 2026Q3")
    wang.says("大数据 3 2 120 80 60 90000", "提交")
    wang.presses("确认提交")
    with transaction(app.engine, read_only=True) as connection:
        assert connection.execute(select(revision.c.state)).scalars().all() == ["submitted"]
    app.engine.dispose()
