"""Every command, button, reader and job of the chat, tried through the assistant by every role."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.app import App
from bot.core.feature import Button, Command, Feature
from bot.core.permissions import OFFICE, PUBLIC, ROLES, BadRight, Right
from bot.core.security.flood import Tally
from bot.office.rights import chat, printed
from bot.registry import BadTable, Registry, build_registry
from storage.connections.database import transaction
from storage.people import people
from storage.reports import reports
from tests.conftest import contact_code, make_app, office_code
from tests.support.corpus import CORPUS
from tests.support.office_scene import placed, reader, reports_
from tests.support.processes import ROOT
from tests.support.talk import NOON, Person

REGISTRY = build_registry(CORPUS)
ROWS = list(REGISTRY.rights())
DENIED = "office/messages.denied"
# What every message writes, whatever comes of it: itself, its replies, where the conversation stands, the
# refusal on record.
OF_EVERY_MESSAGE = ("turn", "outbox", "conversation", "audit", "sqlite_sequence")
# A text of each kind that not everybody may have read as what it is.
TYPED = {
    "office command": "新建机构 文登技校",
    "head's command": "邀请区市 荣成市",
    "reports of a quarter": "待审 2026Q4",
}


@dataclass
class Scene:
    """A quarter under way: a submitted report, an open draft, and somebody of every role."""

    app: App
    path: Path
    at_rest: Path
    names: dict[str, str]
    arguments: dict[str, str]

    def person(self, role: str) -> Person:
        """Somebody of that role, with everything as it was at rest."""
        self.app.engine.dispose()
        for ending in ("", "-wal", "-shm"):
            Path(f"{self.path}{ending}").unlink(missing_ok=True)
        shutil.copy(self.at_rest, self.path)
        self.app.assistant.tally = Tally()  # a refusal again within the hour would only be counted
        return Person(self.app.assistant, self.names[role])

    def tries(self, person: Person, kind: str, name: str) -> None:
        """Do what a row of the table is about."""
        if kind == "command":
            person.says(REGISTRY.commands[name].words.split()[0])
        elif kind == "button":
            person.presses_token(f"{name}:{self.arguments.get(name, self.arguments['place'])}")
        elif kind == "job":
            person.presses_token(f"job:{name}")
        else:
            person.says(TYPED[name])

    def contents(self) -> dict[str, list[tuple[object, ...]]]:
        """Everything stored, but for what every message writes."""
        with closing(sqlite3.connect(self.path)) as connection:
            names = [n for (n,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            found = {
                name: connection.execute(f'SELECT * FROM "{name}"').fetchall()
                for name in names
                if name not in OF_EVERY_MESSAGE
            }
        return found

    def denied(self) -> int:
        """How many refusals are on record."""
        with closing(sqlite3.connect(self.path)) as connection:
            counted = "SELECT count(*) FROM audit WHERE action = 'office.denied'"
            (number,) = connection.execute(counted).fetchone()
        return int(number)


@pytest.fixture(scope="module")
def scene(sqlite_ready: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("rights")
    path = folder / "bot.sqlite3"
    shutil.copy(sqlite_ready, path)
    app = make_app(f"sqlite:///{path}", folder)
    names = {role: role for role in ROLES}
    who = {role: Person(app.assistant, role) for role in ROLES if role != "reader"}
    for role in ("head", "staff"):
        who[role].says(f"绑定 {office_code(app, role)}")
    who["contact"].says(f"绑定 {contact_code(app, '荣成职校')}", "王芳", "跳过")
    institution = placed(app, "荣成职校", "荣成市")
    with transaction(app.engine) as connection:
        code, _ = people.create_invite(connection, app.keys.codes, NOON, "lead", institution, None)
    who["lead"].says(f"绑定 {code}", "李强", "跳过")
    names["reader"] = reader(app, "荣成市").name
    who["stranger"].says("退休了能报吗")
    who["stranger"].says("你们会涨价吗")  # waits at the desk
    who["staff"].says("设定口径", "已培训人数", "以结业名册为准", "本季度", "设定")
    reports_(who["contact"], "2026Q3", "大数据 3 2 120 80 60 90000")
    who["contact"].says("填报 2026Q4", "大数据 1 1 30 20 10 15000", "取消")
    for name in names.values():  # what is missing is told once a day, before anything is tried
        Person(app.assistant, name).says("菜单")
    with transaction(app.engine, read_only=True) as connection:
        submitted = reports.snapshot(connection, institution, "2026Q3").latest
    assert submitted is not None
    arguments = dict.fromkeys((b.name for f in REGISTRY.features for b in f.buttons), "1")
    place = f"{institution}:2026Q4"
    of_reports = [b.name for f in REGISTRY.features if f.name == "report" for b in f.buttons]
    arguments |= dict.fromkeys(of_reports, place)
    arguments |= dict.fromkeys(("row", "remove", "remove.sure", "idle.sure"), f"{place}:大数据")
    review = [name for name in arguments if name.startswith("review.")]
    arguments |= dict.fromkeys(review, str(submitted.id))
    arguments |= {"cell": f"{place}:大数据/2", "lead.confirm": "1", "lead.return": "1", "place": place}
    app.engine.dispose()
    at_rest = folder / "at_rest.sqlite3"
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(at_rest)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
    yield Scene(app, path, at_rest, names, arguments)
    app.engine.dispose()


def restricted(right: Right) -> bool:
    return right.roles != PUBLIC.roles


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("kind", ["command", "button", "reader", "job"])
def test_everybody_may_what_the_table_says_and_nothing_else(scene: Scene, kind: str, role: str) -> None:
    wrong = []
    for row, name, right in ROWS:
        if row != kind or (kind == "reader" and not restricted(right)):
            continue
        person = scene.person(role)
        may = role in right.roles
        before = {} if may else scene.contents()
        scene.tries(person, kind, name)
        if may:
            fine = not {DENIED, "problem/messages.incident"} & set(person.templates)
            fine = fine and bool(person.replies) and scene.denied() == 0
        else:
            fine = person.templates == [DENIED] and scene.denied() == 1 and scene.contents() == before
        if not fine:
            wrong.append((name, person.templates))
    assert wrong == []


def test_a_text_is_tried_of_every_kind_that_not_everybody_may() -> None:
    assert {name for kind, name, right in ROWS if kind == "reader" and restricted(right)} == set(TYPED)


def test_something_of_every_role_is_in_the_table() -> None:
    for role in ROLES:
        assert any(role not in right.roles for _, _, right in ROWS)
        assert any(role in right.roles for _, _, right in ROWS if restricted(right)) or role == "stranger"


class TestTheTable:
    def test_what_names_nobody_does_not_start(self) -> None:
        nobody = Button("nobody", lambda turn, _: None, None)  # type: ignore[arg-type]
        feature = Feature("new", buttons=(nobody,))
        with pytest.raises(BadRight, match="nobody"):
            list(Registry([feature]).rights())
        with pytest.raises(TypeError):
            Command("new", "新的", lambda turn: [])  # type: ignore[call-arg]

    def test_a_feature_of_a_row_without_a_right_is_not_built(self, monkeypatch: pytest.MonkeyPatch) -> None:
        bad = Feature("bad", commands=(replace(_command(), right=None),))  # type: ignore[arg-type]
        monkeypatch.setattr("bot.registry.FEATURES", (lambda corpus: bad,))
        with pytest.raises(BadRight, match="still"):
            build_registry(CORPUS)

    def test_two_rows_of_one_name_do_not_start(self) -> None:
        twice = Registry([Feature("a", commands=(_command(),)), Feature("b", commands=(_command(),))])
        with pytest.raises(BadTable):
            list(twice.rights())

    def test_every_row_is_printed(self) -> None:
        kept = (ROOT / "docs" / "rights.md").read_text(encoding="utf-8")
        assert kept == printed(REGISTRY), "run: python -m bot.office.rights > docs/rights.md"
        lines = [line for line in kept.splitlines() if line.startswith("| ")]
        rows = [one for of_kind in chat(REGISTRY).values() for one in of_kind]
        assert len(rows) == len(ROWS)
        assert not [one for one in rows if not any(f"`{one.where}`" in line for line in lines)]


def _command() -> Command:
    return Command("still", "还在", lambda turn: [], OFFICE)
